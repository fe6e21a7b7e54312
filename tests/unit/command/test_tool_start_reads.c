/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_start_reads.h"

#include <string.h>

#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define ENTRIES 40u

static struct log_fixture fixture;
static struct wl_tool_journal journal;
static struct wl_tool_start_reads found;

/* A chunk for each entry. */
static void write_log(unsigned entries)
{
	log_fixture_choose_sizes(2);
	log_fixture_init(&fixture, 3);
	log_fixture_choose_sizes(0);
	for (unsigned at = 0; at < entries; at++) {
		log_fixture_append(&fixture, 1, 1000);
		log_fixture_settle(&fixture);
	}
}

static void look(void)
{
	struct wl_tool_journal_source source = {
		.cluster = FIXTURE_CLUSTER,
		.node = FIXTURE_NODE,
		.journal = FIXTURE_JOURNAL,
		.segment_bytes = fixture.config.segment_bytes,
		.segments = fixture.drive.segments,
		.read = memory_drive_read_for_tools,
		.context = &fixture.drive,
	};

	memcpy(source.chunk_key, fixture.config.chunk_key, sizeof(source.chunk_key));
	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_open(&journal, &source), 0);
	wl_tool_start_reads_of(&found, &journal, NULL);
	wl_tool_journal_close(&journal);
}

static void a_bit_that_turns_in_the_middle_is_found_by_the_next_start(void)
{
	uint64_t offset;

	write_log(ENTRIES);
	look();
	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_TRUE(found.number >= ENTRIES / 2 - 1 && found.number <= ENTRIES / 2 + 2);
	CU_ASSERT_TRUE(found.place.offset > found.begin && found.place.offset < found.end);
	offset = found.place.offset + found.bytes / 2;
	log_fixture_platter(&fixture, offset)[0] ^= 1;
	look();
	CU_ASSERT_TRUE(found.damaged);
	CU_ASSERT_TRUE(found.damage_begin <= offset && found.damage_end > offset);
	log_fixture_platter(&fixture, offset)[0] ^= 1;
	look();
	CU_ASSERT_FALSE(found.damaged);
	log_fixture_fini(&fixture);
}

static void an_empty_log_has_no_middle(void)
{
	write_log(0);
	look();
	CU_ASSERT_FALSE(found.damaged);
	CU_ASSERT_EQUAL(found.number, 0);
	log_fixture_fini(&fixture);
}

WL_SUITE(tool_start_reads)
{
	WL_TEST(a_bit_that_turns_in_the_middle_is_found_by_the_next_start),
	WL_TEST(an_empty_log_has_no_middle),
};
