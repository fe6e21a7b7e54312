/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan does to network cards, and who else is on the network: faults.c's part for that. */
#ifndef WL_TESTS_SIM_PLAN_FAULTS_NETWORK_H
#define WL_TESTS_SIM_PLAN_FAULTS_NETWORK_H

#include "tests/sim/network/bystander.h"
#include "tests/sim/network/impostor.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/network/stranger.h"

struct sim_others { /* on the network */
	struct sim_stranger stranger;
	struct sim_bystander bystander;
	struct sim_impostor impostor;
};

void sim_others_init(struct sim_others *others, struct sim_cluster *cluster, bool liar);
void sim_others_fini(struct sim_others *others);
/* `node` is resolved already, or SIM_NODE_ANY. */
void sim_others_act(struct sim_others *others, const struct sim_action *action, unsigned node);
/* The nodes of the mask have good cards and are their own from here on; with all of them everybody else is gone, too. */
void sim_others_heal(struct sim_others *others, uint32_t nodes, bool all);

#endif
