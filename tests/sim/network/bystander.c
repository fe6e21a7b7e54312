/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/bystander.h"

#include <string.h>

#include "tests/sim/oracle/oracle.h"

#define TICK_NS 4000000u
#define PAYLOAD_MAX 1400u

static void mac_of_node(const struct sim_bystander *bystander, unsigned node, uint8_t *mac)
{
	sim_network_mac(&bystander->cluster->network, node, SIM_BYSTANDER_STATION, mac);
}

static void mac_of_ours(const struct sim_bystander *bystander, uint8_t *mac)
{
	sim_network_mac(&bystander->cluster->network, SIM_BYSTANDER_STATION, 1, mac);
}

static void ping(struct sim_bystander *bystander, unsigned node)
{
	uint8_t frame[PAYLOAD_MAX + 100];
	struct sim_echo *echo = &bystander->asked[node];

	*echo = (struct sim_echo){
		.from = SIM_IPV4(SIM_BYSTANDER_STATION),
		.to = SIM_IPV4(node),
		.identifier = (uint16_t)sim_random_next(&bystander->random),
		.sequence = ++bystander->sequence,
		.payload_bytes = (uint16_t)sim_random_below(&bystander->random, PAYLOAD_MAX),
	};
	if (sim_random_chance(&bystander->random, 500000))
		echo->payload_bytes %= 32; /* shorter than Ethernet's least */
	mac_of_node(bystander, node, echo->to_mac);
	mac_of_ours(bystander, echo->from_mac);
	bystander->pings_asked++;
	sim_network_send(&bystander->cluster->network, SIM_BYSTANDER_STATION, node, frame,
			 sim_ether_write_echo(frame, echo), WL_FRAME_ICMP);
}

static void ask(struct sim_bystander *bystander, unsigned node)
{
	struct sim_arp arp = {
		.operation = SIM_ARP_REQUEST,
		.sender = SIM_IPV4(SIM_BYSTANDER_STATION),
		.target = SIM_IPV4(node),
	};
	uint8_t frame[SIM_ETHER_MIN_BYTES];

	mac_of_ours(bystander, arp.sender_mac);
	bystander->arps_asked++;
	/* Everybody hears the question; one answers. */
	for (unsigned to = 1; to <= bystander->cluster->config.nodes; to++)
		sim_network_send(&bystander->cluster->network, SIM_BYSTANDER_STATION, to, frame,
				 sim_ether_write_arp(frame, &arp, NULL), WL_FRAME_ARP);
}

static void tick(void *subject, void *object)
{
	struct sim_bystander *bystander = subject;
	struct sim_agenda *agenda = &bystander->cluster->agenda;
	unsigned node = 1 + (unsigned)sim_random_below(&bystander->random,
						       bystander->cluster->config.nodes);

	(void)object;
	bystander->ticks = false;
	if (agenda->closing || agenda->now_ns >= bystander->until_ns)
		return;
	if (sim_random_chance(&bystander->random, 300000))
		ask(bystander, node);
	else
		ping(bystander, node);
	bystander->ticks = true;
	sim_agenda_add(agenda, agenda->now_ns + TICK_NS, tick, bystander, NULL);
}

static void take_arp(struct sim_bystander *bystander, const struct sim_arp *arp)
{
	unsigned node = arp->sender & 0xff;
	uint8_t mac[6], ours[6];

	if (arp->operation != SIM_ARP_REPLY)
		return; /* a node's own question */
	mac_of_node(bystander, node, mac);
	mac_of_ours(bystander, ours);
	/* A card that was replaced since is no lie. */
	if (node < 1 || node > bystander->cluster->config.nodes ||
	    memcmp(arp->sender_mac, mac, 3) != 0 || memcmp(arp->sender_mac + 4, mac + 4, 2) != 0 ||
	    arp->target != SIM_IPV4(SIM_BYSTANDER_STATION) || memcmp(arp->target_mac, ours, 6) != 0)
		sim_violation(bystander->cluster, node, "O27", "a wrong answer to an ARP question");
	bystander->arps_answered++;
}

static void take(struct sim_bystander *bystander, const struct wl_frame *frame)
{
	struct sim_arp arp;
	unsigned node;

	if (sim_ether_read_arp(frame->bytes, frame->size, &arp)) {
		take_arp(bystander, &arp);
		return;
	}
	for (node = 1; node <= bystander->cluster->config.nodes; node++) {
		if (bystander->asked[node].sequence != 0 &&
		    sim_ether_is_echo_reply(frame->bytes, frame->size, &bystander->asked[node]))
			break;
	}
	if (node <= bystander->cluster->config.nodes)
		bystander->pings_answered++;
	else if (frame->size < 38 || /* it may answer an older question: then number and kind tell */
		 frame->bytes[34] != 0 || frame->bytes[23] != 1)
		sim_violation(bystander->cluster, 0, "O27", "a frame that answers nothing");
}

static void on_frame(void *context)
{
	struct sim_bystander *bystander = context;
	struct sim_station *station = &bystander->cluster->network.stations[SIM_BYSTANDER_STATION];
	struct wl_frame frame;

	for (;;) {
		uint32_t honest = station->tally.honest;

		if (station->port.ops->rx_burst(&station->port, &frame, 1) == 0)
			break;
		if (station->tally.honest != honest) /* else it was damaged on its way */
			take(bystander, &frame);
		station->port.ops->rx_release(&station->port, &frame, 1);
	}
}

void sim_bystander_begin(struct sim_bystander *bystander, uint64_t for_ns)
{
	struct sim_agenda *agenda = &bystander->cluster->agenda;

	bystander->until_ns = agenda->now_ns + for_ns;
	if (!bystander->ticks)
		sim_agenda_add(agenda, agenda->now_ns, tick, bystander, NULL);
	bystander->ticks = true;
}

void sim_bystander_init(struct sim_bystander *bystander, struct sim_cluster *cluster)
{
	memset(bystander, 0, sizeof(*bystander));
	bystander->cluster = cluster;
	sim_random_init(&bystander->random, cluster->seed, 21);
	if (sim_network_is_ethernet(&cluster->network))
		sim_network_attach(&cluster->network, SIM_BYSTANDER_STATION, on_frame, bystander);
}
