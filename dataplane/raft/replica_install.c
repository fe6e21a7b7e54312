/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A follower whose log ends before those of all others begin. Its leader says so with each heartbeat; a base that a majority made alike
 * takes the place of its log (rule 22). From the moment in which the base's place in the stream is chosen until the log stands there,
 * nothing is appended or cut: a crash finds the old log or the base, and no place that both were written to.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"

bool wl_replica_wants_base(const struct wl_replica *replica)
{
	return replica->view.role == WL_ROLE_FOLLOWER && replica->follower.base_wanted &&
	       replica->follower.heard_leader != 0 && !wl_replica_is_apart(replica) &&
	       !replica->follower.diverged && !replica->log->poisoned;
}

bool wl_replica_gives_way(const struct wl_replica *replica, struct wl_position position,
			  uint64_t chain)
{
	uint64_t ours;

	if (position.index <= replica->commit)
		return false;
	/* Our log holds it, or may: then what stands behind it stays. */
	switch (wl_log_chain_at(replica->log, position.index, &ours)) {
	case WL_LOG_KNOWN:
		return ours != chain;
	case WL_LOG_BEYOND:
		return true;
	case WL_LOG_BELOW:
	case WL_LOG_UNKNOWN:
		break;
	}
	return false;
}

void wl_replica_stand_still(struct wl_replica *replica, bool stands)
{
	WL_CHECK(!stands || replica->view.role == WL_ROLE_FOLLOWER);
	replica->follower.installing = stands;
}

void wl_replica_jumped(struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;

	WL_CHECK(replica->follower.installing && replica->view.role == WL_ROLE_FOLLOWER);
	WL_CHECK(log->tail.index == log->begin.position.index && log->tail.index > replica->commit);
	WL_CHECK(log->durable.index == log->tail.index);
	/* A majority made the base: it is committed, and whoever leads has it. */
	replica->commit = log->tail.index;
	replica->follower.match = log->tail.index;
	replica->follower.acknowledge = true;
	replica->follower.refusal.pending = false;
	replica->follower.fragments_index = 0;
	replica->follower.base_wanted = false;
	replica->follower.installing = false;
	wl_replica_state_begin(replica);
	wl_count(replica->counters, WL_COUNTER_bases_installed);
}
