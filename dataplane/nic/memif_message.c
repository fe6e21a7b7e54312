/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_message.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/sentence.h"
#include "dataplane/nic/memif_ring.h"
#include "wirelog/limits.h"

#define HELLO_NAME "wirelog "
#define NAME_BYTES 32u
#define FRAME_BYTES_MAX (WIRELOG_MTU_MAX + 256u) /* a buffer of the largest MTU, rounded up */

void wl_memif_say(uint8_t *message, enum wl_memif_type type)
{
	memset(message, 0, WL_MEMIF_MESSAGE_BYTES);
	wl_store_u16(message, (uint16_t)type);
}

void wl_memif_say_hello(uint8_t *message, uint16_t mtu, uint8_t ring_log2)
{
	uint8_t *limits = message + WL_MEMIF_HELLO_LIMITS;
	struct wl_sentence name;

	wl_memif_say(message, WL_MEMIF_HELLO);
	name = wl_sentence_begin((char *)message + WL_MEMIF_HELLO_NAME, NAME_BYTES);
	wl_sentence_add(&name, HELLO_NAME);
	wl_sentence_add_number(&name, mtu);
	wl_store_u16(limits, WL_MEMIF_VERSION);
	wl_store_u16(limits + 2, WL_MEMIF_VERSION);
	/* The highest region, the highest ring of either direction: one of each, and so all zero. */
	limits[10] = ring_log2;
}

void wl_memif_say_init(uint8_t *message, uint32_t id)
{
	wl_memif_say(message, WL_MEMIF_INIT);
	wl_store_u16(message + WL_MEMIF_INIT_VERSION, WL_MEMIF_VERSION);
	wl_store_u32(message + WL_MEMIF_INIT_ID, id);
	memcpy(message + WL_MEMIF_INIT_NAME, HELLO_NAME, strlen(HELLO_NAME) - 1);
}

void wl_memif_say_region(uint8_t *message, uint64_t bytes)
{
	wl_memif_say(message, WL_MEMIF_ADD_REGION);
	wl_store_u64(message + WL_MEMIF_REGION_SIZE, bytes);
}

void wl_memif_say_ring(uint8_t *message, bool to_server, uint32_t offset, uint8_t log2)
{
	wl_memif_say(message, WL_MEMIF_ADD_RING);
	wl_store_u16(message + WL_MEMIF_RING_FLAGS, to_server ? WL_MEMIF_RING_TO_SERVER : 0);
	wl_store_u32(message + WL_MEMIF_RING_OFFSET, offset);
	message[WL_MEMIF_RING_LOG2] = log2;
}

void wl_memif_say_disconnect(uint8_t *message, const char *why)
{
	wl_memif_say(message, WL_MEMIF_DISCONNECT);
	memcpy(message + WL_MEMIF_DISCONNECT_TEXT, why, strnlen(why, 95));
}

bool wl_memif_says_taken(const uint8_t *message)
{
	return wl_load_u16(message) == WL_MEMIF_DISCONNECT &&
	       memcmp(message + WL_MEMIF_DISCONNECT_TEXT, WL_MEMIF_TAKEN, sizeof(WL_MEMIF_TAKEN)) ==
		       0;
}

uint16_t wl_memif_hello_mtu(const uint8_t *message)
{
	const char *name = (const char *)message + WL_MEMIF_HELLO_NAME;
	unsigned mtu = 0;

	if (wl_load_u16(message) != WL_MEMIF_HELLO ||
	    strncmp(name, HELLO_NAME, strlen(HELLO_NAME)) != 0)
		return 0;
	/* Nothing ends the name but its length: digits may go on to there. */
	for (size_t at = strlen(HELLO_NAME); at < NAME_BYTES && mtu <= UINT16_MAX; at++) {
		if (name[at] < '0' || name[at] > '9')
			break;
		mtu = mtu * 10 + (unsigned)(name[at] - '0');
	}
	return mtu <= UINT16_MAX ? (uint16_t)mtu : 0;
}

uint8_t wl_memif_hello_ring_log2(const uint8_t *message, uint8_t wanted)
{
	const uint8_t *limits = message + WL_MEMIF_HELLO_LIMITS;

	if (wl_load_u16(message) != WL_MEMIF_HELLO || wl_load_u16(limits) > WL_MEMIF_VERSION ||
	    wl_load_u16(limits + 2) < WL_MEMIF_VERSION)
		return 0;
	return limits[10] < wanted ? limits[10] : wanted;
}

const char *wl_memif_init_fault(const uint8_t *message, uint32_t *id)
{
	if (wl_load_u16(message) != WL_MEMIF_INIT)
		return "Unexpected message";
	if (wl_load_u16(message + WL_MEMIF_INIT_VERSION) != WL_MEMIF_VERSION)
		return "Incompatible memif version";
	if (message[WL_MEMIF_INIT_MODE] != 0)
		return "Only Ethernet mode";
	*id = wl_load_u32(message + WL_MEMIF_INIT_ID);
	return NULL;
}

static const char *take_region(struct wl_memif_offer *offer, const struct wl_memif_limits *limits,
			       const uint8_t *message)
{
	uint64_t bytes = wl_load_u64(message + WL_MEMIF_REGION_SIZE);

	if (wl_load_u16(message + WL_MEMIF_REGION_INDEX) != 0 || offer->region_bytes != 0)
		return "Only one region";
	/* That the buffers are of another MTU is told at CONNECT: so much is looked at before. */
	if (bytes == 0 || bytes > wl_memif_region_bytes(limits->ring_log2, FRAME_BYTES_MAX))
		return "Region size out of bounds";
	offer->region_bytes = bytes;
	return NULL;
}

static const char *take_ring(struct wl_memif_offer *offer, const struct wl_memif_limits *limits,
			     const uint8_t *message)
{
	bool to_server = (wl_load_u16(message + WL_MEMIF_RING_FLAGS) & WL_MEMIF_RING_TO_SERVER) !=
			 0;
	struct wl_memif_offered_ring *ring = to_server ? &offer->to_server : &offer->to_client;

	if (wl_load_u16(message + WL_MEMIF_RING_INDEX) != 0 || ring->said)
		return "Only one ring in each direction";
	if (wl_load_u16(message + WL_MEMIF_RING_REGION) != 0)
		return "Ring in an unknown region";
	if (message[WL_MEMIF_RING_LOG2] == 0 || message[WL_MEMIF_RING_LOG2] > limits->ring_log2)
		return "Ring size out of bounds";
	ring->said = true;
	ring->log2 = message[WL_MEMIF_RING_LOG2];
	ring->offset = wl_load_u32(message + WL_MEMIF_RING_OFFSET);
	return NULL;
}

const char *wl_memif_offer_take(struct wl_memif_offer *offer, const struct wl_memif_limits *limits,
				const uint8_t *message)
{
	switch (wl_load_u16(message)) {
	case WL_MEMIF_ADD_REGION:
		return take_region(offer, limits, message);
	case WL_MEMIF_ADD_RING:
		return take_ring(offer, limits, message);
	}
	return "Unexpected message";
}

static bool lies_within(const struct wl_memif_offered_ring *ring, uint64_t region_bytes)
{
	return ring->offset % WL_MEMIF_DESCRIPTOR_BYTES == 0 &&
	       (uint64_t)ring->offset + wl_memif_ring_bytes(ring->log2) <= region_bytes;
}

const char *wl_memif_offer_fault(const struct wl_memif_offer *offer,
				 const struct wl_memif_limits *limits, bool *mtu)
{
	uint64_t bytes;

	*mtu = false;
	if (offer->region_bytes == 0 || !offer->to_server.said || !offer->to_client.said)
		return "A region or a ring is missing";
	if (!lies_within(&offer->to_server, offer->region_bytes) ||
	    !lies_within(&offer->to_client, offer->region_bytes))
		return "Ring outside of its region";
	if (offer->to_server.log2 != offer->to_client.log2)
		return "Rings of different sizes";
	bytes = wl_memif_region_buffer_bytes(offer->region_bytes, offer->to_server.log2);
	*mtu = bytes < limits->frame_bytes || bytes > limits->buffer_bytes;
	return *mtu ? "Buffer size differs: same MTU on both ends?" : NULL;
}

uint32_t wl_memif_ring_bytes(uint8_t log2)
{
	return WL_MEMIF_RING_HEADER_BYTES + (WL_MEMIF_DESCRIPTOR_BYTES << log2);
}

uint64_t wl_memif_region_bytes(uint8_t log2, uint32_t buffer_bytes)
{
	return 2 * (wl_memif_ring_bytes(log2) + ((uint64_t)buffer_bytes << log2));
}

uint64_t wl_memif_region_buffer_bytes(uint64_t region_bytes, uint8_t log2)
{
	uint64_t ring_bytes = 2 * (uint64_t)wl_memif_ring_bytes(log2);

	return region_bytes <= ring_bytes ? 0 : (region_bytes - ring_bytes) >> (log2 + 1);
}
