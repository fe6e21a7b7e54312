/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged entries between nodes go through two lanes of a journal, between its worker, who has the frames, and who mends, who has the
 * medium. A lane has one owner at a time; its state says who, and passes it on.
 *
 *  serving  FREE(w) -> ASKED(m): a peer lacks a run of entries -> TOLD(w): images from the medium, or none -> ASKED(m) ...
 *  asking   IDLE(m) -> WANTED(w): our own medium lacks a run, the node is to be asked -> TOLD(m): what it said, or that it said nothing
 *
 * What comes is proved by who mends, each entry by the one behind it: the worker believes none of it.
 * Beside them, how far mending is, under a sequence lock; and a place that a reader of the worker found damaged.
 *
 * Pure. (w) [worker], (m) the thread that mends.
 */
#ifndef WL_DATAPLANE_WORKER_MEND_LANE_H
#define WL_DATAPLANE_WORKER_MEND_LANE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/limits.h"
#include "dataplane/base/members.h"

/* Of each lane's buffer: a run, or one entry of any size. */
#define WL_MEND_LANE_BYTES \
	((WL_ENTRY_BYTES_MAX + WL_BLOCK_BYTES - 1) / WL_BLOCK_BYTES * WL_BLOCK_BYTES)

enum wl_mend_serving_state {
	WL_MEND_SERVING_FREE = 0,
	WL_MEND_SERVING_ASKED,
	WL_MEND_SERVING_TOLD,
};

/* A run of entries that ends with one of this index and chain value. */
struct wl_mend_run {
	uint64_t index, chain;
	uint64_t first; /* no earlier one */
	uint32_t bytes; /* at most, but for a single entry */
};

struct wl_mend_serving {
	_Atomic uint32_t state;
	uint8_t *buffer;
	/* (w) */
	struct wl_mend_run run;
	bool begun; /* its beginning was sent */
	/* Of a log that runs: between these places of the stream it stands, if it stands anywhere. Dormant: both 0. */
	uint64_t begin, end;
	/* (m) */
	uint32_t bytes; /* 0: it was not found whole */
};

enum wl_mend_asking_state {
	WL_MEND_ASKING_IDLE = 0,
	WL_MEND_ASKING_WANTED,
	WL_MEND_ASKING_TOLD,
};

struct wl_mend_asking {
	_Atomic uint32_t state;
	uint8_t *buffer;
	/* (m) */
	struct wl_mend_run run;
	uint32_t node; /* who is asked */
	/* (w) */
	uint32_t verdict; /* enum wl_wire_mend_verdict; 0: it says nothing */
	uint32_t bytes; /* of the run, with HAVE */
};

enum wl_mending_phase {
	WL_MENDING_NONE = 0, /* nothing is mended */
	WL_MENDING_SURVEYS, /* the log is read */
	WL_MENDING_ASKS, /* entries are asked for, and written */
	WL_MENDING_LOST, /* every node has answered, and none has it whole: asked again every few seconds */
	WL_MENDING_FAILED, /* the medium takes nothing, or gives nothing: tried again every few seconds */
	WL_MENDING_UNCOUNTS, /* control is to make it durable that these data do not count */
	WL_MENDING_PROVES, /* all is filled: it is read once more as a start would */
	WL_MENDING_MENDED,
	WL_MENDING_REFUSED, /* not to be mended: swapped, of another log, or cut below what is committed */
	WL_MENDING_TOO_OFTEN, /* what was mended is damaged again, again and again: tried again after a long rest */
	WL_MENDING_PHASES,
};

/* What an operator is told. */
struct wl_mend_report {
	uint32_t phase; /* enum wl_mending_phase */
	uint32_t dormant; /* the journal waits for it; else it is mended while it runs */
	uint32_t kind; /* enum wl_recovery_damage_kind: as the start found it, or why it is refused */
	uint32_t moved; /* entries came to stand elsewhere: who has it in memory where they stood starts again */
	uint64_t begin, end; /* places of the stream that are named with it */
	uint64_t looked_at, look_end; /* of the stream, by the survey */
	uint32_t holes, holes_left;
	uint64_t missing; /* entries, as far as it is known */
	uint64_t bytes_left; /* of the holes */
	uint64_t index; /* of the entry that is asked for, or lost */
	uint64_t salvaged,
		fetched; /* entries that were put in their places: out of our own damaged chunks, and from peers */
	uint64_t written; /* bytes */
	uint64_t refused; /* answers of peers that were not what was asked for */
	wl_members has_not,
		given_up; /* about `index`: who has it not, and who has a base in its place */
	uint32_t gave_up; /* the end of the log was: its data do not count until they are taken in */
	uint32_t rounds; /* that ended with a log that was damaged again */
	uint64_t began_ns,
		moved_ns; /* by the driver's clock: begun; something was read, written or answered last */
};

/* Control is to make it durable that the data of a dormant journal do not count. */
enum wl_mend_uncounting_state {
	WL_MEND_UNCOUNTING_IDLE = 0, /* (m) */
	WL_MEND_UNCOUNTING_WANTED, /* [control] */
	WL_MEND_UNCOUNTING_DONE, /* (m): it is durable */
	WL_MEND_UNCOUNTING_FAILED, /* (m): the superblock cannot be written */
};

struct wl_mend_lanes {
	struct wl_mend_serving serving;
	struct wl_mend_asking asking;
	/* Who met damage in a log that runs leaves the place, (m) takes it: of the stream, and one; 0: none. */
	_Atomic uint64_t damaged;
	_Atomic uint32_t uncounting;
	uint64_t uncounted_from; /* (m), with WANTED: the place of the stream from which on the log is given up */
	alignas(64) _Atomic uint64_t report_version; /* odd: being written */
	struct wl_mend_report report; /* (m) */
};

static inline uint32_t wl_mend_lane_state(const _Atomic uint32_t *state)
{
	return atomic_load_explicit(state, memory_order_acquire);
}

static inline void wl_mend_lane_pass(_Atomic uint32_t *state, uint32_t next)
{
	atomic_store_explicit(state, next, memory_order_release);
}

/* (m) */
void wl_mend_lanes_report(struct wl_mend_lanes *lanes, const struct wl_mend_report *report);
/* [any] False: nothing was reported yet, or the writer was always in the way. */
bool wl_mend_lanes_reported(const struct wl_mend_lanes *lanes, struct wl_mend_report *report);
/* (m) Has anybody met damage since the last call? */
bool wl_mend_lanes_take_damaged(struct wl_mend_lanes *lanes, uint64_t *offset);
/* [any] The lowest counts. */
void wl_mend_lanes_note_damaged(struct wl_mend_lanes *lanes, uint64_t offset);
const char *wl_mending_phase_name(enum wl_mending_phase phase);

#endif
