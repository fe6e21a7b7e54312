/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients ask of the journal as a whole, answered so that nothing is missing that was acknowledged before the question was put
 * (raft/replica_read.c; docs/SAFETY.md, rules 30 and 31):
 *
 *  END      how far is it? At any node: who does not lead asks the leader, once for all that wait, and says what that one said.
 *  OUTCOME  what became of {session, sequence}? Of the leader, whose state has everything up to the question.
 *           With a fence: what is not in the log never will be. An entry is committed that spends the session's sequences up to that one;
 *           what is in our tail already is waited for first. "Never" is told when that entry is applied, and not before.
 *
 *  A question goes through   waits --confirmed, applied--> told
 *                                                     \--> fences, when it is not decided --the entry is applied--> told
 *
 * Questions are small and nothing is kept but those that wait: who gets no answer asks again, with the same nonce. When a leadership begins
 * or ends, all are refused.
 *
 *  What must hold; wl_reads_check is this text as code.
 *  A1  so many wait as there are places, in the order in which they came
 *  A2  what waits for a fence is of a leader, of a session, and has a client
 *
 * Pure. Owner: the journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_READS_H
#define WL_DATAPLANE_SERVICE_READS_H

#include "dataplane/service/service.h"

#define WL_READS_WAITING 256u
#define WL_READS_OF_ONE 32u /* of one client */
#define WL_READS_FENCES 16u /* outcomes that wait for a fence */
#define WL_READS_FENCE_PAUSE_NS 5000000u /* from one lot of fences to the next */
#define WL_READS_OLD_NS 2000000000u /* who asked that long ago has asked again */

struct wl_read {
	wl_identity client; /* of fences: 0: free */
	uint64_t nonce;
	uint64_t asked_ns;
	uint64_t began_ns; /* leader: told when so far is confirmed; */
	uint64_t round; /* another: when this round was answered */
	uint64_t index,
		number; /* committed when it came; of a fence: everything up to there has to be applied */
	uint64_t session, sequence; /* OUTCOME; else 0 */
	bool fence;
};

struct wl_reads {
	struct wl_read waits[WL_READS_WAITING]; /* a ring: position % WL_READS_WAITING */
	uint64_t pushed, popped;
	struct wl_read fences[WL_READS_FENCES];
	uint32_t fence_count;
	uint64_t fenced_ns; /* the last lot */
	uint64_t term; /* what waits was asked of the leader of this term; 0: of who does not lead */
};

/* Once a turn, behind the replica's: what can be told is. Returns answers and refusals. */
unsigned wl_reads_turn(struct wl_service *service);
/* Of a leader, when all that was proposed is applied and no entry is open: the fences that are due. Returns how many entries were
 * appended. */
unsigned wl_reads_propose(struct wl_service *service);
/* NULL, or which invariant is broken. O(WL_READS_FENCES). */
const char *wl_reads_check(const struct wl_reads *reads);

#endif
