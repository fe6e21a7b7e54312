/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/progress.h"

#include "dataplane/base/check.h"

#define SECOND_NS 1e9

static uint64_t mean(const struct wl_progress *progress, uint64_t before, uint64_t moved,
		     uint64_t passed_ns)
{
	uint64_t rate = (uint64_t)((double)moved * SECOND_NS / (double)passed_ns);

	return progress->windows == 0 ? rate : before / 2 + rate / 2;
}

void wl_progress_look(struct wl_progress *progress, uint64_t done, uint64_t target, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - progress->at_ns;

	WL_CHECK(now_ns >= progress->at_ns);
	if (progress->at_ns == 0 || done < progress->done || target < progress->target) {
		*progress = (struct wl_progress){.done = done, .target = target, .at_ns = now_ns};
		return;
	}
	if (passed_ns < WL_PROGRESS_NS)
		return;
	progress->rate = mean(progress, progress->rate, done - progress->done, passed_ns);
	progress->growth = mean(progress, progress->growth, target - progress->target, passed_ns);
	progress->done = done;
	progress->target = target;
	progress->at_ns = now_ns;
	progress->windows++;
}

uint64_t wl_progress_rate(const struct wl_progress *progress)
{
	return progress->rate;
}

uint64_t wl_progress_left_ns(const struct wl_progress *progress)
{
	uint64_t left = progress->target > progress->done ? progress->target - progress->done : 0;

	if (left == 0)
		return 0;
	if (progress->windows == 0 || progress->rate <= progress->growth)
		return WL_PROGRESS_UNKNOWN;
	return (uint64_t)((double)left * SECOND_NS / (double)(progress->rate - progress->growth));
}
