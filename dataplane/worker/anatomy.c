/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/anatomy.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/picture.h"

#define SECOND_NS 1000000000u

WL_STATIC_CHECK(WL_ANATOMY_LEADERS >= 2); /* the oldest place is not looked at */
_Static_assert(sizeof(struct wl_anatomy_slot) == 64, "one line of memory");
_Static_assert(sizeof(struct wl_anatomy_entry) % sizeof(uint64_t) == 0, "copied by words");
_Static_assert(sizeof(struct wl_anatomy_leader) % sizeof(uint64_t) == 0, "copied by words");

/* ---- an entry with its times -------------------------------------------------------------------- */

static uint32_t time_of(const struct wl_anatomy *anatomy, unsigned level,
			const struct wl_anatomy_head *head)
{
	uint32_t time;

	if (head->index > atomic_load_explicit(&anatomy->through[level], memory_order_acquire))
		return WL_ANATOMY_NOT_YET;
	time = __atomic_load_n(&anatomy->times[level][head->index % WL_ANATOMY_ENTRIES],
			       __ATOMIC_RELAXED);
	return time == WL_ANATOMY_NOT_YET ? time : time - (uint32_t)(head->arrived_ns / 1000);
}

static void gather(const struct wl_anatomy *anatomy, const struct wl_anatomy_head *head,
		   struct wl_anatomy_entry *entry)
{
	entry->head = *head;
	entry->durable_us = time_of(anatomy, WL_ANATOMY_DURABLE, head);
	entry->committed_us = time_of(anatomy, WL_ANATOMY_COMMITTED, head);
	entry->answered_us = time_of(anatomy, WL_ANATOMY_ANSWERED, head);
	for (unsigned node = 1; node <= WIRELOG_NODES_MAX; node++)
		entry->peers[node - 1] = (struct wl_anatomy_peer){
			.sent_us = time_of(anatomy, WL_ANATOMY_SENT + node, head),
			.received_us = time_of(anatomy, WL_ANATOMY_PEER_RECEIVED + node, head),
			.durable_us = time_of(anatomy, WL_ANATOMY_PEER_DURABLE + node, head),
		};
}

/* ---- the worker --------------------------------------------------------------------------------- */

void wl_anatomy_sealed(struct wl_anatomy *anatomy, const struct wl_anatomy_head *head)
{
	struct wl_anatomy_slot *slot = &anatomy->recent[head->index % WL_ANATOMY_ENTRIES];

	WL_CHECK(head->index == anatomy->sealed_through + 1);
	anatomy->sealed_through = head->index;
	/* Of one without records the place is cleared: what was cut away must not get its times. */
	wl_picture_write(&slot->version, &slot->head,
			 head->count != 0 ? head : &(struct wl_anatomy_head){0}, sizeof(*head));
}

static void keep(struct wl_anatomy *anatomy, const struct wl_anatomy_head *head)
{
	struct wl_anatomy_kept *kept =
		&anatomy->slow[(anatomy->slow_count - 1) % WL_ANATOMY_SECONDS];
	struct wl_anatomy_entry entry;

	WL_CHECK(anatomy->slow_count != 0);
	gather(anatomy, head, &entry);
	wl_picture_write(&kept->version, &kept->entry, &entry, sizeof(entry));
}

/* The slowest of the second is kept as it is now; what it waited for later comes with the second's end. */
static void judge(struct wl_anatomy *anatomy, const struct wl_anatomy_head *head, uint64_t now_ns)
{
	uint64_t us = now_ns / 1000 - head->arrived_ns / 1000, second;
	const struct wl_anatomy_head *last;

	if (us <= anatomy->slow_us && now_ns - anatomy->second * SECOND_NS < SECOND_NS)
		return;
	second = now_ns / SECOND_NS;
	if (second != anatomy->second || anatomy->slow_count == 0) {
		last = &anatomy->recent[anatomy->slow_index % WL_ANATOMY_ENTRIES].head;
		if (anatomy->slow_count != 0 && last->index == anatomy->slow_index)
			keep(anatomy, last);
		anatomy->second = second;
		anatomy->slow_count++;
	}
	anatomy->slow_us = (uint32_t)us;
	anatomy->slow_index = head->index;
	keep(anatomy, head);
}

static void judge_all(struct wl_anatomy *anatomy, uint64_t from, uint64_t index, uint64_t now_ns)
{
	for (uint64_t at = from; at <= index; at++) {
		const struct wl_anatomy_head *head = &anatomy->recent[at % WL_ANATOMY_ENTRIES].head;

		if (head->index == at)
			judge(anatomy, head, now_ns);
	}
}

/* The same time for those from `from` to `index`. */
static void fill(struct wl_anatomy *anatomy, unsigned level, uint64_t from, uint64_t index,
		 uint32_t time)
{
	uint32_t *times = anatomy->times[level];

	if (index >= from && index - from >= WL_ANATOMY_ENTRIES)
		from = index - WL_ANATOMY_ENTRIES + 1;
	for (uint64_t at = from; at <= index; at++)
		__atomic_store_n(&times[at % WL_ANATOMY_ENTRIES], time, __ATOMIC_RELAXED);
}

void wl_anatomy_note(struct wl_anatomy *anatomy, unsigned level, uint64_t index, uint64_t now_ns)
{
	uint64_t from = atomic_load_explicit(&anatomy->through[level], memory_order_relaxed) + 1;

	WL_CHECK(level < WL_ANATOMY_LEVELS);
	if (index > anatomy->sealed_through)
		index = anatomy->sealed_through;
	if (index < from)
		return;
	fill(anatomy, level, from, index, (uint32_t)(now_ns / 1000));
	atomic_store_explicit(&anatomy->through[level], index, memory_order_release);
	if (level == WL_ANATOMY_ANSWERED)
		judge_all(anatomy,
			  index - from >= WL_ANATOMY_ENTRIES ? index - WL_ANATOMY_ENTRIES + 1
							     : from,
			  index, now_ns);
}

void wl_anatomy_begin(struct wl_anatomy *anatomy, uint64_t view, uint64_t tail)
{
	for (unsigned level = 0; level < WL_ANATOMY_LEVELS; level++) {
		uint64_t through =
			atomic_load_explicit(&anatomy->through[level], memory_order_relaxed);

		fill(anatomy, level, through + 1, anatomy->sealed_through, WL_ANATOMY_NOT_YET);
		atomic_store_explicit(&anatomy->through[level], tail, memory_order_release);
	}
	anatomy->view = view;
	anatomy->sealed_through = tail;
}

void wl_anatomy_led(struct wl_anatomy *anatomy, uint64_t term, uint32_t node, uint64_t first_number)
{
	struct wl_anatomy_leader *place =
		&anatomy->leaders[anatomy->leader_count % WL_ANATOMY_LEADERS];
	struct wl_anatomy_leader leader = {term, first_number, node};

	wl_picture_write(&anatomy->leaders_version, place, &leader, sizeof(leader));
	__atomic_store_n(&anatomy->leader_count, anatomy->leader_count + 1, __ATOMIC_RELEASE);
}

/* ---- readers ------------------------------------------------------------------------------------ */

static bool has(const struct wl_anatomy_head *head, uint64_t number)
{
	return number - __atomic_load_n(&head->first_number, __ATOMIC_RELAXED) <
	       __atomic_load_n(&head->count, __ATOMIC_RELAXED);
}

/* Of an entry that was cut away, and the one that took its records' numbers, the newer. */
static bool is_better(const struct wl_anatomy_entry *one, const struct wl_anatomy_entry *than,
		      bool found)
{
	return !found || one->head.term >= than->head.term;
}

static bool find_recent(const struct wl_anatomy *anatomy, uint64_t number,
			struct wl_anatomy_entry *entry)
{
	bool found = false;

	for (unsigned at = 0; at < WL_ANATOMY_ENTRIES; at++) {
		const struct wl_anatomy_slot *slot = &anatomy->recent[at];
		struct wl_anatomy_entry one;
		struct wl_anatomy_head head, then;

		if (!has(&slot->head, number) ||
		    !wl_picture_read(&slot->version, &head, &slot->head, sizeof(head)) ||
		    !has(&head, number))
			continue;
		gather(anatomy, &head, &one);
		/* Times are overwritten after what the entry is. */
		if (!wl_picture_read(&slot->version, &then, &slot->head, sizeof(then)) ||
		    memcmp(&head, &then, sizeof(head)) != 0 || !is_better(&one, entry, found))
			continue;
		*entry = one;
		found = true;
	}
	return found;
}

static bool find_slow(const struct wl_anatomy *anatomy, uint64_t number,
		      struct wl_anatomy_entry *entry)
{
	bool found = false;

	for (unsigned at = 0; at < WL_ANATOMY_SECONDS; at++) {
		const struct wl_anatomy_kept *kept = &anatomy->slow[at];
		struct wl_anatomy_entry one;

		if (!has(&kept->entry.head, number) ||
		    !wl_picture_read(&kept->version, &one, &kept->entry, sizeof(one)) ||
		    !has(&one.head, number) || !is_better(&one, entry, found))
			continue;
		*entry = one;
		found = true;
	}
	return found;
}

bool wl_anatomy_find(const struct wl_anatomy *anatomy, uint64_t number,
		     struct wl_anatomy_entry *entry)
{
	return find_recent(anatomy, number, entry) || find_slow(anatomy, number, entry);
}

bool wl_anatomy_leader_of(const struct wl_anatomy *anatomy, uint64_t number,
			  struct wl_anatomy_leader *leader)
{
	struct wl_anatomy_leader leaders[WL_ANATOMY_LEADERS];
	uint64_t count = __atomic_load_n(&anatomy->leader_count, __ATOMIC_ACQUIRE), kept;

	if (!wl_picture_read(&anatomy->leaders_version, leaders, anatomy->leaders, sizeof(leaders)))
		return false;
	/* One may have come behind `count`: it took the oldest one's place, which is not looked at. */
	kept = count < WL_ANATOMY_LEADERS ? count : WL_ANATOMY_LEADERS - 1;
	for (uint64_t back = 1; back <= kept; back++) {
		*leader = leaders[(count - back) % WL_ANATOMY_LEADERS];
		if (leader->first_number <= number)
			return true;
	}
	return false;
}

/* ---- which part took longest -------------------------------------------------------------------- */

static void take(struct wl_anatomy_longest *longest, enum wl_anatomy_part part, uint32_t node,
		 uint32_t from, uint32_t to)
{
	uint32_t us = to > from ? to - from : 0;

	if (us > longest->us)
		*longest = (struct wl_anatomy_longest){.part = part, .us = us, .node = node};
}

/* Who came last of those that were durable when it was committed; 0: our own drive. *at: when. */
static uint32_t completed_by(const struct wl_anatomy_entry *entry, uint32_t *at)
{
	uint32_t node = 0;

	*at = entry->durable_us <= entry->committed_us ? entry->durable_us
						       : (uint32_t)entry->head.sequenced_us;
	for (uint32_t peer = 0; peer < WIRELOG_NODES_MAX; peer++) {
		uint32_t durable = entry->peers[peer].durable_us;

		if (durable <= entry->committed_us &&
		    (durable > *at || (durable == *at && entry->durable_us < durable))) {
			*at = durable;
			node = peer + 1;
		}
	}
	return node;
}

struct wl_anatomy_longest wl_anatomy_longest(const struct wl_anatomy_entry *entry)
{
	uint32_t sequenced = (uint32_t)entry->head.sequenced_us;
	struct wl_anatomy_longest longest = {.part = WL_ANATOMY_TURN, .us = sequenced};
	uint32_t completed, node = completed_by(entry, &completed);

	if (node == 0) {
		take(&longest, WL_ANATOMY_OWN_DRIVE, 0, sequenced, completed);
	} else {
		const struct wl_anatomy_peer *peer = &entry->peers[node - 1];
		uint32_t sent = peer->sent_us <= completed ? peer->sent_us : sequenced;
		uint32_t received = peer->received_us <= completed ? peer->received_us : completed;

		take(&longest, WL_ANATOMY_SENDING, node, sequenced, sent);
		take(&longest, WL_ANATOMY_PEER, node, sent, received);
		take(&longest, WL_ANATOMY_PEER_DRIVE, node, received, completed);
		longest.with_drive = longest.part == WL_ANATOMY_PEER && received == completed;
	}
	take(&longest, WL_ANATOMY_COMMIT, 0, completed, entry->committed_us);
	if (entry->answered_us != WL_ANATOMY_NOT_YET)
		take(&longest, WL_ANATOMY_ANSWER, 0, entry->committed_us, entry->answered_us);
	return longest;
}
