/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mend/layout.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"

void wl_layout_init(struct wl_layout *layout, const struct wl_log_config *config, uint8_t *memory)
{
	WL_CHECK((uintptr_t)memory % WL_BLOCK_BYTES == 0);
	memset(layout, 0, sizeof(*layout));
	layout->config = config;
	layout->chunks[0].bytes = memory;
	layout->chunks[1].bytes = memory + WL_CHUNK_BYTES_MAX;
}

void wl_layout_begin(struct wl_layout *layout, uint64_t durable)
{
	WL_CHECK(layout->building < 2);
	layout->durable = durable;
	layout->waits = false;
	layout->chunks[layout->building].used = 0;
}

uint64_t wl_layout_blocks(const struct wl_layout *layout, uint64_t bytes)
{
	WL_CHECK(wl_layout_used(layout) <= WL_CHUNK_BYTES_MAX - WL_CHUNK_HEADER_BYTES);
	return wl_align_up(WL_CHUNK_HEADER_BYTES + wl_layout_used(layout) + bytes, WL_BLOCK_BYTES);
}

void wl_layout_put(struct wl_layout *layout, const uint8_t *image, uint32_t bytes)
{
	struct wl_layout_chunk *chunk = &layout->chunks[layout->building];

	WL_CHECK(bytes != 0);
	WL_CHECK(bytes % 8 == 0);
	WL_CHECK(wl_layout_blocks(layout, bytes) <= WL_CHUNK_BYTES_MAX);
	chunk->used += bytes;
	memcpy(chunk->bytes + WL_CHUNK_BYTES_MAX - chunk->used, image, bytes);
}

void wl_layout_close(struct wl_layout *layout, uint64_t begin, uint64_t end)
{
	struct wl_layout_chunk *chunk = &layout->chunks[layout->building];
	uint64_t bytes = end - begin;

	WL_CHECK(!layout->waits && begin < end && bytes <= WL_CHUNK_BYTES_MAX &&
		 wl_layout_blocks(layout, 0) <= bytes);
	memmove(chunk->bytes + WL_CHUNK_HEADER_BYTES,
		chunk->bytes + WL_CHUNK_BYTES_MAX - chunk->used, chunk->used);
	memset(chunk->bytes + WL_CHUNK_HEADER_BYTES + chunk->used, WL_CHUNK_PADDING,
	       bytes - WL_CHUNK_HEADER_BYTES - chunk->used);
	chunk->begin = begin;
	chunk->end = end;
	layout->waits = true;
	layout->building = !layout->building;
	layout->chunks[layout->building].used = 0;
}

const struct wl_layout_chunk *wl_layout_finish(struct wl_layout *layout, uint64_t previous)
{
	struct wl_layout_chunk *chunk = &layout->chunks[!layout->building];
	const struct wl_log_config *config = layout->config;
	struct wl_chunk_header header = {
		.binding = wl_chunk_binding(config->cluster, config->node, config->journal),
		.offset = chunk->begin,
		.previous = previous,
		.durable = layout->durable < chunk->begin ? layout->durable : chunk->begin,
		.bytes = (uint32_t)(chunk->end - chunk->begin),
		.used = WL_CHUNK_HEADER_BYTES + chunk->used,
	};

	WL_CHECK(layout->waits);
	WL_CHECK(previous == WL_CHUNK_NONE || previous < chunk->begin);
	WL_CHECK(header.used <= header.bytes);
	WL_CHECK(header.bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK(header.durable <= header.offset);
	header.body_crc = wl_crc32c(chunk->bytes + WL_CHUNK_HEADER_BYTES,
				    header.bytes - WL_CHUNK_HEADER_BYTES);
	/* The first sector is never zero: it holds this header. */
	header.zero_sectors = wl_chunk_zero_sectors(chunk->bytes + WL_SECTOR_BYTES,
						    header.bytes - WL_SECTOR_BYTES);
	wl_chunk_encode_header(chunk->bytes, &header, config->chunk_key);
	layout->waits = false;
	return chunk;
}
