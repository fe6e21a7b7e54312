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
 * Platform (store_file.c, store_block.c). Thread: [init], except wl_store_segment_* which the
 * disk backend calls from its own provisioning thread.
 */
#ifndef WL_DATAPLANE_STORE_H
#define WL_DATAPLANE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/superblock.h"
#include "wirelog/status.h"

struct wl_store;

struct wl_store_config {
	const char *path; /* a directory, or a block device */
	const uint8_t *cluster; /* 16 bytes of UUID */
	uint32_t node;
	uint32_t journal_count;
	uint64_t segment_bytes;
	bool read_only; /* verify, dump: no lock against readers, nothing created */
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
/* Segments that exist on the medium, contiguous from 0. */
uint64_t wl_store_segment_count(const struct wl_store *store, uint32_t journal);
/* Opens (O_DIRECT | O_DSYNC unless read_only) segment `ordinal`: fd and the byte offset of its start in it.
 * 0 or a negative errno. For a directory the fd is the caller's to close; for a device it is a dup. */
int wl_store_segment_open(struct wl_store *store, uint32_t journal, uint64_t ordinal, int *fd,
			  uint64_t *base);
/* Creates it with every block written (zeros) and its header durable, directory synced; atomic: under its final name
 * it is whole. May take long and block. 0, -ENOSPC, or another negative errno. */
int wl_store_segment_prepare(struct wl_store *store, uint32_t journal, uint64_t ordinal);
/* Synchronous read for recovery and tools: exactly `bytes` of the stream at `offset`, all in one segment. 0 or -errno. */
int wl_store_read(struct wl_store *store, uint32_t journal, uint64_t offset, uint8_t *buffer, uint32_t bytes);
/* Durable zeros, for recovery's scrub. 0 or -errno. */
int wl_store_scrub(struct wl_store *store, uint32_t journal, uint64_t begin, uint64_t end);

#endif
