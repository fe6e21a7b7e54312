/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delta debugging over the list of actions: halves, quarters, ... single ones are left out while the same rule stays
 * broken; then the settings are made smaller. Whatever is left matters.
 */
#include "tests/sim/shrink.h"

#include <string.h>

#include "tests/sim/range.h"

struct shrinking {
	struct sim_plan *plan;
	char rule[32];
	unsigned runs;
};

static bool still_fails(struct shrinking *shrinking, const struct sim_plan *plan)
{
	char rule[32];

	shrinking->runs++;
	return sim_range_fails(plan, rule) && strcmp(rule, shrinking->rule) == 0;
}

/* Leaves out actions [from, from + count). True when it fails without them: then they are gone. */
static bool leave_out(struct shrinking *shrinking, size_t from, size_t count)
{
	struct sim_plan less;

	sim_plan_copy(&less, shrinking->plan);
	memmove(less.actions + from, less.actions + from + count,
		(less.count - from - count) * sizeof(less.actions[0]));
	less.count -= count;
	if (!still_fails(shrinking, &less)) {
		sim_plan_fini(&less);
		return false;
	}
	sim_plan_fini(shrinking->plan);
	*shrinking->plan = less;
	return true;
}

static void shrink_actions(struct shrinking *shrinking)
{
	struct sim_plan *plan = shrinking->plan;

	for (size_t piece = plan->count; piece > 0; piece = piece == 1 ? 0 : (piece + 1) / 2) {
		for (size_t from = 0; from < plan->count;) {
			size_t count = plan->count - from < piece ? plan->count - from : piece;

			if (!leave_out(shrinking, from, count))
				from += count;
		}
	}
}

static void try_setting(struct shrinking *shrinking, uint64_t *setting, uint64_t value)
{
	uint64_t before = *setting;

	if (before == value)
		return;
	*setting = value;
	if (!still_fails(shrinking, shrinking->plan))
		*setting = before;
}

static void shrink_settings(struct shrinking *shrinking)
{
	struct sim_plan *plan = shrinking->plan;
	uint64_t last = plan->count ? plan->actions[plan->count - 1].at_ns : 0;

	try_setting(shrinking, &plan->core, 0);
	try_setting(shrinking, &plan->clients, 1);
	try_setting(shrinking, &plan->outstanding_max, 1);
	try_setting(shrinking, &plan->mtu, 1500);
	try_setting(shrinking, &plan->sessions_max, 64);
	try_setting(shrinking, &plan->fault_ns, last + 100000000);
	try_setting(shrinking, &plan->fault_ns, plan->fault_ns / 2);
}

bool sim_shrink(struct sim_plan *plan)
{
	struct shrinking shrinking = {.plan = plan};
	size_t before = plan->count;

	if (!sim_range_fails(plan, shrinking.rule))
		return false;
	shrink_actions(&shrinking);
	shrink_settings(&shrinking);
	shrink_actions(&shrinking);
	fprintf(stderr, "shrink: %s with %zu of %zu actions left, %u runs\n", shrinking.rule,
		plan->count, before, shrinking.runs);
	return true;
}
