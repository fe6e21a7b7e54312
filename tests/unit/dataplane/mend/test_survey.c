/* SPDX-License-Identifier: BSD-3-Clause */
/* What a survey names: where it is recovery's verdict, and where it goes on behind that. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/mend/mend_fixture.h"
#include "tests/unit/runner.h"

static struct mend_fixture fixture;
static struct wl_survey *const survey = &fixture.survey;

static void begin(unsigned sizes, unsigned chunks)
{
	log_fixture_choose_sizes(sizes);
	mend_fixture_init(&fixture, 4);
	while (chunks--)
		mend_fixture_chunk(&fixture, 1, 2, 700);
	mend_fixture_save(&fixture);
}

static void end(void)
{
	mend_fixture_fini(&fixture);
	log_fixture_choose_sizes(0);
}

static uint64_t chunk(uint64_t index)
{
	return mend_fixture_chunk_of(&fixture, index);
}

static void look(void)
{
	mend_fixture_configure(&fixture);
	mend_fixture_survey(&fixture);
}

static void a_whole_log_has_no_hole_and_ends_where_it_ends(void)
{
	for (unsigned sizes = 0; sizes < LOG_FIXTURE_SIZES; sizes++) {
		uint64_t used;

		begin(sizes, 5);
		used = fixture.log.log.append_offset;
		look();
		CU_ASSERT_EQUAL(survey->state, WL_SURVEY_DONE);
		CU_ASSERT_EQUAL(survey->hole_count, 0);
		CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_KNOWN);
		CU_ASSERT_EQUAL(survey->tail.position.index, 10);
		CU_ASSERT_EQUAL(survey->tail.chain, fixture.live[10].chain);
		CU_ASSERT_EQUAL(survey->tail.offset, used);
		end();
	}
}

static void each_hole_says_what_is_missing_between_what_and_what(void)
{
	begin(0, 12);
	mend_fixture_rot(&fixture, chunk(5) + 70, chunk(5) + 71);
	mend_fixture_rot(&fixture, chunk(11), chunk(15));
	mend_fixture_refuse_reads(&fixture, chunk(19), chunk(21));
	look();
	CU_ASSERT_EQUAL_FATAL(survey->hole_count, 3);
	CU_ASSERT_EQUAL(survey->holes[0].begin, chunk(5));
	CU_ASSERT_EQUAL(survey->holes[0].end, chunk(7));
	CU_ASSERT_EQUAL(survey->holes[0].left.position.index, 4);
	CU_ASSERT_EQUAL(survey->holes[0].left.chain, fixture.live[4].chain);
	CU_ASSERT_EQUAL(survey->holes[0].right.index, 7);
	CU_ASSERT_EQUAL(survey->holes[0].right.previous_chain, fixture.live[6].chain);
	CU_ASSERT_EQUAL(survey->holes[0].right.previous, chunk(5));
	CU_ASSERT_EQUAL(survey->holes[0].damage, WL_DAMAGE_ROT);
	CU_ASSERT_EQUAL(wl_survey_missing(&survey->holes[0]), 2);
	CU_ASSERT_EQUAL(wl_survey_missing(&survey->holes[1]), 4);
	CU_ASSERT_EQUAL(survey->holes[2].damage, WL_DAMAGE_READ_FAILED);
	CU_ASSERT_EQUAL(survey->tail.position.index, 24);
	CU_ASSERT_STRING_EQUAL(wl_survey_hole_name(survey->holes[2].kind), "chunks");
	end();
}

static void more_holes_than_the_table_holds_are_let_go_oldest_first(void)
{
	begin(0, 150);
	for (uint64_t index = 1; index < 290; index += 4)
		mend_fixture_rot(&fixture, chunk(index) + 70, chunk(index) + 71);
	look();
	CU_ASSERT_EQUAL(survey->hole_count, WL_SURVEY_HOLES_MAX);
	CU_ASSERT_EQUAL(survey->holes_let_go, 73 - WL_SURVEY_HOLES_MAX);
	CU_ASSERT_EQUAL(survey->holes[WL_SURVEY_HOLES_MAX - 1].begin, chunk(289));
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(fixture.mend.state, WL_MEND_DONE);
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	end();
}

static void a_perfect_image_of_a_chunk_in_a_payload_is_no_edge(void)
{
	struct wl_chunk_header header;
	uint8_t *image;

	begin(0, 3);
	mend_fixture_chunk(&fixture, 1, 1, 100000);
	mend_fixture_chunk(&fixture, 1, 1, 100);
	mend_fixture_save(&fixture);
	/* In the body of entry 7, at a block's begin: whole but for the tag, of this very place. */
	image = memory_drive_place(&fixture.log.drive, chunk(7) + 4 * WL_BLOCK_BYTES);
	memcpy(image, memory_drive_place(&fixture.log.drive, chunk(5)), WL_BLOCK_BYTES);
	CU_ASSERT(wl_chunk_decode_header(image, WL_BLOCK_BYTES, &header));
	header.offset = chunk(7) + 4 * WL_BLOCK_BYTES;
	header.previous = chunk(7);
	wl_chunk_encode_header(image, &header, NULL);
	memset(memory_drive_place(&fixture.log.drive, chunk(7)), 0, WL_BLOCK_BYTES);
	look();
	CU_ASSERT_EQUAL_FATAL(survey->hole_count, 1);
	CU_ASSERT_EQUAL(survey->holes[0].end, chunk(8));
	end();
}

static void what_recovery_calls_a_torn_tail_is_no_hole(void)
{
	begin(0, 5);
	memset(memory_drive_place(&fixture.log.drive, chunk(9) + WL_SECTOR_BYTES), 0,
	       WL_SECTOR_BYTES);
	look();
	CU_ASSERT_EQUAL(survey->hole_count, 0);
	CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_KNOWN);
	CU_ASSERT_EQUAL(survey->tail.position.index, 8);
	/* The same when the superblock knows it as durable: its entries' headers are whole, so the end is known. */
	fixture.watermark = chunk(9) + WL_BLOCK_BYTES;
	mend_fixture_rot(&fixture, fixture.live[10].offset + 5, fixture.live[10].offset + 6);
	look();
	CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_UNKNOWN);
	CU_ASSERT_EQUAL(survey->end_damage, WL_DAMAGE_ROT);
	end();
}

static void a_torn_chunk_with_a_whole_one_behind_it_is_the_end_when_both_were_in_flight(void)
{
	begin(0, 3);
	/* Both leave before either is durable. */
	mend_fixture_append(&fixture, 1, 3000);
	log_fixture_submit(&fixture.log);
	mend_fixture_append(&fixture, 1, 3000);
	log_fixture_submit(&fixture.log);
	log_fixture_settle(&fixture.log);
	CU_ASSERT_NOT_EQUAL(chunk(7), chunk(8));
	mend_fixture_save(&fixture);
	memset(memory_drive_place(&fixture.log.drive, chunk(7) + WL_SECTOR_BYTES), 0,
	       WL_SECTOR_BYTES);
	look();
	CU_ASSERT_EQUAL(survey->hole_count, 0);
	CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_KNOWN);
	CU_ASSERT_EQUAL(survey->tail.position.index, 6);
	/* Known as durable it is a hole. */
	fixture.watermark = chunk(8);
	look();
	CU_ASSERT_EQUAL(survey->hole_count, 1);
	CU_ASSERT_EQUAL(survey->tail.position.index, 8);
	end();
}

static void files_that_are_missing_at_the_end_make_it_unknown(void)
{
	begin(0, 5);
	fixture.watermark = 100 * fixture.log.config.segment_bytes;
	look();
	CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_UNKNOWN);
	CU_ASSERT_EQUAL(survey->end_damage, WL_DAMAGE_CUT_SHORT);
	CU_ASSERT_EQUAL(survey->end_begin, survey->tail.offset);
	CU_ASSERT_EQUAL(survey->tail.position.index, 10);
	end();
}

static void a_walk_may_begin_at_any_mark_and_stop_at_any_place(void)
{
	begin(0, 0);
	for (unsigned at = 0; at < 12; at++)
		mend_fixture_chunk(&fixture, 1, 9, 9000);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, chunk(55) + 70, chunk(55) + 71);
	mend_fixture_configure(&fixture);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture.log, 0, true), WL_RECOVERY_REFUSED);
	wl_survey_place_before(&fixture.log.log, chunk(46), &fixture.config.from);
	CU_ASSERT_EQUAL(fixture.config.from.offset, chunk(37));
	CU_ASSERT_EQUAL(fixture.config.from.position.index, 36);
	CU_ASSERT_EQUAL(fixture.config.from.chain, fixture.live[36].chain);
	fixture.config.stop = chunk(73);
	mend_fixture_survey(&fixture);
	CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_LIMIT);
	CU_ASSERT_EQUAL(survey->tail.position.index, 72);
	CU_ASSERT_EQUAL(survey->hole_count, 1);
	end();
}

/* In the place of a chunk: mending leaves such where what it built needs less room than there was. */
static void put_filler(uint64_t at, uint64_t end, uint64_t previous)
{
	uint8_t *memory = aligned_alloc(WL_BLOCK_BYTES, WL_LAYOUT_MEMORY_BYTES);
	struct wl_layout layout;

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	wl_layout_init(&layout, &fixture.log.config, memory);
	wl_layout_begin(&layout, at);
	wl_layout_close(&layout, at, end);
	memcpy(memory_drive_place(&fixture.log.drive, at),
	       wl_layout_finish(&layout, previous)->bytes, end - at);
	free(memory);
}

static void a_walk_that_may_stop_goes_on_to_where_its_hole_ends(void)
{
	begin(0, 12);
	put_filler(chunk(13), chunk(15), chunk(11));
	mend_fixture_rot(&fixture, chunk(11) + 70, chunk(11) + 71);
	mend_fixture_configure(&fixture);
	fixture.config.stop = chunk(11) + 1;
	mend_fixture_survey(&fixture);
	CU_ASSERT_EQUAL(survey->state, WL_SURVEY_DONE);
	CU_ASSERT_EQUAL(survey->end, WL_SURVEY_END_LIMIT);
	CU_ASSERT_EQUAL_FATAL(survey->hole_count, 1);
	CU_ASSERT_EQUAL(survey->holes[0].begin, chunk(11));
	CU_ASSERT_EQUAL(survey->holes[0].left.position.index, 10);
	CU_ASSERT_EQUAL(survey->holes[0].right.index, 15);
	CU_ASSERT_EQUAL(survey->holes[0].right.previous_chain, fixture.live[14].chain);
	end();
}

static void a_cut_below_what_is_committed_is_refused(void)
{
	begin(0, 0);
	mend_fixture_chunk(&fixture, 1, 6, 700);
	mend_fixture_truncate(&fixture, 3);
	mend_fixture_chunk(&fixture, 2, 4, 700);
	mend_fixture_save(&fixture);
	mend_fixture_configure(&fixture);
	mend_fixture_survey(&fixture);
	CU_ASSERT_EQUAL(survey->state, WL_SURVEY_DONE);
	fixture.config.from.commit = 5;
	mend_fixture_survey(&fixture);
	CU_ASSERT_EQUAL(survey->state, WL_SURVEY_REFUSED);
	CU_ASSERT_EQUAL(survey->damage.kind, WL_DAMAGE_CHAIN);
	end();
}

static void entries_are_found_again_by_their_index(void)
{
	uint64_t from, to;

	begin(0, 400);
	mend_fixture_rot(&fixture, chunk(399) + 70, chunk(399) + 71);
	look();
	for (uint64_t index = 1; index <= 800; index += 57) {
		uint32_t nth = 0;
		bool found = false;

		while (!found && wl_survey_where(survey, index, nth++, &from, &to))
			found = from <= fixture.live[index].offset &&
				fixture.live[index].offset + fixture.live[index].size <= to;
		CU_ASSERT(found);
	}
	CU_ASSERT_FALSE(wl_survey_where(survey, 801, 0, &from, &to));
	end();
}

WL_SUITE(survey)
{
	WL_TEST(a_whole_log_has_no_hole_and_ends_where_it_ends),
	WL_TEST(each_hole_says_what_is_missing_between_what_and_what),
	WL_TEST(more_holes_than_the_table_holds_are_let_go_oldest_first),
	WL_TEST(a_perfect_image_of_a_chunk_in_a_payload_is_no_edge),
	WL_TEST(what_recovery_calls_a_torn_tail_is_no_hole),
	WL_TEST(a_torn_chunk_with_a_whole_one_behind_it_is_the_end_when_both_were_in_flight),
	WL_TEST(files_that_are_missing_at_the_end_make_it_unknown),
	WL_TEST(a_walk_may_begin_at_any_mark_and_stop_at_any_place),
	WL_TEST(a_walk_that_may_stop_goes_on_to_where_its_hole_ends),
	WL_TEST(a_cut_below_what_is_committed_is_refused),
	WL_TEST(entries_are_found_again_by_their_index),
};
