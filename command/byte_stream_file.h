/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of a file or of standard input, unpacked on the way when they are gzip.
 *
 * A stream that begins like a gzip file (1f 8b 08) is unpacked, several members
 * one after another included; any other comes through unchanged. Reading from a
 * pipe or terminal never blocks: where nothing has arrived it says so, and the
 * caller decides whether to wait.
 *
 * The caller owns the struct; open allocates, close frees. One thread at a time.
 */
#ifndef WL_COMMAND_BYTE_STREAM_FILE_H
#define WL_COMMAND_BYTE_STREAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct z_stream_s;

enum wl_byte_stream_kind {
	WL_BYTE_STREAM_UNDECIDED,
	WL_BYTE_STREAM_PLAIN,
	WL_BYTE_STREAM_GZIP,
};

/* What wl_byte_stream_read answers beside a count of bytes; 0 is the end. */
enum {
	WL_BYTE_STREAM_WAIT = -1, /* nothing has arrived yet */
	WL_BYTE_STREAM_CORRUPT = -2, /* the gzip data is damaged */
	WL_BYTE_STREAM_TRUNCATED = -3, /* the gzip data ends too early */
	WL_BYTE_STREAM_FAILED = -4, /* read(2) failed, see `error` */
};

struct wl_byte_stream {
	int fd;
	int error; /* errno of a failed read */
	enum wl_byte_stream_kind kind;
	bool may_block; /* not a regular file */
	bool ended; /* read(2) has answered 0 */
	bool in_member; /* between head and tail of a gzip member */
	uint8_t *input;
	size_t begin; /* of what is in `input` and not yet consumed */
	size_t end;
	uint64_t bytes_read; /* from the descriptor, before unpacking */
	uint64_t bytes_total; /* the file's size, 0 where there is none to know */
	struct z_stream_s *inflater;
};

/* "-" is standard input. Returns 0 or a negative errno; nothing stays open on failure. */
int wl_byte_stream_open(struct wl_byte_stream *stream, const char *path);

/* Returns 1..size bytes, 0 at the end, or a value of the enum above. An error is final. */
ssize_t wl_byte_stream_read(struct wl_byte_stream *stream, uint8_t *to, size_t size);

/* Waits until a read can make progress, or so long; a negative time is for ever. May block. */
void wl_byte_stream_wait(const struct wl_byte_stream *stream, int timeout_ms);

void wl_byte_stream_close(struct wl_byte_stream *stream);

#endif
