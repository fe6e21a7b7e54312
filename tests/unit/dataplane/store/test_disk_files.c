/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/disk_files.h"
#include "tests/unit/runner.h"

static struct wl_disk_files files;

static uint32_t open_one(uint32_t journal, uint64_t segment, int fd)
{
	int closed;
	uint32_t place = wl_disk_files_take(&files, journal, segment, &closed);

	CU_ASSERT_FATAL(place != WL_DISK_FILES_NONE);
	wl_disk_files_opened(&files, place, fd, 0);
	return place;
}

static void fill(void)
{
	wl_disk_files_init(&files);
	for (uint32_t at = 0; at < WL_DISK_FILES; at++)
		open_one(0, at, 100 + (int)at);
}

static void what_was_opened_is_found_by_journal_and_number(void)
{
	uint32_t place;

	wl_disk_files_init(&files);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 0), WL_DISK_FILES_NONE);
	place = open_one(3, 7, 10);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 3, 7), place);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 7, 3), WL_DISK_FILES_NONE);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 3, 8), WL_DISK_FILES_NONE);
}

static void one_that_cannot_be_opened_leaves_its_place(void)
{
	int closed;
	uint32_t place;

	wl_disk_files_init(&files);
	place = wl_disk_files_take(&files, 0, 5, &closed);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 5), place);
	wl_disk_files_failed(&files, place);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 5), WL_DISK_FILES_NONE);
}

static void the_least_recently_used_gives_way(void)
{
	int closed;
	uint32_t place;

	fill();
	for (uint32_t at = 0; at < WL_DISK_FILES; at++) {
		if (at == 9)
			continue;
		wl_disk_files_enter(&files, at, false);
		CU_ASSERT_EQUAL(wl_disk_files_leave(&files, at), -1);
	}
	place = wl_disk_files_take(&files, 1, 1000, &closed);
	CU_ASSERT_EQUAL(place, 9);
	CU_ASSERT_EQUAL(closed, 109);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 9), WL_DISK_FILES_NONE);
}

static void one_in_use_never_gives_way(void)
{
	int closed;

	fill();
	for (uint32_t at = 0; at < WL_DISK_FILES; at++)
		wl_disk_files_enter(&files, at, false);
	CU_ASSERT_EQUAL(wl_disk_files_take(&files, 1, 1000, &closed), WL_DISK_FILES_NONE);
	CU_ASSERT_EQUAL(closed, -1);
	wl_disk_files_leave(&files, 77);
	CU_ASSERT_EQUAL(wl_disk_files_take(&files, 1, 1000, &closed), 77);
}

static void those_that_appends_go_to_stay_however_much_is_read(void)
{
	uint32_t written, ahead;
	int closed;

	wl_disk_files_init(&files);
	written = open_one(0, 50, 1);
	ahead = open_one(0, 51, 2);
	files.files[ahead].for_append = true;
	wl_disk_files_enter(&files, written, true);
	wl_disk_files_leave(&files, written);
	for (uint32_t at = 0; at < 3 * WL_DISK_FILES; at++)
		open_one(1, at, 10);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 50), written);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 51), ahead);
	/* Once appends have moved on, the one before is like any other. */
	wl_disk_files_enter(&files, ahead, true);
	wl_disk_files_leave(&files, ahead);
	for (uint32_t at = 0; at < 3 * WL_DISK_FILES; at++)
		wl_disk_files_opened(&files, wl_disk_files_take(&files, 2, at, &closed), 10, 0);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 50), WL_DISK_FILES_NONE);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 51), ahead);
}

static void a_replaced_one_is_closed_when_its_last_reader_leaves(void)
{
	uint32_t place;

	wl_disk_files_init(&files);
	place = open_one(0, 4, 44);
	wl_disk_files_enter(&files, place, false);
	wl_disk_files_enter(&files, place, false);
	CU_ASSERT_EQUAL(wl_disk_files_retire(&files, 0, 4), -1);
	CU_ASSERT_EQUAL(wl_disk_files_find(&files, 0, 4), WL_DISK_FILES_NONE);
	CU_ASSERT_EQUAL(wl_disk_files_leave(&files, place), -1);
	CU_ASSERT_EQUAL(wl_disk_files_leave(&files, place), 44);
	place = open_one(0, 4, 45);
	CU_ASSERT_EQUAL(wl_disk_files_retire(&files, 0, 4), 45);
	CU_ASSERT_EQUAL(wl_disk_files_retire(&files, 0, 4), -1);
}

WL_SUITE(disk_files)
{
	WL_TEST(what_was_opened_is_found_by_journal_and_number),
	WL_TEST(one_that_cannot_be_opened_leaves_its_place),
	WL_TEST(the_least_recently_used_gives_way),
	WL_TEST(one_in_use_never_gives_way),
	WL_TEST(those_that_appends_go_to_stay_however_much_is_read),
	WL_TEST(a_replaced_one_is_closed_when_its_last_reader_leaves),
};
