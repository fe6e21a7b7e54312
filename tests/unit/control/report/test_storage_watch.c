/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/storage_watch.h"

#include <errno.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define SECOND_NS 1000000000ull

static struct wl_storage_watch watch;
static struct wl_storage_status status;
static struct wl_storage_line lines[WL_STORAGE_TROUBLES];

static void begin(void)
{
	watch = (struct wl_storage_watch){0};
	status = (struct wl_storage_status){0};
}

static unsigned look(uint64_t seconds)
{
	return wl_storage_watch_look(&watch, &status, seconds * SECOND_NS, lines);
}

static void a_medium_that_is_well_is_not_spoken_of(void)
{
	begin();
	CU_ASSERT_EQUAL(look(1), 0);
	CU_ASSERT_EQUAL(look(1000), 0);
}

static void a_failed_write_is_told_with_error_and_place(void)
{
	begin();
	status.write_error = EIO;
	status.write_error_offset = 8192;
	CU_ASSERT_EQUAL(look(1), 1);
	CU_ASSERT_EQUAL(lines[0].trouble, WL_STORAGE_WRITE_FAILED);
	CU_ASSERT_TRUE(lines[0].begins);
	CU_ASSERT_EQUAL(lines[0].error, EIO);
	CU_ASSERT_EQUAL(lines[0].offset, 8192);
	CU_ASSERT_EQUAL(wl_storage_trouble_code(lines[0].trouble), WIRELOG_STORE_FAILED);
}

static void what_lasts_is_said_again_but_seldom_and_when_it_ends(void)
{
	unsigned said = 0;

	begin();
	status.segment_error = EROFS;
	for (uint64_t second = 1; second <= 100; second++)
		said += look(second);
	CU_ASSERT_EQUAL(said, 4);
	CU_ASSERT_FALSE(lines[0].begins);
	CU_ASSERT_EQUAL(wl_storage_trouble_code(lines[0].trouble), WIRELOG_SEGMENT_FAILED);
	status.segment_error = 0;
	CU_ASSERT_EQUAL(look(101), 1);
	CU_ASSERT_TRUE(lines[0].ends);
	CU_ASSERT_EQUAL(look(102), 0);
}

static void a_segment_that_does_not_open_is_no_failed_write(void)
{
	begin();
	status.open_error = EMFILE;
	status.open_error_offset = 4096;
	CU_ASSERT_EQUAL(look(1), 1);
	CU_ASSERT_EQUAL(lines[0].trouble, WL_STORAGE_OPEN_FAILED);
	CU_ASSERT_EQUAL(lines[0].error, EMFILE);
	CU_ASSERT_EQUAL(lines[0].offset, 4096);
	CU_ASSERT_EQUAL(wl_storage_trouble_code(lines[0].trouble), WIRELOG_SEGMENT_FAILED);
	CU_ASSERT_STRING_EQUAL(wl_storage_trouble_name(lines[0].trouble), "open_failed");
	status.open_error = 0;
	CU_ASSERT_EQUAL(look(2), 1);
	CU_ASSERT_TRUE(lines[0].ends);
}

static void a_full_device_is_not_a_broken_one(void)
{
	begin();
	status.segment_error = ENOSPC;
	CU_ASSERT_EQUAL(look(1), 1);
	CU_ASSERT_EQUAL(lines[0].trouble, WL_STORAGE_FULL);
	CU_ASSERT_EQUAL(wl_storage_trouble_code(lines[0].trouble), WIRELOG_NO_SPACE);
	/* The room came back, and the device died. */
	status.segment_error = EIO;
	CU_ASSERT_EQUAL(look(2), 2);
	CU_ASSERT_EQUAL(lines[0].trouble, WL_STORAGE_SEGMENT_FAILED);
	CU_ASSERT_TRUE(lines[1].ends);
}

static void a_drive_that_hangs_is_told_while_it_hangs(void)
{
	begin();
	status.silent_ns = WL_STORAGE_SILENT_NS - 1;
	CU_ASSERT_EQUAL(look(1), 0);
	status.silent_ns = 15 * SECOND_NS;
	CU_ASSERT_EQUAL(look(2), 1);
	CU_ASSERT_EQUAL(lines[0].count, 15000);
	status.silent_ns = 0;
	CU_ASSERT_EQUAL(look(3), 1);
	CU_ASSERT_TRUE(lines[0].ends);
}

static void a_maker_of_segments_that_hangs_is_told_by_its_own_name(void)
{
	begin();
	status.segment_awaited_ns = WL_STORAGE_SILENT_NS - 1;
	CU_ASSERT_EQUAL(look(1), 0);
	status.segment_awaited_ns = 4 * SECOND_NS;
	CU_ASSERT_EQUAL(look(2), 1);
	CU_ASSERT_EQUAL(lines[0].trouble, WL_STORAGE_MAKER_SILENT);
	CU_ASSERT_EQUAL(lines[0].count, 4000);
	CU_ASSERT_STRING_EQUAL(wl_storage_trouble_name(lines[0].trouble), "maker_silent");
	CU_ASSERT_EQUAL(wl_storage_trouble_code(lines[0].trouble), WIRELOG_DRIVE_SILENT);
	CU_ASSERT_STRING_EQUAL(wl_storage_trouble_name(WL_STORAGE_READS_FAIL), "reads_fail");
	status.segment_awaited_ns = 0;
	CU_ASSERT_EQUAL(look(3), 1);
	CU_ASSERT_TRUE(lines[0].ends);
}

static void failed_reads_are_counted_into_one_line_until_none_fails(void)
{
	unsigned said = 0;

	begin();
	for (uint64_t second = 1; second <= 20; second++) {
		status.reads_failed += 100;
		status.read_error = EIO;
		said += look(second);
	}
	CU_ASSERT_EQUAL(said, 1);
	CU_ASSERT_EQUAL(look(29), 0);
	CU_ASSERT_EQUAL(look(30), 1);
	CU_ASSERT_TRUE(lines[0].ends);
	CU_ASSERT_EQUAL(lines[0].count, 2000);
	CU_ASSERT_EQUAL(wl_storage_trouble_code(lines[0].trouble), WIRELOG_READ_FAILED);
}

WL_SUITE(storage_watch)
{
	WL_TEST(a_medium_that_is_well_is_not_spoken_of),
	WL_TEST(a_failed_write_is_told_with_error_and_place),
	WL_TEST(what_lasts_is_said_again_but_seldom_and_when_it_ends),
	WL_TEST(a_segment_that_does_not_open_is_no_failed_write),
	WL_TEST(a_full_device_is_not_a_broken_one),
	WL_TEST(a_drive_that_hangs_is_told_while_it_hangs),
	WL_TEST(a_maker_of_segments_that_hangs_is_told_by_its_own_name),
	WL_TEST(failed_reads_are_counted_into_one_line_until_none_fails),
};
