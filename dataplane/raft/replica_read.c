/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "How far is the journal?", answered so that nothing that was acknowledged before the question is missing (ReadIndex: Ongaro's thesis, section
 * 6.4; docs/SAFETY.md, rule 30). A leader that was deposed and does not know it has an old commit; so its word counts only when voters
 * that decide were still with it after the question came:
 *
 *   t0        the question comes to a leader whose term's first entry is committed; what it has committed by then is the answer
 *   a round   an empty frame to everybody, at once (replica_send.c): one round at a time, and whoever asks meanwhile waits for the next one,
 *             so a thousand questions cost two rounds. Entries that are sent anyway do as well
 *   t1        voters that decide, by the list in force, on both sides of a joint one, have echoed a frame sent at or after t0: it is told
 *
 * Whoever elected a leader before t0 had left our term, and took nothing of it, nor echoed it, afterwards; and those who elect meet those who
 * echo. An echo counts only of data that count (rule 24): what lost its vote with its disk has not promised anything. Frames that left at
 * the very time of the question, but before it, are not of after it: then the question counts from the next moment on.
 *
 * A follower has one round of its own under way: what is asked of it meanwhile waits for the next one. A round that was put before is not
 * answered for a later question, whoever leads by then; numbers of rounds begin anew with each start, and frames name the boot they are for.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"
#include "wirelog/status.h"

static bool is_ready(const struct wl_replica *replica)
{
	return replica->view.role == WL_ROLE_LEADER && !replica->silent && replica->leader.ready &&
	       !wl_replica_is_apart(replica);
}

void wl_replica_read_on_view(struct wl_replica *replica)
{
	struct wl_replica_reads *reads = &replica->reads;

	reads->sent_ns = 0;
	reads->wanted_ns = 0;
	reads->round_ns = 0;
	memset(reads->asked, 0, sizeof(reads->asked));
}

void wl_replica_read_on_ack(struct wl_replica *replica, uint32_t from,
			    const struct wl_wire_append_ack *ack)
{
	struct wl_peer *peer = &replica->leader.peers[from];

	if (wl_replica_counts(replica, from) && ack->sent_ns > peer->echoed_ns)
		peer->echoed_ns = ack->sent_ns;
}

uint64_t wl_replica_read_begin(struct wl_replica *replica)
{
	struct wl_replica_reads *reads = &replica->reads;

	if (!is_ready(replica))
		return 0;
	WL_CHECK(reads->sent_ns <= replica->now_ns);
	reads->wanted_ns = replica->now_ns;
	if (reads->sent_ns >= reads->wanted_ns)
		reads->wanted_ns = reads->sent_ns + 1;
	return reads->wanted_ns;
}

uint64_t wl_replica_read_confirmed(const struct wl_replica *replica)
{
	uint64_t echoed[WIRELOG_NODES_MAX + 1];

	if (!is_ready(replica))
		return 0;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		echoed[node] = wl_replica_counts(replica, node)
				       ? replica->leader.peers[node].echoed_ns
				       : 0;
	echoed[replica->config.node] = UINT64_MAX; /* no new term is durable before we are fenced */
	return wl_quorum_majority(echoed, wl_replica_list(replica));
}

uint64_t wl_replica_read_number(const struct wl_replica *replica)
{
	const struct wl_log_slot *slot =
		&replica->log->slots[replica->commit % WL_LOG_ENTRIES_IN_RING];

	WL_CHECK(replica->commit != 0 && slot->index == replica->commit);
	return slot->next_number - 1;
}

/* ---- leader ------------------------------------------------------------------------------------ */

/* True when it is on its way; otherwise the next turn tries again. */
static bool tell(struct wl_replica *replica, uint32_t node, const struct wl_wire_read_told *told)
{
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);
	uint8_t *payload = wl_tx_open(replica->tx, &to, WL_WIRE_READ_TOLD, replica->config.journal,
				      WL_TX_RESERVED);

	if (!payload)
		return false;
	wl_tx_close(replica->tx, wl_wire_encode_read_told(payload, told));
	return true;
}

void wl_replica_on_read_ask(struct wl_replica *replica, uint32_t from,
			    const struct wl_wire_read_ask *ask)
{
	struct wl_replica_read *read = &replica->reads.asked[from];
	const struct wl_wire_read_told refused = {
		.round = ask->round,
		.status = WIRELOG_NOT_LEADER,
	};

	WL_CHECK(from >= 1 && from <= WIRELOG_NODES_MAX);
	wl_count(replica->counters, WL_COUNTER_reads_asked);
	if (read->boot_id == replica->remotes[from].boot_id && read->round >= ask->round)
		return; /* it waits already, or was overtaken */
	read->began_ns = wl_replica_read_begin(replica);
	if (read->began_ns == 0) {
		read->round = 0;
		tell(replica, from, &refused);
		return;
	}
	read->round = ask->round;
	read->boot_id = replica->remotes[from].boot_id;
	read->index = replica->commit;
	read->number = wl_replica_read_number(replica);
}

/* True when nobody is left that could be told: a frame may have had no room. */
static bool tell_who_waits(struct wl_replica *replica, uint64_t confirmed_ns)
{
	bool all_told = true;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_replica_read *read = &replica->reads.asked[node];
		const struct wl_wire_read_told told = {
			.round = read->round,
			.index = read->index,
			.number = read->number,
		};

		if (read->round == 0 || read->began_ns > confirmed_ns)
			continue;
		WL_CHECK(read->began_ns != 0);
		WL_CHECK(read->index <= replica->commit);
		/* To another start of it the same number would mean another round. */
		if (read->boot_id == replica->remotes[node].boot_id) {
			if (!tell(replica, node, &told)) {
				all_told = false;
				continue;
			}
			wl_count(replica->counters, WL_COUNTER_reads_told);
		}
		*read = (struct wl_replica_read){0};
	}
	return all_told;
}

void wl_replica_read_leader_turn(struct wl_replica *replica)
{
	struct wl_replica_reads *reads = &replica->reads;
	uint64_t confirmed_ns;
	bool all_told;

	if (reads->wanted_ns == 0)
		return;
	WL_CHECK(reads->round_ns <= replica->now_ns);
	confirmed_ns = wl_replica_read_confirmed(replica);
	all_told = tell_who_waits(replica, confirmed_ns);
	if (confirmed_ns >= reads->wanted_ns) {
		if (all_told)
			reads->wanted_ns = 0;
		return;
	}
	/* Frames of this moment would be older than the question; or a round is under way. */
	if (reads->wanted_ns > replica->now_ns ||
	    (reads->round_ns > confirmed_ns &&
	     replica->now_ns - reads->round_ns < replica->config.heartbeat_ns))
		return;
	reads->round_ns = replica->now_ns;
	wl_count(replica->counters, WL_COUNTER_reads_rounds);
}

bool wl_replica_read_hurries(const struct wl_replica *replica, const struct wl_peer *peer)
{
	return replica->reads.wanted_ns != 0 && peer->asked_ns < replica->reads.round_ns;
}

/* ---- follower ---------------------------------------------------------------------------------- */

void wl_replica_read_put(struct wl_replica *replica, uint32_t leader)
{
	struct wl_replica_reads *reads = &replica->reads;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[leader]);
	struct wl_wire_read_ask ask;
	uint8_t *payload;

	WL_CHECK(leader >= 1 && leader <= WIRELOG_NODES_MAX && leader != replica->config.node);
	WL_CHECK(reads->told <= reads->round);
	if (replica->remotes[leader].boot_id == 0)
		return;
	if (reads->told == reads->round) {
		reads->round++;
		reads->put_ns = replica->now_ns;
	} else if (leader == reads->leader &&
		   replica->now_ns - reads->put_again_ns < replica->config.heartbeat_ns) {
		return;
	}
	ask.round = reads->round;
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_READ_ASK, replica->config.journal,
			     WL_TX_RESERVED);
	if (!payload)
		return; /* the next turn tries again: no leader was told of this round */
	wl_tx_close(replica->tx, wl_wire_encode_read_ask(payload, &ask));
	reads->leader = leader;
	reads->put_again_ns = replica->now_ns;
	wl_count(replica->counters, WL_COUNTER_reads_rounds);
}

void wl_replica_on_read_told(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_read_told *told)
{
	struct wl_replica_reads *reads = &replica->reads;

	if (told->round != reads->round || reads->told == reads->round || from != reads->leader)
		return; /* answered already */
	reads->told = told->round;
	reads->status = told->status;
	reads->index = told->index;
	reads->number = told->number;
}
