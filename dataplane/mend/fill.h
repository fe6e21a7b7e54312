/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A part of the stream in memory, whatever the device gives of it. A large read that fails is taken again in smaller pieces, down to a
 * block; a block that cannot be read is zeros, and known as bad.
 *
 * Pure. Owner: who looks at the bytes.
 */
#ifndef WL_DATAPLANE_MEND_FILL_H
#define WL_DATAPLANE_MEND_FILL_H

#include <stdbool.h>

#include "dataplane/base/check.h"
#include "dataplane/base/disk.h"
#include "dataplane/base/limits.h"

#define WL_FILL_BYTES (2 * WL_CHUNK_BYTES_MAX)

WL_STATIC_CHECK(WL_FILL_BYTES / WL_BLOCK_BYTES % 8 == 0); /* a bit a block */
WL_STATIC_CHECK(WL_CHUNK_BYTES_MAX % WL_BLOCK_BYTES == 0);

struct wl_fill {
	uint8_t *window; /* the caller's: WL_FILL_BYTES, aligned to WL_BLOCK_BYTES */
	uint64_t offset; /* of the stream */
	uint32_t bytes; /* wanted */
	uint32_t came;
	uint32_t piece; /* how much is read at once */
	bool absent; /* a segment was not there */
	uint8_t bad[WL_FILL_BYTES / WL_BLOCK_BYTES / 8];
};

/* Whole blocks of one segment, at most WL_FILL_BYTES. */
void wl_fill_begin(struct wl_fill *fill, uint64_t offset, uint32_t bytes);
/* Next read, while not all has come. */
void wl_fill_want(const struct wl_fill *fill, uint64_t *offset, uint8_t **buffer, uint32_t *bytes);
/* True when all has come. */
bool wl_fill_on_read(struct wl_fill *fill, enum wl_disk_status status);
/* All of it is there: bytes, or known as bad. */
static inline bool wl_fill_has(const struct wl_fill *fill, uint64_t offset, uint64_t bytes)
{
	return fill->came == fill->bytes && offset >= fill->offset &&
	       offset + bytes <= fill->offset + fill->bytes;
}

static inline const uint8_t *wl_fill_at(const struct wl_fill *fill, uint64_t offset)
{
	WL_CHECK(offset >= fill->offset && offset < fill->offset + fill->bytes);
	return fill->window + (offset - fill->offset);
}

/* One of the blocks could not be read; all of them are in the window. */
bool wl_fill_is_bad(const struct wl_fill *fill, uint64_t offset, uint64_t bytes);

#endif
