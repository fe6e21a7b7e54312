/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of appends went, by how long they took: percentiles do not add, the means of the records near one do. For each counter of
 * a latency histogram the sums of the parts are kept, so the records near p99 have their means when all is over.
 *
 * Pure. Units: nanoseconds. Owner and thread: whoever appends. Limits: WL_TOOL_STAGES_HIGHEST_NS, longer ones count as that.
 */
#ifndef WL_COMMAND_TOOL_STAGES_H
#define WL_COMMAND_TOOL_STAGES_H

#include <stdint.h>

#include "dataplane/base/histogram.h"
#include "wirelog/wirelog.h"

#define WL_TOOL_STAGES_HIGHEST_NS 100000000000ull
#define WL_TOOL_STAGES_NEAR 0.1 /* percentiles on each side that count as near */

enum wl_tool_stage {
	WL_TOOL_STAGE_LATE, /* due, and not offered yet: with a rate */
	WL_TOOL_STAGE_QUEUE, /* in the library */
	WL_TOOL_STAGE_WIRE, /* both ways */
	WL_TOOL_STAGE_NODE, /* at the leader */
	WL_TOOL_STAGES,
};

struct wl_tool_stages {
	uint64_t total; /* records */
	struct wl_tool_stages_slot {
		uint64_t count, latency_ns;
		uint64_t parts_ns[WL_TOOL_STAGES];
	} slots[WL_HISTOGRAM_COUNTERS(
		WL_TOOL_STAGES_HIGHEST_NS)]; /* wl_histogram_slot of the latency */
};

/* Means of the records near a percentile. */
struct wl_tool_stages_near {
	uint64_t count; /* 0: there are none, and the rest is 0 */
	double latency_ns; /* by the clock of who appends */
	double parts_ns[WL_TOOL_STAGES];
};

/* `latency_ns`, and of it `late_ns` before it was offered, by the clock of who appends; the rest as the library says it. */
void wl_tool_stages_record(struct wl_tool_stages *stages, uint64_t latency_ns, uint64_t late_ns,
			   const struct wirelog_ack *ack);
void wl_tool_stages_find(const struct wl_tool_stages *stages, double percentile,
			 struct wl_tool_stages_near *near);
/* Static text. */
const char *wl_tool_stage_name(enum wl_tool_stage stage);

#endif
