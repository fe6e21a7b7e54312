/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/windows.h"

#include <string.h>

#define SECOND_NS 1000000000u

_Static_assert(sizeof(struct wl_windows) * WL_STAGES <= 16u << 20, "at most 16 MiB a journal");
_Static_assert(WL_HISTOGRAM_COUNTERS(WL_STAGE_HIGHEST_NS) % (1u << WL_WINDOW_SHIFT) == 0,
	       "no slot is left over");

static struct wl_window *window_of(struct wl_window *windows, uint64_t number)
{
	struct wl_window *window = &windows[number % WL_WINDOWS];

	if (window->number != number && window->count != 0)
		memset(window, 0, sizeof(*window));
	window->number = number;
	return window;
}

static void add_to(struct wl_window *window, uint32_t slot, uint64_t count)
{
	uint64_t sum = window->counts[slot] + count;

	window->counts[slot] = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
	window->count += count;
}

/* Of the counters that share one slot of a window. */
static uint64_t sum_of(const struct wl_histogram *from, uint32_t slot)
{
	uint64_t sum = 0;

	for (uint32_t at = 0; at < 1u << WL_WINDOW_SHIFT; at++)
		sum += atomic_load_explicit(&from->counters[(slot << WL_WINDOW_SHIFT) + at],
					    memory_order_relaxed);
	return sum;
}

static void begin_anew(struct wl_windows *windows)
{
	memset(windows->seen, 0, sizeof(windows->seen));
	windows->seen_count = 0;
}

void wl_windows_take(struct wl_windows *windows, const struct wl_histogram *from, uint64_t now_ns)
{
	uint64_t began_ns = windows->taken_ns != 0 ? windows->taken_ns : now_ns;
	struct wl_window *second = window_of(windows->seconds, began_ns / SECOND_NS);
	struct wl_window *minute = window_of(windows->minutes, began_ns / SECOND_NS / 60);
	uint64_t count = wl_histogram_count(from);
	uint32_t last = wl_histogram_slot(wl_histogram_max(from)) >> WL_WINDOW_SHIFT;

	windows->taken_ns = now_ns;
	if (count < windows->seen_count)
		begin_anew(windows);
	/* Most of the time most stages stand still: nothing of theirs is looked at then. */
	if (count == windows->seen_count)
		return;
	for (uint32_t slot = wl_histogram_slot(wl_histogram_min(from)) >> WL_WINDOW_SHIFT;
	     slot <= last && slot < WL_WINDOW_SLOTS; slot++) {
		uint64_t sum = sum_of(from, slot);

		if (sum <= windows->seen[slot])
			continue;
		add_to(second, slot, sum - windows->seen[slot]);
		add_to(minute, slot, sum - windows->seen[slot]);
		windows->seen[slot] = sum;
	}
	windows->seen_count = count;
}

/* Each value stands for the middle of its slot. */
static void add_window(const struct wl_window *window, struct wl_histogram *into)
{
	for (uint32_t slot = 0; slot < WL_WINDOW_SLOTS; slot++)
		if (window->counts[slot] != 0)
			wl_histogram_record_many(
				into,
				wl_histogram_slot_lowest((slot << WL_WINDOW_SHIFT) +
							 (1u << (WL_WINDOW_SHIFT - 1))),
				window->counts[slot]);
}

static void add_newest(const struct wl_window *windows, uint64_t newest, uint32_t count,
		       struct wl_histogram *into)
{
	for (uint32_t at = 0; at < WL_WINDOWS; at++)
		if (windows[at].count != 0 && windows[at].number <= newest &&
		    newest - windows[at].number < count)
			add_window(&windows[at], into);
}

void wl_windows_add(const struct wl_windows *windows, uint32_t seconds, struct wl_histogram *into)
{
	uint64_t newest = windows->taken_ns / SECOND_NS;

	if (windows->taken_ns == 0)
		return;
	/* The newest take ended the window before the one that is running. */
	if (seconds <= WL_WINDOWS)
		add_newest(windows->seconds, newest - 1, seconds, into);
	else
		add_newest(windows->minutes, newest / 60, (seconds + 59) / 60, into);
}
