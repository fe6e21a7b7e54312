/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/progress.h"
#include "tests/unit/runner.h"

#define SECOND 1000000000ull

static void nothing_is_said_before_a_window_has_passed(void)
{
	struct wl_progress progress = {0};

	wl_progress_look(&progress, 10, 100, SECOND);
	wl_progress_look(&progress, 20, 100, SECOND + WL_PROGRESS_NS - 1);
	CU_ASSERT_EQUAL(wl_progress_rate(&progress), 0);
	CU_ASSERT_EQUAL(wl_progress_left_ns(&progress), WL_PROGRESS_UNKNOWN);
}

/* Whatever the rates are, and however often it is looked at. */
static void time_left_is_the_distance_over_the_speed_at_which_it_shrinks(void)
{
	static const uint64_t rates[] = {1000, 64 << 20, 3ull << 30};

	for (unsigned at = 0; at < 3; at++) {
		for (uint64_t step = 7000001; step < SECOND; step *= 6) {
			struct wl_progress progress = {0};
			uint64_t done = 0, target = 100 * rates[at], growth = rates[at] / 4, left;

			for (uint64_t now = SECOND; now < 5 * SECOND; now += step) {
				double passed = (double)(now - SECOND) / 1e9;

				done = (uint64_t)((double)rates[at] * passed);
				wl_progress_look(&progress, done,
						 target + (uint64_t)((double)growth * passed), now);
			}
			left = wl_progress_left_ns(&progress);
			CU_ASSERT(wl_progress_rate(&progress) > rates[at] / 100 * 98);
			CU_ASSERT(wl_progress_rate(&progress) < rates[at] / 100 * 102);
			CU_ASSERT(left > 120 * SECOND && left < 140 * SECOND);
		}
	}
}

static void who_does_not_come_nearer_has_no_time(void)
{
	struct wl_progress progress = {0};

	for (uint64_t second = 1; second < 9; second++)
		wl_progress_look(&progress, 100 * second, 1000 + 200 * second, second * SECOND);
	CU_ASSERT_EQUAL(wl_progress_rate(&progress), 100);
	CU_ASSERT_EQUAL(wl_progress_left_ns(&progress), WL_PROGRESS_UNKNOWN);
}

static void who_is_there_has_none_left_and_who_fell_back_begins_anew(void)
{
	struct wl_progress progress = {0};

	wl_progress_look(&progress, 50, 100, SECOND);
	wl_progress_look(&progress, 100, 100, 2 * SECOND);
	CU_ASSERT_EQUAL(wl_progress_left_ns(&progress), 0);
	wl_progress_look(&progress, 10, 100, 3 * SECOND);
	CU_ASSERT_EQUAL(wl_progress_rate(&progress), 0);
	CU_ASSERT_EQUAL(wl_progress_left_ns(&progress), WL_PROGRESS_UNKNOWN);
}

WL_SUITE(progress)
{
	WL_TEST(nothing_is_said_before_a_window_has_passed),
	WL_TEST(time_left_is_the_distance_over_the_speed_at_which_it_shrinks),
	WL_TEST(who_does_not_come_nearer_has_no_time),
	WL_TEST(who_is_there_has_none_left_and_who_fell_back_begins_anew),
};
