/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a node's data lies: a directory of segment files, or a raw block device. Opens it,
 * refuses it by name (in use, of another node or cluster, damaged, not ours), and gives
 * file descriptors to the disk backend and to offline tools.
 *
 *   directory      superblock            4 copies of 4 KiB, flock'ed by the owner
 *                  journal-00/segment-000000000000 ...
 *                  journal-00/base-0, base-1
 *   block device   4 copies at 0..16 KiB; from 1 MiB for each journal two places for bases, and its area of segments
 *
 * The lock outlives a killed process for as long as one of its writes is under way: what is written to
 * holds the lock's description, so a late write never lands in the log of the next process.
 *
 * A log has a beginning: segments [first, count) stand there, those before were forgotten, oldest first. A device has a
 * fixed number of places for a journal's segments, used again and again (store_device_file.c).
 *
 * Platform (store_file.c, store_directory_file.c, store_device_file.c, store_base_file.c, store_rewrite_thread.c). Thread: [init], except
 * wl_store_segment_open, _prepare and _forget, which disk backends call from their provisioning threads, several at once, and what
 * is said to be for any thread below.
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
	/* Bytes of the largest base that these limits can make, a multiple of WL_BLOCK_BYTES: a device has two places of that size for
	 * each journal, made with the data. One whose places are smaller is refused. 0: no bases on a device. */
	uint64_t base_bytes;
	wl_members voters;
	wl_features features; /* of the build (store_owner.h) */
	/* Verify, dump: shared among readers, refused while a node runs; nothing is created, changed or removed. The ids
	 * are read from wl_store_superblock. */
	bool read_only;
	/* With read_only: no lock is taken, a node may run on it meanwhile. What is read at the end of the stream, of segments that are made or
	 * forgotten, and of a base that is being written, may be of two moments: the caller reads that again (wirelog backup). */
	bool beside;
	/* Where there is nothing yet all is checked, and nothing is written: what else may refuse a start is asked first, then wl_store_make
	 * writes. Until then the record is the one that will be there, and there are no segments. Not with read_only. */
	bool make_later;
	/* For `wirelog restore`: what is made is marked as unfinished until a record without the mark is durable, and what was left so is opened, and
	 * nothing else is: STORE_OCCUPIED. All others are refused unfinished data (STORE_UNFINISHED). */
	bool restores;
};

/*
 * Opens, locks, creates when empty (writes the first superblock). On failure returns a negative
 * enum wirelog_status and writes one sentence with cause and fix to `reason`.
 */
int wl_store_open(struct wl_store **store, const struct wl_store_config *config, char *reason,
		  size_t reason_bytes);
void wl_store_close(struct wl_store *store);
/* Writes what wl_store_open left out with `make_later`; nothing where that is there. `path` as at open, for the sentence. 0 or a refusal
 * as of wl_store_open; then it can only be closed. */
int wl_store_make(struct wl_store *store, const char *path, char *reason, size_t reason_bytes);
/* The newest record, as chosen at open; the caller copies it, changes it, and persists it (superblock_uring.h). */
const struct wl_superblock *wl_store_superblock(const struct wl_store *store);
int wl_store_superblock_fd(const struct wl_store *store);
bool wl_store_is_block_device(const struct wl_store *store);
/* Bit per damaged copy of the superblock; the others were enough. */
unsigned wl_store_damaged_copies(const struct wl_store *store);
/* One more than the highest segment on the medium: one that is missing or damaged below it is recovery's to name. */
uint64_t wl_store_segment_count(const struct wl_store *store, uint32_t journal);
/* The lowest segment on the medium; the count where there is none, or 0 before any was made. */
uint64_t wl_store_segment_first(const struct wl_store *store, uint32_t journal);
/* Opens (O_DIRECT | O_DSYNC unless read_only) segment `segment number`: fd, the caller's to close, and the byte offset of the
 * segment's start in it. 0, -ENOENT when there is no such segment, or another negative errno. */
int wl_store_segment_open(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			  uint64_t *base);
/* Creates it with every block written (zeros) and its header durable, directory synced; atomic: under its final name
 * it is whole; replaces what stood there (recovery asks for it where a segment without content has a damaged header).
 * May take long and block; gives up between two writes when *cancel (may be NULL) turns true. 0, -ENOSPC (on a device also while its
 * place is still held by an older one), -ECANCELED or another negative errno; then nothing of it is left. */
int wl_store_segment_prepare(struct wl_store *store, uint32_t journal, uint64_t segment,
			     const atomic_bool *cancel);
/* Gives up a segment, and whatever stands before it, oldest first: when it returns 0 they are gone for good, also after a power cut. What is
 * gone already is no error. Nobody writes to them any more; who reads them may get anything. Blocks. 0 or -errno: then they may be
 * gone or not, and it may be asked for again. */
int wl_store_segment_forget(struct wl_store *store, uint32_t journal, uint64_t segment);
/* Synchronous read for recovery and tools: exactly `bytes` of the stream at `offset`, all in one segment, `buffer`
 * aligned to WL_BLOCK_BYTES. 0, -ENOENT without such a segment, -ENODATA where its file is cut short, or -errno. */
int wl_store_read(struct wl_store *store, uint32_t journal, uint64_t offset, uint8_t *buffer,
		  uint32_t bytes);
/*
 * The same for who reads beside a running node: a descriptor and a ring of its own. One thread at a time, any thread. NULL: no
 * memory. Closed before its store. What lies behind the durable offset, or below the log's beginning, may change under it.
 */
struct wl_store_reader;
struct wl_store_reader *wl_store_reader_open(struct wl_store *store);
int wl_store_reader_read(struct wl_store_reader *reader, uint32_t journal, uint64_t offset,
			 uint8_t *buffer, uint32_t bytes);
void wl_store_reader_close(struct wl_store_reader *reader);
/*
 * What stood there is written again, durably, in place: `bytes` of the stream at `offset`, whole blocks of one segment, `buffer` aligned to
 * WL_BLOCK_BYTES. It excludes the making and forgetting of that journal's segments meanwhile, so that nothing of a segment's next lap is
 * touched. After an error each of its sectors holds what it held, or what was to be written. [base] and [init]; blocks. 0, -ENOENT when the
 * segment is not there, or not any more, or another negative errno.
 */
int wl_store_rewrite(struct wl_store *store, uint32_t journal, uint64_t offset,
		     const uint8_t *buffer, uint32_t bytes);
/* Durable zeros, for recovery's scrub. 0 or -errno. */
int wl_store_scrub(struct wl_store *store, uint32_t journal, uint64_t begin, uint64_t end);

/*
 * Bases (store_base_file.c): two places for each journal. One is written under another name, or with its first block last: under its
 * name it is whole, or it is what stood there before (a directory), or nothing (a device). All of these block. Any thread, one at a time
 * for each journal.
 */
#define WL_STORE_BASE_PLACES 2u

struct wl_store_base; /* one being written */

/* `bytes`: of all that will be written, a multiple of WL_BLOCK_BYTES, not 0. 0, -ENOSPC (a device's place is smaller, or the disk is
 * full), or another negative errno; then *base is NULL. */
int wl_store_base_begin(struct wl_store *store, uint32_t journal, unsigned place, uint64_t bytes,
			struct wl_store_base **base);
/* The next bytes of it: whole blocks, in order, `from` aligned to WL_BLOCK_BYTES. 0 or -errno: then it can only be abandoned. */
int wl_store_base_write(struct wl_store_base *base, const uint8_t *from, size_t bytes);
/* All was written: durable, and under its name. Frees `base` whatever comes out. 0 or -errno: the place holds what it held, or
 * nothing, or the new one, which may not outlive a power cut. */
int wl_store_base_commit(struct wl_store_base *base);
/* Nothing of it is left. Frees `base`; NULL is none. */
void wl_store_base_abandon(struct wl_store_base *base);
/* What is read of one, and whereto: exactly `bytes` (whole blocks) from `at` on (a block's beginning), `to` aligned to WL_BLOCK_BYTES. */
struct wl_store_part {
	uint64_t at;
	uint8_t *to;
	uint32_t bytes;
};
/* 0, -ENOENT where there is none, -ENODATA where it ends before, or -errno. On a device only a read of the first block knows whether there
 * is one, and what lies behind its end is not told from it. */
int wl_store_base_read(struct wl_store *store, uint32_t journal, unsigned place,
		       struct wl_store_part part);
/* Gone for good when it returns 0; one that is not there is no error. */
int wl_store_base_remove(struct wl_store *store, uint32_t journal, unsigned place);

#endif
