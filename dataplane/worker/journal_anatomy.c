/* SPDX-License-Identifier: BSD-3-Clause */
/* What a journal tells its anatomy at the end of each turn: entries that it sealed, how far each level came, who led. */
#include "dataplane/base/check.h"
#include "dataplane/worker/journal.h"

static const struct wl_log_slot *slot_of(const struct wl_log *log, uint64_t index)
{
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];

	return slot->index == index ? slot : NULL;
}

/* Of the first record behind entry `index`. False: that is not known any more. */
static bool number_behind(const struct wl_log *log, uint64_t index, uint64_t *number)
{
	const struct wl_log_slot *slot = slot_of(log, index);

	*number = index == log->begin.position.index ? log->begin.next_number
		  : slot			     ? slot->next_number
						     : 0;
	return slot || index == log->begin.position.index;
}

static uint32_t leader_of(const struct wl_replica *replica)
{
	if (replica->view.role == WL_ROLE_LEADER)
		return replica->config.node;
	return wl_replica_known_leader(replica);
}

/*
 * Entries of a newer term than before are there: from the newest back to where that begins. Those of a term that is not the view's came
 * from somebody whom this node did not hear itself. What was there at the start is no news.
 */
static void note_terms(struct wl_journal *journal)
{
	struct wl_anatomy *anatomy = journal->anatomy;
	const struct wl_view *view = &journal->replica.view;
	const struct wl_log *log = &journal->log;
	struct wl_anatomy_leader found[WL_ANATOMY_LEADERS];
	unsigned count = 0;

	for (uint64_t index = log->tail.index;
	     anatomy->watches && index > log->begin.position.index; index--) {
		const struct wl_log_slot *slot = slot_of(log, index),
					 *before = slot_of(log, index - 1);
		uint64_t number;

		if (!slot || slot->term <= anatomy->term || count == WL_ANATOMY_LEADERS)
			break;
		if (before && before->term == slot->term)
			continue;
		if (!number_behind(log, index - 1, &number))
			break;
		found[count++] = (struct wl_anatomy_leader){
			.term = slot->term,
			.first_number = number,
			.node = slot->term == view->term ? leader_of(&journal->replica) : 0,
		};
	}
	while (count-- != 0)
		wl_anatomy_led(anatomy, found[count].term, (uint32_t)found[count].node,
			       found[count].first_number);
	anatomy->term = log->tail.term;
	anatomy->watches = true;
}

static void note_sealed(struct wl_journal *journal, uint64_t now_ns, uint64_t turn_began_ns)
{
	struct wl_anatomy *anatomy = journal->anatomy;
	const struct wl_log *log = &journal->log;

	for (uint64_t index = anatomy->sealed_through + 1; index <= log->tail.index; index++) {
		const struct wl_log_slot *slot = slot_of(log, index);
		struct wl_anatomy_head head = {
			.index = index,
			.arrived_ns = turn_began_ns,
			.sequenced_us = now_ns / 1000 - turn_began_ns / 1000,
		};

		if (slot && number_behind(log, index - 1, &head.first_number)) {
			WL_CHECK(slot->next_number >= head.first_number);
			head.term = slot->term;
			head.count = slot->next_number - head.first_number;
			head.timestamp_ns = slot->timestamp_ns;
		}
		wl_anatomy_sealed(anatomy, &head);
	}
	WL_CHECK(anatomy->sealed_through == log->tail.index);
}

static void note_peers(struct wl_journal *journal, uint64_t now_ns)
{
	const struct wl_replica *replica = &journal->replica;
	struct wl_anatomy *anatomy = journal->anatomy;
	wl_members others = wl_members_without(wl_list_everybody(wl_replica_list(replica)),
					       replica->config.node);

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &replica->leader.peers[node];

		if (!wl_members_has(others, node))
			continue;
		wl_anatomy_reached(anatomy, WL_ANATOMY_SENT + node, peer->next_index - 1, now_ns);
		wl_anatomy_reached(anatomy, WL_ANATOMY_PEER_RECEIVED + node, peer->match_received,
				   now_ns);
		wl_anatomy_reached(anatomy, WL_ANATOMY_PEER_DURABLE + node, peer->match_durable,
				   now_ns);
	}
}

void wl_journal_note_times(struct wl_journal *journal, uint64_t now_ns, uint64_t turn_began_ns)
{
	const struct wl_replica *replica = &journal->replica;
	struct wl_anatomy *anatomy = journal->anatomy;

	if (journal->log.tail.term != anatomy->term || !anatomy->watches)
		note_terms(journal);
	if (replica->view.role != WL_ROLE_LEADER)
		return;
	/* What this turn appended of a new leadership is the first entry of its term. */
	if (anatomy->view != replica->view.number)
		wl_anatomy_begin(anatomy, replica->view.number, journal->log.tail.index);
	note_sealed(journal, now_ns, turn_began_ns);
	note_peers(journal, now_ns);
	wl_anatomy_reached(anatomy, WL_ANATOMY_DURABLE, journal->log.durable.index, now_ns);
	wl_anatomy_reached(anatomy, WL_ANATOMY_COMMITTED, replica->commit, now_ns);
	if (atomic_load_explicit(&anatomy->through[WL_ANATOMY_ANSWERED], memory_order_relaxed) <
	    replica->commit)
		wl_anatomy_reached(anatomy, WL_ANATOMY_ANSWERED,
				   wl_service_answered_through(journal->service), now_ns);
}
