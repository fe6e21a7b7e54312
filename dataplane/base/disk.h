/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interface between the pure log and a drive: a table of functions, called once
 * per burst. Backends: disk_uring.c (files and block devices), the simulator's.
 *
 * A write is durable when its completion says so (direct and DSYNC, or FUA); it
 * is never acknowledged from a volatile cache. Completions come in any order. The
 * buffer of a request stays with the backend from submit until its completion.
 * A journal's log lives in segments: segment number s holds stream offsets
 * [s * segment_bytes, (s + 1) * segment_bytes). A request never crosses a segment.
 *
 * Thread: the worker that owns the disk. No function here ever blocks, except
 * open and close, which are called before and after the loop.
 */
#ifndef WL_DATAPLANE_BASE_DISK_H
#define WL_DATAPLANE_BASE_DISK_H

#include <stdint.h>

enum wl_disk_verb {
	WL_DISK_WRITE = 1, /* durable when completed */
	WL_DISK_READ = 2,
	WL_DISK_PREPARE =
		3, /* create segment `offset / segment_bytes`, every block written with zeros */
	WL_DISK_FORGET =
		4, /* segment `offset / segment_bytes` is given up: when completed, it is gone for good; oldest first */
};

enum wl_disk_status {
	WL_DISK_OK = 0,
	WL_DISK_NO_SPACE, /* PREPARE only: may be asked again later; nothing is left half made */
	WL_DISK_FAILED, /* EIO, short write, lost device: the log is poisoned (writes), damaged (reads), asked again later (FORGET) */
	WL_DISK_ABSENT, /* READ: there is no such segment */
	WL_DISK_NOT_BEGUN, /* WRITE: its segment could not be opened; nothing was written, it may be asked for again */
};

struct wl_disk_request {
	enum wl_disk_verb verb;
	uint32_t journal;
	uint64_t offset; /* of the stream; a multiple of WL_BLOCK_BYTES */
	uint8_t *buffer; /* aligned to WL_BLOCK_BYTES */
	uint32_t bytes; /* a multiple of WL_BLOCK_BYTES */
	uint64_t cookie; /* returned as it is; names the asker and its generation */
};

struct wl_disk_completion {
	enum wl_disk_verb verb;
	enum wl_disk_status status;
	uint32_t journal;
	uint64_t offset;
	uint64_t cookie;
	uint32_t bytes;
	int error; /* errno or NVMe status, for the operator only */
};

struct wl_disk; /* begins each backend's own struct */

struct wl_disk_ops {
	const char *name;
	/* Takes the first n requests in order; fewer than `count` means full: ask again later. */
	unsigned (*submit)(struct wl_disk *disk, const struct wl_disk_request *requests,
			   unsigned count);
	/* Hands over at most `max` completions; never waits. */
	unsigned (*reap)(struct wl_disk *disk, struct wl_disk_completion *completions,
			 unsigned max);
	void (*close)(struct wl_disk *disk);
};

struct wl_disk {
	const struct wl_disk_ops *ops;
};

#endif
