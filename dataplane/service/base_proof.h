/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a leader asks for a base, and when it says that one is proven. All nodes make a base of their own at each BASE entry, from the log; the
 * next entry about it, BASE_PROVEN, names the digest that a majority of the voters came to, and from then on such a base is worth what the log
 * before it was (docs/SAFETY.md, rules 11 and 12). Which voter made what is in raft/replica_base.c; what is in effect, in state/state.h.
 *
 * Pure: what comes out is a function of what goes in. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_BASE_PROOF_H
#define WL_DATAPLANE_SERVICE_BASE_PROOF_H

#include "dataplane/raft/replica.h"
#include "dataplane/state/state.h"

/*
 * The next mark follows when every_bytes were appended since the last one, which is proven by then. Two exceptions:
 *
 *   a voter that is heard has yet to make it    twice as much: who has to skip bases has none to give up what is before them
 *   the mark before it is far behind            at once: what stands before the older of two bases is not given up, and where
 *                                               appends ended no other mark would come for long
 */
/* So many times as much is appended before a mark that nobody can prove is given up for the next one; half of log.bytes_max at most. */
#define WL_BASE_PROOF_PATIENCE 16u
/* So many marks at least stand in a log that is full (log.bytes_max of the leader), whatever every_bytes says. */
#define WL_BASE_PROOF_MARKS_IN_LOG 8u

/*
 * What the leader should propose now; false: nothing. `state` is of all entries that this leader proposed. `every_bytes`: of the stream
 * from one mark to the next; 0: no further mark is wanted (one that is there is proven all the same).
 */
bool wl_base_proof_wants(const struct wl_replica *replica, const struct wl_state *state,
			 uint64_t every_bytes, struct wl_control *control);
/* Voters whose base is not what a majority made, as far as they have said: of a leader. Of others only the node itself. */
wl_members wl_base_proof_differs(const struct wl_replica *replica, const struct wl_state *state);

#endif
