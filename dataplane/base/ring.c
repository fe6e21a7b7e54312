/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/ring.h"

#include <string.h>

#include "dataplane/base/check.h"

void wl_ring_init(struct wl_ring *ring, void *memory, uint32_t slot_bytes, uint32_t slot_count)
{
	WL_CHECK(slot_count != 0 && (slot_count & (slot_count - 1)) == 0);
	memset(ring, 0, sizeof(*ring));
	ring->slots = memory;
	ring->slot_bytes = slot_bytes;
	ring->slot_count = slot_count;
}

static uint8_t *slot_at(const struct wl_ring *ring, uint64_t ordinal)
{
	return ring->slots + (ordinal & (ring->slot_count - 1)) * (size_t)ring->slot_bytes;
}

bool wl_ring_push(struct wl_ring *ring, const void *element)
{
	uint64_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);

	if (pushed - ring->popped_seen == ring->slot_count) {
		/* Acquire: the consumer has finished reading the slot before we overwrite it. */
		ring->popped_seen = atomic_load_explicit(&ring->popped, memory_order_acquire);
		if (pushed - ring->popped_seen == ring->slot_count)
			return false;
	}
	memcpy(slot_at(ring, pushed), element, ring->slot_bytes);
	/* Release: the element is visible before the count that announces it. */
	atomic_store_explicit(&ring->pushed, pushed + 1, memory_order_release);
	return true;
}

bool wl_ring_pop(struct wl_ring *ring, void *element)
{
	uint64_t popped = atomic_load_explicit(&ring->popped, memory_order_relaxed);

	if (popped == ring->pushed_seen) {
		/* Acquire: pairs with the release in push, so that the element is whole. */
		ring->pushed_seen = atomic_load_explicit(&ring->pushed, memory_order_acquire);
		if (popped == ring->pushed_seen)
			return false;
	}
	memcpy(element, slot_at(ring, popped), ring->slot_bytes);
	/* Release: we have read the slot before the producer may reuse it. */
	atomic_store_explicit(&ring->popped, popped + 1, memory_order_release);
	return true;
}

uint64_t wl_ring_count(const struct wl_ring *ring)
{
	uint64_t popped = atomic_load_explicit(&ring->popped, memory_order_acquire);

	return atomic_load_explicit(&ring->pushed, memory_order_acquire) - popped;
}
