/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/pace.h"
#include "tests/unit/runner.h"

#define START_NS 5000000000u

static void leadership_begins_without_a_limit(void)
{
	struct wl_pace pace;

	wl_pace_init(&pace, 1 << 20);
	wl_pace_begin(&pace, 4096, START_NS);
	CU_ASSERT_EQUAL(wl_pace_left(&pace), UINT64_MAX);
	wl_pace_turn(&pace, 4096, START_NS + 1000);
	CU_ASSERT_EQUAL(wl_pace_left(&pace), UINT64_MAX);
	wl_pace_turn(&pace, 4196, START_NS + 2000);
	CU_ASSERT(wl_pace_left(&pace) <= WL_PACE_TURN_BYTES + 200);
}

static void silence_ends_the_limit_and_a_record_brings_it_back(void)
{
	struct wl_pace pace;

	wl_pace_init(&pace, 1 << 20);
	wl_pace_begin(&pace, 0, START_NS);
	wl_pace_turn(&pace, 64, START_NS + 1);
	wl_pace_turn(&pace, 64, START_NS + WL_PACE_QUIET_NS);
	CU_ASSERT(wl_pace_left(&pace) != UINT64_MAX);
	wl_pace_turn(&pace, 64, START_NS + WL_PACE_QUIET_NS + 1);
	CU_ASSERT_EQUAL(wl_pace_left(&pace), UINT64_MAX);
	wl_pace_turn(&pace, 128, START_NS + WL_PACE_QUIET_NS + 2);
	CU_ASSERT(wl_pace_left(&pace) <= WL_PACE_TURN_BYTES + 128);
}

/* Any rate, turns of any length, spent to the last byte in each: what was given is the rate and twice what was appended. */
static void given_is_the_rate_and_twice_what_is_appended(void)
{
	static const uint64_t rates[] = {1 << 20, 3000001, 64 << 20, WL_PACE_RATE_MAX};
	static const uint64_t turns_ns[] = {1, 37, 900, 11111, 2000000};
	static const uint64_t appends[] = {1, 500, 70000};

	for (unsigned rate = 0; rate < 4; rate++) {
		for (unsigned turn = 0; turn < 5; turn++) {
			uint64_t now_ns = START_NS, offset = 0, given = 0, expected;
			struct wl_pace pace;

			if (rates[rate] / 1000000 * turns_ns[turn] / 1000 > WL_PACE_TURN_BYTES / 2)
				continue; /* the bucket is the limit: the next test */
			wl_pace_init(&pace, rates[rate]);
			wl_pace_begin(&pace, offset, now_ns);
			for (unsigned at = 0; at < 3000; at++) {
				now_ns += turns_ns[turn];
				offset += appends[at % 3];
				wl_pace_turn(&pace, offset, now_ns);
				given += wl_pace_left(&pace);
				wl_pace_spend(&pace, wl_pace_left(&pace));
			}
			expected = 2 * offset + (uint64_t)((double)rates[rate] *
							   (double)(now_ns - START_NS) / 1e9);
			CU_ASSERT(given <= expected + 2);
			CU_ASSERT(given + 2 >= expected);
		}
	}
}

static void what_is_kept_is_a_turn_of_live_frames_at_most(void)
{
	struct wl_pace pace;

	wl_pace_init(&pace, WL_PACE_RATE_MAX);
	wl_pace_begin(&pace, 0, START_NS);
	wl_pace_turn(&pace, 1, START_NS + 1);
	wl_pace_turn(&pace, 1, START_NS + 50000000);
	CU_ASSERT_EQUAL(wl_pace_left(&pace), WL_PACE_TURN_BYTES);
	/* More than that is appended in one turn: twice as much may leave, or who is behind never came nearer. */
	wl_pace_turn(&pace, 1 + 10 * WL_PACE_TURN_BYTES, START_NS + 50000001);
	CU_ASSERT(wl_pace_left(&pace) >= 20 * WL_PACE_TURN_BYTES);
	CU_ASSERT(wl_pace_left(&pace) <= 21 * WL_PACE_TURN_BYTES);
}

static void frame_that_took_more_leaves_nothing(void)
{
	struct wl_pace pace;

	wl_pace_init(&pace, 1 << 20);
	wl_pace_begin(&pace, 0, START_NS);
	wl_pace_turn(&pace, 100, START_NS + 1);
	wl_pace_spend(&pace, 9000);
	CU_ASSERT_EQUAL(wl_pace_left(&pace), 0);
	wl_pace_turn(&pace, 101, START_NS + 2);
	CU_ASSERT_EQUAL(wl_pace_left(&pace), 2);
}

WL_SUITE(pace)
{
	WL_TEST(leadership_begins_without_a_limit),
	WL_TEST(silence_ends_the_limit_and_a_record_brings_it_back),
	WL_TEST(given_is_the_rate_and_twice_what_is_appended),
	WL_TEST(what_is_kept_is_a_turn_of_live_frames_at_most),
	WL_TEST(frame_that_took_more_leaves_nothing),
};
