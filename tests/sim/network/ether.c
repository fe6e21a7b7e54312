/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/ether.h"

#include <string.h>

#include "dataplane/base/bytes.h"

#define ETHER_BYTES 14u
#define IPV4_BYTES 20u
#define ICMP_BYTES 8u

uint16_t sim_ether_checksum(const uint8_t *bytes, size_t size)
{
	uint64_t sum = 0;

	for (size_t at = 0; at < size; at++)
		sum += at % 2 ? bytes[at] : (uint64_t)bytes[at] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

size_t sim_ether_write_arp(uint8_t *to, const struct sim_arp *arp, const uint8_t *destination)
{
	memset(to, 0, SIM_ETHER_MIN_BYTES);
	if (destination)
		memcpy(to, destination, 6);
	else
		memset(to, 0xff, 6);
	memcpy(to + 6, arp->sender_mac, 6);
	wl_store_be16(to + 12, 0x0806);
	wl_store_be16(to + 14, 1);
	wl_store_be16(to + 16, 0x0800);
	to[18] = 6;
	to[19] = 4;
	wl_store_be16(to + 20, arp->operation);
	memcpy(to + 22, arp->sender_mac, 6);
	wl_store_be32(to + 28, arp->sender);
	memcpy(to + 32, arp->target_mac, 6);
	wl_store_be32(to + 38, arp->target);
	return SIM_ETHER_MIN_BYTES;
}

bool sim_ether_read_arp(const uint8_t *bytes, size_t size, struct sim_arp *arp)
{
	if (size < SIM_ARP_BYTES || wl_load_be16(bytes + 12) != 0x0806 ||
	    wl_load_be16(bytes + 14) != 1 || wl_load_be16(bytes + 16) != 0x0800 || bytes[18] != 6 ||
	    bytes[19] != 4)
		return false;
	arp->operation = wl_load_be16(bytes + 20);
	memcpy(arp->sender_mac, bytes + 22, 6);
	arp->sender = wl_load_be32(bytes + 28);
	memcpy(arp->target_mac, bytes + 32, 6);
	arp->target = wl_load_be32(bytes + 38);
	return true;
}

static void write_ping(uint8_t *to, const struct sim_echo *echo, uint8_t type)
{
	uint8_t *ip = to + ETHER_BYTES, *icmp = ip + IPV4_BYTES;
	size_t icmp_bytes = ICMP_BYTES + echo->payload_bytes;

	memset(to, 0, SIM_ETHER_MIN_BYTES);
	memcpy(to, echo->to_mac, 6);
	memcpy(to + 6, echo->from_mac, 6);
	wl_store_be16(to + 12, 0x0800);
	ip[0] = 0x45;
	wl_store_be16(ip + 2, (uint16_t)(IPV4_BYTES + icmp_bytes));
	wl_store_be16(ip + 4, echo->sequence);
	ip[8] = 64;
	ip[9] = 1;
	wl_store_be32(ip + 12, echo->from);
	wl_store_be32(ip + 16, echo->to);
	wl_store_be16(ip + 10, sim_ether_checksum(ip, IPV4_BYTES));
	memset(icmp, 0, ICMP_BYTES);
	icmp[0] = type;
	wl_store_be16(icmp + 4, echo->identifier);
	wl_store_be16(icmp + 6, echo->sequence);
	for (uint16_t at = 0; at < echo->payload_bytes; at++)
		icmp[ICMP_BYTES + at] = (uint8_t)(echo->identifier + 7u * at);
	wl_store_be16(icmp + 2, sim_ether_checksum(icmp, icmp_bytes));
}

static size_t ping_bytes(const struct sim_echo *echo)
{
	size_t bytes = ETHER_BYTES + IPV4_BYTES + ICMP_BYTES + echo->payload_bytes;

	return bytes < SIM_ETHER_MIN_BYTES ? SIM_ETHER_MIN_BYTES : bytes;
}

size_t sim_ether_write_echo(uint8_t *to, const struct sim_echo *echo)
{
	write_ping(to, echo, 8);
	return ping_bytes(echo);
}

bool sim_ether_is_echo_reply(const uint8_t *bytes, size_t size, const struct sim_echo *echo)
{
	const struct sim_echo back = {
		.from = echo->to,
		.to = echo->from,
		.identifier = echo->identifier,
		.sequence = echo->sequence,
		.payload_bytes = echo->payload_bytes,
	};
	uint8_t want[ETHER_BYTES + IPV4_BYTES + ICMP_BYTES + UINT16_MAX];

	write_ping(want, &back, 0);
	/* Addresses of cards are the switch's business: it brought the frame here. */
	return size == ping_bytes(echo) && memcmp(bytes + 12, want + 12, size - 12) == 0;
}

bool sim_ether_route(uint8_t *bytes, const uint8_t *from_mac, const uint8_t *to_mac)
{
	uint8_t *ip = bytes + ETHER_BYTES;

	if (ip[8] <= 1)
		return false;
	ip[8]--;
	wl_store_be16(ip + 10, 0);
	wl_store_be16(ip + 10, sim_ether_checksum(ip, IPV4_BYTES));
	memcpy(bytes, to_mac, 6);
	memcpy(bytes + 6, from_mac, 6);
	return true;
}
