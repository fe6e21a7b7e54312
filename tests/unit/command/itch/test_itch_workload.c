/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/itch/itch_workload.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/command/itch/itch_day_check.h"
#include "tests/unit/runner.h"

#define SLOTS (1u << 17)
#define FNV_START 0xcbf29ce484222325u

static struct wl_itch_workload workload;
static struct wl_itch_day_check check;
static struct wl_itch_day_order orders[SLOTS];

/* What a whole day was like. */
struct summary {
	uint64_t messages;
	uint64_t hash;
	uint64_t of_type[128];
	uint64_t close; /* market messages less than 5 us behind the one before */
	uint64_t longest_gap_ns; /* in market hours */
	enum wl_itch_day_fault fault;
};

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static struct summary generate_day(uint64_t messages, uint64_t seed)
{
	struct summary day = {.hash = FNV_START};
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];
	uint64_t last_ns = 0;
	size_t size;

	wl_itch_day_check_init(&check, orders, SLOTS);
	if (!wl_itch_workload_init(&workload, messages, seed))
		return day;
	while ((size = wl_itch_workload_next(&workload, bytes)) > 0) {
		day.fault = wl_itch_day_check_message(&check, bytes, size);
		if (day.fault != WL_ITCH_DAY_OK) {
			fprintf(stderr, "seed %lu, message %lu of %lu: %s\n", seed,
				day.messages + 1, messages, wl_itch_day_check_text(day.fault));
			return day;
		}
		day.messages++;
		day.hash = hash_bytes(day.hash, bytes, size);
		day.of_type[bytes[0] & 127]++;
		if (check.events == 3) {
			uint64_t gap_ns = workload.now_ns - last_ns;

			day.close += gap_ns < 5000;
			if (last_ns != 0 && gap_ns > day.longest_gap_ns)
				day.longest_gap_ns = gap_ns;
			last_ns = workload.now_ns;
		}
	}
	day.fault = wl_itch_day_check_end(&check);
	return day;
}

static void day_has_exactly_the_messages_asked_for_and_is_consistent(void)
{
	static const uint64_t sizes[] = {16, 17, 18, 25, 100, 199, 200, 201, 1000, 33333};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (uint64_t seed = 0; seed < 20; seed++) {
			struct summary day = generate_day(sizes[i], seed);

			CU_ASSERT_EQUAL(day.fault, WL_ITCH_DAY_OK);
			CU_ASSERT_EQUAL(day.messages, sizes[i]);
		}
	}
}

static void large_day_is_consistent_for_several_seeds(void)
{
	static const uint64_t seeds[] = {1, 42, UINT64_MAX};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct summary day = generate_day(700000, seeds[i]);

		CU_ASSERT_EQUAL(day.fault, WL_ITCH_DAY_OK);
		CU_ASSERT_EQUAL(day.messages, 700000);
		CU_ASSERT_EQUAL(workload.order_count, check.live);
	}
}

static void too_few_messages_for_a_day_are_refused(void)
{
	CU_ASSERT_FALSE(wl_itch_workload_init(&workload, 0, 1));
	CU_ASSERT_FALSE(wl_itch_workload_init(&workload, WL_ITCH_WORKLOAD_MESSAGES_MIN - 1, 1));
	CU_ASSERT_TRUE(wl_itch_workload_init(&workload, WL_ITCH_WORKLOAD_MESSAGES_MIN, 1));
}

static void day_ends_once_and_stays_ended(void)
{
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	generate_day(20, 3);
	CU_ASSERT_EQUAL(wl_itch_workload_next(&workload, bytes), 0);
	CU_ASSERT_EQUAL(wl_itch_workload_next(&workload, bytes), 0);
}

/* The hash is a promise: files made earlier, or on another machine, can be made again. */
static void same_seed_gives_the_same_bytes_on_every_machine(void)
{
	struct summary first = generate_day(10000, 1), second = generate_day(10000, 1);
	struct summary other = generate_day(10000, 2);

	CU_ASSERT_EQUAL(first.hash, second.hash);
	CU_ASSERT_NOT_EQUAL(first.hash, other.hash);
	CU_ASSERT_EQUAL(first.hash, 0xc4b66c57ac7e83d6u);
}

static double per_cent(const struct summary *day, const char *types)
{
	uint64_t count = 0;

	for (; *types != 0; types++)
		count += day->of_type[(unsigned char)*types];
	return 100.0 * (double)count / (double)day->messages;
}

static void mix_is_that_of_a_nasdaq_day(void)
{
	struct summary day = generate_day(500000, 9);

	CU_ASSERT_DOUBLE_EQUAL(per_cent(&day, "AF"), 44.5, 1.5);
	CU_ASSERT_DOUBLE_EQUAL(per_cent(&day, "D"), 42.5, 1.5);
	CU_ASSERT_DOUBLE_EQUAL(per_cent(&day, "U"), 7.0, 0.5);
	CU_ASSERT_DOUBLE_EQUAL(per_cent(&day, "EC"), 3.6, 0.3);
	CU_ASSERT_DOUBLE_EQUAL(per_cent(&day, "X"), 1.8, 0.2);
	CU_ASSERT_DOUBLE_EQUAL(per_cent(&day, "P"), 0.6, 0.1);
	CU_ASSERT_EQUAL(day.of_type['S'], 6);
	CU_ASSERT_EQUAL(day.of_type['R'], WL_ITCH_WORKLOAD_STOCKS_MAX);
	CU_ASSERT_EQUAL(day.of_type['Q'], 2 * WL_ITCH_WORKLOAD_STOCKS_MAX);
	CU_ASSERT_TRUE(day.of_type['F'] > 0 && day.of_type['C'] > 0);
}

/* Poisson alone would put one message in 10^4 so close behind another at this rate. */
static void messages_come_in_bursts_over_a_quiet_background(void)
{
	struct summary day = generate_day(500000, 9);

	CU_ASSERT_TRUE(day.close > day.messages / 2);
	CU_ASSERT_TRUE(day.close < day.messages * 3 / 4);
	CU_ASSERT_TRUE(day.longest_gap_ns > 500000000); /* mean of the background: 120 ms */
	CU_ASSERT_TRUE(day.longest_gap_ns < 60000000000);
}

/* More messages than nanoseconds would allow gaps for must still end at the bell. */
static void sessions_keep_their_hours_whatever_the_rate(void)
{
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];
	struct wl_itch_message message = {0};
	bool in_hours = true;

	CU_ASSERT_TRUE(wl_itch_workload_init(&workload, UINT64_MAX / 4, 5));
	for (int i = 0; i < 200000; i++) {
		size_t size = wl_itch_workload_next(&workload, bytes);

		in_hours = in_hours && wl_itch_decode(&message, bytes, size) == WL_ITCH_OK &&
			   message.timestamp_ns <= 14400000000000;
	}
	CU_ASSERT_TRUE(in_hours);
}

WL_SUITE(itch_workload)
{
	WL_TEST(day_has_exactly_the_messages_asked_for_and_is_consistent),
	WL_TEST(large_day_is_consistent_for_several_seeds),
	WL_TEST(too_few_messages_for_a_day_are_refused),
	WL_TEST(day_ends_once_and_stays_ended),
	WL_TEST(same_seed_gives_the_same_bytes_on_every_machine),
	WL_TEST(mix_is_that_of_a_nasdaq_day),
	WL_TEST(messages_come_in_bursts_over_a_quiet_background),
	WL_TEST(sessions_keep_their_hours_whatever_the_rate),
};
