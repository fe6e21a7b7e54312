/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/byte_stream_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define INPUT_BYTES (128u << 10)
#define WINDOW_GZIP_ONLY (15 + 16)

static const uint8_t gzip_magic[3] = {0x1f, 0x8b, 0x08};

static int open_descriptor(struct wl_byte_stream *stream, const char *path)
{
	struct stat status;
	int error;

	stream->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (stream->fd < 0)
		return -errno;
	error = fstat(stream->fd, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
	if (error != 0) {
		if (stream->fd != STDIN_FILENO)
			close(stream->fd);
		return -error;
	}
	stream->may_block = !S_ISREG(status.st_mode);
	if (!stream->may_block)
		stream->bytes_total = (uint64_t)status.st_size;
	return 0;
}

int wl_byte_stream_open(struct wl_byte_stream *stream, const char *path)
{
	int result;

	memset(stream, 0, sizeof(*stream));
	result = open_descriptor(stream, path);
	if (result != 0)
		return result;
	stream->input = malloc(INPUT_BYTES);
	if (stream->input == NULL) {
		wl_byte_stream_close(stream);
		return -ENOMEM;
	}
	return 0;
}

void wl_byte_stream_close(struct wl_byte_stream *stream)
{
	if (stream->inflater != NULL)
		inflateEnd(stream->inflater);
	free(stream->inflater);
	free(stream->input);
	if (stream->fd != STDIN_FILENO)
		close(stream->fd);
	memset(stream, 0, sizeof(*stream));
}

void wl_byte_stream_wait(const struct wl_byte_stream *stream, int timeout_ms)
{
	struct pollfd wanted = {.fd = stream->fd, .events = POLLIN};

	if (stream->may_block && !stream->ended)
		poll(&wanted, 1, timeout_ms);
}

/* Adds to the input. Returns 1, 0 at the end of the file, WAIT or FAILED. */
static ssize_t fill(struct wl_byte_stream *stream)
{
	struct pollfd wanted = {.fd = stream->fd, .events = POLLIN};
	ssize_t count;

	if (stream->ended)
		return 0;
	if (stream->begin > 0) {
		memmove(stream->input, stream->input + stream->begin, stream->end - stream->begin);
		stream->end -= stream->begin;
		stream->begin = 0;
	}
	if (stream->may_block && poll(&wanted, 1, 0) == 0)
		return WL_BYTE_STREAM_WAIT;
	count = read(stream->fd, stream->input + stream->end, INPUT_BYTES - stream->end);
	if (count < 0) {
		if (errno == EINTR || errno == EAGAIN)
			return WL_BYTE_STREAM_WAIT;
		stream->error = errno;
		return WL_BYTE_STREAM_FAILED;
	}
	if (count == 0) {
		stream->ended = true;
		return 0;
	}
	stream->end += (size_t)count;
	stream->bytes_read += (uint64_t)count;
	return 1;
}

static ssize_t start_inflater(struct wl_byte_stream *stream)
{
	stream->inflater = calloc(1, sizeof(*stream->inflater));
	if (stream->inflater == NULL || inflateInit2(stream->inflater, WINDOW_GZIP_ONLY) != Z_OK) {
		free(stream->inflater);
		stream->inflater = NULL;
		stream->error = ENOMEM;
		return WL_BYTE_STREAM_FAILED;
	}
	stream->kind = WL_BYTE_STREAM_GZIP;
	stream->in_member = true;
	return 1;
}

/* Three bytes decide, fewer only at the end of the file. */
static ssize_t decide_kind(struct wl_byte_stream *stream)
{
	while (stream->end - stream->begin < sizeof(gzip_magic)) {
		ssize_t result = fill(stream);

		if (result < 0)
			return result;
		if (result == 0)
			break;
	}
	if (stream->end - stream->begin >= sizeof(gzip_magic) &&
	    memcmp(stream->input + stream->begin, gzip_magic, sizeof(gzip_magic)) == 0)
		return start_inflater(stream);
	stream->kind = WL_BYTE_STREAM_PLAIN;
	return 1;
}

static ssize_t read_plain(struct wl_byte_stream *stream, uint8_t *to, size_t size)
{
	size_t have = stream->end - stream->begin;

	if (have == 0) {
		ssize_t result = fill(stream);

		if (result <= 0)
			return result;
		have = stream->end - stream->begin;
	}
	if (size > have)
		size = have;
	memcpy(to, stream->input + stream->begin, size);
	stream->begin += size;
	return (ssize_t)size;
}

/* Behind a member: another one, the end, or zeros up to the end as tapes have them. */
static ssize_t start_next_member(struct wl_byte_stream *stream)
{
	while (stream->begin < stream->end && stream->input[stream->begin] == 0)
		stream->begin++;
	if (stream->begin == stream->end)
		return fill(stream);
	if (stream->input[stream->begin] != gzip_magic[0])
		return WL_BYTE_STREAM_CORRUPT;
	inflateReset(stream->inflater);
	stream->in_member = true;
	return 1;
}

static ssize_t read_gzip(struct wl_byte_stream *stream, uint8_t *to, size_t size)
{
	z_stream *inflater = stream->inflater;

	inflater->next_out = to;
	inflater->avail_out = (uInt)(size < INPUT_BYTES ? size : INPUT_BYTES);
	size = inflater->avail_out;
	for (;;) {
		ssize_t result = 1;
		int code;

		if (!stream->in_member)
			result = start_next_member(stream);
		else if (stream->begin == stream->end)
			result = fill(stream);
		if (result < 0)
			return result;
		if (result == 0)
			return stream->in_member ? WL_BYTE_STREAM_TRUNCATED : 0;
		if (!stream->in_member)
			continue;
		inflater->next_in = stream->input + stream->begin;
		inflater->avail_in = (uInt)(stream->end - stream->begin);
		code = inflate(inflater, Z_NO_FLUSH);
		stream->begin = stream->end - inflater->avail_in;
		if (code == Z_STREAM_END)
			stream->in_member = false;
		if (inflater->avail_out < size)
			return (ssize_t)(size - inflater->avail_out);
		if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
			return WL_BYTE_STREAM_CORRUPT;
	}
}

ssize_t wl_byte_stream_read(struct wl_byte_stream *stream, uint8_t *to, size_t size)
{
	if (stream->kind == WL_BYTE_STREAM_UNDECIDED) {
		ssize_t result = decide_kind(stream);

		if (result < 0)
			return result;
	}
	return stream->kind == WL_BYTE_STREAM_GZIP ? read_gzip(stream, to, size)
						   : read_plain(stream, to, size);
}
