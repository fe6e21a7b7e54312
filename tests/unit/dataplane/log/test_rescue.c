/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/rescue.h"

#include <string.h>

#include "tests/unit/runner.h"

static void a_rescue_keeps_what_the_data_are_and_forgets_who_was_there(void)
{
	static const uint64_t histories[WIRELOG_JOURNALS_MAX] = {101, 102};
	struct wl_superblock record = {
		.node = 2,
		.journal_count = 2,
		.incarnation = 9,
		.boot_count = 4,
		.sequence = 11,
	};

	record.journals[0] = (struct wl_superblock_journal){
		.term = 7,
		.vote = 3,
		.watermark = 4096,
		.caught_up_boot = 2,
		.commit = {6, 50},
		.history = 77,
	};
	record.peers[1] = (struct wl_superblock_peer){.incarnation = 8, .boot_id = 5};
	record.peer_durable[1][3] = (struct wl_position){6, 50};
	wl_rescue_record(&record, histories);
	CU_ASSERT_EQUAL(record.journals[0].rescued, 101);
	CU_ASSERT_EQUAL(record.journals[0].history, 77);
	CU_ASSERT_EQUAL(record.journals[0].term, 7 + WL_RESCUE_TERMS);
	CU_ASSERT_EQUAL(record.journals[0].vote, 0);
	CU_ASSERT_EQUAL(record.journals[0].watermark, 4096);
	CU_ASSERT_EQUAL(record.journals[0].commit.index, 50);
	CU_ASSERT_EQUAL(record.journals[0].caught_up_boot, 2);
	CU_ASSERT_EQUAL(record.journals[1].rescued, 102);
	CU_ASSERT_EQUAL(record.journals[1].caught_up_boot, 4); /* they count: nobody else is left */
	CU_ASSERT_EQUAL(record.journals[2].rescued, 0);
	CU_ASSERT_EQUAL(record.incarnation, 9);
	CU_ASSERT_EQUAL(record.sequence, 11);
	CU_ASSERT_EQUAL(record.peers[1].incarnation, 0);
	CU_ASSERT_EQUAL(record.peer_durable[1][3].index, 0);
}

/* Who hears both follows one of them, and a number that both give is of no two records. */
static void two_rescues_apart_are_far_from_each_other(void)
{
	const uint64_t one = 0x4301, other = 0x9d01;
	struct wl_superblock first = {.node = 1, .journal_count = 1};
	struct wl_superblock second = {.node = 2, .journal_count = 1};

	wl_rescue_record(&first, &one);
	wl_rescue_record(&second, &other);
	CU_ASSERT_EQUAL(first.journals[0].term, WL_RESCUE_TERMS * 0x44);
	CU_ASSERT_EQUAL(second.journals[0].term, WL_RESCUE_TERMS * 0x9e);
	CU_ASSERT_EQUAL(wl_rescue_stride(UINT64_MAX), 1024);
	CU_ASSERT_EQUAL(wl_rescue_stride(1), 1);
}

WL_SUITE(rescue)
{
	WL_TEST(two_rescues_apart_are_far_from_each_other),
	WL_TEST(a_rescue_keeps_what_the_data_are_and_forgets_who_was_there),
};
