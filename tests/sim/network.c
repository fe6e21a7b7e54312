/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "dataplane/frame.h"

struct in_flight {
	struct sim_network *network;
	unsigned to;
	uint16_t size;
	uint8_t bytes[];
};

static struct in_flight *copy_of(struct sim_network *network, unsigned to, const uint8_t *bytes, uint16_t size)
{
	struct in_flight *frame = malloc(sizeof(*frame) + size);

	WL_CHECK(frame != NULL);
	frame->network = network;
	frame->to = to;
	frame->size = size;
	memcpy(frame->bytes, bytes, size);
	return frame;
}

static void arrive(void *subject, void *object)
{
	struct in_flight *frame = subject;
	struct sim_station *station = &frame->network->stations[frame->to];
	uint8_t *bytes;

	(void)object;
	if (!station->attached || station->rx_count == SIM_RX_QUEUE) {
		station->rx_overruns += station->attached;
		free(frame);
		return;
	}
	bytes = malloc(frame->size);
	WL_CHECK(bytes != NULL);
	memcpy(bytes, frame->bytes, frame->size);
	station->rx[(station->rx_first + station->rx_count++) % SIM_RX_QUEUE] = (struct wl_frame){
		.bytes = bytes,
		.size = frame->size,
	};
	frame->network->delivered++;
	free(frame);
	if (station->on_frame)
		station->on_frame(station->context);
}

static void damage(struct sim_network *network, const struct sim_rule *rule, struct in_flight *frame)
{
	if (sim_random_chance(&network->random, rule->flip_ppm))
		frame->bytes[sim_random_below(&network->random, frame->size)] ^=
			(uint8_t)(1u << sim_random_below(&network->random, 8));
	if (sim_random_chance(&network->random, rule->truncate_ppm))
		frame->size = (uint16_t)sim_random_below(&network->random, frame->size);
}

static void forward(struct sim_network *network, unsigned from, const uint8_t *bytes, uint16_t size)
{
	unsigned to = size > 34 ? wl_load_be32(bytes + WL_ETHER_BYTES + 16) & 0xff : 0;
	const struct sim_rule *rule;
	unsigned copies = 1;

	network->sent++;
	if (to == 0 || to >= SIM_STATIONS)
		return;
	if (network->on_sent)
		network->on_sent(network->context, from, to, bytes, size);
	rule = &network->rules[from][to];
	if (rule->cut || sim_random_chance(&network->random, rule->loss_ppm)) {
		network->lost++;
		return;
	}
	copies += sim_random_chance(&network->random, rule->duplicate_ppm);
	while (copies-- > 0) {
		struct in_flight *frame = copy_of(network, to, bytes, size);
		uint64_t delay = rule->delay_ns + sim_random_below(&network->random, rule->jitter_ns + 1);

		if (sim_random_chance(&network->random, rule->late_ppm))
			delay += sim_random_below(&network->random, rule->late_ns + 1);
		damage(network, rule, frame);
		sim_agenda_add(network->agenda, network->agenda->now_ns + delay, arrive, frame, NULL);
	}
}

static unsigned rx_burst(struct wl_port *port, struct wl_frame *frames, unsigned max)
{
	struct sim_station *station = (struct sim_station *)port;
	unsigned count = 0;

	while (count < max && station->rx_count > 0) {
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

	for (unsigned at = 0; at < count; at++) {
		frames[at].size = (uint16_t)(station->info.mtu + WL_ETHER_BYTES);
		frames[at].bytes = malloc(frames[at].size);
		frames[at].link = link;
		frames[at].handle = NULL;
		WL_CHECK(frames[at].bytes != NULL);
	}
	station->frames_held += count;
	return count;
}

static unsigned tx_burst(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct sim_station *station = (struct sim_station *)port;

	for (unsigned at = 0; at < count; at++)
		forward(station->network, station->number, frames[at].bytes, frames[at].size);
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
	(void)link;
	return &((const struct sim_station *)port)->info;
}

static bool link_is_up(const struct wl_port *port, uint16_t link)
{
	(void)port;
	(void)link;
	return true;
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
	sim_random_init(&network->random, seed, 1);
}

void sim_network_attach(struct sim_network *network, unsigned number, void (*on_frame)(void *), void *context)
{
	struct sim_station *station = &network->stations[number];

	WL_CHECK(number < SIM_STATIONS && !station->attached);
	memset(station, 0, sizeof(*station));
	station->port.ops = &ops;
	station->port.link_count = 1;
	station->network = network;
	station->number = number;
	station->attached = true;
	station->info.mtu = network->mtu;
	station->info.ipv4 = SIM_IPV4(number);
	station->info.mac[5] = (uint8_t)number;
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
}

void sim_network_set_all(struct sim_network *network, const struct sim_rule *rule)
{
	for (unsigned from = 0; from < SIM_STATIONS; from++) {
		for (unsigned to = 0; to < SIM_STATIONS; to++)
			network->rules[from][to] = *rule;
	}
}
