/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bases: how often, what is trimmed and when; nodes that go down while one is written, and bases that are damaged. A node whose
 * disk was emptied, or is not opened any more, may be needed as it was by one that lags: nothing is trimmed where that is planned.
 */
#include "dataplane/base/limits.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"
#include "tests/sim/server/config_file.h"
#include "tests/sim/server/damage.h"

#define STREAM 72u

static bool chance(struct sim_random *random, uint32_t percent)
{
	return sim_random_below(random, 100) < percent;
}

/* After this a disk has forgotten, or its node is out for good. */
static bool takes_away(const struct sim_action *action)
{
	switch (action->verb) {
	case SIM_WIPE:
	case SIM_RESTORE:
	case SIM_ROT:
	case SIM_DAMAGE:
	case SIM_LIE:
	case SIM_CONTRADICT:
	case SIM_ROT_SESSIONS:
	case SIM_IMPOSTOR:
	case SIM_NEWER:
		return true;
	case SIM_CONFIG:
		return action->argument[1] == SIM_EDIT_CLUSTER;
	default:
		return false;
	}
}

/* Such things are left out, mostly. True: nothing of it is planned. */
static bool keep(struct sim_plan *plan, struct sim_random *random)
{
	bool leaves_out = chance(random, 60);
	size_t kept = 0;

	for (size_t at = 0; at < plan->count; at++) {
		if (!leaves_out || !takes_away(&plan->actions[at]))
			plan->actions[kept++] = plan->actions[at];
	}
	plan->count = kept;
	for (size_t at = 0; at < plan->count; at++) {
		if (takes_away(&plan->actions[at]))
			return false;
	}
	return true;
}

static void add(struct sim_plan *plan, uint64_t at_ns, enum sim_verb verb, uint64_t a, uint64_t b)
{
	sim_plan_add(plan, at_ns, verb, a, b, 0, 0);
}

/* So much is appended that segments are passed in numbers. */
static void hurry(struct sim_plan *plan, struct sim_random *random)
{
	plan->segments_max = plan->segments_max * plan->segment_bytes / WL_SEGMENT_BYTES_MIN;
	plan->segment_bytes = WL_SEGMENT_BYTES_MIN;
	plan->ring_bytes = WL_LOG_RING_BYTES_MIN << sim_random_below(random, 2);
	plan->base_every = 16384u << sim_random_below(random, 3);
	plan->think_ns = 200000 + sim_random_below(random, 1000000);
	plan->outstanding_max = 4 + sim_random_below(random, 20);
	plan->clients += plan->clients == 0;
	/* So small that places are used again, and that it is full until something is trimmed. */
	if (chance(random, 40))
		plan->segments_max = 6 + sim_random_below(random, 12);
	plan->fault_ns += sim_random_below(random, 800000000);
}

static void trims(struct sim_plan *plan, struct sim_random *random)
{
	uint64_t now = 0, end;

	hurry(plan, random);
	end = plan->fault_ns + 300000000;
	if (chance(random, 50))
		plan->retention_bytes = plan->segment_bytes * (1 + sim_random_below(random, 3));
	if (chance(random, 20))
		plan->retention_age_ns = 50000000 + sim_random_below(random, 500000000);
	while (chance(random, 90) && now < end) {
		now += 50000000 + sim_random_below(random, 250000000);
		if (chance(random, 20))
			add(plan, now, SIM_PROPOSE_TRIM, SIM_NODE_LEADER,
			    sim_random_below(random, 2000000));
		else
			add(plan, now, SIM_TRIM, 1 + sim_random_below(random, plan->nodes),
			    sim_random_below(random, 1000001));
	}
	/* A node that fell behind what is given up stays there: nobody hands out bases yet. */
	plan->core = 0;
	plan->levels = 0;
}

/* While the drive is slow a base takes long. */
static void go_down(struct sim_plan *plan, struct sim_random *random)
{
	uint64_t node = 1 + sim_random_below(random, plan->nodes);
	uint64_t at = 100000000 + sim_random_below(random, plan->fault_ns);

	add(plan, at, SIM_SLOW, node, sim_random_below(random, 8000000));
	at += 1000000 + sim_random_below(random, 60000000);
	add(plan, at, chance(random, 30) ? SIM_KILL : SIM_CRASH, node, 0);
	add(plan, at + 1000000 + sim_random_below(random, 50000000), SIM_START, node, 0);
	add(plan, at + 60000000, SIM_SLOW, node, 60000);
}

static void damage(struct sim_plan *plan, struct sim_random *random, uint64_t node, uint64_t masks)
{
	uint64_t at = 200000000 + sim_random_below(random, plan->fault_ns);
	uint64_t way = SIM_DAMAGE_ROT_BASE +
		       sim_random_below(random, SIM_DAMAGE_CHAIN_BASE - SIM_DAMAGE_ROT_BASE);

	add(plan, at, SIM_CRASH, node, 0);
	sim_plan_add(plan, at + 1, SIM_DAMAGE, node, way, 1 + sim_random_below(random, masks), 0);
	add(plan, at + 1000000 + sim_random_below(random, 50000000), SIM_START, node, 0);
}

void sim_schedule_bases(struct sim_plan *plan, uint64_t seed, uint64_t victim)
{
	struct sim_random random;
	bool kept, trimmed;

	sim_random_init(&random, seed, STREAM);
	if (chance(&random, 40) || plan->liar != 0)
		return;
	plan->base_every = 32768u << sim_random_below(&random, 4);
	plan->raw = chance(&random, 30);
	kept = keep(plan, &random);
	trimmed = kept && chance(&random, 70);
	if (trimmed)
		trims(plan, &random);
	for (uint64_t times = sim_random_below(&random, 4); times > 0; times--)
		go_down(plan, &random);
	/* A start from a wrong base takes no part until it is thrown away: nobody else may be out. */
	if (kept && !trimmed && plan->nodes >= 3 && chance(&random, 50)) {
		plan->core = 0;
		add(plan, 100000000 + sim_random_below(&random, plan->fault_ns), SIM_FLIP_BASE,
		    1 + sim_random_below(&random, plan->nodes), 0);
	}
	/* Of a log that begins later one of two must be left. */
	if (kept && chance(&random, 30))
		damage(plan, &random, victim, trimmed ? 2 : 3);
}
