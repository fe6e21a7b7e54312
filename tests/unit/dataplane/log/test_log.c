/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;

static void begin(uint64_t segments_max)
{
	log_fixture_init(&fixture, segments_max);
	log_fixture_settle(&fixture);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	log_fixture_fini(&fixture);
}

static void sealed_entry_is_the_tail_and_decodes(void)
{
	struct wl_record_header record = {5, 1, 13, WL_RECORD_DATA},
				opened = {9, 1, 0, WL_RECORD_OPEN_SESSION};
	struct wl_entry_header header;
	uint64_t number = 99;
	const uint8_t *image;
	uint32_t bytes;

	begin(2);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 4, 77, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &opened, NULL, &number), WL_LOG_OK);
	CU_ASSERT_EQUAL(number, 0);
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &record, (const uint8_t *)"thirteen byte",
					  &number),
			WL_LOG_OK);
	CU_ASSERT_EQUAL(number, 1);
	CU_ASSERT_TRUE(wl_position_equal(wl_log_seal_entry(the_log), (struct wl_position){4, 1}));

	image = wl_log_image_in_ring(the_log, 1, &bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(header.data_count, 1);
	CU_ASSERT_EQUAL(header.record_count, 2);
	CU_ASSERT_EQUAL(the_log->next_number, 2);
	CU_ASSERT_EQUAL(the_log->tail_chain, wl_entry_chain(image));
	end();
}

static void follower_makes_the_same_log_from_images(void)
{
	uint64_t chain;
	size_t size;

	begin(2);
	for (unsigned at = 0; at < 5; at++) {
		size = log_fixture_make_image(&fixture, 3, 1 + 100 * at);
		CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
		chain = wl_entry_chain(fixture.image);
		CU_ASSERT_EQUAL(the_log->tail_chain, chain);
	}
	CU_ASSERT_EQUAL(the_log->tail.index, 5);
	CU_ASSERT_EQUAL(the_log->next_number, 6);
	end();
}

static void image_that_does_not_continue_the_tail_is_refused(void)
{
	size_t size;

	begin(2);
	log_fixture_append(&fixture, 3, 10);
	size = log_fixture_make_image(&fixture, 3, 10);
	log_fixture_append(&fixture, 3, 11);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size),
			WL_LOG_DAMAGED); /* scratch reused */
	wl_log_truncate(the_log, 1);
	size = log_fixture_make_image(&fixture, 4, 10);
	wl_store_u64(fixture.image + 48, 1234); /* previous chain */
	wl_store_u32(fixture.image + 92, wl_crc32c(fixture.image, 92));
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_NOT_NEXT);
	size = log_fixture_make_image(&fixture, 2, 10); /* a term below the tail's */
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_NOT_NEXT);
	end();
}

static void image_that_fails_its_checksum_or_is_foreign_is_refused(void)
{
	size_t size;

	begin(2);
	size = log_fixture_make_image(&fixture, 3, 10);
	fixture.image[WL_ENTRY_HEADER_BYTES + 30] ^= 1;
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_DAMAGED);
	size = log_fixture_make_image(&fixture, 3, 10);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size - 1), WL_LOG_DAMAGED);
	wl_store_u32(fixture.image + 16, FIXTURE_JOURNAL + 1);
	wl_store_u32(fixture.image + 92, wl_crc32c(fixture.image, 92));
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_DAMAGED);
	CU_ASSERT_EQUAL(the_log->tail.index, 0);
	end();
}

static void nothing_is_appended_before_there_is_a_segment(void)
{
	log_fixture_init(&fixture, 2);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_NO_SEGMENT);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(the_log->segments_ready, 2 + FIXTURE_KEPT_SEGMENTS);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_OK);
	wl_log_abandon_entry(the_log);
	end();
}

static void entry_is_full_at_its_target_but_takes_any_first_record(void)
{
	struct wl_record_header small = {5, 1, 100, WL_RECORD_DATA};
	struct wl_record_header huge = {5, 2, WIRELOG_RECORD_BYTES_MAX, WL_RECORD_DATA};
	uint64_t number;

	begin(2);
	memset(fixture.image, 1, WIRELOG_RECORD_BYTES_MAX);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &small, fixture.image, &number), WL_LOG_OK);
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &huge, fixture.image, &number),
			WL_LOG_ENTRY_FULL);
	wl_log_seal_entry(the_log);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &huge, fixture.image, &number), WL_LOG_OK);
	CU_ASSERT_TRUE(wl_log_entry_is_full(the_log));
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &small, fixture.image, &number),
			WL_LOG_ENTRY_FULL);
	wl_log_seal_entry(the_log);
	CU_ASSERT_EQUAL(the_log->next_number, 3);
	end();
}

static void durable_counts_only_a_contiguous_front(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 10);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 1);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	CU_ASSERT_EQUAL_FATAL(fixture.drive.pending_count, 3);

	memory_drive_complete(&fixture.drive, 2, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_EQUAL(the_log->durable.index, 0);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_EQUAL(the_log->durable.index, 1);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_EQUAL(the_log->durable.index, 3);
	end();
}

static void completion_of_a_truncated_entry_credits_nothing_that_replaced_it(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	wl_log_truncate(the_log, 1);
	log_fixture_append(&fixture, 2, 10);
	log_fixture_append(&fixture, 2, 10);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	CU_ASSERT_EQUAL(the_log->generation, 1);

	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, (struct wl_position){1, 1}));
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, (struct wl_position){2, 3}));
	CU_ASSERT_EQUAL(the_log->dead_count, 1);
	end();
}

static void truncation_below_durable_lowers_durable_with_its_term(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_append(&fixture, 2, 10);
	log_fixture_append(&fixture, 5, 10);
	log_fixture_settle(&fixture);
	wl_log_truncate(the_log, 2);
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, (struct wl_position){2, 2}));
	CU_ASSERT_TRUE(wl_position_equal(the_log->tail, (struct wl_position){2, 2}));
	wl_log_truncate(the_log, 0);
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, (struct wl_position){0, 0}));
	CU_ASSERT_EQUAL(the_log->next_number, 1);
	CU_ASSERT_EQUAL(the_log->tail_chain,
			wl_entry_chain_origin(FIXTURE_CLUSTER, FIXTURE_JOURNAL));
	log_fixture_append(&fixture, 6, 10);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(the_log->durable.index, 1);
	end();
}

static void stale_and_repeated_completions_are_not_believed(void)
{
	struct wl_disk_completion completion = {.verb = WL_DISK_WRITE};

	begin(2);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	completion.offset = completion.cookie = fixture.drive.pending[0].request.offset;
	completion.bytes = fixture.drive.pending[0].request.bytes;
	wl_log_on_written(the_log, &completion);
	CU_ASSERT_EQUAL(the_log->durable.index, 1);
	log_fixture_append(&fixture, 1, 10);
	wl_log_on_written(the_log, &completion);
	completion.offset = completion.cookie = the_log->append_offset & ~4095ull;
	wl_log_on_written(the_log, &completion); /* still open */
	CU_ASSERT_EQUAL(the_log->durable.index, 1);
	CU_ASSERT_EQUAL(the_log->writes_in_flight, 0);
	end();
}

static void failed_write_poisons_for_good(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_FAILED);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_TRUE(the_log->poisoned);
	CU_ASSERT_EQUAL(the_log->durable.index, 0);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_POISONED);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, 8), WL_LOG_POISONED);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 0);
	end();
}

static void write_that_was_not_begun_is_handed_out_again_and_poisons_nobody(void)
{
	uint64_t first;

	begin(2);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	first = fixture.drive.pending[0].request.offset;
	log_fixture_append(&fixture, 1, 20);
	log_fixture_submit(&fixture);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_NOT_BEGUN);
	fixture.drive.done[0].error = EMFILE;
	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_FALSE(the_log->poisoned);
	CU_ASSERT_EQUAL(the_log->open_error, EMFILE);
	CU_ASSERT_EQUAL(the_log->open_error_offset, first);
	CU_ASSERT_EQUAL(the_log->durable.index, 0);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	/* Not at once, and what is appended meanwhile waits, too. */
	log_fixture_append(&fixture, 1, 30);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 0);

	wl_log_retry_writes(the_log);
	log_fixture_submit(&fixture);
	CU_ASSERT_EQUAL(fixture.drive.pending[0].request.offset, first);
	log_fixture_settle(&fixture);

	CU_ASSERT_EQUAL(the_log->durable.index, 3);
	CU_ASSERT_EQUAL(the_log->open_error, 0);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	end();
}

static void truncation_finds_what_came_back_in_its_place(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_settle(&fixture);
	log_fixture_append(&fixture, 1, 10);
	log_fixture_submit(&fixture);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_NOT_BEGUN);
	log_fixture_reap(&fixture);
	wl_log_truncate(the_log, 1);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	log_fixture_append(&fixture, 2, 10);
	wl_log_retry_writes(the_log);
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, (struct wl_position){2, 2}));
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	end();
}

static void short_write_poisons(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 9000);
	log_fixture_submit(&fixture);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	fixture.drive.done[0].bytes -= WL_BLOCK_BYTES;
	log_fixture_reap(&fixture);
	CU_ASSERT_TRUE(the_log->poisoned);
	end();
}

static void at_most_eight_writes_are_in_flight_and_the_rest_gathers_in_one(void)
{
	begin(2);
	for (unsigned at = 0; at < 20; at++) {
		log_fixture_append(&fixture, 1, 10);
		log_fixture_submit(&fixture);
	}
	CU_ASSERT_EQUAL(the_log->writes_in_flight, WL_WRITES_IN_FLIGHT_MAX);
	CU_ASSERT_EQUAL(the_log->chunk_count, WL_WRITES_IN_FLIGHT_MAX + 1);
	memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
	log_fixture_reap(&fixture);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 1);
	CU_ASSERT_EQUAL(the_log->chunk_count, WL_WRITES_IN_FLIGHT_MAX);
	end();
}

static void open_entry_keeps_its_chunk_from_the_disk(void)
{
	begin(2);
	log_fixture_append(&fixture, 1, 10);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 0);
	wl_log_abandon_entry(the_log);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 1);
	CU_ASSERT_EQUAL(log_fixture_submit(&fixture), 0); /* an empty chunk is not written */
	end();
}

static void ring_is_not_overwritten_before_it_is_durable(void)
{
	enum wl_log_result result = WL_LOG_OK;
	const uint8_t *image;
	uint32_t bytes;

	begin(3);
	log_fixture_append(&fixture, 1, 1000);
	for (unsigned at = 0; at < 20 && result == WL_LOG_OK; at++) {
		size_t size = log_fixture_make_image(&fixture, 1, 900000);

		result = wl_log_append_image(the_log, fixture.image, size);
		log_fixture_submit(&fixture);
	}
	CU_ASSERT_EQUAL(result, WL_LOG_NO_ROOM);
	CU_ASSERT_PTR_NOT_NULL(wl_log_image_in_ring(the_log, 1, &bytes));
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	log_fixture_settle(&fixture);
	log_fixture_append(&fixture, 1, 900000);
	image = wl_log_image_in_ring(the_log, 1, &bytes);
	CU_ASSERT_PTR_NULL(image);
	end();
}

/* The device gets full when this many segments are there. */
static void begin_full_at(uint64_t segments)
{
	log_fixture_init(&fixture, segments + 2);
	while (the_log->segments_ready < segments) {
		log_fixture_submit(&fixture);
		memory_drive_complete(&fixture.drive, 0, WL_DISK_OK);
		log_fixture_reap(&fixture);
	}
	fixture.drive.full = true;
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(the_log->segments_ready, segments);
	CU_ASSERT_FALSE(the_log->no_space);
}

static void fill_with_records(uint32_t payload_bytes)
{
	enum wl_log_result result;

	do {
		size_t size = log_fixture_make_image(&fixture, 1, payload_bytes);

		result = wl_log_append_image(the_log, fixture.image, size);
		log_fixture_settle(&fixture);
	} while (result == WL_LOG_OK);
	CU_ASSERT_EQUAL(result, WL_LOG_NO_SPACE);
}

static void full_device_refuses_only_when_the_room_is_used_up_and_resumes(void)
{
	uint64_t before;
	size_t size;

	begin_full_at(1 + FIXTURE_KEPT_SEGMENTS);
	fill_with_records(500000);
	CU_ASSERT_TRUE(the_log->no_space && wl_log_is_full(the_log));
	before = the_log->tail.index;
	CU_ASSERT_TRUE(before > 10);

	size = log_fixture_make_image(&fixture, 1, 500000);
	wl_log_retry_space(the_log);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_NO_SPACE);
	fixture.drive.full = false;
	wl_log_retry_space(the_log);
	log_fixture_settle(&fixture);
	CU_ASSERT_FALSE(the_log->no_space || wl_log_is_full(the_log));
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
	end();
}

static void full_log_has_room_for_as_many_first_entries_as_are_kept(void)
{
	uint64_t term = 1, left;

	begin_full_at(1 + FIXTURE_KEPT_SEGMENTS);
	fill_with_records(2000);
	left = wl_log_elections_left(the_log);
	CU_ASSERT_TRUE_FATAL(left >= WL_LOG_KEPT_ELECTIONS);

	while (wl_log_open_entry(the_log, WL_ENTRY_TERM_START, term + 1, 0, 0) == WL_LOG_OK) {
		wl_log_seal_entry(the_log);
		log_fixture_settle(&fixture);
		term++;
		if (term % 1000 == 0)
			CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, term, 0, 0),
					WL_LOG_NO_SPACE);
	}

	CU_ASSERT_EQUAL(term - 1, left);
	CU_ASSERT_EQUAL(wl_log_elections_left(the_log), 0);
	CU_ASSERT_EQUAL(the_log->durable.term, term);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	end();
}

static void no_record_is_taken_before_the_kept_room_is_there(void)
{
	begin_full_at(FIXTURE_KEPT_SEGMENTS - 1);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_NO_SPACE);
	CU_ASSERT_EQUAL(wl_log_record_room(the_log), 0);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_TERM_START, 1, 0, 0), WL_LOG_OK);
	wl_log_seal_entry(the_log);
	fixture.drive.full = false;
	wl_log_retry_space(the_log);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_OK);
	wl_log_abandon_entry(the_log);
	end();
}

static void full_table_of_terms_is_no_room_for_an_election(void)
{
	uint32_t terms;

	begin(2);
	log_fixture_append(&fixture, 1, 5);
	CU_ASSERT_TRUE(wl_log_elections_left(the_log) > 1 && wl_log_may_start_term(the_log));
	terms = the_log->term_count;
	the_log->term_count = WL_LOG_TERMS_MAX - 1;
	CU_ASSERT_EQUAL(wl_log_elections_left(the_log), 1);
	the_log->term_count = WL_LOG_TERMS_MAX;
	CU_ASSERT_EQUAL(wl_log_elections_left(the_log), 0);
	CU_ASSERT_FALSE(wl_log_may_start_term(the_log));
	CU_ASSERT_EQUAL(wl_log_terms_left(the_log), 0);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_TERM_START, 6, 0, 0), WL_LOG_NO_SPACE);
	the_log->term_count = terms;
	end();
}

/* What a leader counts on: no log uses up more for an entry than its cost. */
static void entries_never_use_up_more_than_their_cost(void)
{
	static const uint32_t payloads[] = {1, 900000, 3900, 100, 4096, 1000000, 60000, 8};

	begin(6);
	for (unsigned at = 0; at < 40; at++) {
		uint64_t cost = the_log->cost, room = wl_log_record_room(the_log);
		struct wl_position tail = log_fixture_append(&fixture, 1, payloads[at % 8]);

		CU_ASSERT_EQUAL(tail.index, at + 1);
		CU_ASSERT_TRUE(room - wl_log_record_room(the_log) <= the_log->cost - cost);
		log_fixture_settle(&fixture);
	}
	end();
}

static void stream_ends_at_bytes_max_with_a_distinct_result(void)
{
	begin(1);
	fill_with_records(900000);
	CU_ASSERT_TRUE(the_log->append_offset + WL_LOG_KEPT_BYTES <= fixture.config.bytes_max);
	end();
}

static void terms_are_exact_for_every_index(void)
{
	static const uint64_t terms[] = {1, 1, 1, 4, 4, 6, 9, 9, 9, 9};
	uint64_t term;

	begin(2);
	for (unsigned at = 0; at < 10; at++)
		log_fixture_append(&fixture, terms[at], 5);
	for (unsigned at = 0; at < 10; at++) {
		CU_ASSERT_TRUE(wl_log_term_at(the_log, at + 1, &term) == WL_LOG_KNOWN);
		CU_ASSERT_EQUAL(term, terms[at]);
	}
	CU_ASSERT_TRUE(wl_log_term_at(the_log, 0, &term) == WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(term, 0);
	CU_ASSERT_EQUAL(wl_log_term_at(the_log, 11, &term), WL_LOG_BEYOND);
	CU_ASSERT_EQUAL(wl_log_first_index_of_term(the_log, 4), 4);
	CU_ASSERT_EQUAL(wl_log_first_index_of_term(the_log, 5), 6);
	CU_ASSERT_EQUAL(wl_log_first_index_of_term(the_log, 1), 1);
	CU_ASSERT_EQUAL(wl_log_first_index_of_term(the_log, 10), 11);
	end();
}

static void marks_find_index_number_and_time(void)
{
	begin(2);
	CU_ASSERT_PTR_NULL(wl_log_mark_by_index(the_log, 1));
	for (unsigned at = 0; at < 300; at++) {
		log_fixture_append(&fixture, 1, 4000);
		if (at % 5 == 4)
			log_fixture_settle(&fixture);
	}
	CU_ASSERT_TRUE(the_log->mark_count > 5);
	for (uint64_t index = 1; index <= 300; index++) {
		const struct wl_log_mark *mark = wl_log_mark_by_index(the_log, index);

		CU_ASSERT_TRUE(mark && mark->index <= index);
		CU_ASSERT_TRUE(mark ==
			       wl_log_mark_by_number(the_log, index)); /* one record an entry */
		CU_ASSERT_TRUE(!wl_log_mark_behind(the_log, mark) ||
			       wl_log_mark_behind(the_log, mark)->index > index);
		CU_ASSERT_TRUE(mark == wl_log_mark_by_time(the_log, 1000 * (index - 1)));
	}
	end();
}

static void time_never_falls_though_the_clock_does(void)
{
	struct wl_entry_header header;
	uint32_t bytes;

	begin(2);
	for (unsigned at = 0; at < 3; at++) {
		CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_TERM_START, 1, 1000 - at, 0),
				WL_LOG_OK);
		wl_log_seal_entry(the_log);
	}
	wl_entry_decode_header(wl_log_image_in_ring(the_log, 3, &bytes), WL_ENTRY_HEADER_BYTES,
			       &header);
	CU_ASSERT_EQUAL(header.timestamp_ns, 1000);
	wl_log_truncate(the_log, 2);
	CU_ASSERT_EQUAL(the_log->last_timestamp_ns, 1000);
	end();
}

static void impossible_calls_stop(void)
{
	begin(2);
	log_fixture_append(&fixture, 3, 5);
	WL_ASSERT_STOPS(wl_log_truncate(the_log, 1));
	WL_ASSERT_STOPS((void)wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 2, 0, 0));
	WL_ASSERT_STOPS(wl_log_abandon_entry(the_log));
	end();
}

WL_SUITE(log)
{
	WL_TEST(sealed_entry_is_the_tail_and_decodes),
	WL_TEST(follower_makes_the_same_log_from_images),
	WL_TEST(image_that_does_not_continue_the_tail_is_refused),
	WL_TEST(image_that_fails_its_checksum_or_is_foreign_is_refused),
	WL_TEST(nothing_is_appended_before_there_is_a_segment),
	WL_TEST(entry_is_full_at_its_target_but_takes_any_first_record),
	WL_TEST(durable_counts_only_a_contiguous_front),
	WL_TEST(completion_of_a_truncated_entry_credits_nothing_that_replaced_it),
	WL_TEST(truncation_below_durable_lowers_durable_with_its_term),
	WL_TEST(stale_and_repeated_completions_are_not_believed),
	WL_TEST(failed_write_poisons_for_good),
	WL_TEST(write_that_was_not_begun_is_handed_out_again_and_poisons_nobody),
	WL_TEST(truncation_finds_what_came_back_in_its_place),
	WL_TEST(short_write_poisons),
	WL_TEST(at_most_eight_writes_are_in_flight_and_the_rest_gathers_in_one),
	WL_TEST(open_entry_keeps_its_chunk_from_the_disk),
	WL_TEST(ring_is_not_overwritten_before_it_is_durable),
	WL_TEST(full_device_refuses_only_when_the_room_is_used_up_and_resumes),
	WL_TEST(full_log_has_room_for_as_many_first_entries_as_are_kept),
	WL_TEST(no_record_is_taken_before_the_kept_room_is_there),
	WL_TEST(full_table_of_terms_is_no_room_for_an_election),
	WL_TEST(entries_never_use_up_more_than_their_cost),
	WL_TEST(stream_ends_at_bytes_max_with_a_distinct_result),
	WL_TEST(terms_are_exact_for_every_index),
	WL_TEST(marks_find_index_number_and_time),
	WL_TEST(time_never_falls_though_the_clock_does),
	WL_TEST(impossible_calls_stop),
};
