/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The compressed form is, big-endian: u32 cookie 0x1c849304 | 0x10, u32 bytes
 * that follow, zlib stream of what wl_histogram_encode wrote.
 */
#include "command/hlog_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "dataplane/base/bytes.h"

#define COMPRESSED_COOKIE 0x1c849314u
#define COMPRESSED_HEADER_BYTES 8u
#define NS_PER_MS 1e6

static size_t base64_bytes(size_t size)
{
	return (size + 2) / 3 * 4;
}

/* RFC 4648 section 4, with padding. */
static void base64_encode(char *to, const uint8_t *from, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)from[i] << 16;

		if (left > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			bits |= from[i + 2];
		*to++ = digits[bits >> 18];
		*to++ = digits[(bits >> 12) & 63];
		*to++ = left > 1 ? digits[(bits >> 6) & 63] : '=';
		*to++ = left > 2 ? digits[bits & 63] : '=';
	}
}

static void write_head(FILE *file, double start_unixtime_s)
{
	time_t seconds = (time_t)start_unixtime_s;
	struct tm parts;
	char text[64] = "";

	if (gmtime_r(&seconds, &parts) != NULL)
		strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", &parts);
	fprintf(file, "#[Logged with wirelog]\n");
	fprintf(file, "#[Histogram log format version 1.3]\n");
	fprintf(file, "#[StartTime: %.3f (seconds since epoch), %s]\n", start_unixtime_s, text);
	fprintf(file, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		      "\"Interval_Compressed_Histogram\"\n");
}

int wl_hlog_file_open(struct wl_hlog_file *log, const char *path, double start_unixtime_s,
		      uint64_t highest)
{
	int error;

	log->encoded_max = WL_HISTOGRAM_ENCODED_BYTES_MAX(WL_HISTOGRAM_COUNTERS(highest));
	log->deflated_max = COMPRESSED_HEADER_BYTES + compressBound(log->encoded_max);
	log->scratch =
		malloc(log->encoded_max + log->deflated_max + base64_bytes(log->deflated_max));
	if (log->scratch == NULL)
		return -ENOMEM;
	log->file = fopen(path, "we");
	if (log->file == NULL) {
		error = errno;
		free(log->scratch);
		return -error;
	}
	write_head(log->file, start_unixtime_s);
	return 0;
}

int wl_hlog_file_write(struct wl_hlog_file *log, const struct wl_hlog_interval *interval,
		       const struct wl_histogram *histogram)
{
	uint8_t *encoded = log->scratch;
	uint8_t *deflated = encoded + log->encoded_max;
	char *text = (char *)deflated + log->deflated_max;
	size_t encoded_size = wl_histogram_encode(histogram, encoded, log->encoded_max);
	uLongf deflated_size = log->deflated_max - COMPRESSED_HEADER_BYTES;
	size_t whole;

	if (interval->tag != NULL && interval->tag[strcspn(interval->tag, ", \r\n")] != 0)
		return -EINVAL;
	if (encoded_size == 0)
		return -EMSGSIZE;
	if (compress2(deflated + COMPRESSED_HEADER_BYTES, &deflated_size, encoded, encoded_size,
		      Z_BEST_COMPRESSION) != Z_OK)
		return -ENOMEM;
	wl_store_be32(deflated, COMPRESSED_COOKIE);
	wl_store_be32(deflated + 4, (uint32_t)deflated_size);
	whole = COMPRESSED_HEADER_BYTES + deflated_size;
	base64_encode(text, deflated, whole);

	if (interval->tag != NULL)
		fprintf(log->file, "Tag=%s,", interval->tag);
	fprintf(log->file, "%.3f,%.3f,%.3f,%.*s\n", interval->start_s, interval->length_s,
		(double)wl_histogram_max(histogram) / NS_PER_MS, (int)base64_bytes(whole), text);
	return ferror(log->file) ? -EIO : 0;
}

int wl_hlog_file_close(struct wl_hlog_file *log)
{
	bool failed = ferror(log->file) != 0;
	int result = fclose(log->file) != 0 ? -errno : failed ? -EIO : 0;

	free(log->scratch);
	log->file = NULL;
	log->scratch = NULL;
	return result;
}
