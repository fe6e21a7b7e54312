/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What health remembers of a journal from one look to the next: since when each peer has not had all that this leader has,
 * and how fast the log grows.
 *
 * How far a peer is behind in time: a mark is the leader's end at one moment. When the peer has reached it, the peer was
 * level at that moment, and the next mark is set. So the time that is told is right to within the time between two looks, and at most
 * twice the truth while a peer catches up.
 *
 * Pure. Owner: struct wl_health.
 */
#ifndef WL_CONTROL_REPORT_HEALTH_MARKS_H
#define WL_CONTROL_REPORT_HEALTH_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker/published.h"

#define WL_HEALTH_SAMPLES 61u /* of room: a minute */
#define WL_HEALTH_SAMPLE_NS 1000000000u
#define WL_HEALTH_RATE_NS 10000000000u /* samples less far apart say nothing about a rate */

struct wl_health_mark {
	uint64_t index, at_ns; /* the leader's last entry then; at_ns 0: none is set */
	uint64_t level_ns; /* the peer had all that there was at this time */
};

struct wl_health_sample {
	uint64_t at_ns, used_bytes;
};

struct wl_health_marks {
	uint64_t view_number; /* that the peers' marks belong to */
	struct wl_health_mark peers[WIRELOG_NODES_MAX + 1];
	struct wl_health_sample samples[WL_HEALTH_SAMPLES]; /* a ring */
	uint32_t sample_count, sample_next;
};

/* Whatever the worker published, as often as wanted. `segment_bytes`: of the log. */
void wl_health_marks_look(struct wl_health_marks *marks, const struct wl_journal_status *status,
			  uint64_t segment_bytes, uint64_t now_ns);
/* How long `node` has not had everything; 0: it has. Of a leader. */
uint64_t wl_health_marks_behind_ns(const struct wl_health_marks *marks,
				   const struct wl_journal_status *status, uint32_t node,
				   uint64_t now_ns);
/* Of the stream, on the medium. */
uint64_t wl_health_marks_used(const struct wl_journal_status *status, uint64_t segment_bytes);
/* When `room_bytes` are used up at the rate of the last minute; UINT64_MAX: never, or not known. */
uint64_t wl_health_marks_full_in_ns(const struct wl_health_marks *marks, uint64_t room_bytes);

#endif
