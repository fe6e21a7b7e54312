/* SPDX-License-Identifier: BSD-3-Clause */
/* A base of a peer takes the place of the whole log: before, at and after the moment. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static struct log_fixture_base base;

static void begin(void)
{
	log_fixture_init(&fixture, 6);
	log_fixture_settle(&fixture);
	memset(&base, 0, sizeof(base));
}

static void end(void)
{
	const char *broken = wl_log_check(the_log);

	CU_ASSERT_PTR_NULL(broken);
	log_fixture_fini(&fixture);
}

static void append(uint64_t term, unsigned count, uint32_t bytes)
{
	while (count--) {
		log_fixture_append(&fixture, term, bytes);
		log_fixture_settle(&fixture);
	}
}

static uint64_t segment_of(uint64_t offset)
{
	return offset / the_log->config.segment_bytes;
}

static void make_base(uint64_t term, uint64_t index)
{
	base.log = (struct wl_log_base){
		.position = {term, index},
		.chain = 0x1234567 + index,
		.next_number = index + 70,
		.timestamp_ns = 5000 * index,
		.mark_bytes = WL_LOG_MARK_BYTES,
		.installed = true,
		.walk_offset = wl_log_jump_place(the_log),
	};
	base.log.begin = (struct wl_log_begin){
		.position = base.log.position,
		.chain = base.log.chain,
		.next_number = base.log.next_number,
		.timestamp_ns = base.log.timestamp_ns,
		.offset = base.log.walk_offset,
	};
}

static void jump(void)
{
	CU_ASSERT_TRUE_FATAL(wl_log_may_jump(the_log));
	CU_ASSERT_TRUE_FATAL(wl_log_jump(the_log, &base.log));
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
}

static void expect_at_base(void)
{
	uint64_t chain, term;

	CU_ASSERT_TRUE(wl_position_equal(the_log->tail, base.log.position));
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, base.log.position));
	CU_ASSERT_EQUAL(the_log->tail_chain, base.log.chain);
	CU_ASSERT_EQUAL(the_log->next_number, base.log.next_number);
	CU_ASSERT_EQUAL(wl_log_term_at(the_log, base.log.position.index, &term), WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(term, base.log.position.term);
	CU_ASSERT_EQUAL(wl_log_term_at(the_log, base.log.position.index - 1, &term), WL_LOG_BELOW);
	CU_ASSERT_EQUAL(wl_log_chain_at(the_log, base.log.position.index, &chain), WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(chain, base.log.chain);
}

/* All behind the base, and nothing at it or before. */
static void expect_readable(void)
{
	uint64_t first = base.log.position.index + 1, chain = base.log.chain;
	struct wl_reader_view view;
	struct wl_reader reader;

	wl_reader_init(&reader, the_log, first, 1);
	for (uint64_t index = first; index <= the_log->tail.index; index++) {
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture, &reader, the_log->tail.index,
						       &view),
				      WL_READER_ENTRY);
		CU_ASSERT_EQUAL(view.header.previous_chain, chain);
		chain = wl_entry_chain(view.image);
	}
	CU_ASSERT_EQUAL(chain, the_log->tail_chain);
	wl_reader_seek(&reader, first - 1);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, the_log->tail.index, &view),
			WL_READER_GONE);
}

static void a_jump_gives_up_everything_and_goes_on_in_an_unwritten_segment(void)
{
	uint64_t segment;

	begin();
	append(1, 3, 500);
	append(2, 12, 900000);
	make_base(7, 400);
	segment = segment_of(base.log.walk_offset);
	CU_ASSERT_EQUAL(segment, segment_of(the_log->append_offset) + 1);
	jump();
	expect_at_base();
	append(8, 4, 700);
	CU_ASSERT_EQUAL(the_log->slots[401].offset, base.log.walk_offset + WL_CHUNK_HEADER_BYTES);
	CU_ASSERT_EQUAL(the_log->tail.index, 404);
	CU_ASSERT_EQUAL(the_log->first_segment, segment);
	CU_ASSERT_EQUAL(fixture.drive.first_segment, segment);
	expect_readable();
	append(8, 30, 900000);
	expect_readable();
	end();
}

static void a_start_behind_a_jump_begins_at_the_base(void)
{
	begin();
	append(2, 5, 3000);
	make_base(7, 400);
	jump();
	fixture.base = &base;
	/* Nothing was forgotten, nothing written yet. */
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, the_log->durable_offset, false),
			WL_RECOVERY_DONE);
	expect_at_base();
	append(8, 4, 700);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, the_log->durable_offset, false),
			WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_NONE);
	CU_ASSERT_EQUAL(the_log->tail.index, 404);
	expect_readable();
	end();
}

static void a_crash_before_the_base_is_durable_leaves_the_old_log(void)
{
	uint64_t chain;

	begin();
	append(2, 5, 3000);
	chain = the_log->tail_chain;
	make_base(7, 400);
	jump();
	/* The base was lost with the power: nothing stands in the new place yet. */
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(the_log->tail.index, 5);
	CU_ASSERT_EQUAL(the_log->tail_chain, chain);
	end();
}

static void what_was_not_written_yet_gives_way_too(void)
{
	begin();
	append(2, 3, 3000);
	log_fixture_append(&fixture, 2, 100); /* in an open chunk */
	make_base(3, 3);
	jump();
	expect_at_base();
	CU_ASSERT_EQUAL(the_log->chunk_count, 0);
	append(4, 2, 100);
	CU_ASSERT_EQUAL(the_log->tail.index, 5);
	expect_readable();
	end();
}

static void nothing_jumps_while_the_medium_is_busy(void)
{
	begin();
	append(2, 3, 3000);
	CU_ASSERT_TRUE(wl_log_may_jump(the_log));
	log_fixture_append(&fixture, 2, 100);
	log_fixture_submit(&fixture);
	CU_ASSERT_FALSE(wl_log_may_jump(the_log));
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(wl_log_may_jump(the_log));
	the_log->segment_asked = true;
	CU_ASSERT_FALSE(wl_log_may_jump(the_log));
	the_log->segment_asked = false;
	the_log->poisoned = true;
	CU_ASSERT_FALSE(wl_log_may_jump(the_log));
	the_log->poisoned = false;
	end();
	/* Not even the first segment is there. */
	log_fixture_init(&fixture, 6);
	CU_ASSERT_FALSE(wl_log_may_jump(the_log));
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(wl_log_may_jump(the_log));
	end();
}

static void an_impossible_base_is_refused(void)
{
	begin();
	append(2, 3, 3000);
	make_base(3, 30);
	base.log.begin.position.index--;
	CU_ASSERT_FALSE(wl_log_jump(the_log, &base.log));
	make_base(3, 30);
	base.log.begin.chain++;
	CU_ASSERT_FALSE(wl_log_jump(the_log, &base.log));
	make_base(3, 0);
	CU_ASSERT_FALSE(wl_log_jump(the_log, &base.log));
	CU_ASSERT_EQUAL(the_log->tail.index, 3);
	end();
}

static void a_log_may_jump_again_and_be_cut_back_to_the_base(void)
{
	begin();
	append(1, 10, 900000);
	for (uint64_t round = 1; round <= 9; round++) {
		make_base(10 * round, 1000 * round);
		jump();
		append(10 * round + 1, 6, 900000);
		wl_log_truncate(the_log, 1000 * round);
		CU_ASSERT_PTR_NULL(wl_log_check(the_log));
		CU_ASSERT_EQUAL(the_log->next_number, base.log.next_number);
		append(10 * round + 2, 7, 900000);
		expect_readable();
	}
	CU_ASSERT_TRUE(the_log->segments_ready - the_log->first_segment <= 10);
	end();
}

static void a_reader_of_what_is_gone_is_told_so(void)
{
	struct wl_disk_request request;
	struct wl_reader_view view;
	struct wl_reader reader;

	begin();
	append(1, 20, 900000);
	wl_reader_init(&reader, the_log, 2, 1);
	wl_reader_lend(&reader, fixture.buffer, WL_CHUNK_BYTES_MAX);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 20, &view), WL_READER_WANTS_READ);
	wl_reader_want(&reader, &request);
	make_base(3, 300);
	jump();
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 300, &view), WL_READER_GONE);
	CU_ASSERT_PTR_NULL(wl_reader_check(&reader));
	end();
}

WL_SUITE(log_jump)
{
	WL_TEST(a_jump_gives_up_everything_and_goes_on_in_an_unwritten_segment),
	WL_TEST(a_start_behind_a_jump_begins_at_the_base),
	WL_TEST(a_crash_before_the_base_is_durable_leaves_the_old_log),
	WL_TEST(what_was_not_written_yet_gives_way_too),
	WL_TEST(nothing_jumps_while_the_medium_is_busy),
	WL_TEST(an_impossible_base_is_refused),
	WL_TEST(a_log_may_jump_again_and_be_cut_back_to_the_base),
	WL_TEST(a_reader_of_what_is_gone_is_told_so),
};

static void every_claim_holds_for_all_sizes(void)
{
	for (unsigned sizes = 1; sizes < LOG_FIXTURE_SIZES; sizes++) {
		log_fixture_choose_sizes(sizes);
		for (const struct wl_test *test = tests_log_jump; test->run; test++)
			test->run();
	}
	log_fixture_choose_sizes(0);
}

WL_SUITE(log_jump_sizes)
{
	WL_TEST(every_claim_holds_for_all_sizes),
};
