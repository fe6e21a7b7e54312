/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/frame.h"

#include <string.h>

#include "dataplane/base/bytes.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define PROTOCOL_ICMP 1
#define PROTOCOL_UDP 17
#define TIME_TO_LIVE 64
#define DONT_FRAGMENT 0x4000
#define FRAGMENT_BITS 0x3fff /* more fragments, offset */

/* RFC 1071: ones' complement sum of big-endian words; an odd last byte counts as if a zero followed. */
static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t size)
{
	uint64_t wide = sum;
	size_t at = 0;

	/* The sum is the same in either byte order up to a final swap: take eight bytes at a time. */
	for (; at + 8 <= size; at += 8) {
		uint64_t word = wl_load_u64(bytes + at);

		wide += (word & 0xffffffff) + (word >> 32);
	}
	for (; at + 2 <= size; at += 2)
		wide += wl_load_u16(bytes + at);
	if (at < size)
		wide += bytes[at];
	wide = (wide & 0xffffffff) + (wide >> 32);
	wide = (wide & 0xffffffff) + (wide >> 32);
	return (uint32_t)wide;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Pseudo header of RFC 768 and the datagram; memory order, as sum_words. */
static uint16_t udp_sum(const uint8_t *ipv4, const uint8_t *udp, size_t udp_bytes)
{
	uint8_t pseudo[4] = {0, PROTOCOL_UDP};
	uint32_t sum;

	wl_store_be16(pseudo + 2, (uint16_t)udp_bytes);
	sum = sum_words(0, ipv4 + 12, 8);
	sum = sum_words(sum, pseudo, sizeof(pseudo));
	return fold(sum_words(sum, udp, udp_bytes));
}

static enum wl_frame_verdict open_ether(const uint8_t *bytes, size_t size)
{
	if (size < WL_ETHER_BYTES)
		return WL_FRAME_SHORT;
	switch (wl_load_be16(bytes + 12)) {
	case ETHERTYPE_IPV4:
		return WL_FRAME_OK;
	case ETHERTYPE_ARP:
		return WL_FRAME_ARP;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
		return WL_FRAME_VLAN;
	default:
		return WL_FRAME_NOT_IPV4;
	}
}

/* *bytes: of the IPv4 packet, without what Ethernet padded. */
static enum wl_frame_verdict open_ipv4(const uint8_t *ipv4, size_t *bytes)
{
	size_t total;

	if (*bytes < WL_IPV4_BYTES)
		return WL_FRAME_SHORT;
	total = wl_load_be16(ipv4 + 2);
	if (ipv4[0] != 0x45 || total < WL_IPV4_BYTES || total > *bytes ||
	    fold(sum_words(0, ipv4, WL_IPV4_BYTES)) != 0xffff)
		return WL_FRAME_BAD_IPV4;
	if (wl_load_be16(ipv4 + 6) & FRAGMENT_BITS)
		return WL_FRAME_FRAGMENT;
	*bytes = total;
	if (ipv4[9] == PROTOCOL_ICMP)
		return WL_FRAME_ICMP;
	return ipv4[9] == PROTOCOL_UDP ? WL_FRAME_OK : WL_FRAME_NOT_UDP;
}

enum wl_frame_verdict wl_frame_open_envelope(const uint8_t *bytes, size_t size,
					     const struct wl_address *ours, struct wl_address *from,
					     size_t *datagram_bytes)
{
	enum wl_frame_verdict verdict = open_ether(bytes, size);
	const uint8_t *ipv4 = bytes + WL_ETHER_BYTES;
	const uint8_t *udp = ipv4 + WL_IPV4_BYTES;
	size_t left = size - WL_ETHER_BYTES;

	if (verdict != WL_FRAME_OK)
		return verdict;
	verdict = open_ipv4(ipv4, &left);
	if (verdict != WL_FRAME_OK && verdict != WL_FRAME_ICMP)
		return verdict;
	if (ours->ipv4 != 0 && wl_load_be32(ipv4 + 16) != ours->ipv4)
		return WL_FRAME_OTHER_ADDRESS;
	if (verdict == WL_FRAME_ICMP)
		return WL_FRAME_ICMP;
	left -= WL_IPV4_BYTES;
	if (left < WL_UDP_BYTES || wl_load_be16(udp + 4) != left)
		return WL_FRAME_BAD_UDP;
	if (ours->udp_port != 0 && wl_load_be16(udp + 2) != ours->udp_port)
		return WL_FRAME_OTHER_ADDRESS;
	if (wl_load_u16(udp + 6) != 0 && udp_sum(ipv4, udp, left) != 0xffff)
		return WL_FRAME_BAD_UDP;
	memcpy(from->mac, bytes + 6, sizeof(from->mac));
	from->ipv4 = wl_load_be32(ipv4 + 12);
	from->udp_port = wl_load_be16(udp);
	*datagram_bytes = left - WL_UDP_BYTES;
	return WL_FRAME_OK;
}

void wl_frame_close_envelope(uint8_t *to, const struct wl_address *from,
			     const struct wl_address *dest, size_t datagram_bytes)
{
	uint8_t *ipv4 = to + WL_ETHER_BYTES;
	uint8_t *udp = ipv4 + WL_IPV4_BYTES;
	uint16_t udp_bytes = (uint16_t)(WL_UDP_BYTES + datagram_bytes);
	uint16_t sum;

	memcpy(to, dest->mac, 6);
	memcpy(to + 6, from->mac, 6);
	wl_store_be16(to + 12, ETHERTYPE_IPV4);

	memset(ipv4, 0, WL_IPV4_BYTES);
	ipv4[0] = 0x45;
	wl_store_be16(ipv4 + 2, (uint16_t)(WL_IPV4_BYTES + udp_bytes));
	wl_store_be16(ipv4 + 6, DONT_FRAGMENT);
	ipv4[8] = TIME_TO_LIVE;
	ipv4[9] = PROTOCOL_UDP;
	wl_store_be32(ipv4 + 12, from->ipv4);
	wl_store_be32(ipv4 + 16, dest->ipv4);
	wl_store_u16(ipv4 + 10, (uint16_t)~fold(sum_words(0, ipv4, WL_IPV4_BYTES)));

	wl_store_be16(udp, from->udp_port);
	wl_store_be16(udp + 2, dest->udp_port);
	wl_store_be16(udp + 4, udp_bytes);
	wl_store_u16(udp + 6, 0);
	sum = (uint16_t)~udp_sum(ipv4, udp, udp_bytes);
	wl_store_u16(udp + 6, sum ? sum : 0xffff);
}

enum wl_frame_verdict wl_frame_decode_header(const uint8_t *datagram, size_t size,
					     struct wl_frame_header *header)
{
	if (size < 4 || wl_load_u32(datagram) != WL_FRAME_MAGIC)
		return WL_FRAME_NOT_WIRELOG;
	if (size < WL_FRAME_HEADER_BYTES)
		return WL_FRAME_SHORT;
	if (datagram[4] != WL_FRAME_VERSION)
		return WL_FRAME_BAD_VERSION;
	if (wl_load_u16(datagram + 6) != size - WL_FRAME_HEADER_BYTES)
		return WL_FRAME_BAD_LENGTH;
	if (wl_load_u16(datagram + 50) != 0)
		return WL_FRAME_BAD_RESERVED;
	*header = (struct wl_frame_header){
		.type = datagram[5],
		.payload_bytes = wl_load_u16(datagram + 6),
		.journal = wl_load_u16(datagram + 48),
		.key_id = wl_load_u32(datagram + WL_FRAME_KEY_OFFSET),
		.cluster = wl_load_u64(datagram + 8),
		.sender = wl_load_u32(datagram + 16),
		.destination = wl_load_u32(datagram + 20),
		.sender_boot = wl_load_u64(datagram + 24),
		.destination_boot = wl_load_u64(datagram + 32),
		.sequence = wl_load_u64(datagram + 40),
	};
	return WL_FRAME_OK;
}

void wl_frame_encode_header(uint8_t *to, const struct wl_frame_header *header)
{
	wl_store_u32(to, WL_FRAME_MAGIC);
	to[4] = WL_FRAME_VERSION;
	to[5] = header->type;
	wl_store_u16(to + 6, header->payload_bytes);
	wl_store_u64(to + 8, header->cluster);
	wl_store_u32(to + 16, header->sender);
	wl_store_u32(to + 20, header->destination);
	wl_store_u64(to + 24, header->sender_boot);
	wl_store_u64(to + 32, header->destination_boot);
	wl_store_u64(to + 40, header->sequence);
	wl_store_u16(to + 48, header->journal);
	wl_store_u16(to + 50, 0);
	wl_store_u32(to + WL_FRAME_KEY_OFFSET, header->key_id);
	memset(to + WL_FRAME_TAG_OFFSET, 0, WL_FRAME_HEADER_BYTES - WL_FRAME_TAG_OFFSET);
}

wl_identity wl_frame_claimed_sender(const uint8_t *datagram)
{
	return wl_load_u32(datagram + 16);
}

const char *wl_frame_verdict_name(enum wl_frame_verdict verdict)
{
	static const char *const names[WL_FRAME_VERDICTS] = {
		[WL_FRAME_OK] = "ok",
		[WL_FRAME_ARP] = "arp",
		[WL_FRAME_ICMP] = "icmp",
		[WL_FRAME_SHORT] = "short",
		[WL_FRAME_VLAN] = "vlan",
		[WL_FRAME_NOT_IPV4] = "not_ipv4",
		[WL_FRAME_BAD_IPV4] = "bad_ipv4",
		[WL_FRAME_FRAGMENT] = "fragment",
		[WL_FRAME_NOT_UDP] = "not_udp",
		[WL_FRAME_BAD_UDP] = "bad_udp",
		[WL_FRAME_OTHER_ADDRESS] = "other_address",
		[WL_FRAME_NOT_WIRELOG] = "not_wirelog",
		[WL_FRAME_BAD_VERSION] = "bad_version",
		[WL_FRAME_BAD_LENGTH] = "bad_length",
		[WL_FRAME_BAD_RESERVED] = "bad_reserved",
		[WL_FRAME_OTHER_CLUSTER] = "other_cluster",
		[WL_FRAME_OTHER_DESTINATION] = "other_destination",
		[WL_FRAME_UNKNOWN_SENDER] = "unknown_sender",
		[WL_FRAME_OTHER_KEY] = "other_key",
		[WL_FRAME_FORGED] = "forged",
		[WL_FRAME_NOT_PERMITTED] = "not_permitted",
		[WL_FRAME_OLD_BOOT] = "old_boot",
		[WL_FRAME_DUPLICATE_ID] = "duplicate_id",
		[WL_FRAME_UNPROVEN] = "unproven",
		[WL_FRAME_REPLAYED] = "replayed",
		[WL_FRAME_UNKNOWN_TYPE] = "unknown_type",
		[WL_FRAME_BAD_PAYLOAD] = "bad_payload",
		[WL_FRAME_NO_TABLE_ROOM] = "no_table_room",
		[WL_FRAME_CROWDED] = "crowded",
	};

	return (unsigned)verdict < WL_FRAME_VERDICTS ? names[verdict] : "unknown";
}
