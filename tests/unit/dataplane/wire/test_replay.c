/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/replay.h"

#include <string.h>

#include "tests/sim/random.h"
#include "tests/unit/runner.h"

static struct wl_replay replay;

static void sequence_is_taken_once(void)
{
	wl_replay_init(&replay);

	CU_ASSERT_TRUE(wl_replay_accept(&replay, 1));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 1));
	CU_ASSERT_TRUE(wl_replay_accept(&replay, 2));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 2));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 1));
}

static void zero_is_no_sequence(void)
{
	wl_replay_init(&replay);

	CU_ASSERT_FALSE(wl_replay_accept(&replay, 0));
	CU_ASSERT_EQUAL(replay.highest, 0);
}

static void late_sequence_is_taken_within_the_window_and_not_beyond(void)
{
	wl_replay_init(&replay);
	CU_ASSERT_TRUE(wl_replay_accept(&replay, 10000));

	CU_ASSERT_TRUE(wl_replay_accept(&replay, 10000 - WL_REPLAY_WINDOW + 1));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 10000 - WL_REPLAY_WINDOW + 1));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 10000 - WL_REPLAY_WINDOW));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 1));
}

static void refused_sequence_changes_nothing(void)
{
	struct wl_replay before;

	wl_replay_init(&replay);
	wl_replay_accept(&replay, 70);
	before = replay;

	CU_ASSERT_FALSE(wl_replay_accept(&replay, 70));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 0));
	CU_ASSERT_EQUAL(memcmp(&before, &replay, sizeof(replay)), 0);
}

static void leap_over_the_whole_window_forgets_what_was_in_it(void)
{
	const uint64_t leaps[] = {
		63,	   64, 65, WL_REPLAY_WINDOW - 1, WL_REPLAY_WINDOW, WL_REPLAY_WINDOW + 64,
		1ull << 40};

	for (unsigned at = 0; at < sizeof(leaps) / sizeof(leaps[0]); at++) {
		wl_replay_init(&replay);
		for (uint64_t sequence = 1; sequence <= 5000; sequence++)
			wl_replay_accept(&replay, sequence);

		CU_ASSERT_TRUE(wl_replay_accept(&replay, 5000 + leaps[at]));
		/* All between is new, all up to 5000 is old. */
		CU_ASSERT_FALSE(wl_replay_accept(&replay, 5000));
		CU_ASSERT_TRUE(leaps[at] == 1 || wl_replay_accept(&replay, 5000 + leaps[at] - 1));
	}
}

static void highest_possible_sequence_is_the_end(void)
{
	wl_replay_init(&replay);

	CU_ASSERT_TRUE(wl_replay_accept(&replay, UINT64_MAX));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, UINT64_MAX));
	CU_ASSERT_TRUE(wl_replay_accept(&replay, UINT64_MAX - 1));
	CU_ASSERT_FALSE(wl_replay_accept(&replay, 5));
}

/* The window as a plain set. */
#define RANGE 40000u
static bool seen[RANGE];

static void window_agrees_with_a_plain_set_under_random_order(void)
{
	uint64_t highest = 0, base = 1;
	struct sim_random random;

	memset(seen, 0, sizeof(seen));
	sim_random_init(&random, 1, 0);
	wl_replay_init(&replay);
	for (unsigned step = 0; step < 200000; step++) {
		uint64_t sequence = base + sim_random_below(&random, 6000);
		bool wanted;

		if (sim_random_chance(&random, 6000) && base < RANGE - 12000)
			base += sim_random_below(&random, 5000);
		wanted = !seen[sequence] &&
			 (sequence > highest || highest - sequence < WL_REPLAY_WINDOW);
		if (wl_replay_accept(&replay, sequence) != wanted) {
			CU_FAIL("the window disagrees with the set");
			return;
		}
		seen[sequence] |= wanted;
		if (sequence > highest)
			highest = sequence;
	}
	CU_ASSERT(highest > 30000);
}

static void window_that_begins_late_takes_nothing_from_before(void)
{
	for (uint64_t start = 1; start < 200; start++) {
		wl_replay_init_at(&replay, start);
		for (uint64_t sequence = 0; sequence < start; sequence++)
			CU_ASSERT_FALSE(wl_replay_accept(&replay, sequence));
		/* From there on as ever, out of order too. */
		CU_ASSERT_TRUE(wl_replay_accept(&replay, start + 150));
		for (uint64_t sequence = start; sequence < start + 150; sequence++)
			CU_ASSERT_TRUE(wl_replay_accept(&replay, sequence));
		CU_ASSERT_FALSE(wl_replay_accept(&replay, start - 1));
	}
}

WL_SUITE(replay)
{
	WL_TEST(sequence_is_taken_once),
	WL_TEST(zero_is_no_sequence),
	WL_TEST(late_sequence_is_taken_within_the_window_and_not_beyond),
	WL_TEST(refused_sequence_changes_nothing),
	WL_TEST(leap_over_the_whole_window_forgets_what_was_in_it),
	WL_TEST(highest_possible_sequence_is_the_end),
	WL_TEST(window_agrees_with_a_plain_set_under_random_order),
	WL_TEST(window_that_begins_late_takes_nothing_from_before),
};
