/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What operators and their machines do to a cluster in one seed. A stream of its own for each kind, so that one more
 * draw here changes nothing elsewhere; each is off in more than half of the seeds.
 */
#include "tests/sim/server/config_file.h"
#include "tests/sim/random.h"
#include "tests/sim/plan/schedule_operator.h"

enum stream { /* 50 to 59 belong to this file */
	      STREAM_KINDS = 50,
	      STREAM_FILES,
	      STREAM_CHECKS,
	      STREAM_MACHINES,
	      STREAM_REQUESTS,
	      STREAM_RECORDS,
	      STREAM_COMPARES,
	      STREAM_SCRUBS,
	      STREAM_ARCHIVES,
};

static uint64_t any_node(struct sim_random *random, const struct sim_plan *plan)
{
	return sim_random_below(random, 10) < 3 ? SIM_NODE_LEADER
						: 1 + sim_random_below(random, plan->nodes);
}

static uint64_t any_time(struct sim_random *random, const struct sim_plan *plan)
{
	return 50000000 + sim_random_below(random, plan->fault_ns);
}

/* Down, another file, and up again: refused, or not. Then the right one, in time or at the end. */
static void restart(struct sim_plan *plan, struct sim_random *random, uint64_t at_ns,
		    enum sim_verb verb, uint64_t value, uint64_t more)
{
	uint64_t node = 1 + sim_random_below(random, plan->nodes);

	sim_plan_add(plan, at_ns, SIM_CRASH, node, 0, 0, 0);
	sim_plan_add(plan, at_ns + 1, verb, node, value, more, 0);
	sim_plan_add(plan, at_ns + 30000000, SIM_START, node, 0, 0, 0);
	if (sim_random_below(random, 2) == 0)
		return;
	/* The right machine, and the right file. */
	sim_plan_add(plan, at_ns + 60000000, SIM_DPDK, node, 0, 0, 0);
	sim_plan_add(plan, at_ns + 60000000, SIM_MEMORY, node, 0, 0, 0);
	sim_plan_add(plan, at_ns + 60000000, SIM_PAGES, node, 100000, verb == SIM_PAGES, 0);
	if (verb != SIM_PAGES)
		sim_plan_add(plan, at_ns + 60000001, SIM_CONFIG, node, SIM_EDIT_NONE, 0, 0);
	sim_plan_add(plan, at_ns + 90000000, SIM_START, node, 0, 0, 0);
}

static void files(struct sim_plan *plan, uint64_t victim)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_FILES);
	for (uint64_t left = 1 + sim_random_below(&random, 3); left > 0; left--)
		restart(plan, &random, any_time(&random, plan), SIM_CONFIG,
			1 + sim_random_below(&random, SIM_EDITS - 1), 0);
	/* A node whose new data are of another cluster from the beginning: it speaks, and nobody listens. */
	if (plan->nodes >= 3 && sim_random_below(&random, 4) == 0) {
		uint64_t at_ns = any_time(&random, plan);

		sim_plan_add(plan, at_ns, SIM_CRASH, victim, 0, 0, 0);
		sim_plan_add(plan, at_ns + 1, SIM_WIPE, victim, 0, 0, 0);
		if (sim_random_below(&random, 2) == 0) {
			/* And before that a new disk without room. */
			sim_plan_add(plan, at_ns + 2, SIM_FULL, victim, 1, 0, 0);
			sim_plan_add(plan, at_ns + 3, SIM_START, victim, 0, 0, 0);
			sim_plan_add(plan, at_ns + 4, SIM_FULL, victim, 0, 0, 0);
		}
		sim_plan_add(plan, at_ns + 5, SIM_CONFIG, victim, SIM_EDIT_CLUSTER, 0, 0);
		sim_plan_add(plan, at_ns + 30000000, SIM_START, victim, 0, 0, 0);
	}
}

static void checks(struct sim_plan *plan)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_CHECKS);
	for (unsigned edit = 0; edit < SIM_EDIT_CLUSTER; edit++)
		sim_plan_add(plan, any_time(&random, plan), SIM_CHECK_CONFIG,
			     1 + sim_random_below(&random, plan->nodes), edit, 1, 0);
}

static void machines(struct sim_plan *plan)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_MACHINES);
	switch (sim_random_below(&random, 8)) {
	case 0:
	case 1:
		restart(plan, &random, any_time(&random, plan), SIM_DPDK,
			1 + sim_random_below(&random, 1000), 0);
		break;
	case 2:
		restart(plan, &random, any_time(&random, plan), SIM_PAGES,
			sim_random_below(&random, 300), 1);
		break;
	case 3:
		restart(plan, &random, any_time(&random, plan), SIM_CORE,
			sim_random_below(&random, 24), 0);
		break;
	case 4:
		restart(plan, &random, any_time(&random, plan), SIM_MEMORY,
			sim_random_below(&random, 64u << 20), 0);
		break;
	case 5:
		restart(plan, &random, any_time(&random, plan), SIM_EXTRA,
			1 + sim_random_below(&random, 3), 0);
		break;
	case 6:
		restart(plan, &random, any_time(&random, plan),
			sim_random_below(&random, 2) == 0 ? SIM_NEWER : SIM_FAIL_RECORD, 0, 0);
		break;
	default:
		restart(plan, &random, any_time(&random, plan), SIM_KEYLESS, 0, 0);
		break;
	}
}

static void requests(struct sim_plan *plan)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_REQUESTS);
	for (uint64_t left = 1 + sim_random_below(&random, 5); left > 0; left--) {
		uint64_t at_ns = any_time(&random, plan), node = any_node(&random, plan);

		sim_plan_add(plan, at_ns, SIM_TRANSFER_TO, node,
			     sim_random_below(&random, plan->nodes + 2), 0, 0);
		/* Once more while the first one runs, or a stop in the middle of it. */
		if (sim_random_below(&random, 3) == 0)
			sim_plan_add(plan, at_ns + sim_random_below(&random, 3000000),
				     SIM_TRANSFER_TO, node,
				     sim_random_below(&random, plan->nodes + 2), 0, 0);
		if (sim_random_below(&random, 4) == 0) {
			sim_plan_add(plan, at_ns + sim_random_below(&random, 3000000), SIM_STOP,
				     node, 0, 0, 0);
			sim_plan_add(plan, at_ns + sim_random_below(&random, 9000000), SIM_STOP,
				     node, 0, 0, 0);
		}
		/* A worker without a core, or a disk that hangs, while control is asked for something. */
		if (sim_random_below(&random, 4) == 0)
			sim_plan_add(plan, at_ns - 2000000, SIM_STALL, node, 1,
				     sim_random_below(&random, 2000000000), 0);
		if (sim_random_below(&random, 6) == 0)
			sim_plan_add(plan, at_ns - 2000000, SIM_HANG, node, 1, 0, 0);
		/* A target that does not hear it: alone for a while. */
		if (sim_random_below(&random, 4) == 0) {
			sim_plan_add(plan, at_ns, SIM_CUT, node, SIM_NODE_ANY, 0, 0);
			sim_plan_add(plan, at_ns + 150000000, SIM_HEAL, 0, 0, 0, 0);
		}
	}
}

static void records(struct sim_plan *plan)
{
	struct sim_random random;
	uint64_t node, at_ns;

	sim_random_init(&random, plan->seed, STREAM_RECORDS);
	node = 1 + sim_random_below(&random, plan->nodes);
	at_ns = any_time(&random, plan);
	sim_plan_add(plan, at_ns, SIM_FAIL_RECORD, node, 0, 0, 0);
	sim_plan_add(plan, at_ns + 1000000, SIM_EXPIRE, SIM_NODE_ANY, 0, 0, 0);
}

void sim_schedule_operator(struct sim_plan *plan, uint64_t victim)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_KINDS);
	if (sim_random_below(&random, 6) == 0)
		files(plan, victim);
	if (sim_random_below(&random, 8) == 0)
		checks(plan);
	if (sim_random_below(&random, 6) == 0)
		machines(plan);
	if (sim_random_below(&random, 4) == 0)
		requests(plan);
	if (sim_random_below(&random, 10) == 0)
		records(plan);
	if (sim_random_below(&random, 4) == 0)
		sim_plan_add(plan, 10000000, SIM_WATCH,
			     50000000 + sim_random_below(&random, 400000000), 0, 0, 0);
}

/* Seconds, where it is a week for the daemon: whole passes come to their end. */
void sim_schedule_scrubs(struct sim_plan *plan)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_SCRUBS);
	if (plan->base_every != 0 && sim_random_below(&random, 3) == 0)
		plan->scrub_ns = 100000000 + sim_random_below(&random, 1500000000);
}

void sim_schedule_archives(struct sim_plan *plan)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_ARCHIVES);
	plan->archive = plan->base_every != 0 && sim_random_below(&random, 4) == 0;
	if (plan->archive != 0 && sim_random_below(&random, 2) == 0)
		plan->archive_fails = sim_random_below(&random, 300000);
}

/* While things happen, and when they are over. */
void sim_schedule_compares(struct sim_plan *plan)
{
	struct sim_random random;

	sim_random_init(&random, plan->seed, STREAM_COMPARES);
	if (plan->base_every == 0 || sim_random_below(&random, 2) == 0)
		return;
	for (uint64_t left = 1 + sim_random_below(&random, 4); left > 0; left--)
		sim_plan_add(plan, any_time(&random, plan), SIM_COMPARE, any_node(&random, plan), 0,
			     0, 0);
}
