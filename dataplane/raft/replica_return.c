/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The leader's part in taking in a follower whose data went back (wiped, replaced, an old image): they neither vote nor are counted,
 * and their acknowledgements say so. X is such a node, q a majority of n.
 *
 *   noticed     the first such acknowledgement of a boot of X: what X promised on its old data, it promised before now
 *   an entry e  of our own term T, appended after that; an empty one where no client appends
 *   committed   by q nodes that count, so without X
 *   taken in    APPENDs to X say so; once caught up, X makes it durable, and only then says that it counts
 *
 * Why that is enough. An election of a term U that X's forgotten vote could still decide has q - 1 of the others; e stands on q of the
 * others; 2q - 1 > n - 1, so they meet in a node Y.
 *   U > T: Y held e when it voted (it takes nothing of T afterwards), so the candidate held e when it asked. But X gave that vote before
 *          e was there. No such election can be won any more.
 *   U < T: q nodes have left U behind; the n - q that are left, X among them, commit nothing in it. What U committed before, with X's
 *          forgotten acknowledgement, our own election met at another node: we have it, and so has whoever holds e.
 * Caught up alone is not enough: it may come about by commits that are older than the loss, in a term that others have left. No clock
 * plays a part: a candidate may stall for as long as it likes.
 */
#include "dataplane/raft/replica_internal.h"

void wl_replica_notice_data(struct wl_replica *replica, struct wl_peer *peer, bool held_back)
{
	/* Within a boot it goes from held back to counted, once; what comes late says less. */
	if (!held_back)
		peer->counts = true;
	if (held_back && !peer->counts && peer->take_in_index == 0)
		peer->take_in_index = replica->log->tail.index + 1;
}

bool wl_replica_takes_in(const struct wl_replica *replica, const struct wl_peer *peer)
{
	return wl_peer_is_held_back(peer) && replica->commit >= peer->take_in_index;
}

void wl_replica_append_for_held_back(struct wl_replica *replica)
{
	struct wl_log *log = replica->log;
	uint64_t wanted = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &replica->peers[node];

		if (wl_peer_is_held_back(peer) && peer->take_in_index > wanted)
			wanted = peer->take_in_index;
	}
	if (wanted <= log->tail.index || replica->handing_over || log->poisoned ||
	    wl_log_open_entry(log, WL_ENTRY_TERM_START, replica->view.term, log->last_timestamp_ns,
			      replica->commit) != WL_LOG_OK)
		return; /* no room now: the next turn tries again */
	wl_log_seal_entry(log);
	wl_count(replica->counters, WL_COUNTER_entries_appended);
}
