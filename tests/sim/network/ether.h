/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that are not wirelog's: ARP (RFC 826), ICMP echo (RFC 792), and what an IPv4 router does to a frame. Written from the
 * RFCs and not from the daemon's own code, so that two readings of them meet. All addresses in host order.
 */
#ifndef WL_TESTS_SIM_NETWORK_ETHER_H
#define WL_TESTS_SIM_NETWORK_ETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_ARP_BYTES 42u
#define SIM_ETHER_MIN_BYTES 60u
#define SIM_ARP_REQUEST 1u
#define SIM_ARP_REPLY 2u

struct sim_arp {
	uint16_t operation;
	uint8_t sender_mac[6], target_mac[6];
	uint32_t sender, target;
};

struct sim_echo {
	uint8_t from_mac[6], to_mac[6];
	uint32_t from, to;
	uint16_t identifier, sequence;
	uint16_t payload_bytes;
};

/* To `destination` (NULL: everybody); returns the bytes, padded as Ethernet wants it. */
size_t sim_ether_write_arp(uint8_t *to, const struct sim_arp *arp, const uint8_t *destination);
bool sim_ether_read_arp(const uint8_t *bytes, size_t size, struct sim_arp *arp);
/* A request; its payload follows from identifier and sequence. */
size_t sim_ether_write_echo(uint8_t *to, const struct sim_echo *echo);
/* True when the frame is the right answer to `echo`, to the last byte. */
bool sim_ether_is_echo_reply(const uint8_t *bytes, size_t size, const struct sim_echo *echo);
/* One hop: time to live, checksum, addresses. False: its time is over. */
bool sim_ether_route(uint8_t *bytes, const uint8_t *from_mac, const uint8_t *to_mac);
/* Of RFC 1071; 0 over what contains its own right checksum. */
uint16_t sim_ether_checksum(const uint8_t *bytes, size_t size);

#endif
