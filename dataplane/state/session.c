/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots are found by two hash tables with chains (by id, by client: it has few). Runs lie apart from the sessions, one page or less for each, so
 * that a table of thousands of quiet sessions touches little memory.
 *
 * Runs have an ordinal within their session, counted from 0 for ever: run r stands in slot
 * r % WIRELOG_SESSION_RUNS while it is one of the newest. The leader counts in
 * `appended.runs_total` how many there will be once its tail is committed.
 */
#include "dataplane/state/session_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

_Static_assert(WL_ENTRY_BODY_BYTES_MAX / WL_RECORD_HEADER_BYTES < 1u << WL_SESSION_ORDINAL_BITS,
	       "an ordinal within an entry fits into its part of a session's id");

static uint32_t bucket_count_for(uint32_t capacity)
{
	uint32_t count = 16;

	while (count < 2 * capacity)
		count *= 2;
	return count;
}

size_t wl_session_table_memory_bytes(uint32_t capacity)
{
	return wl_align_up(capacity * sizeof(struct wl_session), WL_BLOCK_BYTES) +
	       (size_t)capacity * WIRELOG_SESSION_RUNS * sizeof(struct wl_session_run) +
	       2 * bucket_count_for(capacity) * sizeof(uint32_t);
}

void wl_session_table_init(struct wl_session_table *table, void *memory, uint32_t capacity)
{
	uint8_t *at = memory;

	WL_CHECK(capacity != 0 && capacity <= WIRELOG_SESSIONS_MAX);
	WL_CHECK((uintptr_t)memory % 8 == 0);
	memset(table, 0, sizeof(*table));
	table->capacity = capacity;
	table->bucket_count = bucket_count_for(capacity);
	table->sessions = (struct wl_session *)at;
	at += wl_align_up(capacity * sizeof(struct wl_session), WL_BLOCK_BYTES);
	table->runs = (struct wl_session_run *)at;
	at += (size_t)capacity * WIRELOG_SESSION_RUNS * sizeof(struct wl_session_run);
	table->buckets = (uint32_t *)at;
	table->client_buckets = table->buckets + table->bucket_count;
	at += 2 * table->bucket_count * sizeof(uint32_t);
	WL_CHECK(at == (uint8_t *)memory + wl_session_table_memory_bytes(capacity));
	/* Only the buckets: a session and its runs are written when the slot is first used. */
	memset(table->buckets, 0, 2 * table->bucket_count * sizeof(uint32_t));
}

uint64_t wl_session_id(uint64_t entry_index, uint32_t ordinal)
{
	WL_CHECK(ordinal < 1u << WL_SESSION_ORDINAL_BITS);
	return entry_index << WL_SESSION_ORDINAL_BITS | ordinal;
}

/* No index is so high that it has the highest bit, so that no id is 0. */
uint64_t wl_session_salt(uint64_t history)
{
	return history != 0 ? wl_mix_u64(history) | 1ull << 63 : 0;
}

void wl_session_begin_history(struct wl_session_table *table, uint64_t history)
{
	WL_CHECK(table->count == 0);
	table->salt = wl_session_salt(history);
}

static uint32_t *id_bucket(const struct wl_session_table *table, uint64_t id)
{
	return &table->buckets[wl_mix_u64(id) & (table->bucket_count - 1)];
}

static uint32_t *client_bucket(const struct wl_session_table *table, uint64_t client)
{
	return &table->client_buckets[wl_mix_u64(client) & (table->bucket_count - 1)];
}

struct wl_session *wl_session_find(const struct wl_session_table *table, uint64_t id)
{
	uint32_t slot = *id_bucket(table, id);

	while (slot != 0) {
		struct wl_session *session = &table->sessions[slot - 1];

		WL_CHECK(slot <= table->used);
		if (session->id == id)
			return session;
		slot = session->next_by_id;
	}
	return NULL;
}

uint64_t wl_session_by_nonce(const struct wl_session_table *table, uint64_t nonce, uint64_t client)
{
	uint32_t slot = *client_bucket(table, client);

	while (slot != 0) {
		const struct wl_session *session = &table->sessions[slot - 1];

		WL_CHECK(slot <= table->used);
		if (session->nonce == nonce && session->client == client)
			return session->id;
		slot = session->next_by_client;
	}
	return 0;
}

bool wl_session_is_of(const struct wl_session_table *table, uint64_t session_id, uint64_t client)
{
	const struct wl_session *session = wl_session_find(table, session_id);

	return session && session->client == client;
}

/* Sequence of the last record of run `ordinal`, which is remembered. */
static uint64_t run_end(const struct wl_session_table *table, const struct wl_session *session,
			uint64_t ordinal)
{
	WL_CHECK(ordinal < session->applied.runs_total);
	WL_CHECK(ordinal >= wl_session_oldest_run(session));
	if (ordinal + 1 == session->applied.runs_total)
		return session->applied.last_sequence;
	return wl_session_run_at(table, session, ordinal + 1)->first_sequence - 1;
}

static uint64_t digest_of_run(const struct wl_session_table *table,
			      const struct wl_session *session, uint64_t ordinal)
{
	const struct wl_session_run *run = wl_session_run_at(table, session, ordinal);
	uint64_t digest = wl_mix_u64(session->id ^ ordinal << 48);

	digest = wl_mix_u64(digest ^ run->first_sequence);
	digest = wl_mix_u64(digest ^ run->first_number);
	return wl_mix_u64(digest ^ run->timestamp_ns);
}

static void digest_session(struct wl_session_table *table, struct wl_session *session)
{
	uint64_t digest = wl_mix_u64(session->id);

	table->digest -= session->digest;
	digest = wl_mix_u64(digest ^ session->nonce);
	digest = wl_mix_u64(digest ^ session->client);
	digest = wl_mix_u64(digest ^ session->activity);
	digest = wl_mix_u64(digest ^ session->applied.last_sequence);
	digest = wl_mix_u64(digest ^ session->applied.last_number);
	digest = wl_mix_u64(digest ^ session->applied.runs_total);
	if (session->applied.runs_total != 0)
		digest += digest_of_run(table, session, session->applied.runs_total - 1);
	session->digest = digest + session->runs_digest;
	table->digest += session->digest;
}

/* The newest run is complete; where all places are taken it pushes out the oldest one, in whose place the next one begins. */
static void close_newest_run(const struct wl_session_table *table, struct wl_session *session)
{
	uint64_t total = session->applied.runs_total;

	if (total == 0)
		return;
	session->runs_digest += digest_of_run(table, session, total - 1);
	if (total >= WIRELOG_SESSION_RUNS)
		session->runs_digest -= digest_of_run(table, session, total - WIRELOG_SESSION_RUNS);
}

void wl_session_make_digest(struct wl_session_table *table, struct wl_session *session)
{
	session->runs_digest = 0;
	for (uint64_t run = wl_session_oldest_run(session); run + 1 < session->applied.runs_total;
	     run++)
		session->runs_digest += digest_of_run(table, session, run);
	digest_session(table, session);
}

void wl_session_table_review(struct wl_session_table *table, uint32_t sessions)
{
	WL_CHECK(table->used <= table->capacity);
	while (sessions-- != 0 && table->used != 0) {
		struct wl_session *session = &table->sessions[table->review_slot % table->used];

		table->review_slot = (table->review_slot + 1) % table->used;
		if (session->id != 0)
			wl_session_make_digest(table, session);
	}
}

uint64_t wl_session_table_digest(const struct wl_session_table *table)
{
	return wl_mix_u64(table->digest ^ table->count);
}

void wl_session_touch(struct wl_session_table *table, struct wl_session *session)
{
	session->activity = ++table->activity;
	digest_session(table, session);
}

static void unlink_from(uint32_t *link, struct wl_session_table *table, uint32_t slot,
			bool by_client)
{
	while (*link != slot) {
		WL_CHECK(*link != 0);
		link = by_client ? &table->sessions[*link - 1].next_by_client
				 : &table->sessions[*link - 1].next_by_id;
	}
	*link = by_client ? table->sessions[slot - 1].next_by_client
			  : table->sessions[slot - 1].next_by_id;
}

/* Returns how many sessions are forgotten by it: 0 when it was already. */
static unsigned close_session(struct wl_session_table *table, uint64_t id)
{
	struct wl_session *session = wl_session_find(table, id);
	uint32_t slot;

	if (!session)
		return 0;
	WL_CHECK(table->count != 0);
	slot = wl_session_slot_of(table, session);
	unlink_from(id_bucket(table, id), table, slot, false);
	unlink_from(client_bucket(table, session->client), table, slot, true);
	table->digest -= session->digest;
	session->id = 0;
	session->next_by_id = table->free;
	table->free = slot;
	table->count--;
	return 1;
}

static struct wl_session *take_slot(struct wl_session_table *table)
{
	uint32_t slot = table->free;

	if (slot == 0)
		return table->used < table->capacity ? &table->sessions[table->used++] : NULL;
	WL_CHECK(slot <= table->used && table->sessions[slot - 1].id == 0);
	table->free = table->sessions[slot - 1].next_by_id;
	return &table->sessions[slot - 1];
}

struct wl_session *wl_session_place(struct wl_session_table *table, uint64_t id, uint64_t nonce,
				    uint64_t client)
{
	struct wl_session *session = take_slot(table);
	uint32_t *bucket;

	if (!session)
		return NULL;
	memset(session, 0, sizeof(*session));
	session->id = id;
	session->nonce = nonce;
	session->client = client;
	bucket = id_bucket(table, id);
	session->next_by_id = *bucket;
	*bucket = wl_session_slot_of(table, session);
	bucket = client_bucket(table, client);
	session->next_by_client = *bucket;
	*bucket = wl_session_slot_of(table, session);
	table->count++;
	WL_CHECK(table->count <= table->used && table->used <= table->capacity); /* S1 */
	return session;
}

/* Without room it has no effect, on every node alike. */
static void open_session(struct wl_session_table *table, uint64_t id,
			 const struct wl_record_header *record)
{
	uint64_t known = wl_session_by_nonce(table, record->session, record->sequence);
	struct wl_session *session = NULL;

	/* Known: the request came twice before the first one was committed. */
	if (known != 0)
		session = wl_session_find(table, known);
	else if (table->count < wl_session_table_limit(table))
		session = wl_session_place(table, id, record->session, record->sequence);
	WL_CHECK(known == 0 || session); /* it stands in both chains */
	if (session)
		wl_session_touch(table, session);
}

/* True when a record {sequence, number} continues the run that `last` ends. */
static bool continues(const struct wl_session_progress *last, uint64_t number)
{
	if (last->runs_total == 0)
		return false;
	if (wl_session_is_no_number(number) || wl_session_is_no_number(last->last_number))
		return number == last->last_number;
	return number == last->last_number + 1;
}

void wl_session_advance(struct wl_session_progress *progress, uint64_t sequence, uint64_t number)
{
	if (!continues(progress, number))
		progress->runs_total++;
	progress->last_sequence = sequence;
	progress->last_number = number;
}

void wl_session_extend(struct wl_session_table *table, struct wl_session *session,
		       uint64_t sequence, uint64_t number, uint64_t timestamp_ns)
{
	uint64_t runs_before = session->applied.runs_total;
	uint64_t first = session->applied.last_sequence + 1;
	struct wl_session_run *run;

	if (!continues(&session->applied, number))
		close_newest_run(table, session);
	wl_session_advance(&session->applied, sequence, number);
	run = wl_session_run_at(table, session, session->applied.runs_total - 1);
	if (session->applied.runs_total != runs_before) {
		run->first_number = number;
		run->first_sequence = first;
	}
	run->timestamp_ns = timestamp_ns;
}

static void apply_record(struct wl_session_table *table, struct wl_session *session,
			 const struct wl_record_view *record, uint64_t timestamp_ns)
{
	/* Leaders append each session's sequences once and in order, so a committed one can only be the
	 * next. An entry comes from the network or from a disk, though: it is not asserted on. */
	if (record->header.sequence != session->applied.last_sequence + 1) {
		table->contradicted = true;
		return;
	}
	wl_session_extend(table, session, record->header.sequence, record->number, timestamp_ns);
}

unsigned wl_session_apply(struct wl_session_table *table, const uint8_t *image,
			  const struct wl_entry_header *header)
{
	struct wl_session *session = NULL; /* of the record before: most entries hold runs of one */
	struct wl_record_walk walk;
	struct wl_record_view record;
	unsigned ended = 0;
	uint32_t ordinal = 0;

	WL_CHECK(header->index == table->applied_index + 1);
	table->applied_index = header->index;
	if (header->kind == WL_ENTRY_CONTROL)
		return 0; /* it is about the rest of the state */
	wl_entry_walk_init(&walk, image, header);
	while (wl_entry_walk_next(&walk, &record)) {
		bool opens = record.header.kind == WL_RECORD_OPEN_SESSION;
		bool closes = record.header.kind == WL_RECORD_CLOSE_SESSION;

		if (session && (opens || closes || record.header.session != session->id)) {
			wl_session_touch(table, session);
			session = NULL;
		}
		if (closes)
			ended += close_session(table, record.header.session);
		if (opens)
			open_session(table, wl_session_id(header->index, ordinal++) ^ table->salt,
				     &record.header);
		if (opens || closes)
			continue;
		if (!session)
			session = wl_session_find(table, record.header.session);
		/* NULL: forgotten between the leader's append and here. The record stays, its retry
		 * is refused. */
		if (session)
			apply_record(table, session, &record, header->timestamp_ns);
	}
	if (session)
		wl_session_touch(table, session);
	return ended;
}

unsigned wl_session_end_all(struct wl_session_table *table)
{
	unsigned ended = 0;

	for (uint32_t slot = 0; slot < table->used; slot++) {
		if (table->sessions[slot].id != 0)
			ended += close_session(table, table->sessions[slot].id);
	}
	WL_CHECK(table->count == 0);
	return ended;
}

void wl_session_lead(struct wl_session_table *table, uint64_t number)
{
	table->lead_view = number;
}

struct wl_session_progress *wl_session_appended_of(struct wl_session_table *table,
						   struct wl_session *session)
{
	if (session->appended_view != table->lead_view || table->lead_view == 0) {
		session->appended_view = table->lead_view;
		session->appended = session->applied;
	}
	/* What is applied while we lead was in our tail. */
	WL_CHECK_MSG(session->appended.last_sequence >= session->applied.last_sequence,
		     "appended %llu, applied %llu",
		     (unsigned long long)session->appended.last_sequence,
		     (unsigned long long)session->applied.last_sequence);
	return &session->appended;
}

enum wl_session_verdict wl_session_recall(const struct wl_session_table *table,
					  const struct wl_session *session, uint64_t sequence,
					  struct wl_session_answer *answer)
{
	uint64_t low = wl_session_oldest_run(session), high = session->applied.runs_total;
	const struct wl_session_run *run;

	WL_CHECK(sequence <= session->applied.last_sequence);
	if (low == high || sequence < wl_session_run_at(table, session, low)->first_sequence)
		return WL_SESSION_FORGOTTEN;
	while (high - low > 1) { /* the last run that begins at or before it */
		uint64_t middle = low + (high - low) / 2;

		if (wl_session_run_at(table, session, middle)->first_sequence <= sequence)
			low = middle;
		else
			high = middle;
	}
	run = wl_session_run_at(table, session, low);
	if (run->first_number == WL_SESSION_FENCED_OFF)
		return WL_SESSION_FENCED;
	answer->number =
		run->first_number == 0 ? 0 : run->first_number + (sequence - run->first_sequence);
	/* A run is of many entries, and only the time of its last one is kept. */
	answer->timestamp_ns = sequence == run_end(table, session, low) ? run->timestamp_ns : 0;
	return WL_SESSION_DONE;
}

bool wl_session_is_ending(const struct wl_session_table *table, const struct wl_session *session)
{
	return table->lead_view != 0 && session->ending_view == table->lead_view;
}

bool wl_session_look(const struct wl_session_table *table, uint32_t slot,
		     struct wl_session_view *view)
{
	const struct wl_session *session = &table->sessions[slot];

	WL_CHECK(slot < table->capacity);
	if (slot >= table->used || session->id == 0)
		return false;
	*view = (struct wl_session_view){
		.id = session->id,
		.client = session->client,
		.activity = session->activity,
		.ending = wl_session_is_ending(table, session),
		.in_flight = table->lead_view != 0 && session->appended_view == table->lead_view &&
			     session->appended.last_sequence != session->applied.last_sequence,
	};
	return true;
}

uint32_t wl_session_count_of(const struct wl_session_table *table, uint64_t client,
			     uint64_t *oldest)
{
	const struct wl_session *first = NULL;
	uint32_t count = 0;

	for (uint32_t slot = *client_bucket(table, client); slot != 0;
	     slot = table->sessions[slot - 1].next_by_client) {
		const struct wl_session *session = &table->sessions[slot - 1];

		WL_CHECK(slot <= table->used);
		if (session->client != client || wl_session_is_ending(table, session))
			continue;
		if (!first || session->activity < first->activity)
			first = session;
		count++;
	}
	*oldest = first ? first->id : 0;
	return count;
}

void wl_session_ending(struct wl_session_table *table, uint64_t session_id)
{
	struct wl_session *session = wl_session_find(table, session_id);

	WL_CHECK(session != NULL && table->lead_view != 0);
	session->ending_view = table->lead_view;
}

enum wl_session_verdict wl_session_check(struct wl_session_table *table, uint64_t session_id,
					 uint64_t sequence, uint64_t acknowledged_through,
					 struct wl_session_answer *answer)
{
	struct wl_session *session = wl_session_find(table, session_id);
	const struct wl_session_progress *appended;
	uint64_t pushed_out;

	*answer = (struct wl_session_answer){0};
	if (!session)
		return WL_SESSION_UNKNOWN;
	if (wl_session_is_ending(table, session) && sequence > session->applied.last_sequence)
		return WL_SESSION_WINDOW;
	if (sequence <= session->applied.last_sequence)
		return wl_session_recall(table, session, sequence, answer);
	appended = wl_session_appended_of(table, session);
	if (sequence <= appended->last_sequence)
		return WL_SESSION_IN_FLIGHT;
	if (sequence != appended->last_sequence + 1) {
		answer->expected = appended->last_sequence + 1;
		return WL_SESSION_GAP;
	}
	/* Its number is not known yet, so it counts as a run of its own. */
	if (appended->runs_total < WIRELOG_SESSION_RUNS)
		return WL_SESSION_NEXT;
	pushed_out = appended->runs_total - WIRELOG_SESSION_RUNS;
	if (pushed_out >= session->applied.runs_total)
		return WL_SESSION_WINDOW; /* not even committed yet */
	/* The last committed run may go on in our tail: where it ends is not known yet. */
	if (pushed_out + 1 == session->applied.runs_total &&
	    appended->last_sequence != session->applied.last_sequence)
		return WL_SESSION_WINDOW;
	if (pushed_out >= wl_session_oldest_run(session) &&
	    run_end(table, session, pushed_out) > acknowledged_through)
		return WL_SESSION_WINDOW;
	return WL_SESSION_NEXT;
}

void wl_session_appended(struct wl_session_table *table, uint64_t session_id, uint64_t sequence,
			 uint64_t number)
{
	struct wl_session *session = wl_session_find(table, session_id);
	struct wl_session_progress *appended;

	WL_CHECK(session != NULL && table->lead_view != 0);
	WL_CHECK(!wl_session_is_ending(table, session));
	appended = wl_session_appended_of(table, session);
	WL_CHECK(sequence == appended->last_sequence + 1);
	wl_session_advance(appended, sequence, number);
}

const char *wl_session_table_check(const struct wl_session_table *table)
{
	const struct wl_session *session = &table->sessions[table->review_slot];

	if (table->count > table->used || table->used > table->capacity ||
	    table->free > table->used)
		return "S1: more sessions than slots";
	if (table->count == 0 && table->digest != 0)
		return "S3: a table without sessions has a digest";
	if (table->used == 0)
		return NULL;
	if (table->review_slot >= table->used)
		return "S1: what is reviewed next was never taken";
	if (session->id == 0)
		return NULL;
	if (wl_session_opened_by(table, session->id) > table->applied_index)
		return "S2: a session was opened by an entry that is not applied";
	if (session->applied.runs_total > session->applied.last_sequence)
		return "S2: a session has more runs than sequences";
	return NULL;
}
