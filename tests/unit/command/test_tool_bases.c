/* SPDX-License-Identifier: BSD-3-Clause */
/* Offline tools and a log that begins at a base: where they begin, what of it they walk, what they say of bases. */
#include "command/tool_verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

#define RECORD_BYTES 250000u

static struct base_fixture *fixture;
static struct wl_tool_journal journal;
static struct wl_tool_bases bases;
static struct wl_verify_report report;
static char printed[4096];
static uint64_t watermark; /* that the superblock knows */

static int read_drive(void *context, uint64_t offset, uint8_t *buffer, uint32_t bytes)
{
	struct base_fixture *from = context;

	return memory_drive_read_for_tools(&from->log.drive, offset, buffer, bytes);
}

static int read_base(void *context, unsigned place, uint64_t at, uint8_t *buffer, uint32_t bytes)
{
	const struct base_fixture *from = context;
	const struct base_fixture_place *base = &from->places[place];

	if (base->size == 0)
		return -ENOENT;
	if (at + bytes > base->size)
		return -ENODATA;
	memcpy(buffer, base->bytes + at, bytes);
	return 0;
}

static void append(unsigned records)
{
	for (unsigned at = 0; at < records; at++)
		base_fixture_append(fixture, at % 3, RECORD_BYTES);
	base_fixture_commit_all(fixture);
}

/* A base of what is committed now, proven, in its place. Returns its index. */
static uint64_t make_base(uint64_t sequence)
{
	uint64_t index = base_fixture_base(fixture);
	struct base_fixture_place *place = &fixture->places[sequence % WL_BASE_PLACES];

	base_fixture_commit_all(fixture);
	free(place->bytes);
	place->bytes = base_fixture_encode(fixture, sequence, &place->size);
	base_fixture_prove(fixture, 0);
	base_fixture_commit_all(fixture);
	return index;
}

/* Segments below the walk of that base are given up, and gone. */
static void give_up_below(uint64_t offset)
{
	struct wl_log_begin begin;

	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(&fixture->log.log, UINT64_MAX, offset, &begin));
	wl_log_give_up(&fixture->log.log, &begin);
	log_fixture_settle(&fixture->log);
	CU_ASSERT_TRUE_FATAL(fixture->log.drive.first_segment > 0);
}

/* Three segments and more, a base in the second one, another in the third one. */
static uint64_t older, newer, older_offset;

static void begin(void)
{
	struct wl_base_header header;

	fixture = malloc(sizeof(*fixture));
	base_fixture_init(fixture, 16, 1);
	base_fixture_open_sessions(fixture, 3);
	append(50);
	older = make_base(4);
	CU_ASSERT_EQUAL_FATAL(wl_base_decode_header(fixture->places[0].bytes, &fixture->identity,
						    &header),
			      WL_BASE_OK);
	older_offset = header.log.walk_offset;
	append(40);
	newer = make_base(5);
	append(10);
}

static void end(void)
{
	wl_tool_journal_close(&journal);
	base_fixture_fini(fixture);
	free(fixture);
}

static void look(bool from_begin, uint64_t chain_index)
{
	struct wl_tool_journal_source source = {
		.cluster = FIXTURE_CLUSTER,
		.node = FIXTURE_NODE,
		.journal = FIXTURE_JOURNAL,
		.segment_bytes = fixture->log.config.segment_bytes,
		.first_segment = fixture->log.drive.first_segment,
		.segments = fixture->log.drive.segments,
		.chain_index = chain_index,
		.watermark = watermark,
		.from_begin = from_begin,
		.read = read_drive,
		.read_base = read_base,
		.identity = fixture->identity,
		.context = fixture,
	};
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	memcpy(source.chunk_key, fixture->log.config.chunk_key, sizeof(source.chunk_key));
	wl_tool_journal_close(&journal);
	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_open(&journal, &source), 0);
	report = (struct wl_verify_report){.node = FIXTURE_NODE, .journal_count = 1};
	wl_verify_look(&report.journals[0], &journal, NULL);
	CU_ASSERT_EQUAL_FATAL(wl_tool_bases_look(&bases, &journal), 0);
	memcpy(report.journals[0].bases, bases.places, sizeof(bases.places));
	wl_verify_print(out, "somewhere", chain_index, &report);
	fclose(out);
}

static const struct wl_verify_journal *found(void)
{
	return &report.journals[0];
}

static bool says(const char *text)
{
	return strstr(printed, text) != NULL;
}

static uint64_t count_entries(void)
{
	struct wl_reader_view view;
	uint64_t count = 0, first = journal.log.begin.position.index + 1;

	wl_tool_journal_seek(&journal, 1);
	while (wl_tool_journal_next(&journal, &view) == WL_READER_ENTRY) {
		CU_ASSERT_EQUAL(view.header.index, first + count);
		count++;
	}
	return count;
}

static void a_log_with_its_origin_and_two_bases_is_compared_from_the_origin(void)
{
	begin();
	look(true, 0);
	CU_ASSERT_FALSE(wl_verify_is_damaged(&report));
	CU_ASSERT_EQUAL(found()->first_index, 1);
	CU_ASSERT_EQUAL(found()->last_index, fixture->log.log.tail.index);
	CU_ASSERT_EQUAL(found()->opens_at, newer);
	CU_ASSERT_EQUAL(found()->chain, fixture->log.log.tail_chain);
	CU_ASSERT_EQUAL(bases.places[0].state, WL_TOOL_BASE_SAME);
	CU_ASSERT_EQUAL(bases.places[0].made_from, 0);
	CU_ASSERT_EQUAL(bases.places[1].state, WL_TOOL_BASE_SAME);
	CU_ASSERT_EQUAL(bases.places[1].made_from, 0);
	CU_ASSERT_EQUAL(count_entries(), fixture->log.log.tail.index);
	CU_ASSERT_TRUE(says("\nclean\n"));
	CU_ASSERT_FALSE(says("begins"));
	end();
}

static void a_log_that_begins_later_is_walked_from_its_beginning(void)
{
	uint64_t first, wanted;

	begin();
	give_up_below(older_offset);
	first = fixture->log.log.begin.position.index + 1;
	CU_ASSERT_TRUE_FATAL(first > 1 && first < older);
	for (uint64_t ask = first - 1; ask <= newer + 1; ask += ask < first + 1 ? 1 : 17) {
		look(true, ask);
		CU_ASSERT_FALSE(wl_verify_is_damaged(&report));
		CU_ASSERT_EQUAL(found()->first_index, first);
		CU_ASSERT_EQUAL(found()->first_number, fixture->log.log.begin.next_number);
		CU_ASSERT_EQUAL(found()->chain, fixture->log.log.tail_chain);
		CU_ASSERT_TRUE(found()->wanted_chain_known);
		if (wl_log_chain_at(&fixture->log.log, ask, &wanted) == WL_LOG_KNOWN)
			CU_ASSERT_EQUAL(found()->wanted_chain, wanted);
		CU_ASSERT_EQUAL(bases.places[0].state, WL_TOOL_BASE_NOT_COMPARED);
		CU_ASSERT_EQUAL(bases.places[1].state, WL_TOOL_BASE_SAME);
		CU_ASSERT_EQUAL(bases.places[1].made_from, older);
	}
	CU_ASSERT_EQUAL(count_entries(), fixture->log.log.tail.index - first + 1);
	CU_ASSERT_TRUE(says("begins    at segment"));
	CU_ASSERT_TRUE(says("opens     at the base of entry"));
	look(true, first - 2);
	CU_ASSERT_FALSE(found()->wanted_chain_known);
	end();
}

/* As a node starts: without reading what stands before the base's chunk; readers reach that all the same. */
static void a_start_begins_at_the_newest_base(void)
{
	begin();
	give_up_below(older_offset);
	look(false, newer);
	CU_ASSERT_EQUAL(wl_tool_journal_base(&journal), newer);
	CU_ASSERT_EQUAL(journal.log.tail.index, fixture->log.log.tail.index);
	CU_ASSERT_EQUAL(journal.log.begin.position.index, fixture->log.log.begin.position.index);
	CU_ASSERT_TRUE(found()->wanted_chain_known);
	CU_ASSERT_EQUAL(count_entries(),
			fixture->log.log.tail.index - fixture->log.log.begin.position.index);
	/* The record that is asked for was given up. */
	CU_ASSERT_EQUAL(wl_tool_journal_index_near(&journal, 1), 0);
	end();
}

static void a_damaged_newest_base_leaves_the_older_one(void)
{
	begin();
	give_up_below(older_offset);
	fixture->places[1].bytes[fixture->places[1].size - 100] ^= 1;
	look(true, 0);
	CU_ASSERT_FALSE(wl_verify_is_damaged(&report));
	CU_ASSERT_EQUAL(found()->opens_at, older);
	CU_ASSERT_EQUAL(bases.places[1].verdict, WL_BASE_DAMAGED);
	CU_ASSERT_TRUE(says("the next one is written there"));
	CU_ASSERT_EQUAL(found()->chain, fixture->log.log.tail_chain);

	fixture->places[0].bytes[100] ^= 1;
	look(true, 0);
	CU_ASSERT_TRUE(wl_verify_is_damaged(&report));
	CU_ASSERT_TRUE(found()->nowhere);
	CU_ASSERT_TRUE(says("DAMAGE    no-base"));
	CU_ASSERT_TRUE(says("\nDAMAGED\n"));
	end();
}

static void without_any_base_a_log_with_its_origin_is_opened_there(void)
{
	begin();
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		fixture->places[place].bytes[100] ^= 1;
	look(false, 0);
	CU_ASSERT_FALSE(wl_verify_is_damaged(&report));
	CU_ASSERT_EQUAL(found()->opens_at, 0);
	CU_ASSERT_EQUAL(count_entries(), fixture->log.log.tail.index);
	end();
}

/* Whole in every block, and made by code that was wrong, or from memory that rotted. */
static void a_newer_base_with_another_state_is_named(void)
{
	begin();
	fixture->state.trim_number++;
	make_base(7);
	look(true, 0);
	CU_ASSERT_EQUAL(bases.places[0].state, WL_TOOL_BASE_SAME);
	CU_ASSERT_EQUAL(bases.places[1].state, WL_TOOL_BASE_DIFFERS);
	CU_ASSERT_TRUE(wl_verify_is_damaged(&report));
	CU_ASSERT_TRUE(says("DIFFERS from what the entries behind"));
	CU_ASSERT_TRUE(says("\nDAMAGED\n"));
	end();
}

static void an_older_base_with_another_state_is_named(void)
{
	begin();
	fixture->state.trim_number++;
	make_base(6);
	fixture->state.trim_number--;
	append(3);
	make_base(7);
	look(true, 0);
	CU_ASSERT_EQUAL(bases.places[0].state, WL_TOOL_BASE_DIFFERS);
	CU_ASSERT_EQUAL(bases.places[1].state, WL_TOOL_BASE_SAME);
	CU_ASSERT_TRUE(wl_verify_is_damaged(&report));
	end();
}

static void a_base_of_another_log_is_named(void)
{
	struct wl_base_header header;

	begin();
	fixture->log.log.slots[fixture->log.log.tail.index % WL_LOG_ENTRIES_IN_RING].chain ^= 1;
	header = base_fixture_header(fixture, 8);
	CU_ASSERT_EQUAL(header.log.position.index, fixture->log.log.tail.index);
	free(fixture->places[0].bytes);
	fixture->places[0].bytes = base_fixture_encode(fixture, 8, &fixture->places[0].size);
	look(true, 0);
	CU_ASSERT_EQUAL(bases.places[0].state, WL_TOOL_BASE_DIFFERS);
	CU_ASSERT_TRUE(wl_verify_is_damaged(&report));
	CU_ASSERT_EQUAL(found()->damage.kind, WL_DAMAGE_CHAIN);
	/* And a start would not go on from it. */
	look(false, 0);
	CU_ASSERT_TRUE(found()->damaged);
	CU_ASSERT_EQUAL(found()->damage.kind, WL_DAMAGE_CHAIN);
	end();
}

static void rot_before_the_base_is_told_and_the_rest_is_looked_at(void)
{
	struct wl_reader_view view;
	uint64_t at;

	begin();
	give_up_below(older_offset);
	look(false, 0);
	wl_tool_journal_seek(&journal, older - 4);
	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_next(&journal, &view), WL_READER_ENTRY);
	at = view.offset - view.offset % WL_BLOCK_BYTES + WL_BLOCK_BYTES;
	log_fixture_platter(&fixture->log, at)[77] ^= 1;
	look(true, 0);
	CU_ASSERT_TRUE(wl_verify_is_damaged(&report));
	CU_ASSERT_TRUE(found()->damaged_below);
	CU_ASSERT_FALSE(found()->damaged);
	CU_ASSERT_EQUAL(found()->below.kind, WL_DAMAGE_ROT);
	CU_ASSERT_TRUE(found()->below.begin <= at && at < found()->below.end);
	CU_ASSERT_EQUAL(found()->last_index, fixture->log.log.tail.index);
	CU_ASSERT_EQUAL(found()->chain, fixture->log.log.tail_chain);
	CU_ASSERT_EQUAL(bases.places[1].state, WL_TOOL_BASE_SAME);
	CU_ASSERT_TRUE(says("before the base: the node starts without it"));
	/* The very first chunk that is kept. */
	look(false, 0);
	log_fixture_platter(&fixture->log, at)[77] ^= 1;
	log_fixture_platter(&fixture->log, fixture->log.log.begin.offset)[77] ^= 1;
	look(true, 0);
	CU_ASSERT_TRUE(found()->damaged_below);
	CU_ASSERT_EQUAL(found()->below.begin, fixture->log.log.begin.offset);
	CU_ASSERT_EQUAL(found()->last_index, fixture->log.log.tail.index);
	end();
}

/* Bytes of the stream from that place on, up to the end or to `bytes`, become zeros; headers of segments stay. */
static void erase(uint64_t offset, uint64_t bytes)
{
	uint64_t end = fixture->log.drive.segments * fixture->log.config.segment_bytes;

	if (end - offset > bytes)
		end = offset + bytes;
	for (; offset < end; offset += WL_BLOCK_BYTES)
		if (offset % fixture->log.config.segment_bytes != 0)
			memset(log_fixture_platter(&fixture->log, offset), 0, WL_BLOCK_BYTES);
}

/* One medium after the other; false: there are no more. `at` is the place of the newest base's chunk. */
static bool damage_the_medium(unsigned way, uint64_t at)
{
	uint64_t segment_bytes = fixture->log.config.segment_bytes;
	struct wl_chunk_header chunk;

	CU_ASSERT_TRUE_FATAL(wl_chunk_decode_header(log_fixture_platter(&fixture->log, at),
						    WL_BLOCK_BYTES, &chunk));
	switch (way) {
	case 0: /* nothing */
		return true;
	case 1: /* the base is ahead of the stream */
		erase(at, UINT64_MAX);
		return true;
	case 2:
		erase(at + chunk.bytes, UINT64_MAX);
		return true;
	case 3:
		erase(at, chunk.bytes);
		return true;
	case 4:
		log_fixture_platter(&fixture->log, at)[WL_CHUNK_HEADER_BYTES + 200] ^= 1;
		return true;
	case 5: /* torn, and nothing behind */
		erase(at, WL_BLOCK_BYTES);
		erase(at + chunk.bytes, UINT64_MAX);
		return true;
	case 6: /* torn behind the base */
		erase(at + chunk.bytes, WL_BLOCK_BYTES);
		return true;
	case 7: /* the segment of its chunk is not there */
		fixture->log.drive.segments = at / segment_bytes;
		return true;
	case 8:
		log_fixture_platter(&fixture->log, at - at % segment_bytes)[8] ^= 1;
		return true;
	case 9: /* what a start does not read is gone as well */
		erase(chunk.previous, UINT64_MAX);
		return true;
	case 10:
		erase(chunk.previous, WL_BLOCK_BYTES);
		return true;
	case 11: /* both bases are gone */
		fixture->places[1].bytes[100] ^= 1;
		fixture->places[0].bytes[100] ^= 1;
		return true;
	case 12: /* the newest one is of another log */
		fixture->log.log.slots[fixture->log.log.tail.index % WL_LOG_ENTRIES_IN_RING].chain ^=
			1;
		free(fixture->places[0].bytes);
		fixture->places[0].bytes =
			base_fixture_encode(fixture, 8, &fixture->places[0].size);
		return true;
	default:
		return false;
	}
}

/* Where damage before the base is found, too, what is told of the start is told all the same. */
static void compare_with_a_start(void)
{
	struct wl_verify_journal start;

	look(false, 0);
	start = *found();
	look(true, 0);
	CU_ASSERT_EQUAL(start.damaged, found()->damaged);
	CU_ASSERT_EQUAL(start.nowhere, found()->nowhere);
	CU_ASSERT_EQUAL(start.damage.kind, found()->damage.kind);
	CU_ASSERT_EQUAL(start.damage.begin, found()->damage.begin);
	CU_ASSERT_EQUAL(start.damage.end, found()->damage.end);
	CU_ASSERT_EQUAL(start.last_index, found()->last_index);
	CU_ASSERT_EQUAL(start.chain, found()->chain);
	CU_ASSERT_EQUAL(start.known_commit, found()->known_commit);
}

static void what_a_start_would_say_is_said_of_every_medium(void)
{
	struct wl_base_header header;
	bool more = true;

	for (unsigned way = 0; more; way++) {
		for (unsigned turn = 0; turn < 4; turn++) {
			begin();
			watermark = turn / 2 ? fixture->log.log.durable_offset : 0;
			CU_ASSERT_EQUAL_FATAL(wl_base_decode_header(fixture->places[1].bytes,
								    &fixture->identity, &header),
					      WL_BASE_OK);
			if (turn % 2)
				give_up_below(older_offset);
			more = damage_the_medium(way, header.log.walk_offset);
			compare_with_a_start();
			end();
		}
	}
	watermark = 0;
}

/* The log jumps to a base that a peer made; the base is in its place, and nothing behind it. Returns where the log goes on. */
static uint64_t install_base(void)
{
	struct wl_log *log = &fixture->log.log;
	struct wl_log_base base = base_fixture_header(fixture, 6).log;

	base.installed = true;
	base.terms = base.marks = base.dead_ranges = 0;
	base.walk_offset = wl_log_jump_place(log);
	base.begin = (struct wl_log_begin){
		.position = base.position,
		.chain = base.chain,
		.next_number = base.next_number,
		.timestamp_ns = base.timestamp_ns,
		.offset = base.walk_offset,
	};
	CU_ASSERT_TRUE_FATAL(wl_log_may_jump(log) && wl_log_jump(log, &base));
	free(fixture->places[0].bytes);
	fixture->places[0].bytes = base_fixture_encode(fixture, 6, &fixture->places[0].size);
	return base.walk_offset;
}

/* Old segments stand still, or are forgotten, to the last one; the next one is made, or not; then the base rots, too. */
static void an_installed_base_is_seen_as_by_a_start(void)
{
	for (unsigned turn = 0; turn < 8; turn++) {
		uint64_t segment;

		begin();
		segment = install_base() / fixture->log.config.segment_bytes;
		if (turn % 2)
			fixture->log.drive.segments = segment;
		if (turn / 2 % 2)
			fixture->log.drive.first_segment = segment;
		watermark = turn / 4 ? segment * fixture->log.config.segment_bytes : 0;
		compare_with_a_start();
		CU_ASSERT_FALSE(found()->damaged);
		CU_ASSERT_EQUAL(found()->opens_at, fixture->log.log.tail.index);
		CU_ASSERT_EQUAL(found()->last_index, fixture->log.log.tail.index);
		fixture->places[0].bytes[100] ^= 1;
		compare_with_a_start();
		fixture->places[1].bytes[100] ^= 1;
		compare_with_a_start();
		CU_ASSERT_EQUAL(found()->nowhere, fixture->log.drive.first_segment != 0);
		end();
	}
	watermark = 0;
}

WL_SUITE(tool_bases)
{
	WL_TEST(a_log_with_its_origin_and_two_bases_is_compared_from_the_origin),
	WL_TEST(a_log_that_begins_later_is_walked_from_its_beginning),
	WL_TEST(a_start_begins_at_the_newest_base),
	WL_TEST(a_damaged_newest_base_leaves_the_older_one),
	WL_TEST(without_any_base_a_log_with_its_origin_is_opened_there),
	WL_TEST(a_newer_base_with_another_state_is_named),
	WL_TEST(an_older_base_with_another_state_is_named),
	WL_TEST(a_base_of_another_log_is_named),
	WL_TEST(rot_before_the_base_is_told_and_the_rest_is_looked_at),
	WL_TEST(what_a_start_would_say_is_said_of_every_medium),
	WL_TEST(an_installed_base_is_seen_as_by_a_start),
};
