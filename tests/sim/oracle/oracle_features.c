/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of the oracle that judges features (O55): what is put in force was declared, durably, by each member of the list in force there; all
 * nodes have in force what the committed entries say; and no node applies an entry behind one that it cannot follow.
 */
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

void sim_oracle_note_features(struct sim_oracle *oracle, unsigned node, uint64_t index,
			      const struct wl_control *control)
{
	if (!wl_control_changes_features(control, index, oracle->list.index, &oracle->features))
		return;
	for (unsigned member = 1; member <= WIRELOG_NODES_MAX; member++) {
		const struct sim_node *of = &oracle->cluster->nodes[member];

		if (wl_members_has(wl_list_everybody(&oracle->list), member) &&
		    !wl_features_have(of->declared_ever, control->number))
			sim_violation(oracle->cluster, node, "O55",
				      "entry %llu puts %llx in force, node %u has declared %llx",
				      LLU(index), LLU(control->number), member,
				      LLU(of->declared_ever));
	}
}

void sim_oracle_check_features(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_state *state = wl_service_state(node->journals[oracle->journal]->service);
	wl_features build = wl_features_known() & ~node->lives_without;

	if (!wl_features_have(build, state->features.set) &&
	    state->sessions.applied_index > state->features.index && state->features.index != 0)
		sim_violation(
			oracle->cluster, node->number, "O55",
			"has %llx, and applies %llu behind entry %llu, which put %llx in force",
			LLU(build), LLU(state->sessions.applied_index), LLU(state->features.index),
			LLU(state->features.set));
	if (state->sessions.applied_index != oracle->committed || sim_node_table_rots(node))
		return;
	if (state->features.index != oracle->features.index ||
	    state->features.set != oracle->features.set)
		sim_violation(oracle->cluster, node->number, "O55",
			      "has %llx of entry %llu in force, the log says %llx of entry %llu",
			      LLU(state->features.set), LLU(state->features.index),
			      LLU(oracle->features.set), LLU(oracle->features.index));
}
