/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wirelog frame: Ethernet II | IPv4 (no options, DF) | UDP | wirelog header | payload.
 *
 *  wirelog header (72 bytes, little-endian)
 *   0 u32 magic 'WLF1'     8 u64 cluster            32 u64 destination boot id (0: not known yet)
 *   4 u8  version         16 u32 sender             40 u64 sequence (never repeats under one sender boot_id)
 *   5 u8  type            20 u32 destination        48 u16 journal, 50 u16 zero, 52 u32 id of the key (auth.h)
 *   6 u16 payload bytes   24 u64 sender boot id       56 u8[16] tag: AES-128-GCM with bytes 0..55
 *                                                       and the payload as additional data
 *
 * Identity of a sender (`wl_identity`): nodes are (node id << 8 | worker), clients have the
 * top bit set and 31 random bits. The boot id of a node is its boot (grows with each start), of a client random.
 * The UDP payload may also be carried by a kernel socket: then it begins at the wirelog header.
 *
 * IPv4 header checksum is always right; the UDP checksum is computed (RFC 768), 0xffff for 0.
 * Pure; decoders accept any bytes. [any]
 */
#ifndef WL_DATAPLANE_WIRE_FRAME_H
#define WL_DATAPLANE_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_ETHER_BYTES 14u
#define WL_IPV4_BYTES 20u
#define WL_UDP_BYTES 8u
#define WL_FRAME_HEADER_BYTES 72u
#define WL_FRAME_KEY_OFFSET 52u
#define WL_FRAME_TAG_OFFSET 56u
#define WL_FRAME_ENVELOPE_BYTES (WL_ETHER_BYTES + WL_IPV4_BYTES + WL_UDP_BYTES) /* 42 */
#define WL_FRAME_MAGIC 0x31464c57u
#define WL_FRAME_VERSION 10u
#define WL_IDENTITY_CLIENT 0x80000000u

typedef uint32_t wl_identity;

static inline wl_identity wl_identity_of_node(uint32_t node, uint32_t worker)
{
	return node << 8 | worker;
}

static inline bool wl_identity_is_client(wl_identity identity)
{
	return (identity & WL_IDENTITY_CLIENT) != 0;
}

static inline uint32_t wl_identity_node(wl_identity identity)
{
	return identity >> 8;
}

struct wl_address {
	uint8_t mac[6];
	uint16_t link;
	uint32_t ipv4; /* host order */
	uint16_t udp_port; /* host order */
};

struct wl_frame_header {
	uint8_t type;
	uint16_t payload_bytes;
	uint16_t journal;
	uint32_t key_id; /* of the secret; wl_auth_seal writes it */
	uint64_t cluster;
	wl_identity sender;
	wl_identity destination;
	uint64_t sender_boot;
	uint64_t destination_boot;
	uint64_t sequence;
};

/* Why a frame was not taken: each is a counter of its own (counters.h). */
enum wl_frame_verdict {
	WL_FRAME_OK = 0,
	WL_FRAME_ARP, /* not an error: for the slow path */
	WL_FRAME_ICMP, /* not an error: for the slow path */
	WL_FRAME_SHORT,
	WL_FRAME_VLAN,
	WL_FRAME_NOT_IPV4,
	WL_FRAME_BAD_IPV4, /* version, header length, total length, checksum */
	WL_FRAME_FRAGMENT,
	WL_FRAME_NOT_UDP,
	WL_FRAME_BAD_UDP, /* length, checksum */
	WL_FRAME_OTHER_ADDRESS, /* not our IPv4 address or UDP port */
	WL_FRAME_NOT_WIRELOG, /* magic */
	WL_FRAME_BAD_VERSION,
	WL_FRAME_BAD_LENGTH, /* payload_bytes disagrees with the datagram */
	WL_FRAME_BAD_RESERVED,
	WL_FRAME_OTHER_CLUSTER,
	WL_FRAME_OTHER_DESTINATION,
	WL_FRAME_UNKNOWN_SENDER, /* a node id that is not configured */
	WL_FRAME_OTHER_KEY, /* a key that we do not hold, or that is refused */
	WL_FRAME_FORGED, /* tag does not verify */
	WL_FRAME_NOT_PERMITTED, /* a client's key: for a node, for another client's place, or without the right to say this */
	WL_FRAME_OLD_BOOT, /* sender's boot id is older than one that was proven */
	WL_FRAME_DUPLICATE_ID, /* a newer boot from another address, while the known one is heard */
	WL_FRAME_UNPROVEN, /* authentic, but not addressed to this boot of ours: maybe a replay; not an answer to us */
	WL_FRAME_REPLAYED,
	WL_FRAME_UNKNOWN_TYPE,
	WL_FRAME_BAD_PAYLOAD, /* authentic, but its message does not decode */
	WL_FRAME_NO_TABLE_ROOM, /* too many clients */
	WL_FRAME_CROWDED, /* of a sender that is not known, beyond the share of such in one turn (strangers.h) */
	WL_FRAME_VERDICTS,
};

/* Envelope: from Ethernet to UDP. On OK the UDP payload is *datagram_bytes bytes at bytes + WL_FRAME_ENVELOPE_BYTES, and *from is filled
 * (link excepted). Of `ours`, ipv4 and udp_port count; ipv4 0: any address is ours (memif); udp_port 0: any port. */
enum wl_frame_verdict wl_frame_open_envelope(const uint8_t *bytes, size_t size,
					     const struct wl_address *ours, struct wl_address *from,
					     size_t *datagram_bytes);
/* Writes the 42 bytes in front of `datagram_bytes` bytes that already stand at to + 42. */
void wl_frame_close_envelope(uint8_t *to, const struct wl_address *from,
			     const struct wl_address *dest, size_t datagram_bytes);
/* Of a datagram that was refused, with a whole header: who it says it is. */
wl_identity wl_frame_claimed_sender(const uint8_t *datagram);
/* Checks magic, version, length, zeros. Not the tag. */
enum wl_frame_verdict wl_frame_decode_header(const uint8_t *datagram, size_t size,
					     struct wl_frame_header *header);
void wl_frame_encode_header(uint8_t *to, const struct wl_frame_header *header); /* tag zeroed */
const char *
wl_frame_verdict_name(enum wl_frame_verdict verdict); /* "bad_udp": as counters and docs say it */

#endif
