/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/plan/faults_network.h"

#include <string.h>

#include "tests/sim/actors/client.h"

void sim_others_init(struct sim_others *others, struct sim_cluster *cluster, bool liar)
{
	sim_stranger_init(&others->stranger, cluster);
	sim_bystander_init(&others->bystander, cluster);
	sim_impostor_init(&others->impostor, cluster, liar);
}

void sim_others_fini(struct sim_others *others)
{
	sim_stranger_fini(&others->stranger);
	sim_impostor_fini(&others->impostor);
}

/* Nobody changes a card while the others still count the server as alive: with another address it would be another one. */
static bool may_change_card(const struct sim_cluster *cluster, unsigned number)
{
	const struct sim_node *node = &cluster->nodes[number];

	return !node->up && !node->possessed &&
	       cluster->agenda.now_ns - node->down_ns >
		       WL_WORKER_PEER_ALIVE_TIMEOUTS * cluster->config.election_timeout_ns;
}

static void act_on_card(struct sim_cluster *cluster, const struct sim_action *action, unsigned node)
{
	struct sim_card *card = &cluster->network.cards[node];
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_NEW_CARD:
		if (may_change_card(cluster, node))
			card->replaced++;
		break;
	case SIM_LINK:
		if (value >= SIM_LINKS_MAX)
			break;
		card->links_down &= ~(1u << value);
		card->links_down |= (uint32_t)(action->argument[2] == 0) << value;
		break;
	case SIM_BUFFERS:
		card->buffers = (uint32_t)value;
		break;
	case SIM_SENDS:
		card->sends_per_ms = (uint32_t)value;
		break;
	default: /* the daemon asks for it when it starts */
		card->mtu = (uint16_t)value;
		break;
	}
}

void sim_others_act(struct sim_others *others, const struct sim_action *action, unsigned node)
{
	struct sim_cluster *cluster = others->stranger.cluster;
	const uint64_t *argument = action->argument;

	switch (action->verb) {
	case SIM_STRANGER:
		sim_stranger_begin(&others->stranger, node, (uint32_t)argument[1],
				   (uint32_t)argument[2], argument[3]);
		break;
	case SIM_BYSTANDER:
		sim_bystander_begin(&others->bystander, argument[0]);
		break;
	case SIM_IMPOSTOR:
		if (node != SIM_NODE_ANY)
			sim_impostor_begin(&others->impostor, node, (uint32_t)argument[1],
					   (uint32_t)argument[2], argument[3]);
		break;
	default:
		if (node != SIM_NODE_ANY)
			act_on_card(cluster, action, node);
		break;
	}
}

void sim_others_heal(struct sim_others *others, uint32_t nodes, bool all)
{
	struct sim_cluster *cluster = others->stranger.cluster;

	/* Who answers in a peer's name on the same wire cuts links; that is a fault like others. */
	others->stranger.kinds &= ~(uint32_t)SIM_STRANGER_ARP_ANSWERS;
	if (all || others->stranger.kinds == 0)
		sim_stranger_end(&others->stranger);
	if (all || (nodes & 1u << others->impostor.node))
		sim_impostor_end(&others->impostor);
	for (unsigned node = 1; node <= cluster->config.nodes; node++) {
		struct sim_card *card = &cluster->network.cards[node];
		const struct wl_link_info *info = &cluster->network.stations[node].links[0];

		/* Nobody notices a leader that only clients do not reach, or whose card has room for small frames and little else. */
		card->buffers = 0;
		card->sends_per_ms = 0;
		card->links_down &=
			~(1u << sim_network_link(&cluster->network, node, SIM_CLIENT_STATION));
		card->mtu = 0;
		if (cluster->nodes[node].up && info->mtu != cluster->network.mtu)
			sim_node_crash(cluster, node); /* its operator corrects that */
		if (nodes & 1u << node)
			card->links_down = 0;
	}
}
