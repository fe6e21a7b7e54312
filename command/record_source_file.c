/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/record_source_file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/itch/itch.h"
#include "dataplane/base/bytes.h"

#define BUFFER_BYTES_MIN (256u << 10)
#define PREFIX_BYTES_MAX 4u

static const char *const format_names[] = {
	[WL_RECORD_FORMAT_LINES] = "lines",
	[WL_RECORD_FORMAT_ITCH50] = "itch50",
	[WL_RECORD_FORMAT_LEN16] = "len16",
	[WL_RECORD_FORMAT_LEN32] = "len32",
};

bool wl_record_source_format(const char *name, enum wl_record_format *format)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
		if (strcmp(name, format_names[i]) == 0) {
			*format = (enum wl_record_format)i;
			return true;
		}
	}
	return false;
}

int wl_record_source_open(struct wl_record_source *source, const char *path,
			  enum wl_record_format format, size_t record_bytes_max)
{
	int result;

	memset(source, 0, sizeof(*source));
	source->format = format;
	source->record_bytes_max = record_bytes_max;
	source->capacity = record_bytes_max + PREFIX_BYTES_MAX + 1;
	if (source->capacity < BUFFER_BYTES_MIN)
		source->capacity = BUFFER_BYTES_MIN;
	result = wl_byte_stream_open(&source->stream, path);
	if (result != 0)
		return result;
	source->buffer = malloc(source->capacity);
	if (source->buffer == NULL) {
		wl_byte_stream_close(&source->stream);
		return -ENOMEM;
	}
	return 0;
}

void wl_record_source_close(struct wl_record_source *source)
{
	free(source->buffer);
	source->buffer = NULL;
	wl_byte_stream_close(&source->stream);
}

void wl_record_source_wait(const struct wl_record_source *source, int timeout_ms)
{
	wl_byte_stream_wait(&source->stream, timeout_ms);
}

static size_t available(const struct wl_record_source *source)
{
	return source->end - source->begin;
}

static enum wl_record_source_result fail(struct wl_record_source *source,
					 enum wl_record_source_cause cause, uint64_t size)
{
	struct wl_record_source_error *error = &source->error;

	error->cause = cause;
	error->record = source->records + source->blank_lines + 1;
	error->offset = source->offset;
	error->size = size;
	if (cause >= WL_RECORD_SOURCE_GZIP_CORRUPT)
		error->offset += available(source);
	else if (source->format == WL_RECORD_FORMAT_ITCH50)
		error->not_itch = source->records == 0;
	return WL_RECORD_SOURCE_ERROR;
}

static void pass(struct wl_record_source *source, size_t size)
{
	source->begin += size;
	source->offset += size;
	source->searched = 0;
}

static enum wl_record_source_result deliver(struct wl_record_source *source, size_t prefix_bytes,
					    size_t size, size_t suffix_bytes)
{
	pass(source, prefix_bytes + size + suffix_bytes);
	source->records++;
	return WL_RECORD_SOURCE_RECORD;
}

/* Reads once more. RECORD means that there is more than before. */
static enum wl_record_source_result read_more(struct wl_record_source *source)
{
	ssize_t count;

	if (source->ended)
		return WL_RECORD_SOURCE_END;
	if (source->begin > 0) {
		memmove(source->buffer, source->buffer + source->begin, available(source));
		source->end -= source->begin;
		source->begin = 0;
	}
	count = wl_byte_stream_read(&source->stream, source->buffer + source->end,
				    source->capacity - source->end);
	switch (count) {
	case 0:
		source->ended = true;
		return WL_RECORD_SOURCE_END;
	case WL_BYTE_STREAM_WAIT:
		return WL_RECORD_SOURCE_WAIT;
	case WL_BYTE_STREAM_CORRUPT:
		return fail(source, WL_RECORD_SOURCE_GZIP_CORRUPT, 0);
	case WL_BYTE_STREAM_TRUNCATED:
		return fail(source, WL_RECORD_SOURCE_GZIP_TRUNCATED, 0);
	case WL_BYTE_STREAM_FAILED:
		source->error.error = source->stream.error;
		return fail(source, WL_RECORD_SOURCE_READ_FAILED, 0);
	default:
		source->end += (size_t)count;
		return WL_RECORD_SOURCE_RECORD;
	}
}

/* RECORD once so many bytes are there, END when the data ends before. */
static enum wl_record_source_result need(struct wl_record_source *source, size_t size)
{
	while (available(source) < size) {
		enum wl_record_source_result result = read_more(source);

		if (result != WL_RECORD_SOURCE_RECORD)
			return result;
	}
	return WL_RECORD_SOURCE_RECORD;
}

static enum wl_record_source_result next_line(struct wl_record_source *source,
					      const uint8_t **record, size_t *size)
{
	for (;;) {
		const uint8_t *from = source->buffer + source->begin;
		const uint8_t *newline =
			memchr(from + source->searched, '\n', available(source) - source->searched);
		size_t length = newline != NULL ? (size_t)(newline - from) : available(source);
		enum wl_record_source_result result;

		if (length > source->record_bytes_max)
			return fail(source, WL_RECORD_SOURCE_TOO_LONG, length);
		if (newline == from) {
			pass(source, 1);
			source->blank_lines++;
			continue;
		}
		if (newline != NULL || (source->ended && length > 0)) {
			*record = from;
			*size = length;
			return deliver(source, 0, length, newline != NULL);
		}
		source->searched = length;
		result = read_more(source);
		if (result == WL_RECORD_SOURCE_END && available(source) > 0)
			continue;
		if (result != WL_RECORD_SOURCE_RECORD)
			return result;
	}
}

static enum wl_record_source_result next_prefixed(struct wl_record_source *source,
						  const uint8_t **record, size_t *size)
{
	size_t prefix = source->format == WL_RECORD_FORMAT_LEN16 ? 2 : 4;
	enum wl_record_source_result result = need(source, prefix);
	size_t length;

	if (result == WL_RECORD_SOURCE_END && available(source) > 0)
		return fail(source, WL_RECORD_SOURCE_TRUNCATED, 0);
	if (result != WL_RECORD_SOURCE_RECORD)
		return result;
	length = prefix == 2 ? wl_load_be16(source->buffer + source->begin)
			     : wl_load_be32(source->buffer + source->begin);
	if (length == 0)
		return fail(source, WL_RECORD_SOURCE_EMPTY, 0);
	if (length > source->record_bytes_max)
		return fail(source, WL_RECORD_SOURCE_TOO_LONG, length);
	result = need(source, prefix + length);
	if (result == WL_RECORD_SOURCE_END)
		return fail(source, WL_RECORD_SOURCE_TRUNCATED, length);
	if (result != WL_RECORD_SOURCE_RECORD)
		return result;
	*record = source->buffer + source->begin + prefix;
	*size = length;
	return deliver(source, prefix, length, 0);
}

/* A length of zero ends the session in NASDAQ's files; anything behind it is wrong. */
static enum wl_record_source_result end_session(struct wl_record_source *source)
{
	enum wl_record_source_result result = need(source, 3);

	return result == WL_RECORD_SOURCE_RECORD ? fail(source, WL_RECORD_SOURCE_EMPTY, 0) : result;
}

static enum wl_record_source_result next_message(struct wl_record_source *source,
						 const uint8_t **record, size_t *size)
{
	enum wl_record_source_result result = need(source, 2);
	enum wl_itch_reason reason;
	size_t length, wanted;

	if (result == WL_RECORD_SOURCE_END && available(source) > 0)
		return fail(source, WL_RECORD_SOURCE_TRUNCATED, 0);
	if (result != WL_RECORD_SOURCE_RECORD)
		return result;
	length = wl_load_be16(source->buffer + source->begin);
	if (length == 0)
		return end_session(source);
	/* No message is longer: the type alone tells then what to complain of. */
	wanted = length <= WL_ITCH_MESSAGE_BYTES_MAX ? length : 1;
	result = need(source, 2 + wanted);
	if (result == WL_RECORD_SOURCE_END)
		return fail(source, WL_RECORD_SOURCE_TRUNCATED, length);
	if (result != WL_RECORD_SOURCE_RECORD)
		return result;
	*record = source->buffer + source->begin + 2;
	*size = length;
	reason = wl_itch_check(*record, length);
	source->error.type = **record;
	if (reason == WL_ITCH_UNKNOWN_TYPE)
		return fail(source, WL_RECORD_SOURCE_UNKNOWN_TYPE, length);
	if (reason != WL_ITCH_OK)
		return fail(source, WL_RECORD_SOURCE_WRONG_LENGTH, length);
	if (length > source->record_bytes_max)
		return fail(source, WL_RECORD_SOURCE_TOO_LONG, length);
	return deliver(source, 2, length, 0);
}

enum wl_record_source_result wl_record_source_next(struct wl_record_source *source,
						   const uint8_t **record, size_t *size)
{
	if (source->error.cause != WL_RECORD_SOURCE_OK)
		return WL_RECORD_SOURCE_ERROR;
	switch (source->format) {
	case WL_RECORD_FORMAT_LINES:
		return next_line(source, record, size);
	case WL_RECORD_FORMAT_ITCH50:
		return next_message(source, record, size);
	default:
		return next_prefixed(source, record, size);
	}
}

static void describe_type(uint8_t type, char text[8])
{
	if (isprint(type))
		snprintf(text, 8, "'%c'", type);
	else
		snprintf(text, 8, "0x%02x", type);
}

static void describe_cause(const struct wl_record_source *source, char *text, size_t size)
{
	const struct wl_record_source_error *error = &source->error;
	char type[8];

	describe_type(error->type, type);
	switch (error->cause) {
	case WL_RECORD_SOURCE_OK:
		snprintf(text, size, "nothing is wrong");
		break;
	case WL_RECORD_SOURCE_TRUNCATED:
		if (error->size == 0)
			snprintf(text, size, "the data ends inside a length prefix");
		else
			snprintf(text, size, "truncated: %" PRIu64 " bytes announced, %zu there",
				 error->size,
				 available(source) -
					 (source->format == WL_RECORD_FORMAT_LEN32 ? 4 : 2));
		break;
	case WL_RECORD_SOURCE_EMPTY:
		snprintf(text, size, "length zero; a record has at least one byte");
		break;
	case WL_RECORD_SOURCE_TOO_LONG:
		snprintf(text, size, "%s%" PRIu64 " bytes; a record has at most %zu",
			 source->format == WL_RECORD_FORMAT_LINES ? "at least " : "", error->size,
			 source->record_bytes_max);
		break;
	case WL_RECORD_SOURCE_UNKNOWN_TYPE:
		snprintf(text, size, "type %s (length %" PRIu64 ") is %s", type, error->size,
			 wl_itch_reason_text(WL_ITCH_UNKNOWN_TYPE));
		break;
	case WL_RECORD_SOURCE_WRONG_LENGTH:
		snprintf(text, size, "type %s has %zu bytes, not %" PRIu64, type,
			 wl_itch_length((char)error->type), error->size);
		break;
	case WL_RECORD_SOURCE_GZIP_CORRUPT:
		snprintf(text, size, "the gzip data is damaged");
		break;
	case WL_RECORD_SOURCE_GZIP_TRUNCATED:
		snprintf(text, size, "the gzip data ends too early");
		break;
	case WL_RECORD_SOURCE_READ_FAILED:
		snprintf(text, size, "reading failed: %s", strerror(error->error));
		break;
	}
}

void wl_record_source_describe(const struct wl_record_source *source, char *text, size_t size)
{
	static const char *const nouns[] = {
		[WL_RECORD_FORMAT_LINES] = "line",
		[WL_RECORD_FORMAT_ITCH50] = "message",
		[WL_RECORD_FORMAT_LEN16] = "record",
		[WL_RECORD_FORMAT_LEN32] = "record",
	};
	const struct wl_record_source_error *error = &source->error;
	char cause[128];

	describe_cause(source, cause, sizeof(cause));
	snprintf(text, size, "%s%s %" PRIu64 " at byte %" PRIu64 ": %s",
		 error->not_itch ? "not an ITCH 5.0 file: " : "", nouns[source->format],
		 error->record, error->offset, cause);
}
