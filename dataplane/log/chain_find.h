/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The chain value behind one entry, read from the medium: a walk over whole chunks from one that stands before it (a mark of log.h) to the entry
 * itself, which is checked to its last byte. Who drives it reads, so the walk costs the journal's worker nothing.
 *
 *   wl_chain_find_init -> WANTS_READ -> wl_chain_find_on_read -> ... -> FOUND, or DAMAGED: what must stand on the way does not
 *
 * Entries that were cut away are known by their term: no two entries share index and term (Raft section 5.3).
 *
 * Pure. Owner: who drives it; the window (WL_CHUNK_BYTES_MAX, aligned to WL_BLOCK_BYTES) is lent.
 */
#ifndef WL_DATAPLANE_LOG_CHAIN_FIND_H
#define WL_DATAPLANE_LOG_CHAIN_FIND_H

#include "dataplane/base/disk.h"
#include "dataplane/base/position.h"
#include "dataplane/log/log.h"

/* What a node says of an index that it is asked about. */
enum wl_chain_verdict {
	WL_CHAIN_NOT_TOLD = 0,
	WL_CHAIN_KNOWN, /* committed there, and this is the value */
	WL_CHAIN_BELOW, /* given up: its log begins behind it */
	WL_CHAIN_BEYOND, /* not known to be committed there */
	WL_CHAIN_UNKNOWN, /* committed there, and its medium does not give it */
	WL_CHAIN_LAST = WL_CHAIN_UNKNOWN,
};

struct wl_chain_answer {
	enum wl_chain_verdict verdict;
	struct wl_position position; /* KNOWN; else the index that was asked about, with term 0 */
	uint64_t chain; /* KNOWN */
	uint64_t first, commit; /* first entry that is kept there, last one known to be committed */
};

enum wl_chain_find_state {
	WL_CHAIN_FIND_WANTS_READ = 1, /* want_offset, want_bytes, into window */
	WL_CHAIN_FIND_FOUND, /* chain */
	WL_CHAIN_FIND_DAMAGED,
};

struct wl_chain_find {
	enum wl_chain_find_state state;
	uint64_t cluster, binding, segment_bytes;
	uint32_t journal;
	struct wl_position position;
	uint64_t offset, end; /* of the stream: where a chunk may begin, and where the walk ends */
	uint8_t *window;
	uint64_t window_offset, want_offset;
	uint32_t window_bytes, want_bytes;
	uint64_t chain;
};

/* Where to look, of a log that has the entry durably: the chunk before it, and the end of what is durable. [worker] */
struct wl_chain_place {
	struct wl_position position;
	uint64_t offset, end;
};
/* False: it is below the log's beginning, or not durable. */
bool wl_chain_place_of(const struct wl_log *log, uint64_t index, struct wl_chain_place *place);

void wl_chain_find_init(struct wl_chain_find *find, const struct wl_log_config *config,
			const struct wl_chain_place *place, uint8_t *window);
/* The read that it wanted: all of it, or a failure. */
void wl_chain_find_on_read(struct wl_chain_find *find, enum wl_disk_status status);
const char *wl_chain_verdict_name(enum wl_chain_verdict verdict);

#endif
