/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members of a journal. The list in force is the log's (log_members.c): it holds from append to truncation, for the leader that appends it and for
 * the follower that takes it, and every count of this folder asks it. Control learns of each list, and decides elections by the one that
 * stood at the fenced tail.
 *
 * Why two leaders cannot count apart. Lists follow one another in one log, each only when the one before is committed under its own
 * quorums, by a leader whose term's first entry is committed (may_change). A list with other voters is joint, and what it decides
 * needs a majority of either side; so whatever two adjacent lists decide has a voter in common, and it holds what the other one decided.
 * Who is no member any more is sent entries until it knows the list that says so: it then neither campaigns nor waits.
 *
 * A candidate that lacks a committed list counts by an older one: a majority of that older list's voters holds the committed entry of the
 * list behind it, and refuses. Data that went back count on neither side until a list names them (replica_return.c).
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"
#include "wirelog/status.h"

#define LEAVES_INTERVAL_NS 1000000000u

wl_members wl_replica_list_before(const struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;

	return log->list.index > replica->commit ? wl_list_voters(&log->list_before) : 0;
}

static bool is_told(const struct wl_replica *replica)
{
	return wl_list_is_equal(wl_replica_list(replica), &replica->list_told) &&
	       replica->list_before_told == wl_replica_list_before(replica);
}

void wl_replica_tell_list(struct wl_replica *replica)
{
	if (wl_likely(is_told(replica)) || replica->pending_up_count > WL_REPLICA_UP_MAX / 2)
		return;
	replica->list_told = *wl_replica_list(replica);
	replica->list_before_told = wl_replica_list_before(replica);
	wl_replica_tell(replica, WL_PLANE_LIST, replica->config.node, 0);
}

/* Nobody counts it; but as long as it does not know, it waits for a leader that is gone. */
static bool is_leaving(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	return wl_members_has(wl_list_everybody(&replica->log->list_before), node) &&
	       !wl_members_has(wl_list_everybody(wl_replica_list(replica)), node) &&
	       (peer->left_ns == 0 || peer->heard_sent_ns < peer->left_ns);
}

bool wl_replica_is_peer(const struct wl_replica *replica, uint32_t node)
{
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	return node != replica->config.node &&
	       (wl_members_has(wl_list_everybody(wl_replica_list(replica)), node) ||
		is_leaving(replica, node));
}

void wl_replica_tell_left(struct wl_replica *replica, uint32_t node)
{
	const struct wl_list *list = wl_replica_list(replica);
	struct wl_peer *peer = &replica->leader.peers[node];

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	if (wl_members_has(wl_list_everybody(list), node))
		peer->left_ns = 0;
	else if (peer->left_ns == 0 && replica->commit >= list->index &&
		 peer->match_received >= list->index)
		peer->left_ns = replica->now_ns;
}

static bool may_change(const struct wl_replica *replica)
{
	return wl_replica_takes_appends(replica) == WIRELOG_OK &&
	       wl_replica_list(replica)->index <= replica->commit;
}

/* It has what is committed, and was heard just now. */
static bool is_in_step(const struct wl_replica *replica, const struct wl_peer *peer)
{
	return peer->state == WL_PEER_STREAM && !peer->needs_base && !peer->disk_slow &&
	       peer->match_durable + WL_LOG_ENTRIES_IN_RING / 4 >= replica->commit &&
	       peer->heard_sent_ns != 0 && wl_replica_hears(replica, peer);
}

bool wl_replica_may_vote(const struct wl_replica *replica, uint32_t node)
{
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if (node == replica->config.node)
		return !wl_log_is_full(replica->log);
	return wl_replica_counts(replica, node) && !replica->leader.peers[node].no_space &&
	       is_in_step(replica, &replica->leader.peers[node]);
}

/* Control entries stand in the room that every log keeps; who is full and lacks records before them gets none. */
static bool takes_lists(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	if (node == replica->config.node)
		return true;
	return wl_replica_counts(replica, node) && is_in_step(replica, peer) &&
	       (!peer->no_space || peer->match_durable >= replica->commit);
}

bool wl_replica_may_be_taken_in(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	return wl_replica_is_held_back(replica, node) && is_in_step(replica, peer);
}

bool wl_replica_is_held_back(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	WL_CHECK(!(peer->counts && peer->held_back)); /* P3 */
	return node != replica->config.node && peer->held_back && peer->incarnation != 0 &&
	       peer->incarnation != wl_replica_list(replica)->incarnation[node];
}

uint64_t wl_replica_incarnation(const struct wl_replica *replica, uint32_t node)
{
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	return node == replica->config.node ? replica->config.incarnation
					    : replica->leader.peers[node].incarnation;
}

/*
 * Other voters must have room: a journal that goes on is not to stop for them. With the same ones nothing stops that does not stand still already;
 * and data that are named may be just what a full journal waits for. So such a list must be committed, no more.
 */
bool wl_replica_would_go_on(const struct wl_replica *replica, const struct wl_list *next)
{
	const struct wl_list *list = wl_replica_list(replica);
	bool same_voters = next->voters == list->voters && next->old == list->old;
	wl_members able = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (same_voters ? takes_lists(replica, node) : wl_replica_may_vote(replica, node))
			able |= wl_members_only(node);
	}
	return wl_list_decides(next, able);
}

enum wl_log_result wl_replica_change_list(struct wl_replica *replica, const struct wl_list *next)
{
	const struct wl_list *list = wl_replica_list(replica);
	struct wl_control control = wl_control_of_list(next, list->index);
	enum wl_log_result result;

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	WL_CHECK(wl_list_may_follow(list, next));
	if (!may_change(replica))
		return WL_LOG_NO_ROOM;
	result = wl_replica_append_control(replica, &control);
	WL_CHECK(result != WL_LOG_OK || list->index == replica->log->tail.index);
	return result;
}

void wl_replica_leaves(struct wl_replica *replica)
{
	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	WL_CHECK(replica->leaves_told_ns <= replica->now_ns);
	if (replica->leader.handing_over ||
	    (replica->leaves_told_ns != 0 &&
	     replica->now_ns - replica->leaves_told_ns < LEAVES_INTERVAL_NS))
		return;
	replica->leaves_told_ns = replica->now_ns;
	wl_replica_tell(replica, WL_PLANE_STALLED, replica->config.node, WL_STALL_LEAVES);
}
