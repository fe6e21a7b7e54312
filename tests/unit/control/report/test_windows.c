/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/windows.h"

#include <stdlib.h>

#include "tests/unit/runner.h"

#define S 1000000000ull
#define COUNTERS WL_HISTOGRAM_COUNTERS(WL_STAGE_HIGHEST_NS)

struct bed {
	struct wl_windows windows;
	struct wl_histogram from, sum;
	_Atomic uint64_t from_counters[COUNTERS], sum_counters[COUNTERS];
};

static struct bed *make_bed(void)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	wl_histogram_init(&bed->from, WL_STAGE_HIGHEST_NS, bed->from_counters);
	wl_histogram_init(&bed->sum, WL_STAGE_HIGHEST_NS, bed->sum_counters);
	return bed;
}

static uint64_t count_of(struct bed *bed, uint32_t seconds)
{
	wl_histogram_reset(&bed->sum);
	wl_windows_add(&bed->windows, seconds, &bed->sum);
	return wl_histogram_count(&bed->sum);
}

static bool is_near(uint64_t value, uint64_t expected)
{
	uint64_t apart = value > expected ? value - expected : expected - value;

	return apart * 1000 <= expected * 8 + 8000;
}

/* `count` samples of a value in each of `seconds`, read a little after each second's end. */
static uint64_t run(struct bed *bed, uint64_t from_s, unsigned seconds, uint64_t value,
		    unsigned count)
{
	for (unsigned at = 0; at < seconds; at++) {
		if (bed->windows.taken_ns == 0)
			wl_windows_take(&bed->windows, &bed->from, from_s * S + 20000000);
		wl_histogram_record_many(&bed->from, value, count);
		wl_windows_take(&bed->windows, &bed->from, (from_s + at + 1) * S + 20000000);
	}
	return from_s + seconds;
}

static void nothing_is_in_windows_that_were_never_taken(void)
{
	struct bed *bed = make_bed();

	CU_ASSERT_EQUAL(count_of(bed, 1), 0);
	CU_ASSERT_EQUAL(count_of(bed, 3600), 0);
	free(bed);
}

static void the_last_seconds_forget_what_was_before(void)
{
	static const uint64_t values[] = {100, 5000, 2000000, 900000000};

	for (unsigned which = 0; which < 3; which++) {
		struct bed *bed = make_bed();
		uint64_t now_s = run(bed, 1000, 30, values[which + 1], 1000);

		run(bed, now_s, 10, values[which], 7);
		CU_ASSERT_EQUAL(count_of(bed, 1), 7);
		CU_ASSERT_EQUAL(count_of(bed, 10), 70);
		CU_ASSERT(is_near(wl_histogram_percentile(&bed->sum, 99.9), values[which]));
		CU_ASSERT_EQUAL(count_of(bed, 11), 1070);
		CU_ASSERT(is_near(wl_histogram_percentile(&bed->sum, 99), values[which + 1]));
		CU_ASSERT_EQUAL(count_of(bed, 60), 30070);
		free(bed);
	}
}

static void every_value_stays_within_a_hundredth(void)
{
	for (uint64_t value = 1; value < WL_STAGE_HIGHEST_NS / 3; value = value * 3 + 1) {
		struct bed *bed = make_bed();

		run(bed, 77, 1, value, 1);
		CU_ASSERT_EQUAL(count_of(bed, 1), 1);
		CU_ASSERT(is_near(wl_histogram_max(&bed->sum), value));
		free(bed);
	}
}

static void minutes_go_back_for_an_hour_and_no_further(void)
{
	struct bed *bed = make_bed();
	uint64_t now_s = run(bed, 60000, 60 * 70, 3000, 1);
	uint64_t hour = count_of(bed, 3600);

	/* 59 whole minutes, and what there is of the one that runs. */
	CU_ASSERT(hour >= 59 * 60 && hour <= 60 * 60);
	CU_ASSERT(count_of(bed, 120) >= 60 && count_of(bed, 120) <= 120);
	run(bed, now_s, 3700, 3000, 0);
	CU_ASSERT_EQUAL(count_of(bed, 3600), 0);
	CU_ASSERT_EQUAL(count_of(bed, 60), 0);
	free(bed);
}

/* A thread that was not run for a while: what came meanwhile is in the second in which that began. */
static void a_take_that_is_late_loses_nothing(void)
{
	struct bed *bed = make_bed();

	run(bed, 500, 1, 4000, 5);
	wl_histogram_record_many(&bed->from, 4000, 9);
	wl_windows_take(&bed->windows, &bed->from, 512 * S);
	CU_ASSERT_EQUAL(count_of(bed, 60), 14);
	CU_ASSERT_EQUAL(count_of(bed, 2), 0);
	free(bed);
}

static void a_histogram_that_was_emptied_begins_anew(void)
{
	struct bed *bed = make_bed();

	run(bed, 500, 2, 4000, 5);
	wl_histogram_reset(&bed->from);
	run(bed, 502, 1, 4000, 3);
	CU_ASSERT_EQUAL(count_of(bed, 1), 3);
	CU_ASSERT_EQUAL(count_of(bed, 60), 13);
	free(bed);
}

static void windows_of_two_journals_add_up(void)
{
	struct bed *one = make_bed(), *two = make_bed();

	run(one, 500, 2, 4000, 50);
	run(two, 500, 2, 8000000, 50);
	count_of(one, 2);
	wl_windows_add(&two->windows, 2, &one->sum);
	CU_ASSERT_EQUAL(wl_histogram_count(&one->sum), 200);
	CU_ASSERT(is_near(wl_histogram_percentile(&one->sum, 50), 4000));
	CU_ASSERT(is_near(wl_histogram_percentile(&one->sum, 51), 8000000));
	free(one);
	free(two);
}

static void values_above_the_highest_count_as_the_highest(void)
{
	struct bed *bed = make_bed();

	run(bed, 500, 1, WL_STAGE_HIGHEST_NS + 1, 2);
	CU_ASSERT_EQUAL(count_of(bed, 1), 2);
	CU_ASSERT(is_near(wl_histogram_max(&bed->sum), WL_STAGE_HIGHEST_NS));
	free(bed);
}

WL_SUITE(windows)
{
	WL_TEST(nothing_is_in_windows_that_were_never_taken),
	WL_TEST(the_last_seconds_forget_what_was_before),
	WL_TEST(every_value_stays_within_a_hundredth),
	WL_TEST(minutes_go_back_for_an_hour_and_no_further),
	WL_TEST(a_take_that_is_late_loses_nothing),
	WL_TEST(a_histogram_that_was_emptied_begins_anew),
	WL_TEST(windows_of_two_journals_add_up),
	WL_TEST(values_above_the_highest_count_as_the_highest),
};
