/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of the oracle that judges limits (O43): at one index all nodes have those that the committed entries say, and no session opens
 * beyond them. What a file says is nowhere in it.
 */
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

void sim_oracle_note_limits(struct sim_oracle *oracle, uint64_t index,
			    const struct wl_control *control)
{
	struct wl_journal_limits next = {.index = index};

	if (control->verb != WL_CONTROL_LIMITS || control->expects != oracle->limits.index)
		return;
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		next.value[limit] = control->limit[limit];
	if (wl_journal_limits_are_possible(&next))
		oracle->limits = next;
}

void sim_oracle_check_limits(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_state *state = wl_service_state(node->journals[oracle->journal]->service);
	uint64_t most = oracle->limits.value[WL_LIMIT_SESSIONS];

	if (state->sessions.applied_index != oracle->committed || sim_node_table_rots(node))
		return;
	if (state->limits.index != oracle->limits.index)
		sim_violation(oracle->cluster, node->number, "O43",
			      "has the limits of entry %llu, the log says those of %llu",
			      LLU(state->limits.index), LLU(oracle->limits.index));
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		if (state->limits.value[limit] != oracle->limits.value[limit])
			sim_violation(oracle->cluster, node->number, "O43",
				      "has %s at %llu, the log says %llu",
				      wl_journal_limit_name((enum wl_journal_limit)limit),
				      LLU(state->limits.value[limit]),
				      LLU(oracle->limits.value[limit]));
	/* Who lived before the limit was lowered goes on. */
	if (most != 0 && state->sessions.count > most &&
	    oracle->sessions_by == oracle->limits.index &&
	    state->sessions.count > oracle->sessions_seen)
		sim_violation(oracle->cluster, node->number, "O43",
			      "%u sessions live, %llu may, and there were %u",
			      state->sessions.count, LLU(most), oracle->sessions_seen);
	oracle->sessions_by = oracle->limits.index;
	oracle->sessions_seen = state->sessions.count;
}
