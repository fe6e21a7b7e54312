/* SPDX-License-Identifier: BSD-3-Clause */
/* The reading side. */
#include "dataplane/worker/chain_lane.h"

#include "dataplane/base/check.h"
static void tell_when_decided(struct wl_chain_lane *lane)
{
	if (lane->find.state == WL_CHAIN_FIND_WANTS_READ)
		return;
	WL_CHECK(lane->begun);
	lane->found = lane->find.state == WL_CHAIN_FIND_FOUND;
	lane->chain = lane->find.chain;
	lane->begun = false;
	atomic_store_explicit(&lane->state, WL_CHAIN_LANE_TOLD, memory_order_release);
}

bool wl_chain_lane_want(struct wl_chain_lane *lane, const struct wl_log_config *config,
			uint8_t *window)
{
	if (atomic_load_explicit(&lane->state, memory_order_acquire) != WL_CHAIN_LANE_ASKED)
		return false;
	if (lane->begun)
		return true;
	lane->begun = true;
	wl_chain_find_init(&lane->find, config, &lane->place, window);
	tell_when_decided(lane);
	return lane->begun;
}

void wl_chain_lane_on_read(struct wl_chain_lane *lane, enum wl_disk_status status)
{
	WL_CHECK(lane->begun);
	WL_CHECK(atomic_load_explicit(&lane->state, memory_order_relaxed) == WL_CHAIN_LANE_ASKED);
	wl_chain_find_on_read(&lane->find, status);
	tell_when_decided(lane);
}
