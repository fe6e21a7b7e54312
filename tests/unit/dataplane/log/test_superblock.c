/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of docs/LOG-FORMAT.md: which of the four copies counts, and when none may. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/superblock.h"
#include "tests/unit/runner.h"

static uint8_t copies[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES];
static struct wl_superblock chosen;
static unsigned damaged;

static struct wl_superblock record(uint64_t sequence)
{
	struct wl_superblock superblock = {
		.node = 3,
		.journal_count = 2,
		.incarnation = 77,
		.boot_count = 5,
		.sequence = sequence,
		.segment_bytes = WL_SEGMENT_BYTES_DEFAULT,
		.voters = 0xe,
		.area_segments = 11,
		.last_area_segments = 13,
		.base_bytes = 9u << 20,
	};

	superblock.journals[0].term = 1000 + sequence;
	superblock.journals[0].vote = 1;
	return superblock;
}

static void put(unsigned copy, uint64_t sequence)
{
	struct wl_superblock superblock = record(sequence);

	wl_superblock_encode(copies[copy], &superblock);
}

/* As a store is after records 1..sequence were persisted one after the other. */
static void settle(uint64_t sequence)
{
	memset(copies, 0, sizeof(copies));
	for (uint64_t at = sequence > 1 ? sequence - 1 : 1; at <= sequence; at++) {
		put((unsigned)(2 * (at % 2)), at);
		put((unsigned)(2 * (at % 2) + 1), at);
	}
}

static enum wl_superblock_verdict choose(void)
{
	memset(&chosen, 0, sizeof(chosen));
	return wl_superblock_choose((const uint8_t(*)[WL_BLOCK_BYTES])copies, &chosen, &damaged);
}

static void rot(unsigned copy)
{
	copies[copy][2000] ^= 1;
}

static void what_is_encoded_is_decoded(void)
{
	struct wl_superblock before = record(9), after;
	uint8_t image[WL_BLOCK_BYTES];

	memset(before.cluster, 0xab, sizeof(before.cluster));
	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++) {
		before.journals[journal] = (struct wl_superblock_journal){
			.term = 100 + journal,
			.vote = 1 + journal % 7,
			.watermark = 4096 * journal,
			.caught_up_boot = journal,
			.commit = {3 + journal, 9 + journal},
			.divergence = {.node = 1 + journal % 7,
				       .kind = WL_DIVERGENCE_CONFIRMED,
				       .position = {journal + 4, journal + 5},
				       .chain = journal + 6,
				       .their_chain = journal + 7},
			.history = journal + 8,
			.rescued = journal + 9,
		};
		for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++)
			before.peer_durable[journal][node] =
				(struct wl_position){journal + 1, node + 1};
	}
	for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++)
		before.peers[node] = (struct wl_superblock_peer){node + 1, node + 2, node + 3};
	wl_superblock_encode(image, &before);
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(memcmp(after.journals, before.journals, sizeof(after.journals)), 0);
	CU_ASSERT_EQUAL(memcmp(after.peers, before.peers, sizeof(after.peers)), 0);
	CU_ASSERT_EQUAL(memcmp(after.peer_durable, before.peer_durable, sizeof(after.peer_durable)),
			0);
	CU_ASSERT_EQUAL(memcmp(after.cluster, before.cluster, sizeof(after.cluster)), 0);
	CU_ASSERT_EQUAL(after.sequence, 9);
	CU_ASSERT_EQUAL(after.incarnation, 77);
	CU_ASSERT_EQUAL(after.boot_count, 5);
	CU_ASSERT_EQUAL(after.segment_bytes, WL_SEGMENT_BYTES_DEFAULT);
	CU_ASSERT_EQUAL(after.area_segments, 11);
	CU_ASSERT_EQUAL(after.last_area_segments, 13);
	CU_ASSERT_EQUAL(after.base_bytes, 9u << 20);
	CU_ASSERT_EQUAL(wl_load_u64(image + 3752), 9u << 20);
	CU_ASSERT_EQUAL(wl_load_u64(image + 3760 + 16 * 15), 23);
	CU_ASSERT_EQUAL(wl_load_u64(image + 3768 + 16 * 15), 24);
}

/* Built beside the encoder, from the table in docs/LOG-FORMAT.md. */
static void mark_of_divergence_stands_where_the_format_says(void)
{
	struct wl_superblock superblock = record(3), after;
	uint8_t image[WL_BLOCK_BYTES];

	wl_superblock_encode(image, &superblock);
	wl_superblock_decode(image, &after);
	CU_ASSERT_EQUAL(after.journals[15].divergence.node, 0);
	wl_store_u64(image + 3112 + 15 * 40, 7);
	wl_store_u64(image + 3112 + 15 * 40 + 8, 502);
	wl_store_u64(image + 3112 + 15 * 40 + 16, 0xaaa);
	wl_store_u64(image + 3112 + 15 * 40 + 24, 0xbbb);
	wl_store_u32(image + 3112 + 15 * 40 + 32, 2);
	wl_store_u32(image + WL_BLOCK_BYTES - 4, wl_crc32c(image, WL_BLOCK_BYTES - 4));
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(after.journals[14].divergence.node, 0);
	CU_ASSERT_EQUAL(after.journals[15].divergence.node, 2);
	CU_ASSERT_EQUAL(after.journals[15].divergence.position.term, 7);
	CU_ASSERT_EQUAL(after.journals[15].divergence.position.index, 502);
	CU_ASSERT_EQUAL(after.journals[15].divergence.chain, 0xaaa);
	CU_ASSERT_EQUAL(after.journals[15].divergence.their_chain, 0xbbb);
}

static void mark_of_a_restore_stands_where_the_format_says(void)
{
	struct wl_superblock superblock = record(3), after;
	uint8_t image[WL_BLOCK_BYTES];

	wl_superblock_encode(image, &superblock);
	CU_ASSERT_EQUAL(wl_load_u32(image + 2820), 0);
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_OK);
	CU_ASSERT_FALSE(after.unfinished);
	superblock.unfinished = true;
	wl_superblock_encode(image, &superblock);
	CU_ASSERT_EQUAL(wl_load_u32(image + 2820), 1);
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_OK);
	CU_ASSERT_TRUE(after.unfinished);
}

static void any_flipped_bit_is_noticed(void)
{
	struct wl_superblock before = record(4), after;
	uint8_t image[WL_BLOCK_BYTES];

	wl_superblock_encode(image, &before);
	for (unsigned bit = 0; bit < 8 * WL_BLOCK_BYTES; bit++) {
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL_FATAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_OK);
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_OK);
}

static void another_version_is_named_and_not_called_damaged(void)
{
	settle(6);
	wl_store_u16(copies[1] + 4, WL_SUPERBLOCK_FORMAT_FEATURES + 1);
	wl_store_u32(copies[1] + WL_BLOCK_BYTES - 4, wl_crc32c(copies[1], WL_BLOCK_BYTES - 4));
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_VERSION);
}

static void impossible_numbers_are_damage_in_spite_of_the_checksum(void)
{
	struct wl_superblock superblock = record(2), after;
	uint8_t image[WL_BLOCK_BYTES];

	superblock.node = WIRELOG_NODES_MAX + 1;
	wl_superblock_encode(image, &superblock);
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_DAMAGED);
	superblock.node = 1;
	superblock.journal_count = WIRELOG_JOURNALS_MAX + 1;
	wl_superblock_encode(image, &superblock);
	CU_ASSERT_EQUAL(wl_superblock_decode(image, &after), WL_SUPERBLOCK_DAMAGED);
}

static void four_empty_copies_are_empty(void)
{
	memset(copies, 0, sizeof(copies));
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_EMPTY);
}

static void the_newest_record_counts(void)
{
	settle(8);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(chosen.sequence, 8);
	settle(9);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(chosen.sequence, 9);
	CU_ASSERT_EQUAL(damaged, 0);
}

/* Record 10 goes to copies 0 and 1 over record 8; power fails at any sector of either. */
static void a_write_torn_at_any_sector_leaves_the_record_before_or_the_new_one(void)
{
	for (unsigned which = 0; which < 2; which++) {
		for (unsigned sectors = 0; sectors <= WL_BLOCK_BYTES / WL_SECTOR_BYTES; sectors++) {
			struct wl_superblock new = record(10);
			uint8_t image[WL_BLOCK_BYTES];

			settle(9);
			if (which == 1)
				put(0, 10);
			wl_superblock_encode(image, &new);
			memcpy(copies[which], image, (size_t)sectors * WL_SECTOR_BYTES);
			CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
			/* With one durable copy nobody relied on it, yet it is whole: it counts. */
			if (which == 1)
				CU_ASSERT_EQUAL(chosen.sequence, 10);
			if (which == 0 && sectors < WL_BLOCK_BYTES / WL_SECTOR_BYTES)
				CU_ASSERT_EQUAL(chosen.sequence, 9);
		}
	}
}

static void rot_of_one_copy_leaves_its_twin(void)
{
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++) {
		settle(9);
		rot(copy);
		CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
		CU_ASSERT_EQUAL(chosen.sequence, 9);
		CU_ASSERT_EQUAL(damaged, 1u << copy);
	}
}

static void one_rotten_copy_in_each_pair_is_survived(void)
{
	for (unsigned first = 0; first < 2; first++) {
		for (unsigned second = 2; second < 4; second++) {
			settle(12);
			rot(first);
			rot(second);
			CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
			CU_ASSERT_EQUAL(chosen.sequence, 12);
			CU_ASSERT_EQUAL(damaged, 1u << first | 1u << second);
		}
	}
}

static void two_damaged_copies_of_the_newest_pair_are_refused_as_they_may_hold_a_vote(void)
{
	settle(9);
	rot(2);
	rot(3);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
	CU_ASSERT_EQUAL(damaged, 1u << 2 | 1u << 3);
}

static void two_damaged_copies_of_either_pair_are_refused_as_nobody_knows_which_was_newer(void)
{
	settle(9);
	rot(0);
	rot(1);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
}

static void a_pair_of_zeros_is_damage_once_it_was_written(void)
{
	settle(9);
	memset(copies[2], 0, 2 * WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
	settle(9);
	memset(copies[0], 0, 2 * WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
}

static void a_pair_of_one_zeroed_and_one_rotten_copy_is_damage(void)
{
	settle(9);
	memset(copies[2], 0, WL_BLOCK_BYTES);
	rot(3);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
}

static void a_pair_not_yet_written_is_no_damage_after_the_first_record(void)
{
	settle(1);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(chosen.sequence, 1);
	/* The second record, torn in its first copy. */
	put(0, 2);
	memset(copies[0] + 1024, 0, WL_BLOCK_BYTES - 1024);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(chosen.sequence, 1);
}

/* Twice the power fails while a pair is written: what is not whole is always the first to be written again. */
static void two_torn_writes_in_a_row_never_leave_a_pair_without_a_whole_copy(void)
{
	for (unsigned torn = 0; torn < 2; torn++) {
		unsigned first;

		settle(9);
		if (torn == 1)
			put(0, 10);
		rot(torn); /* record 10 did not arrive whole */
		CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
		first = wl_superblock_copy(10, 0, damaged);
		CU_ASSERT_EQUAL(first, torn);
		rot(first);
		CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
		CU_ASSERT(chosen.sequence >= 9);
	}
}

static void a_copy_never_written_is_written_before_its_whole_twin(void)
{
	settle(1);
	put(0, 2); /* and the power failed before copy 1 */
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(damaged, 1u << 1);
	CU_ASSERT_EQUAL(wl_superblock_copy(4, 0, damaged), 1);
	CU_ASSERT_EQUAL(wl_superblock_copy(4, 1, damaged), 0);
}

static void a_record_in_the_other_pair_was_misdirected(void)
{
	settle(9);
	put(0, 11);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(chosen.sequence, 9);
	CU_ASSERT_EQUAL(damaged, 1u);
	put(1, 11);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
}

static void nothing_whole_is_damage(void)
{
	settle(9);
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++)
		rot(copy);
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
	memset(copies, 0, sizeof(copies));
	copies[3][0] = 1;
	CU_ASSERT_EQUAL(choose(), WL_SUPERBLOCK_DAMAGED);
}

/* Builds that know no features read what has none in force, and refuse the rest. */
static void the_format_says_whether_features_are_in_force(void)
{
	struct wl_superblock superblock = record(1), back;

	superblock.features_declared[3] = 3;
	superblock.features_declared[7] = UINT32_MAX;
	wl_superblock_encode(copies[0], &superblock);
	CU_ASSERT_EQUAL(wl_load_u16(copies[0] + 4), WL_SUPERBLOCK_FORMAT);
	CU_ASSERT_EQUAL(wl_superblock_decode(copies[0], &back), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(memcmp(&superblock, &back, sizeof(back)), 0);
	superblock.features_in_force = 1ull << 40;
	wl_superblock_encode(copies[0], &superblock);
	CU_ASSERT_EQUAL(wl_load_u16(copies[0] + 4), WL_SUPERBLOCK_FORMAT_FEATURES);
	CU_ASSERT_EQUAL(wl_superblock_decode(copies[0], &back), WL_SUPERBLOCK_OK);
	CU_ASSERT_EQUAL(memcmp(&superblock, &back, sizeof(back)), 0);
	/* The one without the other was never written. */
	wl_store_u16(copies[0] + 4, WL_SUPERBLOCK_FORMAT);
	wl_store_u32(copies[0] + WL_BLOCK_BYTES - 4, wl_crc32c(copies[0], WL_BLOCK_BYTES - 4));
	CU_ASSERT_EQUAL(wl_superblock_decode(copies[0], &back), WL_SUPERBLOCK_DAMAGED);
}

WL_SUITE(superblock)
{
	WL_TEST(the_format_says_whether_features_are_in_force),
	WL_TEST(what_is_encoded_is_decoded),
	WL_TEST(mark_of_divergence_stands_where_the_format_says),
	WL_TEST(mark_of_a_restore_stands_where_the_format_says),
	WL_TEST(any_flipped_bit_is_noticed),
	WL_TEST(another_version_is_named_and_not_called_damaged),
	WL_TEST(impossible_numbers_are_damage_in_spite_of_the_checksum),
	WL_TEST(four_empty_copies_are_empty),
	WL_TEST(the_newest_record_counts),
	WL_TEST(a_write_torn_at_any_sector_leaves_the_record_before_or_the_new_one),
	WL_TEST(rot_of_one_copy_leaves_its_twin),
	WL_TEST(one_rotten_copy_in_each_pair_is_survived),
	WL_TEST(two_damaged_copies_of_the_newest_pair_are_refused_as_they_may_hold_a_vote),
	WL_TEST(two_damaged_copies_of_either_pair_are_refused_as_nobody_knows_which_was_newer),
	WL_TEST(a_pair_of_zeros_is_damage_once_it_was_written),
	WL_TEST(a_pair_of_one_zeroed_and_one_rotten_copy_is_damage),
	WL_TEST(a_pair_not_yet_written_is_no_damage_after_the_first_record),
	WL_TEST(two_torn_writes_in_a_row_never_leave_a_pair_without_a_whole_copy),
	WL_TEST(a_copy_never_written_is_written_before_its_whole_twin),
	WL_TEST(a_record_in_the_other_pair_was_misdirected),
	WL_TEST(nothing_whole_is_damage),
};
