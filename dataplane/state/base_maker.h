/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a journal's bases away from its worker: reads the journal's own medium behind it, applies what is committed through the same
 * wl_state_apply, and writes the state to one of the two places when it has applied a BASE entry that is in effect. It has a state, a
 * log and memory of its own, so nothing of it touches the worker; the worker tells how far the stream may be read and what in it is
 * committed (wl_base_limit), and takes what there is (wl_base_report).
 *
 *  LOAD --base or none--> WALK to the limit, in steps --> APPLY what is committed of it --> WALK ... IDLE until told more
 *                                                            | a BASE entry in effect     ^
 *                                                            v                            |
 *                           +---> BEGIN -> WRITE ... -> COMMIT ---------------------------+
 *                           |       \________\___________\--failed--> LOOK what the place holds now --> WANTS_REST --+
 *                           +------------------------------------------------------------------------------------------+
 *  STOPPED: damage (by name), no base and no beginning, or a majority made another base of the same entries.
 *
 * What may be applied. The stream holds dead branches, too, and only later chunks say which. An index that is committed and whose
 * entry is durable has in the stream up to that durable offset exactly one live entry: the last one of that index. So the walk goes
 * to an offset first, and then up to the commit that was told with it is applied (at an offset in between: up to what entries before
 * it say is committed, as a start does). The commit that is told is at most the index that is durable there: otherwise a dead entry
 * of that index might be the last one in the stream as yet.
 *
 * Which base is written where. Base n lies in place n % 2. The next one never goes to the place of the newest proven one, and the
 * older one of two gives way otherwise; n skips a number where that is needed.
 *
 * A base that could not be read may be readable at the next start. One that was made of the stream's beginning meanwhile is older, under a
 * higher number: so what could not be read is removed before, now that the stream is known to be there from its beginning.
 *
 * A base that can no longer be proven, because a newer BASE entry is in effect at the worker, is passed over; not for ever, a node
 * that is slow needs one, too (WL_BASE_SKIPS_MAX).
 *
 *  What must hold; wl_base_maker_check is this text as code.
 *  M1  it has applied no entry above the commit that it was told, or the base that it began with, and none that its walk has not reached
 *  M2  the walk has taken nothing that begins at or behind the offset that it was told
 *  M3  while a base is written, the state is that of the base's index
 *  M4  the place that is written does not hold the newest proven base
 *  M5  a place that is whole is its own: its sequence has the place's parity, the two sequences and indexes differ alike
 *
 * Pure: no I/O, no clock. One thread drives it (base_thread.h, or the simulator); memory from the caller.
 */
#ifndef WL_DATAPLANE_STATE_BASE_MAKER_H
#define WL_DATAPLANE_STATE_BASE_MAKER_H

#include "dataplane/log/reader.h"
#include "dataplane/log/recovery.h"
#include "dataplane/state/base_load.h"

/* The walk goes so far before what is known committed is applied: it then stands in the ring yet. */
#define WL_BASE_STEP_BYTES ((uint64_t)WL_CHUNK_BYTES_MAX)
#define WL_BASE_WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)
#define WL_BASE_PIECE_BYTES WL_CHUNK_BYTES_TARGET /* written at once, from the window */
#define WL_BASE_SKIPS_MAX 8u

_Static_assert(WL_BASE_PIECE_BYTES <= WL_BASE_WINDOW_BYTES, "a piece fits");

enum wl_base_maker_state {
	WL_BASE_MAKER_WANTS_LOAD, /* a base: read want.bytes of want.place at want.offset */
	WL_BASE_MAKER_WANTS_READ, /* the journal's stream: read want.bytes at want.offset */
	WL_BASE_MAKER_WANTS_BEGIN, /* begin a base of want.bytes in want.place */
	WL_BASE_MAKER_WANTS_WRITE, /* write the next want.bytes of it */
	WL_BASE_MAKER_WANTS_COMMIT, /* make it durable, under its name */
	WL_BASE_MAKER_WANTS_ABANDON, /* forget what is written of it */
	WL_BASE_MAKER_WANTS_REMOVE, /* remove the base in want.place, durably */
	WL_BASE_MAKER_WANTS_REST, /* a base could not be written: wl_base_maker_on_done some seconds later */
	WL_BASE_MAKER_IDLE, /* until wl_base_maker_tell */
	WL_BASE_MAKER_STOPPED, /* stop says why; the journal goes on without bases */
};

enum wl_base_stop {
	WL_BASE_STOP_NONE = 0,
	WL_BASE_STOP_LOAD, /* neither place holds a whole base of ours (load.verdict), and the log's beginning is given up */
	WL_BASE_STOP_DAMAGED, /* the stream is damaged below the limit: recovery.damage */
	WL_BASE_STOP_UNREADABLE, /* what the walk found is not there when it is read again: at stop_offset */
	WL_BASE_STOP_DIFFERS, /* a majority made another base of the same entries; ours was removed */
	WL_BASE_STOP_LACKS_ROOM, /* an entry allows more sessions than there is memory for (limits.sessions of the file) */
	WL_BASE_STOP_LACKS_FEATURES, /* an entry put in force what this build does not have (base/features.h) */
	WL_BASE_STOP_CONTRADICTED, /* a committed entry does not follow from those before it (session.h) */
};

/* What the worker tells, all of one moment. */
struct wl_base_limit {
	uint64_t commit; /* index; at most the index that is durable */
	uint64_t durable_offset;
	uint64_t base_mark; /* of the worker's state: an older base can no longer be proven */
	struct wl_log_begin begin; /* of the worker's log */
};

struct wl_base_own {
	uint64_t index; /* 0: there is none */
	uint64_t digest;
	uint64_t walk_offset; /* a start from it reads the stream from here */
	bool proven;
};

/* What the maker tells. */
struct wl_base_report {
	struct wl_base_own newest, before; /* whole ones */
	uint64_t applied_index;
	uint64_t walked_offset; /* how far it is in the stream */
	uint64_t made; /* since the start of the process */
	uint64_t failures; /* to write one */
	uint64_t skipped;
	uint64_t discarded; /* because a majority made another one */
	enum wl_base_stop stop;
	bool failing; /* the last attempt to write one failed */
};

/* The stream from here on is kept for this node's own starts: of the older of two bases, both proven; 0: all of it. */
static inline uint64_t wl_base_keep_offset(const struct wl_base_report *report)
{
	return report->newest.proven && report->before.proven ? report->before.walk_offset : 0;
}

struct wl_base_maker_config {
	struct wl_base_identity identity;
	struct wl_log_config log; /* as the journal's; ring_bytes may be WL_LOG_RING_BYTES_MIN */
	uint32_t sessions_max;
	wl_features features; /* of this build */
	uint64_t first_segment; /* lowest on the medium at the start */
};

struct wl_base_maker_want {
	unsigned place;
	uint64_t offset;
	uint8_t *buffer; /* READ, LOAD: to be filled; WRITE: what is written */
	uint64_t bytes;
};

struct wl_base_maker {
	struct wl_base_maker_config config;
	enum wl_base_maker_state state;
	struct wl_base_maker_want want;
	enum wl_base_stop stop;
	uint64_t stop_offset;
	struct wl_base_limit limit; /* as told last */

	struct wl_state applied;
	struct wl_log log;
	struct wl_base_load load;
	struct wl_recovery recovery;
	struct wl_reader reader;
	struct wl_base_encoder encoder;
	struct wl_base_report report;

	/* inside */
	uint8_t *window; /* also what the reader and the encoder use, each in its turn */
	uint8_t *ring;
	void *log_memory, *state_memory;
	uint32_t *order;
	struct wl_base_maker_place {
		bool whole, proven;
		bool unread; /* something lies there that could not be read */
		uint64_t sequence, index, digest, walk_offset;
	} places[WL_BASE_PLACES];
	uint64_t sequence; /* highest that was ever seen or written */
	unsigned place; /* that is written */
	struct wl_base_limit
		target; /* what the walk goes to: commit and durable_offset are of one moment */
	uint64_t pause_offset; /* the walk pauses here; at most target.durable_offset */
	uint64_t loaded_index; /* of the base that it began with; 0: none */
	struct wl_base_install { /* of a peer's base that is taken in (base_part.h) */
		struct wl_position position;
		uint64_t chain, digest;
		uint64_t left, crc; /* bytes that are still to come; of those that came */
		struct wl_state_coding coding;
	} install;
	uint32_t skips; /* in a row */
	bool walks; /* recovery is initialised */
	uint8_t phase;
};

/* Beside `ring` (config->log.ring_bytes) and `window` (WL_BASE_WINDOW_BYTES), both aligned to WL_BLOCK_BYTES. */
size_t wl_base_maker_memory_bytes(const struct wl_base_maker_config *config);
/* Begins with LOAD. All memory stays the caller's; a second init begins anew. */
void wl_base_maker_init(struct wl_base_maker *maker, const struct wl_base_maker_config *config,
			uint8_t *ring, uint8_t *window, void *memory);
/* Any time. What it told before does not fall. */
void wl_base_maker_tell(struct wl_base_maker *maker, const struct wl_base_limit *limit);
/* What `want` says was done, or was not: ABSENT where there is nothing (LOAD, READ), FAILED otherwise. Not in IDLE and STOPPED. */
void wl_base_maker_on_done(struct wl_base_maker *maker, enum wl_disk_status status);
void wl_base_maker_report(const struct wl_base_maker *maker, struct wl_base_report *report);
/* Its log, to be read up to entry *applied by who drives it, until its next step; NULL: just now it has none. */
const struct wl_log *wl_base_maker_log(const struct wl_base_maker *maker, uint64_t *applied);
const char *wl_base_stop_name(enum wl_base_stop stop);
/* NULL, or which invariant is broken. */
const char *wl_base_maker_check(const struct wl_base_maker *maker);

#endif
