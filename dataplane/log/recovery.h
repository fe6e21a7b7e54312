/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens a log after a stop of any kind: reads the stream from its beginning, or from the base that the log was restored from, sorts
 * each place that is not a whole chunk into torn tail, never written or unknown, and fills
 * a wl_log that wl_log_init made, or wl_log_restore_end. The decision table stands in docs/LOG-FORMAT.md;
 * each row has a name below and a test of that name.
 *
 * A step machine without I/O: the driver asks for the next read, performs it in any
 * way it likes, and gives the bytes back. The daemon, `wirelog verify`, the fuzzers
 * and the simulator drive the same code.
 *
 * A base is of a committed entry. In the chunk that holds it the entries up to it are taken as they stand: the chunk is whole, they
 * continue one another, and the last of them has the chain value of the base. They supersede nothing, and nothing supersedes them.
 *
 * It may also follow a log that lives, for who makes its bases: up to a limit that the log's owner knows as durable, and on from there
 * when that has moved.
 *
 *  What must hold; wl_recovery_check is this text as code, and is asked after each step.
 *  V1  what is in the window fits into it
 *  V2  a wanted read is not empty, fits into the window and stays in one segment
 *  V3  the last good chunk begins before the good stream ends
 *  V4  a wanted scrub is not empty, lies behind the good stream, and is asked of nobody who only looks
 *  V5  who refuses says why; a torn tail is no reason
 *  V6  what is done knows nothing committed beyond its tail
 *
 * Pure. [init], an offline tool, or who follows a log [base].
 */
#ifndef WL_DATAPLANE_LOG_RECOVERY_H
#define WL_DATAPLANE_LOG_RECOVERY_H

#include "dataplane/log/log.h"

enum wl_recovery_state {
	WL_RECOVERY_WANTS_READ, /* wl_recovery_want, perform, wl_recovery_on_read */
	WL_RECOVERY_WANTS_SCRUB, /* write zeros durably to [scrub_begin, scrub_end), then wl_recovery_on_scrubbed */
	WL_RECOVERY_DONE, /* the log is filled and may be used */
	WL_RECOVERY_REFUSED, /* damage says where and why; the log must not be used */
	WL_RECOVERY_PAUSED, /* follows: all below the limit is taken, the log may be read so far; wl_recovery_resume */
};

enum wl_recovery_damage_kind {
	WL_DAMAGE_NONE = 0,
	WL_DAMAGE_TORN_TAIL, /* cut away: was never acknowledged */
	WL_DAMAGE_ROT, /* a place that a later chunk calls durable fails its checksum */
	WL_DAMAGE_LOST_WRITE, /* a place known to be durable is empty */
	WL_DAMAGE_MISDIRECTED, /* a whole chunk of another place, node or journal stands here */
	WL_DAMAGE_UNPROVEN, /* the newest place is damaged in a way that no torn write leaves */
	WL_DAMAGE_FOREIGN, /* segment header of another cluster, node or journal */
	WL_DAMAGE_SEGMENT_HEADER, /* a segment header fails its checksum while the segment is in use */
	WL_DAMAGE_SEGMENT_ABSENT, /* a segment is missing below one that exists */
	WL_DAMAGE_CUT_SHORT, /* the stream ends before the watermark of the superblock */
	WL_DAMAGE_CHAIN, /* whole chunks, but the entries do not continue one another */
	WL_DAMAGE_READ_FAILED, /* the device refused to read a place known to be durable */
};

struct wl_recovery_damage {
	enum wl_recovery_damage_kind kind;
	uint64_t begin, end; /* stream offsets */
	uint64_t last_good_index;
};

/* Called for each live-at-that-moment entry in stream order; index may fall (supersession). */
typedef void (*wl_recovery_entry_fn)(void *context, const uint8_t *image,
				     const struct wl_entry_header *header, uint64_t offset);

/* Of the driver, who keeps it until the walk is over: reads go here. Aligned to a block; `size` >= 2 * WL_CHUNK_BYTES_MAX. */
struct wl_recovery_window {
	uint8_t *bytes;
	uint32_t size;
};

struct wl_recovery {
	struct wl_log *log;
	uint64_t segments; /* number behind the last one that exists on the medium */
	uint64_t watermark; /* stream offset that the superblock knows to be durable; 0 = none */
	bool read_only; /* verify: report, never ask for a scrub */
	enum wl_recovery_state state;
	struct wl_recovery_damage damage; /* the worst; TORN_TAIL may stand beside DONE */
	uint64_t scrub_begin, scrub_end;
	uint64_t known_commit; /* highest commit hint seen in live entries, or the base, <= tail.index */
	struct wl_recovery_window window; /* of it, the whole blocks */

	wl_recovery_entry_fn on_entry; /* may be NULL */
	void *context;

	/* inside; offsets are of the stream, ~0 = none */
	uint64_t window_offset;
	uint32_t window_valid;
	uint64_t want_offset;
	uint32_t want_bytes;
	uint64_t narrow_end; /* a failed read is taken again block by block up to here; 0 = none */
	uint64_t unreadable; /* block that the device does not give */
	uint32_t narrowings;
	uint64_t limit; /* what follows goes no further; ~0: does not follow */
	uint64_t at; /* where the next chunk is expected */
	uint64_t base_offset; /* where the walk begins: the chunk of the base; 0: no base, or one that was installed */
	bool base_awaited; /* that chunk's entry at the base's index is still to come */
	uint64_t base_index; /* the last entry that was taken as it stands, and the chain value behind it; 0: none */
	uint64_t base_chain;
	uint64_t skipped_from; /* the place before a boundary that the chunk may have been moved from */
	uint64_t previous; /* begin of the last good chunk */
	uint64_t last_good_end;
	uint64_t suspect; /* where the good stream ends: the next chunk is not whole, or not there */
	uint64_t look; /* how far the rest was looked at */
	uint64_t place; /* of the first chunk that is not whole: suspect, or behind the boundary next to it */
	uint64_t place_end;
	uint64_t first_remains, remains_end; /* what is not zero behind suspect */
	uint64_t bad_segment; /* first segment number in the rest whose header is damaged */
	uint8_t phase;
	uint8_t place_look; /* what the bytes at place look like */
	bool known_durable; /* a later chunk knows suspect as durable */
	bool went_astray; /* the chunk that belongs to suspect stands elsewhere */
};

void wl_recovery_init(struct wl_recovery *recovery, struct wl_log *log, uint64_t segments,
		      uint64_t watermark, struct wl_recovery_window window);
/*
 * Right after wl_recovery_init: the walk follows a log that lives. It is PAUSED, and takes from wl_recovery_resume the stream offset up to
 * which whole chunks are durable; never scrubs. What is not whole below that is damage.
 */
void wl_recovery_follow(struct wl_recovery *recovery);
/* PAUSED -> what the next chunks need; `limit` never falls. */
void wl_recovery_resume(struct wl_recovery *recovery, uint64_t limit);
/* Next read: never crosses a segment's end. */
void wl_recovery_want(const struct wl_recovery *recovery, uint64_t *offset, uint32_t *bytes);
void wl_recovery_on_read(struct wl_recovery *recovery, enum wl_disk_status status);
void wl_recovery_on_scrubbed(struct wl_recovery *recovery);
const char *wl_recovery_damage_name(enum wl_recovery_damage_kind kind);
/* NULL, or which invariant is broken. O(1). */
const char *wl_recovery_check(const struct wl_recovery *recovery);

/* What is known committed: by hints in the log, and by what the superblock remembers of the same history. */
static inline uint64_t wl_recovery_commit(const struct wl_recovery *recovery,
					  struct wl_position remembered)
{
	uint64_t term;

	if (remembered.index > recovery->known_commit &&
	    wl_log_term_at(recovery->log, remembered.index, &term) == WL_LOG_KNOWN &&
	    term == remembered.term)
		return remembered.index;
	return recovery->known_commit;
}

#endif
