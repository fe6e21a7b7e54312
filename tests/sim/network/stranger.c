/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/stranger.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/ether.h"
#include "tests/sim/network/stranger_internal.h"

#define TICK_NS 1000000u
#define ROOM 10000u

static uint64_t draw(struct sim_stranger *stranger, uint64_t below)
{
	return sim_random_below(&stranger->random, below);
}

static void fill(struct sim_stranger *stranger, uint8_t *to, size_t bytes)
{
	for (size_t at = 0; at < bytes; at++)
		to[at] = (uint8_t)sim_random_next(&stranger->random);
}

/* Any bytes, but Ethernet's type is chosen, and what says IPv4 is none. */
static size_t make_garbage(struct sim_stranger *stranger, unsigned node, int *label)
{
	static const struct {
		uint16_t type;
		int label;
	} types[] = {{0x0800, WL_FRAME_BAD_IPV4}, {0x0806, WL_FRAME_ARP},
		     {0x8100, WL_FRAME_VLAN},	  {0x88a8, WL_FRAME_VLAN},
		     {0x86dd, WL_FRAME_NOT_IPV4}, {0x0000, WL_FRAME_NOT_IPV4}};
	unsigned which = (unsigned)draw(stranger, sizeof(types) / sizeof(types[0]));
	size_t limit = stranger->cluster->network.mtu + WL_ETHER_BYTES + 40u;
	size_t bytes = draw(stranger, draw(stranger, 2) ? 64 : limit);

	fill(stranger, stranger->frame, bytes < 64 ? 64 : bytes);
	stranger->frame[5] = (uint8_t)node;
	wl_store_be16(stranger->frame + 12, types[which].type);
	if (stranger->frame[14] == 0x45)
		stranger->frame[14] = 0x54;
	*label = types[which].label;
	if (bytes < WL_ETHER_BYTES ||
	    (types[which].type == 0x0800 && bytes < WL_ETHER_BYTES + WL_IPV4_BYTES))
		*label = WL_FRAME_SHORT;
	return bytes;
}

/* ---- frames of ours, almost ---- */

uint64_t sim_stranger_boot(const struct sim_cluster *cluster, unsigned node)
{
	return cluster->nodes[node].up ? cluster->nodes[node].cores[0].worker->config.boot_id
				       : 1700000000ull << 32 | node;
}

/* Who it says it is: a voter that lives, one that does not, or a client. */
static void pretend(struct sim_stranger *stranger, unsigned node, struct wl_frame_header *header)
{
	const struct sim_cluster *cluster = stranger->cluster;
	unsigned other = 1 + (unsigned)draw(stranger, cluster->config.nodes);

	header->sender_boot = sim_stranger_boot(cluster, other);
	if (draw(stranger, 4) == 0) /* a boot that is to come */
		header->sender_boot += 1ull << 33;
	header->sender = wl_identity_of_node(other, 0);
	if (other == node || draw(stranger, 4) == 0) {
		header->sender = WL_IDENTITY_CLIENT | (uint32_t)draw(stranger, 1u << 31);
		header->sender_boot = 1 + draw(stranger, UINT64_MAX);
	}
}

/* A whole frame with a tag of its own invention. */
static size_t make_frame(struct sim_stranger *stranger, unsigned node,
			 const struct wl_frame_header *header)
{
	uint8_t *datagram = stranger->frame + WL_FRAME_ENVELOPE_BYTES;
	size_t bytes = WL_FRAME_HEADER_BYTES + header->payload_bytes;

	fill(stranger, datagram, bytes);
	wl_frame_encode_header(datagram, header);
	fill(stranger, datagram + WL_FRAME_TAG_OFFSET, 16);
	return sim_stranger_wrap(stranger, node, bytes);
}

size_t sim_stranger_wrap(struct sim_stranger *stranger, unsigned node, size_t datagram_bytes)
{
	struct wl_address from = {.mac = {2, 0, 0, 0, 0, SIM_STRANGER_STATION},
				  .ipv4 = SIM_IPV4(SIM_STRANGER_STATION),
				  .udp_port = (uint16_t)(1 + draw(stranger, 65535))};
	struct wl_address to = {.ipv4 = SIM_IPV4(node), .udp_port = 7700};

	sim_network_mac(&stranger->cluster->network, node, SIM_STRANGER_STATION, to.mac);
	wl_frame_close_envelope(stranger->frame, &from, &to, datagram_bytes);
	return WL_FRAME_ENVELOPE_BYTES + datagram_bytes;
}

static struct wl_frame_header make_header(struct sim_stranger *stranger, unsigned node)
{
	static const uint8_t types[] = {
		WL_WIRE_HELLO,	       WL_WIRE_HELLO_REPLY, WL_WIRE_GREETING,	WL_WIRE_APPEND,
		WL_WIRE_APPEND_ACK,    WL_WIRE_VOTE,	    WL_WIRE_VOTE_REPLY, WL_WIRE_TIMEOUT_NOW,
		WL_WIRE_CLIENT_APPEND, WL_WIRE_KEEPALIVE,   WL_WIRE_SUBSCRIBE,	WL_WIRE_PRE_VOTE,
		WL_WIRE_OPEN_SESSION};
	struct wl_frame_header header = {
		.type = types[draw(stranger, sizeof(types))],
		.payload_bytes = (uint16_t)draw(stranger, draw(stranger, 4) ? 100 : 1200),
		.key_id = stranger->cluster->auth.held.id[0], /* anybody can read it */
		.cluster = stranger->cluster->cluster,
		.destination = wl_identity_of_node(node, 0),
		.destination_boot = sim_stranger_boot(stranger->cluster, node),
		.sequence = 1 + draw(stranger, 1 << 20),
	};

	pretend(stranger, node, &header);
	return header;
}

static size_t make_forged(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct wl_frame_header header = make_header(stranger, node);
	size_t bytes = make_frame(stranger, node, &header);

	if (draw(stranger, 8) == 0)
		wl_store_u16(stranger->frame + 40,
			     0); /* UDP without a checksum is none the less UDP */
	*label = WL_FRAME_FORGED;
	return bytes;
}

/* One thing is wrong with the header of the frame. */
static size_t make_bad_header(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct wl_frame_header header = make_header(stranger, node);
	unsigned which = (unsigned)draw(stranger, 12);
	uint8_t *datagram = stranger->frame + WL_FRAME_ENVELOPE_BYTES;
	size_t bytes, cut = draw(stranger, WL_FRAME_HEADER_BYTES);

	if (which == 0)
		header.cluster++;
	else if (which == 1) { /* a HELLO for nobody would be for whoever is there */
		header.type = WL_WIRE_APPEND;
		header.destination ^= 1u << draw(stranger, 32);
	} else if (which == 2)
		header.sender_boot = 0;
	else if (which <= 5) /* ourselves, a node that is none, another worker */
		header.sender = which == 3   ? wl_identity_of_node(node, 0)
				: which == 4 ? (uint32_t)draw(stranger, WL_IDENTITY_CLIENT) |
						       (uint32_t)(WIRELOG_NODES_MAX + 1) << 8
					     : wl_identity_of_node(1 + node % 7, 1);
	else if (which == 6) { /* only a HELLO may be for whoever is there */
		header.type = WL_WIRE_APPEND;
		header.destination = 0;
	}
	bytes = make_frame(stranger, node, &header) - WL_FRAME_ENVELOPE_BYTES;
	if (which == 7)
		datagram[draw(stranger, 4)] ^= (uint8_t)(1 + draw(stranger, 255));
	else if (which == 8)
		datagram[4] ^= (uint8_t)(1 + draw(stranger, 255));
	else if (which == 9)
		datagram[6 + draw(stranger, 2)] ^= (uint8_t)(1 + draw(stranger, 255));
	else if (which == 10)
		datagram[50 + draw(stranger, 6) % 2] ^= (uint8_t)(1 + draw(stranger, 255));
	else if (which == 11)
		bytes = cut;
	*label = which == 0		    ? WL_FRAME_OTHER_CLUSTER
		 : which == 1 || which == 6 ? WL_FRAME_OTHER_DESTINATION
		 : which <= 5		    ? WL_FRAME_UNKNOWN_SENDER
		 : which == 7 || bytes < 4  ? WL_FRAME_NOT_WIRELOG
		 : which == 8		    ? WL_FRAME_BAD_VERSION
		 : which == 9		    ? WL_FRAME_BAD_LENGTH
		 : which == 10		    ? WL_FRAME_BAD_RESERVED
					    : WL_FRAME_SHORT;
	return sim_stranger_wrap(stranger, node, bytes);
}

static void mend_ipv4(uint8_t *ip)
{
	wl_store_be16(ip + 10, 0);
	wl_store_be16(ip + 10, sim_ether_checksum(ip, WL_IPV4_BYTES));
}

/* One thing is wrong with what carries the frame. */
static size_t make_bad_envelope(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct wl_frame_header header = make_header(stranger, node);
	size_t bytes = make_frame(stranger, node, &header);
	uint8_t *ip = stranger->frame + WL_ETHER_BYTES, *udp = ip + WL_IPV4_BYTES;
	bool any_address = stranger->cluster->network.wiring == SIM_WIRING_LINKS ||
			   stranger->cluster->network.wiring == SIM_WIRING_PLAIN;
	unsigned which = (unsigned)draw(stranger, any_address ? 10 : 12);
	uint16_t total = (uint16_t)(bytes - WL_ETHER_BYTES), sum = wl_load_be16(udp + 6);

	*label = which <= 4   ? WL_FRAME_BAD_IPV4
		 : which <= 6 ? WL_FRAME_FRAGMENT
		 : which == 7 ? WL_FRAME_NOT_UDP
		 : which <= 9 ? WL_FRAME_BAD_UDP
			      : WL_FRAME_OTHER_ADDRESS;
	if (which == 0)
		ip[0] = 0x46; /* options */
	else if (which == 1)
		ip[0] = 0x65;
	else if (which == 2)
		wl_store_be16(ip + 2, (uint16_t)draw(stranger, WL_IPV4_BYTES));
	else if (which == 3)
		wl_store_be16(ip + 2, (uint16_t)(total + 1 + draw(stranger, 1000)));
	else if (which == 5)
		wl_store_be16(ip + 6, 0x2000);
	else if (which == 6)
		wl_store_be16(ip + 6, (uint16_t)(1 + draw(stranger, 0x1fff)));
	else if (which == 7)
		ip[9] = draw(stranger, 2) ? 6 : 89;
	else if (which == 8)
		wl_store_be16(udp + 4, (uint16_t)(total + draw(stranger, 100)));
	else if (which == 9 && draw(stranger, 2)) /* no room for UDP's header */
		wl_store_be16(ip + 2, (uint16_t)(WL_IPV4_BYTES + draw(stranger, WL_UDP_BYTES)));
	else if (which == 9) /* 0 would say that there is none */
		wl_store_be16(udp + 6, sum == 0xffff ? 0x1234 : (uint16_t)~sum);
	else if (which == 10)
		ip[19] ^= 0x40;
	else if (which == 11)
		udp[3] ^= 1;
	mend_ipv4(ip);
	if (which == 4)
		ip[11] ^= 1;
	return bytes;
}

/* ---- ticks ---- */

static void send_one(struct sim_stranger *stranger, unsigned node)
{
	static size_t (*const makers[])(struct sim_stranger *, unsigned,
					int *) = {make_garbage,
						  make_bad_envelope,
						  make_bad_header,
						  make_forged,
						  sim_stranger_make_old,
						  sim_stranger_make_claim,
						  sim_stranger_make_answer,
						  sim_stranger_make_icmp};
	unsigned first = (unsigned)draw(stranger, 8), kind = first;
	int label = SIM_UNKNOWN;
	size_t bytes;

	while (!(stranger->kinds & 1u << kind % 8))
		kind++;
	bytes = makers[kind % 8](stranger, node, &label);
	if (bytes == 0 && label == SIM_UNKNOWN)
		return; /* nothing of this kind can be had here */
	/* A node that runs for another cluster thinks otherwise. */
	if (stranger->cluster->nodes[node].up &&
	    stranger->cluster->nodes[node].cores[0].worker->config.cluster !=
		    stranger->cluster->cluster)
		label = SIM_UNKNOWN;
	stranger->sent++;
	sim_network_send(&stranger->cluster->network, SIM_STRANGER_STATION, node, stranger->frame,
			 bytes, label);
}

static void tick(void *subject, void *object)
{
	struct sim_stranger *stranger = subject;
	struct sim_agenda *agenda = &stranger->cluster->agenda;
	unsigned nodes = stranger->cluster->config.nodes;

	(void)object;
	stranger->ticks = false;
	if (agenda->closing || agenda->now_ns >= stranger->until_ns)
		return;
	for (unsigned node = 1; node <= nodes; node++) {
		if (stranger->target <= nodes && stranger->target != node)
			continue;
		for (uint32_t frame = 0; frame < stranger->frames_per_ms; frame++)
			send_one(stranger, node);
	}
	stranger->ticks = true;
	sim_agenda_add(agenda, agenda->now_ns + TICK_NS, tick, stranger, NULL);
}

void sim_stranger_begin(struct sim_stranger *stranger, unsigned target, uint32_t kinds,
			uint32_t frames_per_ms, uint64_t for_ns)
{
	struct sim_agenda *agenda = &stranger->cluster->agenda;

	stranger->target = target;
	stranger->kinds = kinds & SIM_STRANGER_ALL ? kinds : SIM_STRANGER_ALL;
	stranger->frames_per_ms = frames_per_ms;
	stranger->until_ns = agenda->now_ns + for_ns;
	if (!stranger->ticks)
		sim_agenda_add(agenda, agenda->now_ns, tick, stranger, NULL);
	stranger->ticks = true;
}

void sim_stranger_end(struct sim_stranger *stranger)
{
	stranger->until_ns = 0;
}

void sim_stranger_init(struct sim_stranger *stranger, struct sim_cluster *cluster)
{
	memset(stranger, 0, sizeof(*stranger));
	stranger->cluster = cluster;
	stranger->frame = malloc(ROOM);
	WL_CHECK(stranger->frame != NULL);
	sim_random_init(&stranger->random, cluster->seed, 20);
}

void sim_stranger_fini(struct sim_stranger *stranger)
{
	free(stranger->frame);
}
