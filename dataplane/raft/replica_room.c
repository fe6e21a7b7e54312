/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A leader takes no record that a majority may have no room for: it could not commit, and nobody could say what became of
 * it. Each acknowledgement tells how much room is left behind it. What the leader has appended since is counted at
 * the most that it can use up, because no log packs its chunks as another does; with that every entry of a leadership fits
 * into a majority's logs, and a refusal is as definite as an acknowledgement. A voter that is not heard any more takes nothing, whatever room
 * it told of: beside a full one it would have records wait for its return, and clients for an answer.
 *
 * Limits are in the leader's own measure: the cost of all its entries up to some point (wl_log_entry_cost).
 */
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"
#include "wirelog/status.h"

static uint64_t limit_of(uint64_t cost, uint64_t room)
{
	return cost + (room > WL_LOG_SLACK_BYTES ? room - WL_LOG_SLACK_BYTES : 0);
}

void wl_replica_room_on_ack(struct wl_replica *replica, struct wl_peer *peer,
			    const struct wl_wire_append_ack *ack)
{
	const struct wl_log *log = replica->log;
	const struct wl_log_slot *slot = &log->slots[ack->match_received % WL_LOG_ENTRIES_IN_RING];

	peer->no_space = (ack->flags & WL_WIRE_ACK_NO_SPACE) != 0;
	peer->cannot_grow = (ack->flags & WL_WIRE_ACK_CANNOT_GROW) != 0;
	/* Of a follower that is far behind, or not known to match at all, the last word stands. */
	if (ack->match_received == 0 || ack->match_received < peer->match_received ||
	    slot->index != ack->match_received)
		return;
	peer->room_limit = limit_of(slot->cost, ack->room);
}

/* What was appended for it so far is kept for it; nothing more is. Whom a new leader has not heard yet may still speak. */
static bool is_silent(const struct wl_replica *replica, const struct wl_peer *peer)
{
	return !wl_replica_hears(replica, peer) &&
	       replica->now_ns - replica->leader.asked_ns > wl_replica_patience_ns(replica);
}

static uint64_t majority_limit(const struct wl_replica *replica, bool or_growing)
{
	const struct wl_log *log = replica->log;
	uint64_t limits[WIRELOG_NODES_MAX + 1];

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &replica->leader.peers[node];
		bool is_self = node == replica->config.node;
		bool grows = is_self ? wl_log_can_grow(log) : !peer->cannot_grow;

		limits[node] = is_self ? limit_of(log->cost, wl_log_record_room(log))
				       : peer->room_limit;
		/* What they have room for commits nothing. */
		if (!is_self &&
		    (wl_replica_knows_held_back(replica, node) || is_silent(replica, peer))) {
			limits[node] = 0;
			continue;
		}
		if (or_growing && grows)
			limits[node] = UINT64_MAX;
	}
	return wl_quorum_majority(limits, wl_replica_list(replica));
}

/* With a record of so many bytes; what is open may have to be sealed before it. */
static uint64_t cost_with(const struct wl_log *log, uint32_t record_bytes)
{
	uint64_t entry = WL_ENTRY_HEADER_BYTES + wl_record_image_bytes(record_bytes);
	uint64_t target = log->config.entry_bytes_target;

	return log->cost + (log->entry_open ? wl_log_entry_cost(log->open_bytes) : 0) +
	       wl_log_entry_cost(entry > target ? entry : target);
}

int wl_replica_has_room(struct wl_replica *replica, uint32_t record_bytes)
{
	uint64_t cost = cost_with(replica->log, record_bytes);

	if (cost <= replica->leader.room_limit)
		return WIRELOG_OK;
	replica->leader.room_limit = majority_limit(replica, false);
	if (cost <= replica->leader.room_limit)
		return WIRELOG_OK;
	return cost <= majority_limit(replica, true) ? WIRELOG_BACK_PRESSURE : WIRELOG_NO_SPACE;
}

void wl_replica_room_end_turn(struct wl_replica *replica)
{
	replica->leader.room_limit = 0; /* summed up again for the next record */
}

bool wl_replica_successor_has_room(const struct wl_replica *replica)
{
	wl_members with_room = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (node != replica->config.node && !replica->leader.peers[node].no_space &&
		    !wl_replica_knows_held_back(replica, node))
			with_room |= wl_members_only(node);
	}
	return wl_list_decides(wl_replica_list(replica), with_room);
}
