/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which segments a disk has open: a table of fixed size, because a log of 1 TiB in segments of 64 MiB would be
 * 16,384 descriptors. The least recently used one gives way; those that appends go to, or will next, never do: a
 * durable write must not wait for an open, nor fail because there was no descriptor.
 *
 *   FREE --take--> OPENING --opened--> OPEN --retire, or victim of take--> FREE (the caller closes)
 *                     \--failed--> FREE                \--retire while used--> RETIRED --leave--> FREE
 *
 * Pure: opens and closes nothing itself. Owner: one disk. [worker]
 */
#ifndef WL_DATAPLANE_STORE_DISK_FILES_H
#define WL_DATAPLANE_STORE_DISK_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/limits.h"

#define WL_DISK_FILES_NONE UINT32_MAX

enum wl_disk_file_state {
	WL_DISK_FILE_FREE = 0,
	WL_DISK_FILE_OPENING,
	WL_DISK_FILE_OPEN,
	WL_DISK_FILE_RETIRED, /* replaced by a new segment of its name; closed when nobody uses it */
};

struct wl_disk_file {
	uint64_t segment;
	uint64_t base; /* where the segment begins in what is open */
	uint64_t used_at; /* count of uses of the table: the lowest is the oldest */
	uint32_t journal;
	uint32_t users; /* requests under way */
	int fd;
	uint8_t state;
	bool for_append; /* prepared or written by this process */
};

struct wl_disk_files {
	struct wl_disk_file files[WL_DISK_FILES];
	uint64_t uses;
	uint64_t newest_write[WIRELOG_JOURNALS_MAX]; /* segment number */
	uint32_t last[WIRELOG_JOURNALS_MAX]; /* where the last one of each journal was found */
};

void wl_disk_files_init(struct wl_disk_files *files);
/* Its place, OPENING or OPEN; WL_DISK_FILES_NONE when it has none. */
uint32_t wl_disk_files_find(struct wl_disk_files *files, uint32_t journal, uint64_t segment);
/*
 * A place for it, OPENING; *fd_to_close is the descriptor that gave way, or -1. WL_DISK_FILES_NONE while all are used.
 */
uint32_t wl_disk_files_take(struct wl_disk_files *files, uint32_t journal, uint64_t segment,
			    int *fd_to_close);
void wl_disk_files_opened(struct wl_disk_files *files, uint32_t place, int fd, uint64_t base);
void wl_disk_files_failed(struct wl_disk_files *files, uint32_t place);
/* A request begins or ends to use an OPEN one. leave returns a descriptor to close, or -1. */
void wl_disk_files_enter(struct wl_disk_files *files, uint32_t place, bool write);
int wl_disk_files_leave(struct wl_disk_files *files, uint32_t place);
/* The segment is made anew: what is open of it counts no longer. Returns a descriptor to close, or -1. */
int wl_disk_files_retire(struct wl_disk_files *files, uint32_t journal, uint64_t segment);

#endif
