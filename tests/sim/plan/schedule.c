/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a seed to a plan: first a configuration, and which kinds of fault there are in this run (each is off with a
 * chance of one half, so that they are met alone, in pairs, and all together); then faults at random times.
 *
 * Never more is destroyed than the promises allow: drives that lose what they said was durable (wipe, restore, rot)
 * are those of one node of three or more.
 */
#include "dataplane/base/limits.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"
#include "tests/sim/plan/schedule_operator.h"

struct schedule {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t now_ns, interval_ns;
	uint64_t victim; /* the only node whose drive may forget */
	bool crashes, crash_all, tears, stalls, cuts, one_way, partial, loss, duplicates, reorder,
		flips, slow_disk, hung_disk, full_disk, bad_writes, drift, wall, replay, transfer,
		expire, stops, tellers, ends, forgets, rot;
};

static uint64_t draw(struct schedule *schedule, uint64_t below)
{
	return sim_random_below(&schedule->random, below);
}

static bool chance(struct schedule *schedule, uint32_t percent)
{
	return draw(schedule, 100) < percent;
}

static uint64_t any_node(struct schedule *schedule)
{
	/* Leaders are where it hurts. */
	return chance(schedule, 30) ? SIM_NODE_LEADER : 1 + draw(schedule, schedule->plan->nodes);
}

static void add(struct schedule *schedule, uint64_t after_ns, enum sim_verb verb, uint64_t a,
		uint64_t b)
{
	sim_plan_add(schedule->plan, schedule->now_ns + after_ns, verb, a, b, 0, 0);
}

static void noise(struct schedule *schedule)
{
	uint64_t loss = schedule->loss ? draw(schedule, chance(schedule, 20) ? 400000 : 60000) : 0;

	sim_plan_add(schedule->plan, schedule->now_ns, SIM_NOISE, loss,
		     schedule->duplicates ? draw(schedule, 100000) : 0,
		     schedule->flips ? draw(schedule, 10000) : 0,
		     schedule->reorder ? draw(schedule, chance(schedule, 20) ? 200000000 : 300000)
				       : 0);
}

static void cut(struct schedule *schedule)
{
	uint64_t nodes = schedule->plan->nodes;
	uint64_t node = any_node(schedule);

	switch (draw(schedule, 6)) {
	case 0:
		if (schedule->cuts)
			add(schedule, 0, SIM_SPLIT, 1 + draw(schedule, (1u << nodes) - 1) * 2, 0);
		break;
	case 1:
		if (schedule->cuts) { /* alone */
			add(schedule, 0, SIM_CUT, node, SIM_NODE_ANY);
			add(schedule, 0, SIM_CUT, SIM_NODE_ANY, node);
		}
		break;
	case 2:
		if (schedule->one_way) /* mute, or deaf */
			add(schedule, 0, SIM_CUT, chance(schedule, 50) ? node : SIM_NODE_ANY,
			    chance(schedule, 50) ? node : SIM_NODE_ANY);
		break;
	case 3:
		for (uint64_t a = 1; schedule->partial && a <= nodes; a++) {
			for (uint64_t b = 1; b <= nodes; b++) {
				if (a != b && chance(schedule, 30))
					add(schedule, 0, SIM_CUT, a, b);
			}
		}
		break;
	default:
		add(schedule, 0, SIM_HEAL, 0, 0);
		break;
	}
}

static void come_back(struct schedule *schedule, uint64_t node)
{
	add(schedule, 1000000 + draw(schedule, 400000000), SIM_START, node, 0);
}

static void crash(struct schedule *schedule)
{
	uint64_t nodes = schedule->plan->nodes, node = 1 + draw(schedule, nodes);

	if (schedule->crash_all && chance(schedule, 15)) {
		for (uint64_t each = 1; each <= nodes; each++) {
			add(schedule, 0, SIM_CRASH, each, 0);
			come_back(schedule, each);
		}
	} else if (schedule->tears && chance(schedule, 50)) {
		add(schedule, 0, chance(schedule, 50) ? SIM_TEAR_TURN : SIM_TEAR_RECORD, node,
		    draw(schedule, 12));
		add(schedule, 100000000 + draw(schedule, 300000000), SIM_START, node, 0);
		if (chance(schedule, 40)) { /* and once more, as soon as it is back */
			add(schedule, 400000000, SIM_TEAR_RECORD, node, 0);
			add(schedule, 700000000, SIM_START, node, 0);
		}
	} else if (schedule->crashes) {
		add(schedule, 0, SIM_CRASH, node, 0);
		come_back(schedule, node);
	} else if (schedule->stops) {
		add(schedule, 0, SIM_STOP, node, 0);
		add(schedule, 1300000000, SIM_START, node, 0);
	}
}

/* The hard case: records stand on the leader and on a node that then forgets them; the third one never had them. */
static void amnesia(struct schedule *schedule, uint64_t node)
{
	uint64_t third =
		1 + (node + draw(schedule, schedule->plan->nodes - 1)) % schedule->plan->nodes;

	add(schedule, 0, SIM_CUT, third, SIM_NODE_ANY);
	add(schedule, 0, SIM_CUT, SIM_NODE_ANY, third);
	add(schedule, 80000000, SIM_CRASH, node, 0);
	add(schedule, 80000001, SIM_WIPE, node, 0);
	add(schedule, 81000000, SIM_CUT, SIM_NODE_LEADER, SIM_NODE_ANY);
	add(schedule, 81000000, SIM_CUT, SIM_NODE_ANY, SIM_NODE_LEADER);
	add(schedule, 82000000, SIM_JOIN, third, node);
	add(schedule, 82000000, SIM_JOIN, node, third);
	add(schedule, 83000000, SIM_START, node, 0);
	add(schedule, 600000000, SIM_HEAL, 0, 0);
}

static void forget(struct schedule *schedule)
{
	uint64_t node = schedule->victim;
	uint64_t kind = draw(schedule, 3);

	if (schedule->plan->nodes < 3)
		return;
	if (schedule->forgets && kind == 0)
		add(schedule, 0, SIM_SNAPSHOT, node, 0);
	if (schedule->forgets && kind == 2 && chance(schedule, 50)) {
		amnesia(schedule, node);
	} else if (schedule->forgets && kind != 0) {
		add(schedule, 0, SIM_CRASH, node, 0);
		add(schedule, 1, kind == 1 ? SIM_WIPE : SIM_RESTORE, node, 0);
		come_back(schedule, node);
	} else if (schedule->rot) {
		add(schedule, 0, SIM_CRASH, node, 0);
		sim_plan_add(schedule->plan, schedule->now_ns + 1, SIM_ROT, node,
			     draw(schedule, 1000000),
			     1 + draw(schedule, chance(schedule, 50) ? 8 : 8192), 0);
		come_back(schedule, node);
	}
}

static void disturb_disk(struct schedule *schedule)
{
	uint64_t node = any_node(schedule);

	if (schedule->slow_disk)
		add(schedule, 0, SIM_SLOW, node,
		    chance(schedule, 40) ? draw(schedule, 300000000) : 60000);
	if (schedule->hung_disk)
		add(schedule, 0, SIM_HANG, node, chance(schedule, 40));
	if (schedule->full_disk)
		add(schedule, 0, SIM_FULL, node, chance(schedule, 40));
	if (schedule->bad_writes && chance(schedule, 20))
		add(schedule, 0, SIM_FAIL_WRITE, node, 0);
}

static void disturb_clock(struct schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);

	if (schedule->wall)
		add(schedule, 0, SIM_WALL, node,
		    draw(schedule, 172800000000000u) - 86400000000000u);
	if (schedule->drift)
		add(schedule, 0, SIM_DRIFT, node, 900000 + draw(schedule, 200000));
	if (schedule->drift && chance(schedule, 10))
		add(schedule, 0, SIM_COUNTER_BACK, node, draw(schedule, 900000000));
}

static void next_fault(struct schedule *schedule)
{
	switch (draw(schedule, 11)) {
	case 10:
		if (schedule->expire)
			add(schedule, 0, SIM_EXPIRE,
			    chance(schedule, 50) ? SIM_NODE_ANY
						 : 1 + draw(schedule, schedule->plan->nodes),
			    0);
		break;
	case 0:
		noise(schedule);
		break;
	case 1:
	case 2:
		cut(schedule);
		break;
	case 3:
	case 4:
		crash(schedule);
		break;
	case 5:
		if (schedule->stalls)
			sim_plan_add(schedule->plan, schedule->now_ns, SIM_STALL,
				     any_node(schedule), 1 + draw(schedule, 3),
				     draw(schedule, chance(schedule, 20) ? 2000000000 : 400000000),
				     0);
		break;
	case 6:
		disturb_disk(schedule);
		break;
	case 7:
		disturb_clock(schedule);
		break;
	case 8:
		if (schedule->replay)
			add(schedule, 0, SIM_REPLAY, 1 + draw(schedule, schedule->plan->nodes),
			    1 + draw(schedule, 64));
		if (schedule->transfer)
			add(schedule, 0, SIM_TRANSFER, SIM_NODE_LEADER, 0);
		break;
	default:
		if (schedule->tellers && chance(schedule, 60))
			add(schedule, 0, SIM_CUT_TELLER, 0, 0);
		else if (schedule->ends && chance(schedule, 60))
			add(schedule, 0, SIM_END_ELECTED, draw(schedule, 2), 0);
		else
			forget(schedule);
		break;
	}
}

static void configure(struct schedule *schedule)
{
	static const unsigned sizes[] = {1, 2, 3, 3, 3, 3, 3, 4, 5, 7};
	struct sim_plan *plan = schedule->plan;

	plan->nodes = sizes[draw(schedule, sizeof(sizes) / sizeof(sizes[0]))];
	plan->mtu = chance(schedule, 50) ? 1500 : 9000;
	plan->clients = chance(schedule, 8) ? 0 : 1 + draw(schedule, 3);
	plan->sessions_max = chance(schedule, 30) ? 2 + draw(schedule, 3) : 64;
	if (plan->sessions_max <
	    64) /* the only session of who lives never gives way: the dead are soon known as such */
		plan->client_idle_ns = 50000000 + draw(schedule, 50000000);
	plan->outstanding_max = 1 + draw(schedule, chance(schedule, 30) ? 40 : 6);
	plan->think_ns = 1500000 + draw(schedule, 8000000);
	plan->patience = plan->seed % 4 == 3 ? 4 : 1;
	plan->fault_ns = 200000000 + draw(schedule, 1000000000);
	plan->core = 0;
	if (plan->nodes >= 3 && chance(schedule, 60)) {
		uint64_t want = plan->nodes / 2 + 1;

		for (uint64_t node = 1, left = plan->nodes; node <= plan->nodes && want > 0;
		     node++, left--) {
			if (draw(schedule, left) < want) {
				plan->core |= 1u << node;
				want--;
			}
		}
	}
	if (chance(schedule, 30)) {
		plan->journals = 2;
		plan->workers = 1 + draw(schedule, 2);
	}
	schedule->victim = 1 + draw(schedule, plan->nodes);
	schedule->interval_ns = 5000000 + draw(schedule, 150000000);
}

void sim_schedule(struct sim_plan *plan, uint64_t seed)
{
	struct schedule schedule = {.plan = plan};
	bool *kinds[] = {&schedule.crashes,   &schedule.crash_all, &schedule.tears,
			 &schedule.stalls,    &schedule.cuts,	   &schedule.one_way,
			 &schedule.partial,   &schedule.loss,	   &schedule.duplicates,
			 &schedule.reorder,   &schedule.flips,	   &schedule.slow_disk,
			 &schedule.hung_disk, &schedule.full_disk, &schedule.bad_writes,
			 &schedule.drift,     &schedule.wall,	   &schedule.replay,
			 &schedule.transfer,  &schedule.expire,	   &schedule.stops,
			 &schedule.tellers,   &schedule.ends,	   &schedule.forgets,
			 &schedule.rot};

	sim_plan_init(plan, seed);
	sim_random_init(&schedule.random, seed, 2);
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = chance(&schedule, 50);
	configure(&schedule);
	sim_schedule_sizes(plan, seed);
	if (schedule.loss || schedule.duplicates || schedule.reorder || schedule.flips)
		noise(&schedule);
	for (schedule.now_ns = 50000000 + draw(&schedule, 200000000);
	     schedule.now_ns < plan->fault_ns;
	     schedule.now_ns += 1 + draw(&schedule, 2 * schedule.interval_ns))
		next_fault(&schedule);
	if (schedule.forgets && plan->nodes >= 3 && chance(&schedule, 60)) {
		schedule.now_ns = 120000000 + draw(&schedule, plan->fault_ns);
		amnesia(&schedule, schedule.victim);
		plan->fault_ns = schedule.now_ns + 400000000;
	}
	sim_schedule_drive(plan, seed, schedule.victim);
	sim_schedule_operator(plan, schedule.victim);
	sim_schedule_clients(plan, schedule.victim);
	sim_schedule_network(plan, seed);
	sim_schedule_memory(plan, seed, schedule.victim);
	sim_schedule_tables(plan, seed);
	sim_schedule_bases(plan, seed, schedule.victim);
	sim_schedule_consumers(plan);
	sim_schedule_asks(plan);
	sim_schedule_compares(plan);
	sim_schedule_members(plan, seed);
	sim_schedule_features(plan, seed);
	sim_schedule_scrubs(plan);
	sim_schedule_archives(plan);
	sim_plan_sort(plan);
}
