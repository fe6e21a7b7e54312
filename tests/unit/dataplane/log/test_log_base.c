/* SPDX-License-Identifier: BSD-3-Clause */
/* What a base says of a log, under checksums that are right, and no log ever is so: it is refused, and looked at in no long time. */
#include <stdlib.h>

#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define SEGMENTS 6u

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static struct log_fixture_base base;

static void end(void)
{
	log_fixture_free_base(&base);
	log_fixture_fini(&fixture);
}

static void append(unsigned entries)
{
	log_fixture_settle(&fixture);
	while (entries-- != 0)
		log_fixture_append(&fixture, 1, 30000);
	log_fixture_settle(&fixture);
}

/* Of the log as it is; it is loaded into a new one later. */
static void describe(uint64_t index)
{
	CU_ASSERT_TRUE_FATAL(log_fixture_describe(&fixture, index, &base));
}

/* More marks than there are places for, which do not rise: no distance is ever large enough to thin them. */
static void a_base_whose_marks_do_not_rise_is_refused(void)
{
	static struct wl_log_mark falling[200];

	log_fixture_init(&fixture, SEGMENTS);
	append(100);
	describe(the_log->tail.index);
	free(base.marks);
	base.marks = falling;
	base.log.marks = 200;
	for (uint64_t at = 0; at < 200; at++)
		falling[at] = (struct wl_log_mark){
			.offset = (300 - at) * WL_BLOCK_BYTES + WL_CHUNK_HEADER_BYTES,
			.index = 1 + at,
			.first_number = 1 + at,
		};
	fixture.config.bytes_max = 3 * fixture.config.segment_bytes;
	wl_log_init(the_log, &fixture.config, the_log->ring, the_log->slots);
	the_log->mark_max = 100;
	CU_ASSERT_FALSE(log_fixture_restore(the_log, &base, 0));
	base.marks = NULL;
	end();
}

/* Numbers that no stream ever has, under checksums that are right. */
static void a_base_beyond_any_stream_is_refused(void)
{
	static const uint64_t walks[] = {UINT64_MAX - WL_BLOCK_BYTES + 1,
					 1ull << 63 | WL_BLOCK_BYTES};

	for (unsigned at = 0; at < 2; at++) {
		log_fixture_init(&fixture, SEGMENTS);
		append(3);
		describe(3);
		base.log.walk_offset = walks[at];
		wl_log_init(the_log, &fixture.config, the_log->ring, the_log->slots);
		CU_ASSERT_FALSE(log_fixture_restore(the_log, &base, 0));
		end();
		log_fixture_init(&fixture, SEGMENTS);
		append(3);
		describe(3);
		base.log.position.index = at == 0 ? UINT64_MAX : UINT64_MAX - 1;
		base.log.next_number = base.log.position.index;
		wl_log_init(the_log, &fixture.config, the_log->ring, the_log->slots);
		CU_ASSERT_FALSE(log_fixture_restore(the_log, &base, 0));
		end();
	}
}

/* Readers of numbers before the beginning are told of a gap, and of its entry: there is none before the first. */
static void a_base_that_keeps_all_begins_as_an_empty_log(void)
{
	for (unsigned at = 0; at < 4; at++) {
		log_fixture_init(&fixture, SEGMENTS);
		append(3);
		describe(3);
		if (at == 1)
			base.log.begin.next_number = base.marks[0].first_number = 2;
		else if (at == 2)
			base.log.begin.position.term = 1;
		else if (at == 3)
			base.log.begin.chain = base.marks[0].previous_chain ^= 1;
		wl_log_init(the_log, &fixture.config, the_log->ring, the_log->slots);
		CU_ASSERT_EQUAL(log_fixture_restore(the_log, &base, 0), at == 0);
		end();
	}
}

WL_SUITE(log_base)
{
	WL_TEST(a_base_whose_marks_do_not_rise_is_refused),
	WL_TEST(a_base_beyond_any_stream_is_refused),
	WL_TEST(a_base_that_keeps_all_begins_as_an_empty_log),
};
