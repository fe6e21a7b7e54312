/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/impostor_internal.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/ether.h"
#include "tests/sim/server/node_internal.h"

#define TICK_NS 1000000u
#define IMAGE_BYTES (WL_ENTRY_HEADER_BYTES + 32768u)

uint64_t sim_impostor_near(struct sim_impostor *impostor, uint64_t value)
{
	uint64_t how = sim_impostor_draw(impostor, 16);

	if (how < 8)
		return value;
	if (how < 11)
		return value + 1 + sim_impostor_draw(impostor, 3);
	if (how < 13)
		return value - 1 - sim_impostor_draw(impostor, 3);
	if (how == 13)
		return UINT64_MAX - sim_impostor_draw(impostor, 3);
	if (how == 14)
		return 1ull << sim_impostor_draw(impostor, 64);
	return sim_random_next(&impostor->random);
}

/* ---- frames ---- */

static void send(struct sim_impostor *impostor, unsigned to, unsigned station,
		 const struct wl_auth_key *key, const struct wl_frame_header *header,
		 const uint8_t *payload, int label)
{
	uint8_t frame[WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + 2048];
	struct sim_network *network = &impostor->cluster->network;
	size_t datagram = WL_FRAME_HEADER_BYTES + header->payload_bytes;
	bool to_client = wl_identity_is_client(header->destination);
	struct wl_address from = {.ipv4 = SIM_IPV4(station), .udp_port = 7700};
	struct wl_address dest = {.ipv4 = SIM_IPV4(to), .udp_port = to_client ? 9000 : 7700};

	WL_CHECK(header->payload_bytes <= 2048);
	sim_network_mac(network, station, to, from.mac);
	sim_network_mac(network, to, station, dest.mac);
	wl_frame_encode_header(frame + WL_FRAME_ENVELOPE_BYTES, header);
	memcpy(frame + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES, payload,
	       header->payload_bytes);
	wl_auth_seal(&impostor->cluster->auth, key, frame + WL_FRAME_ENVELOPE_BYTES, datagram);
	wl_frame_close_envelope(frame, &from, &dest, datagram);
	impostor->sent++;
	sim_network_send(network, station, to, frame, WL_FRAME_ENVELOPE_BYTES + datagram, label);
}

void sim_impostor_send(struct sim_impostor *impostor, unsigned to, struct wl_frame_header *header,
		       const uint8_t *payload, int label)
{
	const struct wl_remote *known =
		&impostor->cluster->nodes[to].cores[0].worker->rx.peers[impostor->node];

	header->cluster = impostor->cluster->cluster;
	header->sender = wl_identity_of_node(impostor->node, 0);
	header->destination = wl_identity_of_node(to, 0);
	header->sender_boot = impostor->boot_id;
	if (header->type != WL_WIRE_HELLO)
		header->destination_boot =
			impostor->cluster->nodes[to].cores[0].worker->config.boot_id;
	if (header->sequence == 0)
		header->sequence = ++impostor->sequence;
	/* A liar has other boots, too; then its frames may be older than it says itself. */
	if ((impostor->liar || impostor->cluster->nodes[to].cores[0].worker->config.cluster !=
				       impostor->cluster->cluster) &&
	    label >= 0 && label != WL_FRAME_UNKNOWN_TYPE)
		label = SIM_UNKNOWN;
	/* Where the old server was heard just now, from another card, it is a second one under one id at first. */
	if (label == WL_FRAME_BAD_PAYLOAD && known->boot_id != impostor->boot_id)
		label = SIM_UNKNOWN;
	send(impostor, to, impostor->node, &impostor->key, header, payload, label);
}

void sim_impostor_send_to_station(struct sim_impostor *impostor, unsigned station,
				  struct wl_frame_header *header, const uint8_t *payload)
{
	header->cluster = impostor->cluster->cluster;
	header->sender = wl_identity_of_node(impostor->node, 0);
	header->sender_boot = impostor->boot_id;
	header->sequence = ++impostor->sequence;
	send(impostor, station, impostor->node, &impostor->key, header, payload, SIM_UNKNOWN);
}

void sim_impostor_send_as_client(struct sim_impostor *impostor, unsigned to, unsigned client,
				 uint8_t type, const uint8_t *payload, size_t bytes)
{
	struct wl_frame_header header = {
		.type = type,
		.payload_bytes = (uint16_t)bytes,
		.cluster = impostor->cluster->cluster,
		.sender = WL_IDENTITY_CLIENT | (0x1000u + client),
		.destination = wl_identity_of_node(to, 0),
		/* Now and then one that was restarted: the old one has to be forgotten first. */
		.sender_boot = impostor->boot_id + client +
			       (impostor->cluster->agenda.now_ns >> 29) * SIM_IMPOSTOR_CLIENTS,
		.destination_boot =
			type == WL_WIRE_HELLO
				? 0
				: impostor->cluster->nodes[to].cores[0].worker->config.boot_id,
		.sequence = ++impostor->client_sequence,
	};
	struct wl_auth_key key;

	wl_auth_derive(&impostor->cluster->auth, header.sender, header.sender_boot, &key);
	send(impostor, to, SIM_IMPOSTOR_STATION, &key, &header, payload, SIM_UNKNOWN);
}

/* ---- what comes in ---- */

/* It wants its frames: a node that asks for its address is told. */
static void answer_arp(struct sim_impostor *impostor, const struct wl_frame *frame)
{
	struct sim_network *network = &impostor->cluster->network;
	uint8_t bytes[SIM_ETHER_MIN_BYTES];
	struct sim_arp asked, answer;

	if (!sim_ether_read_arp(frame->bytes, frame->size, &asked) ||
	    asked.operation != SIM_ARP_REQUEST || asked.target != SIM_IPV4(impostor->node))
		return;
	answer = (struct sim_arp){.operation = SIM_ARP_REPLY,
				  .sender = asked.target,
				  .target = asked.sender};
	memcpy(answer.target_mac, asked.sender_mac, 6);
	sim_network_mac(network, impostor->node, asked.sender & 0xff, answer.sender_mac);
	sim_network_send(network, impostor->node, asked.sender & 0xff, bytes,
			 sim_ether_write_arp(bytes, &answer, asked.sender_mac), WL_FRAME_ARP);
}

static void take(struct sim_impostor *impostor, const struct wl_frame *frame)
{
	const uint8_t *datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	struct wl_frame_header header;

	answer_arp(impostor, frame);
	if (frame->size >= WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES &&
	    wl_frame_decode_header(datagram, frame->size - WL_FRAME_ENVELOPE_BYTES, &header) ==
		    WL_FRAME_OK &&
	    wl_identity_is_client(header.destination))
		sim_impostor_take_as_client(impostor, &header, datagram + WL_FRAME_HEADER_BYTES);
}

static void drain(struct sim_impostor *impostor, unsigned station)
{
	struct wl_port *port = &impostor->cluster->network.stations[station].port;
	struct wl_frame frame;

	while (port->ops->rx_burst(port, &frame, 1) == 1) {
		take(impostor, &frame);
		port->ops->rx_release(port, &frame, 1);
	}
}

static void on_frame(void *context)
{
	struct sim_impostor *impostor = context;

	drain(impostor, impostor->node);
}

static void on_client_frame(void *context)
{
	drain(context, SIM_IMPOSTOR_STATION);
}

/* ---- its life ---- */

static void say_one(struct sim_impostor *impostor, unsigned to)
{
	static void (*const says[])(struct sim_impostor *,
				    unsigned) = {sim_impostor_say_malformed, sim_impostor_say_stale,
						 sim_impostor_say_as_client, sim_impostor_say_lie};
	uint32_t kinds = impostor->kinds &
			 (impostor->liar ? SIM_IMPOSTOR_ALL : SIM_IMPOSTOR_ALL - SIM_IMPOSTOR_LIES);
	unsigned kind = (unsigned)sim_impostor_draw(impostor, 4);

	if (kinds == 0)
		return;
	while (!(kinds & 1u << kind % 4))
		kind++;
	sim_impostor_greet(impostor, to);
	says[kind % 4](impostor, to);
}

static void tick(void *subject, void *object)
{
	struct sim_impostor *impostor = subject;
	struct sim_cluster *cluster = impostor->cluster;

	(void)object;
	impostor->ticks = false;
	if (cluster->agenda.closing || impostor->node == 0)
		return;
	if (cluster->agenda.now_ns >= impostor->until_ns) {
		sim_impostor_end(impostor);
		return;
	}
	for (uint32_t frame = 0; frame < impostor->frames_per_ms; frame++) {
		unsigned to = 1 + (unsigned)sim_impostor_draw(impostor, cluster->config.nodes);

		if (cluster->nodes[to].up)
			say_one(impostor, to);
	}
	impostor->ticks = true;
	sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns + TICK_NS, tick, impostor, NULL);
}

/* As the daemon's start: the boot is counted before anything is said under it. False: its stable storage are of no use. */
static bool boot(struct sim_impostor *impostor, struct sim_node *node)
{
	uint8_t(*copies)[WL_BLOCK_BYTES] = node->drives[0].superblock;
	struct wl_superblock record;
	unsigned damaged;

	if (wl_superblock_choose((const uint8_t(*)[WL_BLOCK_BYTES])copies, &record, &damaged) !=
	    WL_SUPERBLOCK_OK)
		return false;
	record.boot_count++;
	record.sequence++;
	for (unsigned which = 0; which < 2; which++)
		wl_superblock_encode(copies[wl_superblock_copy(record.sequence, which, damaged)],
				     &record);
	impostor->boot_id = record.boot_count << 32 | (sim_random_next(&impostor->random) >> 33);
	impostor->incarnation = record.incarnation;
	impostor->caught_up_boot = record.journals[0].caught_up_boot;
	impostor->history = 0;
	for (uint32_t journal = 0; journal < impostor->cluster->config.journals; journal++)
		impostor->history |= (record.journals[journal].term != 0 ? 1u : 0u) << journal;
	memcpy(impostor->peers, record.peers, sizeof(impostor->peers));
	impostor->sequence = 0;
	wl_auth_derive(&impostor->cluster->auth, wl_identity_of_node(node->number, 0),
		       impostor->boot_id, &impostor->key);
	return true;
}

void sim_impostor_begin(struct sim_impostor *impostor, unsigned number, uint32_t kinds,
			uint32_t frames_per_ms, uint64_t for_ns)
{
	struct sim_cluster *cluster = impostor->cluster;
	struct sim_node *node = &cluster->nodes[number];

	if (node->up || node->refused || node->forgot || impostor->node != 0 ||
	    !boot(impostor, node))
		return;
	sim_trace_say(&cluster->network.trace, "node %u is taken over", number);
	impostor->node = number;
	impostor->kinds = kinds;
	impostor->is_extreme = sim_random_chance(&impostor->random, 300000);
	impostor->frames_per_ms = frames_per_ms;
	impostor->until_ns = cluster->agenda.now_ns + for_ns;
	node->possessed = true;
	sim_network_attach(&cluster->network, number, on_frame, impostor);
	if (!cluster->network.stations[SIM_IMPOSTOR_STATION].attached)
		sim_network_attach(&cluster->network, SIM_IMPOSTOR_STATION, on_client_frame,
				   impostor);
	if (!impostor->ticks)
		sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns, tick, impostor, NULL);
	impostor->ticks = true;
}

void sim_impostor_end(struct sim_impostor *impostor)
{
	struct sim_cluster *cluster = impostor->cluster;

	if (impostor->node == 0)
		return;
	sim_trace_say(&cluster->network.trace, "node %u is its own again", impostor->node);
	impostor->until_ns = 0;
	sim_network_detach(&cluster->network, impostor->node);
	cluster->nodes[impostor->node].possessed = false;
	impostor->node = 0;
}

void sim_impostor_init(struct sim_impostor *impostor, struct sim_cluster *cluster, bool liar)
{
	memset(impostor, 0, sizeof(*impostor));
	impostor->cluster = cluster;
	impostor->liar = liar;
	impostor->image = malloc(IMAGE_BYTES);
	WL_CHECK(impostor->image != NULL);
	sim_random_init(&impostor->random, cluster->seed, 22);
}

void sim_impostor_fini(struct sim_impostor *impostor)
{
	sim_impostor_end(impostor);
	free(impostor->image);
}
