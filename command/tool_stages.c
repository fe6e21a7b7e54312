/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_stages.h"

#include <string.h>

#include "dataplane/base/check.h"

#define SLOTS (sizeof(((struct wl_tool_stages *)0)->slots) / sizeof(struct wl_tool_stages_slot))

const char *wl_tool_stage_name(enum wl_tool_stage stage)
{
	static const char *const names[WL_TOOL_STAGES] = {"late", "queue", "wire", "node"};

	return (unsigned)stage < WL_TOOL_STAGES ? names[stage] : "unknown";
}

void wl_tool_stages_record(struct wl_tool_stages *stages, uint64_t latency_ns, uint64_t late_ns,
			   const struct wirelog_ack *ack)
{
	uint32_t at = wl_histogram_slot(
		latency_ns < WL_TOOL_STAGES_HIGHEST_NS ? latency_ns : WL_TOOL_STAGES_HIGHEST_NS);
	struct wl_tool_stages_slot *slot = &stages->slots[at];

	WL_CHECK(at < SLOTS && ack->node_ns <= ack->trip_ns);
	stages->total++;
	slot->count++;
	slot->latency_ns += latency_ns;
	slot->parts_ns[WL_TOOL_STAGE_LATE] += late_ns;
	slot->parts_ns[WL_TOOL_STAGE_QUEUE] += ack->queue_ns;
	slot->parts_ns[WL_TOOL_STAGE_WIRE] += ack->trip_ns - ack->node_ns;
	slot->parts_ns[WL_TOOL_STAGE_NODE] += ack->node_ns;
}

static void add(struct wl_tool_stages_near *near, const struct wl_tool_stages_slot *slot)
{
	near->count += slot->count;
	near->latency_ns += (double)slot->latency_ns;
	for (unsigned stage = 0; stage < WL_TOOL_STAGES; stage++)
		near->parts_ns[stage] += (double)slot->parts_ns[stage];
}

void wl_tool_stages_find(const struct wl_tool_stages *stages, double percentile,
			 struct wl_tool_stages_near *near)
{
	double total = (double)stages->total;
	double from = (percentile - WL_TOOL_STAGES_NEAR) / 100 * total;
	double to = (percentile + WL_TOOL_STAGES_NEAR) / 100 * total, before = 0;

	memset(near, 0, sizeof(*near));
	for (uint32_t at = 0; at < SLOTS && before < to; at++) {
		const struct wl_tool_stages_slot *slot = &stages->slots[at];

		before += (double)slot->count;
		if (slot->count != 0 && before >= from)
			add(near, slot);
	}
	if (near->count == 0)
		return;
	near->latency_ns /= (double)near->count;
	for (unsigned stage = 0; stage < WL_TOOL_STAGES; stage++)
		near->parts_ns[stage] /= (double)near->count;
}
