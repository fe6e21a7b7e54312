/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that rots under the table of sessions of one node, whatever its role. Only the count of touches: it decides nothing that a client
 * is answered, so that what happens until it is found breaks no promise.
 */
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

void sim_schedule_tables(struct sim_plan *plan, uint64_t seed)
{
	struct sim_random random;
	uint64_t kind;

	sim_random_init(&random, seed, 28);
	kind = sim_random_below(&random, 16);
	if (kind != 0 || plan->nodes < 3 || plan->fault_ns == 0)
		return;
	sim_plan_add(plan, 150000000 + sim_random_below(&random, plan->fault_ns), SIM_ROT_SESSIONS,
		     1 + sim_random_below(&random, plan->nodes), 1, 0, 0);
}
