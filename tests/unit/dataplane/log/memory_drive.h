/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A drive in memory behind `wl_disk_ops`, for tests that want to say which request completes
 * next, and what is left of the others when the power goes. Requests wait in `pending` until the
 * test names one; the stable storage are accurate to the sector and may be damaged by hand.
 *
 * It checks what a real drive relies on: that requests keep the alignment rules of disk.h, and that
 * a buffer does not change between submit and completion.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_LOG_MEMORY_DRIVE_H
#define WL_TESTS_UNIT_DATAPLANE_LOG_MEMORY_DRIVE_H

#include <stddef.h>

#include "dataplane/base/disk.h"
#include "dataplane/log/chunk.h"
#include "tests/sim/random.h"

#define MEMORY_DRIVE_PENDING 32u

struct memory_drive_pending {
	struct wl_disk_request request;
	uint32_t crc; /* of a write's buffer at submit */
};

struct memory_drive {
	struct wl_disk disk; /* first */
	struct wl_segment_header identity; /* written into each new segment */
	uint64_t segment_bytes, segments, segments_max;
	uint64_t first_segment; /* those below it were forgotten */
	uint8_t *stable; /* segment s stands at place s % segments_max, as on a device */
	bool full; /* PREPARE: no space */
	uint64_t refuses_reads_from,
		refuses_reads_to; /* reads that touch this part of the stream fail */
	uint64_t reads_wrong_once; /* the first read of this byte gives another one; 0: none */
	struct memory_drive_pending pending[MEMORY_DRIVE_PENDING];
	uint32_t pending_count;
	struct wl_disk_completion done[MEMORY_DRIVE_PENDING];
	uint32_t done_count;
};

void memory_drive_init(struct memory_drive *drive, const struct wl_segment_header *identity,
		       uint64_t segment_bytes, uint64_t segments_max);
void memory_drive_fini(struct memory_drive *drive);
/* Performs pending[which] (unless `status` is a failure) and queues its completion. */
void memory_drive_complete(struct memory_drive *drive, uint32_t which, enum wl_disk_status status);
/* The first sectors of pending[which] reach the stable storage, nothing is completed. */
void memory_drive_tear(struct memory_drive *drive, uint32_t which, uint32_t sectors);
/* Power loss: each pending write leaves nothing, all, a prefix, or any subset of its sectors or stripes. */
void memory_drive_crash(struct memory_drive *drive, struct sim_random *random);
/* Where that offset of the stream stands. */
uint8_t *memory_drive_place(struct memory_drive *drive, uint64_t offset);
/* As at recovery: a plain read. */
enum wl_disk_status memory_drive_read(struct memory_drive *drive, uint64_t offset, uint8_t *to,
				      uint32_t bytes);
/* The same as a tool's source of a journal reads (command/tool_journal.h): 0 or a negative errno. */
int memory_drive_read_for_tools(void *drive, uint64_t offset, uint8_t *to, uint32_t bytes);

#endif
