/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/hlog_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define HIGHEST 1000000000ull

static _Atomic uint64_t counters[WL_HISTOGRAM_COUNTERS(HIGHEST)];
static uint8_t encoded[WL_HISTOGRAM_ENCODED_BYTES_MAX(WL_HISTOGRAM_COUNTERS(HIGHEST))];
static uint8_t inflated[sizeof(encoded)];
static uint8_t decoded[sizeof(encoded)];
static char text[100000];
static struct wl_histogram histogram;
static struct wl_hlog_file log_file;

static int open_log(void)
{
	int fd = memfd_create("hlog", MFD_CLOEXEC);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CU_ASSERT_EQUAL_FATAL(wl_hlog_file_open(&log_file, path, 1700000000.25), 0);
	wl_histogram_init(&histogram, HIGHEST, counters);
	return fd;
}

/* Closes the log and gives its text. */
static void read_back(int fd)
{
	ssize_t size;

	CU_ASSERT_EQUAL(wl_hlog_file_close(&log_file), 0);
	size = pread(fd, text, sizeof(text) - 1, 0);
	CU_ASSERT_FATAL(size > 0);
	text[size] = 0;
	close(fd);
}

static size_t decode_base64(const char *from, size_t size, uint8_t *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t used = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < size && from[i] != '='; i++) {
		bits = bits << 6 | (uint32_t)(strchr(digits, from[i]) - digits);
		if (i % 4 != 0)
			to[used++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return used;
}

static void head_names_the_format_and_the_start(void)
{
	static const char expected[] =
		"#[Logged with wirelog]\n"
		"#[Histogram log format version 1.3]\n"
		"#[StartTime: 1700000000.250 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		"\"Interval_Compressed_Histogram\"\n";
	int fd = open_log();

	read_back(fd);
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void interval_holds_the_whole_histogram(void)
{
	struct wl_hlog_interval interval = {.tag = "commit", .start_s = 1.5, .length_s = 0.25};
	static const char before[] = "Tag=commit,1.500,0.250,2.001,HISTF";
	int fd = open_log();
	size_t encoded_size, size;
	uLongf inflated_size = sizeof(inflated);
	const char *line, *data;

	for (uint64_t value = 0; value < 2000000; value += 77)
		wl_histogram_record(&histogram, value);
	wl_histogram_record(&histogram, 2000000);
	CU_ASSERT_EQUAL(wl_hlog_file_write(&log_file, &interval, &histogram), 0);
	read_back(fd);

	line = strstr(text, "Tag=");
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	CU_ASSERT_EQUAL(strncmp(line, before, sizeof(before) - 1), 0);
	data = strrchr(line, ',') + 1;
	CU_ASSERT_EQUAL(strcspn(data, "\n") % 4, 0);
	size = decode_base64(data, strcspn(data, "\n"), decoded);
	CU_ASSERT_EQUAL(wl_load_be32(decoded), 0x1c849314);
	CU_ASSERT_EQUAL_FATAL(wl_load_be32(decoded + 4), size - 8);
	CU_ASSERT_EQUAL(uncompress(inflated, &inflated_size, decoded + 8, size - 8), Z_OK);
	encoded_size = wl_histogram_encode(&histogram, encoded, sizeof(encoded));
	CU_ASSERT_EQUAL_FATAL(inflated_size, encoded_size);
	CU_ASSERT_EQUAL(memcmp(inflated, encoded, encoded_size), 0);
}

/* One byte more or less each time, so that all three ends of base64 occur. */
static void intervals_of_all_sizes_stand_on_lines_of_their_own(void)
{
	struct wl_hlog_interval interval = {.length_s = 1.0};
	int fd = open_log();
	int lines = 0;

	for (uint64_t i = 0; i < 12; i++) {
		interval.start_s = (double)i;
		wl_histogram_record(&histogram, i * i * 991);
		CU_ASSERT_EQUAL(wl_hlog_file_write(&log_file, &interval, &histogram), 0);
	}
	read_back(fd);
	for (char *line = strstr(text, "\n0.000"); line != NULL; line = strchr(line + 1, '\n')) {
		uLongf inflated_size = sizeof(inflated);
		const char *data;
		size_t size;

		if (line[1] == 0)
			break;
		data = strstr(line, "HISTF");
		CU_ASSERT_PTR_NOT_NULL_FATAL(data);
		size = decode_base64(data, strcspn(data, "\n"), decoded);
		CU_ASSERT_EQUAL(wl_load_be32(decoded + 4), size - 8);
		CU_ASSERT_EQUAL(uncompress(inflated, &inflated_size, decoded + 8, size - 8), Z_OK);
		lines++;
	}
	CU_ASSERT_EQUAL(lines, 12);
}

static void tag_that_would_break_the_line_is_refused(void)
{
	static const char *const bad[] = {"a,b", "a b", "a\nb"};
	int fd = open_log();

	for (size_t i = 0; i < 3; i++) {
		struct wl_hlog_interval interval = {.tag = bad[i]};

		CU_ASSERT_EQUAL(wl_hlog_file_write(&log_file, &interval, &histogram), -EINVAL);
	}
	read_back(fd);
	CU_ASSERT_PTR_NULL(strstr(text, "Tag"));
}

static void file_that_cannot_be_made_or_filled_is_told(void)
{
	struct wl_hlog_interval interval = {.tag = NULL};
	int result;

	CU_ASSERT_EQUAL(wl_hlog_file_open(&log_file, "/proc/self/none/x", 0.0), -ENOENT);

	wl_histogram_init(&histogram, HIGHEST, counters);
	if (access("/dev/full", W_OK) != 0)
		wl_skip("needs /dev/full");
	CU_ASSERT_EQUAL_FATAL(wl_hlog_file_open(&log_file, "/dev/full", 0.0), 0);
	wl_hlog_file_write(&log_file, &interval, &histogram);
	result = wl_hlog_file_close(&log_file);
	CU_ASSERT_EQUAL(result, -ENOSPC);
}

WL_SUITE(hlog_file)
{
	WL_TEST(head_names_the_format_and_the_start),
	WL_TEST(interval_holds_the_whole_histogram),
	WL_TEST(intervals_of_all_sizes_stand_on_lines_of_their_own),
	WL_TEST(tag_that_would_break_the_line_is_refused),
	WL_TEST(file_that_cannot_be_made_or_filled_is_told),
};
