/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/quorum.h"

#include "dataplane/base/check.h"

/* Collects the voters' values in falling order; returns how many. */
static unsigned sort_voters(const uint64_t *values, wl_members voters, uint64_t *sorted)
{
	unsigned count = 0;

	for (unsigned node = 1; node <= WIRELOG_NODES_MAX; node++) {
		unsigned slot;

		if (!wl_members_has(voters, node))
			continue;
		/* Insertion: seven values at most, nearly always in order already. */
		for (slot = count; slot > 0 && sorted[slot - 1] < values[node]; slot--)
			sorted[slot] = sorted[slot - 1];
		sorted[slot] = values[node];
		count++;
	}
	WL_CHECK(count == wl_members_count(voters)); /* no bit of a set is of nobody */
	return count;
}

static uint64_t majority_of(const uint64_t *values, wl_members voters)
{
	uint64_t sorted[WIRELOG_NODES_MAX];
	unsigned count = sort_voters(values, voters, sorted);

	return count == 0 ? 0 : sorted[wl_members_quorum(voters) - 1];
}

uint64_t wl_quorum_majority(const uint64_t values[WIRELOG_NODES_MAX + 1],
			    const struct wl_list *list)
{
	uint64_t reached = majority_of(values, list->voters), old;

	if (wl_likely(!wl_list_is_joint(list)))
		return reached;
	old = majority_of(values, list->old);
	return old < reached ? old : reached;
}

uint64_t wl_quorum_everybody(const uint64_t values[WIRELOG_NODES_MAX + 1],
			     const struct wl_list *list)
{
	uint64_t sorted[WIRELOG_NODES_MAX];
	unsigned count = sort_voters(values, wl_list_voters(list), sorted);

	return count == 0 ? 0 : sorted[count - 1];
}

static wl_members with(const uint64_t *values, wl_members voters, uint64_t value)
{
	wl_members found = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (values[node] == value)
			found |= wl_members_only(node);
	}
	return found & voters;
}

uint64_t wl_quorum_agreed(const uint64_t values[WIRELOG_NODES_MAX + 1], const struct wl_list *list,
			  uint32_t *node)
{
	wl_members voters = wl_list_voters(list);

	for (uint32_t voter = WIRELOG_NODES_MAX; voter >= 1; voter--) {
		wl_members agree;

		if (!wl_members_has(voters, voter) || values[voter] == 0)
			continue;
		agree = with(values, voters, values[voter]);
		if (!wl_list_decides(list, agree))
			continue;
		*node = (uint32_t)__builtin_ctz(agree);
		WL_CHECK(values[*node] == values[voter] && wl_members_has(voters, *node));
		return values[voter];
	}
	*node = 0;
	return 0;
}
