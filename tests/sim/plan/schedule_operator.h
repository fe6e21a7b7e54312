/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WL_TESTS_SIM_PLAN_SCHEDULE_OPERATOR_H
#define WL_TESTS_SIM_PLAN_SCHEDULE_OPERATOR_H

#include "tests/sim/plan/plan.h"

/* Adds what operators do; the plan is sorted afterwards. `victim`: the only node whose drive may forget. */
void sim_schedule_operator(struct sim_plan *plan, uint64_t victim);
/* What is kept is read again and again. Likewise. */
void sim_schedule_scrubs(struct sim_plan *plan);
void sim_schedule_archives(struct sim_plan *plan);
/* Logs are compared: where there are bases, for who makes them reads the medium. */
void sim_schedule_compares(struct sim_plan *plan);

#endif
