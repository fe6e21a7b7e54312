/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bounded queue between exactly two threads: one pushes, one pops.
 * Elements have a fixed size and are copied in and out. Memory comes from the
 * caller. A full ring is a `false`, never a wait.
 *
 * Thread: wl_ring_push [producer], wl_ring_pop [consumer], wl_ring_count [any].
 */
#ifndef WL_DATAPLANE_BASE_RING_H
#define WL_DATAPLANE_BASE_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wl_ring {
	alignas(64) _Atomic uint64_t pushed; /* written by the producer only */
	uint64_t popped_seen; /* producer's copy of popped */
	alignas(64) _Atomic uint64_t popped; /* written by the consumer only */
	uint64_t pushed_seen; /* consumer's copy of pushed */
	alignas(64) uint8_t *slots;
	uint32_t slot_bytes;
	uint32_t slot_count; /* a power of two */
};

/* `memory` holds slot_bytes * slot_count bytes and outlives the ring. */
void wl_ring_init(struct wl_ring *ring, void *memory, uint32_t slot_bytes, uint32_t slot_count);
bool wl_ring_push(struct wl_ring *ring, const void *element);
bool wl_ring_pop(struct wl_ring *ring, void *element);
uint64_t wl_ring_count(const struct wl_ring *ring);

#endif
