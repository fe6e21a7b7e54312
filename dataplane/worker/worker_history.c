/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of which history the data of a journal are (docs/SAFETY.md, rule 29), and who is of another one.
 *
 * It is a fact of what is committed: the first entry begins it, the LOSS of a rescue begins another. Once it is known here it does not
 * change while the process runs: said at greetings, kept in the superblock. Data without one take that of the leader whom they follow, not
 * what the first entry says: behind it a LOSS may follow, and who said the older one meanwhile would be refused by those it joins.
 *
 * Who has another one is not heard in that journal, by the greeting, so that no frame has to name it. A peer that has none yet is heard:
 * it has promised nothing. When it takes one it says so before anything else, and it is the one who then does not hear those of another.
 */
#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

uint32_t wl_worker_histories(const struct wl_worker *worker, uint64_t *histories)
{
	uint32_t named = 0;

	for (uint32_t at = 0; at < worker->journal_count; at++) {
		const struct wl_replica *replica = &worker->journals[at].replica;

		if (replica->history == 0)
			continue;
		named |= 1u << replica->config.journal;
		if (histories)
			histories[replica->config.journal] = replica->history;
	}
	return named;
}

void wl_worker_judge_histories(struct wl_worker *worker, uint32_t node)
{
	struct wl_greeting *greeting = &worker->rx.greetings[node];

	greeting->strange = 0;
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		const struct wl_replica *replica = &worker->journals[at].replica;
		uint64_t theirs = greeting->history[replica->config.journal];

		if (theirs != 0 && replica->history != 0 && theirs != replica->history)
			greeting->strange |= 1u << replica->config.journal;
	}
	greeting->strange_told &= greeting->strange;
}

/* 0: none yet. */
static uint64_t history_of(const struct wl_worker *worker, const struct wl_journal *journal)
{
	const struct wl_replica *replica = &journal->replica;
	uint32_t node = wl_replica_known_leader(replica);
	const struct wl_greeting *leader = &worker->rx.greetings[node];

	if (replica->view.role == WL_ROLE_FOLLOWER && node != 0 &&
	    leader->boot_id == worker->rx.peers[node].boot_id &&
	    leader->history[replica->config.journal] != 0)
		return leader->history[replica->config.journal];
	/*
	 * Data that count for nothing may be a part of what a leader gave before the record had its id: the first entry, and not yet the LOSS
	 * behind it. By what their log says they would be refused as of the history before.
	 */
	if (replica->view.number == 0 || replica->held_back)
		return 0;
	return wl_journal_history(journal).id;
}

void wl_worker_settle_histories(struct wl_worker *worker)
{
	bool settled = false;

	for (uint32_t at = 0; at < worker->journal_count; at++) {
		struct wl_journal *journal = &worker->journals[at];
		uint32_t bit = 1u << journal->replica.config.journal;

		if (!(worker->histories_open & bit))
			continue;
		WL_CHECK(journal->replica.history == 0); /* what is known does not change */
		journal->replica.history = history_of(worker, journal);
		if (journal->replica.history == 0)
			continue;
		worker->histories_open &= ~bit;
		settled = true;
	}
	for (uint32_t node = 1; settled && node <= WIRELOG_NODES_MAX; node++)
		wl_worker_judge_histories(worker, node);
}

static void tell_own(struct wl_worker *worker, struct wl_journal *journal)
{
	const struct wl_replica *replica = &journal->replica;
	bool begins = replica->config.rescued != 0 &&
		      wl_journal_history(journal).id == replica->config.rescued;
	const struct wl_plane_message message = {
		.verb = WL_PLANE_HISTORY,
		.journal = replica->config.journal,
		.now_ns = worker->now_ns,
		.ours = replica->history,
		.reason = begins,
	};

	if (replica->history == 0 ||
	    (journal->history_told == replica->history && journal->rescue_told == begins))
		return;
	if (!wl_ring_push(&worker->plane->up, &message))
		return; /* in a later round */
	journal->history_told = replica->history;
	journal->rescue_told = begins;
}

static void tell_strangers(struct wl_worker *worker, struct wl_journal *journal, uint32_t node)
{
	struct wl_greeting *greeting = &worker->rx.greetings[node];
	uint32_t bit = 1u << journal->replica.config.journal;
	const struct wl_plane_message message = {
		.verb = WL_PLANE_PEER_HISTORY,
		.journal = journal->replica.config.journal,
		.node = node,
		.now_ns = worker->now_ns,
		.ours = journal->replica.history,
		.theirs = greeting->history[journal->replica.config.journal],
	};

	if ((greeting->strange & ~greeting->strange_told & bit) &&
	    wl_ring_push(&worker->plane->up, &message))
		greeting->strange_told |= bit;
}

void wl_worker_tell_histories(struct wl_worker *worker)
{
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		struct wl_journal *journal = &worker->journals[at];

		tell_own(worker, journal);
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
			tell_strangers(worker, journal, node);
	}
}
