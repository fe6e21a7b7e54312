/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/chain_search.h"

#include <string.h>

#include "dataplane/base/check.h"

enum outcome { SAME, OTHER, TOO_FEW };

void wl_chain_search_begin(struct wl_chain_search *search, uint64_t index)
{
	WL_CHECK(index != 0);
	*search = (struct wl_chain_search){.state = WL_CHAIN_SEARCH_ASKS, .index = index};
}

static enum outcome compare(struct wl_chain_search *search,
			    const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	const struct wl_chain_answer *first = NULL;
	enum outcome outcome = TOO_FEW;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_chain_answer *answer = &answers[node];

		if (answer->verdict == WL_CHAIN_UNKNOWN)
			search->unreadable |= wl_members_only(node);
		if (answer->verdict != WL_CHAIN_KNOWN)
			continue;
		search->answered |= wl_members_only(node);
		if (!first) {
			first = answer;
			continue;
		}
		if (outcome == TOO_FEW)
			outcome = SAME;
		if (answer->chain != first->chain)
			outcome = OTHER;
	}
	return outcome;
}

static void keep(struct wl_chain_search *search,
		 const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	memcpy(search->answers, answers, sizeof(search->answers));
}

/* The range that all who said something have. False: not two of them have anything in common. */
static bool find_range(struct wl_chain_search *search,
		       const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	unsigned count = 0;

	search->low = 1;
	search->high = UINT64_MAX;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_chain_answer *answer = &answers[node];

		if (answer->verdict == WL_CHAIN_NOT_TOLD)
			continue;
		count++;
		if (answer->first > search->low)
			search->low = answer->first;
		if (answer->commit < search->high)
			search->high = answer->commit;
	}
	return count >= 2 && search->low <= search->high;
}

static void ask(struct wl_chain_search *search, uint64_t index)
{
	search->index = index;
	search->tries = 0;
}

/* What is at `index` is decided: nothing below it, or nothing above it, is asked any more. */
static void halve(struct wl_chain_search *search,
		  const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1], enum outcome outcome)
{
	if (outcome == OTHER) {
		search->first_difference = search->index;
		keep(search, answers);
	} else {
		search->agreed_below = search->index;
		if (search->index == search->high) {
			search->state = WL_CHAIN_SEARCH_EQUAL;
			keep(search, answers);
			return;
		}
	}
	if (search->first_difference == search->agreed_below + 1 ||
	    search->first_difference <= search->low) {
		search->state = WL_CHAIN_SEARCH_DIFFER;
		return;
	}
	if (search->closes)
		search->index = search->first_difference - 1;
	else if (search->agreed_below < search->low)
		ask(search, search->low);
	else
		ask(search,
		    search->agreed_below + (search->first_difference - search->agreed_below) / 2);
}

/* Logs are trimmed while they are compared. */
static void raise_low(struct wl_chain_search *search,
		      const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (answers[node].verdict != WL_CHAIN_NOT_TOLD && answers[node].first > search->low)
			search->low = answers[node].first;
	}
}

/* Nothing can be said of this entry: of one beside it. */
static void pass_by(struct wl_chain_search *search)
{
	bool differs = search->first_difference != 0;

	if (search->low >= (differs ? search->first_difference : search->high) ||
	    search->tries++ == WL_CHAIN_SEARCH_TRIES || search->closes) {
		search->state = differs ? WL_CHAIN_SEARCH_DIFFER : WL_CHAIN_SEARCH_UNREADABLE;
	} else if (!differs) {
		search->index = --search->high;
	} else if (search->index <= search->low) {
		if (search->index == search->low)
			search->low++;
		search->index = search->low;
	} else if (--search->index <= search->agreed_below) {
		/* All from the middle down to what is equal: the difference is neared from above. */
		search->closes = true;
		search->index = search->first_difference - 1;
	}
}

void wl_chain_search_on_answers(struct wl_chain_search *search,
				const struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	enum outcome outcome;

	WL_CHECK(search->state == WL_CHAIN_SEARCH_ASKS);
	search->questions++;
	if (search->high == 0) {
		/* The first answers say which range there is; they count where they are about its end. */
		keep(search, answers);
		if (!find_range(search, answers)) {
			search->state = WL_CHAIN_SEARCH_ALONE;
			return;
		}
		if (search->index != search->high) {
			ask(search, search->high);
			return;
		}
	}
	raise_low(search, answers);
	outcome = compare(search, answers);
	if (outcome != TOO_FEW) {
		halve(search, answers, outcome);
		return;
	}
	if (search->first_difference == 0)
		keep(search, answers);
	pass_by(search);
}
