/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "dataplane/frame.h"
#include "wirelog/limits.h"

struct sim_in_flight {
	struct sim_network *network;
	unsigned to;
	uint16_t size;
	uint8_t bytes[];
};

static struct sim_in_flight *copy_of(struct sim_network *network, unsigned to, const uint8_t *bytes,
				     uint16_t size)
{
	struct sim_in_flight *frame = malloc(sizeof(*frame) + size);

	WL_CHECK(frame != NULL);
	frame->network = network;
	frame->to = to;
	frame->size = size;
	memcpy(frame->bytes, bytes, size);
	return frame;
}

static void arrive(void *subject, void *object)
{
	struct sim_in_flight *frame = subject;
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

void sim_network_deliver(struct sim_network *network, unsigned station, const uint8_t *bytes,
			 uint16_t size)
{
	arrive(copy_of(network, station, bytes, size), NULL);
}

static void damage(struct sim_network *network, const struct sim_rule *rule,
		   struct sim_in_flight *frame)
{
	if (sim_random_chance(&network->random, rule->flip_ppm))
		frame->bytes[sim_random_below(&network->random, frame->size)] ^=
			(uint8_t)(1u << sim_random_below(&network->random, 8));
	if (sim_random_chance(&network->random, rule->truncate_ppm))
		frame->size = (uint16_t)sim_random_below(&network->random, frame->size);
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
	for (unsigned at = 0; at < network->held_count; at++)
		sim_agenda_add(network->agenda, network->agenda->now_ns, arrive, network->held[at],
			       NULL);
	network->held_count = 0;
	network->hold_count = 0;
}

/* True: the frame is kept, or would be if there were room. */
static bool holds(struct sim_network *network, unsigned from, unsigned to, unsigned station,
		  const struct wl_frame *frame)
{
	struct wl_frame_header header;

	for (unsigned at = 0; at < network->hold_count; at++) {
		const struct sim_hold *hold = &network->holds[at];

		if ((hold->from != 0 && hold->from != from) || (hold->to != 0 && hold->to != to) ||
		    wl_frame_decode_header(frame->bytes + WL_FRAME_ENVELOPE_BYTES,
					   frame->size - WL_FRAME_ENVELOPE_BYTES,
					   &header) != WL_FRAME_OK ||
		    header.type != hold->type)
			continue;
		if (network->held_count < SIM_HELD_MAX)
			network->held[network->held_count++] =
				copy_of(network, station, frame->bytes, frame->size);
		sim_trace_frame(&network->trace, from, to, frame->bytes, frame->size, "held");
		return true;
	}
	return false;
}

/* The worker whose port it is addressed to. */
static unsigned steer(unsigned to, const uint8_t *bytes)
{
	unsigned worker = (unsigned)wl_load_be16(bytes + WL_ETHER_BYTES + 22) - SIM_UDP_PORT;

	return to <= WIRELOG_NODES_MAX && worker < SIM_WORKERS_MAX ? sim_station_of(to, worker)
								   : to;
}

static void forward(struct sim_network *network, const struct sim_station *sender,
		    const uint8_t *bytes, uint16_t size)
{
	unsigned to = size > WL_FRAME_ENVELOPE_BYTES
			      ? wl_load_be32(bytes + WL_ETHER_BYTES + 16) & 0xff
			      : 0;
	unsigned from = sender->address, copies = 1, station;
	const struct sim_rule *rule;

	if (!sim_budget_spend(sender->budget))
		return; /* the sender has no power any more */
	network->sent++;
	if (to == 0 || to >= SIM_STATIONS)
		return;
	station = steer(to, bytes);
	if (network->captured) {
		sim_trace_frame(&network->trace, from, to, bytes, size, "");
		network->on_sent(network->context, from, to, bytes, size);
		return;
	}
	record(network, station, bytes, size);
	if (network->on_sent)
		network->on_sent(network->context, from, to, bytes, size);
	if (network->hold_count != 0 &&
	    holds(network, from, to, station,
		  &(struct wl_frame){.bytes = (uint8_t *)(uintptr_t)bytes, .size = size}))
		return;
	rule = &network->rules[from][to];
	if (rule->cut || sim_random_chance(&network->random, rule->loss_ppm)) {
		network->lost++;
		sim_trace_frame(&network->trace, from, to, bytes, size, "lost");
		return;
	}
	sim_trace_frame(&network->trace, from, to, bytes, size, "");
	copies += sim_random_chance(&network->random, rule->duplicate_ppm);
	while (copies-- > 0) {
		struct sim_in_flight *frame = copy_of(network, station, bytes, size);
		uint64_t *last = &network->last_arrival_ns[from][to];
		uint64_t at = network->agenda->now_ns + rule->delay_ns +
			      sim_random_below(&network->random, rule->jitter_ns + 1);

		if (!rule->reorders && at < *last)
			at = *last;
		*last = at;
		if (sim_random_chance(&network->random, rule->late_ppm))
			at += sim_random_below(&network->random, rule->late_ns + 1);
		damage(network, rule, frame);
		sim_agenda_add(network->agenda, at, arrive, frame, NULL);
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
	uint32_t empty_ppm = station->network->no_buffer_ppm[station->number];

	if (empty_ppm != 0 && sim_random_chance(&station->network->random, empty_ppm))
		return 0;
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
		forward(station->network, station, frames[at].bytes, frames[at].size);
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
	network->trace.now_ns = &agenda->now_ns;
	sim_random_init(&network->random, seed, 1);
}

void sim_network_attach(struct sim_network *network, unsigned number, void (*on_frame)(void *),
			void *context)
{
	struct sim_station *station = &network->stations[number];
	unsigned address = number > sim_station_of(0, 1) ? number % sim_station_of(0, 1) : number;

	WL_CHECK(number < SIM_STATIONS && !station->attached);
	memset(station, 0, sizeof(*station));
	station->port.ops = &ops;
	station->port.link_count = 1;
	station->network = network;
	station->number = number;
	station->address = address;
	station->attached = true;
	station->info.mtu = network->mtu;
	station->info.ipv4 = SIM_IPV4(address);
	station->info.mac[5] = (uint8_t)address;
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
