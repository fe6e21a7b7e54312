/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the header of a chunk and of a segment. What decodes keeps the lengths that recovery
 * and readers rely on.
 *
 * Input: one byte that says whether the checksum is made right first, then a header and a body.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/chunk.h"
#include "tests/fuzz/input.h"

static const uint8_t key[WL_CHUNK_KEY_BYTES] = {1, 2, 3};

static void check_chunk(uint8_t *bytes, size_t size)
{
	uint8_t again[WL_CHUNK_HEADER_BYTES];
	struct wl_chunk_header header;

	if (!wl_chunk_decode_header(bytes, size, &header))
		return;
	FUZZ_PROMISE(header.bytes != 0 && header.bytes <= WL_CHUNK_BYTES_MAX);
	FUZZ_PROMISE(header.bytes % WL_BLOCK_BYTES == 0 && header.offset % WL_BLOCK_BYTES == 0);
	FUZZ_PROMISE(header.used >= WL_CHUNK_HEADER_BYTES && header.used <= header.bytes);
	FUZZ_PROMISE(header.durable <= header.offset);
	FUZZ_PROMISE(header.previous == WL_CHUNK_NONE || header.previous < header.offset);
	if (header.bytes <= size) {
		(void)wl_chunk_body_is_whole(bytes, &header);
		FUZZ_PROMISE(wl_chunk_zero_sectors(bytes, header.bytes) <=
			     header.bytes / WL_SECTOR_BYTES);
	}
	wl_chunk_encode_header(again, &header, key);
	FUZZ_PROMISE(wl_chunk_has_tag(again, key));
	/* But for the tag, and for the checksum that covers it. */
	FUZZ_PROMISE(memcmp(again, bytes, 40) == 0 && memcmp(again + 48, bytes + 48, 12) == 0);
	FUZZ_PROMISE(wl_chunk_has_tag(bytes, key) ==
		     (memcmp(again, bytes, WL_CHUNK_HEADER_BYTES) == 0));
}

static void check_segment(const uint8_t *bytes, size_t size)
{
	uint8_t block[WL_BLOCK_BYTES], again[WL_BLOCK_BYTES];
	struct wl_segment_header header, second;

	if (!wl_chunk_decode_segment(bytes, size, &header))
		return;
	wl_chunk_encode_segment(again, &header);
	FUZZ_PROMISE(wl_chunk_decode_segment(again, sizeof(again), &second));
	wl_chunk_encode_segment(block, &second);
	FUZZ_PROMISE(memcmp(block, again, sizeof(block)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (size == 0)
		return 0;
	bytes = fuzz_copy(data + 1, size - 1);
	if (data[0] & 1 && size - 1 >= WL_CHUNK_HEADER_BYTES) {
		wl_store_u32(bytes, data[0] & 2 ? WL_SEGMENT_MAGIC : WL_CHUNK_MAGIC);
		wl_store_u32(bytes + 60, wl_crc32c(bytes, 60));
	}
	check_chunk(bytes, size - 1);
	check_segment(bytes, size - 1);
	free(bytes);
	return 0;
}
