/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/quorum.h"

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
	return count;
}

uint64_t wl_quorum_majority(const uint64_t values[WIRELOG_NODES_MAX + 1], wl_members voters)
{
	uint64_t sorted[WIRELOG_NODES_MAX];
	unsigned count = sort_voters(values, voters, sorted);

	return count == 0 ? 0 : sorted[wl_members_quorum(voters) - 1];
}

uint64_t wl_quorum_everybody(const uint64_t values[WIRELOG_NODES_MAX + 1], wl_members voters)
{
	uint64_t sorted[WIRELOG_NODES_MAX];
	unsigned count = sort_voters(values, voters, sorted);

	return count == 0 ? 0 : sorted[count - 1];
}

static unsigned count_with(const uint64_t *values, wl_members voters, uint64_t value,
			   uint32_t *first)
{
	unsigned count = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (!wl_members_has(voters, node) || values[node] != value)
			continue;
		if (count++ == 0)
			*first = node;
	}
	return count;
}

uint64_t wl_quorum_agreed(const uint64_t values[WIRELOG_NODES_MAX + 1], wl_members voters,
			  unsigned quorum, uint32_t *node)
{
	for (uint32_t voter = WIRELOG_NODES_MAX; voter >= 1; voter--) {
		if (wl_members_has(voters, voter) && values[voter] != 0 &&
		    count_with(values, voters, values[voter], node) >= quorum)
			return values[voter];
	}
	*node = 0;
	return 0;
}
