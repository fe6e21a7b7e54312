/* SPDX-License-Identifier: BSD-3-Clause */
/* Trims that an operator asks for, and base makers that go wrong (part of faults.c); what is expected of bases. */
#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

static void trim(struct sim_node *node, unsigned journal, const struct sim_action *action)
{
	uint64_t known = sim_node_commit_number(node, journal);
	struct wl_control control = {
		.verb = WL_CONTROL_TRIM,
		.number = 1 + (uint64_t)((unsigned __int128)known * action->argument[1] /
					 SIM_DRIVE_PPM),
	};

	if (action->verb == SIM_TRIM)
		wl_replica_ask_trim(&node->journals[journal]->replica, control.number);
	else if (wl_service_leads(node->journals[journal]->service))
		(void)wl_service_propose(node->journals[journal]->service, &control);
}

bool sim_faults_act_on_bases(struct sim_faults *faults, const struct sim_action *action,
			     struct sim_node *node)
{
	if (action->verb != SIM_TRIM && action->verb != SIM_PROPOSE_TRIM &&
	    action->verb != SIM_FLIP_BASE)
		return false;
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++) {
		if (action->verb == SIM_FLIP_BASE)
			node->bases[journal].wants_flip = true;
		else
			trim(node, journal, action);
	}
	return true;
}

static void expect(const struct sim_cluster *cluster, const struct sim_action *action,
		   const char *rule, bool is_so)
{
	if (is_so != (action->argument[1] != 0))
		sim_violation(cluster, (unsigned)action->argument[0], rule,
			      is_so ? "it is so" : "it is not so");
}

void sim_expect_bases(struct sim_cluster *cluster, const struct sim_action *action)
{
	bool is_ours = action->verb == SIM_EXPECT_BEGINS_LATER ||
		       action->verb == SIM_EXPECT_FROM_BASE || action->verb == SIM_EXPECT_BASES;
	uint64_t number = action->argument[0];
	const struct sim_node *node;
	uint64_t made;

	if (!is_ours)
		return;
	if (number == SIM_NODE_LEADER)
		number = sim_cluster_leader(cluster, 0);
	node = &cluster->nodes[number];
	made = node->bases[0].made;

	if (action->verb == SIM_EXPECT_BEGINS_LATER)
		expect(cluster, action, "expect-begins-later",
		       node->up && node->journals[0]->log.begin.position.index != 0);
	else if (action->verb == SIM_EXPECT_FROM_BASE)
		expect(cluster, action, "expect-from-base",
		       node->up && node->journals[0]->opened_from != 0);
	else if (made < action->argument[1])
		sim_violation(cluster, node->number, "expect-bases", "%llu were made",
			      (unsigned long long)made);
}
