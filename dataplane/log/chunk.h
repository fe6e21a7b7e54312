/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header of a chunk (one durable write) and of a segment, as bytes.
 *
 *  chunk header (64 bytes)                         segment header (first 4 KiB of a segment)
 *   0 u32 magic 'WLC1'                              0 u32 magic 'WLS1'
 *   4 u16 version                                   4 u16 version, 6 u16 zero
 *   6 u16 sectors that are all zero as written      8 u64 binding
 *   8 u64 binding (cluster, node, journal)         16 u64 segment number
 *  16 u64 offset of this chunk in the stream       24 u64 segment bytes
 *  24 u64 previous: offset of the chunk before     32 u128 cluster UUID
 *  32 u64 durable: writer's durable offset when    48 u32 node, 52 u32 journal
 *         this chunk was cut (all before it was    56 u32 zero, 60 u32 CRC32C of bytes 0..59
 *         on the medium: the watermark)              64 zeros to 4096
 *  40 u64 tag: SipHash of bytes 0..59 without it, under the key of the data (superblock.h)
 *  48 u32 bytes (whole, padding included)
 *  52 u32 used (header and entries)
 *  56 u32 CRC32C of bytes 64..bytes-1 (padding included)
 *  60 u32 CRC32C of bytes 0..59
 *
 * A payload may be a perfect image of a chunk, but for the tag: nobody who appends knows the key. So whoever looks for
 * chunks where a payload may stand asks for the tag; the walk over whole chunks, each at the end of the one before, does
 * not need it, and holds for data that were copied from a node with another key.
 *
 * Padding is 0xA5, never zero, and the header counts the sectors that payloads left all zero:
 * when a chunk shows more of them than that, the others were never written.
 * Pure; decoders accept any bytes. [any]
 */
#ifndef WL_DATAPLANE_LOG_CHUNK_H
#define WL_DATAPLANE_LOG_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/limits.h"
#include "dataplane/base/siphash.h"

#define WL_CHUNK_MAGIC 0x31434c57u
#define WL_SEGMENT_MAGIC 0x31534c57u
#define WL_CHUNK_NONE UINT64_MAX
#define WL_CHUNK_PADDING 0xA5

struct wl_chunk_header {
	uint64_t binding;
	uint64_t offset;
	uint64_t previous;
	uint64_t durable;
	uint32_t bytes;
	uint32_t used;
	uint32_t body_crc;
	uint32_t zero_sectors;
};

struct wl_segment_header {
	uint64_t binding;
	uint64_t number; /* of the segment, from 0 */
	uint64_t segment_bytes;
	uint8_t cluster[16];
	uint32_t node;
	uint32_t journal;
};

#define WL_CHUNK_KEY_BYTES WL_SIPHASH_KEY_BYTES

uint64_t wl_chunk_binding(uint64_t cluster, uint32_t node, uint32_t journal);
/* With a tag under `key`; NULL: with none that is right. */
void wl_chunk_encode_header(uint8_t *to, const struct wl_chunk_header *header, const uint8_t *key);
/* True when magic, version, lengths and the header's CRC hold. */
bool wl_chunk_decode_header(const uint8_t *from, size_t size, struct wl_chunk_header *header);
/* True when it was made by who has the key: `from` is a header that decodes. */
bool wl_chunk_has_tag(const uint8_t *from, const uint8_t key[WL_CHUNK_KEY_BYTES]);
/* True when the body's CRC holds; `from` has header->bytes bytes. */
bool wl_chunk_body_is_whole(const uint8_t *from, const struct wl_chunk_header *header);
bool wl_chunk_is_zero(const uint8_t *from, size_t size); /* `size` is a multiple of 8 */
/* Sectors of WL_SECTOR_BYTES that are all zero; `bytes` is whole sectors. */
uint32_t wl_chunk_zero_sectors(const uint8_t *from, size_t bytes);
void wl_chunk_encode_segment(uint8_t to[WL_BLOCK_BYTES], const struct wl_segment_header *header);
bool wl_chunk_decode_segment(const uint8_t *from, size_t size, struct wl_segment_header *header);

#endif
