/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/byte_ring.h"

#include <stdbool.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define HEAD_BYTES 8u
#define SKIP UINT32_MAX

void wl_byte_ring_init(struct wl_byte_ring *ring, void *memory, uint64_t size)
{
	WL_CHECK(size >= 64 && (size & (size - 1)) == 0);
	memset(ring, 0, sizeof(*ring));
	ring->memory = memory;
	ring->size = size;
}

static uint8_t *at(const struct wl_byte_ring *ring, uint64_t mark)
{
	return ring->memory + (mark & (ring->size - 1));
}

static uint64_t bytes_of(uint32_t string_bytes)
{
	return (HEAD_BYTES + (uint64_t)string_bytes + 7) & ~UINT64_C(7);
}

static bool has_room(struct wl_byte_ring *ring, uint64_t bytes)
{
	if (ring->staged + bytes - ring->released_seen <= ring->size)
		return true;
	/* Acquire: the consumer has finished reading before we overwrite it. */
	ring->released_seen = atomic_load_explicit(&ring->released, memory_order_acquire);
	return ring->staged + bytes - ring->released_seen <= ring->size;
}

uint8_t *wl_byte_ring_stage(struct wl_byte_ring *ring, uint32_t bytes)
{
	uint64_t wanted = bytes_of(bytes);
	uint64_t to_end = ring->size - (ring->staged & (ring->size - 1));
	uint64_t skipped = wanted > to_end ? to_end : 0;
	uint8_t *string;

	WL_CHECK(wanted <= ring->size / 4 + HEAD_BYTES);
	if (!has_room(ring, skipped + wanted))
		return NULL;
	/* To the end it is a multiple of 8, and more than none: a head has room there. */
	if (skipped != 0)
		wl_store_u32(at(ring, ring->staged), SKIP);
	string = at(ring, ring->staged + skipped);
	wl_store_u32(string, bytes);
	wl_store_u32(string + 4, 0);
	ring->staged += skipped + wanted;
	return string + HEAD_BYTES;
}

void wl_byte_ring_show(struct wl_byte_ring *ring, uint64_t mark)
{
	uint64_t shown = atomic_load_explicit(&ring->shown, memory_order_relaxed);

	WL_CHECK(mark - shown <= ring->staged - shown);
	ring->staged = mark;
	/* Release: the strings are visible before the mark that announces them. */
	if (mark != shown)
		atomic_store_explicit(&ring->shown, mark, memory_order_release);
}

const uint8_t *wl_byte_ring_look(struct wl_byte_ring *ring, uint32_t *bytes)
{
	uint64_t released = atomic_load_explicit(&ring->released, memory_order_relaxed);
	uint8_t *string;

	if (released == ring->shown_seen) {
		/* Acquire: pairs with the release in show, so that the strings are whole. */
		ring->shown_seen = atomic_load_explicit(&ring->shown, memory_order_acquire);
		if (released == ring->shown_seen)
			return NULL;
	}
	string = at(ring, released);
	/* What is skipped is shown together with the string behind it. */
	if (wl_load_u32(string) == SKIP) {
		released += ring->size - (released & (ring->size - 1));
		string = at(ring, released);
	}
	*bytes = wl_load_u32(string);
	ring->looked = released + bytes_of(*bytes);
	WL_CHECK(ring->shown_seen - released >= ring->looked - released);
	return string + HEAD_BYTES;
}

void wl_byte_ring_release(struct wl_byte_ring *ring)
{
	WL_CHECK(ring->looked != atomic_load_explicit(&ring->released, memory_order_relaxed));
	/* Release: we have read the string before the producer may reuse its place. */
	atomic_store_explicit(&ring->released, ring->looked, memory_order_release);
}
