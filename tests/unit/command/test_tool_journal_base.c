/* SPDX-License-Identifier: BSD-3-Clause */
/* Tools on a log without its beginning: walked from a base, read from the first entry that is kept. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/tool_bases.h"
#include "command/tool_verify.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

static struct base_fixture fixture;
static struct wl_tool_journal journal;
static struct wl_verify_journal found;
static struct wl_tool_bases bases;
static struct wl_log_begin from; /* where the log begins */
static char printed[4096];

static int read_place(void *context, unsigned place, uint64_t at, uint8_t *to, uint32_t bytes)
{
	(void)context;
	if (fixture.places[place].size == 0)
		return -ENOENT;
	if (at + bytes > fixture.places[place].size)
		return -ENODATA;
	memcpy(to, fixture.places[place].bytes + at, bytes);
	return 0;
}

static void proven_base(void)
{
	for (unsigned at = 0; at < 50; at++)
		base_fixture_append(&fixture, at % 4, 180000);
	base_fixture_base(&fixture);
	base_fixture_commit_all(&fixture);
	base_fixture_tell(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, UINT64_MAX));
	base_fixture_prove(&fixture, 0);
	base_fixture_commit_all(&fixture);
}

/* Two bases; what lies below the older one's segment is forgotten. */
static void make(void)
{
	base_fixture_init(&fixture, 60, 1);
	base_fixture_open_sessions(&fixture, 4);
	base_fixture_commit_all(&fixture);
	proven_base();
	proven_base();
	for (unsigned at = 0; at < 20; at++)
		base_fixture_append(&fixture, at % 4, 500);
	base_fixture_commit_all(&fixture);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(&fixture.log.log, UINT64_MAX,
					       base_fixture_report(&fixture).before.walk_offset,
					       &from));
	wl_log_give_up(&fixture.log.log, &from);
	fixture.log.drive.first_segment = from.offset / fixture.log.config.segment_bytes;
	CU_ASSERT_TRUE_FATAL(fixture.log.drive.first_segment != 0);
}

static void look(uint64_t chain_index)
{
	struct wl_tool_journal_source source = {
		.cluster = FIXTURE_CLUSTER,
		.node = FIXTURE_NODE,
		.journal = FIXTURE_JOURNAL,
		.segment_bytes = fixture.log.config.segment_bytes,
		.segments = fixture.log.drive.segments,
		.first_segment = fixture.log.drive.first_segment,
		.chain_index = chain_index,
		.read = memory_drive_read_for_tools,
		.read_base = read_place,
		.context = &fixture.log.drive,
	};

	source.identity = fixture.identity;
	source.from_begin = true;
	memcpy(source.chunk_key, fixture.log.config.chunk_key, sizeof(source.chunk_key));
	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_open(&journal, &source), 0);
	wl_verify_look(&found, &journal, NULL);
	CU_ASSERT_EQUAL_FATAL(wl_tool_bases_look(&bases, &journal), 0);
	memcpy(found.bases, bases.places, sizeof(found.bases));
}

static void print(void)
{
	struct wl_verify_report report = {.node = FIXTURE_NODE, .journal_count = 1};
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	report.journals[0] = found;
	wl_verify_print(out, "somewhere", 0, &report);
	fclose(out);
}

static void end(void)
{
	wl_tool_journal_close(&journal);
	base_fixture_fini(&fixture);
}

static void all_that_is_kept_is_read(void)
{
	struct wl_reader_view view;
	uint64_t index, chain;
	char text[64];

	make();
	CU_ASSERT_EQUAL(wl_log_chain_at(&fixture.log.log, from.position.index + 5, &chain),
			WL_LOG_KNOWN);
	look(from.position.index + 5);
	print();
	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_EQUAL(found.first_index, from.position.index + 1);
	CU_ASSERT_EQUAL(found.first_number, from.next_number);
	CU_ASSERT_EQUAL(found.last_index, fixture.log.log.tail.index);
	CU_ASSERT_EQUAL(found.chain, fixture.log.log.tail_chain);
	CU_ASSERT_TRUE(found.wanted_chain_known); /* of an entry before the base */
	CU_ASSERT_EQUAL(found.wanted_chain, chain);
	snprintf(text, sizeof(text), "entries   %" PRIu64 " to ", from.position.index + 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, text));
	snprintf(text, sizeof(text), "of entry %" PRIu64 ", digest",
		 base_fixture_report(&fixture).newest.index);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, text));
	CU_ASSERT_EQUAL(wl_tool_journal_index_near(&journal, 1), 0);
	wl_tool_journal_seek(&journal, 0);
	index = from.position.index + 1;
	while (wl_tool_journal_next(&journal, &view) == WL_READER_ENTRY)
		CU_ASSERT_EQUAL(view.header.index, index++);
	CU_ASSERT_EQUAL(index, fixture.log.log.tail.index + 1);
	end();
}

static void damage_before_the_base_is_found(void)
{
	make();
	*log_fixture_platter(&fixture.log, from.offset + 700) ^= 1;
	look(0);
	print();
	CU_ASSERT_FALSE(found.damaged); /* a start does not read it */
	CU_ASSERT_TRUE(found.damaged_below);
	CU_ASSERT_EQUAL(found.below.kind, WL_DAMAGE_ROT);
	CU_ASSERT_EQUAL(found.below.begin, from.offset);
	CU_ASSERT_EQUAL(found.below.last_good_index, from.position.index);
	end();
}

static void a_damaged_base_is_told_while_the_other_one_is_enough(void)
{
	make();
	fixture.places[0].bytes[200] ^= 1;
	look(0);
	print();
	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "base 0    damaged"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\nclean\n"));
	end();
}

static void without_a_whole_base_there_is_no_beginning(void)
{
	make();
	fixture.places[0].bytes[200] ^= 1;
	fixture.places[1].bytes[200] ^= 1;
	look(0);
	CU_ASSERT_TRUE(found.damaged);
	CU_ASSERT_TRUE(found.nowhere);
	CU_ASSERT_EQUAL(found.opens_by, WL_BASE_DAMAGED);
	CU_ASSERT_EQUAL(found.last_index, 0);
	end();
}

WL_SUITE(tool_journal_base)
{
	WL_TEST(all_that_is_kept_is_read),
	WL_TEST(damage_before_the_base_is_found),
	WL_TEST(a_damaged_base_is_told_while_the_other_one_is_enough),
	WL_TEST(without_a_whole_base_there_is_no_beginning),
};
