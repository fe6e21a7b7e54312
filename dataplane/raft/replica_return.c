/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members whose data went back (wiped, replaced, an old image), and how they come to count again (docs/SAFETY.md, rule 24). What a member
 * promised is in its data; so the list of members names them, {id, incarnation}, and whoever comes under that id with others is sent
 * everything and counts nowhere. X is such a node, q a majority of the n voters.
 *
 *   noticed     X says on which data it acknowledges, and that they are held back: what X promised on its old data, it promised before now
 *   the swap e  an entry of our own term T: the list with the same members, and X's new data. Appended after that, when X is in step, or when
 *               an operator says so (service/membership.c). From then on neither the old data nor, yet, the new ones count
 *   committed   by q nodes that count, so without X
 *   taken in    X has made e durable, knows that it is committed, and has caught up with the leader; it makes that durable, and only then says
 *               that it counts
 *
 * Why that is enough. An election of a term U that X's forgotten vote could still decide has q - 1 of the others; e stands on q of the
 * others; 2q - 1 > n - 1, so they meet in a node Y.
 *   U > T: Y held e when it voted (it takes nothing of T afterwards), so the candidate held e when it asked. But X gave that vote before
 *          e was there. No such election can be won any more.
 *   U < T: q nodes have left U behind; the n - q that are left, X among them, commit nothing in it. What U committed before, with X's
 *          forgotten acknowledgement, our own election met at another node: we have it, and so has whoever holds e.
 * Who has e and does not know that it is committed counts by e all the same: X's old data are gone, and X does not count itself before it
 * knows. Of several such nodes one is swapped at a time; those that wait count nowhere, so the next swap is committed without them, too.
 * Caught up alone is not enough: it may come about by commits that are older than the loss, in a term that others have left. No clock
 * plays a part: a candidate may stall for as long as it likes.
 *
 * A list that names nobody's data yet, that of the nodes' files, believes each node's own word: at the first start of a cluster all of them say
 * that there was nothing to promise (control/agent/agent_history.c). The first leader's next entry names them.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"

void wl_replica_notice_data(struct wl_peer *peer, uint64_t incarnation, bool held_back)
{
	peer->incarnation = incarnation;
	/* Within a boot it goes from held back to counted, once; what comes late says less. */
	peer->counts = peer->counts || !held_back;
	peer->held_back = !peer->counts;
}

bool wl_replica_counts(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	return node == replica->config.node ||
	       (peer->counts && wl_list_names(wl_replica_list(replica), node, peer->incarnation));
}

bool wl_replica_knows_held_back(const struct wl_replica *replica, uint32_t node)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	return (peer->held_back || peer->counts) && !wl_replica_counts(replica, node);
}

bool wl_replica_is_taken_in(const struct wl_replica *replica)
{
	const struct wl_list *list = wl_replica_list(replica);
	uint64_t ours = replica->config.incarnation;

	return ours != 0 && list->incarnation[replica->config.node] == ours &&
	       list->index <= replica->commit;
}
