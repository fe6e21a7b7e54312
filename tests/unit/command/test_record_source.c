/* SPDX-License-Identifier: BSD-3-Clause */
/* Files are memfds, opened again through /proc/self/fd: nothing is left behind. */
#include "command/record_source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "command/itch/itch_workload.h"
#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define RECORD_MAX 65536u
#define DAY_MESSAGES 5000u
#define DAY_BYTES_MAX (DAY_MESSAGES * (2 + WL_ITCH_MESSAGE_BYTES_MAX))

static struct wl_itch_workload workload;
static uint8_t day[DAY_BYTES_MAX + 4096];
static uint8_t packed[DAY_BYTES_MAX + 4096];
static char described[256];

struct outcome {
	enum wl_record_source_result last;
	struct wl_record_source_error error;
	uint64_t records;
	uint64_t bytes;
	uint64_t hash;
};

static uint64_t hash_record(uint64_t hash, const uint8_t *bytes, size_t size)
{
	hash = (hash ^ size) * 0x100000001b3u;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static int make_file(const void *bytes, size_t size, char path[32])
{
	int fd = memfd_create("records", MFD_CLOEXEC);

	snprintf(path, 32, "/proc/self/fd/%d", fd);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static struct outcome read_all(const void *bytes, size_t size, enum wl_record_format format)
{
	struct wl_record_source source;
	struct outcome outcome = {0};
	const uint8_t *record;
	size_t record_size;
	char path[32];
	int fd = make_file(bytes, size, path);

	CU_ASSERT_EQUAL_FATAL(wl_record_source_open(&source, path, format, RECORD_MAX), 0);
	while ((outcome.last = wl_record_source_next(&source, &record, &record_size)) ==
	       WL_RECORD_SOURCE_RECORD) {
		outcome.hash = hash_record(outcome.hash, record, record_size);
		outcome.records++;
		outcome.bytes += record_size;
	}
	/* An end or an error is final. */
	CU_ASSERT_EQUAL(wl_record_source_next(&source, &record, &record_size), outcome.last);
	outcome.error = source.error;
	wl_record_source_describe(&source, described, sizeof(described));
	wl_record_source_close(&source);
	close(fd);
	return outcome;
}

#define READ_TEXT(text, format) read_all(text, sizeof(text) - 1, WL_RECORD_FORMAT_##format)

static size_t make_day(void)
{
	size_t used = 0, size;

	wl_itch_workload_init(&workload, DAY_MESSAGES, 11);
	while ((size = wl_itch_workload_next(&workload, day + used + 2)) > 0) {
		wl_store_be16(day + used, (uint16_t)size);
		used += 2 + size;
	}
	return used;
}

static size_t pack(const uint8_t *from, size_t size, uint8_t *to)
{
	z_stream stream = {.next_in = (uint8_t *)(uintptr_t)from,
			   .avail_in = (uInt)size,
			   .next_out = to,
			   .avail_out = DAY_BYTES_MAX};

	CU_ASSERT_EQUAL_FATAL(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			      Z_OK);
	CU_ASSERT_EQUAL_FATAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static void lines_lose_their_newline_and_nothing_else(void)
{
	struct outcome outcome = READ_TEXT("one\ntwo\r\n three \nlast", LINES);
	uint64_t hash = 0;

	CU_ASSERT_EQUAL(outcome.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(outcome.records, 4);
	hash = hash_record(hash, (const uint8_t *)"one", 3);
	hash = hash_record(hash, (const uint8_t *)"two\r", 4);
	hash = hash_record(hash, (const uint8_t *)" three ", 7);
	hash = hash_record(hash, (const uint8_t *)"last", 4);
	CU_ASSERT_EQUAL(outcome.hash, hash);
	CU_ASSERT_EQUAL(READ_TEXT("one\ntwo\n", LINES).records, 2);
}

static void blank_lines_are_passed_over_wherever_they_stand(void)
{
	CU_ASSERT_EQUAL(READ_TEXT("one\ntwo\n\nfour\n", LINES).records, 3);
	CU_ASSERT_EQUAL(READ_TEXT("\n\n\none\n\n", LINES).records, 1);
	CU_ASSERT_EQUAL(READ_TEXT("\n", LINES).records, 0);
	CU_ASSERT_EQUAL(READ_TEXT("\n", LINES).last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(READ_TEXT("one\n\nlast", LINES).records, 2);
	CU_ASSERT_EQUAL(READ_TEXT("\r\n", LINES).records, 1); /* of one byte */
}

static void line_of_the_maximum_passes_and_one_byte_more_does_not(void)
{
	static char text[400000];
	struct outcome outcome;

	memset(text, 'x', sizeof(text));
	memcpy(text, "a\n", 2);
	text[2 + RECORD_MAX] = '\n';
	outcome = read_all(text, 2 + RECORD_MAX + 1, WL_RECORD_FORMAT_LINES);
	CU_ASSERT_EQUAL(outcome.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(outcome.bytes, 1 + RECORD_MAX);
	/* What is wrong is named by its line, blank ones counted. */
	text[1] = text[0] = '\n';
	CU_ASSERT_EQUAL(read_all(text, 2 + RECORD_MAX + 1, WL_RECORD_FORMAT_LINES).records, 1);
	text[0] = 'a';

	text[2 + RECORD_MAX] = 'x';
	text[2 + RECORD_MAX + 1] = '\n';
	for (size_t size = 2 + RECORD_MAX + 1; size <= sizeof(text); size += 150000) {
		outcome = read_all(text, size, WL_RECORD_FORMAT_LINES);
		CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_TOO_LONG);
		CU_ASSERT_EQUAL(outcome.error.record, 2);
		CU_ASSERT_EQUAL(outcome.error.offset, 2);
	}
}

static void empty_file_has_no_records_and_no_error(void)
{
	for (int format = WL_RECORD_FORMAT_LINES; format <= WL_RECORD_FORMAT_LEN32; format++) {
		struct outcome outcome = read_all("", 0, (enum wl_record_format)format);

		CU_ASSERT_EQUAL(outcome.last, WL_RECORD_SOURCE_END);
		CU_ASSERT_EQUAL(outcome.records, 0);
	}
}

static void prefixed_records_of_any_bytes_are_read(void)
{
	struct outcome narrow = READ_TEXT("\0\3a\nb\0\1\0", LEN16);
	struct outcome wide = READ_TEXT("\0\0\0\3a\nb\0\0\0\1\0", LEN32);
	uint64_t hash =
		hash_record(hash_record(0, (const uint8_t *)"a\nb", 3), (const uint8_t *)"", 1);

	CU_ASSERT_EQUAL(narrow.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(narrow.hash, hash);
	CU_ASSERT_EQUAL(wide.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(wide.hash, hash);
}

static void prefixed_records_of_bad_length_are_named(void)
{
	struct outcome outcome = READ_TEXT("\0\3abc\0\0", LEN16);

	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_EMPTY);
	CU_ASSERT_EQUAL(outcome.error.record, 2);
	CU_ASSERT_EQUAL(outcome.error.offset, 5);

	outcome = READ_TEXT("\0\0\0\1a\0\1\0\1b", LEN32);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_TOO_LONG);
	CU_ASSERT_EQUAL(outcome.error.size, 65537);
	CU_ASSERT_STRING_EQUAL(described,
			       "record 2 at byte 5: 65537 bytes; a record has at most 65536");

	outcome = READ_TEXT("\xff\xff\xff\xff"
			    "a",
			    LEN32);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_TOO_LONG);
}

static void prefixed_data_cut_anywhere_is_truncated_unless_between_records(void)
{
	static const char wide[] = "\0\0\0\3abc\0\0\0\2de";

	for (size_t size = 0; size <= 13; size++) {
		struct outcome outcome = read_all(wide, size, WL_RECORD_FORMAT_LEN32);
		bool whole = size == 0 || size == 7 || size == 13;

		CU_ASSERT_EQUAL(outcome.last,
				whole ? WL_RECORD_SOURCE_END : WL_RECORD_SOURCE_ERROR);
		CU_ASSERT_EQUAL(outcome.error.cause,
				whole ? WL_RECORD_SOURCE_OK : WL_RECORD_SOURCE_TRUNCATED);
		CU_ASSERT_EQUAL(outcome.records, size < 7 ? 0 : size < 13 ? 1 : 2);
	}
	read_all(wide, 12, WL_RECORD_FORMAT_LEN32);
	CU_ASSERT_STRING_EQUAL(described,
			       "record 2 at byte 7: truncated: 2 bytes announced, 1 there");
}

static void itch_day_reads_the_same_plain_and_gzip(void)
{
	size_t size = make_day();
	struct outcome plain = read_all(day, size, WL_RECORD_FORMAT_ITCH50);
	struct outcome gzip = read_all(packed, pack(day, size, packed), WL_RECORD_FORMAT_ITCH50);

	CU_ASSERT_EQUAL(plain.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(plain.records, DAY_MESSAGES);
	CU_ASSERT_EQUAL(plain.bytes, size - 2 * DAY_MESSAGES);
	CU_ASSERT_EQUAL(gzip.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(gzip.records, DAY_MESSAGES);
	CU_ASSERT_EQUAL(gzip.hash, plain.hash);
}

static void itch_session_may_end_with_a_length_of_zero(void)
{
	size_t size = make_day();
	struct outcome outcome;

	day[size] = day[size + 1] = 0;
	outcome = read_all(day, size + 2, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(outcome.records, DAY_MESSAGES);

	outcome = read_all(day, size + 3, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_EMPTY);
	CU_ASSERT_EQUAL(outcome.error.record, DAY_MESSAGES + 1);
	CU_ASSERT_EQUAL(outcome.error.offset, size);
}

static void itch_file_cut_anywhere_tells_where(void)
{
	bool right = true;

	make_day(); /* begins with messages of 12, 39, 39 ... bytes: stocks of the directory */
	for (size_t size = 15; size < 14 + 10 * 41; size++) {
		struct outcome outcome = read_all(day, size, WL_RECORD_FORMAT_ITCH50);
		size_t whole = 1 + (size - 14) / 41, begin = 14 + (whole - 1) * 41;

		right = right && outcome.records == whole;
		if (size == begin)
			right = right && outcome.last == WL_RECORD_SOURCE_END;
		else
			right = right && outcome.error.cause == WL_RECORD_SOURCE_TRUNCATED &&
				!outcome.error.not_itch && outcome.error.record == whole + 1 &&
				outcome.error.offset == begin;
	}
	CU_ASSERT_TRUE(right);
}

static void file_that_is_not_itch_is_told_at_its_first_message(void)
{
	static const char *const others[] = {"hello world, this is text\n",
					     "\x7f"
					     "ELF\2\1\1",
					     "{",
					     "\0\14X",
					     "\0\13S1234567890",
					     "\0\0a"};
	static const size_t sizes[] = {26, 7, 1, 3, 13, 3};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct outcome outcome = read_all(others[i], sizes[i], WL_RECORD_FORMAT_ITCH50);

		CU_ASSERT_EQUAL(outcome.last, WL_RECORD_SOURCE_ERROR);
		CU_ASSERT_TRUE(outcome.error.not_itch);
		CU_ASSERT_EQUAL(outcome.error.record, 1);
		CU_ASSERT_EQUAL(outcome.error.offset, 0);
	}
	READ_TEXT("hello world", ITCH50);
	CU_ASSERT_STRING_EQUAL(described,
			       "not an ITCH 5.0 file: message 1 at byte 0: type 'l' (length 26725) "
			       "is not a message type of ITCH 5.0");
}

static void wrong_itch_message_in_the_middle_is_named(void)
{
	struct outcome outcome;
	size_t size = make_day();

	day[14 + 2] = 'Z';
	outcome = read_all(day, size, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_UNKNOWN_TYPE);
	CU_ASSERT_FALSE(outcome.error.not_itch);
	CU_ASSERT_EQUAL(outcome.error.record, 2);
	CU_ASSERT_EQUAL(outcome.error.offset, 14);

	day[14 + 2] = 'A';
	outcome = read_all(day, size, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_WRONG_LENGTH);
	CU_ASSERT_STRING_EQUAL(described, "message 2 at byte 14: type 'A' has 36 bytes, not 39");

	day[14] = 0xff; /* a length beyond any message: told at once, not after 64 KiB */
	outcome = read_all(day, 17, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_WRONG_LENGTH);
}

static void gzip_cut_short_is_not_taken_for_the_end(void)
{
	size_t size = pack(day, make_day(), packed);
	bool told = true;

	for (size_t cut = 10; cut < size; cut += cut < size - 20 ? 997 : 1) {
		struct outcome outcome = read_all(packed, cut, WL_RECORD_FORMAT_ITCH50);

		told = told && outcome.error.cause == WL_RECORD_SOURCE_GZIP_TRUNCATED;
	}
	CU_ASSERT_TRUE(told);
}

static void damaged_gzip_is_told_after_the_records_before_the_damage(void)
{
	size_t size = pack(day, make_day(), packed);
	struct outcome outcome;

	packed[size - 8] ^= 1; /* the CRC at the very end: all records are there */
	outcome = read_all(packed, size, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.error.cause, WL_RECORD_SOURCE_GZIP_CORRUPT);
	CU_ASSERT_EQUAL(outcome.records, DAY_MESSAGES);
	CU_ASSERT_EQUAL(outcome.error.offset, make_day());

	packed[size - 8] ^= 1;
	memset(packed + size / 2, 0xff, 64);
	outcome = read_all(packed, size, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(outcome.last, WL_RECORD_SOURCE_ERROR);
	CU_ASSERT_TRUE(outcome.records > 0 && outcome.records < DAY_MESSAGES);
}

static void gzip_members_follow_one_another(void)
{
	size_t size = make_day(), half = size / 2; /* splits inside a message */
	size_t first = pack(day, half, packed);
	size_t whole = first + pack(day + half, size - half, packed + first);
	struct outcome plain = read_all(day, size, WL_RECORD_FORMAT_ITCH50);
	struct outcome gzip = read_all(packed, whole, WL_RECORD_FORMAT_ITCH50);

	CU_ASSERT_EQUAL(gzip.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(gzip.hash, plain.hash);

	memset(packed + whole, 0, 300); /* padding, as tapes have it */
	gzip = read_all(packed, whole + 300, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(gzip.last, WL_RECORD_SOURCE_END);
	CU_ASSERT_EQUAL(gzip.records, DAY_MESSAGES);

	memset(packed + whole, 'x', 300);
	gzip = read_all(packed, whole + 300, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_EQUAL(gzip.error.cause, WL_RECORD_SOURCE_GZIP_CORRUPT);
	CU_ASSERT_EQUAL(gzip.records, DAY_MESSAGES);
}

/* Byte by byte through a pipe: after each there is either a record or a word that there is none. */
static uint64_t read_slowly(const uint8_t *bytes, size_t size, enum wl_record_format format)
{
	struct wl_record_source source;
	enum wl_record_source_result result = WL_RECORD_SOURCE_WAIT;
	const uint8_t *record;
	size_t record_size;
	uint64_t hash = 0;
	char path[32];
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	CU_ASSERT_EQUAL_FATAL(wl_record_source_open(&source, path, format, RECORD_MAX), 0);
	close(ends[0]);
	for (size_t i = 0; i <= size; i++) {
		while ((result = wl_record_source_next(&source, &record, &record_size)) ==
		       WL_RECORD_SOURCE_RECORD)
			hash = hash_record(hash, record, record_size);
		CU_ASSERT_EQUAL(result, WL_RECORD_SOURCE_WAIT);
		if (i < size)
			CU_ASSERT_EQUAL(write(ends[1], bytes + i, 1), 1);
	}
	close(ends[1]);
	wl_record_source_wait(&source, -1);
	while ((result = wl_record_source_next(&source, &record, &record_size)) ==
	       WL_RECORD_SOURCE_RECORD)
		hash = hash_record(hash, record, record_size);
	CU_ASSERT_EQUAL(result, WL_RECORD_SOURCE_END);
	wl_record_source_close(&source);
	return hash;
}

static void pipe_never_blocks_and_loses_nothing(void)
{
	static const char text[] = "one\ntwo\nthree";
	size_t size;

	make_day();
	size = 14 + 20 * 41;
	CU_ASSERT_EQUAL(read_slowly(day, size, WL_RECORD_FORMAT_ITCH50),
			read_all(day, size, WL_RECORD_FORMAT_ITCH50).hash);
	CU_ASSERT_EQUAL(read_slowly(packed, pack(day, size, packed), WL_RECORD_FORMAT_ITCH50),
			read_all(day, size, WL_RECORD_FORMAT_ITCH50).hash);
	CU_ASSERT_EQUAL(read_slowly((const uint8_t *)text, 13, WL_RECORD_FORMAT_LINES),
			READ_TEXT("one\ntwo\nthree", LINES).hash);
}

static void file_that_cannot_be_read_is_refused_at_open(void)
{
	struct wl_record_source source;

	CU_ASSERT_EQUAL(wl_record_source_open(&source, "/proc/self/nothing", WL_RECORD_FORMAT_LINES,
					      RECORD_MAX),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_record_source_open(&source, "/proc/self", WL_RECORD_FORMAT_LINES,
					      RECORD_MAX),
			-EISDIR);
}

static void formats_are_known_by_name(void)
{
	enum wl_record_format format = WL_RECORD_FORMAT_LINES;

	CU_ASSERT_TRUE(wl_record_source_format("itch50", &format));
	CU_ASSERT_EQUAL(format, WL_RECORD_FORMAT_ITCH50);
	CU_ASSERT_TRUE(wl_record_source_format("len32", &format));
	CU_ASSERT_EQUAL(format, WL_RECORD_FORMAT_LEN32);
	CU_ASSERT_FALSE(wl_record_source_format("itch", &format));
	CU_ASSERT_FALSE(wl_record_source_format("", &format));
}

WL_SUITE(record_source)
{
	WL_TEST(lines_lose_their_newline_and_nothing_else),
	WL_TEST(blank_lines_are_passed_over_wherever_they_stand),
	WL_TEST(line_of_the_maximum_passes_and_one_byte_more_does_not),
	WL_TEST(empty_file_has_no_records_and_no_error),
	WL_TEST(prefixed_records_of_any_bytes_are_read),
	WL_TEST(prefixed_records_of_bad_length_are_named),
	WL_TEST(prefixed_data_cut_anywhere_is_truncated_unless_between_records),
	WL_TEST(itch_day_reads_the_same_plain_and_gzip),
	WL_TEST(itch_session_may_end_with_a_length_of_zero),
	WL_TEST(itch_file_cut_anywhere_tells_where),
	WL_TEST(file_that_is_not_itch_is_told_at_its_first_message),
	WL_TEST(wrong_itch_message_in_the_middle_is_named),
	WL_TEST(gzip_cut_short_is_not_taken_for_the_end),
	WL_TEST(damaged_gzip_is_told_after_the_records_before_the_damage),
	WL_TEST(gzip_members_follow_one_another),
	WL_TEST(pipe_never_blocks_and_loses_nothing),
	WL_TEST(file_that_cannot_be_read_is_refused_at_open),
	WL_TEST(formats_are_known_by_name),
};
