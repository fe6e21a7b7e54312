/* SPDX-License-Identifier: BSD-3-Clause */
/* Trims that an operator asks for, and base makers that go wrong (part of faults.c); what is expected of bases. */
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

static void trim(struct sim_node *node, unsigned journal, uint64_t ppm)
{
	uint64_t known = sim_node_commit_number(node, journal);
	uint64_t number = 1 + (uint64_t)((unsigned __int128)known * ppm / SIM_DRIVE_PPM);

	const struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_TRIM, .number = number};

	wl_replica_ask(&node->journals[journal]->replica, &wish);
}

bool sim_faults_act_on_bases(struct sim_faults *faults, const struct sim_action *action,
			     struct sim_node *node)
{
	if (action->verb != SIM_TRIM && action->verb != SIM_FLIP_BASE)
		return false;
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++) {
		if (action->verb == SIM_TRIM)
			trim(node, journal, action->argument[1]);
		else
			node->bases[journal].wants_flip = true;
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
	const struct sim_node *node = &cluster->nodes[is_ours ? action->argument[0] : 0];
	uint64_t made = node->bases[0].made;

	if (action->verb == SIM_EXPECT_BEGINS_LATER)
		expect(cluster, action, "expect-begins-later",
		       node->up && node->journals[0]->log.begin.position.index != 0);
	else if (action->verb == SIM_EXPECT_FROM_BASE)
		expect(cluster, action, "expect-from-base",
		       node->up && node->journals[0]->opened_from != 0);
	else if (is_ours && made < action->argument[1])
		sim_violation(cluster, node->number, "expect-bases", "%llu were made",
			      (unsigned long long)made);
}
