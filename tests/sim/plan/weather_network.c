/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network of a seed: how it is wired, which cards are bad, who else is on it. Half of the seeds have the plain wiring, and
 * each kind of trouble is off in more than half of them.
 */
#include "tests/sim/network/impostor.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"
#include "tests/sim/network/stranger.h"

#define CARD_CHANGED_NS \
	420000000u /* after the server was last heard: more than four election timeouts */
#define LIAR_EVERY 16u /* seeds: what a liar breaks, nobody can judge */
#define MTU_LARGE 9000u
#define MTU_MIN 1280u
#define MTU_SMALL 1500u /* clients' frames pass it */

struct weather {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t now_ns;
	bool cards, links, buffers, sends, mtu, stranger, bystander, impostor;
};

static uint64_t draw(struct weather *weather, uint64_t below)
{
	return sim_random_below(&weather->random, below);
}

static bool chance(struct weather *weather, uint32_t percent)
{
	return draw(weather, 100) < percent;
}

static void add(struct weather *weather, uint64_t after_ns, enum sim_verb verb, uint64_t a,
		uint64_t b, uint64_t c)
{
	sim_plan_add(weather->plan, weather->now_ns + after_ns, verb, a, b, c, 0);
}

static uint64_t any_node(struct weather *weather)
{
	return chance(weather, 40) ? SIM_NODE_LEADER : 1 + draw(weather, weather->plan->nodes);
}

static void replace_card(struct weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);

	add(weather, 0, SIM_CRASH, node, 0, 0);
	add(weather, CARD_CHANGED_NS, SIM_NEW_CARD, node, 0, 0);
	add(weather, CARD_CHANGED_NS + 1 + draw(weather, 200000000), SIM_START, node, 0, 0);
}

static void shrink_mtu(struct weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);

	if (weather->plan->mtu != MTU_LARGE)
		return;
	add(weather, 0, SIM_CRASH, node, 0, 0);
	add(weather, 0, SIM_MTU, node, chance(weather, 60) ? MTU_SMALL : 0, 0);
	add(weather, 1000000 + draw(weather, 100000000), SIM_START, node, 0, 0);
}

static void drop_link(struct weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);
	uint64_t link =
		draw(weather, weather->plan->wiring == SIM_WIRING_LINKS ? SIM_LINKS_MAX : 2);

	add(weather, 0, SIM_LINK, node, link, 0);
	add(weather, 1000000 + draw(weather, 500000000), SIM_LINK, node, link, 1);
}

static void limit(struct weather *weather, enum sim_verb verb, uint64_t least, uint64_t most)
{
	uint64_t node = any_node(weather);

	add(weather, 0, verb, node, least + draw(weather, most - least), 0);
	if (chance(weather, 80))
		add(weather, 1000000 + draw(weather, 400000000), verb, node, 0, 0);
}

static void take_over(struct weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);
	uint64_t kinds = 1 + draw(weather, SIM_IMPOSTOR_ALL);

	if (weather->plan->liar)
		kinds = SIM_IMPOSTOR_LIES + draw(weather, SIM_IMPOSTOR_LIES);
	add(weather, 0, SIM_CRASH, node, 0, 0);
	sim_plan_add(weather->plan, weather->now_ns + 1 + draw(weather, 20000000), SIM_IMPOSTOR,
		     node, kinds, 1 + draw(weather, chance(weather, 30) ? 30 : 6),
		     20000000 + draw(weather, 500000000));
	if (chance(weather, 70))
		add(weather, 500000000, SIM_START, node, 0, 0);
}

static void next_trouble(struct weather *weather)
{
	switch (draw(weather, 8)) {
	case 0:
		if (weather->cards)
			replace_card(weather);
		break;
	case 1:
		if (weather->links)
			drop_link(weather);
		break;
	case 2:
		if (weather->buffers)
			limit(weather, SIM_BUFFERS, 1, chance(weather, 50) ? 20 : 300);
		break;
	case 3:
		if (weather->sends)
			limit(weather, SIM_SENDS, 1, chance(weather, 50) ? 20 : 200);
		break;
	case 4:
		if (weather->mtu)
			shrink_mtu(weather);
		break;
	case 5:
		if (weather->stranger)
			sim_plan_add(weather->plan, weather->now_ns, SIM_STRANGER,
				     chance(weather, 50) ? SIM_NODE_ANY : any_node(weather),
				     draw(weather, SIM_STRANGER_ALL + 1),
				     1 + draw(weather, chance(weather, 10) ? 100 : 4),
				     draw(weather, 200000000));
		break;
	case 6:
		if (weather->bystander)
			sim_plan_add(weather->plan, weather->now_ns, SIM_BYSTANDER,
				     draw(weather, 300000000), 0, 0, 0);
		break;
	default:
		if (weather->impostor)
			take_over(weather);
		break;
	}
}

/* Ports on the way of applications that carry less than the links: both ways or one, for a while or for good. */
static void narrow_clients_paths(struct sim_plan *plan, uint64_t seed)
{
	static const uint64_t sizes[] = {0, MTU_MIN, MTU_MIN, 1400, 1500, 4000};
	struct weather weather = {.plan = plan};
	uint64_t node;

	sim_random_init(&weather.random, seed, 27);
	if (!chance(&weather, 25))
		return;
	for (weather.now_ns = draw(&weather, 500000000); weather.now_ns < plan->fault_ns;
	     weather.now_ns += 1 + draw(&weather, 500000000)) {
		node = chance(&weather, 50) ? SIM_NODE_ANY : any_node(&weather);
		add(&weather, 0, SIM_CLIENT_PATH_MTU, node, sizes[draw(&weather, 6)],
		    sizes[draw(&weather, 6)]);
	}
}

void sim_weather_network(struct sim_plan *plan, uint64_t seed)
{
	struct weather weather = {.plan = plan};
	bool *kinds[] = {&weather.cards, &weather.links,    &weather.buffers,	&weather.sends,
			 &weather.mtu,	 &weather.stranger, &weather.bystander, &weather.impostor};
	uint64_t interval_ns;

	sim_random_init(&weather.random, seed, 25);
	if (chance(&weather, 50) && plan->workers == 1)
		plan->wiring = 1 + draw(&weather, SIM_WIRINGS - 1);
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = chance(&weather, 25);
	plan->liar = seed % LIAR_EVERY == LIAR_EVERY - 1;
	weather.impostor |= plan->liar != 0;
	weather.cards &= plan->wiring != SIM_WIRING_PLAIN;
	interval_ns = 10000000 + draw(&weather, 150000000);
	for (weather.now_ns = 30000000 + draw(&weather, 200000000); weather.now_ns < plan->fault_ns;
	     weather.now_ns += 1 + draw(&weather, 2 * interval_ns))
		next_trouble(&weather);
	narrow_clients_paths(plan, seed);
}
