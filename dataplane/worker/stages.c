/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/stages.h"

#include "dataplane/base/check.h"

void wl_stages_sealed(struct wl_stages *stages, uint64_t index, uint64_t now_ns)
{
	WL_CHECK(index == stages->sealed_through + 1);
	stages->sealed_ns[index % WL_STAGES_ENTRIES] = now_ns;
	stages->sealed_through = index;
}

void wl_stages_reached(struct wl_stages *stages, enum wl_stage stage, uint64_t index,
		       uint64_t now_ns)
{
	uint64_t from = stages->through[stage] + 1;

	WL_CHECK(stage > WL_STAGE_TURN && stage < WL_STAGES);
	if (index > stages->sealed_through)
		index = stages->sealed_through;
	if (index < from)
		return;
	if (index - from >= WL_STAGES_ENTRIES)
		from = index - WL_STAGES_ENTRIES +
		       1; /* overwritten: no sample is better than a wrong one */
	for (uint64_t at = from; at <= index; at++) {
		uint64_t sealed = stages->sealed_ns[at % WL_STAGES_ENTRIES];

		if (now_ns >= sealed)
			wl_histogram_record(stages->histogram[stage], now_ns - sealed);
	}
	stages->through[stage] = index;
}

void wl_stages_forget(struct wl_stages *stages, uint64_t tail)
{
	for (unsigned stage = 0; stage < WL_STAGES; stage++)
		stages->through[stage] = tail;
	stages->sealed_through = tail;
}

const char *wl_stage_name(enum wl_stage stage)
{
	static const char *const names[WL_STAGES] = {
		[WL_STAGE_TURN] = "turn",	    [WL_STAGE_SEND] = "send",
		[WL_STAGE_DISK] = "disk",	    [WL_STAGE_PEER] = "peer",
		[WL_STAGE_PEER_DISK] = "peer_disk", [WL_STAGE_COMMIT] = "commit",
		[WL_STAGE_ANSWER] = "answer",
	};

	return (unsigned)stage < WL_STAGES ? names[stage] : "unknown";
}
