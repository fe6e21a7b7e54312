/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Disks that are lost in the worst moments: between a vote and its count, within the timeout in which two nodes start anew, in a
 * cluster of two. Each is an arrangement of several things; by chance alone they come together too seldom. All is done to the one
 * node whose drive may forget.
 */
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define AFTERWARDS_NS 600000000u

struct weather {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t victim, other, third;
	uint64_t begin_ns;
};

static uint64_t draw(struct weather *weather, uint64_t below)
{
	return sim_random_below(&weather->random, below);
}

static void add(struct weather *weather, uint64_t after_us, enum sim_verb verb, uint64_t a,
		uint64_t b)
{
	sim_plan_add(weather->plan, weather->begin_ns + 1000 * after_us, verb, a, b, 0, 0);
}

static void part(struct weather *weather, uint64_t at_us, enum sim_verb verb, uint64_t a,
		 uint64_t b)
{
	add(weather, at_us, verb, a, b);
	add(weather, at_us, verb, b, a);
}

static void lose_disk(struct weather *weather, uint64_t at_us)
{
	add(weather, at_us, SIM_CRASH, weather->victim, 0);
	add(weather, at_us, SIM_WIPE, weather->victim, 0);
	add(weather, at_us + 1000 + draw(weather, 3000), SIM_START, weather->victim, 0);
}

/* The victim starts anew, votes for who is cut off from the others, starts again without its disk, and is found by those. */
static void two_starts_in_a_timeout(struct weather *weather)
{
	uint64_t again_us = 30000 + draw(weather, 40000);

	part(weather, 0, SIM_CUT, weather->other, weather->third);
	part(weather, 10000, SIM_CUT, weather->victim, weather->third);
	add(weather, 10000, SIM_CRASH, weather->victim, 0);
	add(weather, 11000, SIM_START, weather->victim, 0);
	add(weather, 13000 + draw(weather, 10000), SIM_EXPIRE, weather->other, 0);
	if (draw(weather, 2))
		add(weather, 20000, SIM_CRASH, weather->third, 0);
	add(weather, 21000, SIM_START, weather->third, 0);
	part(weather, again_us, SIM_CUT, weather->victim, weather->other);
	lose_disk(weather, again_us);
	part(weather, again_us + 1000, SIM_JOIN, weather->victim, weather->third);
	add(weather, 300000 + draw(weather, 200000), SIM_HEAL, 0, 0);
}

/* A candidate sleeps between asking for votes and counting them; meanwhile others go on, and one of them loses its disk. */
static void stalled_candidate(struct weather *weather)
{
	uint64_t asked_us = 50 + draw(weather, 1500), stall_us = 200000 + draw(weather, 300000);

	add(weather, 0, SIM_EXPIRE, draw(weather, 2) ? SIM_NODE_ANY : weather->other, 0);
	sim_plan_add(weather->plan, weather->begin_ns + 1000 * asked_us, SIM_STALL, weather->other,
		     2 + draw(weather, 2), 1000 * stall_us, 0);
	add(weather, 100000 + draw(weather, 50000), SIM_EXPIRE, weather->third, 0);
	lose_disk(weather, stall_us - 10000 - draw(weather, 60000));
}

void sim_weather_memory(struct sim_plan *plan, uint64_t seed, uint64_t victim)
{
	struct weather weather = {.plan = plan, .victim = victim};
	uint64_t kind;

	sim_random_init(&weather.random, seed, 26);
	kind = draw(&weather, 8);
	if (plan->nodes < 2 || kind > 2)
		return;
	weather.other = 1 + victim % plan->nodes;
	weather.third = 1 + weather.other % plan->nodes;
	weather.begin_ns = 150000000 + draw(&weather, plan->fault_ns);
	if (plan->nodes == 2)
		lose_disk(&weather, 0);
	else if (kind == 0)
		stalled_candidate(&weather);
	else
		two_starts_in_a_timeout(&weather);
	if (plan->fault_ns < weather.begin_ns + AFTERWARDS_NS)
		plan->fault_ns = weather.begin_ns + AFTERWARDS_NS;
}
