/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/transport/arp.h"

#include <string.h>

#include "dataplane/base/bytes.h"

#define ETHERTYPE_ARP 0x0806u
#define ETHERTYPE_IPV4 0x0800u
#define MESSAGE 14u /* behind the Ethernet header */
#define MESSAGE_BYTES 28u

bool wl_arp_decode(const uint8_t *frame, size_t size, struct wl_arp *arp)
{
	const uint8_t *message = frame + MESSAGE;
	uint16_t operation;

	if (size < MESSAGE + MESSAGE_BYTES || wl_load_be16(frame + 12) != ETHERTYPE_ARP ||
	    wl_load_be16(message) != 1 || wl_load_be16(message + 2) != ETHERTYPE_IPV4 ||
	    message[4] != 6 || message[5] != 4)
		return false;
	operation = wl_load_be16(message + 6);
	if (operation != WL_ARP_REQUEST && operation != WL_ARP_REPLY)
		return false;
	arp->operation = (enum wl_arp_operation)operation;
	memcpy(arp->sender_mac, message + 8, 6);
	arp->sender_ipv4 = wl_load_be32(message + 14);
	memcpy(arp->target_mac, message + 18, 6);
	arp->target_ipv4 = wl_load_be32(message + 24);
	return true;
}

void wl_arp_encode(uint8_t *frame, const struct wl_arp *arp)
{
	uint8_t *message = frame + MESSAGE;

	memset(frame, 0, WL_ARP_FRAME_BYTES);
	if (arp->operation == WL_ARP_REQUEST)
		memset(frame, 0xff, 6);
	else
		memcpy(frame, arp->target_mac, 6);
	memcpy(frame + 6, arp->sender_mac, 6);
	wl_store_be16(frame + 12, ETHERTYPE_ARP);
	wl_store_be16(message, 1);
	wl_store_be16(message + 2, ETHERTYPE_IPV4);
	message[4] = 6;
	message[5] = 4;
	wl_store_be16(message + 6, (uint16_t)arp->operation);
	memcpy(message + 8, arp->sender_mac, 6);
	wl_store_be32(message + 14, arp->sender_ipv4);
	memcpy(message + 18, arp->target_mac, 6);
	wl_store_be32(message + 24, arp->target_ipv4);
}
