/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose data remember: decisions about one peer. */
#include "control/agent/incarnations.h"
#include "tests/unit/runner.h"

#define BOOT_ID(boot, random) ((uint64_t)(boot) << 32 | (random))

static void first_meeting_is_remembered_and_believed(void)
{
	struct wl_superblock_peer peer = {0};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(5, 1), 77),
			WL_INCARNATIONS_NEW_BOOT);

	CU_ASSERT_EQUAL(peer.incarnation, 77);
	CU_ASSERT_EQUAL(peer.boot_id, BOOT_ID(5, 1));
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 1));
	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(5, 1), 77), WL_INCARNATIONS_KNOWN);
}

static void a_restart_on_the_same_data_is_believed(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(5, 1)};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(6, 9), 77),
			WL_INCARNATIONS_NEW_BOOT);

	CU_ASSERT_EQUAL(peer.boot_id, BOOT_ID(6, 9));
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 1));
}

static void other_data_under_the_same_id_have_no_vote(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(5, 1)};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(1000, 3), 78),
			WL_INCARNATIONS_SUSPECT);

	CU_ASSERT_FALSE(wl_incarnations_believes(&peer, 0));
}

/* What these data say of themselves holds, whenever we came to know them. */
static void other_data_that_were_caught_up_before_we_met_them_are_believed(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(5, 1)};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(1000, 3), 78),
			WL_INCARNATIONS_SUSPECT);
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 999));
	CU_ASSERT_NOT_EQUAL(peer.suspect_boot, 0);
}

static void data_without_history_have_no_vote(void)
{
	struct wl_superblock_peer peer = {0};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(5, 1), 77),
			WL_INCARNATIONS_NEW_BOOT);
	CU_ASSERT_FALSE(wl_incarnations_believes(&peer, 0));
}

static void suspicion_outlasts_restarts_until_the_peer_was_caught_up(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(5, 1)};

	wl_incarnations_on_boot(&peer, BOOT_ID(1000, 3), 78);
	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(1001, 4), 78),
			WL_INCARNATIONS_NEW_BOOT);

	CU_ASSERT_FALSE(wl_incarnations_believes(&peer, 0));
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 1000));
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 1001));
}

static void one_boot_under_two_boot_ids_is_an_old_image(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(6, 1)};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(6, 2), 77), WL_INCARNATIONS_SUSPECT);
	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(7, 3), 77),
			WL_INCARNATIONS_NEW_BOOT);

	CU_ASSERT_FALSE(wl_incarnations_believes(&peer, 5));
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 7));
}

static void a_late_word_of_an_earlier_boot_changes_nothing(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(6, 1)};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(5, 9), 33), WL_INCARNATIONS_KNOWN);

	CU_ASSERT_EQUAL(peer.incarnation, 77);
	CU_ASSERT_EQUAL(peer.boot_id, BOOT_ID(6, 1));
	CU_ASSERT_TRUE(wl_incarnations_believes(&peer, 1));
}

static void an_incarnation_that_comes_after_its_boot_id_still_counts(void)
{
	struct wl_superblock_peer peer = {.incarnation = 77, .boot_id = BOOT_ID(5, 1)};

	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(1000, 3), 0),
			WL_INCARNATIONS_NEW_BOOT);
	CU_ASSERT_EQUAL(wl_incarnations_on_boot(&peer, BOOT_ID(1000, 3), 78),
			WL_INCARNATIONS_SUSPECT);

	CU_ASSERT_FALSE(wl_incarnations_believes(&peer, 0));
}

WL_SUITE(incarnations)
{
	WL_TEST(first_meeting_is_remembered_and_believed),
	WL_TEST(a_restart_on_the_same_data_is_believed),
	WL_TEST(other_data_under_the_same_id_have_no_vote),
	WL_TEST(other_data_that_were_caught_up_before_we_met_them_are_believed),
	WL_TEST(data_without_history_have_no_vote),
	WL_TEST(suspicion_outlasts_restarts_until_the_peer_was_caught_up),
	WL_TEST(one_boot_under_two_boot_ids_is_an_old_image),
	WL_TEST(a_late_word_of_an_earlier_boot_changes_nothing),
	WL_TEST(an_incarnation_that_comes_after_its_boot_id_still_counts),
};
