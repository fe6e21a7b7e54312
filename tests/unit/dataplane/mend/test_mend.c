/* SPDX-License-Identifier: BSD-3-Clause */
/* Filling holes: where entries come from, where they come to stand, and what is never done. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/mend/mend_fixture.h"
#include "tests/unit/runner.h"

static struct mend_fixture fixture;
static struct wl_mend *const mend = &fixture.mend;
static struct log_fixture_base base;

static void begin(unsigned sizes)
{
	log_fixture_choose_sizes(sizes);
	mend_fixture_init(&fixture, 5);
}

static void end(void)
{
	log_fixture_free_base(&base);
	mend_fixture_fini(&fixture);
	log_fixture_choose_sizes(0);
}

static uint64_t chunk(uint64_t index)
{
	return mend_fixture_chunk_of(&fixture, index);
}

/* `count` chunks of two entries each. */
static void make_chunks(unsigned count)
{
	while (count--)
		mend_fixture_chunk(&fixture, 1, 2, 700);
}

static uint64_t behind(uint64_t index)
{
	const struct wl_log *log = &fixture.log.log;

	return index == fixture.last ? log->append_offset : chunk(index + 1);
}

static void heals(void)
{
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
}

/* What was rebuilt stands where it stood: only headers of chunks may differ. */
static bool stands_as_before(uint64_t from, uint64_t to)
{
	for (uint64_t index = from; index <= to; index++)
		if (memcmp(memory_drive_place(&fixture.log.drive, fixture.live[index].offset),
			   fixture.live[index].bytes, fixture.live[index].size) != 0)
			return false;
	return true;
}

/* ---- one hole ---- */

static void a_rotten_body_heals_and_each_entry_stands_where_it_stood(void)
{
	for (unsigned sizes = 0; sizes < LOG_FIXTURE_SIZES; sizes++) {
		begin(sizes);
		make_chunks(6);
		mend_fixture_save(&fixture);
		mend_fixture_rot(&fixture, fixture.live[5].offset + 200,
				 fixture.live[5].offset + 300);
		heals();
		CU_ASSERT(stands_as_before(1, fixture.last));
		CU_ASSERT_FALSE(mend->moved);
		/* The chunk's other entry is whole, and nobody is asked for it. */
		CU_ASSERT_EQUAL(mend->entries_fetched, 1);
		CU_ASSERT_EQUAL(mend->entries_salvaged, 1);
		end();
	}
}

static void a_lost_header_costs_nobody_his_place(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	memset(memory_drive_place(&fixture.log.drive, chunk(5)), 0, WL_SECTOR_BYTES);
	heals();
	CU_ASSERT(stands_as_before(1, fixture.last));
	CU_ASSERT_FALSE(mend->moved);
	end();
}

static void two_lost_headers_side_by_side_cost_nobody_his_place(void)
{
	begin(0);
	make_chunks(7);
	mend_fixture_save(&fixture);
	memset(memory_drive_place(&fixture.log.drive, chunk(5)), 0x11, WL_CHUNK_HEADER_BYTES);
	memset(memory_drive_place(&fixture.log.drive, chunk(7)), 0x11, WL_CHUNK_HEADER_BYTES);
	heals();
	CU_ASSERT(stands_as_before(1, fixture.last));
	end();
}

static void with_all_headers_lost_entries_are_packed_and_it_is_told(void)
{
	begin(0);
	make_chunks(9);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, chunk(3), chunk(15));
	heals();
	CU_ASSERT(mend->moved);
	CU_ASSERT_EQUAL(mend->entries_fetched, 12);
	end();
}

static void a_hole_of_a_whole_segment_is_read_and_asked_for_once(void)
{
	uint64_t bytes, segment_bytes;

	begin(0);
	segment_bytes = fixture.log.config.segment_bytes;
	while (fixture.log.log.append_offset < 2 * segment_bytes + (1u << 20))
		mend_fixture_chunk(&fixture, 1, 30, 3000);
	mend_fixture_save(&fixture);
	fixture.absent = 2; /* the second one */
	heals();
	bytes = segment_bytes;
	/* Two surveys of all that is on the medium, and two looks at each place. */
	CU_ASSERT(fixture.read_bytes < 2 * fixture.segments * segment_bytes + 4 * bytes);
	/* What is packed anew is written over once before. */
	CU_ASSERT(fixture.written_bytes < 2 * bytes + bytes / 4);
	CU_ASSERT(fixture.asks < bytes / WL_SALVAGE_RUN_BYTES * 4);
	end();
}

/* ---- the stream's own ways ---- */

static void what_was_superseded_behind_a_hole_is_asked_for_by_nobody(void)
{
	begin(0);
	make_chunks(3); /* 1..6 */
	mend_fixture_chunk(&fixture, 1, 2, 700); /* 7, 8: dead */
	mend_fixture_chunk(&fixture, 1, 2, 700); /* 9, 10: dead */
	mend_fixture_truncate(&fixture, 6);
	mend_fixture_chunk(&fixture, 2, 2, 600); /* 7', 8' */
	mend_fixture_chunk(&fixture, 2, 1, 100);
	mend_fixture_save(&fixture);
	/* The dead 7 and 8 stand behind 5 and 6. */
	mend_fixture_rot(&fixture, chunk(5) + WL_BLOCK_BYTES, chunk(5) + WL_BLOCK_BYTES + 600);
	heals();
	CU_ASSERT_EQUAL(fixture.asks, 0);
	end();
}

static void what_superseded_inside_a_hole_is_filled_down_to_where_it_left(void)
{
	begin(0);
	make_chunks(4); /* 1..8 */
	mend_fixture_truncate(&fixture, 6);
	mend_fixture_chunk(&fixture, 2, 4, 900); /* 7'..10' */
	mend_fixture_chunk(&fixture, 2, 2, 900); /* 11', 12' */
	mend_fixture_chunk(&fixture, 2, 1, 100);
	mend_fixture_save(&fixture);
	/* The chunk that superseded 7 and 8: on its left stand the dead 7 and 8. */
	mend_fixture_rot(&fixture, chunk(7), chunk(11));
	heals();
	CU_ASSERT_EQUAL(mend->entries_fetched, 4);
	end();
}

static void a_branch_that_left_before_an_older_hole_makes_one_hole_of_both(void)
{
	begin(0);
	make_chunks(3); /* 1..6 */
	mend_fixture_chunk(&fixture, 1, 2, 700); /* 7, 8 dead and damaged */
	mend_fixture_chunk(&fixture, 1, 2, 700); /* 9, 10 dead and whole */
	mend_fixture_truncate(&fixture, 5);
	mend_fixture_chunk(&fixture, 2, 5, 600); /* 6'..10': damaged */
	mend_fixture_chunk(&fixture, 2, 2, 600); /* 11', 12': whole */
	mend_fixture_chunk(&fixture, 2, 1, 100);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, chunk(5) + WL_BLOCK_BYTES, chunk(5) + 2 * WL_BLOCK_BYTES);
	mend_fixture_rot(&fixture, chunk(6), chunk(11));
	mend_fixture_configure(&fixture);
	mend_fixture_survey(&fixture);
	CU_ASSERT_EQUAL(fixture.survey.hole_count, 2);
	heals();
	CU_ASSERT_EQUAL(mend->entries_fetched, 5);
	end();
}

static void a_skipped_place_before_a_boundary_is_zeros_again(void)
{
	uint64_t gap;

	begin(0);
	mend_fixture_chunk(&fixture, 1, 3, 900000);
	mend_fixture_chunk(&fixture, 1, 1, 1000000);
	mend_fixture_chunk(&fixture, 1, 1, 900000); /* 5 does not fit before 4 MiB */
	mend_fixture_chunk(&fixture, 1, 1, 900000);
	mend_fixture_save(&fixture);
	for (gap = chunk(5) - WL_BLOCK_BYTES;
	     wl_chunk_is_zero(memory_drive_place(&fixture.log.drive, gap), WL_BLOCK_BYTES);
	     gap -= WL_BLOCK_BYTES) {
	}
	gap += WL_BLOCK_BYTES;
	CU_ASSERT(gap < chunk(5));
	mend_fixture_rot(&fixture, gap, gap + 100);
	heals();
	CU_ASSERT_EQUAL(fixture.asks, 0);
	CU_ASSERT(wl_chunk_is_zero(memory_drive_place(&fixture.log.drive, gap), WL_BLOCK_BYTES));
	end();
}

static void the_header_of_a_segment_is_written_again(void)
{
	begin(0);
	while (fixture.log.log.append_offset < fixture.log.config.segment_bytes + 65536)
		mend_fixture_chunk(&fixture, 1, 3, 60000);
	mend_fixture_save(&fixture);
	memset(memory_drive_place(&fixture.log.drive, fixture.log.config.segment_bytes), 0x77,
	       WL_SECTOR_BYTES);
	heals();
	CU_ASSERT_EQUAL(fixture.asks, 0);
	CU_ASSERT_EQUAL(fixture.writes, 1);
	end();
}

/* ---- bases ---- */

static void take_base(uint64_t index)
{
	CU_ASSERT(log_fixture_describe(&fixture.log, index, &base));
	fixture.log.base = &base;
}

static void the_chunk_of_the_base_holds_its_entry_again(void)
{
	for (uint64_t index = 7; index <= 9; index++) {
		begin(0);
		make_chunks(3);
		mend_fixture_chunk(&fixture, 1, 3, 700); /* 7, 8, 9 */
		make_chunks(3);
		mend_fixture_save(&fixture);
		take_base(index);
		mend_fixture_rot(&fixture, chunk(7), chunk(7) + WL_BLOCK_BYTES);
		heals();
		CU_ASSERT(stands_as_before(1, fixture.last));
		end();
	}
}

static void entries_are_not_packed_past_the_chunk_of_the_base(void)
{
	begin(0);
	for (unsigned at = 0; at < 12; at++)
		mend_fixture_chunk(&fixture, 1, 1, 300);
	mend_fixture_save(&fixture);
	take_base(5);
	/* Its chunk and four behind it: all headers lost, and room for all their entries in one chunk further on. */
	mend_fixture_rot(&fixture, chunk(5), chunk(10));
	heals();
	end();
}

static void the_base_is_the_end_that_is_known_when_its_chunk_was_the_newest(void)
{
	begin(0);
	make_chunks(3);
	mend_fixture_chunk(&fixture, 1, 3, 700); /* 7, 8, 9 */
	mend_fixture_save(&fixture);
	take_base(8);
	fixture.watermark = behind(9);
	mend_fixture_rot(&fixture, chunk(7), chunk(7) + WL_BLOCK_BYTES);
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	/* What stood behind it may have been acknowledged: it counts nowhere. */
	CU_ASSERT(fixture.uncounted);
	fixture.last = 8;
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	/* Its value is known to the tables, too. */
	mend_fixture_configure(&fixture);
	fixture.config.walk_chain = 0;
	wl_mend_init(mend, &fixture.config);
	CU_ASSERT_EQUAL(mend->config.walk_chain, base.log.chain);
	end();
}

/* ---- what cannot be healed ---- */

static void what_nobody_has_is_named_and_asked_for_again(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, fixture.live[5].offset + 100, fixture.live[5].offset + 900);
	fixture.nobody_has = 5;
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_WANTS_ENTRIES);
	CU_ASSERT(mend->lost);
	CU_ASSERT_EQUAL(mend->ask.index, 5);
	CU_ASSERT_EQUAL(wl_mend_peer(mend), 0);
	/* Somebody has it again. */
	fixture.nobody_has = 0;
	wl_mend_ask_again(mend);
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT_FALSE(mend->lost);
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	end();
}

static void who_is_silent_has_not_answered(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, fixture.live[5].offset + 100, fixture.live[5].offset + 900);
	mend_fixture_configure(&fixture);
	wl_mend_init(mend, &fixture.config);
	fixture.nobody_has = 5;
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	wl_mend_ask_again(mend);
	mend->lost = false;
	CU_ASSERT_FALSE(wl_mend_on_answer(mend, 1, WL_MEND_HAVE, NULL, 0));
	CU_ASSERT_FALSE(mend->lost);
	wl_mend_on_silence(mend, 3);
	CU_ASSERT_FALSE(mend->lost);
	CU_ASSERT_EQUAL(wl_mend_peer(mend), 0);
	wl_mend_on_answer(mend, 3, WL_MEND_UNKNOWN, NULL, 0);
	CU_ASSERT(mend->lost);
	end();
}

static void an_end_that_is_not_known_costs_the_vote_before_anything_is_written(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	fixture.watermark = behind(12);
	/* The header of its last entry: nobody knows what stood there. */
	mend_fixture_rot(&fixture, fixture.live[12].offset, fixture.live[12].offset + 90);
	mend_fixture_rot(&fixture, fixture.live[5].offset + 100, fixture.live[5].offset + 200);
	mend_fixture_configure(&fixture);
	mend_fixture_survey(&fixture);
	CU_ASSERT_EQUAL(fixture.survey.end, WL_SURVEY_END_UNKNOWN);
	CU_ASSERT_EQUAL(fixture.survey.end_begin, chunk(11));
	wl_mend_init(mend, &fixture.config);
	while (mend->state == WL_MEND_WANTS_READ)
		wl_mend_on_done(mend, memory_drive_read(&fixture.log.drive, mend->want.offset,
							mend->want.buffer, mend->want.bytes));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_WANTS_UNCOUNTED);
	CU_ASSERT_EQUAL(mend->want.offset, chunk(11));
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT(mend->gave_up);
	fixture.last = 10;
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	end();
}

static void an_end_whose_headers_are_whole_is_known_and_heals(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	fixture.watermark = behind(12);
	mend_fixture_rot(&fixture, fixture.live[12].offset + 100, fixture.live[12].offset + 200);
	heals();
	CU_ASSERT_FALSE(fixture.uncounted);
	end();
}

static void an_end_that_nobody_ever_had_is_given_up_but_not_what_is_committed(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, fixture.live[12].offset + 100, fixture.live[12].offset + 200);
	/* The peers' logs end before it. */
	fixture.last = 11;
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT(fixture.uncounted);
	fixture.last = 10;
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));

	mend_fixture_restore(&fixture);
	mend_fixture_rot(&fixture, fixture.live[12].offset + 100, fixture.live[12].offset + 200);
	fixture.last = 11;
	mend_fixture_configure(&fixture);
	fixture.config.commit = 12;
	wl_mend_init(mend, &fixture.config);
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_WANTS_ENTRIES);
	CU_ASSERT(mend->lost);
	CU_ASSERT_FALSE(fixture.uncounted);
	end();
}

static void a_mistaken_peer_is_dropped_and_counted(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, chunk(5), chunk(7));
	fixture.mistaken = true;
	heals();
	CU_ASSERT(mend->refused > 0);
	end();
}

static void a_whole_entry_of_another_branch_is_refused(void)
{
	uint8_t dead[2000];
	uint32_t bytes;

	begin(0);
	make_chunks(3); /* 1..6 */
	bytes = fixture.live[6].size;
	CU_ASSERT_FATAL(bytes <= sizeof(dead));
	memcpy(dead, fixture.live[6].bytes, bytes);
	mend_fixture_truncate(&fixture, 5);
	mend_fixture_chunk(&fixture, 2, 1, 800); /* 6' */
	mend_fixture_chunk(&fixture, 2, 2, 800);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, chunk(6), chunk(7));
	fixture.nobody_has = 6;
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->ask.index, 6);
	CU_ASSERT_FALSE(wl_mend_on_answer(mend, 1, WL_MEND_HAVE, dead, bytes));
	CU_ASSERT_EQUAL(mend->refused, 1);
	CU_ASSERT_EQUAL(mend->state, WL_MEND_WANTS_ENTRIES);
	fixture.nobody_has = 0;
	wl_mend_ask_again(mend);
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	end();
}

/* ---- the medium ---- */

static void a_torn_tail_behind_a_hole_stays_one(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	/* The newest chunk: its second sector did not arrive. */
	memset(memory_drive_place(&fixture.log.drive, chunk(11) + WL_SECTOR_BYTES), 0,
	       WL_SECTOR_BYTES);
	mend_fixture_rot(&fixture, fixture.live[5].offset + 100, fixture.live[5].offset + 200);
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT_FALSE(fixture.uncounted);
	fixture.last = 10;
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	end();
}

static void a_block_behind_the_end_that_cannot_be_read_is_zeros_again(void)
{
	begin(0);
	make_chunks(3);
	mend_fixture_save(&fixture);
	mend_fixture_refuse_reads(&fixture, behind(6) + 5 * WL_BLOCK_BYTES,
				  behind(6) + 7 * WL_BLOCK_BYTES);
	heals();
	CU_ASSERT_FALSE(fixture.uncounted);
	CU_ASSERT_EQUAL(fixture.written_bytes, 2 * WL_BLOCK_BYTES);
	end();
}

static void a_write_that_fails_is_tried_again_from_the_survey_on(void)
{
	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, 0, WL_SECTOR_BYTES);
	mend_fixture_configure(&fixture);
	wl_mend_init(mend, &fixture.config);
	while (mend->state == WL_MEND_WANTS_READ)
		wl_mend_on_done(mend, memory_drive_read(&fixture.log.drive, mend->want.offset,
							mend->want.buffer, mend->want.bytes));
	CU_ASSERT_EQUAL_FATAL(mend->state, WL_MEND_WANTS_WRITE);
	wl_mend_on_done(mend, WL_DISK_FAILED);
	CU_ASSERT_EQUAL(mend->state, WL_MEND_FAILED);
	wl_mend_again(mend);
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	end();
}

static void segments_of_others_are_refused_and_nothing_is_written(void)
{
	struct wl_segment_header header;
	uint8_t *at;

	begin(0);
	make_chunks(3);
	mend_fixture_save(&fixture);
	at = memory_drive_place(&fixture.log.drive, 0);
	CU_ASSERT(wl_chunk_decode_segment(at, WL_BLOCK_BYTES, &header));
	header.node++;
	wl_chunk_encode_segment(at, &header);
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_REFUSED);
	CU_ASSERT_EQUAL(mend->damage.kind, WL_DAMAGE_FOREIGN);
	CU_ASSERT_EQUAL(fixture.writes, 0);
	end();
}

/* ---- a log that lives ---- */

static void what_lives_is_mended_up_to_its_durable_end_and_no_further(void)
{
	struct wl_log *log = &fixture.log.log;

	begin(0);
	make_chunks(6);
	mend_fixture_save(&fixture);
	mend_fixture_rot(&fixture, chunk(5), chunk(7));
	/* The newest chunk too: what follows it is known to who runs. */
	mend_fixture_rot(&fixture, chunk(11), chunk(11) + WL_BLOCK_BYTES);
	mend_fixture_configure(&fixture);
	fixture.config.limit = chunk(11) + WL_BLOCK_BYTES;
	fixture.config.edge = (struct wl_survey_edge){13, fixture.live[12].chain, WL_SURVEY_ANY};
	wl_mend_init(mend, &fixture.config);
	CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
	CU_ASSERT_FALSE(fixture.uncounted);
	CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
	CU_ASSERT_EQUAL(log->tail.index, 12);
	end();
}

static void what_a_running_log_gave_up_is_not_made_again(void)
{
	begin(0);
	while (fixture.log.log.append_offset < fixture.log.config.segment_bytes + 65536)
		mend_fixture_chunk(&fixture, 1, 3, 60000);
	mend_fixture_save(&fixture);
	fixture.absent = 1;
	fixture.lives = true;
	CU_ASSERT_FALSE(mend_fixture_mend(&fixture));
	CU_ASSERT_EQUAL(mend->state, WL_MEND_FAILED);
	CU_ASSERT_EQUAL(fixture.asks, 0);
	CU_ASSERT_EQUAL(fixture.writes, 0);
	end();
}

/* Of the chunk at `offset`, as the medium has it now. */
static uint64_t previous_of(uint64_t offset)
{
	struct wl_chunk_header header;

	CU_ASSERT_TRUE_FATAL(wl_chunk_decode_header(log_fixture_platter(&fixture.log, offset),
						    WL_BLOCK_BYTES, &header));
	return header.previous;
}

static void what_is_built_at_a_mark_names_the_chunk_before_it(void)
{
	for (unsigned lost = 0; lost < 3;
	     lost++) { /* the body; the header; it and those before it, marks too */
		begin(0);
		for (unsigned at = 0; at < 12; at++)
			mend_fixture_chunk(&fixture, 1, 9, 9000); /* 80 KiB: a mark each */
		mend_fixture_save(&fixture);
		take_base(fixture.last);
		fixture.lives = true;
		mend_fixture_configure(&fixture);
		wl_survey_place_before(&fixture.log.log, chunk(55) + 1, &fixture.config.from);
		CU_ASSERT_EQUAL(fixture.config.from.offset, chunk(55));
		mend_fixture_rot(&fixture, lost == 2 ? chunk(37) : chunk(55) + (lost == 0) * 5000,
				 chunk(64));
		wl_mend_init(mend, &fixture.config);
		CU_ASSERT_FALSE(mend_fixture_go_on(&fixture));
		CU_ASSERT_EQUAL(mend->state, WL_MEND_DONE);
		CU_ASSERT_EQUAL(previous_of(chunk(55)), chunk(46));
		if (lost == 2) { /* not looked at: whoever reads there tells */
			CU_ASSERT_EQUAL(previous_of(chunk(46)), chunk(37));
			CU_ASSERT_EQUAL(previous_of(chunk(37)), chunk(28));
		}
		fixture.log.base = NULL;
		CU_ASSERT_PTR_NULL(mend_fixture_check(&fixture, false));
		end();
	}
}

static void a_dead_range_of_the_tables_holds_no_live_entry_and_marks_keep_their_places(void)
{
	begin(0);
	for (unsigned at = 0; at < 12; at++)
		mend_fixture_chunk(&fixture, 1, 9, 9000); /* 80 KiB: a mark each */
	mend_fixture_chunk(&fixture, 1, 1, 100);
	mend_fixture_save(&fixture);
	take_base(fixture.last);
	fixture.from_begin = true;
	/* Ten chunks in a row, below the base: its marks say where they begin. */
	mend_fixture_rot(&fixture, chunk(10), chunk(100));
	heals();
	for (uint64_t index = 10; index < 100; index += 9)
		CU_ASSERT_EQUAL(
			memcmp(memory_drive_place(&fixture.log.drive, fixture.live[index].offset),
			       fixture.live[index].bytes, fixture.live[index].size),
			0);
	end();
}

WL_SUITE(mend)
{
	WL_TEST(what_is_built_at_a_mark_names_the_chunk_before_it),
	WL_TEST(a_rotten_body_heals_and_each_entry_stands_where_it_stood),
	WL_TEST(a_lost_header_costs_nobody_his_place),
	WL_TEST(two_lost_headers_side_by_side_cost_nobody_his_place),
	WL_TEST(with_all_headers_lost_entries_are_packed_and_it_is_told),
	WL_TEST(a_hole_of_a_whole_segment_is_read_and_asked_for_once),
	WL_TEST(what_was_superseded_behind_a_hole_is_asked_for_by_nobody),
	WL_TEST(what_superseded_inside_a_hole_is_filled_down_to_where_it_left),
	WL_TEST(a_branch_that_left_before_an_older_hole_makes_one_hole_of_both),
	WL_TEST(a_skipped_place_before_a_boundary_is_zeros_again),
	WL_TEST(the_header_of_a_segment_is_written_again),
	WL_TEST(the_chunk_of_the_base_holds_its_entry_again),
	WL_TEST(the_base_is_the_end_that_is_known_when_its_chunk_was_the_newest),
	WL_TEST(what_nobody_has_is_named_and_asked_for_again),
	WL_TEST(who_is_silent_has_not_answered),
	WL_TEST(an_end_that_is_not_known_costs_the_vote_before_anything_is_written),
	WL_TEST(an_end_whose_headers_are_whole_is_known_and_heals),
	WL_TEST(an_end_that_nobody_ever_had_is_given_up_but_not_what_is_committed),
	WL_TEST(entries_are_not_packed_past_the_chunk_of_the_base),
	WL_TEST(a_whole_entry_of_another_branch_is_refused),
	WL_TEST(a_mistaken_peer_is_dropped_and_counted),
	WL_TEST(a_torn_tail_behind_a_hole_stays_one),
	WL_TEST(a_block_behind_the_end_that_cannot_be_read_is_zeros_again),
	WL_TEST(a_write_that_fails_is_tried_again_from_the_survey_on),
	WL_TEST(segments_of_others_are_refused_and_nothing_is_written),
	WL_TEST(what_lives_is_mended_up_to_its_durable_end_and_no_further),
	WL_TEST(what_a_running_log_gave_up_is_not_made_again),
	WL_TEST(a_dead_range_of_the_tables_holds_no_live_entry_and_marks_keep_their_places),
};
