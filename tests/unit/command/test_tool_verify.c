/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define ENTRIES 40u
#define SEGMENTS 3u

static struct log_fixture fixture;
static struct wl_tool_journal journal;
static struct wl_verify_journal found;
static char printed[4096];

/* A chunk for each entry, as if each had been made durable before the next came. */
static void write_log(void)
{
	log_fixture_choose_sizes(2);
	log_fixture_init(&fixture, SEGMENTS);
	log_fixture_choose_sizes(0);
	for (unsigned at = 0; at < ENTRIES; at++) {
		log_fixture_append(&fixture, 1 + at / 20, 1000);
		log_fixture_settle(&fixture);
	}
}

static void look(uint64_t chain_index)
{
	struct wl_tool_journal_source source = {
		.cluster = FIXTURE_CLUSTER,
		.node = FIXTURE_NODE,
		.journal = FIXTURE_JOURNAL,
		.segment_bytes = fixture.config.segment_bytes,
		.segments = fixture.drive.segments,
		.chain_index = chain_index,
		.read = memory_drive_read_for_tools,
		.context = &fixture.drive,
	};

	memcpy(source.chunk_key, fixture.config.chunk_key, sizeof(source.chunk_key));

	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_open(&journal, &source), 0);
	wl_verify_look(&found, &journal, NULL);
}

static void end(void)
{
	wl_tool_journal_close(&journal);
	log_fixture_fini(&fixture);
}

/* As `wirelog verify` shows it. */
static void print(uint64_t chain_index)
{
	struct wl_verify_report report = {.node = FIXTURE_NODE, .journal_count = 1};
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	report.journals[0] = found;
	wl_verify_print(out, "somewhere", chain_index, &report);
	fclose(out);
}

static unsigned count_entries(uint64_t from)
{
	struct wl_reader_view view;
	unsigned count = 0;

	wl_tool_journal_seek(&journal, from);
	while (wl_tool_journal_next(&journal, &view) == WL_READER_ENTRY) {
		CU_ASSERT_EQUAL(view.header.index, from + count);
		count++;
	}
	return count;
}

/* Where entry `index` stands in the stream. */
static uint64_t find_entry(uint64_t index)
{
	struct wl_reader_view view = {.offset = 0};

	wl_tool_journal_seek(&journal, index);
	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_next(&journal, &view), WL_READER_ENTRY);
	return view.offset;
}

static void whole_log_is_clean_and_has_the_writers_chain_value(void)
{
	uint64_t chain_at_7;

	write_log();
	CU_ASSERT_TRUE(wl_log_chain_at(&fixture.log, 7, &chain_at_7) == WL_LOG_KNOWN);
	look(7);

	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_FALSE(found.torn_tail);
	CU_ASSERT_EQUAL(found.last_index, ENTRIES);
	CU_ASSERT_EQUAL(found.last_number, ENTRIES);
	CU_ASSERT_EQUAL(found.term_count, 2);
	CU_ASSERT_EQUAL(found.last_term, 2);
	CU_ASSERT_EQUAL(found.chain, fixture.log.tail_chain);
	CU_ASSERT_TRUE(found.wanted_chain_known);
	CU_ASSERT_EQUAL(found.wanted_chain, chain_at_7);
	CU_ASSERT_EQUAL(count_entries(1), ENTRIES);
	end();
}

static void chain_value_of_an_entry_that_is_not_there_is_not_known(void)
{
	write_log();
	look(ENTRIES + 1);
	print(ENTRIES + 1);

	CU_ASSERT_FALSE(found.wanted_chain_known);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "there is no entry 41"));
	end();
}

static void chain_value_is_that_of_the_entry_that_superseded(void)
{
	uint64_t chain;

	write_log();
	wl_log_truncate(&fixture.log, 30);
	for (unsigned at = 0; at < 5; at++)
		log_fixture_append(&fixture, 9, 500);
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(wl_log_chain_at(&fixture.log, 33, &chain) == WL_LOG_KNOWN);
	look(33);
	print(33);

	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_EQUAL(found.last_index, 35);
	CU_ASSERT_EQUAL(found.dead_ranges, 1);
	CU_ASSERT_TRUE(found.wanted_chain_known);
	CU_ASSERT_EQUAL(found.wanted_chain, chain);
	CU_ASSERT_EQUAL(count_entries(1), 35);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "cuts      1"));
	end();
}

static void chain_value_of_a_cut_entry_is_not_known(void)
{
	write_log();
	wl_log_truncate(&fixture.log, 30);
	log_fixture_append(&fixture, 9, 500);
	log_fixture_settle(&fixture);
	look(35);

	CU_ASSERT_EQUAL(found.last_index, 31);
	CU_ASSERT_FALSE(found.wanted_chain_known);
	end();
}

static void one_flipped_bit_is_rot_with_its_file_and_byte(void)
{
	char place[64];
	uint64_t offset, chunk;

	write_log();
	look(0);
	offset = find_entry(20);
	chunk = offset - offset % WL_BLOCK_BYTES;
	wl_tool_journal_close(&journal);
	log_fixture_platter(&fixture, offset)[200] ^= 4;
	look(0);
	print(0);

	CU_ASSERT_TRUE(found.damaged);
	CU_ASSERT_EQUAL(found.damage.kind, WL_DAMAGE_ROT);
	CU_ASSERT_EQUAL(found.damage.begin, chunk);
	CU_ASSERT_EQUAL(found.damage.last_good_index, 19);
	CU_ASSERT_STRING_EQUAL(found.begin.file, "journal-03/segment-000000000000");
	CU_ASSERT_EQUAL(found.begin.byte, chunk);
	snprintf(place, sizeof(place), "segment-000000000000 byte %" PRIu64, chunk);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "DAMAGE    rot: stream offset"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, place));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\nDAMAGED\n"));
	CU_ASSERT_EQUAL(count_entries(1), 19);
	end();
}

static void an_emptied_place_in_the_middle_is_a_lost_write(void)
{
	uint64_t offset;

	write_log();
	look(0);
	offset = find_entry(20);
	wl_tool_journal_close(&journal);
	memset(log_fixture_platter(&fixture, offset - offset % WL_BLOCK_BYTES), 0, WL_BLOCK_BYTES);
	look(0);

	CU_ASSERT_TRUE(found.damaged);
	CU_ASSERT_EQUAL(found.damage.kind, WL_DAMAGE_LOST_WRITE);
	end();
}

static void a_torn_tail_is_told_and_is_no_damage(void)
{
	write_log();
	log_fixture_append(&fixture, 2, 3000);
	CU_ASSERT_EQUAL_FATAL(log_fixture_submit(&fixture), 1);
	memory_drive_tear(&fixture.drive, 0, 3);
	look(0);
	print(0);

	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_TRUE(found.torn_tail);
	CU_ASSERT_EQUAL(found.last_index, ENTRIES);
	CU_ASSERT_TRUE(found.damage.end > found.damage.begin);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "torn-tail"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\nclean\n"));
	end();
}

static void looking_changes_nothing(void)
{
	uint8_t *before;
	size_t bytes;

	write_log();
	log_fixture_append(&fixture, 2, 3000);
	log_fixture_submit(&fixture);
	memory_drive_tear(&fixture.drive, 0, 3);
	bytes = (size_t)(fixture.drive.segments * fixture.config.segment_bytes);
	before = malloc(bytes);
	memcpy(before, fixture.drive.stable, bytes);
	look(0);

	CU_ASSERT_EQUAL(memcmp(before, fixture.drive.stable, bytes), 0);
	free(before);
	end();
}

static void a_read_that_fails_is_damage_and_not_absence(void)
{
	uint64_t offset;

	write_log();
	look(0);
	offset = find_entry(20);
	wl_tool_journal_close(&journal);
	fixture.drive.refuses_reads_from = offset - offset % WL_BLOCK_BYTES;
	fixture.drive.refuses_reads_to = fixture.drive.refuses_reads_from + WL_BLOCK_BYTES;
	look(0);

	CU_ASSERT_TRUE(found.damaged);
	CU_ASSERT_EQUAL(found.damage.kind, WL_DAMAGE_READ_FAILED);
	CU_ASSERT_EQUAL(found.damage.last_good_index, 19);
	end();
}

static void an_empty_log_is_clean(void)
{
	log_fixture_init(&fixture, SEGMENTS);
	look(0);
	print(0);

	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_EQUAL(found.last_index, 0);
	CU_ASSERT_EQUAL(found.last_number, 0);
	CU_ASSERT_EQUAL(count_entries(1), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "records   none"));
	end();
}

static void a_record_is_met_from_the_entry_near_its_number(void)
{
	struct wl_reader_view view = {.offset = 0};

	write_log();
	look(0);
	wl_tool_journal_seek(&journal, wl_tool_journal_index_near(&journal, 25));
	do {
		CU_ASSERT_EQUAL_FATAL(wl_tool_journal_next(&journal, &view), WL_READER_ENTRY);
	} while (view.header.first_number + view.header.data_count <= 25);

	CU_ASSERT_EQUAL(view.header.first_number, 25);
	end();
}

static void all_holes_are_told_and_what_is_missing_in_each(void)
{
	uint64_t at5, at6, at20;
	json_t *told;

	write_log();
	look(0);
	at5 = find_entry(5);
	at6 = find_entry(6);
	at20 = find_entry(20);
	wl_tool_journal_close(&journal);
	memory_drive_place(&fixture.drive, at5)[200] ^= 1;
	memory_drive_place(&fixture.drive, at6)[200] ^= 1;
	memory_drive_place(&fixture.drive, at20)[200] ^= 1;
	look(0);
	CU_ASSERT_EQUAL(wl_tool_holes_look(&found.holes, &journal, NULL), 0);
	print(0);
	CU_ASSERT_EQUAL(found.holes.count, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "entries 5 to 6"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "entry 20"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "fills this from its peers"));
	told = wl_tool_holes_json(&found.holes);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(told, "list")), 2);
	CU_ASSERT(json_is_true(json_object_get(told, "heals")));
	json_decref(told);
	end();
}

WL_SUITE(tool_verify)
{
	WL_TEST(all_holes_are_told_and_what_is_missing_in_each),
	WL_TEST(whole_log_is_clean_and_has_the_writers_chain_value),
	WL_TEST(chain_value_of_an_entry_that_is_not_there_is_not_known),
	WL_TEST(chain_value_is_that_of_the_entry_that_superseded),
	WL_TEST(chain_value_of_a_cut_entry_is_not_known),
	WL_TEST(one_flipped_bit_is_rot_with_its_file_and_byte),
	WL_TEST(an_emptied_place_in_the_middle_is_a_lost_write),
	WL_TEST(a_torn_tail_is_told_and_is_no_damage),
	WL_TEST(looking_changes_nothing),
	WL_TEST(a_read_that_fails_is_damage_and_not_absence),
	WL_TEST(an_empty_log_is_clean),
	WL_TEST(a_record_is_met_from_the_entry_near_its_number),
};
