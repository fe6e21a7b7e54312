/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/path.h"

#include "tests/unit/runner.h"
#include "wirelog/limits.h"

static struct wl_path path;

/* Rounds in which what is at most `passes` comes back. */
static void rounds(unsigned count, uint16_t passes)
{
	while (count-- > 0) {
		wl_path_next_round(&path, path.round_ns + 1);
		for (unsigned size = 0; size < WL_PATH_SIZES; size++) {
			if (wl_path_wants(&path, size) && path.sizes[size].bytes <= passes)
				wl_path_on_echo(&path, path.round, path.sizes[size].bytes);
		}
	}
	wl_path_next_round(&path, path.round_ns + 1);
}

static void frames_are_small_until_larger_ones_have_passed(void)
{
	wl_path_begin(&path, 7, 9000);
	CU_ASSERT_EQUAL(path.mtu, WIRELOG_MTU_MIN);
	rounds(1, 9000);
	CU_ASSERT_EQUAL(path.mtu, 9000);
	CU_ASSERT_FALSE(wl_path_is_narrow(&path));
}

static void path_that_carries_less_than_the_link_is_found_and_what_passes_is_used(void)
{
	wl_path_begin(&path, 7, 9000);
	rounds(1, 9000);
	rounds(WL_PATH_MISSES - 2, 1500);
	CU_ASSERT_EQUAL(path.mtu, 9000); /* it may have been lost so often */
	rounds(WL_PATH_MISSES, 1500);
	CU_ASSERT(wl_path_is_narrow(&path));
	CU_ASSERT_EQUAL(path.mtu, 1500);
	rounds(2, 1400); /* and less yet */
	rounds(WL_PATH_MISSES, 1400);
	CU_ASSERT_EQUAL(path.mtu, 1400);
	rounds(1, 9000);
	CU_ASSERT_FALSE(wl_path_is_narrow(&path));
	CU_ASSERT_EQUAL(path.mtu, 9000);
}

static void path_that_carries_nothing_is_not_called_narrow(void)
{
	wl_path_begin(&path, 7, 1500);
	rounds(1, 1500);
	rounds(4 * WL_PATH_MISSES, 0);
	CU_ASSERT_FALSE(wl_path_is_narrow(&path));
	CU_ASSERT_EQUAL(path.mtu, 1500);
}

static void echo_of_an_earlier_round_proves_nothing_of_this_one(void)
{
	wl_path_begin(&path, 7, 9000);
	wl_path_next_round(&path, 1);
	wl_path_on_echo(&path, path.round - 1, 9000);
	wl_path_on_echo(&path, path.round, 8999);
	CU_ASSERT_EQUAL(path.mtu, WIRELOG_MTU_MIN);
}

static void doubt_makes_frames_small_until_larger_ones_have_passed_again(void)
{
	wl_path_begin(&path, 7, 9000);
	CU_ASSERT_FALSE(wl_path_is_settled(&path));
	rounds(1, 9000);
	CU_ASSERT(wl_path_is_settled(&path));
	wl_path_doubt(&path);
	CU_ASSERT_EQUAL(path.mtu, WIRELOG_MTU_MIN);
	CU_ASSERT_FALSE(wl_path_is_settled(&path));
	CU_ASSERT_EQUAL(wl_path_known_mtu(&path), 0);
	wl_path_on_echo(&path, path.round, 1500); /* this much passes */
	CU_ASSERT_EQUAL(path.mtu, 1500);
	wl_path_on_echo(&path, path.round, 9000);
	CU_ASSERT_EQUAL(path.mtu, 9000);
	CU_ASSERT_EQUAL(wl_path_known_mtu(&path), 9000);
}

static void
path_that_carries_only_the_shortest_is_told_and_frames_are_no_smaller_than_the_least(void)
{
	wl_path_begin(&path, 7, 1500);
	rounds(WL_PATH_MISSES + 1, 1000);
	CU_ASSERT(wl_path_is_settled(&path));
	CU_ASSERT_EQUAL(path.mtu, WIRELOG_MTU_MIN);
	CU_ASSERT_EQUAL(wl_path_known_mtu(&path), WL_PATH_SHORTEST_BYTES);
}

WL_SUITE(path)
{
	WL_TEST(doubt_makes_frames_small_until_larger_ones_have_passed_again),
	WL_TEST(path_that_carries_only_the_shortest_is_told_and_frames_are_no_smaller_than_the_least),
	WL_TEST(frames_are_small_until_larger_ones_have_passed),
	WL_TEST(path_that_carries_less_than_the_link_is_found_and_what_passes_is_used),
	WL_TEST(path_that_carries_nothing_is_not_called_narrow),
	WL_TEST(echo_of_an_earlier_round_proves_nothing_of_this_one),
};
