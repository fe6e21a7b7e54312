/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/events_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"

static char directory[64], path[96];
static struct wl_event events[WL_EVENTS];

static void set_up(void)
{
	strcpy(directory, "/tmp/wirelog-events-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/" WL_EVENTS_FILE_NAME, directory);
}

static void tear_down(void)
{
	wl_events_close();
	unlink(path);
	rmdir(directory);
}

static void what_was_added_is_read(void)
{
	struct stat file;

	set_up();
	CU_ASSERT_EQUAL_FATAL(wl_events_open(path), 0);
	wl_events_add(3, "one");
	wl_events_add(5, "two");
	wl_events_add(6, "of no importance");
	CU_ASSERT_EQUAL(wl_events_read(events), 2);
	CU_ASSERT_STRING_EQUAL(events[1].text, "two");
	CU_ASSERT_EQUAL(events[0].level, 3);
	CU_ASSERT(events[0].time_ns != 0 && events[0].time_ns <= events[1].time_ns);
	CU_ASSERT_EQUAL(stat(path, &file), 0);
	CU_ASSERT_EQUAL(file.st_mode & 0777, 0600);
	tear_down();
}

/* As after a crash: nobody has closed anything properly. */
static void the_next_process_goes_on_behind_the_last_event(void)
{
	char text[32];

	set_up();
	for (unsigned start = 0; start < 3; start++) {
		CU_ASSERT_EQUAL_FATAL(wl_events_open(path), 0);
		for (unsigned at = 0; at < 100; at++) {
			snprintf(text, sizeof(text), "start %u event %u", start, at);
			wl_events_add(4, text);
		}
		wl_events_close();
	}
	CU_ASSERT_EQUAL(wl_events_open(path), 0);
	CU_ASSERT_EQUAL(wl_events_read(events), WL_EVENTS);
	CU_ASSERT_EQUAL(events[WL_EVENTS - 1].number, 300);
	CU_ASSERT_STRING_EQUAL(events[WL_EVENTS - 1].text, "start 2 event 99");
	CU_ASSERT_STRING_EQUAL(events[0].text, "start 0 event 44");
	tear_down();
}

static void a_file_that_is_no_ring_is_begun_anew(void)
{
	int fd;

	set_up();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CU_ASSERT_EQUAL(write(fd, "hello", 5), 5);
	close(fd);
	CU_ASSERT_EQUAL_FATAL(wl_events_open(path), 0);
	wl_events_add(4, "first");
	CU_ASSERT_EQUAL(wl_events_read(events), 1);
	CU_ASSERT_EQUAL(events[0].number, 1);
	tear_down();
}

static void a_symbolic_link_is_not_followed(void)
{
	char other[128];

	set_up();
	snprintf(other, sizeof(other), "%s/other", directory);
	CU_ASSERT_EQUAL(symlink(other, path), 0);
	CU_ASSERT_EQUAL(wl_events_open(path), -ELOOP);
	CU_ASSERT_NOT_EQUAL(access(other, F_OK), 0);
	wl_events_add(4, "nowhere to go");
	CU_ASSERT_EQUAL(wl_events_read(events), 0);
	tear_down();
}

WL_SUITE(events_file)
{
	WL_TEST(what_was_added_is_read),
	WL_TEST(the_next_process_goes_on_behind_the_last_event),
	WL_TEST(a_file_that_is_no_ring_is_begun_anew),
	WL_TEST(a_symbolic_link_is_not_followed),
};
