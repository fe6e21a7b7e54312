/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the two halves of the base maker: base_maker.c reads and applies, base_write.c chooses a place and writes. Not for other
 * modules.
 *
 * Pure. The thread that drives the maker.
 */
#ifndef WL_DATAPLANE_STATE_MAKER_INTERNAL_H
#define WL_DATAPLANE_STATE_MAKER_INTERNAL_H

#include "dataplane/state/base_maker.h"

enum wl_base_maker_phase {
	WL_BASE_PHASE_LOAD = 0,
	WL_BASE_PHASE_WALK,
	WL_BASE_PHASE_APPLY,
	WL_BASE_PHASE_SWEEP, /* what could not be read in a place goes before the first base of the stream's beginning is written */
	WL_BASE_PHASE_WRITE,
	WL_BASE_PHASE_LOOK,
	WL_BASE_PHASE_REMOVE,
	WL_BASE_PHASE_CLEAR, /* the other place held a base of the stream that gives way: it goes first */
	WL_BASE_PHASE_INSTALL, /* a peer's base is taken in (base_part.h) */
	WL_BASE_PHASE_STOPPED,
};

/* State(0) and an empty log. */
void wl_base_maker_empty(struct wl_base_maker *maker);
/* What is applied next is read behind what is applied. */
void wl_base_maker_read_on(struct wl_base_maker *maker);
/* It wants `bytes` at `offset` done to what its state says. */
void wl_base_maker_want(struct wl_base_maker *maker, enum wl_base_maker_state state,
			uint64_t offset, uint64_t bytes);
/* For somebody else than the walk: nothing that stands in the window counts any more. */
void wl_base_maker_take_window(struct wl_base_maker *maker);
void wl_base_maker_stop(struct wl_base_maker *maker, enum wl_base_stop stop);

/* The entry at the applied index is a BASE entry in effect: its base is written next, or passed over. True: written. */
bool wl_base_write_begin(struct wl_base_maker *maker);
/* A base that a majority made, of the state and the log as they are: proven when it is written. */
void wl_base_write_install(struct wl_base_maker *maker, const struct wl_log_base *base);
/* What SWEEP, WRITE, LOOK, REMOVE or CLEAR wanted was done, or not. */
void wl_base_write_on_done(struct wl_base_maker *maker, enum wl_disk_status status);
/* What was loaded, and how much of it the state knows to be proven. */
void wl_base_write_on_loaded(struct wl_base_maker *maker);
/* The state knows of bases that a majority made: ours are compared. False: one of ours differs, and is removed next. */
bool wl_base_write_compare(struct wl_base_maker *maker);
/* Place of the newest base that is whole and proven; WL_BASE_PLACES: there is none. */
unsigned wl_base_write_proven(const struct wl_base_maker *maker);

#endif
