/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the base from which a log is opened: the newest whole one of ours in the two places. The first block of each says which is
 * the newer one; that is read, and when it turns out not to be whole, the other one. A step machine without I/O: a start, the base
 * maker, offline tools and the simulator drive the same code.
 *
 *  place 0, 1           what is opened from
 *  whole, whole         the one with the higher sequence
 *  whole, empty         the whole one: the first base ever
 *  whole, damaged       the whole one: a crash while the other was written, or rot. Nothing above the older of two whole bases is given up
 *  empty, empty         none: the log's own beginning
 *  damaged, none whole  DAMAGED: the caller may open a log that has its beginning, and no other
 *  any of VERSION or FOREIGN  that verdict, whatever the other is: nothing is guessed
 *  the chosen one is of more sessions than the state has room for  SESSIONS: it is whole, and what takes its part would be another state
 *  features are in force in the chosen one that `identity` lacks  FEATURES: likewise
 *
 *  What must hold; wl_base_load_check is this text as code.
 *  O1  what is read lies in a place that there is, in whole blocks, and fits into the buffer
 *  O2  only a place whose first block was OK is chosen
 *  O3  DONE with OK: there is a chosen place, and every block of it was taken
 *
 * Pure. [init], the base maker's thread, or an offline tool.
 */
#ifndef WL_DATAPLANE_STATE_BASE_LOAD_H
#define WL_DATAPLANE_STATE_BASE_LOAD_H

#include "dataplane/state/base_format.h"

enum wl_base_load_state {
	WL_BASE_LOAD_WANTS_READ, /* wl_base_load_want, read into the buffer, wl_base_load_on_read */
	WL_BASE_LOAD_WANTS_EMPTY, /* state and log hold a part of a damaged base: initialise both anew, then wl_base_load_on_empty */
	WL_BASE_LOAD_DONE, /* verdict */
};

/* What is filled: both just initialised, or both NULL (verify). */
struct wl_base_target {
	struct wl_state *state;
	struct wl_log *log;
	uint64_t first_segment; /* lowest on the medium: wl_log_restore_end */
};

struct wl_base_load {
	enum wl_base_load_state state;
	enum wl_base_verdict verdict; /* OK: state and log are filled from places[chosen] */
	unsigned chosen;
	struct wl_base_place {
		enum wl_base_verdict verdict; /* of all that was read of it */
		struct wl_base_header header; /* where its first block was OK */
	} places[WL_BASE_PLACES];
	bool check_both; /* the place that is not chosen is read whole, too, after the other one */

	/* inside */
	const struct wl_base_identity *identity;
	struct wl_base_target target;
	uint8_t *buffer;
	uint32_t buffer_bytes;
	struct wl_base_decoder decoder;
	unsigned place; /* that is read */
	uint64_t at;
	uint32_t bytes;
	uint8_t phase;
};

/* `identity` and `buffer` (whole blocks, aligned to one) stay the caller's until DONE. */
void wl_base_load_init(struct wl_base_load *load, const struct wl_base_identity *identity,
		       const struct wl_base_target *target, uint8_t *buffer, uint32_t buffer_bytes);
/* Next read: `bytes` of `place` at `at`, all within its file where that is whole. */
void wl_base_load_want(const struct wl_base_load *load, unsigned *place, uint64_t *at,
		       uint32_t *bytes);
/* OK; ABSENT: nothing is in that place; FAILED: it is cut short, or cannot be read. */
void wl_base_load_on_read(struct wl_base_load *load, enum wl_disk_status status);
void wl_base_load_on_empty(struct wl_base_load *load);
/* NULL, or which invariant is broken. O(1). */
const char *wl_base_load_check(const struct wl_base_load *load);

#endif
