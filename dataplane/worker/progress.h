/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Something that is to come up with a target which moves itself: how fast does it go, and how long will it take? Measured over windows of
 * WL_PROGRESS_NS, each half of what came out before: a figure for people.
 *
 * Pure. Owner: who measures.
 */
#ifndef WL_DATAPLANE_WORKER_PROGRESS_H
#define WL_DATAPLANE_WORKER_PROGRESS_H

#include <stdint.h>

#define WL_PROGRESS_NS 250000000u
#define WL_PROGRESS_UNKNOWN UINT64_MAX

struct wl_progress {
	uint64_t done, target,
		at_ns; /* at the last window's end; at_ns 0: nothing is measured yet */
	uint64_t rate, growth; /* of `done` and of `target`, a second */
	uint64_t windows;
};

/* As often as one likes; `now_ns` never falls. Where `done` or `target` fell it is something else now, and measured anew. */
void wl_progress_look(struct wl_progress *progress, uint64_t done, uint64_t target,
		      uint64_t now_ns);
/* A second; 0: nothing is known yet. */
uint64_t wl_progress_rate(const struct wl_progress *progress);
/* Until it is there; UNKNOWN: not measured yet, or it does not come nearer. */
uint64_t wl_progress_left_ns(const struct wl_progress *progress);

#endif
