/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes say of themselves, for who looks at a whole cluster from one of them. Two ways through a worker, which has the frames and makes
 * no text: what this node says goes out in parts to whoever asks (worker_status.c), and what the others say comes in.
 *
 *   out: FREE(w) -> ASKED(t): look at the node -> TOLD(w) -> FREE(w), whose parts are sent until it is asked again
 *   in:  a round is begun (t), and the worker asks every peer, again and again for WL_STATUS_PATIENCE_NS. What one says belongs to the
 *        worker until its `round` is the one that was begun, then to who began it until he begins the next.
 *
 * Pure. (w) [worker], the first one of the node; (t) a thread of control's side that may wait.
 */
#ifndef WL_DATAPLANE_WORKER_STATUS_LANE_H
#define WL_DATAPLANE_WORKER_STATUS_LANE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/members.h"
#include "dataplane/wire/wire.h"

#define WL_STATUS_PATIENCE_NS \
	800000000u /* a peer that has said nothing by then is told as silent */
#define WL_STATUS_LOOK_NS 5000000u /* a node looks at itself no more often, however many ask */
#define WL_STATUS_AGAIN_NS 20000000u /* nothing came for so long: asked again */

enum wl_status_lane_state {
	WL_STATUS_LANE_FREE = 0,
	WL_STATUS_LANE_ASKED,
	WL_STATUS_LANE_TOLD,
};

struct wl_status_text {
	uint64_t version; /* rises with each text; 0: there is none */
	uint32_t bytes;
	uint8_t text[WL_WIRE_STATUS_BYTES_MAX];
};

struct wl_status_told {
	_Atomic uint64_t round; /* that this is the whole answer to */
	struct wl_status_text said;
};

struct wl_status_lane {
	_Atomic uint32_t out;
	struct wl_status_text own;
	_Atomic uint64_t round; /* (t): wanted from the peers; 0: none yet */
	struct wl_status_told told[WIRELOG_NODES_MAX + 1];
};

/* ---- (t) ---- */

bool wl_status_lane_is_asked(const struct wl_status_lane *lane);
/* After is_asked. Of more than WL_WIRE_STATUS_BYTES_MAX bytes, or none, nothing is told: false, and it stays asked. */
bool wl_status_lane_tell(struct wl_status_lane *lane, const char *text, size_t bytes);
/* That was begun last; 0: none yet. */
uint64_t wl_status_lane_round(const struct wl_status_lane *lane);
/* Its number. Answers to the one before are given up. */
uint64_t wl_status_lane_begin(struct wl_status_lane *lane);
/* NULL: `node` has not answered the round that was begun last, or not whole. */
const struct wl_status_text *wl_status_lane_answer(const struct wl_status_lane *lane,
						   uint32_t node);

#endif
