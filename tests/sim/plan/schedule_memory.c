/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Disks that are lost in the worst moments: between a vote and its count, within the timeout in which two nodes start anew, in a
 * cluster of two. Each is an arrangement of several things; by chance alone they come together too seldom. All is done to the one
 * node whose drive may forget.
 */
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define AFTERWARDS_NS 600000000u

struct schedule {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t victim, other, third;
	uint64_t begin_ns;
};

static uint64_t draw(struct schedule *schedule, uint64_t below)
{
	return sim_random_below(&schedule->random, below);
}

static void add(struct schedule *schedule, uint64_t after_us, enum sim_verb verb, uint64_t a,
		uint64_t b)
{
	sim_plan_add(schedule->plan, schedule->begin_ns + 1000 * after_us, verb, a, b, 0, 0);
}

static void part(struct schedule *schedule, uint64_t at_us, enum sim_verb verb, uint64_t a,
		 uint64_t b)
{
	add(schedule, at_us, verb, a, b);
	add(schedule, at_us, verb, b, a);
}

static void lose_disk(struct schedule *schedule, uint64_t at_us)
{
	add(schedule, at_us, SIM_CRASH, schedule->victim, 0);
	add(schedule, at_us, SIM_WIPE, schedule->victim, 0);
	add(schedule, at_us + 1000 + draw(schedule, 3000), SIM_START, schedule->victim, 0);
}

/* The victim starts anew, votes for who is cut off from the others, starts again without its disk, and is found by those. */
static void two_starts_in_a_timeout(struct schedule *schedule)
{
	uint64_t again_us = 30000 + draw(schedule, 40000);

	part(schedule, 0, SIM_CUT, schedule->other, schedule->third);
	part(schedule, 10000, SIM_CUT, schedule->victim, schedule->third);
	add(schedule, 10000, SIM_CRASH, schedule->victim, 0);
	add(schedule, 11000, SIM_START, schedule->victim, 0);
	add(schedule, 13000 + draw(schedule, 10000), SIM_EXPIRE, schedule->other, 0);
	if (draw(schedule, 2))
		add(schedule, 20000, SIM_CRASH, schedule->third, 0);
	add(schedule, 21000, SIM_START, schedule->third, 0);
	part(schedule, again_us, SIM_CUT, schedule->victim, schedule->other);
	lose_disk(schedule, again_us);
	part(schedule, again_us + 1000, SIM_JOIN, schedule->victim, schedule->third);
	add(schedule, 300000 + draw(schedule, 200000), SIM_HEAL, 0, 0);
}

/* A candidate sleeps between asking for votes and counting them; meanwhile others go on, and one of them loses its disk. */
static void stalled_candidate(struct schedule *schedule)
{
	uint64_t asked_us = 50 + draw(schedule, 1500), stall_us = 200000 + draw(schedule, 300000);

	add(schedule, 0, SIM_EXPIRE, draw(schedule, 2) ? SIM_NODE_ANY : schedule->other, 0);
	sim_plan_add(schedule->plan, schedule->begin_ns + 1000 * asked_us, SIM_STALL,
		     schedule->other, 2 + draw(schedule, 2), 1000 * stall_us, 0);
	add(schedule, 100000 + draw(schedule, 50000), SIM_EXPIRE, schedule->third, 0);
	lose_disk(schedule, stall_us - 10000 - draw(schedule, 60000));
}

void sim_schedule_memory(struct sim_plan *plan, uint64_t seed, uint64_t victim)
{
	struct schedule schedule = {.plan = plan, .victim = victim};
	uint64_t kind;

	sim_random_init(&schedule.random, seed, 26);
	kind = draw(&schedule, 8);
	if (plan->nodes < 2 || kind > 2)
		return;
	schedule.other = 1 + victim % plan->nodes;
	schedule.third = 1 + schedule.other % plan->nodes;
	schedule.begin_ns = 150000000 + draw(&schedule, plan->fault_ns);
	if (plan->nodes == 2)
		lose_disk(&schedule, 0);
	else if (kind == 0)
		stalled_candidate(&schedule);
	else
		two_starts_in_a_timeout(&schedule);
	if (plan->fault_ns < schedule.begin_ns + AFTERWARDS_NS)
		plan->fault_ns = schedule.begin_ns + AFTERWARDS_NS;
}
