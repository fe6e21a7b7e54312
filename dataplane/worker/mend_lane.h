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
#define WL_MEND_LANE_BYTES ((WL_ENTRY_BYTES_MAX + WL_BLOCK_BYTES - 1) / WL_BLOCK_BYTES * WL_BLOCK_BYTES)

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
	/* Of a log that runs: between these places of the stream it stands, if it stands anywhere. Dormant: both 0. */
	uint64_t begin, end;
	/* (m) */
	uint32_t bytes; /* 0: it is not there whole */
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

enum wl_mend_phase {
	WL_MEND_NONE = 0, /* nothing is mended */
	WL_MEND_SURVEYS, /* the log is read */
	WL_MEND_ASKS, /* entries are asked for, and written */
	WL_MEND_LOST, /* nobody has one: asked again every few seconds */
	WL_MEND_PROVES, /* all is filled: read once more as a start would */
	WL_MEND_MENDED,
	WL_MEND_TAIL_UNKNOWN, /* what was acknowledged at the end is not known any more: the data are to stop counting */
	WL_MEND_REFUSED, /* not to be mended: another log's, or cut below what is committed */
	WL_MEND_WRITE_FAILED, /* the medium takes nothing: tried again later */
	WL_MEND_TOO_OFTEN, /* what was mended is damaged again at each start: no further one */
};

/* What an operator is told. */
struct wl_mend_report {
	uint32_t phase; /* enum wl_mend_phase */
	bool dormant; /* the journal waits for it; else it is mended while it runs */
	uint32_t kind; /* enum wl_recovery_damage_kind, as the start found it */
	uint64_t begin, end; /* places of the stream that the start named */
	uint64_t bytes_read, bytes_all; /* of the survey */
	uint32_t holes; /* still there */
	uint64_t missing; /* entries, still */
	uint64_t index; /* that is asked for, or lost */
	uint64_t filled, salvaged; /* entries written anew; of these, out of our own damaged chunks */
	uint64_t refused; /* answers that were not what was asked for */
	wl_members answered, silent; /* about `index`: who has it not, and who said nothing */
	uint64_t began_ns, filled_ns; /* by the kernel's clock: when it began, when the last entry was written */
};

struct wl_mend_lanes {
	struct wl_mend_serving serving;
	struct wl_mend_asking asking;
	/* Who met damage in a log that runs leaves the place, (m) takes it: of the stream, and one; 0: none. */
	_Atomic uint64_t damaged;
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
const char *wl_mend_phase_name(enum wl_mend_phase phase);

#endif
