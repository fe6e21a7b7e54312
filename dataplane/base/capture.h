/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `wirelog capture` and a node say to each other: the request, and the stream of packets that a connection of the stats socket
 * becomes when it was granted (the first packet is the answer, JSON). All integers are little-endian; reserved bytes are zero.
 *
 *	request  SNAP,MIB,DIRECTIONS,PEERS,TYPES,JOURNALS: decimal, decimal, and four masks as hexadecimal numbers
 *
 *	frames   u8 1 | 7 reserved | frame after frame, each at a multiple of 8:
 *	           0 u64 time, ns since 1970    16 u32 bytes of the whole frame    24 u16 worker    28 u8 direction
 *	           8 u64 lost before it         20 u32 bytes of it that follow     26 u16 link      29 3 reserved
 *	link     u8 2 | u8 layer | u16 worker | u16 link | u16 bytes of its name | the name
 *	totals   u8 3 | u8 why | 6 reserved | for each link that saw a frame:
 *	           0 u16 worker, 2 u16 link, 4 4 reserved, 8 u64 seen, 16 u64 chosen, 24 u64 lost
 *
 * A frame of a link comes behind the link's packet; the totals are the last packet. Lost: chosen, and no room in memory, since the last
 * frame of this link, or in all.
 *
 * Pure; decoders accept any bytes. [any]
 */
#ifndef WL_DATAPLANE_BASE_CAPTURE_H
#define WL_DATAPLANE_BASE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_CAPTURE_SNAP_MIN 64u
#define WL_CAPTURE_SNAP_MAX 65535u
#define WL_CAPTURE_MIB_MAX 1024u
#define WL_CAPTURE_MIB_DEFAULT 16u
#define WL_CAPTURE_REQUEST_BYTES 96u
#define WL_CAPTURE_PACKET_BYTES_MAX 131072u
#define WL_CAPTURE_HEAD_BYTES 8u
#define WL_CAPTURE_FRAME_BYTES 32u
#define WL_CAPTURE_TOTAL_BYTES 32u
#define WL_CAPTURE_NAME_BYTES 256u

enum wl_capture_direction { WL_CAPTURE_RECEIVED = 1, WL_CAPTURE_SENT = 2 };

/* Where a frame's bytes begin that were on the wire: what a kernel socket carries has no Ethernet header of ours. */
enum wl_capture_layer { WL_CAPTURE_ETHERNET = 0, WL_CAPTURE_IPV4 = 1 };

enum wl_capture_end { WL_CAPTURE_ASKED = 0, WL_CAPTURE_NODE_ENDS = 1 };

enum wl_capture_kind {
	WL_CAPTURE_NOTHING = 0, /* none of these, or cut */
	WL_CAPTURE_FRAMES = 1,
	WL_CAPTURE_LINK = 2,
	WL_CAPTURE_TOTALS = 3,
};

struct wl_capture_request {
	uint32_t snap_bytes; /* of a frame, from its Ethernet header on */
	uint32_t mib; /* of memory, for each worker; a power of two */
	uint32_t directions; /* enum wl_capture_direction, one or both */
	uint32_t peers; /* bit N: node N, bit 0: clients; 0: whoever it is */
	uint64_t types; /* bit N: message of type N; 0: whatever it is */
	uint32_t journals; /* bit N: journal N; 0: whichever it is */
};

struct wl_capture_frame {
	uint64_t time_ns, lost;
	uint32_t whole_bytes, bytes;
	uint16_t worker, link;
	uint8_t direction;
	const uint8_t *data; /* inside the packet */
};

struct wl_capture_link {
	enum wl_capture_layer layer;
	uint16_t worker, link;
	char name[WL_CAPTURE_NAME_BYTES]; /* printable */
};

struct wl_capture_total {
	uint16_t worker, link;
	uint64_t seen, chosen, lost;
};

void wl_capture_print_request(const struct wl_capture_request *request,
			      char text[WL_CAPTURE_REQUEST_BYTES]);
/* False: it is none, or something is out of its range. */
bool wl_capture_parse_request(const char *text, struct wl_capture_request *request);

/* Writes a frame's first WL_CAPTURE_FRAME_BYTES; `bytes` of the frame follow. */
void wl_capture_encode_frame(uint8_t *to, const struct wl_capture_frame *frame);
/* What a frame takes in a packet. */
static inline size_t wl_capture_frame_room(uint32_t bytes)
{
	return (WL_CAPTURE_FRAME_BYTES + (size_t)bytes + 7) & ~(size_t)7;
}

/* The head of a packet of frames or totals. */
void wl_capture_encode_head(uint8_t to[WL_CAPTURE_HEAD_BYTES], enum wl_capture_kind kind,
			    enum wl_capture_end why);
/* `to` has room for WL_CAPTURE_HEAD_BYTES + WL_CAPTURE_NAME_BYTES. Returns its bytes. */
size_t wl_capture_encode_link(uint8_t *to, const struct wl_capture_link *link);
void wl_capture_encode_total(uint8_t to[WL_CAPTURE_TOTAL_BYTES],
			     const struct wl_capture_total *total);

enum wl_capture_kind wl_capture_kind_of(const uint8_t *packet, size_t size);
/*
 * The frame, or total, at *offset, which begins with WL_CAPTURE_HEAD_BYTES and is moved behind it. False: there are no more, and *offset
 * is `size` when all of it was right.
 */
bool wl_capture_next_frame(const uint8_t *packet, size_t size, size_t *offset,
			   struct wl_capture_frame *frame);
bool wl_capture_next_total(const uint8_t *packet, size_t size, size_t *offset,
			   struct wl_capture_total *total);
/* Why a capture ended, of its totals. False: for no reason that there is. */
bool wl_capture_decode_end(const uint8_t *packet, size_t size, enum wl_capture_end *why);
bool wl_capture_decode_link(const uint8_t *packet, size_t size, struct wl_capture_link *link);

#endif
