/* SPDX-License-Identifier: BSD-3-Clause */
/* The log as an operator reads it: stderr is a file while a claim runs. */
#include "control/report/report_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/report/repeats.h"
#include "tests/unit/runner.h"

static FILE *sink;
static int own_stderr;
static char text[1u << 20];

static void begin(void)
{
	sink = tmpfile();
	CU_ASSERT_PTR_NOT_NULL_FATAL(sink);
	fflush(stderr);
	own_stderr = dup(STDERR_FILENO);
	CU_ASSERT_TRUE_FATAL(dup2(fileno(sink), STDERR_FILENO) >= 0);
	CU_ASSERT_EQUAL_FATAL(wl_report_open(WL_CONFIG_LOG_STDERR, WL_REPORT_DEBUG), 0);
}

/* What was said up to the end of the log. */
static void read_all(void)
{
	size_t bytes;

	wl_report_close();
	dup2(own_stderr, STDERR_FILENO);
	close(own_stderr);
	rewind(sink);
	bytes = fread(text, 1, sizeof(text) - 1, sink);
	text[bytes] = '\0';
	fclose(sink);
}

static unsigned count_of(const char *words)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, words)) != NULL; at += strlen(words))
		count++;
	return count;
}

/* In portions that the queue takes, so that nothing is dropped for want of room. */
static void say(enum wl_report_level level, const char *event, unsigned lines)
{
	for (unsigned at = 0; at < lines; at++) {
		wl_report(level, event, "place=%u text=\"some \"words\"\"", at);
		if (at % 64 == 63)
			wl_report_flush();
	}
}

static void a_line_that_repeats_is_limited_and_its_count_is_told(void)
{
	uint64_t before = wl_report_held_back();

	begin();
	say(WL_REPORT_WARNING, "repeated_thing", 500);
	say(WL_REPORT_NOTICE, "another_thing", 3);
	read_all();

	CU_ASSERT_EQUAL(count_of(" warning repeated_thing place="), WL_REPEATS_LINES);
	CU_ASSERT_EQUAL(count_of(" notice another_thing place="), 3);
	CU_ASSERT_EQUAL(count_of("lines_held_back event=repeated_thing count=480 "), 1);
	CU_ASSERT_EQUAL(count_of("lines_held_back"), 1);
	/* The last one is not lost. */
	CU_ASSERT_EQUAL(count_of("last=\"repeated_thing place=499 text='some 'words''\""), 1);
	CU_ASSERT_EQUAL(wl_report_held_back() - before, 480);
}

static void lines_of_level_debug_are_not_limited(void)
{
	begin();
	say(WL_REPORT_DEBUG, "detail", 500);
	read_all();
	CU_ASSERT_EQUAL(count_of(" debug detail place="), 500);
}

static void what_is_wanted_line_by_line_is_not_limited(void)
{
	begin();
	for (unsigned at = 0; at < 100; at++)
		wl_report_each(WL_REPORT_NOTICE, "asked", "place=%u text=\"a\nb\"", at);
	say(WL_REPORT_NOTICE, "asked", 1);
	read_all();
	CU_ASSERT_EQUAL(count_of(" notice asked place="), 101);
	CU_ASSERT_EQUAL(count_of("text=\"a?b\""), 100);
	CU_ASSERT_EQUAL(count_of("lines_held_back"), 0);
}

WL_SUITE(report_file)
{
	WL_TEST(what_is_wanted_line_by_line_is_not_limited),
	WL_TEST(a_line_that_repeats_is_limited_and_its_count_is_told),
	WL_TEST(lines_of_level_debug_are_not_limited),
};
