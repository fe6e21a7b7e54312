/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/mend_watch.h"

static void tend_uncounting(struct wl_agent *agent, struct wl_mend_lanes *lanes, uint32_t journal)
{
	int durable;

	if (wl_mend_lane_state(&lanes->uncounting) != WL_MEND_UNCOUNTING_WANTED)
		return;
	durable = wl_agent_disown(agent, journal, lanes->uncounted_from);
	if (durable != 0)
		wl_mend_lane_pass(&lanes->uncounting, durable > 0 ? WL_MEND_UNCOUNTING_DONE
								  : WL_MEND_UNCOUNTING_FAILED);
}

static bool is_on_its_way(const struct wl_mend_report *report, uint64_t now_ns)
{
	switch ((enum wl_mending_phase)report->phase) {
	case WL_MENDING_SURVEYS:
	case WL_MENDING_ASKS:
	case WL_MENDING_UNCOUNTS:
	case WL_MENDING_PROVES:
		return now_ns < report->moved_ns + WL_MEND_WATCH_PATIENCE_NS;
	default:
		return false;
	}
}

enum wl_mend_outcome wl_mend_watch_look(struct wl_mend_watch *watch, struct wl_agent *agent,
					struct wl_mend_lanes *const *lanes, uint32_t count,
					uint64_t now_ns)
{
	bool mended = false, waits = false;

	for (uint32_t id = 0; id < count; id++) {
		struct wl_mend_report report;

		tend_uncounting(agent, lanes[id], id);
		if (watch->outcome != WL_MEND_GOES_ON ||
		    !wl_mend_lanes_reported(lanes[id], &report))
			continue;
		mended |= report.phase == WL_MENDING_MENDED;
		waits |= report.dormant && is_on_its_way(&report, now_ns);
		if (report.phase == WL_MENDING_REFUSED && report.dormant) {
			watch->outcome = WL_MEND_IS_REFUSED;
			watch->journal = id;
			watch->refused = report;
		}
	}
	if (watch->outcome == WL_MEND_GOES_ON && mended && !waits)
		watch->outcome = WL_MEND_STARTS_AGAIN;
	return watch->outcome;
}
