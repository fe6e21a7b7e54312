/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mend/fill.h"

#include <string.h>

#include "dataplane/base/check.h"

#define NARROWER 8u

void wl_fill_begin(struct wl_fill *fill, uint64_t offset, uint32_t bytes)
{
	WL_CHECK(bytes != 0 && bytes <= WL_FILL_BYTES && bytes % WL_BLOCK_BYTES == 0 &&
		 offset % WL_BLOCK_BYTES == 0);
	WL_CHECK((uintptr_t)fill->window % WL_BLOCK_BYTES == 0);
	fill->offset = offset;
	fill->bytes = bytes;
	fill->came = 0;
	fill->piece = bytes;
	fill->absent = false;
	memset(fill->bad, 0, sizeof(fill->bad));
}

static uint32_t piece(const struct wl_fill *fill)
{
	uint32_t left = fill->bytes - fill->came;

	WL_CHECK(fill->came < fill->bytes);
	WL_CHECK(fill->piece != 0);
	WL_CHECK(fill->piece % WL_BLOCK_BYTES == 0);
	return left < fill->piece ? left : fill->piece;
}

void wl_fill_want(const struct wl_fill *fill, uint64_t *offset, uint8_t **buffer, uint32_t *bytes)
{
	*offset = fill->offset + fill->came;
	*buffer = fill->window + fill->came;
	*bytes = piece(fill);
	WL_CHECK(*bytes <= fill->bytes - fill->came);
	WL_CHECK(fill->came % WL_BLOCK_BYTES == 0);
}

static void give_up_piece(struct wl_fill *fill, uint32_t bytes)
{
	WL_CHECK(fill->came + bytes <= fill->bytes);
	WL_CHECK(bytes % WL_BLOCK_BYTES == 0);
	memset(fill->window + fill->came, 0, bytes);
	for (uint32_t at = fill->came; at < fill->came + bytes; at += WL_BLOCK_BYTES)
		fill->bad[at / WL_BLOCK_BYTES / 8] |= (uint8_t)(1u << at / WL_BLOCK_BYTES % 8);
}

bool wl_fill_on_read(struct wl_fill *fill, enum wl_disk_status status)
{
	uint32_t bytes = piece(fill);

	if (status != WL_DISK_OK && status != WL_DISK_ABSENT && bytes > WL_BLOCK_BYTES) {
		fill->piece = bytes / NARROWER & ~(WL_BLOCK_BYTES - 1);
		if (fill->piece == 0)
			fill->piece = WL_BLOCK_BYTES;
		WL_CHECK_MSG(fill->piece < bytes, "%u of %u", fill->piece, bytes);
		return false;
	}
	fill->absent |= status == WL_DISK_ABSENT;
	if (status != WL_DISK_OK)
		give_up_piece(fill, bytes);
	fill->came += bytes;
	WL_CHECK(fill->came <= fill->bytes);
	return fill->came == fill->bytes;
}

bool wl_fill_is_bad(const struct wl_fill *fill, uint64_t offset, uint64_t bytes)
{
	uint64_t at = (offset - fill->offset) / WL_BLOCK_BYTES;
	uint64_t end = (offset - fill->offset + bytes - 1) / WL_BLOCK_BYTES;

	WL_CHECK(bytes != 0);
	WL_CHECK(wl_fill_has(fill, offset, bytes));
	for (; at <= end; at++)
		if (fill->bad[at / 8] & 1u << at % 8)
			return true;
	return false;
}
