/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bases between nodes go through two lanes of a journal, between its worker, who has the frames, and who drives its base maker, who has the
 * medium. A lane has one owner at a time; its state says who, and passes it on.
 *
 *  serving     FREE(w) -> ASKED(m) -> TOLD(w): bytes of a proven base, or none of it (bytes 0) -> ASKED(m) ...
 *  installing  IDLE(w) -> GIVEN(m): bytes of a peer's base -> TAKEN(w) -> GIVEN(m) ... -> RIGHT(w): all came, and are what their digest says
 *              -> PLACED(m): the worker's log stands still, and goes on there -> WRITTEN(w): durable -> JUMPED(m): the maker goes on -> IDLE(w)
 *              FAILED(w): not what it should be, or it could not be written; the maker begins anew -> IDLE(w)
 *              ABANDONED(m): the worker wants it no more; the maker begins anew -> IDLE(w)
 *
 * While RIGHT, PLACED and WRITTEN the maker's state does not change: with WRITTEN the worker copies it.
 *
 * Pure. (w) [worker], (m) the thread that drives the maker.
 */
#ifndef WL_DATAPLANE_WORKER_BASE_LANE_H
#define WL_DATAPLANE_WORKER_BASE_LANE_H

#include <stdatomic.h>

#include "dataplane/state/base_part.h"

#define WL_BASE_LANE_BYTES (256u << 10) /* of each lane's buffer */

enum wl_base_serving_state {
	WL_BASE_SERVING_FREE = 0,
	WL_BASE_SERVING_ASKED,
	WL_BASE_SERVING_TOLD,
};

struct wl_base_serving {
	_Atomic uint32_t state;
	uint8_t *buffer;
	/* (w) A base that is whole and proven here, and from where. */
	uint64_t index, digest, offset;
	/* (m) */
	struct wl_base_offer offer;
	uint32_t bytes; /* from `offset` on; 0: it is not there any more, or cannot be read */
	struct wl_base_header header; /* of the base that was read last */
	unsigned place;
	bool has_header;
};

enum wl_base_installing_state {
	WL_BASE_INSTALLING_IDLE = 0,
	WL_BASE_INSTALLING_GIVEN,
	WL_BASE_INSTALLING_TAKEN,
	WL_BASE_INSTALLING_RIGHT,
	WL_BASE_INSTALLING_PLACED,
	WL_BASE_INSTALLING_WRITTEN,
	WL_BASE_INSTALLING_JUMPED,
	WL_BASE_INSTALLING_FAILED,
	WL_BASE_INSTALLING_ABANDONED,
};

struct wl_base_installing {
	_Atomic uint32_t state;
	uint8_t *buffer;
	/* (w) */
	struct wl_base_offer offer;
	uint64_t offset; /* of the bytes that are given; 0 begins */
	uint32_t bytes;
	uint64_t walk_offset, first_segment;
	/* (m), with WRITTEN */
	struct wl_log_base base;
	const struct wl_state *applied;
	uint32_t *order; /* for wl_state_encode_begin */
};

struct wl_base_lanes {
	struct wl_base_serving serving;
	struct wl_base_installing installing;
};

static inline uint32_t wl_base_lane_state(const _Atomic uint32_t *state)
{
	return atomic_load_explicit(state, memory_order_acquire);
}

static inline void wl_base_lane_pass(_Atomic uint32_t *state, uint32_t next)
{
	atomic_store_explicit(state, next, memory_order_release);
}

/* What the maker's thread does for a worker that serves. True: read `bytes` of `place` at `at` to `buffer`, then on_read. */
bool wl_base_serving_want(struct wl_base_serving *serving, const struct wl_base_maker *maker,
			  struct wl_base_maker_want *want);
void wl_base_serving_on_read(struct wl_base_serving *serving, const struct wl_base_maker *maker,
			     bool good);

enum wl_base_installing_step {
	WL_BASE_STEP_OWN, /* nothing comes: the maker does its own work */
	WL_BASE_STEP_WAIT, /* the maker rests for the worker */
	WL_BASE_STEP_WRITE, /* the maker is driven as ever: it writes what came */
	WL_BASE_STEP_ANEW, /* wl_base_maker_init, then its own work */
};
/* What the maker's thread does next. */
enum wl_base_installing_step wl_base_installing_step(struct wl_base_installing *installing,
						     struct wl_base_maker *maker);

#endif
