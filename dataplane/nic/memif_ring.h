/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A memif ring in memory that somebody else writes, too, at any time and perhaps with bad intent.
 *
 *	0	cookie u32, flags u16, head u16		head: the client's, tail: the server's
 *	64	tail u16
 *	128	descriptors of 16: flags u16, region u16, length u32, offset u32, metadata u32
 *
 * The client made the memory. To the server: the client fills slots and moves head, the server empties them and moves tail.
 * To the client: the client gives empty slots by head, the server fills them and moves tail.
 *
 * Rules, for the rest of the node to lean on:
 *	1. What decides is copied first, once, then checked, then used: never read from there again.
 *	2. Our own place (`next`) is kept here; their index only says how many slots there are, and more than all is a lie.
 *	3. A server believes a descriptor's place only when the whole of it lies in the region; a client knows
 *	   where its buffers are and believes no place at all.
 *	4. A lie breaks the ring: nothing comes from it or goes to it any more; whoever owns the link lets it go.
 * The memory itself cannot vanish: memif_region_memory.h. Its contents may change under a copy; what was copied is then
 * as wrong as any frame may be.
 *
 * Pure but for the memory's other writer. Owner: the link. Thread: the one that polls the port.
 */
#ifndef WL_DATAPLANE_NIC_MEMIF_RING_H
#define WL_DATAPLANE_NIC_MEMIF_RING_H

#include <stdbool.h>
#include <stdint.h>

#define WL_MEMIF_RING_HEADER_BYTES 128u
#define WL_MEMIF_DESCRIPTOR_BYTES 16u
#define WL_MEMIF_RING_COOKIE 0x3e31f20u

struct wl_memif_ring {
	uint8_t *region; /* NULL: not connected */
	uint8_t *header;
	uint8_t *buffers; /* client: the first one, of slot 0; server: NULL, descriptors say where */
	uint32_t region_bytes;
	uint32_t buffer_bytes; /* client: of each */
	uint32_t frame_bytes; /* the largest frame */
	uint16_t slots;
	uint16_t next; /* the first slot that we have not done */
	uint16_t credit; /* slots that are ours before they say so */
	uint16_t grant; /* what our index is ahead of `next` */
	uint16_t theirs, ours; /* offsets of the indexes in the header */
	bool sends;
	bool in_pieces; /* the last slot taken was a part of a frame, and not its end */
	bool broken; /* rule 4 */
};

/* A slot whose place is checked. */
struct wl_memif_place {
	uint8_t *bytes;
	uint32_t size; /* of the frame, or room for one; 0: nothing that could be taken */
	uint16_t slot;
};

/* A ring within a region, and what we do with it. */
struct wl_memif_ring_shape {
	uint32_t offset; /* of its header */
	uint32_t frame_bytes; /* the largest frame; of the client also each buffer */
	uint8_t log2; /* of its slots */
	bool sends;
};

/*
 * The server's end of a ring that a client laid out in `region`, which is aligned to 16 bytes, at an offset
 * that wl_memif_offer_fault has seen. False: there is no ring.
 */
bool wl_memif_ring_open(struct wl_memif_ring *ring, uint8_t *region, uint32_t region_bytes,
			const struct wl_memif_ring_shape *shape);
/*
 * The client's end: lays out its ring in a region of zeros. `buffers` is where the buffers of this ring
 * begin. Nothing is given to the server before start, which follows its CONNECTED.
 */
void wl_memif_ring_make(struct wl_memif_ring *ring, uint8_t *region, uint32_t region_bytes,
			const struct wl_memif_ring_shape *shape, uint32_t buffers);
void wl_memif_ring_start(struct wl_memif_ring *ring);

/* Slots that could be taken now. It may be less a moment later: the index is the other end's. */
unsigned wl_memif_ring_ready(struct wl_memif_ring *ring);
/*
 * The next slots, at most `max`: frames that came, or room for frames. All that were given count as done with the next
 * publish. 0: none now, or the ring is broken.
 */
unsigned wl_memif_ring_take(struct wl_memif_ring *ring, struct wl_memif_place *places,
			    unsigned max);
/* Into a place with room. False: it has less than it must have, the ring is broken. */
bool wl_memif_ring_fill(struct wl_memif_ring *ring, const struct wl_memif_place *place,
			const uint8_t *frame, uint32_t frame_bytes);
/* Tells the other end what was taken; not when the ring is broken. */
void wl_memif_ring_publish(struct wl_memif_ring *ring);

#endif
