/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a node's data lies: a directory of segment files, or a raw block device. Opens it,
 * refuses it by name (in use, of another node or cluster, damaged, not ours), and gives
 * file descriptors to the disk backend and to offline tools.
 *
 *   directory      superblock            4 copies of 4 KiB, flock'ed by the owner
 *                  journal-00/segment-000000000000 ...
 *   block device   4 copies at 0..16 KiB; journal j's area from 1 MiB + j * area bytes
 *
 * The lock outlives a killed process for as long as one of its writes is under way: what is written to
 * holds the lock's description, so a late write never lands in the log of the next process.
 *
 * Platform (store_file.c, store_directory_file.c, store_device_file.c). Thread: [init], except
 * wl_store_segment_open and _prepare, which disk backends call from their provisioning threads, several at once.
 */
#ifndef WL_DATAPLANE_STORE_STORE_H
#define WL_DATAPLANE_STORE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "dataplane/base/members.h"
#include "dataplane/log/superblock.h"
#include "wirelog/status.h"

struct wl_store;

struct wl_store_config {
	const char *path; /* a directory, or a block device */
	const uint8_t *cluster; /* 16 bytes of UUID; NULL with read_only: whatever it is */
	uint32_t node; /* 0 with read_only: whatever it is; the same for the three below */
	uint32_t journal_count;
	uint64_t segment_bytes;
	wl_members voters;
	/* Verify, dump: shared among readers, refused while a node runs; nothing is created, changed or removed. The ids
	 * are read from wl_store_superblock. */
	bool read_only;
};

/*
 * Opens, locks, creates when empty (writes the first superblock). On failure returns a negative
 * enum wirelog_status and writes one sentence with cause and fix to `reason`.
 */
int wl_store_open(struct wl_store **store, const struct wl_store_config *config, char *reason,
		  size_t reason_bytes);
void wl_store_close(struct wl_store *store);
/* The newest record, as chosen at open; the caller copies it, changes it, and persists it (superblock_uring.h). */
const struct wl_superblock *wl_store_superblock(const struct wl_store *store);
int wl_store_superblock_fd(const struct wl_store *store);
bool wl_store_is_block_device(const struct wl_store *store);
/* Bit per damaged copy of the superblock; the others were enough. */
unsigned wl_store_damaged_copies(const struct wl_store *store);
/* One more than the highest segment on the medium: one that is missing or damaged below it is recovery's to name. */
uint64_t wl_store_segment_count(const struct wl_store *store, uint32_t journal);
/* Opens (O_DIRECT | O_DSYNC unless read_only) segment `segment number`: fd, the caller's to close, and the byte offset of the
 * segment's start in it. 0, -ENOENT when there is no such segment, or another negative errno. */
int wl_store_segment_open(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			  uint64_t *base);
/* Creates it with every block written (zeros) and its header durable, directory synced; atomic: under its final name
 * it is whole; replaces what stood there (recovery asks for it where a segment without content has a damaged header).
 * May take long and block; gives up between two writes when *cancel (may be NULL) turns true. 0, -ENOSPC, -ECANCELED or
 * another negative errno; then nothing of it is left. */
int wl_store_segment_prepare(struct wl_store *store, uint32_t journal, uint64_t segment,
			     const atomic_bool *cancel);
/* Synchronous read for recovery and tools: exactly `bytes` of the stream at `offset`, all in one segment, `buffer`
 * aligned to WL_BLOCK_BYTES. 0, -ENOENT without such a segment, -ENODATA where its file is cut short, or -errno. */
int wl_store_read(struct wl_store *store, uint32_t journal, uint64_t offset, uint8_t *buffer,
		  uint32_t bytes);
/* Durable zeros, for recovery's scrub. 0 or -errno. */
int wl_store_scrub(struct wl_store *store, uint32_t journal, uint64_t begin, uint64_t end);

#endif
