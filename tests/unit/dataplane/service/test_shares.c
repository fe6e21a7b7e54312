/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/shares.h"

#include "tests/unit/runner.h"

#define FLOODER 5u
#define OTHER 6u
#define RECORD 1024u

static struct wl_shares shares;
static uint64_t now_ns;

static void begin(void)
{
	wl_shares_reset(&shares);
	now_ns = 1;
}

/* As much as there is room for, all in one entry. Returns the bytes. */
static uint64_t flood(uint32_t share, uint64_t index)
{
	uint64_t bytes = 0;

	while (bytes < 1u << 30 && wl_shares_has_room(&shares, share, RECORD, now_ns)) {
		wl_shares_add(&shares, share, RECORD, index, now_ns);
		bytes += RECORD;
	}
	return bytes;
}

static void who_is_alone_has_much_and_not_everything(void)
{
	begin();
	CU_ASSERT_EQUAL(flood(FLOODER, 1), WL_SHARE_ALONE_BYTES);
}

static void beside_others_one_client_has_a_small_share(void)
{
	begin();
	wl_shares_add(&shares, OTHER, RECORD, 1, now_ns);
	CU_ASSERT_EQUAL(flood(FLOODER, 1), WL_SHARE_BYTES);
	CU_ASSERT_EQUAL(flood(OTHER, 1), WL_SHARE_BYTES - RECORD);
	now_ns +=
		WL_SHARE_MEMORY_NS; /* somebody who appends now and then is company all the time */
	CU_ASSERT_FALSE(wl_shares_has_room(&shares, FLOODER, RECORD, now_ns));
	now_ns += 1;
	CU_ASSERT_TRUE(wl_shares_has_room(&shares, FLOODER, RECORD, now_ns));
}

static void who_has_nothing_there_is_always_taken(void)
{
	begin();
	flood(FLOODER, 1);
	CU_ASSERT_TRUE(wl_shares_has_room(&shares, OTHER, WIRELOG_RECORD_BYTES_MAX, now_ns));
	wl_shares_add(&shares, OTHER, WIRELOG_RECORD_BYTES_MAX, 1, now_ns);
	CU_ASSERT_FALSE(wl_shares_has_room(&shares, OTHER, 1, now_ns));
}

static void commits_give_room_back_within_two(void)
{
	begin();
	wl_shares_add(&shares, OTHER, RECORD, 1, now_ns);
	flood(FLOODER, 2);
	wl_shares_commit(&shares, 1); /* not what the flood is in */
	CU_ASSERT_FALSE(wl_shares_has_room(&shares, FLOODER, RECORD, now_ns));
	wl_shares_commit(&shares, 1);
	CU_ASSERT_FALSE(wl_shares_has_room(&shares, FLOODER, RECORD, now_ns));
	wl_shares_commit(&shares, 2);
	CU_ASSERT_EQUAL(flood(FLOODER, 3), WL_SHARE_BYTES);
	wl_shares_commit(&shares, 3);
	wl_shares_commit(&shares, 3);
	CU_ASSERT_EQUAL(flood(FLOODER, 4), WL_SHARE_BYTES);
}

/* However commits and appends are interleaved, what is not committed is never more than the share. */
static void what_is_not_committed_never_exceeds_the_share(void)
{
	uint64_t held[1000] = {0}, uncommitted = 0, committed = 0, draw = 1, taken = 0;

	begin();
	wl_shares_add(&shares, OTHER, RECORD, 1, now_ns);
	for (uint64_t index = 1; index < 1000; index++) {
		for (unsigned at = 0; at < 40; at++) {
			if (!wl_shares_has_room(&shares, FLOODER, RECORD, now_ns))
				break;
			wl_shares_add(&shares, FLOODER, RECORD, index, now_ns);
			held[index] += RECORD;
			uncommitted += RECORD;
			taken += RECORD;
		}
		CU_ASSERT(uncommitted <= WL_SHARE_BYTES);
		draw = draw * 6364136223846793005u + 1;
		for (uint64_t steps = draw >> 62; steps != 0 && committed < index; steps--)
			uncommitted -= held[++committed];
		wl_shares_commit(&shares, committed);
	}
	CU_ASSERT(taken > 10 * WL_SHARE_BYTES);
}

WL_SUITE(shares)
{
	WL_TEST(who_is_alone_has_much_and_not_everything),
	WL_TEST(beside_others_one_client_has_a_small_share),
	WL_TEST(who_has_nothing_there_is_always_taken),
	WL_TEST(commits_give_room_back_within_two),
	WL_TEST(what_is_not_committed_never_exceeds_the_share),
};
