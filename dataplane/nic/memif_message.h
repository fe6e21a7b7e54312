/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif's protocol 2: the messages of 128 bytes by which two processes agree on shared memory, and what a server believes
 * of them. The first two bytes are the type; everything else is little-endian and packed.
 *
 *	server				client
 *	HELLO: versions, maxima	-->
 *				<--	INIT: which link
 *				<--	ADD_REGION: size, with the memory's descriptor
 *				<--	ADD_RING, twice: where, how many slots, with an eventfd
 *				<--	CONNECT
 *	CONNECTED		-->		each of the client's messages but the last is answered by ACK
 *
 * Here: one region, one ring for each direction, Ethernet frames, no interrupts (both ends poll). A client's whole say
 * about the memory is its offer: it is checked here, before anything is read there.
 *
 * Pure. Thread: [any]. A message is always WL_MEMIF_MESSAGE_BYTES long.
 */
#ifndef WL_DATAPLANE_NIC_MEMIF_MESSAGE_H
#define WL_DATAPLANE_NIC_MEMIF_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#define WL_MEMIF_MESSAGE_BYTES 128u
#define WL_MEMIF_VERSION 0x0200u
#define WL_MEMIF_RING_LOG2_MAX 14u

enum wl_memif_type {
	WL_MEMIF_ACK = 1,
	WL_MEMIF_HELLO = 2,
	WL_MEMIF_INIT = 3,
	WL_MEMIF_ADD_REGION = 4,
	WL_MEMIF_ADD_RING = 5,
	WL_MEMIF_CONNECT = 6,
	WL_MEMIF_CONNECTED = 7,
	WL_MEMIF_DISCONNECT = 8,
};

/* Offsets in a message. */
#define WL_MEMIF_HELLO_NAME 2u /* 32 bytes, then five u16: versions and maxima, one u8 */
#define WL_MEMIF_HELLO_LIMITS 34u
#define WL_MEMIF_INIT_VERSION 2u
#define WL_MEMIF_INIT_ID 4u /* u32 */
#define WL_MEMIF_INIT_MODE 8u /* u8; 0: Ethernet */
#define WL_MEMIF_INIT_NAME 33u /* 32 bytes, behind a secret of 24 that nobody here has */
#define WL_MEMIF_REGION_INDEX 2u /* u16 */
#define WL_MEMIF_REGION_SIZE 4u /* u64 */
#define WL_MEMIF_RING_FLAGS 2u /* u16 */
#define WL_MEMIF_RING_INDEX 4u /* u16 */
#define WL_MEMIF_RING_REGION 6u /* u16 */
#define WL_MEMIF_RING_OFFSET 8u /* u32 */
#define WL_MEMIF_RING_LOG2 12u /* u8 */
#define WL_MEMIF_CONNECT_NAME 2u /* 32 bytes */
#define WL_MEMIF_DISCONNECT_TEXT 6u /* 96 bytes */

/* Why an id is refused that another client has; DPDK's driver says the same. */
#define WL_MEMIF_TAKEN "Already connected"

#define WL_MEMIF_RING_TO_SERVER 1u /* flag */

/* What a server lets a client have. */
struct wl_memif_limits {
	uint32_t frame_bytes; /* the largest frame: each buffer must hold it */
	uint32_t buffer_bytes; /* larger ones mean another MTU */
	uint8_t ring_log2;
};

/* The memory as the client describes it. Zeroed: nothing said yet. */
struct wl_memif_offer {
	uint64_t region_bytes; /* 0: not said */
	struct wl_memif_offered_ring {
		bool said;
		uint8_t log2;
		uint32_t offset;
	} to_server, to_client;
};

/* ---- saying ----------------------------------------------------------------------------------- */

void wl_memif_say(uint8_t *message, enum wl_memif_type type); /* ACK, CONNECT, CONNECTED */
/* Names the server and its MTU, "wirelog 9000": a client of ours learns from it what its own end must have. */
void wl_memif_say_hello(uint8_t *message, uint16_t mtu, uint8_t ring_log2);
void wl_memif_say_init(uint8_t *message, uint32_t id);
void wl_memif_say_region(uint8_t *message, uint64_t bytes);
void wl_memif_say_ring(uint8_t *message, bool to_server, uint32_t offset, uint8_t log2);
void wl_memif_say_disconnect(uint8_t *message, const char *why);

/* ---- hearing ---------------------------------------------------------------------------------- */

/* The MTU that a HELLO names; 0: none, it is another program's. */
uint16_t wl_memif_hello_mtu(const uint8_t *message);
/* Slots as log2 that both ends can have; 0: the server cannot be spoken to, or the message is no HELLO. */
uint8_t wl_memif_hello_ring_log2(const uint8_t *message, uint8_t wanted);
/* A DISCONNECT: the id that was asked for belongs to somebody else. */
bool wl_memif_says_taken(const uint8_t *message);
/* Why an INIT cannot be served, or NULL: then *id is set. */
const char *wl_memif_init_fault(const uint8_t *message, uint32_t *id);
/* Takes an ADD_REGION or an ADD_RING. NULL, or a static text that says why it is refused. */
const char *wl_memif_offer_take(struct wl_memif_offer *offer, const struct wl_memif_limits *limits,
				const uint8_t *message);
/*
 * At CONNECT: NULL when both rings lie in the region and the buffers fit, else why not. `mtu` says whether
 * the buffers are those of another MTU.
 */
const char *wl_memif_offer_fault(const struct wl_memif_offer *offer,
				 const struct wl_memif_limits *limits, bool *mtu);

/* ---- sizes ------------------------------------------------------------------------------------ */

uint32_t wl_memif_ring_bytes(uint8_t log2);
/* A region with two rings and their buffers behind them. */
uint64_t wl_memif_region_bytes(uint8_t log2, uint32_t buffer_bytes);
/* Bytes of one buffer in a region that holds two rings; 0 when that cannot be. */
uint64_t wl_memif_region_buffer_bytes(uint64_t region_bytes, uint8_t log2);

#endif
