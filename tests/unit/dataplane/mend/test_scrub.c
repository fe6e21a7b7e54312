/* SPDX-License-Identifier: BSD-3-Clause */
/* All that is kept is read once in its time, whatever the log is like; what rots is found, handed over, and looked at again. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/mend/scrub.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define PERIOD_NS 8000000000000ull
#define ONE_BLOCK 3000u /* such an entry is a chunk by itself: one ends where the segment does */
#define STEP_NS 100000000000ull /* a step of the thread that drives it */

static struct log_fixture fixture;
static struct wl_scrub scrub;
static struct wl_scrub_now now;
static uint8_t *window;
static void *memory;
static uint8_t read_blocks[1u << 16]; /* by block of the stream: read in this pass */

static void begin(uint64_t segments, unsigned entries, uint32_t bytes)
{
	log_fixture_init(&fixture, segments);
	log_fixture_settle(&fixture);
	for (unsigned at = 0; at < entries; at++) {
		if (at % 8 == 0 || bytes > 100000 || bytes == ONE_BLOCK)
			log_fixture_settle(&fixture);
		log_fixture_append(&fixture, 1 + at / 100, bytes + at % 5);
	}
	log_fixture_settle(&fixture);
	window = aligned_alloc(WL_BLOCK_BYTES, WL_SCRUB_WINDOW_BYTES);
	memory = aligned_alloc(64, wl_align_up(wl_scrub_memory_bytes(), 64));
	WL_CHECK(window && memory);
	wl_scrub_init(&scrub, &fixture.config, PERIOD_NS, window, memory);
	now = (struct wl_scrub_now){
		.log = &fixture.log,
		.begin_offset = fixture.log.begin.offset,
		.durable_offset = fixture.log.durable_offset,
		.ns = 1000000000000ull,
	};
	memset(read_blocks, 0, sizeof(read_blocks));
}

static void end(void)
{
	free(window);
	free(memory);
	log_fixture_fini(&fixture);
}

static void perform(void)
{
	uint64_t offset;
	uint8_t *buffer;
	uint32_t bytes;

	wl_scrub_want(&scrub, &offset, &buffer, &bytes);
	CU_ASSERT_FATAL(bytes != 0 && offset + bytes <= fixture.log.segments_ready *
								fixture.config.segment_bytes);
	for (uint64_t at = offset; at < offset + bytes; at += WL_BLOCK_BYTES)
		read_blocks[at / WL_BLOCK_BYTES] = 1;
	wl_scrub_on_read(&scrub, memory_drive_read(&fixture.drive, offset, buffer, bytes), &now);
}

/* One step of time, with all reads that are due. */
static void step(void)
{
	now.ns += STEP_NS;
	while (wl_scrub_step(&scrub, &now) == WL_SCRUB_READS) {
		while (scrub.state == WL_SCRUB_READS)
			perform();
	}
}

static void run_pass(void)
{
	uint64_t passes = scrub.report.passes;

	for (unsigned at = 0; at < 200 && scrub.report.passes == passes; at++)
		step();
	CU_ASSERT_EQUAL(scrub.report.passes, passes + 1);
}

static void expect_all_read(void)
{
	for (uint64_t at = now.begin_offset / WL_BLOCK_BYTES + 1;
	     at < now.durable_offset / WL_BLOCK_BYTES; at++)
		CU_ASSERT_EQUAL(read_blocks[at], 1);
}

static void all_that_is_kept_is_read_once_in_its_time_in_logs_of_any_size(void)
{
	static const struct {
		unsigned entries;
		uint32_t bytes;
	} logs[] = {{3, 10}, {400, 700}, {900, 30000}, {60, 500000}};

	for (unsigned sizes = 0; sizes < LOG_FIXTURE_SIZES; sizes++) {
		for (unsigned log = 0; log < 4; log++) {
			uint64_t offset;

			log_fixture_choose_sizes(sizes);
			begin(6, logs[log].entries, logs[log].bytes);
			run_pass();
			expect_all_read();
			CU_ASSERT_EQUAL(scrub.report.found, 0);
			CU_ASSERT_FALSE(wl_scrub_take_found(&scrub, &offset));
			CU_ASSERT(scrub.report.finished_ns - scrub.report.began_ns <= PERIOD_NS);
			CU_ASSERT_EQUAL(scrub.report.position, now.durable_offset);
			/* The next one waits until the time of this one is over. */
			offset = scrub.report.began_ns;
			run_pass();
			CU_ASSERT(scrub.report.began_ns >= offset + PERIOD_NS);
			end();
		}
	}
	log_fixture_choose_sizes(0);
}

static void reads_are_spread_over_the_time(void)
{
	uint64_t most = 0;

	begin(6, 900, 30000); /* 27 MB */
	for (unsigned at = 0; at < 100 && scrub.report.passes == 0; at++) {
		uint64_t before = scrub.report.bytes;

		step();
		if (scrub.report.bytes - before > most)
			most = scrub.report.bytes - before;
	}
	CU_ASSERT(most <= 3 * WL_SCRUB_PIECE_BYTES);
	CU_ASSERT(scrub.report.finished_ns - scrub.report.began_ns >= PERIOD_NS / 2);
	end();
}

/* As who mends a journal that runs looks at the place that it is given (dataplane/worker/mender.c). */
static uint32_t holes_of_who_mends(uint64_t offset)
{
	static struct wl_survey survey;
	struct wl_survey_config config = {
		.log = fixture.config,
		.segments = (now.durable_offset - 1) / fixture.config.segment_bytes + 1,
		.watermark = now.durable_offset,
		.limit = now.durable_offset,
		.stop = offset + 1,
		.window = window,
		.window_bytes = WL_SCRUB_WINDOW_BYTES,
		.memory = memory,
	};

	wl_survey_place_before(&fixture.log, offset, &config.from);
	wl_survey_init(&survey, &config);
	while (survey.state == WL_SURVEY_WANTS_READ) {
		uint64_t at;
		uint8_t *buffer;
		uint32_t bytes;

		wl_survey_want(&survey, &at, &buffer, &bytes);
		wl_survey_on_read(&survey, memory_drive_read(&fixture.drive, at, buffer, bytes));
	}
	return survey.hole_count;
}

/* Anywhere, and in the first chunk of a segment, whose hole begins with the segment. */
static void what_is_handed_over_is_found_by_who_mends(void)
{
	begin(6, 2200, ONE_BLOCK);
	for (unsigned turns = 0; turns < 30; turns++) {
		uint64_t at = turns == 0 ? fixture.config.segment_bytes + 4096 + 100
					 : 4096 + 64 + turns * 4096 * 67;
		uint8_t *byte = memory_drive_place(&fixture.drive, at);
		uint64_t offset;
		bool handed = false;

		*byte ^= 0x10;
		for (unsigned turn = 0; turn < 200 && !handed; turn++) {
			step();
			handed = wl_scrub_take_found(&scrub, &offset);
		}
		CU_ASSERT_TRUE_FATAL(handed);
		CU_ASSERT_EQUAL(holes_of_who_mends(offset), 1);
		*byte ^= 0x10;
		run_pass();
	}
	end();
}

/* One byte anywhere: found in that pass, at a place before it and not far. */
static void rot_is_found_wherever_it_is(void)
{
	begin(6, 300, 20000);
	for (uint64_t at = 4096 + 17; at < now.durable_offset; at += 70001) {
		uint8_t *byte = memory_drive_place(&fixture.drive, at);
		uint64_t offset, found = scrub.report.found;
		bool handed = false;

		*byte ^= 0x10;
		for (unsigned turn = 0; turn < 200 && !handed; turn++) {
			step();
			handed = wl_scrub_take_found(&scrub, &offset);
		}
		CU_ASSERT_TRUE(handed);
		CU_ASSERT_EQUAL(scrub.report.found, found + 1);
		CU_ASSERT(offset <= at && at - offset <= WL_CHUNK_BYTES_MAX);
		/* Somebody mends it. */
		*byte ^= 0x10;
		run_pass();
		CU_ASSERT_EQUAL(scrub.report.mended, scrub.report.found);
		CU_ASSERT_FALSE(wl_scrub_take_found(&scrub, &offset));
	}
	end();
}

static void what_nobody_mends_is_handed_over_a_few_times_and_passed(void)
{
	uint64_t offset;
	unsigned handed = 0;

	begin(6, 300, 20000);
	*memory_drive_place(&fixture.drive, 2000000) ^= 1;
	for (unsigned at = 0; at < 200 && scrub.report.passes == 0; at++) {
		step();
		handed += wl_scrub_take_found(&scrub, &offset);
	}
	CU_ASSERT_EQUAL(scrub.report.passes, 1);
	CU_ASSERT_EQUAL(handed, WL_SCRUB_TRIES);
	CU_ASSERT_EQUAL(scrub.report.found, 1);
	CU_ASSERT_EQUAL(scrub.report.mended, 0);
	expect_all_read();
	end();
}

/* It is counted once as found, whatever number of passes goes over it, and once as mended, even if that takes until a later pass. */
static void what_is_mended_late_is_counted_once(void)
{
	uint8_t *one, *other;

	begin(6, 300, 20000);
	one = memory_drive_place(&fixture.drive, 2000000);
	other = memory_drive_place(&fixture.drive, 4600000);
	*one ^= 1;
	*other ^= 1;
	for (unsigned pass = 0; pass < 3; pass++) {
		run_pass();
		CU_ASSERT_EQUAL(scrub.report.found, 2);
		CU_ASSERT_EQUAL(scrub.report.mended, 0);
		CU_ASSERT_EQUAL(scrub.report.open, 2);
	}
	*one ^= 1;
	run_pass();
	CU_ASSERT_EQUAL(scrub.report.found, 2);
	CU_ASSERT_EQUAL(scrub.report.mended, 1);
	CU_ASSERT_EQUAL(scrub.report.open, 1);
	*other ^= 1;
	*one ^= 1; /* it rots again: another damage */
	run_pass();
	CU_ASSERT_EQUAL(scrub.report.found, 3);
	CU_ASSERT_EQUAL(scrub.report.mended, 2);
	CU_ASSERT_EQUAL(scrub.report.open, 1);
	end();
}

static void damage_that_is_given_up_is_not_open_and_was_not_mended(void)
{
	begin(6, 1400, 16000);
	*memory_drive_place(&fixture.drive, 2000000) ^= 1;
	run_pass();
	CU_ASSERT_EQUAL(scrub.report.open, 1);
	log_fixture_give_up(&fixture.log, 1000);
	now.begin_offset = fixture.log.begin.offset;
	fixture.drive.first_segment = now.begin_offset / fixture.config.segment_bytes;
	run_pass();
	CU_ASSERT_EQUAL(scrub.report.found, 1);
	CU_ASSERT_EQUAL(scrub.report.mended, 0);
	CU_ASSERT_EQUAL(scrub.report.open, 0);
	end();
}

static void places_that_are_half_mended_are_open(void)
{
	static struct wl_scrub_places places;
	struct wl_scrub_place halves[] = {{100, 200}, {400, 500}};

	CU_ASSERT_TRUE(wl_scrub_places_found(&places, 100, 500));
	CU_ASSERT_FALSE(wl_scrub_places_found(&places, 100, 200));
	CU_ASSERT_EQUAL(wl_scrub_places_mended(&places, 0, 1000, halves, 2), 0);
	CU_ASSERT_EQUAL(wl_scrub_places_mended(&places, 101, 1000, NULL, 0), 0);
	CU_ASSERT_EQUAL(wl_scrub_places_mended(&places, 0, 100, NULL, 0), 0);
	CU_ASSERT_EQUAL(wl_scrub_places_mended(&places, 100, 101, NULL, 0), 1);
	CU_ASSERT_EQUAL(places.count, 0);
	for (uint64_t at = 0; at < WL_SCRUB_PLACES_MAX + 3; at++)
		CU_ASSERT_TRUE(wl_scrub_places_found(&places, at * 10 + 1, at * 10 + 5));
	CU_ASSERT_EQUAL(places.count, WL_SCRUB_PLACES_MAX);
	CU_ASSERT_EQUAL(wl_scrub_places_mended(&places, 0, UINT64_MAX, NULL, 0),
			WL_SCRUB_PLACES_MAX);
}

static void several_places_of_one_piece_are_counted_each(void)
{
	uint64_t offset;

	begin(6, 300, 20000);
	for (uint64_t at = 1; at <= 3; at++)
		*memory_drive_place(&fixture.drive, at * 500000) ^= 1;
	for (unsigned at = 0; at < 200 && scrub.report.found == 0; at++)
		step();
	CU_ASSERT_EQUAL(scrub.report.found, 3);
	CU_ASSERT_TRUE(wl_scrub_take_found(&scrub, &offset));
	CU_ASSERT(offset <= 500000);
	for (uint64_t at = 1; at <= 2; at++)
		*memory_drive_place(&fixture.drive, at * 500000) ^= 1;
	run_pass();
	CU_ASSERT_EQUAL(scrub.report.mended, 2);
	CU_ASSERT_EQUAL(scrub.report.found, 3);
	end();
}

static void a_place_that_cannot_be_read_is_found(void)
{
	uint64_t offset;

	begin(6, 300, 20000);
	fixture.drive.refuses_reads_from = 3000000;
	fixture.drive.refuses_reads_to = 3000001;
	for (unsigned at = 0; at < 200 && scrub.report.found == 0; at++)
		step();
	CU_ASSERT(scrub.report.found >= 1);
	CU_ASSERT_TRUE(wl_scrub_take_found(&scrub, &offset));
	CU_ASSERT(offset <= 3000000);
	end();
}

/* Records flow without end: it is put off, and all is read in its time nevertheless. */
static void records_that_flow_put_it_off_by_an_eighth_of_the_time_at_most(void)
{
	begin(6, 600, 20000);
	step();
	CU_ASSERT_EQUAL(scrub.report.began_ns, now.ns);
	for (unsigned at = 0; at < 100 && scrub.report.passes == 0; at++) {
		now.durable_offset += now.durable_offset == fixture.log.durable_offset ? -4096ull
										       : 4096;
		scrub.report.end = scrub.report.end < now.durable_offset ? scrub.report.end
									 : now.durable_offset;
		if (now.ns < scrub.report.began_ns + PERIOD_NS / 8 - STEP_NS)
			CU_ASSERT_EQUAL(scrub.report.bytes, 0);
		step();
	}
	CU_ASSERT_EQUAL(scrub.report.passes, 1);
	CU_ASSERT(scrub.report.finished_ns - scrub.report.began_ns <= PERIOD_NS + STEP_NS);
	end();
}

static void what_is_given_up_meanwhile_is_no_damage(void)
{
	uint64_t offset;

	begin(6, 1400, 16000);
	for (unsigned at = 0; at < 6; at++)
		step();
	CU_ASSERT(scrub.report.position < 12u << 20);
	log_fixture_give_up(&fixture.log, 1000);
	now.begin_offset = fixture.log.begin.offset;
	fixture.drive.first_segment = now.begin_offset / fixture.config.segment_bytes;
	CU_ASSERT_FATAL(now.begin_offset > scrub.report.position);
	run_pass();
	CU_ASSERT_EQUAL(scrub.report.found, 0);
	CU_ASSERT_FALSE(wl_scrub_take_found(&scrub, &offset));
	end();
}

static void it_is_off_and_on_again(void)
{
	begin(6, 300, 20000);
	wl_scrub_set_period(&scrub, 0);
	for (unsigned at = 0; at < 200; at++)
		step();
	CU_ASSERT_EQUAL(scrub.report.bytes, 0);
	wl_scrub_set_period(&scrub, PERIOD_NS);
	run_pass();
	CU_ASSERT(scrub.report.bytes >= now.durable_offset - now.begin_offset - WL_BLOCK_BYTES);
	end();
}

static void without_a_log_that_follows_the_stream_nothing_is_read(void)
{
	begin(6, 300, 20000);
	now.log = NULL;
	for (unsigned at = 0; at < 20; at++)
		step();
	CU_ASSERT_EQUAL(scrub.report.bytes, 0);
	CU_ASSERT_EQUAL(scrub.report.began_ns, 0);
	end();
}

WL_SUITE(scrub)
{
	WL_TEST(all_that_is_kept_is_read_once_in_its_time_in_logs_of_any_size),
	WL_TEST(reads_are_spread_over_the_time),
	WL_TEST(what_is_handed_over_is_found_by_who_mends),
	WL_TEST(rot_is_found_wherever_it_is),
	WL_TEST(what_nobody_mends_is_handed_over_a_few_times_and_passed),
	WL_TEST(what_is_mended_late_is_counted_once),
	WL_TEST(damage_that_is_given_up_is_not_open_and_was_not_mended),
	WL_TEST(places_that_are_half_mended_are_open),
	WL_TEST(several_places_of_one_piece_are_counted_each),
	WL_TEST(a_place_that_cannot_be_read_is_found),
	WL_TEST(records_that_flow_put_it_off_by_an_eighth_of_the_time_at_most),
	WL_TEST(what_is_given_up_meanwhile_is_no_damage),
	WL_TEST(it_is_off_and_on_again),
	WL_TEST(without_a_log_that_follows_the_stream_nothing_is_read),
};
