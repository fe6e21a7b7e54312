/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the members that an operator asks for (part of faults.c), and what is expected of the list. */
#include "dataplane/base/change.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

bool sim_faults_act_on_members(struct sim_faults *faults, const struct sim_action *action,
			       struct sim_node *node)
{
	struct wl_change change = {
		.verb = (enum wl_change_verb)action->argument[1],
		.node = (uint32_t)action->argument[2],
		.by = (uint32_t)action->argument[3],
	};
	struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_MEMBERS};

	if (action->verb != SIM_MEMBER)
		return false;
	if (change.node == SIM_NODE_LEADER)
		change.node = sim_cluster_leader(faults->cluster, 0);
	wish.number = wl_change_pack(&change);
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++)
		wl_replica_ask(&node->journals[journal]->replica, &wish);
	return true;
}

static void expect(const struct sim_cluster *cluster, unsigned number, const char *rule, bool is_so,
		   bool expected)
{
	if (is_so != expected)
		sim_violation(cluster, number, rule, is_so ? "it is so" : "it is not so");
}

void sim_expect_members(const struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_oracle *oracle = cluster->context;
	unsigned number = (unsigned)action->argument[0];
	bool joint = wl_list_is_joint(&oracle->list);

	if (action->verb == SIM_EXPECT_VOTES)
		expect(cluster, number, "expect-votes",
		       !joint && wl_members_has(oracle->list.voters, number),
		       action->argument[1] != 0);
	else if (action->verb == SIM_EXPECT_LEARNS)
		expect(cluster, number, "expect-learns",
		       wl_members_has(oracle->list.learners, number), action->argument[1] != 0);
	else if (action->verb == SIM_EXPECT_JOINT)
		expect(cluster, 0, "expect-joint", joint, action->argument[0] != 0);
}
