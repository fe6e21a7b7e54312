/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the parts of mending: mend.c goes from hole to hole, mend_plan.c finds where the next chunk of a hole stands, mend_entries.c gets
 * entries and puts them in, mend_write.c has them written, mend_join.c knows when nothing is missing any more. Not for other modules.
 *
 * Pure. As mend.h says.
 */
#ifndef WL_DATAPLANE_MEND_MEND_INTERNAL_H
#define WL_DATAPLANE_MEND_MEND_INTERNAL_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/mend/mend.h"

#define WL_MEND_BOUNDARY_BYTES ((uint64_t)WL_LOG_RING_BYTES_MIN)
#define WL_MEND_RUN_ENTRIES (WL_SALVAGE_RUN_BYTES / WL_ENTRY_HEADER_BYTES + 2)

/* What lies between two boundaries is read at once; any entry has room in a chunk of its own. */
WL_STATIC_CHECK(WL_LOG_RING_BYTES_MIN <= WL_FILL_BYTES);
WL_STATIC_CHECK(WL_CHUNK_HEADER_BYTES + WL_ENTRY_BYTES_MAX + WL_BLOCK_BYTES <= WL_CHUNK_BYTES_MAX);

enum wl_mend_phase {
	WL_MEND_SURVEYS = 1,
	WL_MEND_CHOOSES, /* the next hole */
	WL_MEND_ZEROES, /* [zero_at, zero_end) */
	WL_MEND_BURIES, /* dead chunks in [bury_at, bury_end) */
	WL_MEND_READS_BURIED,
	WL_MEND_PLANS, /* where the next chunk stands */
	WL_MEND_READS_PLACE, /* what stands there now */
	WL_MEND_JOINS, /* is an entry missing? */
	WL_MEND_WALKS, /* up to the hole, once more */
	WL_MEND_SALVAGES, /* our own entries */
	WL_MEND_ASKS,
	WL_MEND_PLACES, /* entries of a run */
	WL_MEND_CLOSES, /* the chunk that is built */
	WL_MEND_ENDS_HOLE,
	WL_MEND_GIVES_UP,
	WL_MEND_AGAIN, /* the survey */
	WL_MEND_ENDED,
};

/* Each does a step: true: goes on at once; false: it waits, or has ended. */
bool wl_mend_plan(struct wl_mend *mend);
bool wl_mend_close(struct wl_mend *mend);
bool wl_mend_join(struct wl_mend *mend);
bool wl_mend_salvage(struct wl_mend *mend);
bool wl_mend_ask_peers(struct wl_mend *mend);
bool wl_mend_place(struct wl_mend *mend);
/* The chunk that waits follows `previous`: it is written, then `behind`. */
bool wl_mend_write_waiting(struct wl_mend *mend, uint64_t previous, enum wl_mend_phase behind);
bool wl_mend_zero(struct wl_mend *mend);
bool wl_mend_end_hole(struct wl_mend *mend);
bool wl_mend_bury(struct wl_mend *mend);
void wl_mend_read_buried(struct wl_mend *mend);
/* The place that was planned is in mend->fill. */
void wl_mend_read_place(struct wl_mend *mend);
/* Our own run is in mend->find. */
void wl_mend_found(struct wl_mend *mend);
void wl_mend_go_on(struct wl_mend *mend);

/* Asks for a write; what goes on behind it is `behind`. */
bool wl_mend_write(struct wl_mend *mend, uint64_t offset, uint8_t *from, uint32_t bytes,
		   enum wl_mend_phase behind);
/* The header of the segment that begins there. */
bool wl_mend_write_header(struct wl_mend *mend, uint64_t offset, enum wl_mend_phase behind);
/* It is filled, or left to the next survey. */
void wl_mend_drop_hole(struct wl_mend *mend);
bool wl_mend_refuse(struct wl_mend *mend, uint64_t begin, uint64_t end, bool unpackable);
/* The newest hole left of the one under way in which chunks are missing; NULL: none. */
struct wl_survey_hole *wl_mend_hole_before(struct wl_mend *mend);

#endif
