/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where do the logs of a cluster differ first? A chain value depends on all that stands before it: who has the same value behind an entry has
 * the same log up to there. So the first entry at which two of them differ is found by halving the range that all have committed.
 *
 *   begin(any index) -> ask all for `index` -> on_answers -> ask again -> ... -> a verdict
 *
 *  EQUAL      equal up to `high`, the last entry that all who answered have committed
 *  DIFFER     `first_difference`, with `agreed_below`: the last one that was seen equal (0: none is kept by all); what lies between is not
 *             given by enough media
 *  ALONE      fewer than two said anything
 *  UNREADABLE fewer than two media gave what was asked, at the end of the range and before it
 *
 * Who does not answer, or whose medium does not give an entry, is not judged there; which nodes were, `answers` says at each verdict.
 *
 * Pure. Owner: the caller.
 */
#ifndef WL_DATAPLANE_LOG_CHAIN_SEARCH_H
#define WL_DATAPLANE_LOG_CHAIN_SEARCH_H

#include "dataplane/base/members.h"
#include "dataplane/log/chain_find.h"

#define WL_CHAIN_SEARCH_TRIES 16u /* entries beside one that media do not give */

enum wl_chain_search_state {
	WL_CHAIN_SEARCH_ASKS = 1,
	WL_CHAIN_SEARCH_EQUAL,
	WL_CHAIN_SEARCH_DIFFER,
	WL_CHAIN_SEARCH_ALONE,
	WL_CHAIN_SEARCH_UNREADABLE,
};

struct wl_chain_search {
	enum wl_chain_search_state state;
	uint64_t index; /* ASKS: of this entry */
	uint64_t low, high; /* the range that all who answered have: first, last */
	uint64_t agreed_below, first_difference;
	uint32_t questions, tries;
	bool closes; /* only what stands just before the difference is asked about any more */
	wl_members answered; /* who gave a value at any time */
	wl_members unreadable; /* whose medium did not give what it must have */
	struct wl_chain_answer
		answers[WIRELOG_NODES_MAX + 1]; /* EQUAL: at `high`; DIFFER: at the difference */
};

/* `index`: not 0; what one of them has committed last is a good choice. */
void wl_chain_search_begin(struct wl_chain_search *search, uint64_t index);
/* By node; of those who did not answer NOT_TOLD. */
void wl_chain_search_on_answers(struct wl_chain_search *search,
				const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1]);

#endif
