/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Latency of the last seconds and minutes, where a worker's histogram only knows that since the start: once a second the
 * histogram is read, and what has come to it since is one window. Sixty windows of a second and sixty of a minute are kept, and
 * any number of the newest of them can be added up, and those of several nodes or journals.
 *
 * Nothing of it runs on a worker. A window has an eighth of the histogram's counters, 32 bits each: values are right within
 * 0.8 %. One struct is 1.7 MB, whatever happens; pages that no sample ever touched take no memory.
 *
 *   take at 10.02 s   ->  what came from 9.03 s to 10.02 s is window 9: a window's number is the second in which it began
 *
 * Pure. Owner: who takes (control/node/watch_thread.c), under a lock of its own.
 */
#ifndef WL_CONTROL_REPORT_WINDOWS_H
#define WL_CONTROL_REPORT_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/histogram.h"
#include "dataplane/worker/journal.h"

#define WL_WINDOWS 60u /* of each kind */
#define WL_WINDOW_SHIFT 3u /* so many bits of a histogram's slot are not told apart */
#define WL_WINDOW_SLOTS (WL_HISTOGRAM_COUNTERS(WL_STAGE_HIGHEST_NS) >> WL_WINDOW_SHIFT)
#define WL_WINDOWS_SECONDS_MAX 3600u

struct wl_window {
	uint64_t number; /* second or minute since the clock's zero */
	uint64_t count; /* 0: nothing in it, whatever the number */
	uint32_t counts[WL_WINDOW_SLOTS]; /* a full one stays full */
};

struct wl_windows {
	struct wl_window seconds[WL_WINDOWS], minutes[WL_WINDOWS];
	uint64_t seen[WL_WINDOW_SLOTS]; /* of the histogram, when it was last read */
	uint64_t seen_count;
	uint64_t taken_ns; /* 0: never */
};

/* About once a second. `from` may be written meanwhile; one that was emptied begins anew. */
void wl_windows_take(struct wl_windows *windows, const struct wl_histogram *from, uint64_t now_ns);

/*
 * Adds the newest whole windows of `seconds` (1..WL_WINDOWS_SECONDS_MAX) together; above 60 those of minutes, of which the newest is not
 * whole yet. `into` tracks up to WL_STAGE_HIGHEST_NS.
 */
void wl_windows_add(const struct wl_windows *windows, uint32_t seconds, struct wl_histogram *into);

#endif
