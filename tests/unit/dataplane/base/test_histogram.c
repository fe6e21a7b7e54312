/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/histogram.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "tests/unit/runner.h"

#define HOUR_NS 3600000000000ull
#define SMALL 100000ull

static _Atomic uint64_t counters[WL_HISTOGRAM_COUNTERS(HOUR_NS)];
static _Atomic uint64_t small_counters[WL_HISTOGRAM_COUNTERS(SMALL)];
static uint8_t encoded[WL_HISTOGRAM_ENCODED_BYTES_MAX(WL_HISTOGRAM_COUNTERS(HOUR_NS))];

static struct wl_histogram hour_histogram(void)
{
	struct wl_histogram histogram;

	wl_histogram_init(&histogram, HOUR_NS, counters);
	return histogram;
}

static void slots_tile_the_values_without_gap_or_overlap(void)
{
	uint32_t slots = WL_HISTOGRAM_COUNTERS((uint64_t)INT64_MAX);
	uint64_t expected = 0;
	bool tiled = true;

	for (uint32_t slot = 0; slot < slots; slot++) {
		uint64_t low = wl_histogram_slot_lowest(slot);
		uint64_t high = wl_histogram_slot_highest(slot);

		tiled = tiled && low == expected && high >= low && wl_histogram_slot(low) == slot &&
			wl_histogram_slot(high) == slot;
		expected = high + 1;
	}
	CU_ASSERT_TRUE(tiled);
	CU_ASSERT_EQUAL(expected, (uint64_t)INT64_MAX + 1);
}

static void slots_keep_three_significant_figures(void)
{
	bool fine = true;

	for (uint32_t slot = 0; slot < WL_HISTOGRAM_COUNTERS((uint64_t)INT64_MAX); slot++) {
		uint64_t low = wl_histogram_slot_lowest(slot);

		fine = fine && (wl_histogram_slot_highest(slot) - low) <= low / 1000;
	}
	CU_ASSERT_TRUE(fine);
}

/* Figures of HdrHistogram for lowest 1, 3 figures: buckets double from 2048, 1024 counters each. */
static void counters_are_as_many_as_hdrhistogram_has(void)
{
	CU_ASSERT_EQUAL(WL_HISTOGRAM_COUNTERS(2ull), 2048);
	CU_ASSERT_EQUAL(WL_HISTOGRAM_COUNTERS(2047ull), 2048);
	CU_ASSERT_EQUAL(WL_HISTOGRAM_COUNTERS(2048ull), 3072);
	CU_ASSERT_EQUAL(WL_HISTOGRAM_COUNTERS(4095ull), 3072);
	CU_ASSERT_EQUAL(WL_HISTOGRAM_COUNTERS(3600000000ull), 23552);
	CU_ASSERT_EQUAL(WL_HISTOGRAM_COUNTERS((uint64_t)INT64_MAX), 54 * 1024);
}

static void boundaries_of_the_first_buckets_are_those_of_hdrhistogram(void)
{
	CU_ASSERT_EQUAL(wl_histogram_slot(0), 0);
	CU_ASSERT_EQUAL(wl_histogram_slot(2047), 2047);
	CU_ASSERT_EQUAL(wl_histogram_slot(2048), 2048);
	CU_ASSERT_EQUAL(wl_histogram_slot(2049), 2048);
	CU_ASSERT_EQUAL(wl_histogram_slot(2050), 2049);
	CU_ASSERT_EQUAL(wl_histogram_slot(4095), 3071);
	CU_ASSERT_EQUAL(wl_histogram_slot(4096), 3072);
	CU_ASSERT_EQUAL(wl_histogram_slot(10007), wl_histogram_slot(10000));
	CU_ASSERT_EQUAL(wl_histogram_slot_highest(wl_histogram_slot(10000)), 10007);
	CU_ASSERT_EQUAL(wl_histogram_slot(10008), wl_histogram_slot(10000) + 1);
}

static void empty_histogram_answers_zero(void)
{
	struct wl_histogram histogram = hour_histogram();

	CU_ASSERT_EQUAL(wl_histogram_count(&histogram), 0);
	CU_ASSERT_EQUAL(wl_histogram_min(&histogram), 0);
	CU_ASSERT_EQUAL(wl_histogram_max(&histogram), 0);
	CU_ASSERT_EQUAL(wl_histogram_mean(&histogram), 0.0);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 99.0), 0);
}

static void percentiles_have_the_exact_rank(void)
{
	struct wl_histogram histogram = hour_histogram();

	for (uint64_t value = 1; value <= 1000; value++)
		wl_histogram_record(&histogram, value);

	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 0.0), 1);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 0.05), 1);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 50.0), 500);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 50.01), 501);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 99.0), 990);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 99.9), 999);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 99.99), 1000);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 100.0), 1000);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 250.0), 1000);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, -1.0), 1);
}

static void large_values_are_told_as_the_highest_equivalent(void)
{
	struct wl_histogram histogram = hour_histogram();

	wl_histogram_record(&histogram, 10001);
	wl_histogram_record(&histogram, 1000000);

	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 50.0), 10007);
	CU_ASSERT_EQUAL(wl_histogram_min(&histogram), 10000);
	CU_ASSERT_EQUAL(wl_histogram_max(&histogram), 1000447);
	CU_ASSERT_EQUAL(wl_histogram_mean(&histogram), (10004.0 + 1000192.0) / 2);
}

static void value_above_the_range_is_counted_and_confessed(void)
{
	struct wl_histogram histogram;

	wl_histogram_init(&histogram, SMALL, small_counters);
	wl_histogram_record(&histogram, SMALL);
	CU_ASSERT_EQUAL(histogram.clamped, 0);
	wl_histogram_record(&histogram, SMALL + 1);
	wl_histogram_record(&histogram, UINT64_MAX);

	CU_ASSERT_EQUAL(histogram.clamped, 2);
	CU_ASSERT_EQUAL(wl_histogram_count(&histogram), 3);
	CU_ASSERT_EQUAL(histogram.max, SMALL);
}

static void reset_forgets_everything(void)
{
	struct wl_histogram histogram = hour_histogram();

	wl_histogram_record_many(&histogram, 77, 5);
	wl_histogram_record(&histogram, UINT64_MAX);
	wl_histogram_reset(&histogram);
	wl_histogram_record(&histogram, 9);

	CU_ASSERT_EQUAL(wl_histogram_count(&histogram), 1);
	CU_ASSERT_EQUAL(wl_histogram_min(&histogram), 9);
	CU_ASSERT_EQUAL(wl_histogram_max(&histogram), 9);
	CU_ASSERT_EQUAL(histogram.clamped, 0);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&histogram, 1.0), 9);
}

static void add_into_a_larger_range_keeps_every_value(void)
{
	struct wl_histogram into = hour_histogram(), from;

	wl_histogram_init(&from, SMALL, small_counters);
	wl_histogram_record_many(&into, 50000000, 2);
	wl_histogram_record_many(&from, 3, 7);
	wl_histogram_record(&from, 5000);
	wl_histogram_add(&into, &from);

	CU_ASSERT_EQUAL(wl_histogram_count(&into), 10);
	CU_ASSERT_EQUAL(wl_histogram_min(&into), 3);
	CU_ASSERT_EQUAL(into.max, 50000000);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&into, 70.0), 3);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&into, 80.0), 5003);
	CU_ASSERT_EQUAL(wl_histogram_count(&from), 8);
}

static void add_into_a_smaller_range_clamps_what_does_not_fit(void)
{
	struct wl_histogram into, from = hour_histogram();

	wl_histogram_init(&into, SMALL, small_counters);
	wl_histogram_record_many(&from, 3, 7);
	wl_histogram_record_many(&from, 50000000, 2);
	wl_histogram_add(&into, &from);

	CU_ASSERT_EQUAL(wl_histogram_count(&into), 9);
	CU_ASSERT_EQUAL(into.clamped, 2);
	CU_ASSERT_EQUAL(into.max, SMALL);
	CU_ASSERT_EQUAL(wl_histogram_percentile(&into, 50.0), 3);
}

static void add_of_an_empty_histogram_changes_nothing(void)
{
	struct wl_histogram into = hour_histogram(), from;

	wl_histogram_init(&from, SMALL, small_counters);
	wl_histogram_record(&into, 42);
	wl_histogram_add(&into, &from);

	CU_ASSERT_EQUAL(wl_histogram_count(&into), 1);
	CU_ASSERT_EQUAL(wl_histogram_min(&into), 42);
	CU_ASSERT_EQUAL(into.max, 42);
}

/*
 * Counts by slot: 0 | 1 | 0 0 0 | 100 | 2042 zeros | 300, in ZigZag:
 * 0 -> 0, 1 -> 2, -3 -> 5, 100 -> 200, -2042 -> 4083, 300 -> 600, each in groups of seven bits.
 */
static void encoding_is_that_of_the_v2_specification(void)
{
	static const uint8_t expected[] = {
		0x1c, 0x84, 0x93, 0x13, 0x00, 0x00, 0x00, 0x09, /* cookie, bytes of counts */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, /* offset, figures */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, /* lowest */
		0x00, 0x00, 0x03, 0x46, 0x30, 0xb8, 0xa0, 0x00, /* highest: 3600 * 10^9 */
		0x3f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* 1.0 */
		0x00, 0x02, 0x05, 0xc8, 0x01, 0xf3, 0x1f, 0xd8, 0x04,
	};
	struct wl_histogram histogram = hour_histogram();
	size_t size;

	wl_histogram_record(&histogram, 1);
	wl_histogram_record_many(&histogram, 5, 100);
	wl_histogram_record_many(&histogram, 2049, 300);
	size = wl_histogram_encode(&histogram, encoded, sizeof(encoded));

	CU_ASSERT_EQUAL_FATAL(size, sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(encoded, expected, sizeof(expected)), 0);
}

static void encoding_of_an_empty_histogram_is_one_zero(void)
{
	struct wl_histogram histogram = hour_histogram();

	CU_ASSERT_EQUAL(wl_histogram_encode(&histogram, encoded, sizeof(encoded)), 41);
	CU_ASSERT_EQUAL(encoded[7], 1);
	CU_ASSERT_EQUAL(encoded[40], 0);
}

/* LEB128-64b9B: eight groups of seven bits, and all eight bits of the ninth byte. */
static void largest_count_takes_nine_bytes(void)
{
	static const uint8_t expected[] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct wl_histogram histogram = hour_histogram();

	wl_histogram_record_many(&histogram, 0, INT64_MAX);

	CU_ASSERT_EQUAL(wl_histogram_encode(&histogram, encoded, sizeof(encoded)), 49);
	CU_ASSERT_EQUAL(memcmp(encoded + 40, expected, sizeof(expected)), 0);
}

static void encoding_refuses_a_buffer_that_is_too_small(void)
{
	struct wl_histogram histogram = hour_histogram();
	bool refused = true, untouched = true;

	wl_histogram_record_many(&histogram, 5, 100);
	wl_histogram_record_many(&histogram, 2049, 300);
	CU_ASSERT_EQUAL(wl_histogram_encode(&histogram, encoded, sizeof(encoded)), 47);
	for (size_t size = 0; size < 47; size++) {
		memset(encoded, 0xee, 64);
		refused = refused && wl_histogram_encode(&histogram, encoded, size) == 0;
		for (size_t i = size; i < 64; i++)
			untouched = untouched && encoded[i] == 0xee;
	}
	CU_ASSERT_TRUE(refused);
	CU_ASSERT_TRUE(untouched);
	CU_ASSERT_EQUAL(wl_histogram_encode(&histogram, encoded, 47), 47);
}

static void range_that_no_histogram_can_have_stops_the_node(void)
{
	struct wl_histogram histogram;

	WL_ASSERT_STOPS(wl_histogram_init(&histogram, 1, counters));
	WL_ASSERT_STOPS(wl_histogram_init(&histogram, (uint64_t)INT64_MAX + 1, counters));
}

#define WRITTEN 300000u

static void *write_values(void *argument)
{
	struct wl_histogram *histogram = argument;

	for (uint32_t i = 0; i < WRITTEN; i++)
		wl_histogram_record(histogram, i % 5000);
	return NULL;
}

static void reader_of_another_thread_gets_a_copy_that_agrees_with_itself(void)
{
	static _Atomic uint64_t copied[WL_HISTOGRAM_COUNTERS(HOUR_NS)];
	struct wl_histogram histogram = hour_histogram(), copy;
	uint64_t seen = 0;
	bool grows = true, agrees = true;
	pthread_t writer;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, write_values, &histogram), 0);
	while (seen < WRITTEN) {
		uint64_t sum = 0;

		wl_histogram_init(&copy, HOUR_NS, copied);
		wl_histogram_add(&copy, &histogram);
		for (uint32_t slot = 0; slot < copy.counter_count; slot++)
			sum += copied[slot];
		agrees = agrees && sum == wl_histogram_count(&copy);
		grows = grows && sum >= seen;
		seen = sum;
	}
	pthread_join(writer, NULL);
	CU_ASSERT_TRUE(grows);
	CU_ASSERT_TRUE(agrees);
	CU_ASSERT_EQUAL(seen, WRITTEN);
}

WL_SUITE(histogram)
{
	WL_TEST(slots_tile_the_values_without_gap_or_overlap),
	WL_TEST(slots_keep_three_significant_figures),
	WL_TEST(counters_are_as_many_as_hdrhistogram_has),
	WL_TEST(boundaries_of_the_first_buckets_are_those_of_hdrhistogram),
	WL_TEST(empty_histogram_answers_zero),
	WL_TEST(percentiles_have_the_exact_rank),
	WL_TEST(large_values_are_told_as_the_highest_equivalent),
	WL_TEST(value_above_the_range_is_counted_and_confessed),
	WL_TEST(reset_forgets_everything),
	WL_TEST(add_into_a_larger_range_keeps_every_value),
	WL_TEST(add_into_a_smaller_range_clamps_what_does_not_fit),
	WL_TEST(add_of_an_empty_histogram_changes_nothing),
	WL_TEST(encoding_is_that_of_the_v2_specification),
	WL_TEST(encoding_of_an_empty_histogram_is_one_zero),
	WL_TEST(largest_count_takes_nine_bytes),
	WL_TEST(encoding_refuses_a_buffer_that_is_too_small),
	WL_TEST(range_that_no_histogram_can_have_stops_the_node),
	WL_TEST(reader_of_another_thread_gets_a_copy_that_agrees_with_itself),
};
