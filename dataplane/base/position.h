/* SPDX-License-Identifier: BSD-3-Clause */
/* A place in a journal: {term, index} always travel together. Index 0, term 0 is "before the first". */
#ifndef WL_DATAPLANE_BASE_POSITION_H
#define WL_DATAPLANE_BASE_POSITION_H

#include <stdbool.h>
#include <stdint.h>

struct wl_position {
	uint64_t term;
	uint64_t index;
};

static inline bool wl_position_equal(struct wl_position a, struct wl_position b)
{
	return a.term == b.term && a.index == b.index;
}

/* Raft section 5.4.1: a log is at least as up to date when its last term is newer, or equal and not shorter. */
static inline bool wl_position_at_least(struct wl_position a, struct wl_position b)
{
	return a.term > b.term || (a.term == b.term && a.index >= b.index);
}

#endif
