/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The chunks of a hole, built from its right end to its left one. Entries are given newest first; each chunk that is ready waits until
 * the one before it has its place, because it names that place.
 *
 *   hole.begin [ filler | chunk | waits | written ] hole.end
 *                         <- entries come from here
 *
 * While entries come they stand at the end of the buffer, the newest last; when the chunk is closed they move behind its header, where a
 * writer would have put them. What is left is padding. A chunk of no entries is a filler.
 *
 * Pure. Owner: a wl_mend.
 */
#ifndef WL_DATAPLANE_MEND_LAYOUT_H
#define WL_DATAPLANE_MEND_LAYOUT_H

#include "dataplane/log/chunk.h"
#include "dataplane/log/log.h"

struct wl_layout_chunk {
	uint8_t *bytes; /* WL_CHUNK_BYTES_MAX, aligned to WL_BLOCK_BYTES */
	uint64_t begin, end; /* of the stream, once it is closed */
	uint32_t used; /* of entries */
};

struct wl_layout {
	const struct wl_log_config *config;
	uint64_t durable; /* watermark of what is built: all before it was durable once */
	struct wl_layout_chunk chunks[2]; /* the one that is built, and the one that waits */
	uint32_t building;
	bool waits;
};

/* `memory`: WL_LAYOUT_MEMORY_BYTES, aligned to WL_BLOCK_BYTES. */
#define WL_LAYOUT_MEMORY_BYTES (2 * WL_CHUNK_BYTES_MAX)
void wl_layout_init(struct wl_layout *layout, const struct wl_log_config *config, uint8_t *memory);
void wl_layout_begin(struct wl_layout *layout, uint64_t durable);
/* Bytes of the stream that the chunk under way needs when `bytes` more of entries are put in: whole blocks. */
uint64_t wl_layout_blocks(const struct wl_layout *layout, uint64_t bytes);
/* A whole image, before all that were put: wl_layout_blocks of it is at most WL_CHUNK_BYTES_MAX. */
void wl_layout_put(struct wl_layout *layout, const uint8_t *image, uint32_t bytes);
static inline uint32_t wl_layout_used(const struct wl_layout *layout)
{
	return layout->chunks[layout->building].used;
}

/* The chunk under way stands there. None waits. From now on it waits, and another one is built. */
void wl_layout_close(struct wl_layout *layout, uint64_t begin, uint64_t end);
/* The one that waits follows that one: its bytes are complete, until the next wl_layout_close. */
const struct wl_layout_chunk *wl_layout_finish(struct wl_layout *layout, uint64_t previous);

#endif
