/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records out of a file or standard input, one after another, for `append`.
 *
 *   lines    text, one record a line, without its newline; the last one may lack it. A record has at least one byte,
 *            so blank lines are passed over and counted
 *   itch50   NASDAQ ITCH 5.0: two-byte big-endian length, message; each is validated
 *   len16    two-byte big-endian length, record
 *   len32    four-byte big-endian length, record
 *
 * Each may be gzip. What is wrong is told with the number of the record (lines: of the line) and the
 * offset in the unpacked bytes; all records before it have been delivered. A
 * length of no bytes is an error. The caller owns the struct; open
 * allocates, close frees. One thread at a time; only wl_record_source_wait may block
 * (and, on a regular file, the disk).
 */
#ifndef WL_COMMAND_RECORD_SOURCE_FILE_H
#define WL_COMMAND_RECORD_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/byte_stream_file.h"

enum wl_record_format {
	WL_RECORD_FORMAT_LINES,
	WL_RECORD_FORMAT_ITCH50,
	WL_RECORD_FORMAT_LEN16,
	WL_RECORD_FORMAT_LEN32,
};

enum wl_record_source_result {
	WL_RECORD_SOURCE_RECORD, /* here is one */
	WL_RECORD_SOURCE_END, /* there are no more */
	WL_RECORD_SOURCE_WAIT, /* none yet: standard input has nothing to read now */
	WL_RECORD_SOURCE_ERROR, /* see `error`; final */
};

enum wl_record_source_cause {
	WL_RECORD_SOURCE_OK = 0,
	WL_RECORD_SOURCE_TRUNCATED, /* the data ends inside a record or its length */
	WL_RECORD_SOURCE_EMPTY, /* a record of no bytes */
	WL_RECORD_SOURCE_TOO_LONG,
	WL_RECORD_SOURCE_UNKNOWN_TYPE,
	WL_RECORD_SOURCE_WRONG_LENGTH,
	WL_RECORD_SOURCE_GZIP_CORRUPT,
	WL_RECORD_SOURCE_GZIP_TRUNCATED,
	WL_RECORD_SOURCE_READ_FAILED,
};

struct wl_record_source_error {
	enum wl_record_source_cause cause;
	bool not_itch; /* the first message is already wrong: this is no ITCH file */
	uint64_t record; /* its number, from 1 */
	uint64_t offset; /* where it (its length prefix) begins; gzip: how far unpacking came */
	uint64_t size; /* length that was announced, or bytes of the line so far */
	uint8_t type; /* of the message, where the cause is its type or length */
	int error; /* errno, where reading failed */
};

struct wl_record_source {
	struct wl_byte_stream stream;
	enum wl_record_format format;
	size_t record_bytes_max;
	uint8_t *buffer;
	size_t capacity;
	size_t begin; /* of what is unread in `buffer` */
	size_t end;
	size_t searched; /* bytes from `begin` known to have no newline */
	bool ended;
	uint64_t offset; /* of buffer[begin] in the unpacked bytes */
	uint64_t records; /* delivered so far */
	uint64_t blank_lines; /* passed over so far */
	struct wl_record_source_error error;
};

/* False for a name that is none of lines, itch50, len16, len32. */
bool wl_record_source_format(const char *name, enum wl_record_format *format);

/* "-" is standard input. Returns 0 or a negative errno; nothing stays open on failure. */
int wl_record_source_open(struct wl_record_source *source, const char *path,
			  enum wl_record_format format, size_t record_bytes_max);

/* On RECORD the bytes stay valid until the next call on this source. */
enum wl_record_source_result wl_record_source_next(struct wl_record_source *source,
						   const uint8_t **record, size_t *size);

/* After WAIT: until there may be more, or so many milliseconds, negative for ever. */
void wl_record_source_wait(const struct wl_record_source *source, int timeout_ms);

/* After ERROR: one line that says which record, where, and what is wrong. */
void wl_record_source_describe(const struct wl_record_source *source, char *text, size_t size);

void wl_record_source_close(struct wl_record_source *source);

#endif
