/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_ring.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define COOKIE 0u
#define FLAGS 4u
#define HEAD 6u
#define TAIL 64u
#define NO_INTERRUPTS 1u /* the receiver's word in a ring's flags: it polls */
#define PIECE 1u /* a descriptor's flag: the frame goes on in the next slot */

/* One descriptor, as it was at one moment. */
struct descriptor {
	uint16_t flags, region;
	uint32_t length, offset;
};

static uint8_t *descriptor_of(const struct wl_memif_ring *ring, uint16_t slot)
{
	return ring->header + WL_MEMIF_RING_HEADER_BYTES +
	       (uint32_t)(slot & (ring->slots - 1)) * WL_MEMIF_DESCRIPTOR_BYTES;
}

/* Two loads that the compiler may neither repeat nor take apart (rule 1). */
static struct descriptor copy_descriptor(const struct wl_memif_ring *ring, uint16_t slot)
{
	const uint64_t *words = (const uint64_t *)(const void *)descriptor_of(ring, slot);
	uint64_t first = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	uint64_t second = __atomic_load_n(&words[1], __ATOMIC_RELAXED);

	return (struct descriptor){
		.flags = (uint16_t)first,
		.region = (uint16_t)(first >> 16),
		.length = (uint32_t)(first >> 32),
		.offset = (uint32_t)second,
	};
}

/* Flags and region zero: whole, in the only region. */
static void write_length(struct wl_memif_ring *ring, uint16_t slot, uint32_t length)
{
	uint64_t *first = (uint64_t *)(void *)descriptor_of(ring, slot);

	__atomic_store_n(first, (uint64_t)length << 32, __ATOMIC_RELAXED);
}

static uint16_t load_theirs(const struct wl_memif_ring *ring)
{
	/* Pairs with the release of their index: what it counts was written before. */
	return __atomic_load_n((const uint16_t *)(const void *)(ring->header + ring->theirs),
			       __ATOMIC_ACQUIRE);
}

static void store_u16(uint8_t *to, uint16_t value)
{
	__atomic_store_n((uint16_t *)(void *)to, value, __ATOMIC_RELEASE);
}

static uint8_t *buffer_of(const struct wl_memif_ring *ring, uint16_t slot)
{
	return ring->buffers + (uint64_t)(slot & (ring->slots - 1)) * ring->buffer_bytes;
}

bool wl_memif_ring_open(struct wl_memif_ring *ring, uint8_t *region, uint32_t region_bytes,
			const struct wl_memif_ring_shape *shape)
{
	*ring = (struct wl_memif_ring){
		.region = region,
		.header = region + shape->offset,
		.region_bytes = region_bytes,
		.frame_bytes = shape->frame_bytes,
		.slots = (uint16_t)(1u << shape->log2),
		.theirs = HEAD,
		.ours = TAIL,
		.sends = shape->sends,
	};
	if (__atomic_load_n((uint32_t *)(void *)(ring->header + COOKIE), __ATOMIC_RELAXED) !=
	    WL_MEMIF_RING_COOKIE)
		return false;
	if (!ring->sends)
		store_u16(ring->header + FLAGS, NO_INTERRUPTS);
	store_u16(ring->header + TAIL, 0);
	return true;
}

void wl_memif_ring_make(struct wl_memif_ring *ring, uint8_t *region, uint32_t region_bytes,
			const struct wl_memif_ring_shape *shape, uint32_t buffers)
{
	*ring = (struct wl_memif_ring){
		.region = region,
		.header = region + shape->offset,
		.buffers = region + buffers,
		.region_bytes = region_bytes,
		.buffer_bytes = shape->frame_bytes,
		.frame_bytes = shape->frame_bytes,
		.slots = (uint16_t)(1u << shape->log2),
		.theirs = TAIL,
		.ours = HEAD,
		.sends = shape->sends,
	};
	if (ring->sends)
		ring->credit = ring->slots;
	else
		ring->grant = ring->slots;
	wl_store_u32(ring->header + COOKIE, WL_MEMIF_RING_COOKIE);
	for (uint32_t slot = 0; slot < ring->slots; slot++) {
		uint8_t *descriptor = descriptor_of(ring, (uint16_t)slot);

		write_length(ring, (uint16_t)slot, ring->buffer_bytes);
		wl_store_u32(descriptor + 8, buffers + slot * ring->buffer_bytes);
	}
}

void wl_memif_ring_start(struct wl_memif_ring *ring)
{
	if (!ring->sends)
		store_u16(ring->header + FLAGS, NO_INTERRUPTS);
	wl_memif_ring_publish(ring);
}

/* Rule 3. False: a lie. */
static bool find_place(const struct wl_memif_ring *ring, const struct descriptor *descriptor,
		       struct wl_memif_place *place)
{
	if (ring->buffers) {
		place->bytes = buffer_of(ring, place->slot);
		place->size = ring->sends ? ring->buffer_bytes : descriptor->length;
		return place->size <= ring->buffer_bytes;
	}
	if (descriptor->region != 0 ||
	    (uint64_t)descriptor->offset + descriptor->length > ring->region_bytes)
		return false;
	place->bytes = ring->region + descriptor->offset;
	place->size = descriptor->length;
	return true;
}

/* Frames in pieces are not for us, nor those that are longer than the MTU. */
static void leave_out(struct wl_memif_ring *ring, const struct descriptor *descriptor,
		      struct wl_memif_place *place)
{
	bool goes_on = (descriptor->flags & PIECE) != 0;

	if (ring->in_pieces || goes_on || place->size > ring->frame_bytes)
		place->size = 0;
	ring->in_pieces = goes_on;
}

unsigned wl_memif_ring_ready(struct wl_memif_ring *ring)
{
	uint16_t ready;

	if (wl_unlikely(!ring->region || ring->broken))
		return 0;
	ready = (uint16_t)(load_theirs(ring) + ring->credit - ring->next);
	if (wl_likely(ready <= ring->slots))
		return ready;
	ring->broken = true;
	return 0;
}

unsigned wl_memif_ring_take(struct wl_memif_ring *ring, struct wl_memif_place *places, unsigned max)
{
	unsigned ready = wl_memif_ring_ready(ring);

	if (max > ready)
		max = ready;
	for (unsigned at = 0; at < max; at++) {
		struct wl_memif_place *place = &places[at];
		uint16_t slot = (uint16_t)(ring->next + at);
		struct descriptor descriptor = copy_descriptor(ring, slot);

		place->slot = slot;
		if (wl_unlikely(!find_place(ring, &descriptor, place))) {
			ring->broken = true;
			return 0;
		}
		__builtin_prefetch(place->bytes);
		if (!ring->sends)
			leave_out(ring, &descriptor, place);
		/* It goes back to the server with the next publish, with its whole room. */
		if (ring->grant != 0)
			write_length(ring, slot, ring->buffer_bytes);
	}
	ring->next = (uint16_t)(ring->next + max);
	return max;
}

bool wl_memif_ring_fill(struct wl_memif_ring *ring, const struct wl_memif_place *place,
			const uint8_t *frame, uint32_t frame_bytes)
{
	if (wl_unlikely(frame_bytes > place->size)) {
		ring->broken = true;
		return false;
	}
	memcpy(place->bytes, frame, frame_bytes);
	write_length(ring, place->slot, frame_bytes);
	return true;
}

void wl_memif_ring_publish(struct wl_memif_ring *ring)
{
	if (wl_unlikely(ring->broken))
		return;
	store_u16(ring->header + ring->ours, (uint16_t)(ring->next + ring->grant));
}
