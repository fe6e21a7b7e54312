/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WL_TESTS_SIM_SHRINK_H
#define WL_TESTS_SIM_SHRINK_H

#include "tests/sim/plan/plan.h"

/* Takes out of a failing plan what it does not need to fail in the same way. False: it does not fail. */
bool sim_shrink(struct sim_plan *plan);

#endif
