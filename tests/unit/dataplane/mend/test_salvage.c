/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole entries in damaged chunks, and runs of them. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/mend/mend_fixture.h"
#include "tests/unit/runner.h"

static struct mend_fixture fixture;
static uint8_t buffer[WL_SALVAGE_BUFFER_BYTES];

static void begin(unsigned chunks, unsigned entries, uint32_t payload_bytes)
{
	mend_fixture_init(&fixture, 3);
	while (chunks--)
		mend_fixture_chunk(&fixture, 1, entries, payload_bytes);
}

static void end(void)
{
	mend_fixture_fini(&fixture);
}

static uint64_t chunk(uint64_t index)
{
	return mend_fixture_chunk_of(&fixture, index);
}

/* How many entries of the chunks [from, to) are found whole; *sum: of their indices. */
static unsigned salvage(uint64_t from, uint64_t to, uint64_t *sum)
{
	struct wl_salvage walk;
	struct wl_salvage_entry entry;
	unsigned found = 0;

	*sum = 0;
	wl_salvage_init(&walk, &fixture.log.config, from, to);
	wl_salvage_give(&walk, memory_drive_place(&fixture.log.drive, from), from, to - from);
	while (wl_salvage_next(&walk, &entry) == WL_SALVAGE_ENTRY) {
		if (!entry.whole)
			continue;
		found++;
		*sum += entry.header.index;
		CU_ASSERT_EQUAL(entry.chain, fixture.live[entry.header.index].chain);
		CU_ASSERT_EQUAL(entry.offset, fixture.live[entry.header.index].offset);
	}
	return found;
}

static void all_but_the_damaged_entry_of_a_chunk_are_found(void)
{
	uint64_t sum;

	for (uint64_t bad = 1; bad <= 5; bad++) {
		for (unsigned at = 0; at < 700; at += 31) {
			begin(2, 5, 700);
			mend_fixture_rot(&fixture, fixture.live[bad].offset + at,
					 fixture.live[bad].offset + at + 1);
			CU_ASSERT_EQUAL(salvage(chunk(1), chunk(6), &sum), 4);
			CU_ASSERT_EQUAL(sum, 15 - bad);
			end();
		}
	}
}

static void entries_behind_a_lost_header_are_found(void)
{
	uint64_t sum;

	begin(2, 5, 700);
	memset(memory_drive_place(&fixture.log.drive, chunk(1)), 0xff, WL_CHUNK_HEADER_BYTES);
	CU_ASSERT_EQUAL(salvage(chunk(1), chunk(6), &sum), 5);
	CU_ASSERT_EQUAL(sum, 15);
	end();
}

static enum wl_salvage_state find(struct wl_salvage_find *machine, uint64_t index, uint64_t chain,
				  uint64_t first, uint64_t from, uint64_t to)
{
	const struct wl_salvage_want want = {index, chain, first, WL_SALVAGE_RUN_BYTES};

	wl_salvage_find_init(machine, &fixture.log.config, fixture.window, buffer);
	wl_salvage_find_begin(machine, &want, from, to);
	while (machine->state == WL_SALVAGE_WANTS_READ) {
		uint64_t offset;
		uint8_t *bytes;
		uint32_t size;

		wl_salvage_find_want(machine, &offset, &bytes, &size);
		wl_salvage_find_on_read(machine,
					memory_drive_read(&fixture.log.drive, offset, bytes, size));
	}
	return machine->state;
}

static bool run_is(const struct wl_salvage_find *machine, uint64_t first, uint64_t last)
{
	uint32_t at = 0;

	for (uint64_t index = first; index <= last; index++) {
		const struct mend_image *image = &fixture.live[index];

		if (at + image->size > machine->run_bytes ||
		    memcmp(machine->run + at, image->bytes, image->size) != 0)
			return false;
		at += image->size;
	}
	return at == machine->run_bytes && machine->run_first == first;
}

static void a_run_ends_at_what_is_wanted_and_begins_where_it_may(void)
{
	struct wl_salvage_find machine;
	uint64_t all;

	begin(30, 5, 3000);
	all = fixture.log.log.append_offset;
	CU_ASSERT_EQUAL(find(&machine, 40, fixture.live[40].chain, 31, WL_BLOCK_BYTES, all),
			WL_SALVAGE_FOUND);
	CU_ASSERT(run_is(&machine, 31, 40));
	/* No more than fits. */
	CU_ASSERT_EQUAL(find(&machine, 150, fixture.live[150].chain, 1, WL_BLOCK_BYTES, all),
			WL_SALVAGE_FOUND);
	CU_ASSERT(machine.run_bytes <= WL_SALVAGE_RUN_BYTES);
	CU_ASSERT(run_is(&machine, 150 - WL_SALVAGE_RUN_BYTES / fixture.live[1].size + 1, 150));
	/* It begins behind what is damaged. */
	mend_fixture_rot(&fixture, fixture.live[35].offset + 10, fixture.live[35].offset + 11);
	CU_ASSERT_EQUAL(find(&machine, 40, fixture.live[40].chain, 31, WL_BLOCK_BYTES, all),
			WL_SALVAGE_FOUND);
	CU_ASSERT(run_is(&machine, 36, 40));
	CU_ASSERT_EQUAL(find(&machine, 35, fixture.live[35].chain, 31, WL_BLOCK_BYTES, all),
			WL_SALVAGE_NOT_FOUND);
	/* Another value: another entry. */
	CU_ASSERT_EQUAL(find(&machine, 40, fixture.live[40].chain + 1, 31, WL_BLOCK_BYTES, all),
			WL_SALVAGE_NOT_FOUND);
	end();
}

static void the_branch_that_is_wanted_is_told_by_its_value(void)
{
	struct wl_salvage_find machine;
	uint64_t dead, all;

	mend_fixture_init(&fixture, 3);
	mend_fixture_chunk(&fixture, 1, 6, 500);
	dead = fixture.live[6].chain;
	mend_fixture_truncate(&fixture, 4);
	mend_fixture_chunk(&fixture, 2, 4, 500);
	mend_fixture_save(&fixture);
	all = fixture.log.log.append_offset;
	CU_ASSERT_EQUAL(find(&machine, 6, fixture.live[6].chain, 1, WL_BLOCK_BYTES, all),
			WL_SALVAGE_FOUND);
	CU_ASSERT(run_is(&machine, 5, 6));
	CU_ASSERT_EQUAL(find(&machine, 6, dead, 1, WL_BLOCK_BYTES, all), WL_SALVAGE_FOUND);
	CU_ASSERT_EQUAL(machine.run_first, 1);
	end();
}

static void an_entry_that_is_larger_than_a_run_is_one(void)
{
	struct wl_salvage_find machine;

	begin(2, 2, WIRELOG_RECORD_BYTES_MAX);
	CU_ASSERT_EQUAL(find(&machine, 3, fixture.live[3].chain, 1, WL_BLOCK_BYTES,
			     wl_align_up(fixture.log.log.append_offset, WL_BLOCK_BYTES)),
			WL_SALVAGE_FOUND);
	CU_ASSERT(run_is(&machine, 3, 3));
	end();
}

WL_SUITE(salvage)
{
	WL_TEST(all_but_the_damaged_entry_of_a_chunk_are_found),
	WL_TEST(entries_behind_a_lost_header_are_found),
	WL_TEST(a_run_ends_at_what_is_wanted_and_begins_where_it_may),
	WL_TEST(the_branch_that_is_wanted_is_told_by_its_value),
	WL_TEST(an_entry_that_is_larger_than_a_run_is_one),
};
