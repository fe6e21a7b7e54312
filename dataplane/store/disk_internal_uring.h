/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the two halves of the io_uring disk: disk_uring.c moves requests, disk_open_uring.c makes and ends the
 * ring. Not for other modules.
 *
 * Thread: as disk_uring.h says.
 */
#ifndef WL_DATAPLANE_STORE_DISK_INTERNAL_URING_H
#define WL_DATAPLANE_STORE_DISK_INTERNAL_URING_H

#include <liburing.h>
#include <sys/types.h>

#include "dataplane/store/disk_files.h"
#include "dataplane/store/disk_prepare_thread.h"
#include "dataplane/store/disk_uring.h"

#define WL_DISK_URING_OPERATIONS 256u
#define WL_DISK_URING_AREAS (WIRELOG_JOURNALS_MAX * 2)

_Static_assert(WL_DISK_URING_OPERATIONS + WL_DISK_FILES < WL_DISK_PREPARE_JOBS,
	       "asking never finds the ring full");

enum wl_disk_operation_state {
	WL_DISK_OPERATION_FREE = 0,
	WL_DISK_OPERATION_WAITS_FOR_FILE,
	WL_DISK_OPERATION_IN_KERNEL,
	WL_DISK_OPERATION_PREPARING,
	WL_DISK_OPERATION_DONE,
};

struct wl_disk_operation {
	struct wl_disk_request request;
	uint32_t file;
	uint8_t state;
	uint8_t retries;
};

struct wl_disk_uring {
	struct wl_disk disk;
	struct wl_store *store;
	uint64_t segment_bytes;
	struct io_uring ring;
	bool enabled; /* by the thread that uses it: it owns the ring from then on */
	int broken; /* errno of an enabling that failed */
	pid_t owner;
	uint32_t in_kernel;

	struct wl_disk_operation operations[WL_DISK_URING_OPERATIONS];
	uint16_t free[WL_DISK_URING_OPERATIONS];
	uint32_t free_count;
	struct wl_disk_completion done
		[WL_DISK_URING_OPERATIONS]; /* to be handed over; an operation is free again when it was */
	uint16_t done_number[WL_DISK_URING_OPERATIONS];
	uint32_t done_count;

	struct wl_disk_files files;
	struct wl_disk_prepare prepare;

	uint8_t *areas[WL_DISK_URING_AREAS];
	size_t area_bytes[WL_DISK_URING_AREAS];
	uint32_t area_count; /* registered ones */
};

unsigned wl_disk_uring_submit(struct wl_disk *base, const struct wl_disk_request *requests,
			      unsigned count);
unsigned wl_disk_uring_reap(struct wl_disk *base, struct wl_disk_completion *completions,
			    unsigned max);

#endif
