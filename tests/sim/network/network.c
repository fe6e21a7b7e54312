/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/network.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/ether.h"
#include "tests/sim/network/words.h"

#define VLAN_BYTES 40u /* what a card takes beyond its MTU: tags, and what a driver left room for */
#include "wirelog/limits.h"

struct sim_in_flight {
	struct sim_network *network;
	uint64_t lives; /* of the receiver's process, when it left */
	uint64_t replays; /* that the receiver had met, when it left */
	uint64_t carried, from_lives; /* of its sender, by then: while it was held */
	unsigned from;
	unsigned to;
	uint16_t size, link;
	int8_t label;
	bool application; /* by the client library, which may be misled about who is where */
	bool again; /* may be a second copy, or be overtaken by many */
	uint8_t bytes[];
};

static struct sim_in_flight *copy_of(struct sim_network *network, unsigned to, const uint8_t *bytes,
				     uint16_t size)
{
	struct sim_in_flight *frame = malloc(sizeof(*frame) + size);

	WL_CHECK(frame != NULL);
	frame->network = network;
	frame->lives = network->cards[to].lives;
	frame->replays = network->stations[to].replays;
	frame->to = to;
	frame->size = size;
	frame->link = 0;
	frame->label = SIM_UNKNOWN;
	frame->again = true;
	frame->application = false;
	memcpy(frame->bytes, bytes, size);
	return frame;
}

static void arrive(void *subject, void *object)
{
	struct sim_in_flight *frame = subject;
	struct sim_network *network = frame->network;
	struct sim_station *station = &network->stations[frame->to];
	unsigned at = (station->rx_first + station->rx_count) % SIM_RX_QUEUE;
	uint8_t *bytes;

	(void)object;
	if (!station->attached ||
	    frame->size > station->links[frame->link].mtu + WL_ETHER_BYTES + VLAN_BYTES ||
	    (network->cards[frame->to].links_down & 1u << frame->link) ||
	    station->rx_count == SIM_RX_QUEUE) {
		station->rx_overruns += station->attached;
		free(frame);
		return;
	}
	bytes = malloc(frame->size ? frame->size : 1);
	WL_CHECK(bytes != NULL);
	memcpy(bytes, frame->bytes, frame->size);
	station->rx[at] = (struct wl_frame){
		.bytes = bytes,
		.size = frame->size,
		.link = frame->link,
	};
	/* What is said of a boot is not true of the next one. */
	station->rx_label[at] = frame->label >= 0 && frame->lives != network->cards[frame->to].lives
					? SIM_UNKNOWN
					: frame->label;
	/* What is recorded and played may overtake the frame itself. */
	station->rx_again[at] = frame->again || frame->replays != station->replays;
	station->rx_application[at] = frame->application;
	station->rx_count++;
	network->delivered++;
	free(frame);
	if (station->on_frame)
		station->on_frame(station->context);
}

void sim_network_deliver(struct sim_network *network, unsigned station, const uint8_t *bytes,
			 uint16_t size)
{
	arrive(copy_of(network, station, bytes, size), NULL);
}

static void damage(struct sim_network *network, const struct sim_rule *rule,
		   struct sim_in_flight *frame)
{
	if (sim_random_chance(&network->random, rule->flip_ppm) && frame->size != 0) {
		frame->bytes[sim_random_below(&network->random, frame->size)] ^=
			(uint8_t)(1u << sim_random_below(&network->random, 8));
		frame->label = SIM_UNKNOWN;
	}
	if (sim_random_chance(&network->random, rule->truncate_ppm)) {
		frame->size = (uint16_t)sim_random_below(&network->random, frame->size);
		frame->label = SIM_UNKNOWN;
	}
}

/* Each frame ever sent is kept with the same chance. */
static void record(struct sim_network *network, unsigned to, const uint8_t *bytes, uint16_t size)
{
	uint64_t place = sim_random_below(&network->random, ++network->recorded_seen);

	if (network->recorded_seen <= SIM_RECORDED)
		place = network->recorded_seen - 1;
	if (place >= SIM_RECORDED)
		return;
	free(network->recorded[place]);
	network->recorded[place] = copy_of(network, to, bytes, size);
}

void sim_network_replay(struct sim_network *network, unsigned station, unsigned count)
{
	network->stations[station].replays++;
	for (unsigned at = 0; at < SIM_RECORDED && count > 0; at++) {
		const struct sim_in_flight *kept = network->recorded[at];

		if (!kept || kept->to != station)
			continue;
		sim_agenda_add(network->agenda, network->agenda->now_ns, arrive,
			       copy_of(network, station, kept->bytes, kept->size), NULL);
		count--;
	}
}

void sim_network_hold(struct sim_network *network, const struct sim_hold *hold)
{
	WL_CHECK(network->hold_count < SIM_HOLDS_MAX);
	network->holds[network->hold_count++] = *hold;
}

void sim_network_release(struct sim_network *network)
{
	for (unsigned at = 0; at < network->held_count; at++) {
		struct sim_in_flight *frame = network->held[at];

		/* The window over its sender's sequences has not moved past it: it is a new one. */
		frame->again = network->carried[frame->from] - frame->carried >
				       WL_REPLAY_WINDOW / 2 ||
			       network->cards[frame->from].lives != frame->from_lives;
		if (frame->again)
			frame->label = SIM_UNKNOWN;
		sim_agenda_add(network->agenda, network->agenda->now_ns, arrive, frame, NULL);
	}
	network->held_count = 0;
	network->hold_count = 0;
}

static void keep(struct sim_network *network, unsigned from, unsigned station,
		 const struct wl_frame *sent, int label)
{
	struct sim_in_flight *frame;

	if (network->held_count == SIM_HELD_MAX)
		return;
	frame = copy_of(network, station, sent->bytes, sent->size);
	frame->from = from;
	frame->carried = network->carried[from];
	frame->from_lives = network->cards[from].lives;
	frame->label = (int8_t)label;
	network->held[network->held_count++] = frame;
}

static bool is_held(const struct sim_network *network, unsigned from, unsigned to,
		    const struct wl_frame *frame)
{
	for (unsigned at = 0; at < network->hold_count; at++) {
		const struct sim_hold *hold = &network->holds[at];

		if ((hold->from == 0 || hold->from == from) && (hold->to == 0 || hold->to == to) &&
		    sim_words_of_frame(frame->bytes, frame->size) == hold->type)
			return true;
	}
	return false;
}

/* ---- wiring ---- */

static bool is_node(unsigned station)
{
	return station >= 1 && station <= WIRELOG_NODES_MAX;
}

bool sim_network_is_ethernet(const struct sim_network *network)
{
	return network->wiring == SIM_WIRING_ETHERNET || network->wiring == SIM_WIRING_ROUTED ||
	       network->wiring == SIM_WIRING_TWO;
}

bool sim_network_is_far(const struct sim_network *network, unsigned station, unsigned other)
{
	return network->wiring == SIM_WIRING_ROUTED && is_node(station) && is_node(other) &&
	       (station + other) % 2 == 1;
}

uint16_t sim_network_link(const struct sim_network *network, unsigned station, unsigned other)
{
	bool is_client = other >= 10 && other < SIM_STRANGER_STATION;

	if (network->wiring == SIM_WIRING_LINKS && is_node(station) && is_node(other))
		return (uint16_t)other;
	return network->wiring == SIM_WIRING_TWO && is_node(station) && is_client;
}

static void mac_of(const struct sim_network *network, unsigned station, uint16_t link, uint8_t *mac)
{
	const uint8_t address[6] = {
		2, 0, 0, network->cards[station].replaced, (uint8_t)link, (uint8_t)station};

	memcpy(mac, address, sizeof(address));
}

void sim_network_mac(const struct sim_network *network, unsigned station, unsigned other,
		     uint8_t *mac)
{
	if (sim_network_is_ethernet(network))
		mac_of(network, station, sim_network_link(network, station, other), mac);
	else
		memcpy(mac, (const uint8_t[6]){0, 0, 0, 0, 0, (uint8_t)station}, 6);
}

/* ---- on its way ---- */

/* The worker whose port it is addressed to. */
static unsigned steer(unsigned to, const uint8_t *bytes)
{
	unsigned worker = (unsigned)wl_load_be16(bytes + WL_ETHER_BYTES + 22) - SIM_UDP_PORT;

	return to <= WIRELOG_NODES_MAX && worker < SIM_WORKERS_MAX ? sim_station_of(to, worker)
								   : to;
}

static unsigned steer_frame(unsigned to, const struct wl_frame *frame)
{
	return frame->size > WL_FRAME_ENVELOPE_BYTES ? steer(to, frame->bytes) : to;
}

static unsigned by_ipv4(const struct wl_frame *frame)
{
	return frame->size > 34 ? wl_load_be32(frame->bytes + WL_ETHER_BYTES + 16) & 0xff : 0;
}

static void carry(struct sim_network *network, unsigned from, unsigned to,
		  const struct wl_frame *sent, int label)
{
	const struct sim_rule *rule = &network->rules[from][to];
	unsigned copies = 1, station = steer_frame(to, sent);
	bool is_doubled;

	if (label == SIM_HONEST)
		record(network, station, sent->bytes, sent->size);

	/* A source address that was damaged on its way is learned, too: no tag covers it. The answer goes astray. */
	if (label == SIM_HONEST &&
	    (by_ipv4(sent) != to || (from >= SIM_LAWLESS_STATION && from < SIM_STRANGER_STATION)))
		label = SIM_UNKNOWN;
	network->carried[from]++;
	if (network->hold_count != 0 && is_held(network, from, to, sent)) {
		keep(network, from, station, sent, label);
		sim_trace_frame(&network->trace, from, to, sent->bytes, sent->size, "held");
		return;
	}
	if (rule->cut || (rule->mtu != 0 && sent->size > rule->mtu + WL_ETHER_BYTES) ||
	    sim_random_chance(&network->random, rule->loss_ppm)) {
		network->lost++;
		sim_trace_frame(&network->trace, from, to, sent->bytes, sent->size, "lost");
		return;
	}
	sim_trace_frame(&network->trace, from, to, sent->bytes, sent->size, "");
	is_doubled = sim_random_chance(&network->random, rule->duplicate_ppm);
	copies += is_doubled;
	if ((copies > 1 || rule->reorders) && label > WL_FRAME_FORGED &&
	    label != WL_FRAME_UNKNOWN_TYPE && label != WL_FRAME_UNPROVEN)
		label = SIM_UNKNOWN; /* the second one is a replay, one that is very late may be */
	while (copies-- > 0) {
		struct sim_in_flight *frame = copy_of(network, station, sent->bytes, sent->size);
		uint64_t *last = &network->last_arrival_ns[from][to];
		uint64_t at = network->agenda->now_ns + rule->delay_ns +
			      sim_random_below(&network->random, rule->jitter_ns + 1);

		if (!rule->reorders && at < *last)
			at = *last;
		*last = at;
		if (sim_random_chance(&network->random, rule->late_ppm))
			at += sim_random_below(&network->random, rule->late_ns + 1);
		frame->label = (int8_t)label;
		frame->again = is_doubled || rule->reorders;
		frame->application = (network->applications >> from & 1) != 0;
		frame->link = sim_network_link(network, to, from);
		damage(network, rule, frame);
		sim_agenda_add(network->agenda, at, arrive, frame, NULL);
	}
}

/* The router answers for itself; its own questions are not simulated. */
static void answer_arp(struct sim_network *network, unsigned from, const struct sim_arp *asked)
{
	uint8_t bytes[SIM_ETHER_MIN_BYTES];
	struct wl_frame frame = {.bytes = bytes};
	struct sim_arp answer = {
		.operation = SIM_ARP_REPLY,
		.sender = SIM_IPV4(SIM_ROUTER_STATION),
		.target = asked->sender,
	};

	mac_of(network, SIM_ROUTER_STATION, 0, answer.sender_mac);
	memcpy(answer.target_mac, asked->sender_mac, 6);
	frame.size = (uint16_t)sim_ether_write_arp(bytes, &answer, asked->sender_mac);
	carry(network, SIM_ROUTER_STATION, from, &frame, SIM_UNKNOWN);
}

static void to_everybody(struct sim_network *network, unsigned from, const struct wl_frame *frame)
{
	struct sim_arp arp;

	for (unsigned to = 1; to < SIM_STATIONS; to++) {
		if (to != from && network->stations[to].attached &&
		    sim_network_link(network, from, to) == frame->link)
			carry(network, from, to, frame, SIM_HONEST);
	}
	if (network->wiring == SIM_WIRING_ROUTED &&
	    sim_ether_read_arp(frame->bytes, frame->size, &arp) &&
	    arp.operation == SIM_ARP_REQUEST && arp.target == SIM_IPV4(SIM_ROUTER_STATION))
		answer_arp(network, from, &arp);
}

static void through_router(struct sim_network *network, unsigned from, const struct wl_frame *frame)
{
	uint8_t bytes[UINT16_MAX];
	struct wl_frame routed = *frame;
	unsigned to = by_ipv4(frame);
	uint8_t from_mac[6], to_mac[6];

	if (to == 0 || to >= SIM_STATIONS)
		return;
	memcpy(bytes, frame->bytes, frame->size);
	routed.bytes = bytes;
	mac_of(network, SIM_ROUTER_STATION, 0, from_mac);
	mac_of(network, to, 0, to_mac);
	if (sim_ether_route(bytes, from_mac, to_mac))
		carry(network, from, to, &routed, SIM_HONEST);
}

/* By the destination address: the card that has it now, or nobody. */
static void through_switch(struct sim_network *network, unsigned from, const struct wl_frame *frame)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	unsigned to;
	uint8_t mac[6];

	if (frame->size < 6)
		return;
	if (memcmp(frame->bytes, everybody, 6) == 0) {
		to_everybody(network, from, frame);
		return;
	}
	to = frame->bytes[5];
	if (to == 0 || to >= SIM_STATIONS)
		return;
	mac_of(network, to, sim_network_link(network, to, from), mac);
	if (memcmp(frame->bytes, mac, 6) != 0) {
		sim_trace_frame(&network->trace, from, to, frame->bytes, frame->size, "nobody's");
		return;
	}
	if (to == SIM_ROUTER_STATION)
		through_router(network, from, frame);
	else
		carry(network, from, to, frame, SIM_HONEST);
}

static void forward(struct sim_network *network, unsigned from, const struct wl_frame *frame)
{
	unsigned to = by_ipv4(frame) < SIM_STATIONS ? by_ipv4(frame) : 0;

	network->sent++;
	/* A node answers for each word that leaves it, wherever it goes. */
	if (network->on_sent)
		network->on_sent(network->context, from, to, frame->bytes, frame->size);
	if (network->captured)
		sim_trace_frame(&network->trace, from, to, frame->bytes, frame->size, "");
	else if (sim_network_is_ethernet(network))
		through_switch(network, from, frame);
	else if (to != 0)
		carry(network, from, to, frame, SIM_HONEST);
}

void sim_network_send(struct sim_network *network, unsigned from, unsigned to, const uint8_t *bytes,
		      size_t size, int label)
{
	const struct wl_frame frame = {.bytes = (uint8_t *)(uintptr_t)bytes,
				       .size = (uint16_t)size};

	WL_CHECK(size <= UINT16_MAX);
	carry(network, from, to, &frame, label);
}

const uint8_t *sim_network_recorded(const struct sim_network *network, unsigned at, unsigned *to,
				    uint16_t *size)
{
	const struct sim_in_flight *kept = network->recorded[at % SIM_RECORDED];

	if (!kept)
		return NULL;
	*to = kept->to;
	*size = kept->size;
	return kept->bytes;
}

/* ---- the port of a station ---- */

static bool asks(const struct wl_frame *frame)
{
	uint8_t type = sim_words_of_frame(frame->bytes, frame->size);

	return type == WL_WIRE_HELLO || type == WL_WIRE_KEEPALIVE;
}

static unsigned rx_burst(struct wl_port *port, struct wl_frame *frames, unsigned max)
{
	struct sim_station *station = (struct sim_station *)port;
	unsigned count = 0;

	while (count < max && station->rx_count > 0) {
		int label = station->rx_label[station->rx_first];

		station->tally.honest += label == SIM_HONEST;
		station->tally.asks += label == SIM_HONEST && asks(&station->rx[station->rx_first]);
		station->tally.unknown += label == SIM_UNKNOWN;
		station->tally.applications += station->rx_application[station->rx_first];
		station->tally.again += label == SIM_HONEST && station->rx_again[station->rx_first];
		if (label >= 0) {
			station->tally.labelled++;
			station->tally.verdicts[label]++;
		}
		frames[count++] = station->rx[station->rx_first];
		station->rx_first = (station->rx_first + 1) % SIM_RX_QUEUE;
		station->rx_count--;
	}
	station->frames_held += count;
	return count;
}

static void give_back(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct sim_station *station = (struct sim_station *)port;

	for (unsigned at = 0; at < count; at++)
		free(frames[at].bytes);
	WL_CHECK(station->frames_held >= count);
	station->frames_held -= count;
}

static unsigned alloc(struct wl_port *port, uint16_t link, struct wl_frame *frames, unsigned count)
{
	struct sim_station *station = (struct sim_station *)port;
	uint32_t empty_ppm = station->network->no_buffer_ppm[station->number];
	uint32_t buffers = station->network->cards[station->number].buffers;

	if (empty_ppm != 0 && sim_random_chance(&station->network->random, empty_ppm))
		return 0;
	if (buffers != 0 && station->frames_held + count > buffers)
		count = station->frames_held < buffers ? (unsigned)(buffers - station->frames_held)
						       : 0;
	for (unsigned at = 0; at < count; at++) {
		frames[at].size = (uint16_t)(station->links[link].mtu + WL_ETHER_BYTES);
		frames[at].bytes = malloc(frames[at].size);
		frames[at].link = link;
		frames[at].handle = NULL;
		WL_CHECK(frames[at].bytes != NULL);
	}
	station->frames_held += count;
	return count;
}

/* So many frames as the transmit ring has room for. */
static unsigned room_to_send(struct sim_station *station, unsigned count)
{
	uint32_t limit = station->network->cards[station->number].sends_per_ms;
	uint64_t now = station->network->agenda->now_ns;

	if (limit == 0)
		return count;
	if (now - station->sends_since_ns >= 1000000) {
		station->sends_since_ns = now;
		station->sends = 0;
	}
	if (count > limit - station->sends)
		count = limit - station->sends;
	station->sends += count;
	return count;
}

static unsigned tx_burst(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct sim_station *station = (struct sim_station *)port;

	if (station->network->cards[station->number].links_down & 1u << frames[0].link)
		return 0;
	count = room_to_send(station, count);
	for (unsigned at = 0; at < count; at++) {
		if (sim_budget_spend(station->budget)) /* else the sender has no power any more */
			forward(station->network, station->address, &frames[at]);
	}
	give_back(port, frames, count);
	return count;
}

static void tend(struct wl_port *port, uint64_t now_ns)
{
	(void)port;
	(void)now_ns;
}

static const struct wl_link_info *link_info(const struct wl_port *port, uint16_t link)
{
	return &((const struct sim_station *)port)->links[link];
}

static bool link_is_up(const struct wl_port *port, uint16_t link)
{
	const struct sim_station *station = (const struct sim_station *)port;

	return !(station->network->cards[station->number].links_down & 1u << link);
}

static const struct wl_port_ops ops = {
	.name = "sim",
	.rx_burst = rx_burst,
	.rx_release = give_back,
	.alloc = alloc,
	.tx_burst = tx_burst,
	.tx_drop = give_back,
	.tend = tend,
	.link = link_info,
	.link_is_up = link_is_up,
};

void sim_network_init(struct sim_network *network, struct sim_agenda *agenda, uint64_t seed)
{
	memset(network, 0, sizeof(*network));
	network->agenda = agenda;
	network->mtu = 1500;
	network->trace.now_ns = &agenda->now_ns;
	sim_random_init(&network->random, seed, 1);
}

void sim_network_attach(struct sim_network *network, unsigned number, void (*on_frame)(void *),
			void *context)
{
	struct sim_station *station = &network->stations[number];
	struct sim_card *card = &network->cards[number];
	unsigned address = number > sim_station_of(0, 1) ? number % sim_station_of(0, 1) : number;

	WL_CHECK(number < SIM_STATIONS && !station->attached);
	memset(station, 0, sizeof(*station));
	station->port.ops = &ops;
	station->port.link_count = is_node(number) && network->wiring == SIM_WIRING_LINKS
					   ? SIM_LINKS_MAX
				   : is_node(number) && network->wiring == SIM_WIRING_TWO ? 2
											  : 1;
	station->network = network;
	station->number = number;
	station->address = address;
	station->attached = true;
	card->lives++;
	for (uint16_t link = 0; link < SIM_LINKS_MAX; link++) {
		struct wl_link_info *info = &station->links[link];

		info->mtu = card->mtu ? card->mtu : network->mtu;
		info->ipv4 = SIM_IPV4(address);
		info->ethernet = sim_network_is_ethernet(network);
		if (info->ethernet)
			mac_of(network, number, link, info->mac);
		else
			info->mac[5] = (uint8_t)address;
	}
	station->on_frame = on_frame;
	station->context = context;
}

void sim_network_detach(struct sim_network *network, unsigned number)
{
	struct sim_station *station = &network->stations[number];

	while (station->rx_count > 0) {
		free(station->rx[station->rx_first].bytes);
		station->rx_first = (station->rx_first + 1) % SIM_RX_QUEUE;
		station->rx_count--;
	}
	station->attached = false;
}

void sim_network_fini(struct sim_network *network)
{
	for (unsigned number = 0; number < SIM_STATIONS; number++)
		sim_network_detach(network, number);
	for (unsigned at = 0; at < SIM_RECORDED; at++)
		free(network->recorded[at]);
	for (unsigned at = 0; at < network->held_count; at++)
		free(network->held[at]);
}

void sim_network_set_all(struct sim_network *network, const struct sim_rule *rule)
{
	for (unsigned from = 0; from < SIM_STATIONS; from++) {
		for (unsigned to = 0; to < SIM_STATIONS; to++)
			network->rules[from][to] = *rule;
	}
}
