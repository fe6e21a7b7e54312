/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is to lead instead of us: whom an operator names, who has a higher priority, or anybody whose drive keeps up while ours does not. A
 * worker only says so (WANTS_TRANSFER) and leads on; control decides and begins. It is said when the successor can take over in the next
 * moment, so that a hand-over that would only hold records up is not begun.
 *
 * Never to and fro. A voter of a higher priority is named when it was in step for STEADY_PATIENCES times the patience on end, seen by one
 * leader; and a node that gave leadership away so waits twice as long before it does it again, up to PATIENCE_MAX of that: a preferred node
 * that takes over and loses leadership each time gets it ever more seldom. Our own drive costs us leadership once in DISK_INTERVAL_NS.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"

#define STEADY_PATIENCES 50u
#define PATIENCE_MAX 64u
#define DISK_INTERVAL_NS 10000000000u

bool wl_replica_may_succeed(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	return node != replica->config.node &&
	       wl_members_has(wl_replica_list(replica)->voters, node) && !peer->behind &&
	       !peer->damaged && wl_replica_may_vote(replica, node);
}

bool wl_replica_transfer_is_settled(const struct wl_replica *replica,
				    const struct wl_wire_propose *wish)
{
	WL_CHECK(wish->verb == WL_WIRE_PROPOSE_TRANSFER);
	return wish->number != replica->view.term || wish->made == replica->view.leader ||
	       replica->view.role == WL_ROLE_FENCED;
}

static void want(struct wl_replica *replica, uint32_t node, enum wl_transfer_reason reason)
{
	WL_CHECK(replica->view.role == WL_ROLE_LEADER && !replica->leader.handing_over);
	WL_CHECK(node != replica->config.node);
	wl_replica_tell(replica, WL_PLANE_WANTS_TRANSFER, node, reason);
}

bool wl_replica_want_transfer(struct wl_replica *replica, const struct wl_wire_propose *wish)
{
	uint32_t node = (uint32_t)wish->made;

	WL_CHECK(wish->verb == WL_WIRE_PROPOSE_TRANSFER && wish->made <= WIRELOG_NODES_MAX);
	if (node == 0)
		node = wl_replica_best_successor(replica, false);
	if (replica->leader.handing_over || node == 0 || !wl_replica_may_succeed(replica, node))
		return false;
	want(replica, node, WL_TRANSFER_ASKED);
	return true;
}

/* The best of those that have a higher priority than we and could take over now; 0: nobody. */
static uint32_t preferred(const struct wl_replica *replica)
{
	const uint8_t *priority = replica->config.priority;
	uint32_t best = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (priority[node] > priority[replica->config.node] &&
		    (best == 0 || priority[node] > priority[best]) &&
		    wl_replica_may_succeed(replica, node))
			best = node;
	}
	return best;
}

static void watch_priority(struct wl_replica *replica)
{
	struct wl_succession *succession = &replica->succession;
	uint64_t steady_ns = STEADY_PATIENCES * wl_replica_patience_ns(replica);
	uint32_t node = preferred(replica);

	WL_CHECK(succession->since_ns <= replica->now_ns);
	WL_CHECK(succession->told_ns <= replica->now_ns);
	if (node != succession->preferred) {
		succession->preferred = node;
		succession->since_ns = replica->now_ns;
	}
	if (node == 0 || replica->now_ns - succession->since_ns < steady_ns)
		return;
	if (succession->told_ns == 0 ||
	    replica->now_ns - succession->told_ns > 2 * PATIENCE_MAX * steady_ns)
		succession->patience_ns = steady_ns;
	else if (replica->now_ns - succession->told_ns < succession->patience_ns)
		return;
	else if (succession->patience_ns < PATIENCE_MAX * steady_ns)
		succession->patience_ns *= 2;
	succession->told_ns = replica->now_ns;
	want(replica, node, WL_TRANSFER_PREFERRED);
}

/* Half of what makes us fall silent: with a successor at hand nobody has to wait for an election. */
static void watch_drive(struct wl_replica *replica)
{
	struct wl_succession *succession = &replica->succession;
	uint32_t node;

	WL_CHECK(replica->disk_progress_ns <= replica->now_ns);
	WL_CHECK(succession->disk_told_ns <= replica->now_ns);
	if (replica->now_ns - replica->disk_progress_ns < replica->config.disk_stall_ns / 2 ||
	    (succession->disk_told_ns != 0 &&
	     replica->now_ns - succession->disk_told_ns < DISK_INTERVAL_NS))
		return;
	node = wl_replica_best_successor(replica, false);
	if (node == 0 || !wl_replica_may_succeed(replica, node))
		return;
	succession->disk_told_ns = replica->now_ns;
	want(replica, node, WL_TRANSFER_DISK);
}

void wl_replica_watch_succession(struct wl_replica *replica)
{
	struct wl_succession *succession = &replica->succession;

	WL_CHECK(succession->looked_ns <= replica->now_ns);
	if (replica->now_ns - succession->looked_ns < replica->config.heartbeat_ns)
		return;
	succession->looked_ns = replica->now_ns;
	if (!replica->leader.ready || replica->leader.handing_over)
		return;
	watch_drive(replica);
	watch_priority(replica);
}
