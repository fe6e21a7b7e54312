/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The time of the journal. One wall clock that is wrong for a moment must not stamp records for ever after, for stamps
 * never fall. So acknowledgements carry the follower's clock, and a leader follows its own one only where a majority
 * vouches for it: the latest time that the clocks of a majority have reached (the middle one of three), a second more or less.
 * Clocks that were not heard yet vouch for nothing; the last word of one that fell silent goes on running.
 *
 * Stamps that are in the log already stand: what a majority's wrong clocks, or an older version, left in the future is
 * waited for; every stamp until then is the last one.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"

static uint64_t reading(const struct wl_replica *replica, const struct wl_replica_clock *clock)
{
	return clock->known ? replica->now_ns + (uint64_t)clock->offset_ns : 0;
}

static void take(struct wl_replica *replica, struct wl_replica_clock *clock, uint64_t wall_ns,
		 uint64_t sent_ns)
{
	/* What comes late, or in answer to nothing, would only seem slow. */
	if (wall_ns == 0 || sent_ns == 0 || (clock->known && sent_ns < clock->sent_ns))
		return;
	clock->known = true;
	clock->offset_ns = (int64_t)(wall_ns - replica->now_ns);
	clock->sent_ns = sent_ns;
}

void wl_replica_clock_on_ack(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_append_ack *ack)
{
	take(replica, &replica->leader.clocks[from], ack->wall_ns, ack->sent_ns);
}

void wl_replica_clock_on_append(struct wl_replica *replica, const struct wl_wire_append *append)
{
	take(replica, &replica->follower.middle, append->clock_ns, append->sent_ns);
}

uint64_t wl_replica_clock_vouched(const struct wl_replica *replica)
{
	uint64_t readings[WIRELOG_NODES_MAX + 1];

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		readings[node] = reading(replica, &replica->leader.clocks[node]);
	readings[replica->config.node] = replica->wall_ns;
	return wl_quorum_majority(readings, wl_replica_list(replica));
}

static uint64_t middle(const struct wl_replica *replica)
{
	return replica->view.role == WL_ROLE_LEADER ? wl_replica_clock_vouched(replica)
						    : reading(replica, &replica->follower.middle);
}

void wl_replica_clock_watch(struct wl_replica *replica)
{
	uint64_t now = middle(replica), off;
	bool was_astray = replica->clock_astray;

	if (now == 0)
		return; /* nobody is there to compare with: what was known last stands */
	replica->clock_ahead_ns = (int64_t)(replica->wall_ns - now);
	off = replica->clock_ahead_ns < 0 ? -(uint64_t)replica->clock_ahead_ns
					  : (uint64_t)replica->clock_ahead_ns;
	/* What swings about the limit is one excursion. */
	replica->clock_astray =
		off > (was_astray ? WL_REPLICA_CLOCK_SKEW_NS / 2 : WL_REPLICA_CLOCK_SKEW_NS);
	if (replica->clock_astray && !was_astray)
		wl_count(replica->counters, WL_COUNTER_clock_excursions);
}

uint64_t wl_replica_stamp(const struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;
	uint64_t vouched = wl_replica_clock_vouched(replica), stamp = replica->wall_ns;

	WL_CHECK(!log->entry_open || log->open_header.timestamp_ns >= log->last_timestamp_ns);
	if (log->entry_open)
		return log->open_header.timestamp_ns;
	if (vouched != 0) {
		if (stamp > vouched + WL_REPLICA_CLOCK_SKEW_NS)
			stamp = vouched + WL_REPLICA_CLOCK_SKEW_NS;
		else if (stamp + WL_REPLICA_CLOCK_SKEW_NS < vouched)
			stamp = vouched - WL_REPLICA_CLOCK_SKEW_NS;
	}
	return stamp > log->last_timestamp_ns ? stamp : log->last_timestamp_ns;
}
