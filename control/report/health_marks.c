/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/health_marks.h"

#include <string.h>

static void look_at_peer(struct wl_health_mark *mark, uint64_t has, uint64_t tail, uint64_t now_ns)
{
	if (has >= tail) {
		*mark = (struct wl_health_mark){.level_ns = now_ns};
		return;
	}
	if (mark->level_ns == 0)
		mark->level_ns = now_ns; /* nothing is known of what was before: it begins here */
	if (mark->at_ns != 0 && has >= mark->index) {
		mark->level_ns = mark->at_ns;
		mark->at_ns = 0;
	}
	if (mark->at_ns == 0) {
		mark->index = tail;
		mark->at_ns = now_ns;
	}
}

uint64_t wl_health_marks_used(const struct wl_journal_status *status, uint64_t segment_bytes)
{
	uint64_t begin = status->first_segment * segment_bytes;

	return status->append_offset > begin ? status->append_offset - begin : 0;
}

static void take_sample(struct wl_health_marks *marks, uint64_t used, uint64_t now_ns)
{
	const struct wl_health_sample *last =
		&marks->samples[(marks->sample_next + WL_HEALTH_SAMPLES - 1) % WL_HEALTH_SAMPLES];

	if (marks->sample_count > 0 && now_ns - last->at_ns < WL_HEALTH_SAMPLE_NS)
		return;
	marks->samples[marks->sample_next] = (struct wl_health_sample){now_ns, used};
	marks->sample_next = (marks->sample_next + 1) % WL_HEALTH_SAMPLES;
	if (marks->sample_count < WL_HEALTH_SAMPLES)
		marks->sample_count++;
}

void wl_health_marks_look(struct wl_health_marks *marks, const struct wl_journal_status *status,
			  uint64_t segment_bytes, uint64_t now_ns)
{
	if (status->view.number != marks->view_number) {
		memset(marks->peers, 0, sizeof(marks->peers));
		marks->view_number = status->view.number;
	}
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX && status->view.role == WL_ROLE_LEADER;
	     node++)
		look_at_peer(&marks->peers[node], status->peers[node].match_received,
			     status->tail.index, now_ns);
	take_sample(marks, wl_health_marks_used(status, segment_bytes), now_ns);
}

uint64_t wl_health_marks_behind_ns(const struct wl_health_marks *marks,
				   const struct wl_journal_status *status, uint32_t node,
				   uint64_t now_ns)
{
	const struct wl_health_mark *mark = &marks->peers[node];

	if (status->peers[node].match_received >= status->tail.index || mark->level_ns == 0 ||
	    now_ns < mark->level_ns)
		return 0;
	return now_ns - mark->level_ns;
}

uint64_t wl_health_marks_full_in_ns(const struct wl_health_marks *marks, uint64_t room_bytes)
{
	const struct wl_health_sample *first, *last;
	uint64_t ns, grown;

	if (marks->sample_count < 2)
		return UINT64_MAX;
	last = &marks->samples[(marks->sample_next + WL_HEALTH_SAMPLES - 1) % WL_HEALTH_SAMPLES];
	first = &marks->samples[(marks->sample_next + WL_HEALTH_SAMPLES - marks->sample_count) %
				WL_HEALTH_SAMPLES];
	ns = last->at_ns - first->at_ns;
	if (ns < WL_HEALTH_RATE_NS || last->used_bytes <= first->used_bytes)
		return UINT64_MAX;
	grown = last->used_bytes - first->used_bytes;
	/* In 128 bits: a petabyte times a minute in nanoseconds is more than 64 hold. */
	return (uint64_t)((unsigned __int128)room_bytes * ns / grown);
}
