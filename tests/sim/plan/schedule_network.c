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

struct schedule {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t now_ns;
	bool cards, links, buffers, sends, mtu, stranger, bystander, impostor;
};

static uint64_t draw(struct schedule *schedule, uint64_t below)
{
	return sim_random_below(&schedule->random, below);
}

static bool chance(struct schedule *schedule, uint32_t percent)
{
	return draw(schedule, 100) < percent;
}

static void add(struct schedule *schedule, uint64_t after_ns, enum sim_verb verb, uint64_t a,
		uint64_t b, uint64_t c)
{
	sim_plan_add(schedule->plan, schedule->now_ns + after_ns, verb, a, b, c, 0);
}

static uint64_t any_node(struct schedule *schedule)
{
	return chance(schedule, 40) ? SIM_NODE_LEADER : 1 + draw(schedule, schedule->plan->nodes);
}

static void replace_card(struct schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);

	add(schedule, 0, SIM_CRASH, node, 0, 0);
	add(schedule, CARD_CHANGED_NS, SIM_NEW_CARD, node, 0, 0);
	add(schedule, CARD_CHANGED_NS + 1 + draw(schedule, 200000000), SIM_START, node, 0, 0);
}

static void shrink_mtu(struct schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);

	if (schedule->plan->mtu != MTU_LARGE)
		return;
	add(schedule, 0, SIM_CRASH, node, 0, 0);
	add(schedule, 0, SIM_MTU, node, chance(schedule, 60) ? MTU_SMALL : 0, 0);
	add(schedule, 1000000 + draw(schedule, 100000000), SIM_START, node, 0, 0);
}

static void drop_link(struct schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);
	uint64_t link =
		draw(schedule, schedule->plan->wiring == SIM_WIRING_LINKS ? SIM_LINKS_MAX : 2);

	add(schedule, 0, SIM_LINK, node, link, 0);
	add(schedule, 1000000 + draw(schedule, 500000000), SIM_LINK, node, link, 1);
}

static void limit(struct schedule *schedule, enum sim_verb verb, uint64_t least, uint64_t most)
{
	uint64_t node = any_node(schedule);

	add(schedule, 0, verb, node, least + draw(schedule, most - least), 0);
	if (chance(schedule, 80))
		add(schedule, 1000000 + draw(schedule, 400000000), verb, node, 0, 0);
}

static void take_over(struct schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);
	uint64_t kinds = 1 + draw(schedule, SIM_IMPOSTOR_ALL);

	if (schedule->plan->liar)
		kinds = SIM_IMPOSTOR_LIES + draw(schedule, SIM_IMPOSTOR_LIES);
	add(schedule, 0, SIM_CRASH, node, 0, 0);
	sim_plan_add(schedule->plan, schedule->now_ns + 1 + draw(schedule, 20000000), SIM_IMPOSTOR,
		     node, kinds, 1 + draw(schedule, chance(schedule, 30) ? 30 : 6),
		     20000000 + draw(schedule, 500000000));
	if (chance(schedule, 70))
		add(schedule, 500000000, SIM_START, node, 0, 0);
}

static void next_trouble(struct schedule *schedule)
{
	switch (draw(schedule, 8)) {
	case 0:
		if (schedule->cards)
			replace_card(schedule);
		break;
	case 1:
		if (schedule->links)
			drop_link(schedule);
		break;
	case 2:
		if (schedule->buffers)
			limit(schedule, SIM_BUFFERS, 1, chance(schedule, 50) ? 20 : 300);
		break;
	case 3:
		if (schedule->sends)
			limit(schedule, SIM_SENDS, 1, chance(schedule, 50) ? 20 : 200);
		break;
	case 4:
		if (schedule->mtu)
			shrink_mtu(schedule);
		break;
	case 5:
		if (schedule->stranger)
			sim_plan_add(schedule->plan, schedule->now_ns, SIM_STRANGER,
				     chance(schedule, 50) ? SIM_NODE_ANY : any_node(schedule),
				     draw(schedule, SIM_STRANGER_ALL + 1),
				     1 + draw(schedule, chance(schedule, 10) ? 100 : 4),
				     draw(schedule, 200000000));
		break;
	case 6:
		if (schedule->bystander)
			sim_plan_add(schedule->plan, schedule->now_ns, SIM_BYSTANDER,
				     draw(schedule, 300000000), 0, 0, 0);
		break;
	default:
		if (schedule->impostor)
			take_over(schedule);
		break;
	}
}

/* Ports on the way of applications that carry less than the links: both ways or one, for a while or for good. */
static void narrow_clients_paths(struct sim_plan *plan, uint64_t seed)
{
	static const uint64_t sizes[] = {0, MTU_MIN, MTU_MIN, 1400, 1500, 4000};
	struct schedule schedule = {.plan = plan};
	uint64_t node;

	sim_random_init(&schedule.random, seed, 27);
	if (!chance(&schedule, 25))
		return;
	for (schedule.now_ns = draw(&schedule, 500000000); schedule.now_ns < plan->fault_ns;
	     schedule.now_ns += 1 + draw(&schedule, 500000000)) {
		node = chance(&schedule, 50) ? SIM_NODE_ANY : any_node(&schedule);
		add(&schedule, 0, SIM_CLIENT_PATH_MTU, node, sizes[draw(&schedule, 6)],
		    sizes[draw(&schedule, 6)]);
	}
}

void sim_schedule_network(struct sim_plan *plan, uint64_t seed)
{
	struct schedule schedule = {.plan = plan};
	bool *kinds[] = {&schedule.cards,     &schedule.links,	 &schedule.buffers,
			 &schedule.sends,     &schedule.mtu,	 &schedule.stranger,
			 &schedule.bystander, &schedule.impostor};
	uint64_t interval_ns;

	sim_random_init(&schedule.random, seed, 25);
	if (chance(&schedule, 50) && plan->workers == 1)
		plan->wiring = 1 + draw(&schedule, SIM_WIRINGS - 1);
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = chance(&schedule, 25);
	plan->liar = seed % LIAR_EVERY == LIAR_EVERY - 1;
	schedule.impostor |= plan->liar != 0;
	schedule.cards &= plan->wiring != SIM_WIRING_PLAIN;
	interval_ns = 10000000 + draw(&schedule, 150000000);
	for (schedule.now_ns = 30000000 + draw(&schedule, 200000000);
	     schedule.now_ns < plan->fault_ns;
	     schedule.now_ns += 1 + draw(&schedule, 2 * interval_ns))
		next_trouble(&schedule);
	narrow_clients_paths(plan, seed);
}
