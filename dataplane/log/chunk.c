/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/chunk.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"

#define CHUNK_VERSION 3u
#define SEGMENT_VERSION 1u
#define TAG_AT 40u
#define HEADER_CRC_AT 60u

_Static_assert(WL_CHUNK_BYTES_MAX / WL_SECTOR_BYTES <= UINT16_MAX, "zero sectors fit");
_Static_assert(HEADER_CRC_AT + 4 == WL_CHUNK_HEADER_BYTES, "the checksum ends the header");
/* The header stands in one sector: it is there as a whole or not at all. */
WL_STATIC_CHECK(WL_CHUNK_HEADER_BYTES <= WL_SECTOR_BYTES);

uint64_t wl_chunk_binding(uint64_t cluster, uint32_t node, uint32_t journal)
{
	uint8_t bytes[16];

	wl_store_u64(bytes, cluster);
	wl_store_u32(bytes + 8, node);
	wl_store_u32(bytes + 12, journal);
	return wl_crc64(0, bytes, sizeof(bytes));
}

static uint64_t make_tag(const uint8_t *header, const uint8_t *key)
{
	uint8_t bytes[HEADER_CRC_AT];

	memcpy(bytes, header, sizeof(bytes));
	wl_store_u64(bytes + TAG_AT, 0);
	return wl_siphash(key, bytes, sizeof(bytes));
}

bool wl_chunk_has_tag(const uint8_t *from, const uint8_t key[WL_CHUNK_KEY_BYTES])
{
	return wl_load_u64(from + TAG_AT) == make_tag(from, key);
}

void wl_chunk_encode_header(uint8_t *to, const struct wl_chunk_header *header, const uint8_t *key)
{
	wl_store_u32(to, WL_CHUNK_MAGIC);
	wl_store_u16(to + 4, CHUNK_VERSION);
	wl_store_u16(to + 6, (uint16_t)header->zero_sectors);
	wl_store_u64(to + 8, header->binding);
	wl_store_u64(to + 16, header->offset);
	wl_store_u64(to + 24, header->previous);
	wl_store_u64(to + 32, header->durable);
	wl_store_u64(to + TAG_AT, 0);
	wl_store_u32(to + 48, header->bytes);
	wl_store_u32(to + 52, header->used);
	wl_store_u32(to + 56, header->body_crc);
	if (key)
		wl_store_u64(to + TAG_AT, make_tag(to, key));
	wl_store_u32(to + HEADER_CRC_AT, wl_crc32c(to, HEADER_CRC_AT));
}

static bool lengths_hold(const struct wl_chunk_header *header)
{
	return header->bytes != 0 && header->bytes <= WL_CHUNK_BYTES_MAX &&
	       header->bytes % WL_BLOCK_BYTES == 0 && header->used >= WL_CHUNK_HEADER_BYTES &&
	       header->used <= header->bytes && header->offset % WL_BLOCK_BYTES == 0 &&
	       header->zero_sectors < header->bytes / WL_SECTOR_BYTES &&
	       header->durable <= header->offset &&
	       (header->previous == WL_CHUNK_NONE ||
		(header->previous < header->offset && header->previous % WL_BLOCK_BYTES == 0));
}

bool wl_chunk_decode_header(const uint8_t *from, size_t size, struct wl_chunk_header *header)
{
	if (size < WL_CHUNK_HEADER_BYTES || wl_load_u32(from) != WL_CHUNK_MAGIC ||
	    wl_load_u32(from + HEADER_CRC_AT) != wl_crc32c(from, HEADER_CRC_AT))
		return false;
	if (wl_load_u16(from + 4) != CHUNK_VERSION)
		return false;
	header->binding = wl_load_u64(from + 8);
	header->offset = wl_load_u64(from + 16);
	header->previous = wl_load_u64(from + 24);
	header->durable = wl_load_u64(from + 32);
	header->zero_sectors = wl_load_u16(from + 6);
	header->bytes = wl_load_u32(from + 48);
	header->used = wl_load_u32(from + 52);
	header->body_crc = wl_load_u32(from + 56);
	return lengths_hold(header);
}

bool wl_chunk_body_is_whole(const uint8_t *from, const struct wl_chunk_header *header)
{
	return wl_crc32c(from + WL_CHUNK_HEADER_BYTES, header->bytes - WL_CHUNK_HEADER_BYTES) ==
	       header->body_crc;
}

bool wl_chunk_is_zero(const uint8_t *from, size_t size)
{
	WL_CHECK(size % 8 == 0);
	/* The first word is zero and each byte is like the one eight before it: memcmp is what is fast everywhere. */
	return size == 0 || (wl_load_u64(from) == 0 && memcmp(from, from + 8, size - 8) == 0);
}

uint32_t wl_chunk_zero_sectors(const uint8_t *from, size_t bytes)
{
	uint32_t count = 0;

	WL_CHECK(bytes % WL_SECTOR_BYTES == 0);
	for (size_t at = 0; at < bytes; at += WL_SECTOR_BYTES)
		count += wl_chunk_is_zero(from + at, WL_SECTOR_BYTES);
	return count;
}

void wl_chunk_encode_segment(uint8_t to[WL_BLOCK_BYTES], const struct wl_segment_header *header)
{
	memset(to, 0, WL_BLOCK_BYTES);
	wl_store_u32(to, WL_SEGMENT_MAGIC);
	wl_store_u16(to + 4, SEGMENT_VERSION);
	wl_store_u64(to + 8, header->binding);
	wl_store_u64(to + 16, header->number);
	wl_store_u64(to + 24, header->segment_bytes);
	memcpy(to + 32, header->cluster, sizeof(header->cluster));
	wl_store_u32(to + 48, header->node);
	wl_store_u32(to + 52, header->journal);
	wl_store_u32(to + HEADER_CRC_AT, wl_crc32c(to, HEADER_CRC_AT));
}

bool wl_chunk_decode_segment(const uint8_t *from, size_t size, struct wl_segment_header *header)
{
	if (size < WL_BLOCK_BYTES || wl_load_u32(from) != WL_SEGMENT_MAGIC ||
	    wl_load_u32(from + HEADER_CRC_AT) != wl_crc32c(from, HEADER_CRC_AT))
		return false;
	if (wl_load_u16(from + 4) != SEGMENT_VERSION)
		return false;
	header->binding = wl_load_u64(from + 8);
	header->number = wl_load_u64(from + 16);
	header->segment_bytes = wl_load_u64(from + 24);
	memcpy(header->cluster, from + 32, sizeof(header->cluster));
	header->node = wl_load_u32(from + 48);
	header->journal = wl_load_u32(from + 52);
	return true;
}
