/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's half: bytes of the replicated part, out of checked blocks. */
#include "dataplane/state/base_part.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "dataplane/state/base_internal.h"

uint32_t wl_base_part_place(const struct wl_base_header *header, uint64_t offset, uint32_t room,
			    uint64_t *at)
{
	uint64_t first = (WL_BASE_HEADER_BYTES + offset) / WL_BASE_CONTENT_BYTES;
	uint64_t last = (WL_BASE_HEADER_BYTES + header->state_bytes - 1) / WL_BASE_CONTENT_BYTES;
	uint64_t blocks = last - first + 1;

	WL_CHECK_MSG(offset < header->state_bytes, "%llu of %llu", (unsigned long long)offset,
		     (unsigned long long)header->state_bytes);
	if (blocks > room / WL_BLOCK_BYTES)
		blocks = room / WL_BLOCK_BYTES;
	*at = first * WL_BLOCK_BYTES;
	return (uint32_t)(blocks * WL_BLOCK_BYTES);
}

static bool is_whole(const uint8_t *block, uint64_t number, uint64_t index)
{
	return wl_load_u32(block + WL_BASE_CRC_AT) == wl_crc32c(block, WL_BASE_CRC_AT) &&
	       wl_load_u32(block + WL_BASE_CONTENT_BYTES) == wl_base_block_tag(number, index);
}

uint32_t wl_base_part_take(const struct wl_base_header *header, uint64_t offset,
			   const uint8_t *blocks, uint32_t bytes, uint8_t *to)
{
	uint64_t content = WL_BASE_HEADER_BYTES + offset, number = content / WL_BASE_CONTENT_BYTES;
	uint64_t skip = content % WL_BASE_CONTENT_BYTES, left = header->state_bytes - offset;
	uint32_t taken = 0;

	WL_CHECK(offset < header->state_bytes);
	WL_CHECK(bytes % WL_BLOCK_BYTES == 0);
	for (uint32_t at = 0; at < bytes && left != 0; at += WL_BLOCK_BYTES, number++) {
		uint64_t part = WL_BASE_CONTENT_BYTES - skip;

		if (!is_whole(blocks + at, number, header->log.position.index))
			return 0;
		if (part > left)
			part = left;
		memmove(to + taken, blocks + at + skip, part);
		taken += (uint32_t)part;
		left -= part;
		skip = 0;
	}
	WL_CHECK(taken <= bytes && taken <= header->state_bytes - offset);
	return taken;
}

void wl_base_part_offer(const struct wl_base_header *header, struct wl_base_offer *offer)
{
	*offer = (struct wl_base_offer){
		.position = header->log.position,
		.chain = header->log.chain,
		.digest = header->digest,
		.total = header->state_bytes,
	};
}
