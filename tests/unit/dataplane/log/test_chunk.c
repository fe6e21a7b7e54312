/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/chunk.h"

#include <string.h>

#include "dataplane/base/crc.h"
#include "tests/unit/runner.h"

static uint8_t chunk[2 * WL_BLOCK_BYTES];
static struct wl_chunk_header header;
static const uint8_t key[WL_CHUNK_KEY_BYTES] = "a secret of ours";

static void make(void)
{
	memset(chunk, WL_CHUNK_PADDING, sizeof(chunk));
	header = (struct wl_chunk_header){
		.binding = wl_chunk_binding(1, 2, 3),
		.offset = 5 * WL_BLOCK_BYTES,
		.previous = WL_BLOCK_BYTES,
		.durable = 3 * WL_BLOCK_BYTES,
		.bytes = sizeof(chunk),
		.used = 900,
		.body_crc = wl_crc32c(chunk + WL_CHUNK_HEADER_BYTES,
				      sizeof(chunk) - WL_CHUNK_HEADER_BYTES),
		.zero_sectors = 3,
	};
	wl_chunk_encode_header(chunk, &header, key);
}

static void header_survives_encode_and_decode(void)
{
	struct wl_chunk_header decoded;

	make();
	memset(&decoded, 0, sizeof(decoded));
	CU_ASSERT_TRUE(wl_chunk_decode_header(chunk, WL_CHUNK_HEADER_BYTES, &decoded));
	CU_ASSERT_EQUAL(memcmp(&decoded, &header, sizeof(header)), 0);
	CU_ASSERT_TRUE(wl_chunk_body_is_whole(chunk, &decoded));
	CU_ASSERT_FALSE(wl_chunk_decode_header(chunk, WL_CHUNK_HEADER_BYTES - 1, &decoded));
}

static void every_flipped_bit_is_noticed_padding_included(void)
{
	struct wl_chunk_header decoded;

	make();
	for (size_t bit = 0; bit < sizeof(chunk) * 8; bit += bit < 2000 ? 1 : 37) {
		bool noticed;

		chunk[bit / 8] ^= (uint8_t)(1u << bit % 8);
		noticed = !wl_chunk_decode_header(chunk, sizeof(chunk), &decoded) ||
			  !wl_chunk_body_is_whole(chunk, &decoded);
		CU_ASSERT_TRUE(noticed);
		chunk[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void impossible_lengths_and_places_are_refused(void)
{
	struct wl_chunk_header decoded, bad[9];

	make();
	for (unsigned i = 0; i < 9; i++)
		bad[i] = header;
	bad[0].bytes = 0;
	bad[1].bytes = WL_CHUNK_BYTES_MAX + WL_BLOCK_BYTES;
	bad[2].bytes = 100;
	bad[3].used = WL_CHUNK_HEADER_BYTES - 1;
	bad[4].used = header.bytes + 1;
	bad[5].offset += 1;
	bad[6].durable = header.offset + WL_BLOCK_BYTES; /* the future */
	bad[7].previous = header.offset;
	bad[8].zero_sectors = header.bytes / WL_SECTOR_BYTES;
	for (unsigned i = 0; i < 9; i++) {
		wl_chunk_encode_header(chunk, &bad[i], key);
		CU_ASSERT_FALSE(wl_chunk_decode_header(chunk, sizeof(chunk), &decoded));
	}
	header.previous = WL_CHUNK_NONE;
	wl_chunk_encode_header(chunk, &header, key);
	CU_ASSERT_TRUE(wl_chunk_decode_header(chunk, sizeof(chunk), &decoded));
}

static void binding_differs_by_cluster_node_and_journal(void)
{
	uint64_t binding = wl_chunk_binding(1, 2, 3);

	CU_ASSERT_EQUAL(wl_chunk_binding(1, 2, 3), binding);
	CU_ASSERT_NOT_EQUAL(wl_chunk_binding(2, 2, 3), binding);
	CU_ASSERT_NOT_EQUAL(wl_chunk_binding(1, 3, 3), binding);
	CU_ASSERT_NOT_EQUAL(wl_chunk_binding(1, 2, 4), binding);
	CU_ASSERT_NOT_EQUAL(wl_chunk_binding(1, 3, 2), binding);
}

static void zero_sectors_are_counted_whole(void)
{
	make();
	CU_ASSERT_EQUAL(wl_chunk_zero_sectors(chunk, sizeof(chunk)), 0);
	memset(chunk + 1000, 0,
	       1024 + 24); /* covers one sector whole, and 24 bytes short of another */
	CU_ASSERT_EQUAL(wl_chunk_zero_sectors(chunk, sizeof(chunk)), 2);
	chunk[1536 + 511] = 1;
	CU_ASSERT_EQUAL(wl_chunk_zero_sectors(chunk, sizeof(chunk)), 1);
	CU_ASSERT_TRUE(wl_chunk_is_zero(chunk + 1024, 512));
	CU_ASSERT_FALSE(wl_chunk_is_zero(chunk + 1536, 512));
}

static void segment_header_survives_and_notices_each_bit(void)
{
	static uint8_t block[WL_BLOCK_BYTES];
	struct wl_segment_header segment, decoded;

	memset(&segment, 0, sizeof(segment));
	segment.binding = 7;
	segment.number = 12;
	segment.segment_bytes = WL_SEGMENT_BYTES_MIN;
	memset(segment.cluster, 0x31, sizeof(segment.cluster));
	segment.node = 5;
	segment.journal = 15;
	wl_chunk_encode_segment(block, &segment);
	memset(&decoded, 0, sizeof(decoded));
	CU_ASSERT_TRUE(wl_chunk_decode_segment(block, sizeof(block), &decoded));
	CU_ASSERT_EQUAL(memcmp(&decoded, &segment, sizeof(segment)), 0);
	CU_ASSERT_FALSE(wl_chunk_decode_segment(block, sizeof(block) - 1, &decoded));
	for (size_t bit = 0; bit < 64 * 8; bit++) {
		block[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_FALSE(wl_chunk_decode_segment(block, sizeof(block), &decoded));
		block[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void tag_is_of_the_key_and_of_every_byte(void)
{
	static const uint8_t other[WL_CHUNK_KEY_BYTES] = "another secret";

	make();
	CU_ASSERT_TRUE(wl_chunk_has_tag(chunk, key));
	CU_ASSERT_FALSE(wl_chunk_has_tag(chunk, other));
	for (unsigned bit = 0; bit < 8 * 60; bit++) {
		chunk[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_FALSE(wl_chunk_has_tag(chunk, key));
		chunk[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	wl_chunk_encode_header(chunk, &header, NULL);
	CU_ASSERT_FALSE(wl_chunk_has_tag(chunk, key));
}

WL_SUITE(chunk)
{
	WL_TEST(tag_is_of_the_key_and_of_every_byte),
	WL_TEST(header_survives_encode_and_decode),
	WL_TEST(every_flipped_bit_is_noticed_padding_included),
	WL_TEST(impossible_lengths_and_places_are_refused),
	WL_TEST(binding_differs_by_cluster_node_and_journal),
	WL_TEST(zero_sectors_are_counted_whole),
	WL_TEST(segment_header_survives_and_notices_each_bit),
};
