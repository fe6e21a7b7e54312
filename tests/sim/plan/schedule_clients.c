/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the clients of a seed are like: each kind is off in at least half of the seeds. And how little room the nodes
 * have for them.
 */
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define STREAM 42u
#define CONSUMERS_STREAM 73u
#define ASKS_STREAM 81u
#define CLIENTS_MIN \
	8u /* the smallest table that a configuration may have, and all clients of a run */

#define LEFT_NS 300000000u /* half of what a core has to acknowledge something (run.c) */

struct clients_schedule {
	struct sim_plan *plan;
	struct sim_random random;
};

static uint64_t draw(struct clients_schedule *schedule, uint64_t below)
{
	return sim_random_below(&schedule->random, below);
}

static bool chance(struct clients_schedule *schedule, uint32_t percent)
{
	return draw(schedule, 100) < percent;
}

static void draw_readers(struct clients_schedule *schedule)
{
	struct sim_plan *plan = schedule->plan;

	if (!chance(schedule, 40))
		return;
	plan->readers = plan->clients;
	if (chance(schedule, 50))
		plan->slow_readers = draw(schedule, plan->clients + 1);
	plan->starts = chance(schedule, 50) ? draw(schedule, 32) : 0;
	plan->reader_idle_ns = chance(schedule, 50) ? 200000000 + draw(schedule, 300000000)
						    : 1000000000;
	if (chance(schedule, 30))
		plan->subscriptions_max = 1 + draw(schedule, 3);
	if (chance(schedule, 50))
		plan->read_buffers = 1 + draw(schedule, 4);
}

static void draw_room(struct clients_schedule *schedule)
{
	struct sim_plan *plan = schedule->plan;

	if (chance(schedule, 15))
		plan->reply_slots = 1u << draw(schedule, 6);
	if (chance(schedule, 15)) {
		plan->clients_max = CLIENTS_MIN;
		plan->client_idle_ns = 100000000 + draw(schedule, 200000000);
		/* With those who die and come back as others, or keep no rules: more than there are places. */
		if (plan->clients != 0 && chance(schedule, 40))
			plan->clients = CLIENTS_MIN;
	}
}

/*
 * Old entries come from the drive, and it is slow, or fails to read for a while: that of the one node whose drive may
 * forget. (Rot under a running leader: it cannot bring a follower up to date then, until there is repair from peers.)
 */
static void draw_reading(struct clients_schedule *schedule, uint64_t victim)
{
	struct sim_plan *plan = schedule->plan;
	uint64_t at = 100000000 + draw(schedule, plan->fault_ns);
	uint64_t node = 1 + draw(schedule, plan->nodes);

	if (plan->readers == 0)
		return;
	if (chance(schedule, 30)) {
		sim_plan_add(plan, at, SIM_SLOW, node, draw(schedule, 20000000), 0, 0);
		sim_plan_add(plan, at + draw(schedule, 400000000), SIM_SLOW, node, 60000, 0, 0);
	}
	if (plan->nodes < 3)
		return;
	if (chance(schedule, 15)) {
		sim_plan_add(plan, at, SIM_FAIL_READ, victim, 1000 + draw(schedule, 300000), 0, 0);
		sim_plan_add(plan, at + draw(schedule, 300000000), SIM_FAIL_READ, victim, 0, 0, 0);
	}
}

/* A node has no buffer for what it wants to say: it is said again, or asked for again. */
static void draw_buffers(struct clients_schedule *schedule)
{
	struct sim_plan *plan = schedule->plan;
	uint64_t at = 100000000 + draw(schedule, plan->fault_ns);
	uint64_t node = 1 + draw(schedule, plan->nodes);

	sim_plan_add(plan, at, SIM_NO_BUFFERS, node, 1000 + draw(schedule, 500000), 0, 0);
	sim_plan_add(plan, at + draw(schedule, 400000000), SIM_NO_BUFFERS, node, 0, 0, 0);
}

void sim_schedule_clients(struct sim_plan *plan, uint64_t victim)
{
	struct clients_schedule schedule = {.plan = plan};

	sim_random_init(&schedule.random, plan->seed, STREAM);
	if (chance(&schedule, 40))
		plan->levels = 10 + draw(&schedule, 60);
	if (chance(&schedule, 30)) {
		plan->edge_sizes = 1;
		plan->record_bytes = 6000 + draw(&schedule, 10000);
	}
	if (chance(&schedule, 15))
		plan->session_records = 1 + draw(&schedule, 30);
	if (chance(&schedule, 20)) {
		plan->deaths = 500 + draw(&schedule, 10000);
		plan->client_idle_ns = 100000000 + draw(&schedule, 400000000);
	}
	draw_readers(&schedule);
	draw_room(&schedule);
	if (chance(&schedule, 20))
		plan->rogues = 1 + draw(&schedule, 2);
	draw_reading(&schedule, victim);
	if (chance(&schedule, 15))
		draw_buffers(&schedule);
	if (chance(&schedule, 70))
		plan->library = draw(&schedule, 1u << plan->clients);
	if (chance(&schedule, 10))
		plan->alike = 100000 + draw(&schedule, 900000);
	/*
	 * An application that connects anew for its next session is another client to the nodes, and the one before keeps its places
	 * until it was silent for so long. All places of sessions, or of clients, may be taken so, and then nothing is acknowledged.
	 */
	if (plan->session_records != 0 && plan->library != 0 && plan->client_idle_ns > LEFT_NS)
		plan->client_idle_ns = LEFT_NS;
}

/* A stream of their own: one more draw changes nothing elsewhere. */
void sim_schedule_consumers(struct sim_plan *plan)
{
	struct clients_schedule schedule = {.plan = plan};

	sim_random_init(&schedule.random, plan->seed, CONSUMERS_STREAM);
	if (plan->readers == 0 || plan->clients == 0 || chance(&schedule, 30))
		return;
	plan->consumers = plan->library & (1 + draw(&schedule, (1u << plan->clients) - 1));
	if (plan->consumers == 0 || chance(&schedule, 60))
		return;
	/* Operators meddle: with the one that they know, which is that of the first applications. */
	for (uint64_t left = 1 + draw(&schedule, 4); left > 0; left--)
		sim_plan_add(plan, 100000000 + draw(&schedule, plan->fault_ns), SIM_CONSUMER,
			     1 + draw(&schedule, plan->nodes),
			     chance(&schedule, 50) ? 0 : draw(&schedule, 1000001), 0, 0);
}

void sim_schedule_asks(struct sim_plan *plan)
{
	struct clients_schedule schedule = {.plan = plan};

	sim_random_init(&schedule.random, plan->seed, ASKS_STREAM);
	if (plan->library != 0 && chance(&schedule, 50))
		plan->asks = 5000 + draw(&schedule, 250000);
}
