/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control makes of mending: writes down that data do not count where who mends asks for it (mend_lane.h), and says when the process
 * has to end. It starts again by itself where a journal was mended, as soon as no other one of the node is on its way to that; it is
 * refused, by name, where one is not to be mended.
 *
 * Pure. [control]
 */
#ifndef WL_CONTROL_NODE_MEND_WATCH_H
#define WL_CONTROL_NODE_MEND_WATCH_H

#include "control/agent/agent.h"
#include "dataplane/worker/mend_lane.h"

#define WL_MEND_WATCH_PATIENCE_NS \
	2000000000u /* another journal that has not come further for so long is not waited for */

enum wl_mend_outcome {
	WL_MEND_GOES_ON = 0,
	WL_MEND_STARTS_AGAIN,
	WL_MEND_IS_REFUSED, /* watch->refused says which journal, and why */
};

struct wl_mend_watch {
	enum wl_mend_outcome outcome; /* stays what it became */
	uint32_t journal;
	struct wl_mend_report refused;
};

/* Now and then. `lanes[i]` belongs to journal i; `now_ns` is of the clock of who mends. */
enum wl_mend_outcome wl_mend_watch_look(struct wl_mend_watch *watch, struct wl_agent *agent,
					struct wl_mend_lanes *const *lanes, uint32_t count,
					uint64_t now_ns);

#endif
