/* SPDX-License-Identifier: BSD-3-Clause */
/* What operators do to servers: files, machines, requests (part of faults.c). */
#ifndef WL_TESTS_SIM_PLAN_FAULTS_OPERATOR_H
#define WL_TESTS_SIM_PLAN_FAULTS_OPERATOR_H

#include "tests/sim/plan/faults.h"

/* False: not one of an operator's. */
bool sim_faults_act_as_operator(struct sim_faults *faults, const struct sim_action *action,
				struct sim_node *node);
/* The right file, and a machine that has what it takes; data of another cluster are thrown away. The node may be up. */
void sim_faults_repair(struct sim_faults *faults, struct sim_node *node);
/* Its drive was emptied, or holds something else now. */
void sim_faults_drive_changed(struct sim_faults *faults, struct sim_node *node);

#endif
