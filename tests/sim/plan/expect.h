/* SPDX-License-Identifier: BSD-3-Clause */
/* Expectations of scenarios about single nodes, at the moment when they are looked at. */
#ifndef WL_TESTS_SIM_PLAN_EXPECT_H
#define WL_TESTS_SIM_PLAN_EXPECT_H

#include "tests/sim/server/node.h"
#include "tests/sim/plan/plan.h"

/* A violation when it does not hold; other verbs are none of its business. */
void sim_expect_node(struct sim_cluster *cluster, const struct sim_action *action);
/* Those about bases (faults_bases.c). */
/* faults_mend.c */
void sim_expect_mend(struct sim_cluster *cluster, const struct sim_action *action);
void sim_expect_bases(struct sim_cluster *cluster, const struct sim_action *action);
/* faults_keys.c */
void sim_expect_keys(struct sim_cluster *cluster, const struct sim_action *action);
/* faults_limits.c */
void sim_expect_features(struct sim_cluster *cluster, const struct sim_action *action);
void sim_expect_limits(struct sim_cluster *cluster, const struct sim_action *action);
/* faults_rescue.c */
void sim_expect_rescue(struct sim_cluster *cluster, const struct sim_action *action);
/* Those about members (faults_members.c). */
void sim_expect_members(const struct sim_cluster *cluster, const struct sim_action *action);

#endif
