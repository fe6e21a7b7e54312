/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bounded queue of byte strings between exactly two threads: one stages and shows, one looks and releases. Each string
 * stands in one piece. Memory comes from the caller. No room is a NULL, never a wait.
 *
 * What is staged is the producer's alone until it is shown, and may be taken back: who hands a burst to a device copies it first, and
 * shows the part that the device took.
 *
 *	string  u32 bytes of it | u32 zero | the bytes | up to the next multiple of 8
 *	        bytes ffffffff: nothing more up to the end of the memory
 *
 * Thread: stage, staged, show [producer], look, release [consumer].
 */
#ifndef WL_DATAPLANE_BASE_BYTE_RING_H
#define WL_DATAPLANE_BASE_BYTE_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

struct wl_byte_ring {
	alignas(64) _Atomic uint64_t shown; /* written by the producer only */
	uint64_t staged; /* the producer's: behind what it wrote */
	uint64_t released_seen;
	alignas(64) _Atomic uint64_t released; /* written by the consumer only */
	uint64_t looked; /* the consumer's: behind what it looks at */
	uint64_t shown_seen;
	alignas(64) uint8_t *memory;
	uint64_t size; /* a power of two */
};

/* `memory` holds `size` bytes, a power of two from 64 on, and outlives the ring. */
void wl_byte_ring_init(struct wl_byte_ring *ring, void *memory, uint64_t size);
/* Where to write so many bytes, at most a quarter of the ring, aligned to 8; NULL: no room, and nothing changed. */
uint8_t *wl_byte_ring_stage(struct wl_byte_ring *ring, uint32_t bytes);
/* A mark behind what is staged by now. */
static inline uint64_t wl_byte_ring_staged(const struct wl_byte_ring *ring)
{
	return ring->staged;
}
/* And behind what was shown. */
static inline uint64_t wl_byte_ring_shown(const struct wl_byte_ring *ring)
{
	return atomic_load_explicit(&ring->shown, memory_order_relaxed);
}
/* What was staged before the mark is the consumer's; what was staged behind it never was. */
void wl_byte_ring_show(struct wl_byte_ring *ring, uint64_t mark);
/* The oldest string, until it is released; NULL: there is none. */
const uint8_t *wl_byte_ring_look(struct wl_byte_ring *ring, uint32_t *bytes);
/* Of the string that was looked at last. */
void wl_byte_ring_release(struct wl_byte_ring *ring);

#endif
