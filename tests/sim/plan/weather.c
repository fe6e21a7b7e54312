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
#include "tests/sim/plan/weather_operator.h"

struct weather {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t now_ns, interval_ns;
	uint64_t victim; /* the only node whose drive may forget */
	bool crashes, crash_all, tears, stalls, cuts, one_way, partial, loss, duplicates, reorder,
		flips, slow_disk, hung_disk, full_disk, bad_writes, drift, wall, replay, hand_over,
		expire, stops, tellers, ends, forgets, rot;
};

static uint64_t draw(struct weather *weather, uint64_t below)
{
	return sim_random_below(&weather->random, below);
}

static bool chance(struct weather *weather, uint32_t percent)
{
	return draw(weather, 100) < percent;
}

static uint64_t any_node(struct weather *weather)
{
	/* Leaders are where it hurts. */
	return chance(weather, 30) ? SIM_NODE_LEADER : 1 + draw(weather, weather->plan->nodes);
}

static void add(struct weather *weather, uint64_t after_ns, enum sim_verb verb, uint64_t a,
		uint64_t b)
{
	sim_plan_add(weather->plan, weather->now_ns + after_ns, verb, a, b, 0, 0);
}

static void noise(struct weather *weather)
{
	uint64_t loss = weather->loss ? draw(weather, chance(weather, 20) ? 400000 : 60000) : 0;

	sim_plan_add(weather->plan, weather->now_ns, SIM_NOISE, loss,
		     weather->duplicates ? draw(weather, 100000) : 0,
		     weather->flips ? draw(weather, 10000) : 0,
		     weather->reorder ? draw(weather, chance(weather, 20) ? 200000000 : 300000)
				      : 0);
}

static void cut(struct weather *weather)
{
	uint64_t nodes = weather->plan->nodes;
	uint64_t node = any_node(weather);

	switch (draw(weather, 6)) {
	case 0:
		if (weather->cuts)
			add(weather, 0, SIM_SPLIT, 1 + draw(weather, (1u << nodes) - 1) * 2, 0);
		break;
	case 1:
		if (weather->cuts) { /* alone */
			add(weather, 0, SIM_CUT, node, SIM_NODE_ANY);
			add(weather, 0, SIM_CUT, SIM_NODE_ANY, node);
		}
		break;
	case 2:
		if (weather->one_way) /* mute, or deaf */
			add(weather, 0, SIM_CUT, chance(weather, 50) ? node : SIM_NODE_ANY,
			    chance(weather, 50) ? node : SIM_NODE_ANY);
		break;
	case 3:
		for (uint64_t a = 1; weather->partial && a <= nodes; a++) {
			for (uint64_t b = 1; b <= nodes; b++) {
				if (a != b && chance(weather, 30))
					add(weather, 0, SIM_CUT, a, b);
			}
		}
		break;
	default:
		add(weather, 0, SIM_HEAL, 0, 0);
		break;
	}
}

static void come_back(struct weather *weather, uint64_t node)
{
	add(weather, 1000000 + draw(weather, 400000000), SIM_START, node, 0);
}

static void crash(struct weather *weather)
{
	uint64_t nodes = weather->plan->nodes, node = 1 + draw(weather, nodes);

	if (weather->crash_all && chance(weather, 15)) {
		for (uint64_t each = 1; each <= nodes; each++) {
			add(weather, 0, SIM_CRASH, each, 0);
			come_back(weather, each);
		}
	} else if (weather->tears && chance(weather, 50)) {
		add(weather, 0, chance(weather, 50) ? SIM_TEAR_TURN : SIM_TEAR_RECORD, node,
		    draw(weather, 12));
		add(weather, 100000000 + draw(weather, 300000000), SIM_START, node, 0);
		if (chance(weather, 40)) { /* and once more, as soon as it is back */
			add(weather, 400000000, SIM_TEAR_RECORD, node, 0);
			add(weather, 700000000, SIM_START, node, 0);
		}
	} else if (weather->crashes) {
		add(weather, 0, SIM_CRASH, node, 0);
		come_back(weather, node);
	} else if (weather->stops) {
		add(weather, 0, SIM_STOP, node, 0);
		add(weather, 1300000000, SIM_START, node, 0);
	}
}

/* The hard case: records stand on the leader and on a node that then forgets them; the third one never had them. */
static void amnesia(struct weather *weather, uint64_t node)
{
	uint64_t third =
		1 + (node + draw(weather, weather->plan->nodes - 1)) % weather->plan->nodes;

	add(weather, 0, SIM_CUT, third, SIM_NODE_ANY);
	add(weather, 0, SIM_CUT, SIM_NODE_ANY, third);
	add(weather, 80000000, SIM_CRASH, node, 0);
	add(weather, 80000001, SIM_WIPE, node, 0);
	add(weather, 81000000, SIM_CUT, SIM_NODE_LEADER, SIM_NODE_ANY);
	add(weather, 81000000, SIM_CUT, SIM_NODE_ANY, SIM_NODE_LEADER);
	add(weather, 82000000, SIM_JOIN, third, node);
	add(weather, 82000000, SIM_JOIN, node, third);
	add(weather, 83000000, SIM_START, node, 0);
	add(weather, 600000000, SIM_HEAL, 0, 0);
}

static void forget(struct weather *weather)
{
	uint64_t node = weather->victim;
	uint64_t kind = draw(weather, 3);

	if (weather->plan->nodes < 3)
		return;
	if (weather->forgets && kind == 0)
		add(weather, 0, SIM_SNAPSHOT, node, 0);
	if (weather->forgets && kind == 2 && chance(weather, 50)) {
		amnesia(weather, node);
	} else if (weather->forgets && kind != 0) {
		add(weather, 0, SIM_CRASH, node, 0);
		add(weather, 1, kind == 1 ? SIM_WIPE : SIM_RESTORE, node, 0);
		come_back(weather, node);
	} else if (weather->rot) {
		add(weather, 0, SIM_CRASH, node, 0);
		sim_plan_add(weather->plan, weather->now_ns + 1, SIM_ROT, node,
			     draw(weather, 1000000),
			     1 + draw(weather, chance(weather, 50) ? 8 : 8192), 0);
		come_back(weather, node);
	}
}

static void disturb_disk(struct weather *weather)
{
	uint64_t node = any_node(weather);

	if (weather->slow_disk)
		add(weather, 0, SIM_SLOW, node,
		    chance(weather, 40) ? draw(weather, 300000000) : 60000);
	if (weather->hung_disk)
		add(weather, 0, SIM_HANG, node, chance(weather, 40));
	if (weather->full_disk)
		add(weather, 0, SIM_FULL, node, chance(weather, 40));
	if (weather->bad_writes && chance(weather, 20))
		add(weather, 0, SIM_FAIL_WRITE, node, 0);
}

static void disturb_clock(struct weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);

	if (weather->wall)
		add(weather, 0, SIM_WALL, node, draw(weather, 172800000000000u) - 86400000000000u);
	if (weather->drift)
		add(weather, 0, SIM_DRIFT, node, 900000 + draw(weather, 200000));
	if (weather->drift && chance(weather, 10))
		add(weather, 0, SIM_COUNTER_BACK, node, draw(weather, 900000000));
}

static void next_fault(struct weather *weather)
{
	switch (draw(weather, 11)) {
	case 10:
		if (weather->expire)
			add(weather, 0, SIM_EXPIRE,
			    chance(weather, 50) ? SIM_NODE_ANY
						: 1 + draw(weather, weather->plan->nodes),
			    0);
		break;
	case 0:
		noise(weather);
		break;
	case 1:
	case 2:
		cut(weather);
		break;
	case 3:
	case 4:
		crash(weather);
		break;
	case 5:
		if (weather->stalls)
			sim_plan_add(weather->plan, weather->now_ns, SIM_STALL, any_node(weather),
				     1 + draw(weather, 3),
				     draw(weather, chance(weather, 20) ? 2000000000 : 400000000),
				     0);
		break;
	case 6:
		disturb_disk(weather);
		break;
	case 7:
		disturb_clock(weather);
		break;
	case 8:
		if (weather->replay)
			add(weather, 0, SIM_REPLAY, 1 + draw(weather, weather->plan->nodes),
			    1 + draw(weather, 64));
		if (weather->hand_over)
			add(weather, 0, SIM_HAND_OVER, SIM_NODE_LEADER, 0);
		break;
	default:
		if (weather->tellers && chance(weather, 60))
			add(weather, 0, SIM_CUT_TELLER, 0, 0);
		else if (weather->ends && chance(weather, 60))
			add(weather, 0, SIM_END_ELECTED, draw(weather, 2), 0);
		else
			forget(weather);
		break;
	}
}

static void configure(struct weather *weather)
{
	static const unsigned sizes[] = {1, 2, 3, 3, 3, 3, 3, 4, 5, 7};
	struct sim_plan *plan = weather->plan;

	plan->nodes = sizes[draw(weather, sizeof(sizes) / sizeof(sizes[0]))];
	plan->mtu = chance(weather, 50) ? 1500 : 9000;
	plan->clients = chance(weather, 8) ? 0 : 1 + draw(weather, 3);
	plan->sessions_max = chance(weather, 30) ? 2 + draw(weather, 3) : 64;
	if (plan->sessions_max <
	    64) /* the only session of who lives never gives way: the dead are soon known as such */
		plan->client_idle_ns = 50000000 + draw(weather, 50000000);
	plan->outstanding_max = 1 + draw(weather, chance(weather, 30) ? 40 : 6);
	plan->think_ns = 1500000 + draw(weather, 8000000);
	plan->fault_ns = 200000000 + draw(weather, 1000000000);
	plan->core = 0;
	if (plan->nodes >= 3 && chance(weather, 60)) {
		uint64_t want = plan->nodes / 2 + 1;

		for (uint64_t node = 1, left = plan->nodes; node <= plan->nodes && want > 0;
		     node++, left--) {
			if (draw(weather, left) < want) {
				plan->core |= 1u << node;
				want--;
			}
		}
	}
	if (chance(weather, 30)) {
		plan->journals = 2;
		plan->workers = 1 + draw(weather, 2);
	}
	weather->victim = 1 + draw(weather, plan->nodes);
	weather->interval_ns = 5000000 + draw(weather, 150000000);
}

void sim_weather(struct sim_plan *plan, uint64_t seed)
{
	struct weather weather = {.plan = plan};
	bool *kinds[] = {&weather.crashes,   &weather.crash_all, &weather.tears,
			 &weather.stalls,    &weather.cuts,	 &weather.one_way,
			 &weather.partial,   &weather.loss,	 &weather.duplicates,
			 &weather.reorder,   &weather.flips,	 &weather.slow_disk,
			 &weather.hung_disk, &weather.full_disk, &weather.bad_writes,
			 &weather.drift,     &weather.wall,	 &weather.replay,
			 &weather.hand_over, &weather.expire,	 &weather.stops,
			 &weather.tellers,   &weather.ends,	 &weather.forgets,
			 &weather.rot};

	sim_plan_init(plan, seed);
	sim_random_init(&weather.random, seed, 2);
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = chance(&weather, 50);
	configure(&weather);
	sim_weather_sizes(plan, seed);
	if (weather.loss || weather.duplicates || weather.reorder || weather.flips)
		noise(&weather);
	for (weather.now_ns = 50000000 + draw(&weather, 200000000); weather.now_ns < plan->fault_ns;
	     weather.now_ns += 1 + draw(&weather, 2 * weather.interval_ns))
		next_fault(&weather);
	if (weather.forgets && plan->nodes >= 3 && chance(&weather, 60)) {
		weather.now_ns = 120000000 + draw(&weather, plan->fault_ns);
		amnesia(&weather, weather.victim);
		plan->fault_ns = weather.now_ns + 400000000;
	}
	sim_weather_drive(plan, seed, weather.victim);
	sim_weather_operator(plan, weather.victim);
	sim_weather_clients(plan, weather.victim);
	sim_weather_network(plan, seed);
	sim_weather_memory(plan, seed, weather.victim);
	sim_weather_tables(plan, seed);
	sim_plan_sort(plan);
}
