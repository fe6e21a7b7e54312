/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of members (O40): what the log says who votes, and that everybody counts by that. */
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

const struct wl_list *sim_oracle_list_of(const struct sim_oracle *oracle,
					 const struct sim_node *node)
{
	return &node->journals[oracle->journal]->log.list;
}

void sim_oracle_begin_members(struct sim_oracle *oracle)
{
	oracle->list.voters = sim_plan_voters(oracle->cluster->config.plan);
	oracle->decided_by = oracle->list;
}

/* No set of nodes decides by one while all others decide by the other. */
static bool meet(const struct wl_list *one, const struct wl_list *other)
{
	wl_members all = wl_list_everybody(one) | wl_list_everybody(other);

	for (wl_members some = all;; some = (some - 1) & all) {
		if (wl_list_decides(one, some) && wl_list_decides(other, all & ~some))
			return false;
		if (some == 0)
			return true;
	}
}

void sim_oracle_note_members(struct sim_oracle *oracle, unsigned node, uint64_t index,
			     const struct wl_control *control)
{
	struct wl_list next;

	if (!wl_control_list(control, index, &next))
		return;
	if (control->expects != oracle->list.index)
		return; /* not in effect */
	if (!meet(&oracle->list, &next))
		sim_violation(oracle->cluster, node, "O40",
			      "list %x|%x at entry %llu follows %x|%x, and they may decide apart",
			      next.voters, next.old, LLU(index), oracle->list.voters,
			      oracle->list.old);
	oracle->list = next;
	oracle->lists++;
}

static bool is_same(const struct wl_list *one, const struct wl_list *other)
{
	return wl_list_is_equal(one, other);
}

/* The LOSS of a rescue says by an entry what its node counted by before. */
static bool is_of_a_loss(const struct wl_log *log, const struct wl_list *before)
{
	return log->list.index == log->history.index && wl_list_has_sets_of(&log->list, before);
}

void sim_oracle_check_members(const struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_journal *journal = node->journals[oracle->journal];
	const struct wl_election *election = &node->agent->elections[oracle->journal];
	const struct wl_state *state = wl_service_state(journal->service);
	const struct wl_list *list = &journal->log.list;

	if (journal->log.list_before.index > oracle->committed)
		sim_violation(oracle->cluster, node->number, "O40",
			      "has a list at entry %llu, and the one before it, at %llu, is not "
			      "committed",
			      LLU(list->index), LLU(journal->log.list_before.index));
	if (journal->replica.view.role == WL_ROLE_LEADER && !journal->replica.leader.ready &&
	    election->state == WL_ELECTION_LEADER &&
	    election->number == journal->replica.view.number && !is_same(&election->fenced, list) &&
	    !is_of_a_loss(&journal->log, &election->fenced))
		sim_violation(oracle->cluster, node->number, "O40",
			      "was elected by the list at entry %llu, and leads by that at %llu",
			      LLU(election->fenced.index), LLU(list->index));
	if (state->list.index != 0 && state->sessions.applied_index == oracle->committed &&
	    !sim_node_table_rots(node) && !is_same(&state->list, &oracle->list))
		sim_violation(oracle->cluster, node->number, "O40",
			      "its state has the list of entry %llu, the log says that of %llu",
			      LLU(state->list.index), LLU(oracle->list.index));
}
