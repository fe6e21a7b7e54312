/* SPDX-License-Identifier: BSD-3-Clause */
/* The side of who makes the text, and of who wants the others'. */
#include "dataplane/worker/status_lane.h"

#include <string.h>

#include "dataplane/base/check.h"

bool wl_status_lane_is_asked(const struct wl_status_lane *lane)
{
	return atomic_load_explicit(&lane->out, memory_order_acquire) == WL_STATUS_LANE_ASKED;
}

bool wl_status_lane_tell(struct wl_status_lane *lane, const char *text, size_t bytes)
{
	WL_CHECK(wl_status_lane_is_asked(lane));
	if (bytes == 0 || bytes > sizeof(lane->own.text))
		return false;
	memcpy(lane->own.text, text, bytes);
	lane->own.bytes = (uint32_t)bytes;
	lane->own.version++;
	atomic_store_explicit(&lane->out, WL_STATUS_LANE_TOLD, memory_order_release);
	return true;
}

uint64_t wl_status_lane_round(const struct wl_status_lane *lane)
{
	return atomic_load_explicit(&lane->round, memory_order_relaxed);
}

uint64_t wl_status_lane_begin(struct wl_status_lane *lane)
{
	uint64_t round = wl_status_lane_round(lane) + 1;

	atomic_store_explicit(&lane->round, round, memory_order_release);
	return round;
}

const struct wl_status_text *wl_status_lane_answer(const struct wl_status_lane *lane, uint32_t node)
{
	const struct wl_status_told *told = &lane->told[node];
	uint64_t round = wl_status_lane_round(lane);

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	return round != 0 && atomic_load_explicit(&told->round, memory_order_acquire) == round
		       ? &told->said
		       : NULL;
}
