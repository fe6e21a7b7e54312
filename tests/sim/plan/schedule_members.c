/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of the members in one seed, a stream of its own: nodes that join, are promoted, demoted, removed and replaced, one after the other or
 * on top of one another, asked of any node, while the rest of the plan goes on. Disks that forget are left out: who may be lost is another
 * question after each change.
 */
#include "dataplane/base/change.h"
#include "dataplane/base/members.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define STREAM 74u

static bool chance(struct sim_random *random, uint32_t percent)
{
	return sim_random_below(random, 100) < percent;
}

static bool takes_away(enum sim_verb verb)
{
	switch (verb) {
	case SIM_WIPE:
	case SIM_RESTORE:
	case SIM_ROT:
	case SIM_DAMAGE:
	case SIM_LIE:
	case SIM_CONTRADICT:
	case SIM_ROT_SESSIONS:
	case SIM_IMPOSTOR:
	case SIM_NEWER:
	case SIM_CONFIG:
	case SIM_FAIL_WRITE:
	case SIM_FAIL_RECORD:
	case SIM_FLIP_BASE:
		return true;
	default:
		return false;
	}
}

static void leave_out(struct sim_plan *plan)
{
	size_t kept = 0;

	for (size_t at = 0; at < plan->count; at++) {
		if (!takes_away(plan->actions[at].verb))
			plan->actions[kept++] = plan->actions[at];
	}
	plan->count = kept;
}

static uint64_t whom(struct sim_random *random, const struct sim_plan *plan)
{
	return chance(random, 15) ? SIM_NODE_LEADER : 1 + sim_random_below(random, plan->nodes);
}

void sim_schedule_members(struct sim_plan *plan, uint64_t seed)
{
	struct sim_random random;
	uint64_t now = 60000000;

	sim_random_init(&random, seed, STREAM);
	if (!chance(&random, 30) || plan->liar != 0)
		return;
	leave_out(plan);
	plan->core = 0;
	if (plan->nodes < WIRELOG_NODES_MAX && chance(&random, 80)) {
		plan->joins = 1 + sim_random_below(&random, 2);
		if (plan->nodes + plan->joins > WIRELOG_NODES_MAX)
			plan->joins = 1;
		plan->nodes += plan->joins;
	}
	plan->fault_ns += sim_random_below(&random, 1000000000);
	while (now < plan->fault_ns + 100000000) {
		uint64_t verb = WL_CHANGE_ADD + sim_random_below(&random, WL_CHANGE_LAST);
		uint64_t asked = chance(&random, 60) ? SIM_NODE_LEADER : whom(&random, plan);

		sim_plan_add(plan, now, SIM_MEMBER, asked, verb, whom(&random, plan),
			     verb == WL_CHANGE_REPLACE ? 1 + sim_random_below(&random, plan->nodes)
						       : 0);
		now += 1000000 +
		       sim_random_below(&random, chance(&random, 50) ? 20000000 : 300000000);
	}
}
