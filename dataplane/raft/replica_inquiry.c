/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is wrong? One node says that an entry is another one than we hold as committed. Its chain values may be what rots: a leader like that
 * contradicts every follower that it probes, and marks on their data would end a cluster whose records are all well. So the word of one is
 * enough to take no part, and not enough for a mark: all voters are asked for their chain value behind that entry, again each
 * heartbeat until they have said it.
 *
 *  a majority of the voters says what we hold   we are right: no mark, the next start takes part
 *  a majority says the same other thing         we are wrong: the mark is made durable (control/agent/agent_incarnations.c)
 *  neither                                      nobody can say: no part, no mark, for as long as this process runs
 *
 * Who is asked compares, too, and asks all others when it holds something else: so the leader finds out that it is the one, and stands
 * apart. Who stands apart goes on answering: what it holds is a voter's word. A value that is not at hand any more is not told.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"

#include <string.h>

/* What we have committed there; 0: nothing, or not at hand. */
static uint64_t chain_of_committed(const struct wl_replica *replica, uint64_t index)
{
	uint64_t chain;

	return index <= replica->commit &&
			       wl_log_chain_at(replica->log, index, &chain) == WL_LOG_KNOWN
		       ? chain
		       : 0;
}

void wl_replica_inquire(struct wl_replica *replica, uint64_t index)
{
	struct wl_replica_inquiry *inquiry = &replica->inquiry;

	WL_CHECK_MSG(index <= replica->commit, "of %llu, commit %llu", (unsigned long long)index,
		     (unsigned long long)replica->commit);
	if (inquiry->index != 0)
		return;
	memset(inquiry, 0, sizeof(*inquiry));
	inquiry->index = index;
	inquiry->began_ns = replica->now_ns;
}

static void say(struct wl_replica *replica, uint32_t node, uint64_t index, bool asks)
{
	struct wl_wire_chain message = {
		.index = index,
		.chain = chain_of_committed(replica, index),
		.asks = asks,
	};
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);
	uint8_t *payload;

	if (replica->remotes[node].boot_id == 0)
		return;
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_CHAIN, replica->config.journal,
			     WL_TX_RESERVED);
	if (payload)
		wl_tx_close(replica->tx, wl_wire_encode_chain(payload, &message));
}

/* `node` has what a majority has, and we do not. */
static void condemn(struct wl_replica *replica, uint32_t node, uint64_t ours)
{
	struct wl_replica_inquiry *inquiry = &replica->inquiry;
	struct wl_divergence divergence = {
		.node = node,
		.kind = WL_DIVERGENCE_CONFIRMED,
		.position.index = inquiry->index,
		.chain = ours,
		.their_chain = inquiry->theirs[node],
	};

	WL_CHECK(wl_log_term_at(replica->log, inquiry->index, &divergence.position.term) ==
		 WL_LOG_KNOWN);
	WL_CHECK(ours != 0 && inquiry->theirs[node] != ours);
	inquiry->settled = true;
	wl_replica_take_no_part(replica, &divergence);
	wl_replica_tell_diverged(replica, &divergence);
}

static void acquit(struct wl_replica *replica)
{
	struct wl_divergence divergence = replica->apart;

	if (wl_replica_is_apart(replica)) {
		divergence.kind = WL_DIVERGENCE_DISPROVED;
		replica->inquiry.settled = true;
		wl_replica_tell_diverged(replica, &divergence);
	} else {
		replica->inquiry.index = 0;
	}
}

static void judge(struct wl_replica *replica)
{
	struct wl_replica_inquiry *inquiry = &replica->inquiry;
	uint32_t node;
	uint64_t ours = chain_of_committed(replica, inquiry->index), agreed;

	WL_CHECK(inquiry->index != 0 && !inquiry->settled);
	inquiry->theirs[replica->config.node] = ours;
	agreed = wl_quorum_agreed(inquiry->theirs, wl_replica_list(replica), &node);
	if (agreed == 0 || ours == 0)
		return;
	if (agreed == ours)
		acquit(replica);
	else
		condemn(replica, node, ours);
}

void wl_replica_on_chain(struct wl_replica *replica, uint32_t from,
			 const struct wl_wire_chain *message)
{
	struct wl_replica_inquiry *inquiry = &replica->inquiry;
	uint64_t ours = chain_of_committed(replica, message->index);

	WL_CHECK(from >= 1 && from <= WIRELOG_NODES_MAX && from != replica->config.node);
	if (message->asks) {
		say(replica, from, message->index, false);
		if (ours != 0 && message->chain != 0 && ours != message->chain)
			wl_replica_inquire(replica, message->index);
	}
	if (inquiry->index != message->index || inquiry->settled || message->chain == 0)
		return;
	inquiry->theirs[from] = message->chain;
	judge(replica);
}

void wl_replica_inquiry_end_turn(struct wl_replica *replica)
{
	struct wl_replica_inquiry *inquiry = &replica->inquiry;

	WL_CHECK(inquiry->began_ns <= replica->now_ns && inquiry->asked_ns <= replica->now_ns);
	if (inquiry->index == 0 || inquiry->settled ||
	    (inquiry->asked_ns != 0 &&
	     replica->now_ns - inquiry->asked_ns < replica->config.heartbeat_ns))
		return;
	/* Who only heard of it lets it rest when nobody can tell; it is asked again. */
	if (!wl_replica_is_apart(replica) &&
	    replica->now_ns - inquiry->began_ns > wl_replica_patience_ns(replica)) {
		inquiry->index = 0;
		return;
	}
	inquiry->asked_ns = replica->now_ns;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (node != replica->config.node &&
		    wl_members_has(wl_list_voters(wl_replica_list(replica)), node) &&
		    inquiry->theirs[node] == 0)
			say(replica, node, inquiry->index, true);
	}
}
