/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An archiver over a log in memory, into an archive in memory that loses what is not durable. Whatever fails and ends when: what the archiver says
 * need not be kept is durable in the archive, and the archive's ranges continue one another.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/log/archiver.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define RANGES_MAX 64u

static struct log_fixture fixture;
static struct wl_archiver archiver;
static struct wl_archiver_identity identity;
static struct wl_archive_range ranges[RANGES_MAX]; /* durable */
static uint32_t range_count;
static uint64_t file_bytes; /* of the range that is written */
static uint8_t *piece, *buffer;
static unsigned fails; /* so many jobs fail first */

static void begin(uint64_t segments)
{
	log_fixture_init(&fixture, segments);
	memset(&identity, 0, sizeof(identity));
	wl_store_u64(identity.cluster, FIXTURE_CLUSTER);
	identity.node = FIXTURE_NODE;
	identity.journal = FIXTURE_JOURNAL;
	piece = malloc(WL_ARCHIVER_PIECE_BYTES);
	buffer = aligned_alloc(WL_BLOCK_BYTES, WL_CHUNK_BYTES_MAX);
	wl_archiver_init(&archiver, &identity, piece, buffer);
	range_count = fails = 0;
	file_bytes = 0;
}

static void end(void)
{
	free(piece);
	free(buffer);
	log_fixture_fini(&fixture);
}

/* More than fits into `segments` segments. */
static void append_segments(unsigned segments)
{
	uint64_t until = fixture.log.append_offset + segments * fixture.config.segment_bytes;

	while (fixture.log.append_offset <= until) {
		log_fixture_append(&fixture, 1, 100000);
		log_fixture_settle(&fixture);
	}
}

static void read_stream(void)
{
	struct wl_disk_request request;

	wl_archiver_want(&archiver, &request);
	wl_archiver_on_read(&archiver, memory_drive_read(&fixture.drive, request.offset,
							 request.buffer, request.bytes));
}

static void do_job(void)
{
	bool succeeds = fails == 0;

	if (fails != 0)
		fails--;
	if (succeeds && archiver.state == WL_ARCHIVER_WANTS_NEWEST) {
		wl_archiver_on_newest(&archiver, range_count ? &ranges[range_count - 1] : NULL);
		return;
	}
	if (succeeds && archiver.state == WL_ARCHIVER_WANTS_WRITE) {
		if (archiver.piece_offset == WL_ARCHIVE_HEADER_BYTES)
			file_bytes = archiver.piece_offset;
		CU_ASSERT_EQUAL(archiver.piece_offset, file_bytes);
		file_bytes += archiver.piece_bytes;
	}
	if (succeeds && archiver.state == WL_ARCHIVER_WANTS_CLOSE) {
		CU_ASSERT_EQUAL(file_bytes, wl_archive_file_bytes(&archiver.range));
		CU_ASSERT_FATAL(range_count < RANGES_MAX);
		ranges[range_count++] = archiver.range;
	}
	wl_archiver_on_done(&archiver, succeeds);
}

/* The entry behind the archive's end stands at or behind what is kept. */
static void check_kept(void)
{
	uint64_t has = range_count ? ranges[range_count - 1].behind.position.index : 0;
	struct wl_log_begin found;

	CU_ASSERT_PTR_NULL(wl_archiver_check(&archiver));
	if (archiver.keep_offset != 0 &&
	    wl_log_find_begin(&fixture.log, UINT64_MAX, archiver.keep_offset, &found))
		CU_ASSERT(found.position.index <= has);
}

/* Until there is nothing to do, or it rests or has stopped. */
static enum wl_archiver_state drive(uint64_t applied)
{
	for (;;) {
		switch (wl_archiver_step(&archiver, &fixture.log, applied)) {
		case WL_ARCHIVER_WANTS_READ:
			read_stream();
			break;
		case WL_ARCHIVER_WANTS_NEWEST:
		case WL_ARCHIVER_WANTS_WRITE:
		case WL_ARCHIVER_WANTS_CLOSE:
			do_job();
			break;
		default:
			check_kept();
			return archiver.state;
		}
		check_kept();
	}
}

static void check_ranges(uint64_t last_at_least)
{
	struct wl_archive_place at = wl_archive_origin(FIXTURE_CLUSTER, FIXTURE_JOURNAL);

	for (uint32_t number = 0; number < range_count; number++) {
		CU_ASSERT(wl_archive_place_equal(&ranges[number].before, &at));
		at = ranges[number].behind;
	}
	CU_ASSERT(at.position.index >= last_at_least);
}

static void closed_segments_become_ranges_and_the_open_one_is_kept(void)
{
	struct wl_log_begin found;

	begin(6);
	append_segments(3);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_IDLE);
	CU_ASSERT_EQUAL(range_count, 3);
	check_ranges(1);
	CU_ASSERT(wl_log_find_begin(&fixture.log, UINT64_MAX, archiver.keep_offset, &found));
	CU_ASSERT_EQUAL(found.position.index, ranges[2].behind.position.index);
	CU_ASSERT_EQUAL(found.chain, ranges[2].behind.chain);
	end();
}

static void what_is_not_applied_is_not_archived(void)
{
	begin(6);
	append_segments(3);
	CU_ASSERT_EQUAL(drive(5), WL_ARCHIVER_IDLE);
	CU_ASSERT_EQUAL(range_count, 0);
	CU_ASSERT_EQUAL(archiver.range.behind.position.index, 5);
	CU_ASSERT_EQUAL(archiver.keep_offset, 0);
	end();
}

static void a_failure_at_any_job_lets_nothing_go_and_it_goes_on(void)
{
	begin(6);
	append_segments(2);
	for (unsigned job = 0; job < 60; job++) {
		/* So many succeed, then one fails. */
		wl_archiver_init(&archiver, &identity, piece, buffer);
		range_count = 0;
		for (unsigned at = 0; at < job; at++) {
			while (wl_archiver_step(&archiver, &fixture.log,
						fixture.log.durable.index) ==
			       WL_ARCHIVER_WANTS_READ)
				read_stream();
			if (archiver.state == WL_ARCHIVER_IDLE)
				break;
			do_job();
			check_kept();
		}
		fails = archiver.state == WL_ARCHIVER_IDLE ? 0 : 1;
		while (drive(fixture.log.durable.index) == WL_ARCHIVER_WANTS_REST)
			wl_archiver_retry(&archiver);
		CU_ASSERT_EQUAL(archiver.state, WL_ARCHIVER_IDLE);
		CU_ASSERT_EQUAL(range_count, 2);
		check_ranges(1);
	}
	end();
}

static void a_new_process_goes_on_where_the_archive_ends(void)
{
	begin(8);
	append_segments(2);
	drive(fixture.log.durable.index);
	append_segments(3);
	wl_archiver_init(&archiver, &identity, piece, buffer);
	CU_ASSERT_EQUAL(archiver.keep_offset, 0);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_IDLE);
	CU_ASSERT(range_count >= 4);
	CU_ASSERT_EQUAL(archiver.gaps, 0);
	check_ranges(ranges[1].behind.position.index + 1);
	end();
}

static void a_log_that_is_made_anew_goes_on_the_same(void)
{
	begin(8);
	append_segments(2);
	drive(fixture.log.durable.index);
	append_segments(1);
	drive(fixture.log.durable.index - 1);
	wl_archiver_anew(&archiver);
	append_segments(1);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_IDLE);
	check_ranges(1);
	CU_ASSERT_EQUAL(archiver.gaps, 0);
	end();
}

static void an_archive_of_another_history_stops_it_and_all_is_kept(void)
{
	begin(6);
	append_segments(3);
	drive(fixture.log.durable.index);
	ranges[range_count - 1].behind.chain ^= 1;
	wl_archiver_init(&archiver, &identity, piece, buffer);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_STOPPED);
	CU_ASSERT_EQUAL(archiver.verdict, WL_ARCHIVE_CHAIN);
	CU_ASSERT_EQUAL(archiver.keep_offset, 0);
	end();
}

static void an_archive_of_another_node_stops_it(void)
{
	begin(6);
	append_segments(2);
	drive(fixture.log.durable.index);
	ranges[range_count - 1].node++;
	wl_archiver_init(&archiver, &identity, piece, buffer);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_STOPPED);
	CU_ASSERT_EQUAL(archiver.verdict, WL_ARCHIVE_FOREIGN);
	CU_ASSERT_EQUAL(archiver.keep_offset, 0);
	end();
}

static void what_was_given_up_before_is_a_gap_that_is_counted(void)
{
	struct wl_log_begin found;

	begin(6);
	append_segments(3);
	CU_ASSERT_FATAL(wl_log_find_begin(&fixture.log, UINT64_MAX,
					  2 * fixture.config.segment_bytes + WL_BLOCK_BYTES,
					  &found));
	wl_log_give_up(&fixture.log, &found);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_IDLE);
	CU_ASSERT_EQUAL(archiver.gaps, 1);
	CU_ASSERT_EQUAL(archiver.gap_first, 1);
	CU_ASSERT_EQUAL(archiver.gap_last, found.position.index);
	CU_ASSERT_EQUAL(range_count, 1);
	CU_ASSERT_EQUAL(ranges[0].before.position.index, found.position.index);
	end();
}

static void damage_of_the_medium_is_told_and_nothing_goes(void)
{
	begin(6);
	append_segments(3);
	log_fixture_platter(&fixture, WL_BLOCK_BYTES)[100] ^= 1;
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_WANTS_REST);
	CU_ASSERT_EQUAL(archiver.verdict, WL_ARCHIVE_ENTRY);
	CU_ASSERT_EQUAL(archiver.keep_offset, 0);
	log_fixture_platter(&fixture, WL_BLOCK_BYTES)[100] ^= 1;
	wl_archiver_retry(&archiver);
	CU_ASSERT_EQUAL(drive(fixture.log.durable.index), WL_ARCHIVER_IDLE);
	CU_ASSERT_EQUAL(range_count, 3);
	end();
}

WL_SUITE(archiver)
{
	WL_TEST(closed_segments_become_ranges_and_the_open_one_is_kept),
	WL_TEST(what_is_not_applied_is_not_archived),
	WL_TEST(a_failure_at_any_job_lets_nothing_go_and_it_goes_on),
	WL_TEST(a_new_process_goes_on_where_the_archive_ends),
	WL_TEST(a_log_that_is_made_anew_goes_on_the_same),
	WL_TEST(an_archive_of_another_history_stops_it_and_all_is_kept),
	WL_TEST(an_archive_of_another_node_stops_it),
	WL_TEST(what_was_given_up_before_is_a_gap_that_is_counted),
	WL_TEST(damage_of_the_medium_is_told_and_nothing_goes),
};
