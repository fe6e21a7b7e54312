/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies what is committed of a journal into its archive, range by range, and says from where on the stream must be kept for that. A range is what
 * stands in one segment of this node: when the first live entry of the next segment is committed it is closed, and once it is durable the segment
 * may be forgotten.
 *
 *  WANTS_NEWEST --the archive's last place--> (joins: that place is of this log) --> READ, copy ... WANTS_WRITE ... IDLE
 *       ^                                                                              ^ an entry of another segment: WANTS_WRITE, WANTS_CLOSE
 *       |                                                                              |        durable: the next range
 *  wl_archiver_anew                          WANTS_REST (failed, damaged) --wl_archiver_retry--> the range begins again
 *  STOPPED: the archive is of another history, or of somebody else. Nothing is given up.
 *
 *  What must hold; wl_archiver_check is this text as code.
 *  A1  the range that is being written begins where the archive ends
 *  A2  what is to be kept begins at or before the first entry that the archive does not have durably
 *  A3  before the archive is known to be of this log's history all of the stream is kept
 *
 * Where the log begins behind the archive's end (a base of a peer took the place of everything; the archive is younger than the journal) there is a
 * gap: it is counted and told, and the archive goes on behind it. Readers name it.
 *
 * Pure: no clock, no I/O. One thread drives it (control/node/archive_thread.h); memory from the caller.
 */
#ifndef WL_DATAPLANE_LOG_ARCHIVER_H
#define WL_DATAPLANE_LOG_ARCHIVER_H

#include "dataplane/log/archive_format.h"
#include "dataplane/log/reader.h"

/* A piece is handed over when it has so much; one more entry fits behind that. */
#define WL_ARCHIVER_PIECE_TARGET (1u << 20)
#define WL_ARCHIVER_PIECE_BYTES (WL_ARCHIVER_PIECE_TARGET + WL_ENTRY_BYTES_MAX)

enum wl_archiver_state {
	WL_ARCHIVER_WANTS_NEWEST, /* where the archive ends: wl_archiver_on_newest */
	WL_ARCHIVER_IDLE, /* there is nothing more that is committed: step again later */
	WL_ARCHIVER_WANTS_READ, /* the stream: wl_archiver_want, wl_archiver_on_read */
	WL_ARCHIVER_WANTS_WRITE, /* piece, piece_bytes at piece_offset of the file with `range`: wl_archiver_on_done */
	WL_ARCHIVER_WANTS_CLOSE, /* the header of `range`, all of it durable, then its name: wl_archiver_on_done */
	WL_ARCHIVER_WANTS_REST, /* wl_archiver_retry some seconds later */
	WL_ARCHIVER_STOPPED, /* verdict */
};

struct wl_archiver_identity {
	uint8_t cluster[WL_CLUSTER_ID_BYTES];
	uint32_t node, journal;
};

struct wl_archiver {
	enum wl_archiver_state state;
	enum wl_archive_verdict
		verdict; /* STOPPED: why; WANTS_REST: ENTRY, the medium is damaged at damage_offset; else OK */
	struct wl_archive_place
		at; /* all that is committed up to here is durable in the archive, but for gaps */
	uint64_t keep_offset; /* the stream from here on is kept for the archive */
	struct wl_archive_range range; /* that is being written, behind `at` */
	uint8_t *piece;
	uint32_t piece_bytes;
	uint64_t piece_offset; /* in the file */
	uint64_t gaps, gap_first, gap_last; /* how many; indexes of the newest one */
	uint64_t ranges, bytes; /* made durable since the start of the process */
	uint64_t damage_offset;

	/* inside */
	const struct wl_log *log;
	struct wl_reader reader;
	uint8_t *buffer;
	uint64_t segment; /* of the range's entries */
	uint64_t next_offset; /* of the entry behind the range that is closed */
	bool joined, closing;
};

/* `piece` (WL_ARCHIVER_PIECE_BYTES) and `buffer` (WL_CHUNK_BYTES_MAX, aligned to WL_BLOCK_BYTES) stay the caller's. */
void wl_archiver_init(struct wl_archiver *archiver, const struct wl_archiver_identity *identity,
		      uint8_t *piece, uint8_t *buffer);
/* NULL: the archive is empty. Of another cluster, node or journal: STOPPED. In WANTS_NEWEST. */
void wl_archiver_on_newest(struct wl_archiver *archiver, const struct wl_archive_range *newest);
/*
 * Goes on with what `log` has up to `applied`: entries that are committed, and whose place is known for good. `log` is the same one from step to
 * step, until wl_archiver_anew. Returns the state. Does nothing where something is wanted.
 */
enum wl_archiver_state wl_archiver_step(struct wl_archiver *archiver, const struct wl_log *log,
					uint64_t applied);
/* WANTS_READ. */
void wl_archiver_want(struct wl_archiver *archiver, struct wl_disk_request *request);
void wl_archiver_on_read(struct wl_archiver *archiver, enum wl_disk_status status);
/* WANTS_WRITE, WANTS_CLOSE; and for WANTS_NEWEST, that it failed. */
void wl_archiver_on_done(struct wl_archiver *archiver, bool succeeded);
/* WANTS_REST, STOPPED: looks at the archive anew. */
void wl_archiver_retry(struct wl_archiver *archiver);
/* The log is made anew, or another one: what is open of a range is left, and the archive's end is proven again. Not while something is wanted. */
void wl_archiver_anew(struct wl_archiver *archiver);
/* NULL, or which invariant is broken. */
const char *wl_archiver_check(const struct wl_archiver *archiver);

#endif
