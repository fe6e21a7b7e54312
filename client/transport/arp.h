/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP for IPv4 over Ethernet (RFC 826), as much as a client on a port of its own needs: one frame to and fro.
 * The daemon has its own (control/agent/neighbour.c), which also keeps a table; the library may not include control.
 *
 * Pure; the decoder accepts any bytes. [any]
 */
#ifndef WL_CLIENT_TRANSPORT_ARP_H
#define WL_CLIENT_TRANSPORT_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_ARP_FRAME_BYTES 60u /* padded to the least that Ethernet carries */

enum wl_arp_operation {
	WL_ARP_REQUEST = 1,
	WL_ARP_REPLY = 2,
};

struct wl_arp {
	enum wl_arp_operation operation;
	uint8_t sender_mac[6];
	uint32_t sender_ipv4; /* host order */
	uint8_t target_mac[6]; /* request: zero, the frame goes to all */
	uint32_t target_ipv4;
};

/* `frame`: from the Ethernet header on. False: it is no ARP request or reply for IPv4. */
bool wl_arp_decode(const uint8_t *frame, size_t size, struct wl_arp *arp);
/* Writes WL_ARP_FRAME_BYTES. */
void wl_arp_encode(uint8_t *frame, const struct wl_arp *arp);

#endif
