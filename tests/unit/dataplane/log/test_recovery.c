/* SPDX-License-Identifier: BSD-3-Clause */
/* One test for each row of the table in docs/LOG-FORMAT.md, and some for the rules between them. */
#include "dataplane/log/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/log/fixture_memory.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define CHUNKS 6u

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static uint64_t begins[128]; /* of the chunks that fill_chunks wrote */

/* Chunks of one entry each, every one durable before the next is cut: each later one is a watermark. */
static void fill_chunks(unsigned count, uint32_t payload_bytes)
{
	for (unsigned at = 0; at < count; at++) {
		log_fixture_append(&fixture, 1, payload_bytes);
		log_fixture_settle(&fixture);
		begins[at] = the_log->previous_chunk;
	}
}

/* Four large chunks before each boundary: how many of them reach into segment `segment number`. */
static unsigned fill_up_to(uint64_t segment)
{
	unsigned count =
		4 * (unsigned)(segment * the_log->config.segment_bytes / WL_LOG_RING_BYTES_MIN) + 1;

	fill_chunks(count, 900000);
	CU_ASSERT_EQUAL(the_log->previous_chunk / the_log->config.segment_bytes, segment);
	return count;
}

static void begin(void)
{
	log_fixture_init(&fixture, 4);
	fill_chunks(CHUNKS, 6000);
}

static void end(void)
{
	log_fixture_fini(&fixture);
}

static void expect_done(enum wl_recovery_damage_kind kind, uint64_t tail)
{
	CU_ASSERT_EQUAL(fixture.recovery.state, WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, kind);
	CU_ASSERT_EQUAL(the_log->tail.index, tail);
	CU_ASSERT_TRUE(wl_position_equal(the_log->tail, the_log->durable));
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
}

static void expect_refused(enum wl_recovery_damage_kind kind, uint64_t offset, uint64_t last_good)
{
	CU_ASSERT_EQUAL(fixture.recovery.state, WL_RECOVERY_REFUSED);
	CU_ASSERT_STRING_EQUAL(wl_recovery_damage_name(fixture.recovery.damage.kind),
			       wl_recovery_damage_name(kind));
	CU_ASSERT_EQUAL(fixture.recovery.damage.begin, offset);
	CU_ASSERT_TRUE(fixture.recovery.damage.end > offset);
	CU_ASSERT_EQUAL(fixture.recovery.damage.last_good_index, last_good);
}

static void rot(uint64_t offset)
{
	*log_fixture_platter(&fixture, offset) ^= 0x10;
}

static void recode(uint64_t offset, void (*change)(struct wl_chunk_header *header, uint8_t *chunk))
{
	uint8_t *chunk = log_fixture_platter(&fixture, offset);
	struct wl_chunk_header header;

	CU_ASSERT_TRUE_FATAL(wl_chunk_decode_header(chunk, WL_CHUNK_HEADER_BYTES, &header));
	change(&header, chunk);
	header.body_crc =
		wl_crc32c(chunk + WL_CHUNK_HEADER_BYTES, header.bytes - WL_CHUNK_HEADER_BYTES);
	wl_chunk_encode_header(chunk, &header, the_log->config.chunk_key);
}

static void whole_stream_is_recovered(void)
{
	uint64_t chain, next_number, append_offset, term;
	uint32_t marks, bytes;

	begin();
	log_fixture_append(&fixture, 4, 100);
	log_fixture_settle(&fixture);
	chain = the_log->tail_chain;
	next_number = the_log->next_number;
	append_offset = the_log->append_offset;
	marks = the_log->mark_count;
	log_fixture_restart(&fixture, append_offset, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS + 1);
	CU_ASSERT_EQUAL(the_log->tail_chain, chain);
	CU_ASSERT_EQUAL(the_log->next_number, next_number);
	CU_ASSERT_EQUAL(the_log->append_offset, append_offset);
	CU_ASSERT_EQUAL(the_log->durable_offset, append_offset);
	CU_ASSERT_EQUAL(the_log->mark_count, marks);
	CU_ASSERT_TRUE(wl_log_term_at(the_log, CHUNKS, &term) == WL_LOG_KNOWN && term == 1);
	CU_ASSERT_TRUE(wl_log_chain_at(the_log, CHUNKS + 1, &chain) == WL_LOG_KNOWN &&
		       chain == the_log->tail_chain);
	CU_ASSERT_PTR_NULL(wl_log_image_in_ring(the_log, CHUNKS + 1, &bytes));
	log_fixture_append(&fixture, 5, 100);
	CU_ASSERT_PTR_NOT_NULL(wl_log_image_in_ring(the_log, CHUNKS + 2, &bytes));
	end();
}

static void never_written_is_the_end(void)
{
	begin();
	log_fixture_restart(&fixture, 0, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS);
	end();
	log_fixture_init(&fixture, 2); /* not even a segment */
	log_fixture_restart(&fixture, 0, false);
	expect_done(WL_DAMAGE_NONE, 0);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, 0, false);
	expect_done(WL_DAMAGE_NONE, 0);
	log_fixture_append(&fixture, 1, 5);
	end();
}

static void place_skipped_before_a_boundary_is_not_a_hole(void)
{
	unsigned count;

	log_fixture_init(&fixture, 4);
	count = fill_up_to(2);
	log_fixture_restart(&fixture, the_log->append_offset, false);
	expect_done(WL_DAMAGE_NONE, count);
	end();
}

static void torn_write_at_each_sector_is_cut(void)
{
	uint32_t sectors;

	begin();
	log_fixture_append(&fixture, 1, 6000);
	log_fixture_submit(&fixture);
	sectors = fixture.drive.pending[0].request.bytes / WL_SECTOR_BYTES;
	CU_ASSERT_EQUAL(sectors, 16);
	for (uint32_t torn = 1; torn < sectors; torn++) {
		uint64_t offset = begins[CHUNKS - 1] + 2 * WL_BLOCK_BYTES;

		if (torn > 1) {
			log_fixture_append(&fixture, 1, 6000);
			log_fixture_submit(&fixture);
		}
		memory_drive_tear(&fixture.drive, 0, torn);
		log_fixture_restart(&fixture, 0, false);
		expect_done(WL_DAMAGE_TORN_TAIL, CHUNKS);
		CU_ASSERT_EQUAL(fixture.recovery.damage.begin, offset);
		CU_ASSERT_TRUE(wl_chunk_is_zero(log_fixture_platter(&fixture, offset), 16384));
		CU_ASSERT_EQUAL(the_log->append_offset, offset);
	}
	log_fixture_append(&fixture, 1, 6000);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, the_log->append_offset, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS + 1);
	end();
}

static void torn_write_whose_header_is_missing_is_cut(void)
{
	begin();
	log_fixture_append(&fixture, 1, 6000);
	log_fixture_submit(&fixture);
	memory_drive_tear(&fixture.drive, 0, 16);
	memset(log_fixture_platter(&fixture, the_log->previous_chunk), 0, WL_SECTOR_BYTES);
	log_fixture_restart(&fixture, 0, false);
	expect_done(WL_DAMAGE_TORN_TAIL, CHUNKS);
	end();
}

static void chunks_in_flight_behind_a_missing_one_are_cut(void)
{
	begin();
	for (unsigned at = 0; at < 3; at++) {
		log_fixture_append(&fixture, 1, 6000);
		log_fixture_submit(&fixture);
	}
	memory_drive_tear(&fixture.drive, 2,
			  16); /* the last is whole, the first two never arrived */
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_done(WL_DAMAGE_TORN_TAIL, CHUNKS);
	log_fixture_append(&fixture, 2, 10);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, the_log->append_offset, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS + 1);
	end();
}

static void torn_chunks_behind_the_segment_end_are_scrubbed_without_its_header(void)
{
	struct wl_segment_header header;

	log_fixture_init(&fixture, 4);
	fill_chunks(8, 900000);
	while (the_log->append_offset < 2 * fixture.config.segment_bytes - (1 << 20))
		fill_chunks(1, 900000);
	for (unsigned at = 0; at < 3; at++) {
		size_t size = log_fixture_make_image(&fixture, 1, 700000);

		CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
		log_fixture_submit(&fixture);
	}
	CU_ASSERT_TRUE(the_log->append_offset > 2 * fixture.config.segment_bytes);
	for (uint32_t at = 0; at < fixture.drive.pending_count; at++) {
		if (fixture.drive.pending[at].request.verb == WL_DISK_WRITE)
			memory_drive_tear(&fixture.drive, at, 9);
	}
	log_fixture_restart(&fixture, 0, false);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_TORN_TAIL);
	CU_ASSERT_TRUE(wl_chunk_decode_segment(
		log_fixture_platter(&fixture, 2 * fixture.config.segment_bytes), WL_BLOCK_BYTES,
		&header));
	log_fixture_restart(&fixture, 0, false);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_NONE);
	end();
}

/* The power failed while the newest chunk was written; the one before it had been acknowledged, and is lost. */
static void a_torn_chunk_is_watermark_to_what_was_durable_before_it(void)
{
	begin();
	log_fixture_append(&fixture, 1, 6000);
	log_fixture_submit(&fixture);
	memory_drive_tear(&fixture.drive, 0, 3); /* its header arrived */
	memset(log_fixture_platter(&fixture, begins[CHUNKS - 1]), 0, 2 * WL_BLOCK_BYTES);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_LOST_WRITE, begins[CHUNKS - 1], CHUNKS - 1);
	end();
}

static void rot_of_a_known_durable_chunk_is_refused(void)
{
	static const uint64_t places[] = {0,   63,   64,
					  200, 5000, 8191}; /* header, entry, record, padding */

	begin();
	for (unsigned chunk = 0; chunk + 1 < CHUNKS; chunk++) {
		for (unsigned at = 0; at < sizeof(places) / sizeof(places[0]); at++) {
			rot(begins[chunk] + places[at]);
			log_fixture_restart(&fixture, 0, false);
			expect_refused(WL_DAMAGE_ROT, begins[chunk], chunk);
			rot(begins[chunk] + places[at]);
		}
	}
	/* All sectors zero but one would look torn; the watermark says it was durable. */
	memset(log_fixture_platter(&fixture, begins[2] + 512), 0, 1024);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_ROT, begins[2], 2);
	end();
}

static void lost_write_of_a_known_durable_chunk_is_refused(void)
{
	begin();
	memset(log_fixture_platter(&fixture, begins[3]), 0, 8192);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_LOST_WRITE, begins[3], 3);
	CU_ASSERT_EQUAL(fixture.recovery.damage.end, begins[4]);
	end();
}

static void zero_filled_middle_of_any_size_is_a_lost_write(void)
{
	log_fixture_init(&fixture, 4);
	fill_up_to(3);
	memset(log_fixture_platter(&fixture, begins[1]), 0,
	       fixture.config.segment_bytes - begins[1]);
	memset(log_fixture_platter(&fixture, fixture.config.segment_bytes + WL_BLOCK_BYTES), 0,
	       fixture.config.segment_bytes - WL_BLOCK_BYTES);
	memset(log_fixture_platter(&fixture, 2 * fixture.config.segment_bytes + WL_BLOCK_BYTES), 0,
	       5 << 20);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_LOST_WRITE, begins[1], 1);
	end();
}

static void chunk_of_another_place_is_misdirected(void)
{
	uint8_t *to;

	begin();
	to = log_fixture_platter(&fixture, begins[2]);
	memcpy(to, log_fixture_platter(&fixture, begins[4]), 8192);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_MISDIRECTED, begins[2], 2);
	end();

	begin(); /* the newest: no later chunk is a watermark, what stands there is proof enough */
	to = log_fixture_platter(&fixture, begins[CHUNKS - 1]);
	memcpy(to, log_fixture_platter(&fixture, begins[1]), 8192);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_MISDIRECTED, begins[CHUNKS - 1], CHUNKS - 1);
	end();
}

static void other_node(struct wl_chunk_header *header, uint8_t *chunk)
{
	(void)chunk;
	header->binding = wl_chunk_binding(FIXTURE_CLUSTER, FIXTURE_NODE + 1, FIXTURE_JOURNAL);
}

static void chunk_of_another_node_is_misdirected(void)
{
	begin();
	recode(begins[3], other_node);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_MISDIRECTED, begins[3], 3);
	end();
}

static void newest_chunk_found_elsewhere_is_misdirected(void)
{
	uint8_t *newest;

	begin();
	newest = log_fixture_platter(&fixture, begins[CHUNKS - 1]);
	memcpy(newest + (1 << 20), newest, 8192);
	memset(newest, 0, 8192);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_MISDIRECTED, begins[CHUNKS - 1], CHUNKS - 1);
	end();
}

static void rotten_newest_chunk_is_unproven(void)
{
	begin();
	rot(begins[CHUNKS - 1] + 5000);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_UNPROVEN, begins[CHUNKS - 1], CHUNKS - 1);
	rot(begins[CHUNKS - 1] + 5000);
	rot(begins[CHUNKS - 1] + 20); /* its header: a sector is written whole or not at all */
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_UNPROVEN, begins[CHUNKS - 1], CHUNKS - 1);
	end();
}

static void zeros_in_a_payload_do_not_make_rot_look_torn(void)
{
	static const uint8_t zeros[8192];
	struct wl_record_header record = {1, 1, sizeof(zeros), WL_RECORD_DATA};
	uint64_t number;

	begin();
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(wl_log_add_record(the_log, &record, zeros, &number), WL_LOG_OK);
	wl_log_seal_entry(the_log);
	log_fixture_settle(&fixture);
	rot(the_log->previous_chunk + 100);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_UNPROVEN, fixture.recovery.place, CHUNKS);
	end();
}

static void superblock_knows_the_newest_chunk_durable(void)
{
	uint64_t newest, watermark;

	begin();
	newest = begins[CHUNKS - 1];
	watermark = the_log->durable_offset;
	memset(log_fixture_platter(&fixture, newest + 512), 0,
	       512); /* alone it would pass for torn */
	log_fixture_restart(&fixture, watermark, false);
	expect_refused(WL_DAMAGE_ROT, newest, CHUNKS - 1);
	memset(log_fixture_platter(&fixture, newest), 0, 8192);
	log_fixture_restart(&fixture, watermark, false);
	expect_refused(WL_DAMAGE_LOST_WRITE, newest, CHUNKS - 1);
	log_fixture_restart(&fixture, newest, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS - 1);
	end();
}

static void stream_shorter_than_its_watermark_is_cut_short(void)
{
	unsigned count;

	log_fixture_init(&fixture, 4);
	count = fill_up_to(1);
	fixture.drive.segments = 1;
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_refused(WL_DAMAGE_CUT_SHORT, fixture.recovery.suspect, count - 1);
	end();
}

static void missing_segment_below_one_that_exists_is_refused(void)
{
	uint32_t bytes;
	uint64_t offset;

	begin();
	wl_log_init(the_log, &fixture.config, fixture.ring, fixture.memory);
	wl_recovery_init(&fixture.recovery, the_log, 3, 0, log_fixture_window(&fixture));
	wl_recovery_want(&fixture.recovery, &offset, &bytes);
	CU_ASSERT_EQUAL(offset, 0);
	wl_recovery_on_read(&fixture.recovery, WL_DISK_ABSENT);
	expect_refused(WL_DAMAGE_SEGMENT_ABSENT, 0, 0);
	end();
}

static void damaged_header_of_a_used_segment_is_refused(void)
{
	log_fixture_init(&fixture, 4);
	fill_chunks(20, 900000);
	rot(16);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_SEGMENT_HEADER, 0, 0);
	rot(16);
	rot(fixture.config.segment_bytes + 5);
	log_fixture_restart(&fixture, 0, false);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_SEGMENT_HEADER);
	CU_ASSERT_EQUAL(fixture.recovery.damage.begin, fixture.config.segment_bytes);
	end();
}

static void damaged_header_of_an_unused_segment_is_made_again(void)
{
	uint64_t segments;

	begin();
	segments = fixture.drive.segments;
	rot(fixture.config.segment_bytes + 5);
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS);
	CU_ASSERT_EQUAL(the_log->segments_ready, 1);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	CU_ASSERT_EQUAL(the_log->segments_ready, segments);
	end();
}

static void segment_of_another_node_is_foreign(void)
{
	struct wl_segment_header header;
	uint8_t *at;

	begin();
	at = log_fixture_platter(&fixture, fixture.config.segment_bytes);
	CU_ASSERT_TRUE(wl_chunk_decode_segment(at, WL_BLOCK_BYTES, &header));
	header.node++;
	header.binding = wl_chunk_binding(FIXTURE_CLUSTER, header.node, FIXTURE_JOURNAL);
	wl_chunk_encode_segment(at, &header);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_FOREIGN, fixture.config.segment_bytes, CHUNKS);
	memcpy(log_fixture_platter(&fixture, 0), at, WL_BLOCK_BYTES);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_FOREIGN, 0, 0);
	end();
}

static void segments_in_each_others_place_are_misdirected(void)
{
	begin();
	memcpy(log_fixture_platter(&fixture, fixture.config.segment_bytes),
	       log_fixture_platter(&fixture, 2 * fixture.config.segment_bytes), WL_BLOCK_BYTES);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_MISDIRECTED, fixture.config.segment_bytes, CHUNKS);
	end();
}

static void place_that_cannot_be_read_is_refused(void)
{
	begin();
	fixture.drive.refuses_reads_from = begins[2];
	fixture.drive.refuses_reads_to = begins[2] + 4096;
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_READ_FAILED, begins[2], 2);
	CU_ASSERT_EQUAL(fixture.recovery.damage.end, begins[2] + 4096);
	/* Not even where nothing should be: it cannot be known that nothing is there. */
	fixture.drive.refuses_reads_from = 5 << 20;
	fixture.drive.refuses_reads_to = (5 << 20) + 1;
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_READ_FAILED, 5 << 20, CHUNKS);
	end();
}

/* Its first reading was the last of a segment; the next one, to decide what is there, brings the whole chunk. */
static void newest_chunk_that_reads_whole_only_the_second_time_is_not_cut(void)
{
	log_fixture_init(&fixture, 4);
	fill_chunks(8, 900000); /* the last one ends within a chunk of the segment's end */
	fixture.drive.reads_wrong_once = begins[7] + 1000;
	log_fixture_restart(&fixture, 0, false);
	CU_ASSERT_EQUAL(fixture.drive.reads_wrong_once, 0);
	expect_refused(WL_DAMAGE_READ_FAILED, begins[7], 7);
	log_fixture_restart(&fixture, 0, false);
	expect_done(WL_DAMAGE_NONE, 8);
	end();
}

static void chunk_of_another_place_behind_a_boundary_is_misdirected(void)
{
	log_fixture_init(&fixture, 4);
	fill_chunks(
		6,
		900000); /* the fifth is the first of its lap: the place before the boundary was skipped */
	CU_ASSERT_EQUAL(begins[4] % WL_LOG_RING_BYTES_MIN, 0);
	memcpy(log_fixture_platter(&fixture, begins[4]), log_fixture_platter(&fixture, begins[1]),
	       WL_BLOCK_BYTES);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_MISDIRECTED, begins[4], 4);
	end();
}

static void other_previous(struct wl_chunk_header *header, uint8_t *chunk)
{
	(void)chunk;
	header->previous -= WL_BLOCK_BYTES;
}

static void other_index(struct wl_chunk_header *header, uint8_t *chunk)
{
	(void)header;
	wl_store_u64(chunk + WL_CHUNK_HEADER_BYTES + 24, 77);
	wl_store_u32(chunk + WL_CHUNK_HEADER_BYTES + 92,
		     wl_crc32c(chunk + WL_CHUNK_HEADER_BYTES, 92));
}

static void whole_chunks_that_do_not_continue_one_another_are_refused(void)
{
	begin();
	recode(begins[2], other_previous);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_CHAIN, begins[2], 2);
	end();
	begin();
	recode(begins[2], other_index);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_CHAIN, begins[2], 2);
	end();
}

static void superseding_entries_win(void)
{
	uint64_t chain, term;

	begin();
	wl_log_truncate(the_log, 3);
	log_fixture_append(&fixture, 4, 50);
	log_fixture_append(&fixture, 4, 50);
	wl_log_truncate(the_log, 4);
	log_fixture_append(&fixture, 7, 60);
	log_fixture_settle(&fixture);
	chain = the_log->tail_chain;
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_done(WL_DAMAGE_NONE, 5);
	CU_ASSERT_EQUAL(the_log->tail_chain, chain);
	CU_ASSERT_EQUAL(the_log->dead_count, 2);
	CU_ASSERT_TRUE(wl_log_term_at(the_log, 3, &term) == WL_LOG_KNOWN && term == 1);
	CU_ASSERT_TRUE(wl_log_term_at(the_log, 4, &term) == WL_LOG_KNOWN && term == 4);
	CU_ASSERT_TRUE(wl_log_term_at(the_log, 5, &term) == WL_LOG_KNOWN && term == 7);
	end();
}

static void superseding_entry_may_have_a_lower_term_than_the_dead_one(void)
{
	begin();
	log_fixture_append(&fixture, 9, 50);
	log_fixture_settle(&fixture);
	wl_log_truncate(the_log, CHUNKS);
	log_fixture_append(&fixture, 5, 50);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS + 1);
	CU_ASSERT_EQUAL(the_log->tail.term, 5);
	end();
}

static void identical_entry_may_come_back_after_a_cut(void)
{
	size_t size;

	begin();
	size = log_fixture_make_image(&fixture, 3, 200);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
	log_fixture_settle(&fixture);
	wl_log_truncate(the_log, CHUNKS);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS + 1);

	wl_log_truncate(the_log, CHUNKS);
	log_fixture_append(&fixture, 3, 201); /* another entry under the same term: never legal */
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, 0, false);
	expect_refused(WL_DAMAGE_CHAIN, fixture.recovery.last_good_end, CHUNKS + 1);
	end();
}

static void superseding_at_or_below_a_known_commit_is_refused(void)
{
	begin();
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_TERM_START, 2, 0, 4), WL_LOG_OK);
	wl_log_seal_entry(the_log);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, 0, false);
	CU_ASSERT_EQUAL(fixture.recovery.known_commit, 4);
	wl_log_truncate(the_log, 3);
	log_fixture_append(&fixture, 5, 10);
	log_fixture_settle(&fixture);
	log_fixture_restart(&fixture, 0, false);
	CU_ASSERT_EQUAL(fixture.recovery.state, WL_RECOVERY_REFUSED);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_CHAIN);
	end();
}

static void verify_reports_a_torn_tail_and_touches_nothing(void)
{
	uint64_t torn;

	begin();
	log_fixture_append(&fixture, 1, 6000);
	log_fixture_submit(&fixture);
	torn = the_log->previous_chunk;
	memory_drive_tear(&fixture.drive, 0, 5);
	log_fixture_restart(&fixture, 0, true);
	expect_done(WL_DAMAGE_TORN_TAIL, CHUNKS);
	CU_ASSERT_EQUAL(fixture.recovery.damage.begin, torn);
	CU_ASSERT_FALSE(wl_chunk_is_zero(log_fixture_platter(&fixture, torn), 512));
	end();
}

static void log_written_with_one_ring_is_recovered_with_another(void)
{
	unsigned count;

	log_fixture_init(&fixture, 4);
	count = fill_up_to(1);
	for (uint64_t ring = WL_LOG_RING_BYTES_MIN; ring <= fixture.config.segment_bytes;
	     ring *= 2) {
		fixture.config.ring_bytes = ring;
		fixture_memory_give_back(fixture.ring);
		fixture.ring = fixture_memory_take(ring);
		log_fixture_restart(&fixture, the_log->durable_offset, false);
		expect_done(WL_DAMAGE_NONE, count);
		fill_chunks(3, 900000);
		count += 3;
	}
	log_fixture_restart(&fixture, the_log->durable_offset, false);
	expect_done(WL_DAMAGE_NONE, count);
	end();
}

/* Of the bytes in front of a boundary none arrived, of those behind it all: what is there is a torn write, and no rot. */
static void torn_write_next_to_a_boundary_is_cut(void)
{
	const uint64_t boundary = WL_LOG_RING_BYTES_MIN, left = 10 * WL_BLOCK_BYTES;
	const uint32_t headers =
		WL_CHUNK_HEADER_BYTES + WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES;

	log_fixture_init(&fixture, 4);
	fill_chunks(4, 900000);
	fill_chunks(1, (uint32_t)(boundary - left - the_log->append_offset) - headers);
	CU_ASSERT_EQUAL(the_log->append_offset, boundary - left);
	fixture.recovery.state = WL_RECOVERY_DONE;
	for (uint32_t missing = 1; missing < 13 && fixture.recovery.state == WL_RECOVERY_DONE;
	     missing++) {
		const struct wl_disk_request *write = &fixture.drive.pending[0].request;
		uint64_t skip = missing * WL_BLOCK_BYTES;
		size_t size = log_fixture_make_image(&fixture, 1, 300000);

		CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
		log_fixture_submit(&fixture);
		memcpy(log_fixture_platter(&fixture, write->offset + skip), write->buffer + skip,
		       write->bytes - skip);
		log_fixture_restart(&fixture, the_log->durable_offset, false);
		expect_done(WL_DAMAGE_TORN_TAIL, 5);
	}
	end();
}

static void count_entry(void *context, const uint8_t *image, const struct wl_entry_header *header,
			uint64_t offset)
{
	uint64_t *seen = context;

	(void)offset;
	CU_ASSERT_EQUAL(wl_load_u64(image + 24), header->index);
	seen[0]++;
	seen[1] = header->index;
}

static void every_entry_is_shown_in_stream_order(void)
{
	uint64_t seen[2] = {0, 0}, offset;
	uint32_t bytes;

	begin();
	wl_log_init(the_log, &fixture.config, fixture.ring, fixture.memory);
	wl_recovery_init(&fixture.recovery, the_log, 3, 0, log_fixture_window(&fixture));
	fixture.recovery.on_entry = count_entry;
	fixture.recovery.context = seen;
	while (fixture.recovery.state == WL_RECOVERY_WANTS_READ) {
		wl_recovery_want(&fixture.recovery, &offset, &bytes);
		wl_recovery_on_read(&fixture.recovery, memory_drive_read(&fixture.drive, offset,
									 fixture.window, bytes));
	}
	CU_ASSERT_EQUAL(seen[0], CHUNKS);
	CU_ASSERT_EQUAL(seen[1], CHUNKS);
	end();
}

static void what_is_broken_is_named(void)
{
	struct wl_recovery broken;

	begin();
	wl_log_init(the_log, &fixture.config, fixture.ring, fixture.memory);
	wl_recovery_init(&fixture.recovery, the_log, 3, 0, log_fixture_window(&fixture));
	CU_ASSERT_PTR_NULL(wl_recovery_check(&fixture.recovery));

	broken = fixture.recovery;
	broken.window_valid = broken.window.size + 1;
	CU_ASSERT_NSTRING_EQUAL(wl_recovery_check(&broken), "V1", 2);
	broken = fixture.recovery;
	broken.want_offset = the_log->config.segment_bytes - WL_BLOCK_BYTES;
	broken.want_bytes = 2 * WL_BLOCK_BYTES;
	CU_ASSERT_NSTRING_EQUAL(wl_recovery_check(&broken), "V2", 2);
	broken = fixture.recovery;
	broken.previous = broken.last_good_end;
	CU_ASSERT_NSTRING_EQUAL(wl_recovery_check(&broken), "V3", 2);
	broken = fixture.recovery;
	broken.state = WL_RECOVERY_WANTS_SCRUB;
	CU_ASSERT_NSTRING_EQUAL(wl_recovery_check(&broken), "V4", 2);
	broken.state = WL_RECOVERY_REFUSED;
	CU_ASSERT_NSTRING_EQUAL(wl_recovery_check(&broken), "V5", 2);
	broken.state = WL_RECOVERY_DONE;
	broken.known_commit = the_log->tail.index + 1;
	CU_ASSERT_NSTRING_EQUAL(wl_recovery_check(&broken), "V6", 2);
	end();
}

WL_SUITE(recovery)
{
	WL_TEST(whole_stream_is_recovered),
	WL_TEST(never_written_is_the_end),
	WL_TEST(place_skipped_before_a_boundary_is_not_a_hole),
	WL_TEST(torn_write_at_each_sector_is_cut),
	WL_TEST(torn_write_whose_header_is_missing_is_cut),
	WL_TEST(chunks_in_flight_behind_a_missing_one_are_cut),
	WL_TEST(torn_chunks_behind_the_segment_end_are_scrubbed_without_its_header),
	WL_TEST(a_torn_chunk_is_watermark_to_what_was_durable_before_it),
	WL_TEST(rot_of_a_known_durable_chunk_is_refused),
	WL_TEST(lost_write_of_a_known_durable_chunk_is_refused),
	WL_TEST(zero_filled_middle_of_any_size_is_a_lost_write),
	WL_TEST(chunk_of_another_place_is_misdirected),
	WL_TEST(chunk_of_another_node_is_misdirected),
	WL_TEST(newest_chunk_found_elsewhere_is_misdirected),
	WL_TEST(rotten_newest_chunk_is_unproven),
	WL_TEST(zeros_in_a_payload_do_not_make_rot_look_torn),
	WL_TEST(superblock_knows_the_newest_chunk_durable),
	WL_TEST(stream_shorter_than_its_watermark_is_cut_short),
	WL_TEST(missing_segment_below_one_that_exists_is_refused),
	WL_TEST(damaged_header_of_a_used_segment_is_refused),
	WL_TEST(damaged_header_of_an_unused_segment_is_made_again),
	WL_TEST(segment_of_another_node_is_foreign),
	WL_TEST(segments_in_each_others_place_are_misdirected),
	WL_TEST(place_that_cannot_be_read_is_refused),
	WL_TEST(newest_chunk_that_reads_whole_only_the_second_time_is_not_cut),
	WL_TEST(chunk_of_another_place_behind_a_boundary_is_misdirected),
	WL_TEST(whole_chunks_that_do_not_continue_one_another_are_refused),
	WL_TEST(superseding_entries_win),
	WL_TEST(superseding_entry_may_have_a_lower_term_than_the_dead_one),
	WL_TEST(identical_entry_may_come_back_after_a_cut),
	WL_TEST(superseding_at_or_below_a_known_commit_is_refused),
	WL_TEST(verify_reports_a_torn_tail_and_touches_nothing),
	WL_TEST(log_written_with_one_ring_is_recovered_with_another),
	WL_TEST(torn_write_next_to_a_boundary_is_cut),
	WL_TEST(every_entry_is_shown_in_stream_order),
};

static void every_claim_holds_for_all_sizes_of_ring_and_segment(void)
{
	for (unsigned sizes = 1; sizes < LOG_FIXTURE_SIZES; sizes++) {
		log_fixture_choose_sizes(sizes);
		for (const struct wl_test *test = tests_recovery; test->run; test++)
			test->run();
	}
	log_fixture_choose_sizes(0);
}

WL_SUITE(recovery_sizes)
{
	WL_TEST(every_claim_holds_for_all_sizes_of_ring_and_segment),
	WL_TEST(what_is_broken_is_named),
};
