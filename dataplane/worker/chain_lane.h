/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A question about one entry of a journal's log goes through this lane, from its worker, who has the frames, to who reads the medium beside it.
 * It has one owner at a time; its state says who, and passes it on.
 *
 *   FREE(w) -> ASKED(m): which chain value stands there? -> TOLD(w) -> FREE(w)
 *
 * Pure. (w) [worker], (m) the thread that reads.
 */
#ifndef WL_DATAPLANE_WORKER_CHAIN_LANE_H
#define WL_DATAPLANE_WORKER_CHAIN_LANE_H

#include <stdatomic.h>

#include "dataplane/log/chain_find.h"

enum wl_chain_lane_state {
	WL_CHAIN_LANE_FREE = 0,
	WL_CHAIN_LANE_ASKED,
	WL_CHAIN_LANE_TOLD,
};

struct wl_chain_lane {
	_Atomic uint32_t state;
	/* (w) */
	struct wl_chain_place place;
	/* (m) */
	bool found;
	uint64_t chain;
	struct wl_chain_find find;
	bool begun;
};

/*
 * What the reading thread does for a worker that was asked. True: the read that lane->find wants, then on_read. `window` as for
 * wl_chain_find_init, the same in each call.
 */
bool wl_chain_lane_want(struct wl_chain_lane *lane, const struct wl_log_config *config,
			uint8_t *window);
void wl_chain_lane_on_read(struct wl_chain_lane *lane, enum wl_disk_status status);

#endif
