/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds of one seed, a stream of its own: some nodes begin with an older one, get the present one at a start, go back to the older one, and an
 * operator finalizes at any time, asked of any node. What is left for the end is the present build everywhere.
 */
#include "dataplane/base/features.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define STREAM 79u

static bool chance(struct sim_random *random, uint32_t percent)
{
	return sim_random_below(random, 100) < percent;
}

/* What an older build lacks: the newest row, or all of them. */
static uint64_t older(struct sim_random *random)
{
	return chance(random, 70) ? WL_FEATURE(CONSUMERS_128) : wl_features_known();
}

void sim_schedule_features(struct sim_plan *plan, uint64_t seed)
{
	struct sim_random random;
	uint64_t now = 1;

	sim_random_init(&random, seed, STREAM);
	if (!chance(&random, 25))
		return;
	for (uint64_t node = 1; node <= plan->nodes; node++)
		if (chance(&random, 60))
			sim_plan_add(plan, 0, SIM_BUILD, node, older(&random), 0, 0);
	while (now < plan->fault_ns) {
		uint64_t node = 1 + sim_random_below(&random, plan->nodes);
		uint64_t lacks = chance(&random, 70) ? 0 : older(&random);

		now += 1000000 + sim_random_below(&random, 300000000);
		if (chance(&random, 40)) {
			sim_plan_add(plan, now, SIM_FINALIZE, node, 0, 0, 0);
			continue;
		}
		sim_plan_add(plan, now, SIM_BUILD, node, lacks, 0, 0);
		sim_plan_add(plan, now + 1, SIM_CRASH, node, 0, 0, 0);
		sim_plan_add(plan, now + 1000000 + sim_random_below(&random, 100000000), SIM_START,
			     node, 0, 0, 0);
	}
}
