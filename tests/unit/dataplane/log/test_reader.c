/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/reader.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static struct wl_reader reader;
static struct wl_reader_view view;

static void begin(unsigned entries, uint32_t payload_bytes)
{
	log_fixture_init(&fixture, 8);
	for (unsigned at = 0; at < entries; at++) {
		log_fixture_append(&fixture, 1, payload_bytes);
		if (at % 7 == 6 || payload_bytes > 50000)
			log_fixture_settle(&fixture);
	}
	log_fixture_settle(&fixture);
}

static void end(void)
{
	log_fixture_fini(&fixture);
}

static void expect_entries(uint64_t from, uint64_t to)
{
	for (uint64_t index = from; index <= to; index++) {
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture, &reader, to, &view),
				      WL_READER_ENTRY);
		CU_ASSERT_EQUAL_FATAL(view.header.index, index);
		CU_ASSERT_EQUAL(wl_load_u64(view.image + 24), index);
	}
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, to, &view), WL_READER_END);
}

static void recent_entries_need_no_buffer(void)
{
	begin(50, 100);
	wl_reader_init(&reader, the_log, 1, 5);
	for (unsigned at = 1; at <= 50; at++)
		CU_ASSERT_EQUAL(wl_reader_next(&reader, UINT64_MAX, &view), WL_READER_ENTRY);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, UINT64_MAX, &view), WL_READER_END);
	CU_ASSERT_PTR_NULL(wl_reader_return(&reader));
	end();
}

static void limit_is_an_end(void)
{
	begin(10, 100);
	wl_reader_init(&reader, the_log, 1, 5);
	expect_entries(1, 4);
	CU_ASSERT_EQUAL(reader.next_index, 5);
	expect_entries(5, 10);
	end();
}

static void entries_that_are_not_durable_come_from_the_ring(void)
{
	begin(5, 100);
	log_fixture_append(&fixture, 1, 100);
	wl_reader_init(&reader, the_log, 6, 5);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 6, &view), WL_READER_ENTRY);
	CU_ASSERT_TRUE(view.image >= fixture.ring &&
		       view.image < fixture.ring + fixture.config.ring_bytes);
	end();
}

static void after_a_restart_everything_comes_from_the_medium(void)
{
	begin(300, 3000);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	wl_reader_init(&reader, the_log, 1, 5);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 300, &view), WL_READER_WANTS_BUFFER);
	expect_entries(1, 300);
	CU_ASSERT_PTR_EQUAL(wl_reader_return(&reader), fixture.buffer);
	end();
}

static void reading_goes_from_the_medium_into_the_ring(void)
{
	begin(60, 200000); /* 12 MB: three laps, two segments */
	wl_reader_init(&reader, the_log, 1, 5);
	expect_entries(1, 60);
	CU_ASSERT_TRUE(view.image >= fixture.ring &&
		       view.image < fixture.ring + fixture.config.ring_bytes);
	end();
}

static void seek_finds_any_entry(void)
{
	begin(200, 9000);
	log_fixture_restart(&fixture, 0, false);
	wl_reader_init(&reader, the_log, 1, 5);
	for (uint64_t step = 0; step < 200; step++) {
		uint64_t index = 1 + step * 73 % 200;

		wl_reader_seek(&reader, index);
		CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 200, &view), WL_READER_ENTRY);
		CU_ASSERT_EQUAL(view.header.index, index);
	}
	end();
}

static void largest_entries_pass(void)
{
	begin(9, WIRELOG_RECORD_BYTES_MAX);
	log_fixture_restart(&fixture, 0, false);
	wl_reader_init(&reader, the_log, 1, 5);
	expect_entries(1, 9);
	CU_ASSERT_EQUAL(view.header.body_bytes, wl_record_image_bytes(WIRELOG_RECORD_BYTES_MAX));
	end();
}

static void dead_entries_are_not_shown(void)
{
	begin(20, 3000);
	wl_log_truncate(the_log, 12);
	log_fixture_append(&fixture, 3, 40);
	log_fixture_append(&fixture, 3, 40);
	log_fixture_settle(&fixture);
	wl_log_truncate(the_log, 13);
	for (unsigned at = 0; at < 20; at++)
		log_fixture_append(&fixture, 4, 500);
	log_fixture_settle(&fixture);
	for (unsigned round = 0; round < 3; round++) {
		wl_reader_init(&reader, the_log, 1, 5);
		expect_entries(1, 33);
		CU_ASSERT_EQUAL(view.header.term, 4);
		if (round == 1)
			the_log->dead_count = 0; /* a full table costs speed, nothing else */
		else
			log_fixture_restart(&fixture, 0, false);
	}
	end();
}

static void cut_behind_the_reader_makes_it_find_its_place_again(void)
{
	begin(20, 3000);
	log_fixture_restart(&fixture, 0, false);
	wl_reader_init(&reader, the_log, 1, 5);
	expect_entries(1, 15);
	wl_log_truncate(the_log, 15);
	log_fixture_append(&fixture, 2, 10);
	log_fixture_settle(&fixture);
	expect_entries(16, 16);
	CU_ASSERT_EQUAL(view.header.term, 2);
	end();
}

static void rot_is_damage_and_not_an_end(void)
{
	begin(20, 3000);
	log_fixture_restart(&fixture, 0, false);
	wl_reader_init(&reader, the_log, 1, 5);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 20, &view), WL_READER_ENTRY);
	*log_fixture_platter(&fixture, the_log->append_offset - 5000) ^= 1;
	wl_reader_seek(&reader, 2);
	wl_reader_lend(&reader, fixture.buffer, WL_CHUNK_BYTES_MAX); /* forgets what it read */
	for (unsigned at = 0;
	     at < 30 && log_fixture_read(&fixture, &reader, 20, &view) == WL_READER_ENTRY; at++)
		;
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 20, &view), WL_READER_DAMAGED);
	CU_ASSERT_TRUE(reader.next_index > 2 && reader.next_index < 20);
	CU_ASSERT_TRUE(view.offset < the_log->append_offset);
	end();
}

static void lost_chunk_is_damage_and_not_an_end(void)
{
	uint64_t offset, index;

	begin(70, 3000); /* ten chunks of seven */
	CU_ASSERT_TRUE_FATAL(the_log->mark_count > 1);
	offset = the_log->marks[1].offset - WL_CHUNK_HEADER_BYTES;
	index = the_log->marks[1].index;
	log_fixture_restart(&fixture, 0, false);
	memset(log_fixture_platter(&fixture, offset), 0, 8192);
	wl_reader_init(&reader, the_log, 1, 5);
	while (log_fixture_read(&fixture, &reader, 70, &view) == WL_READER_ENTRY)
		;
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 70, &view), WL_READER_DAMAGED);
	CU_ASSERT_EQUAL(reader.next_index, index);
	end();
}

/* One bad block makes a large read fail: the chunks around it are whole, and given. */
static void chunks_before_a_bad_block_are_given(void)
{
	uint64_t bad, index;

	begin(70, 3000);
	bad = the_log->marks[2].offset - WL_CHUNK_HEADER_BYTES;
	index = the_log->marks[2].index;
	log_fixture_restart(&fixture, 0, false);
	fixture.drive.refuses_reads_from = bad;
	fixture.drive.refuses_reads_to = bad + WL_BLOCK_BYTES;
	wl_reader_init(&reader, the_log, 1, 5);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 70, &view), WL_READER_DAMAGED);
	CU_ASSERT_TRUE(wl_reader_try_again(&reader, 1000));
	CU_ASSERT_TRUE(wl_reader_rests(&reader, 1001));
	CU_ASSERT_FALSE(wl_reader_rests(&reader, 1000000000));
	expect_entries(1, index - 1);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 70, &view), WL_READER_DAMAGED);
	CU_ASSERT_EQUAL(reader.next_index, index);
	end();
}

/* Bytes that were not believed are not looked at again, but read again. */
static void wrong_bytes_are_read_again(void)
{
	unsigned tries = 0;

	begin(20, 3000);
	log_fixture_restart(&fixture, 0, false);
	fixture.drive.reads_wrong_once = the_log->append_offset - 5000;
	wl_reader_init(&reader, the_log, 1, 5);
	while (log_fixture_read(&fixture, &reader, 20, &view) == WL_READER_ENTRY)
		;
	CU_ASSERT_TRUE(wl_reader_try_again(&reader, 1));
	CU_ASSERT_FALSE(wl_reader_rests(&reader, UINT64_MAX));
	expect_entries(reader.next_index, 20);

	fixture.drive.refuses_reads_to = UINT64_MAX;
	wl_reader_seek(&reader, 1);
	wl_reader_lend(&reader, fixture.buffer, WL_CHUNK_BYTES_MAX);
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 20, &view), WL_READER_DAMAGED);
	while (wl_reader_try_again(&reader, 1) && !wl_reader_rests(&reader, UINT64_MAX)) {
		CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 20, &view), WL_READER_DAMAGED);
		tries++;
	}
	CU_ASSERT_EQUAL(tries, 4); /* and no more */
	end();
}

static void failed_read_is_damage_until_sought_again(void)
{
	begin(20, 3000);
	log_fixture_restart(&fixture, 0, false);
	wl_reader_init(&reader, the_log, 1, 5);
	fixture.drive.refuses_reads_to = UINT64_MAX;
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 20, &view), WL_READER_DAMAGED);
	fixture.drive.refuses_reads_to = 0;
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, 20, &view), WL_READER_DAMAGED);
	wl_reader_seek(&reader, 1);
	expect_entries(1, 20);
	end();
}

static void completion_of_an_abandoned_read_is_not_believed(void)
{
	struct wl_disk_completion completion = {.verb = WL_DISK_READ};
	struct wl_disk_request request;

	begin(200, 9000);
	log_fixture_restart(&fixture, 0, false);
	wl_reader_init(&reader, the_log, 1, 5);
	wl_reader_lend(&reader, fixture.buffer, WL_CHUNK_BYTES_MAX);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 200, &view), WL_READER_WANTS_READ);
	wl_reader_want(&reader, &request);
	CU_ASSERT_EQUAL(request.cookie >> 32, 5);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 200, &view), WL_READER_WAITS);
	wl_reader_seek(&reader, 150);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 200, &view),
			WL_READER_WAITS); /* the buffer is the disk's */
	completion.cookie = request.cookie;
	completion.bytes = request.bytes;
	wl_reader_on_read(&reader, &completion);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 200, &view), WL_READER_WANTS_READ);
	CU_ASSERT_TRUE(reader.want_offset > request.offset);
	expect_entries(150, 200);
	end();
}

static void nothing_behind_durable_is_read_from_the_medium(void)
{
	struct wl_disk_request request;

	begin(5, 3000);
	log_fixture_restart(&fixture, 0, false);
	log_fixture_append(&fixture, 1, 3000);
	wl_reader_init(&reader, the_log, 1, 5);
	wl_reader_lend(&reader, fixture.buffer, WL_CHUNK_BYTES_MAX);
	CU_ASSERT_EQUAL(wl_reader_next(&reader, 6, &view), WL_READER_WANTS_READ);
	wl_reader_want(&reader, &request);
	CU_ASSERT_EQUAL(request.offset + request.bytes, the_log->durable_offset);
	end();
}

WL_SUITE(reader)
{
	WL_TEST(recent_entries_need_no_buffer),
	WL_TEST(limit_is_an_end),
	WL_TEST(entries_that_are_not_durable_come_from_the_ring),
	WL_TEST(after_a_restart_everything_comes_from_the_medium),
	WL_TEST(reading_goes_from_the_medium_into_the_ring),
	WL_TEST(seek_finds_any_entry),
	WL_TEST(largest_entries_pass),
	WL_TEST(dead_entries_are_not_shown),
	WL_TEST(cut_behind_the_reader_makes_it_find_its_place_again),
	WL_TEST(rot_is_damage_and_not_an_end),
	WL_TEST(lost_chunk_is_damage_and_not_an_end),
	WL_TEST(chunks_before_a_bad_block_are_given),
	WL_TEST(wrong_bytes_are_read_again),
	WL_TEST(failed_read_is_damage_until_sought_again),
	WL_TEST(completion_of_an_abandoned_read_is_not_believed),
	WL_TEST(nothing_behind_durable_is_read_from_the_medium),
};
