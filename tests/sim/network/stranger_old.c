/* SPDX-License-Identifier: BSD-3-Clause */
/* What the stranger does with frames that others once sent, and with what the slow path answers. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/ether.h"
#include "tests/sim/network/stranger_internal.h"

#define TRIES 16u

static uint64_t draw(struct sim_stranger *stranger, uint64_t below)
{
	return sim_random_below(&stranger->random, below);
}

/* A recorded frame of the protocol, copied. False: there is none at hand. */
static bool recall(struct sim_stranger *stranger, struct wl_frame_header *header, unsigned *to,
		   size_t *bytes)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		uint16_t size;
		const uint8_t *kept = sim_network_recorded(&stranger->cluster->network,
							   (unsigned)draw(stranger, SIM_RECORDED),
							   to, &size);

		if (!kept || size < WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES ||
		    wl_frame_decode_header(kept + WL_FRAME_ENVELOPE_BYTES,
					   size - WL_FRAME_ENVELOPE_BYTES, header) != WL_FRAME_OK ||
		    header->cluster != stranger->cluster->cluster)
			continue;
		memcpy(stranger->frame, kept, size);
		*bytes = size;
		return true;
	}
	return false;
}

/* Cut, as a wire would never do, or with an envelope that fits again. */
static size_t cut(struct sim_stranger *stranger, unsigned node, size_t bytes, int *label)
{
	size_t datagram = bytes - WL_FRAME_ENVELOPE_BYTES;

	if (draw(stranger, 2)) {
		bytes = draw(stranger, bytes);
		*label = bytes < WL_ETHER_BYTES + WL_IPV4_BYTES ? WL_FRAME_SHORT
								: WL_FRAME_BAD_IPV4;
		return bytes;
	}
	datagram = draw(stranger, datagram);
	*label = datagram < 4			    ? WL_FRAME_NOT_WIRELOG
		 : datagram < WL_FRAME_HEADER_BYTES ? WL_FRAME_SHORT
						    : WL_FRAME_BAD_LENGTH;
	return sim_stranger_wrap(stranger, node, datagram);
}

/* One bit of what the tag covers, with checksums that are right again. */
static size_t flip(struct sim_stranger *stranger, unsigned node, size_t bytes, int *label)
{
	uint8_t *datagram = stranger->frame + WL_FRAME_ENVELOPE_BYTES;
	size_t size = bytes - WL_FRAME_ENVELOPE_BYTES;
	size_t at = 32 + draw(stranger, size - 32); /* boots, sequence, journal, tag, payload */

	datagram[at] ^= (uint8_t)(1 << draw(stranger, 8));
	*label = at < 50 || at >= WL_FRAME_TAG_OFFSET ? WL_FRAME_FORGED
		 : at < WL_FRAME_KEY_OFFSET	      ? WL_FRAME_BAD_RESERVED
						      : WL_FRAME_OTHER_KEY;
	return sim_stranger_wrap(stranger, node, size);
}

size_t sim_stranger_make_old(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct wl_frame_header header;
	bool any_address = stranger->cluster->network.wiring == SIM_WIRING_LINKS ||
			   stranger->cluster->network.wiring == SIM_WIRING_PLAIN;
	bool is_hello;
	size_t bytes;
	unsigned to;

	if (!recall(stranger, &header, &to, &bytes))
		return 0;
	is_hello = header.type == WL_WIRE_HELLO && header.destination == 0;
	if (header.destination != wl_identity_of_node(node, 0) && !is_hello) {
		/* Somebody else's, or the sender's own, reflected: to our address, or as it was. */
		if (any_address || draw(stranger, 2)) {
			*label = WL_FRAME_OTHER_DESTINATION;
			return sim_stranger_wrap(stranger, node, bytes - WL_FRAME_ENVELOPE_BYTES);
		}
		if (to == node)
			return 0;
		*label = WL_FRAME_OTHER_ADDRESS;
		return bytes;
	}
	switch (draw(stranger, 3)) {
	case 0:
		return cut(stranger, node, bytes, label);
	case 1:
		return flip(stranger, node, bytes, label);
	default:
		/* As it was, from another place: of this boot or an earlier one, seen already or lost at the time. Only
		 * a HELLO is answered, where it asks to; who was authentic once is taken where he was lost. */
		if (wl_identity_is_client(header.sender))
			*label =
				SIM_UNKNOWN; /* it may be of an older life of its client, or of one without rules */
		else if (!is_hello && header.type != WL_WIRE_HELLO &&
			 header.destination_boot != sim_stranger_boot(stranger->cluster, node))
			*label = WL_FRAME_UNPROVEN;
		return bytes;
	}
}

/* ---- ARP ---- */

static struct sim_arp lie(struct sim_stranger *stranger, unsigned node, uint16_t operation)
{
	unsigned nodes = stranger->cluster->config.nodes;
	unsigned victim = 1 + (unsigned)draw(stranger, nodes + 1);
	struct sim_arp arp = {
		.operation = operation,
		.sender_mac = {2, 0xee, 0, 0, 0,
			       operation == SIM_ARP_REQUEST ? SIM_STRANGER_CLAIMS_MAC
							    : SIM_STRANGER_ANSWERS_MAC},
		.sender = victim > nodes ? SIM_IPV4(SIM_ROUTER_STATION) : SIM_IPV4(victim),
		.target = draw(stranger, 2) ? SIM_IPV4(node) : SIM_IPV4(victim),
	};

	sim_network_mac(&stranger->cluster->network, node, SIM_STRANGER_STATION, arp.target_mac);
	return arp;
}

size_t sim_stranger_make_claim(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct sim_arp arp = lie(stranger, node, SIM_ARP_REQUEST);
	static const uint8_t places[] = {15, 17, 18, 19, 21, 22};
	bool broken = draw(stranger, 3) == 0;
	size_t bytes;

	if (!sim_network_is_ethernet(&stranger->cluster->network))
		return 0;
	if (draw(stranger, 16) == 0) /* its own question, reflected */
		memcpy(arp.sender_mac, arp.target_mac, 6);
	bytes = sim_ether_write_arp(stranger->frame, &arp, NULL);
	if (broken && draw(stranger, 8) == 0)
		bytes = WL_ETHER_BYTES + draw(stranger, SIM_ARP_BYTES - WL_ETHER_BYTES);
	else if (broken && draw(stranger, 8) == 0)
		memset(stranger->frame + 22, 0, 6);
	else if (broken) /* another hardware, another protocol, other lengths, no question, everybody's address */
		stranger->frame[places[draw(stranger, sizeof(places))]] ^= 0x81;
	*label = WL_FRAME_ARP;
	return bytes;
}

size_t sim_stranger_make_answer(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct sim_arp arp = lie(stranger, node, SIM_ARP_REPLY);

	if (!sim_network_is_ethernet(&stranger->cluster->network))
		return 0;
	*label = WL_FRAME_ARP;
	return sim_ether_write_arp(stranger->frame, &arp, arp.target_mac);
}

/* ---- ICMP ---- */

static void mend_ipv4(uint8_t *ip)
{
	wl_store_be16(ip + 10, 0);
	wl_store_be16(ip + 10, sim_ether_checksum(ip, WL_IPV4_BYTES));
}

size_t sim_stranger_make_icmp(struct sim_stranger *stranger, unsigned node, int *label)
{
	struct sim_echo echo = {
		.from_mac = {2, 0, 0, 0, 0, SIM_STRANGER_STATION},
		.from = SIM_IPV4(SIM_STRANGER_STATION),
		.to = SIM_IPV4(node),
		.identifier = (uint16_t)draw(stranger, UINT16_MAX),
		.payload_bytes = (uint16_t)draw(stranger, draw(stranger, 4) ? 64 : 2000),
	};
	uint8_t *ip = stranger->frame + WL_ETHER_BYTES, *icmp = ip + WL_IPV4_BYTES;
	size_t bytes;

	sim_network_mac(&stranger->cluster->network, node, SIM_STRANGER_STATION, echo.to_mac);
	bytes = sim_ether_write_echo(stranger->frame, &echo);
	*label = WL_FRAME_ICMP;
	if (draw(stranger, 12) == 0) { /* IPv4 and no more: not even a header of ICMP */
		bytes = WL_ETHER_BYTES + WL_IPV4_BYTES + draw(stranger, 8);
		wl_store_be16(ip + 2, WL_IPV4_BYTES);
		mend_ipv4(ip);
		return bytes;
	}
	switch (draw(stranger, 8)) {
	case 0:
		icmp[2] ^= 0x10;
		break;
	case 1:
		icmp[0] =
			(uint8_t)draw(stranger, 8); /* not a question: its checksum is wrong, too */
		break;
	case 2:
		icmp[1] = 1;
		icmp[3] = (uint8_t)(icmp[3] - 1);
		break;
	case 3: /* from everybody, from nowhere, from itself */
		wl_store_be32(ip + 12, draw(stranger, 2) ? 0xffffffff : 0x7f000001);
		break;
	case 4:
		stranger->frame[6] |= 1; /* a card has no such address */
		break;
	case 5:
		memset(stranger->frame, 0xff, 6);
		break;
	case 6: /* no room for what ICMP needs */
		wl_store_be16(ip + 2, (uint16_t)(WL_IPV4_BYTES + draw(stranger, 8)));
		break;
	default:
		break;
	}
	mend_ipv4(ip);
	return bytes;
}
