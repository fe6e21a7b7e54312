/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A leader is judged by what it commits, not by its heartbeats. A path may carry small frames and no large ones; whoever makes
 * segments may hang: a majority answers, and nothing that is appended commits for ever. When entries stay uncommitted for an
 * election timeout and nothing moves towards it anywhere (no match, no fragment, no segment), leadership is handed over,
 * once: a successor that cannot commit either says so and stays, or leadership would go round (control/election/trouble.c).
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"
#include "dataplane/wire/greeting.h"

/* Changes with whatever comes nearer to a commit. */
static uint64_t progress_mark(const struct wl_replica *replica)
{
	uint64_t mark =
		replica->commit + replica->log->durable_offset + replica->log->segments_ready;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &replica->leader.peers[node];

		mark += peer->match_received + peer->match_durable + peer->fragments_have;
	}
	return mark;
}

static bool is_held_up(const struct wl_replica *replica)
{
	return replica->leader.no_segment || replica->commit < replica->log->tail.index;
}

/* Voters that do not have the newest entry durably; ourselves when our own log is what is stuck. */
static uint32_t missing_voters(const struct wl_replica *replica)
{
	uint32_t missing = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		bool self = node == replica->config.node;
		uint64_t durable = self ? replica->log->durable.index
					: replica->leader.peers[node].match_durable;

		if (wl_members_has(wl_list_voters(wl_replica_list(replica)), node) &&
		    (durable < replica->log->tail.index || (self && replica->leader.no_segment)))
			missing |= wl_members_only(node);
	}
	return missing;
}

void wl_replica_progress_begin(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;

	leader->progress_mark = 0;
	leader->progress_ns = replica->now_ns;
	leader->commit_stalled = false;
	leader->no_segment = false;
}

void wl_replica_watch_progress(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;
	uint64_t mark = progress_mark(replica);

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	WL_CHECK(leader->progress_ns <= replica->now_ns);
	if (mark != leader->progress_mark || !is_held_up(replica)) {
		if (replica->log->segments_ready != leader->segments_seen)
			leader->no_segment = false;
		leader->segments_seen = replica->log->segments_ready;
		leader->progress_mark = mark;
		leader->progress_ns = replica->now_ns;
		leader->commit_stalled = false;
		return;
	}
	if (leader->commit_stalled || leader->handing_over || wl_log_is_full(replica->log) ||
	    replica->now_ns - leader->progress_ns <= wl_replica_patience_ns(replica))
		return;
	leader->commit_stalled = true;
	wl_count(replica->counters, WL_COUNTER_commit_stalls);
	wl_replica_tell_stalled_commit(replica, wl_greeting_ids(missing_voters(replica)));
}
