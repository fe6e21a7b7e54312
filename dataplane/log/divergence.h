/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node holds against what another one said: two histories under one name (replica_divergence.c), or two tables of sessions
 * made from one history (replica_state.c). A node whose committed records its leader contradicts takes no part any more, and its data
 * say so until somebody looked at them. Neither does one whose table differs from what a majority has; its data are right, and the
 * next start makes the table anew.
 *
 * Pure values. [any]
 */
#ifndef WL_DATAPLANE_LOG_DIVERGENCE_H
#define WL_DATAPLANE_LOG_DIVERGENCE_H

#include <stdint.h>

#include "dataplane/base/position.h"

enum wl_divergence_kind {
	WL_DIVERGENCE_OF_BRANCH = 0, /* not known to be committed here: it costs this view */
	WL_DIVERGENCE_OF_COMMITTED, /* our leader contradicts it: we take no part, and ask the others (replica_inquiry.c) */
	WL_DIVERGENCE_CONFIRMED, /* a majority does: the data are for looking at, not for a start */
	WL_DIVERGENCE_DISPROVED, /* a majority has what we have: we take no part until the next start */
	WL_DIVERGENCE_OF_STATE, /* a majority makes something else of the same entries: we take no part until the next start */
	WL_DIVERGENCE_UNDECIDED, /* another one does, and no majority is of one mind: told, and no more */
};

/* Of what is made of the entries; else of the entries themselves. */
static inline bool wl_divergence_is_of_state(enum wl_divergence_kind kind)
{
	return kind == WL_DIVERGENCE_OF_STATE || kind == WL_DIVERGENCE_UNDECIDED;
}

/* It is us who are, or may be, wrong. */
static inline bool wl_divergence_costs_our_part(enum wl_divergence_kind kind)
{
	return kind == WL_DIVERGENCE_OF_COMMITTED || kind == WL_DIVERGENCE_CONFIRMED ||
	       kind == WL_DIVERGENCE_OF_STATE;
}

struct wl_divergence {
	uint32_t node; /* who said otherwise; 0: nobody did */
	enum wl_divergence_kind kind;
	struct wl_position position; /* as it was said */
	/* Behind that index: chain values, or digests of the tables; theirs 0: not told, the terms differ */
	uint64_t chain, their_chain;
};

#endif
