/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The chunks of a hole, built from its right end to its left one. Entries are given newest first; each chunk that is ready waits until
 * the one before it has its place, because it names that place.
 *
 *   hole.begin [ filler | chunk | chunk | chunk ] hole.end
 *                           <- entries come from here
 *
 * A place where a chunk must begin is told by who plans (mend_plan.c): there it begins. Otherwise it takes what fits in 2 MiB,
 * up to a boundary, or up to `floor`.
 *
 * Pure. Owner: a wl_mend.
 */
#ifndef WL_DATAPLANE_MEND_LAYOUT_H
#define WL_DATAPLANE_MEND_LAYOUT_H

#include "dataplane/log/chunk.h"
#include "dataplane/log/log.h"

struct wl_layout_chunk {
	uint8_t *bytes; /* WL_CHUNK_BYTES_MAX; entries stand at its end while they come, behind the header when it is ready */
	uint64_t begin, end; /* of the stream, when it is ready */
	uint32_t used; /* of entries */
	uint32_t count;
};

struct wl_layout {
	const struct wl_log_config *config;
	uint64_t durable; /* watermark of what is built: begin of the hole */
	struct wl_layout_chunk chunks[2]; /* the one that is being built, and the one that waits */
	uint32_t building;
	bool waits; /* the other one is ready but for the place of its predecessor */
};

#endif
