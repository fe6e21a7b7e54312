/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks over the stream of a log and goes on behind damage. Recovery stops at the first place that is not whole; this names all
 * of them, what is missing in each, and how the log ends.
 *
 *   whole chunks | hole | whole chunks | hole | whole chunks | end
 *
 * A hole is what lies between the end of a whole chunk and the next whole one of ours behind it. On its left the log stands at an
 * entry (`left`); on its right the first entry says which one it follows (`right`), by index and by chain value. What lies between
 * is missing, and can be proved entry by entry from the right: each one has the chain value that the one behind it names.
 *
 * Behind a damaged place the middle of a chunk may stand, and so what a client wrote. Only a chunk with our tag counts there (chunk.h).
 *
 * A chunk behind a hole may be superseded by a later one, whose first entry has no higher index. What lies between is dead then, whole
 * or not: the hole reaches up to the chunk that superseded it, and that one is its right edge (rule 17).
 *
 * How the log ends is judged as recovery judges it (recovery.h): a torn tail and what was never written are no holes, and recovery
 * cuts them. A newest place that is damaged in another way is a hole with a known right edge when the headers of the entries in its
 * chunk are whole up to its end; otherwise nobody knows what stood there, and the end is UNKNOWN (rule 18).
 *
 * The table of holes is bounded and never refuses: when it is full the oldest hole is let go, and the next survey finds it again, when
 * what lies behind it is mended.
 *
 * A step machine without I/O, as recovery is. Memory comes from the caller. Pure. [init], an offline tool, or [base].
 */
#ifndef WL_DATAPLANE_MEND_SURVEY_H
#define WL_DATAPLANE_MEND_SURVEY_H

#include "dataplane/log/chunk.h"
#include "dataplane/log/log.h"
#include "dataplane/log/recovery.h"
#include "dataplane/mend/fill.h"

#define WL_SURVEY_HOLES_MAX 64u
#define WL_SURVEY_STRIPES_MAX (1u << 16)
#define WL_SURVEY_STRIPE_BYTES (64u << 10) /* at first; doubles while the table is too small */
#define WL_SURVEY_CHAINS_MAX WL_LOG_ENTRIES_IN_RING
#define WL_SURVEY_WINDOW_BYTES_MIN WL_FILL_BYTES
/* As `previous` of a place: the first chunk may follow any one. */
#define WL_SURVEY_ANY (UINT64_MAX - 1)

/* A place between two chunks, and where the log stands there. */
struct wl_survey_place {
	uint64_t offset; /* of the stream: a chunk begins there, or behind the boundary next to it */
	uint64_t previous; /* begin of the chunk before it, WL_CHUNK_NONE or WL_SURVEY_ANY */
	struct wl_position position; /* of the entry before it */
	uint64_t chain; /* value behind that */
	uint64_t next_number; /* that the next data record gets; 0: not known */
	uint64_t commit; /* known committed there, <= position.index */
	/* The chunk that stands there may hold that entry, and some before it: the log begins at a base in the middle of a chunk. What is
	 * built in its place begins with that entry. */
	bool holds;
};

/* What the bytes at the end of the good part look like. */
enum wl_survey_look {
	WL_SURVEY_LOOK_EMPTY, /* zeros */
	WL_SURVEY_LOOK_TORN, /* sectors are missing that the chunk had */
	WL_SURVEY_LOOK_ROTTEN, /* every sector is there, the checksum fails */
	WL_SURVEY_LOOK_MISPLACED, /* a whole header of another place, node or journal */
	WL_SURVEY_LOOK_UNREADABLE,
	WL_SURVEY_LOOK_ABSENT, /* its segment is not there */
};

/* A place at which the next chunk is looked for, and what was found instead. */
struct wl_survey_spot {
	uint64_t offset;
	uint64_t remains_begin, remains_end; /* what is not zero behind it; ~0, 0: nothing */
	enum wl_survey_look look;
};

/* What the first entry behind a hole says. */
struct wl_survey_edge {
	uint64_t index; /* of the first entry behind the hole */
	uint64_t previous_chain; /* value behind the entry before it */
	uint64_t previous; /* chunk that the chunk behind the hole names: the last one in the hole begins there */
};

enum wl_survey_hole_kind {
	WL_SURVEY_HOLE_CHUNKS = 1, /* chunks are damaged or not there; entries may be missing */
	WL_SURVEY_HOLE_BLANK, /* no chunk is missing, zeros belong there: a skipped place before a boundary, a block behind the end */
	WL_SURVEY_HOLE_HEADER, /* only the header of a segment */
};

struct wl_survey_hole {
	enum wl_survey_hole_kind kind;
	enum wl_recovery_damage_kind damage; /* as recovery would call it */
	uint64_t begin, end; /* of the stream; whole blocks */
	uint64_t dead_from; /* what lies behind it in the hole is whole, and superseded; `end`: nothing */
	struct wl_survey_place left;
	struct wl_survey_edge right;
	bool buries; /* chunks inside are whole and dead, and something else may have to stand there */
	bool at_end; /* no chunk stands behind it: the edge is what the headers in the newest chunk say */
	bool known_durable; /* a later chunk, or the superblock, says that it was durable */
	bool unreadable; /* some of its blocks could not be read */
	bool joined; /* nothing is missing: the entry behind follows one that the log has */
	enum wl_survey_look look; /* what stands at its first place */
};

/* Entries up to right.index - 1 are missing. It may be more: what the log has on the left may be superseded inside. */
static inline uint64_t wl_survey_missing(const struct wl_survey_hole *hole)
{
	return hole->joined || hole->right.index <= hole->left.position.index + 1
		       ? 0
		       : hole->right.index - 1 - hole->left.position.index;
}

enum wl_survey_end {
	WL_SURVEY_END_LIMIT = 1, /* the walk was to end there */
	WL_SURVEY_END_KNOWN, /* nothing lies behind, or a torn tail: never acknowledged */
	WL_SURVEY_END_UNKNOWN, /* what lay in [end_begin, end_end) may have been acknowledged, and is not known */
};

enum wl_survey_state {
	WL_SURVEY_WANTS_READ = 1, /* wl_survey_want, perform, wl_survey_on_read */
	WL_SURVEY_DONE,
	WL_SURVEY_REFUSED, /* `damage` says why: CHAIN, FOREIGN, MISDIRECTED (a segment of another number) */
};

struct wl_survey_config {
	struct wl_log_config log; /* cluster, journal, node, segment_bytes, chunk_key */
	struct wl_survey_place from;
	uint64_t segments; /* number behind the last one that exists on the medium */
	uint64_t watermark; /* stream offset that is known to be durable: superblock, base; 0: none */
	/* A log that lives: its durable offset; nothing behind it is looked at. UINT64_MAX: to the end of the segments. */
	uint64_t limit;
	/* Enough: the walk ends with the first whole chunk that begins at or behind it. What supersedes a hole may stand behind that: so only
	 * where no dead range of the log lies between. UINT64_MAX: to the limit. */
	uint64_t stop;
	/* With a limit: what follows there, if the newest chunk before it is damaged. index: of the entry behind the durable one, with that one's
	 * chain value; previous: WL_SURVEY_ANY where it is not known. index 0: not known. */
	struct wl_survey_edge edge;
	/* The base that a start goes on from: its entry stands in the chunk at base_offset. Where that is damaged, and nothing behind it is
	 * whole, the log is known up to that entry. base_offset 0: no base, or one that was installed. */
	uint64_t base_offset, base_index, base_chain;
	uint8_t *window; /* the driver's reads go here */
	uint32_t window_bytes; /* >= WL_SURVEY_WINDOW_BYTES_MIN */
	void *memory; /* wl_survey_memory_bytes(), aligned to 64 */
};

/* Where entries were seen in the stream, damaged places too. A hint: what stands there is proved when it is read. */
struct wl_survey_stripe {
	uint64_t lowest, highest; /* index; lowest > highest: none */
};

struct wl_survey {
	struct wl_survey_config config;
	enum wl_survey_state state;
	struct wl_recovery_damage damage; /* REFUSED */

	struct wl_survey_hole holes[WL_SURVEY_HOLES_MAX]; /* in the order of the stream */
	uint32_t hole_count;
	uint64_t holes_let_go; /* the table was full: of those before holes[0] */

	enum wl_survey_end end; /* DONE */
	enum wl_recovery_damage_kind end_damage; /* END_UNKNOWN: as recovery would call it */
	uint64_t end_begin, end_end; /* END_UNKNOWN: what is given up */
	struct wl_survey_place
		tail; /* where the log ends, the holes filled; commit: known committed */

	uint64_t at; /* how far it has come: for progress */

	/* inside */
	uint64_t binding;
	struct wl_survey_place
		now; /* the end of the newest chunk that was taken, and where the log stands there */
	struct wl_survey_spot spot; /* what stands behind it */
	struct wl_survey_place
		soft; /* the same of the newest damaged chunk behind that, whose header and entry headers are whole */
	struct wl_survey_spot soft_spot;
	bool soft_known;
	bool in_doubt; /* the next chunk did not stand where it must: it is looked for */
	bool edge_open; /* the chunks behind the newest hole had no entry so far */
	bool astray; /* the next chunk stands somewhere else */
	uint64_t watermark; /* the highest that was seen, or told */
	uint64_t let_go_index; /* right.index of the newest hole that was let go */
	uint64_t unreadable_begin, unreadable_end; /* behind `now` */
	struct wl_fill fill;
	struct wl_survey_stripe *stripes;
	uint64_t stripe_bytes;
	struct wl_survey_chain *chains; /* by index: of the newest entries that were taken */
};

size_t wl_survey_memory_bytes(void);
void wl_survey_init(struct wl_survey *survey, const struct wl_survey_config *config);
/* Next read, into `buffer` (in config.window): never crosses a segment's end. */
void wl_survey_want(const struct wl_survey *survey, uint64_t *offset, uint8_t **buffer,
		    uint32_t *bytes);
/* OK, FAILED or ABSENT. */
void wl_survey_on_read(struct wl_survey *survey, enum wl_disk_status status);
/*
 * Where to begin. For a log that wl_log_init made, that was restored from a base, or that lives: the newest mark whose chunk stands before
 * `before`, or where the log begins. `before`: the chunk of the base (its damage is mended from there), any other place, or 0: the log's begin.
 */
void wl_survey_place_before(const struct wl_log *log, uint64_t before,
			    struct wl_survey_place *place);
/* DONE: chain value behind an entry of the log as it stood at the end of the walk. False: not known any more, or never. */
bool wl_survey_chain_at(const struct wl_survey *survey, uint64_t index, uint64_t *chain);
/* The nth part of the stream, newest first, in which an entry of that index was seen. False: there is none. */
bool wl_survey_where(const struct wl_survey *survey, uint64_t index, uint32_t nth, uint64_t *begin,
		     uint64_t *end);
const char *wl_survey_hole_name(enum wl_survey_hole_kind kind);

#endif
