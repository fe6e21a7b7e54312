/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients ask of the checkpoints of their consumers. Only the leader answers, and what it says has committed:
 *
 *  TAKE   where does it stand? An entry is committed behind the question, which moves nothing, or makes the checkpoint. So the answer knows
 *         every move that was answered before the question was put, whichever leader answered it: a leader that was deposed and does
 *         not know commits nothing, and says nothing.
 *  MOVE   is answered when the state has it, at once where it has it already. Moves of one name are proposed once in
 *         WL_CHECKPOINTS_PAUSE_NS, however often they are asked for: the last one that was asked then.
 *  LOOK   as far as the leader knows. What it says is there may have been dropped just now; what it says is gone is gone.
 *
 * Nothing is kept but the questions that wait for an entry: who gets no answer asks again. What waits when a leadership ends is forgotten.
 * In a log without room for records a checkpoint is moved only where that lets a segment go, and none is made; one that is there is taken while
 * half of the room that is kept is left. The rest is for trims, and for terms.
 *
 *  What must hold; wl_checkpoints_check is this text as code.
 *  P1  one name waits in one place, and what waits has a client and a name
 *
 * Pure. Owner: the journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_CHECKPOINTS_H
#define WL_DATAPLANE_SERVICE_CHECKPOINTS_H

#include "dataplane/service/service.h"

#define WL_CHECKPOINTS_WAITING 64u /* names of which something waits for an entry */
#define WL_CHECKPOINTS_PAUSE_NS 50000000u /* from one entry of a name to its next */

struct wl_checkpoint_wait {
	wl_identity client; /* 0: free */
	struct wl_wire_consumer_ask ask;
	bool proposed;
};

struct wl_checkpoints {
	uint32_t count; /* that wait */
	struct wl_checkpoint_wait waits[WL_CHECKPOINTS_WAITING];
	/* By hash of the name: those that share one share its pace, too. */
	uint64_t proposed_ns[WL_CHECKPOINTS_WAITING];
};

/* Another leadership, or none. */
void wl_checkpoints_forget(struct wl_service *service);
/* When all that was proposed is applied: answers what waited for it, then proposes what is due, one entry a name. Returns how many entries
 * were appended. */
unsigned wl_checkpoints_turn(struct wl_service *service);
/* NULL, or which invariant is broken. O(WL_CHECKPOINTS_WAITING^2) at most. */
const char *wl_checkpoints_check(const struct wl_checkpoints *checkpoints);

#endif
