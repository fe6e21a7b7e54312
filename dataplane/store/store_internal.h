/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the store: what store_file.c (what both media share: lock, superblock, refusals, reading) asks of
 * store_directory_file.c, store_device_file.c, store_base_file.c and store_read_uring.c. Not for other modules.
 *
 * Thread: as store.h says.
 */
#ifndef WL_DATAPLANE_STORE_STORE_INTERNAL_H
#define WL_DATAPLANE_STORE_STORE_INTERNAL_H

#include "dataplane/log/chunk.h"
#include "dataplane/store/store.h"

#define WL_STORE_SUPERBLOCK_BYTES (WL_SUPERBLOCK_COPIES * WL_BLOCK_BYTES)
#define WL_STORE_FILL_BYTES (1u << 20)
#define WL_STORE_NO_JOURNAL UINT32_MAX

struct wl_store_ops {
	int (*segment_open)(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			    uint64_t *base);
	int (*segment_prepare)(struct wl_store *store, uint32_t journal, uint64_t segment,
			       const atomic_bool *cancel);
	/* It is the lowest that there is. */
	int (*segment_forget)(struct wl_store *store, uint32_t journal, uint64_t segment);
};

struct wl_store_reader {
	struct wl_store *store;
	/* the segment that was read last */
	uint32_t journal;
	uint64_t segment;
	uint64_t base;
	int fd; /* -1: none */
	struct wl_store_ring *ring; /* of store_read_uring.c; NULL: not made yet */
};

struct wl_store {
	const struct wl_store_ops *ops;
	struct wl_store_config
		config; /* journal_count and segment_bytes are the superblock's after open */
	uint8_t cluster[16];
	int directory_fd; /* -1: a block device */
	int superblock_fd; /* the file, or the device itself; carries the lock */
	struct wl_superblock superblock;
	unsigned damaged_copies;
	uint64_t device_bytes; /* of a block device */
	/* [first, segments) are there; raised and lowered by the one thread that makes and forgets a journal's segments */
	_Atomic uint64_t first[WIRELOG_JOURNALS_MAX];
	_Atomic uint64_t segments[WIRELOG_JOURNALS_MAX];
	_Atomic uint32_t busy; /* calls under way on provisioning threads */
	/* Whoever makes, forgets or writes again what lies in a journal's segments: a place of a device is of one lap meanwhile. */
	struct wl_store_places *places; /* of store_rewrite_thread.c */

	struct wl_store_reader reader; /* of wl_store_read */

	/* where open puts its sentence */
	char *reason;
	size_t reason_bytes;
};

/* Writes "<path>: <sentence>" and returns status. */
int wl_store_refuse(struct wl_store *store, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Who holds a lock on it, from /proc/locks; 0: not known, or gone, and only its writes are left. */
int wl_store_owner_of(int fd);
/* An owner that is alive may be just ending; of one that is gone the writes are waited for. False: that was long enough. */
bool wl_store_wait(int owner, unsigned tried);
/* STORE_IN_USE with the owner's pid when it is not ours. A dead owner's writes are waited for. */
int wl_store_lock(struct wl_store *store, int fd, const char *what);
/* The four copies of a store that begins to live: two records, so that no copy is ever empty. */
int wl_store_make_superblocks(struct wl_store *store,
			      uint8_t copies[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES]);
/* All of it at that place. 0 or -errno; a short write that cannot be continued is -EIO. */
int wl_store_write(int fd, const uint8_t *from, size_t bytes, uint64_t at);
/* All of it, with waits that SIGKILL and _exit can end. 0 or -errno; -ENODATA where it ends before. */
int wl_store_read_bytes(struct wl_store_reader *reader, int fd, uint8_t *to, size_t bytes,
			uint64_t at);
void wl_store_begin_reading(struct wl_store_reader *reader, struct wl_store *store);
void wl_store_end_reading(struct wl_store_reader *reader);
/* fsync of a folder, so that a name is as durable as what it names. 0 or -errno. */
int wl_store_sync_directory(int at, const char *path);
/* One that makes, forgets or writes again at a time, for each journal. NULL: no memory. */
struct wl_store_places *wl_store_places_make(void);
void wl_store_places_free(struct wl_store_places *places);
void wl_store_places_lock(struct wl_store *store, uint32_t journal);
void wl_store_places_unlock(struct wl_store *store, uint32_t journal);
/* Where that place for a base begins on a device. */
uint64_t wl_store_device_base_at(const struct wl_store *store, uint32_t journal, unsigned place);
/* A segment of zeros with its header; the header is the last block that is written. Not durable yet. */
int wl_store_fill_segment(const struct wl_store *store, int fd, uint64_t base,
			  const struct wl_segment_header *header, const atomic_bool *cancel);
void wl_store_describe_segment(const struct wl_store *store, uint32_t journal, uint64_t segment,
			       struct wl_segment_header *header);

/* Open the medium and its superblock's descriptor, locked; create when empty. 0 or a refusal. */
int wl_store_directory_open(struct wl_store *store);
int wl_store_device_open(struct wl_store *store);
/* Areas for a device of this size. */
void wl_store_device_lay_out(struct wl_store *store);
/* After the superblock was chosen: what is there. 0 or a refusal. */
int wl_store_directory_survey(struct wl_store *store);
int wl_store_device_survey(struct wl_store *store);

#endif
