/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds of nodes, features that an operator finalizes (part of faults.c), and what is expected of them. */
#include "dataplane/service/service_internal.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"
#include "tests/sim/server/node_internal.h"

/* As control/node/stats_finalize_thread.c makes the wish of the node's own state; whether all have declared it is left to the leader. */
static void finalize(struct sim_node *node, unsigned journal)
{
	const struct wl_service *service = node->journals[journal]->service;
	const struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_FEATURES,
		.number = service->config.features | service->state.features.set,
		.made = service->state.features.index,
	};

	if (wish.number != 0)
		wl_replica_ask(&node->journals[journal]->replica, &wish);
}

bool sim_faults_act_on_features(struct sim_faults *faults, const struct sim_action *action,
				struct sim_node *node)
{
	switch (action->verb) {
	case SIM_BUILD:
		node->lacks = action->argument[1];
		return true;
	case SIM_FINALIZE:
		for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++)
			finalize(node, journal);
		return true;
	default:
		return false;
	}
}

void sim_expect_features(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_node *node = &cluster->nodes[action->argument[0]];
	const struct wl_features_in_force *features;

	if (action->verb != SIM_EXPECT_FEATURES)
		return;
	if (!node->up) {
		sim_violation(cluster, node->number, "expect-features", "it is down");
		return;
	}
	features = &wl_service_state(node->journals[0]->service)->features;
	if (features->set != action->argument[1])
		sim_violation(cluster, node->number, "expect-features", "%llx are, by entry %llu",
			      (unsigned long long)features->set,
			      (unsigned long long)features->index);
}
