/* SPDX-License-Identifier: BSD-3-Clause */
/* The chain value behind an entry, from the medium alone: of every log, at every entry, whatever its sizes are. */
#include <string.h>

#include "dataplane/log/chain_find.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static uint64_t chains[4000]; /* by index, as they were when the entries were appended */
static unsigned reads;

static void begin(uint64_t segments)
{
	log_fixture_init(&fixture, segments);
	log_fixture_settle(&fixture);
}

static void append(uint64_t term, uint32_t bytes)
{
	if (the_log->tail.index % 8 == 0)
		log_fixture_settle(&fixture); /* the ring holds no more */
	log_fixture_append(&fixture, term, bytes);
	chains[the_log->tail.index] = the_log->tail_chain;
}

static enum wl_chain_find_state find(uint64_t index, uint64_t *chain)
{
	struct wl_chain_place place;
	struct wl_chain_find one;

	CU_ASSERT_TRUE_FATAL(wl_chain_place_of(the_log, index, &place));
	wl_chain_find_init(&one, &fixture.config, &place, fixture.window);
	for (reads = 0; one.state == WL_CHAIN_FIND_WANTS_READ; reads++) {
		CU_ASSERT_FATAL(reads < 500);
		CU_ASSERT(one.want_offset % WL_BLOCK_BYTES == 0);
		CU_ASSERT(one.want_bytes <= WL_CHUNK_BYTES_MAX);
		CU_ASSERT(one.want_offset / fixture.config.segment_bytes ==
			  (one.want_offset + one.want_bytes - 1) / fixture.config.segment_bytes);
		wl_chain_find_on_read(&one, memory_drive_read(&fixture.drive, one.want_offset,
							      fixture.window, one.want_bytes));
	}
	*chain = one.chain;
	return one.state;
}

static void expect_all(void)
{
	uint64_t chain;

	for (uint64_t index = the_log->begin.position.index + 1; index <= the_log->durable.index;
	     index++) {
		CU_ASSERT_EQUAL(find(index, &chain), WL_CHAIN_FIND_FOUND);
		CU_ASSERT_EQUAL(chain, chains[index]);
	}
}

static void value_of_every_entry_is_found_in_logs_of_any_size(void)
{
	static const uint32_t payloads[] = {1, 700, 9000, 200000};

	for (unsigned sizes = 0; sizes < LOG_FIXTURE_SIZES; sizes++) {
		for (unsigned payload = 0; payload < 4; payload++) {
			log_fixture_choose_sizes(sizes);
			begin(3);
			for (unsigned at = 0; at < (payload == 3 ? 30u : 120u); at++)
				append(1 + at / 40, payloads[payload] + at % 7);
			log_fixture_settle(&fixture);
			CU_ASSERT_EQUAL(the_log->durable.index, the_log->tail.index);
			expect_all();
			log_fixture_fini(&fixture);
		}
	}
	log_fixture_choose_sizes(0);
}

static void what_was_cut_away_is_not_taken_for_what_took_its_place(void)
{
	begin(3);
	for (unsigned at = 0; at < 30; at++)
		append(1, 3000);
	log_fixture_settle(&fixture);
	wl_log_truncate(the_log, 11);
	for (unsigned at = 0; at < 9; at++)
		append(3, 41);
	log_fixture_settle(&fixture);
	wl_log_truncate(the_log, 15);
	for (unsigned at = 0; at < 60; at++)
		append(4, 500);
	log_fixture_settle(&fixture);
	expect_all();
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	expect_all();
	log_fixture_fini(&fixture);
}

static void an_entry_below_the_beginning_or_not_durable_has_no_place(void)
{
	struct wl_chain_place place;

	begin(6);
	for (unsigned at = 0; at < 900; at++)
		append(1, 16000);
	log_fixture_settle(&fixture);
	log_fixture_give_up(the_log, 400);
	CU_ASSERT(the_log->begin.position.index >= 100);
	CU_ASSERT_FALSE(wl_chain_place_of(the_log, the_log->begin.position.index, &place));
	CU_ASSERT_FALSE(wl_chain_place_of(the_log, 1, &place));
	append(1, 100);
	append(1, 100);
	CU_ASSERT_FALSE(wl_chain_place_of(the_log, the_log->tail.index, &place));
	CU_ASSERT_TRUE(wl_chain_place_of(the_log, the_log->durable.index, &place));
	expect_all();
	log_fixture_fini(&fixture);
}

/* One byte anywhere between the mark and the entry: never another value, and never a place outside of the log. */
static void damage_on_the_way_is_told_and_no_value_is_made_up(void)
{
	unsigned told = 0;

	begin(3);
	for (unsigned at = 0; at < 60; at++)
		append(1, 5000);
	log_fixture_settle(&fixture);
	for (uint64_t offset = 4096; offset < the_log->durable_offset; offset += 1009) {
		uint8_t *byte = memory_drive_place(&fixture.drive, offset);
		uint64_t chain;

		*byte ^= 0x40;
		for (uint64_t index = 1; index <= 60; index += 7) {
			if (find(index, &chain) == WL_CHAIN_FIND_FOUND)
				CU_ASSERT_EQUAL(chain, chains[index])
			else
				told++;
		}
		*byte ^= 0x40;
	}
	CU_ASSERT(told > 100);
	expect_all();
	log_fixture_fini(&fixture);
}

static void a_read_that_fails_is_told(void)
{
	uint64_t chain;

	begin(3);
	for (unsigned at = 0; at < 60; at++)
		append(1, 5000);
	log_fixture_settle(&fixture);
	fixture.drive.refuses_reads_from = 0;
	fixture.drive.refuses_reads_to = the_log->durable_offset;
	CU_ASSERT_EQUAL(find(30, &chain), WL_CHAIN_FIND_DAMAGED);
	fixture.drive.refuses_reads_to = 0;
	CU_ASSERT_EQUAL(find(30, &chain), WL_CHAIN_FIND_FOUND);
	log_fixture_fini(&fixture);
}

static void a_walk_begins_at_the_mark_and_not_at_the_beginning(void)
{
	uint64_t chain;

	begin(6);
	for (unsigned at = 0; at < 900; at++)
		append(1, 16000);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(find(850, &chain), WL_CHAIN_FIND_FOUND);
	CU_ASSERT(reads <= 2);
	log_fixture_fini(&fixture);
}

WL_SUITE(chain_find)
{
	WL_TEST(value_of_every_entry_is_found_in_logs_of_any_size),
	WL_TEST(what_was_cut_away_is_not_taken_for_what_took_its_place),
	WL_TEST(an_entry_below_the_beginning_or_not_durable_has_no_place),
	WL_TEST(damage_on_the_way_is_told_and_no_value_is_made_up),
	WL_TEST(a_read_that_fails_is_told),
	WL_TEST(a_walk_begins_at_the_mark_and_not_at_the_beginning),
};
