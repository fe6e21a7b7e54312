/* SPDX-License-Identifier: BSD-3-Clause */
/* From the CPU's counter to time: the arithmetic, without a counter (clock.c). */
#include "dataplane/host/clock.h"
#include "tests/unit/runner.h"

#define GHZ_2 2000000000u
#define SECOND_NS 1000000000u

static struct wl_clock begin(void)
{
	struct wl_clock clock = {0};

	CU_ASSERT_FATAL(wl_clock_calibrate(&clock, (struct wl_clock_pair){GHZ_2, SECOND_NS},
					   (struct wl_clock_pair){2ull * GHZ_2, 2ull * SECOND_NS}));
	return clock;
}

static void counter_of_2_ghz_counts_half_nanoseconds(void)
{
	struct wl_clock clock = begin();
	uint64_t now = wl_clock_try(&clock, 3ull * GHZ_2);

	CU_ASSERT(now >= 3ull * SECOND_NS - 1 && now <= 3ull * SECOND_NS + 1);
}

static void counter_that_stands_still_or_races_is_none(void)
{
	struct wl_clock clock = {0};

	CU_ASSERT(!wl_clock_calibrate(&clock, (struct wl_clock_pair){7, SECOND_NS},
				      (struct wl_clock_pair){7, 2ull * SECOND_NS}));
	CU_ASSERT(!wl_clock_calibrate(&clock, (struct wl_clock_pair){0, SECOND_NS},
				      (struct wl_clock_pair){1000000000000u, 2ull * SECOND_NS}));
}

static void lag_of_another_core_is_not_time_that_goes_back(void)
{
	struct wl_clock clock = begin();

	CU_ASSERT_EQUAL(wl_clock_try(&clock, 2ull * GHZ_2 - 500), 2ull * SECOND_NS);
	CU_ASSERT(clock.counter);
}

static void counter_that_went_back_is_not_believed_again(void)
{
	struct wl_clock clock = begin();

	CU_ASSERT_EQUAL(wl_clock_try(&clock, GHZ_2), 0);
	CU_ASSERT(!clock.counter);
	CU_ASSERT(wl_clock_now_ns(&clock) != 0);
}

static void drift_is_taken_out_in_the_next_second_and_never_backwards(void)
{
	struct wl_clock clock = begin();
	uint64_t before = wl_clock_try(&clock, 3ull * GHZ_2), at_once, later;

	/* The kernel says 100 us more than the counter. */
	wl_clock_correct(&clock, (struct wl_clock_pair){3ull * GHZ_2, 3ull * SECOND_NS + 100000});
	at_once = wl_clock_try(&clock, 3ull * GHZ_2);
	later = wl_clock_try(&clock, 4ull * GHZ_2);
	CU_ASSERT(at_once >= before && at_once - before < 1000);
	CU_ASSERT(later >= 4ull * SECOND_NS + 90000 && later <= 4ull * SECOND_NS + 200000);
}

WL_SUITE(clock)
{
	WL_TEST(counter_of_2_ghz_counts_half_nanoseconds),
	WL_TEST(counter_that_stands_still_or_races_is_none),
	WL_TEST(lag_of_another_core_is_not_time_that_goes_back),
	WL_TEST(counter_that_went_back_is_not_believed_again),
	WL_TEST(drift_is_taken_out_in_the_next_second_and_never_backwards),
};
