/* SPDX-License-Identifier: BSD-3-Clause */
/* A log gives up its oldest entries: what it still answers, what goes from the medium, and what every table keeps. */
#include <errno.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define ENTRIES_MAX 4096u
#define SEGMENTS 8u /* for records */

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static uint64_t chains[ENTRIES_MAX], terms[ENTRIES_MAX], numbers[ENTRIES_MAX];

static void expect_whole(void)
{
	const char *broken = wl_log_check(the_log);

	CU_ASSERT_PTR_NULL(broken);
	if (broken)
		CU_FAIL_FATAL("invariant");
}

static void begin(void)
{
	log_fixture_init(&fixture, SEGMENTS);
	log_fixture_settle(&fixture);
	chains[0] = the_log->tail_chain;
	terms[0] = 0;
}

static void end(void)
{
	expect_whole();
	log_fixture_fini(&fixture);
}

static void append(uint64_t term, uint32_t payload_bytes)
{
	uint64_t number = the_log->next_number;
	uint64_t index = log_fixture_append(&fixture, term, payload_bytes).index;

	CU_ASSERT_TRUE_FATAL(index < ENTRIES_MAX);
	chains[index] = the_log->tail_chain;
	terms[index] = term;
	numbers[index] = number;
	log_fixture_settle(&fixture);
}

static uint64_t segment_of(uint64_t offset)
{
	return offset / the_log->config.segment_bytes;
}

/* Large entries until one stands in the next segment. */
static void fill_segment(uint64_t term)
{
	uint64_t segment = segment_of(the_log->append_offset), newest;

	do {
		append(term, 900000);
		newest = the_log->slots[the_log->tail.index % WL_LOG_ENTRIES_IN_RING].offset;
	} while (segment_of(newest) <= segment);
}

static void give_up(uint64_t number, uint64_t keep_offset)
{
	struct wl_log_begin found;

	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(the_log, number, keep_offset, &found));
	wl_log_give_up(the_log, &found);
	expect_whole();
}

static void expect_readable(void)
{
	uint64_t first = the_log->begin.position.index + 1, at = first;
	struct wl_reader_view view;
	struct wl_reader reader;

	wl_reader_init(&reader, the_log, first, 1);
	for (; at <= the_log->tail.index; at++) {
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture, &reader, the_log->tail.index,
						       &view),
				      WL_READER_ENTRY);
		CU_ASSERT_EQUAL_FATAL(view.header.index, at);
		CU_ASSERT_EQUAL_FATAL(wl_entry_chain(view.image), chains[at]);
	}
	if (first == 1)
		return;
	wl_reader_seek(&reader, first - 1);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, the_log->tail.index, &view),
			WL_READER_GONE);
}

static void expect_terms(void)
{
	uint64_t first = the_log->begin.position.index, term;

	for (uint64_t index = first; index <= the_log->tail.index; index++) {
		CU_ASSERT_EQUAL_FATAL(wl_log_term_at(the_log, index, &term), WL_LOG_KNOWN);
		CU_ASSERT_EQUAL_FATAL(term, terms[index]);
	}
	if (first != 0)
		CU_ASSERT_EQUAL(wl_log_term_at(the_log, first - 1, &term), WL_LOG_BELOW);
	CU_ASSERT_EQUAL(wl_log_term_at(the_log, the_log->tail.index + 1, &term), WL_LOG_BEYOND);
}

static void a_whole_log_begins_before_its_first_entry(void)
{
	struct wl_log_begin found;
	uint64_t chain;

	begin();
	CU_ASSERT_EQUAL(the_log->begin.position.index, 0);
	CU_ASSERT_EQUAL(the_log->begin.next_number, 1);
	CU_ASSERT_EQUAL(wl_log_chain_at(the_log, 0, &chain), WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(chain, wl_entry_chain_origin(FIXTURE_CLUSTER, FIXTURE_JOURNAL));
	CU_ASSERT_FALSE(wl_log_find_begin(the_log, 1, UINT64_MAX, &found));
	append(1, 100);
	append(1, 100);
	/* Nothing is given up below a segment. */
	CU_ASSERT_FALSE(wl_log_find_begin(the_log, 3, UINT64_MAX, &found));
	CU_ASSERT_EQUAL(wl_log_chain_at(the_log, 3, &chain), WL_LOG_BEYOND);
	end();
}

static void what_was_given_up_is_below_and_the_entry_before_the_first_is_known(void)
{
	uint64_t term, chain, last, index;
	const struct wl_log_mark *mark;
	uint32_t bytes;

	begin();
	append(1, 100);
	fill_segment(1);
	fill_segment(2);
	fill_segment(2);
	give_up(UINT64_MAX, the_log->config.segment_bytes * 2 + WL_BLOCK_BYTES);
	last = the_log->begin.position.index;
	CU_ASSERT_EQUAL(segment_of(the_log->begin.offset), 2);
	CU_ASSERT_EQUAL(the_log->begin.position.term, terms[last]);
	CU_ASSERT_EQUAL(the_log->begin.chain, chains[last]);
	CU_ASSERT_EQUAL(the_log->begin.next_number, numbers[last + 1]);
	CU_ASSERT_EQUAL(the_log->begin.timestamp_ns, 1000 * (last - 1));
	CU_ASSERT_EQUAL(wl_log_term_at(the_log, last - 1, &term), WL_LOG_BELOW);
	CU_ASSERT_EQUAL(wl_log_chain_at(the_log, last - 1, &chain), WL_LOG_BELOW);
	CU_ASSERT_EQUAL(wl_log_chain_at(the_log, last, &chain), WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(chain, chains[last]);
	for (index = 1; index <= last; index++)
		CU_ASSERT_PTR_NULL(wl_log_image_in_ring(the_log, index, &bytes));
	CU_ASSERT_PTR_NULL(wl_log_mark_by_index(the_log, last));
	CU_ASSERT_PTR_NULL(wl_log_mark_by_number(the_log, numbers[last]));
	mark = wl_log_mark_by_index(the_log, last + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mark);
	CU_ASSERT_EQUAL(mark->index, last + 1);
	CU_ASSERT_EQUAL(wl_log_time_of_number(the_log, numbers[last]), 0);
	CU_ASSERT_EQUAL(wl_log_time_of_number(the_log, numbers[last + 1]), 1000 * last);
	CU_ASSERT_EQUAL(wl_log_first_index_of_term(the_log, 1), last + 1);
	expect_terms();
	expect_readable();
	end();
}

static void the_highest_begin_keeps_the_number_and_the_offset(void)
{
	struct wl_log_begin found;
	uint64_t offsets[ENTRIES_MAX];

	begin();
	for (unsigned segment = 0; segment < 5; segment++)
		fill_segment(1 + segment);
	for (uint64_t index = 1; index <= the_log->tail.index; index++)
		offsets[index] = the_log->slots[index].offset - the_log->slots[index].in_chunk;
	for (uint64_t index = 1; index <= the_log->tail.index; index++) {
		uint64_t segment = segment_of(offsets[index]);
		bool by_number = wl_log_find_begin(the_log, numbers[index], UINT64_MAX, &found);

		CU_ASSERT_EQUAL(by_number, segment != 0);
		if (by_number) {
			CU_ASSERT_EQUAL(segment_of(found.offset), segment);
			CU_ASSERT_TRUE(found.next_number <= numbers[index]);
			CU_ASSERT_NOT_EQUAL(segment_of(offsets[found.position.index]), segment);
		}
		CU_ASSERT_EQUAL(wl_log_find_begin(the_log, UINT64_MAX, offsets[index], &found),
				segment != 0);
		if (segment != 0)
			CU_ASSERT_EQUAL(segment_of(found.offset), segment);
		found.offset = 0;
		wl_log_find_begin(the_log, UINT64_MAX, offsets[index] - 1, &found);
		CU_ASSERT_TRUE(found.offset < offsets[index]);
	}
	end();
}

static void segments_are_forgotten_oldest_first_one_at_a_time(void)
{
	struct wl_disk_completion completion = {.verb = WL_DISK_FORGET, .status = WL_DISK_FAILED};
	struct wl_disk_request request;

	begin();
	for (unsigned segment = 0; segment < 3; segment++)
		fill_segment(1);
	CU_ASSERT_EQUAL(wl_log_want_forgets(the_log, &request, 1), 0);
	give_up(UINT64_MAX, UINT64_MAX);
	CU_ASSERT_EQUAL(segment_of(the_log->begin.offset), 3);
	CU_ASSERT_EQUAL(wl_log_want_forgets(the_log, &request, 0), 0);
	for (uint64_t segment = 0; segment < 3; segment++) {
		CU_ASSERT_EQUAL_FATAL(wl_log_want_forgets(the_log, &request, 1), 1);
		CU_ASSERT_EQUAL(request.verb, WL_DISK_FORGET);
		CU_ASSERT_EQUAL(request.journal, FIXTURE_JOURNAL);
		CU_ASSERT_EQUAL(request.offset, segment * the_log->config.segment_bytes);
		CU_ASSERT_EQUAL(wl_log_want_forgets(the_log, &request, 1), 0);
		completion.offset = request.offset;
		completion.cookie = request.cookie;
		completion.status = WL_DISK_FAILED;
		completion.error = EACCES;
		wl_log_on_forgotten(the_log, &completion);
		CU_ASSERT_EQUAL(the_log->first_segment, segment);
		CU_ASSERT_EQUAL(the_log->forget_error, EACCES);
		CU_ASSERT_EQUAL(wl_log_want_forgets(the_log, &request, 1), 0);
		wl_log_retry_forgets(the_log);
		CU_ASSERT_EQUAL(wl_log_want_forgets(the_log, &request, 1), 1);
		completion.status = WL_DISK_OK;
		wl_log_on_forgotten(the_log, &completion); /* of the request before */
		CU_ASSERT_EQUAL(the_log->first_segment, segment);
		completion.cookie = request.cookie;
		wl_log_on_forgotten(the_log, &completion);
		wl_log_on_forgotten(the_log, &completion);
		CU_ASSERT_EQUAL(the_log->first_segment, segment + 1);
		CU_ASSERT_EQUAL(the_log->forget_error, 0);
		expect_whole();
	}
	CU_ASSERT_EQUAL(wl_log_want_forgets(the_log, &request, 1), 0);
	end();
}

static void the_limit_is_of_what_is_kept(void)
{
	uint64_t tail;

	begin();
	while (!wl_log_is_full(the_log))
		append(1, 900000);
	tail = the_log->tail.index;
	CU_ASSERT_FALSE(wl_log_can_grow(the_log));
	give_up(numbers[tail / 2], UINT64_MAX);
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(the_log->first_segment != 0);
	CU_ASSERT_EQUAL(the_log->first_segment, fixture.drive.first_segment);
	CU_ASSERT_FALSE(wl_log_is_full(the_log));
	while (!wl_log_is_full(the_log))
		append(2, 900000);
	CU_ASSERT_TRUE(the_log->tail.index > tail);
	CU_ASSERT_EQUAL(the_log->segments_ready - the_log->first_segment,
			SEGMENTS + FIXTURE_KEPT_SEGMENTS);
	expect_readable();
	end();
}

/* The newest `count` entries give way to one of another term; half of the time it comes to stand in the next segment. */
static void replace(uint64_t term, uint64_t count, unsigned round)
{
	wl_log_truncate(the_log, the_log->tail.index - count);
	append(term, round % 2 ? 100 : 900000);
}

static void forty_segments_come_and_go_with_truncations_between(void)
{
	uint64_t term = 1, gone = 0;

	begin();
	for (unsigned round = 0; round < 40; round++) {
		fill_segment(term);
		append(term, 50);
		append(term, 50);
		replace(++term, 1 + round % 3, round);
		expect_whole();
		if (round < 3)
			continue;
		gone = the_log->begin.position.index;
		give_up(numbers[the_log->tail.index] - 12, UINT64_MAX);
		CU_ASSERT_TRUE(the_log->begin.position.index > gone);
		log_fixture_settle(&fixture);
		CU_ASSERT_EQUAL(the_log->first_segment, segment_of(the_log->begin.offset));
		expect_terms();
		if (round % 4 == 0)
			expect_readable();
	}
	CU_ASSERT_TRUE(the_log->first_segment >= 36);
	CU_ASSERT_TRUE(the_log->segments_ready - the_log->first_segment <=
		       SEGMENTS + FIXTURE_KEPT_SEGMENTS);
	expect_readable();
	end();
}

static void truncation_to_the_beginning_leaves_the_beginning(void)
{
	struct wl_log_begin before;

	begin();
	fill_segment(1);
	append(1, 60);
	append(1, 60);
	give_up(UINT64_MAX, UINT64_MAX);
	before = the_log->begin;
	wl_log_truncate(the_log, before.position.index);
	expect_whole();
	CU_ASSERT_TRUE(wl_position_equal(the_log->tail, before.position));
	CU_ASSERT_EQUAL(the_log->tail_chain, before.chain);
	CU_ASSERT_EQUAL(the_log->next_number, before.next_number);
	CU_ASSERT_EQUAL(the_log->last_timestamp_ns, before.timestamp_ns);
	CU_ASSERT_PTR_NULL(wl_log_mark_by_index(the_log, UINT64_MAX));
	for (unsigned at = 0; at < 3; at++)
		append(5, 70);
	expect_terms();
	expect_readable();
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(the_log->first_segment, 1);
	end();
}

static void terms_are_bounded_by_what_is_kept(void)
{
	uint64_t term = 1;

	begin();
	for (unsigned lap = 0; lap < 2; lap++) {
		while (wl_log_terms_left(the_log) != 0) {
			if (wl_log_open_entry(the_log, WL_ENTRY_TERM_START, term, 0, 0) ==
			    WL_LOG_OK) {
				wl_log_seal_entry(the_log);
				term++;
			} else {
				log_fixture_settle(&fixture);
			}
		}
		log_fixture_settle(&fixture);
		expect_whole();
		CU_ASSERT_EQUAL(the_log->term_count, WL_LOG_TERMS_MAX);
		CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_TERM_START, term, 0, 0),
				WL_LOG_NO_SPACE);
		give_up(UINT64_MAX, UINT64_MAX);
		CU_ASSERT_TRUE(the_log->term_count < WL_LOG_TERMS_MAX / 2);
		log_fixture_settle(&fixture);
		for (uint64_t index = the_log->begin.position.index; index <= the_log->tail.index;
		     index++) {
			uint64_t found;

			CU_ASSERT_EQUAL_FATAL(wl_log_term_at(the_log, index, &found), WL_LOG_KNOWN);
			CU_ASSERT_EQUAL_FATAL(found, index);
		}
	}
	end();
}

/* Every mark tells what is true of its entry, and the first one of a segment is its first live entry. */
static void expect_marks(void)
{
	for (uint32_t at = 0; at < the_log->mark_count; at++) {
		const struct wl_log_mark *mark = wl_log_mark_entry(the_log, at);

		CU_ASSERT_EQUAL_FATAL(mark->previous_chain, chains[mark->index - 1]);
		CU_ASSERT_EQUAL_FATAL(mark->first_number, numbers[mark->index]);
	}
}

static void a_full_table_of_marks_doubles_their_distance(void)
{
	uint64_t first;

	begin();
	the_log->mark_max = 12;
	for (unsigned segment = 0; segment < SEGMENTS - 1; segment++)
		fill_segment(1 + segment / 2);
	CU_ASSERT_TRUE(the_log->mark_bytes > WL_LOG_MARK_BYTES);
	CU_ASSERT_TRUE(the_log->mark_bytes <= the_log->config.segment_bytes);
	CU_ASSERT_TRUE(the_log->mark_count <= 12);
	expect_whole();
	expect_marks();
	/* Each segment still has its first. */
	for (uint64_t segment = SEGMENTS - 1; segment >= 1; segment--) {
		struct wl_log_begin found;

		CU_ASSERT_TRUE_FATAL(wl_log_find_begin(
			the_log, UINT64_MAX,
			segment * the_log->config.segment_bytes + WL_BLOCK_BYTES, &found));
		CU_ASSERT_EQUAL(segment_of(found.offset), segment);
	}
	expect_readable();
	first = numbers[the_log->tail.index / 2];
	give_up(first, UINT64_MAX);
	log_fixture_settle(&fixture);
	expect_marks();
	expect_readable();
	end();
}

static void where_segments_outnumber_marks_the_log_begins_at_some_of_them(void)
{
	begin();
	the_log->mark_max = 4;
	for (unsigned segment = 0; segment < SEGMENTS - 1; segment++) {
		fill_segment(1);
		expect_whole();
		expect_marks();
	}
	CU_ASSERT_TRUE(the_log->mark_bytes > the_log->config.segment_bytes);
	expect_readable();
	give_up(UINT64_MAX, UINT64_MAX);
	CU_ASSERT_NOT_EQUAL(the_log->begin.position.index, 0);
	CU_ASSERT_EQUAL(the_log->begin.chain, chains[the_log->begin.position.index]);
	log_fixture_settle(&fixture);
	for (unsigned segment = 0; segment < 2; segment++)
		fill_segment(1);
	expect_marks();
	expect_terms();
	expect_readable();
	end();
}

static void dead_ranges_around_the_beginning_are_kept_or_gone_with_it(void)
{
	uint32_t kept;

	begin();
	for (unsigned segment = 0; segment < 4; segment++) {
		append(1 + 3 * segment, 5000);
		append(1 + 3 * segment, 5000);
		replace(2 + 3 * segment, 1, 1);
		fill_segment(2 + 3 * segment);
		/* The first chunk of the next segment is dead from its first entry on. */
		replace(3 + 3 * segment, 1, 1);
		expect_whole();
	}
	CU_ASSERT_EQUAL(the_log->dead_count, 8);
	give_up(UINT64_MAX, the_log->config.segment_bytes * 3);
	CU_ASSERT_EQUAL(segment_of(the_log->begin.offset), 2);
	kept = the_log->dead_count;
	CU_ASSERT_TRUE(kept >= 3 && kept < 8);
	CU_ASSERT_TRUE(wl_log_dead_entry(the_log, 0)->end > the_log->begin.offset);
	log_fixture_settle(&fixture);
	expect_terms();
	expect_readable();
	end();
}

static void a_begin_of_another_log_of_the_same_stream_is_taken(void)
{
	struct wl_log_begin found;

	begin();
	for (unsigned segment = 0; segment < 3; segment++)
		fill_segment(1 + segment);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(the_log, UINT64_MAX, UINT64_MAX, &found));
	/* As if this log had marks of its own: none at the segments' first entries but the newest one's. */
	the_log->mark_max = 4;
	the_log->mark_bytes = 4 * the_log->config.segment_bytes;
	the_log->mark_count = 1;
	wl_log_give_up(the_log, &found);
	expect_whole();
	CU_ASSERT_EQUAL(wl_log_mark_entry(the_log, 0)->index, found.position.index + 1);
	expect_readable();
	/* Lower ones do nothing. */
	found.position.index--;
	wl_log_give_up(the_log, &found);
	CU_ASSERT_EQUAL(the_log->begin.position.index, found.position.index + 1);
	end();
}

static void a_reader_on_its_way_goes_on_behind_the_new_beginning(void)
{
	struct wl_reader_view view;
	struct wl_reader reader;
	uint64_t first, index;

	begin();
	for (unsigned segment = 0; segment < 4; segment++)
		fill_segment(1);
	first = wl_log_mark_entry(the_log, 3)->index;
	wl_reader_init(&reader, the_log, first, 1);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, the_log->tail.index, &view),
			WL_READER_ENTRY);
	give_up(UINT64_MAX, UINT64_MAX);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, the_log->tail.index, &view),
			WL_READER_GONE);
	index = the_log->begin.position.index + 1;
	wl_reader_seek(&reader, index);
	for (; index <= the_log->tail.index; index++)
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture, &reader, the_log->tail.index,
						       &view),
				      WL_READER_ENTRY);
	CU_ASSERT_EQUAL(view.header.index, the_log->tail.index);
	end();
}

/* It has just given the last entry that goes, and would look for the next one behind that. */
static void a_reader_at_the_beginning_looks_for_no_place_before_it(void)
{
	struct wl_log_begin found;
	struct wl_reader_view view;
	struct wl_reader reader;

	begin();
	for (unsigned segment = 0; segment < 4; segment++)
		fill_segment(1);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(the_log, UINT64_MAX, UINT64_MAX, &found));
	for (unsigned kept = 0; kept < 3; kept++)
		fill_segment(1); /* out of the ring */
	wl_reader_init(&reader, the_log, found.position.index, 1);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, the_log->tail.index, &view),
			WL_READER_ENTRY);
	reader.window_bytes = (uint32_t)(reader.chunk_end - reader.window_offset);
	wl_log_give_up(the_log, &found);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, the_log->tail.index, &view),
			WL_READER_ENTRY);
	CU_ASSERT_EQUAL(view.header.index, found.position.index + 1);
	CU_ASSERT_TRUE(reader.chain_known);
	end();
}

WL_SUITE(log_begin)
{
	WL_TEST(a_whole_log_begins_before_its_first_entry),
	WL_TEST(what_was_given_up_is_below_and_the_entry_before_the_first_is_known),
	WL_TEST(the_highest_begin_keeps_the_number_and_the_offset),
	WL_TEST(segments_are_forgotten_oldest_first_one_at_a_time),
	WL_TEST(the_limit_is_of_what_is_kept),
	WL_TEST(forty_segments_come_and_go_with_truncations_between),
	WL_TEST(truncation_to_the_beginning_leaves_the_beginning),
	WL_TEST(terms_are_bounded_by_what_is_kept),
	WL_TEST(a_full_table_of_marks_doubles_their_distance),
	WL_TEST(where_segments_outnumber_marks_the_log_begins_at_some_of_them),
	WL_TEST(dead_ranges_around_the_beginning_are_kept_or_gone_with_it),
	WL_TEST(a_begin_of_another_log_of_the_same_stream_is_taken),
	WL_TEST(a_reader_on_its_way_goes_on_behind_the_new_beginning),
	WL_TEST(a_reader_at_the_beginning_looks_for_no_place_before_it),
};

static void every_claim_holds_for_all_sizes(void)
{
	for (unsigned sizes = 1; sizes < LOG_FIXTURE_SIZES; sizes++) {
		log_fixture_choose_sizes(sizes);
		for (const struct wl_test *test = tests_log_begin; test->run; test++)
			test->run();
	}
	log_fixture_choose_sizes(0);
}

WL_SUITE(log_begin_sizes)
{
	WL_TEST(every_claim_holds_for_all_sizes),
};
