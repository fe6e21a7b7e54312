/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator asks of the list of members, one node at a time, and which list follows from that. What is asked for may need more than
 * one list: a joint one first, or a learner before a voter. So a change is asked for until it is done.
 *
 *   ADD      a learner: it is sent everything and counts nowhere
 *   PROMOTE  a learner becomes a voter
 *   DEMOTE   a voter becomes a learner
 *   REMOVE   a learner or a voter is no member any more
 *   REPLACE  a voter is no member any more, and `by` votes in its place, in one step
 *   READMIT  the data that a member has now are the ones that are meant (docs/SAFETY.md, rule 24): which ones, the leader knows
 *
 * Pure, by value. [any]
 */
#ifndef WL_DATAPLANE_BASE_CHANGE_H
#define WL_DATAPLANE_BASE_CHANGE_H

#include "dataplane/base/members.h"

enum wl_change_verb {
	WL_CHANGE_ADD = 1,
	WL_CHANGE_PROMOTE,
	WL_CHANGE_DEMOTE,
	WL_CHANGE_REMOVE,
	WL_CHANGE_REPLACE,
	WL_CHANGE_READMIT,
	WL_CHANGE_LAST = WL_CHANGE_READMIT,
};

struct wl_change {
	enum wl_change_verb verb;
	uint32_t node;
	uint32_t by; /* REPLACE; else 0 */
};

enum wl_change_verdict {
	WL_CHANGE_NEXT, /* `next` is the list that comes now */
	WL_CHANGE_DONE, /* the list is what was asked for */
	WL_CHANGE_IMPOSSIBLE, /* there is no way from this list: no such member, or nobody would vote any more */
};

/* In one number, as it travels. Never 0. */
uint64_t wl_change_pack(const struct wl_change *change);
/* False: no change that pack makes. */
bool wl_change_unpack(uint64_t number, struct wl_change *change);
/* From `list`, which is not joint. Where a node becomes a voter, *voter is that node: it must be caught up; else 0. READMIT: `next` is
 * `list`, whose names are the caller's to set. */
enum wl_change_verdict wl_change_of(const struct wl_change *change, const struct wl_list *list,
				    struct wl_list *next, uint32_t *voter);
/* The list that ends a joint one. */
struct wl_list wl_change_end(const struct wl_list *joint);
/* "add", "promote", ...; "unknown". */
const char *wl_change_verb_text(enum wl_change_verb verb);

#endif
