/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the four copies of a superblock. What is chosen is the newest whole copy, and encodes
 * to something that decodes to itself.
 *
 * Input: for each copy one byte that says what it is made of: 0 zeros; otherwise a valid record with the
 * sequence of the next byte, and bytes of the input laid over it; bit 7: its checksum is made right.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/superblock.h"
#include "tests/fuzz/input.h"

#define CRC_AT (WL_BLOCK_BYTES - 4)

static void make_copy(uint8_t *copy, struct fuzz_input *input)
{
	struct wl_superblock record = {.node = 2,
				       .journal_count = 1,
				       .boot_count = 3,
				       .segment_bytes = 8 << 20};
	uint8_t how = fuzz_u8(input);

	memset(copy, 0, WL_BLOCK_BYTES);
	if (how == 0)
		return;
	record.sequence = fuzz_u8(input);
	record.journals[0].term = record.sequence;
	wl_superblock_encode(copy, &record);
	for (unsigned patches = how % 8; patches != 0; patches--) {
		size_t at = fuzz_u16(input) % WL_BLOCK_BYTES, bytes;
		const uint8_t *patch = fuzz_take(input, fuzz_u8(input) % 16, &bytes);

		memcpy(copy + at, patch, bytes < WL_BLOCK_BYTES - at ? bytes : WL_BLOCK_BYTES - at);
	}
	if (how & 0x80)
		wl_store_u32(copy + CRC_AT, wl_crc32c(copy, CRC_AT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copies[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES];
	uint8_t again[WL_BLOCK_BYTES];
	struct fuzz_input input = fuzz_input_of(data, size);
	struct wl_superblock chosen = {0}, one;
	unsigned damaged = 0;

	for (unsigned at = 0; at < WL_SUPERBLOCK_COPIES; at++)
		make_copy(copies[at], &input);
	if (wl_superblock_choose((const uint8_t(*)[WL_BLOCK_BYTES])copies, &chosen, &damaged) !=
	    WL_SUPERBLOCK_OK)
		return 0;
	FUZZ_PROMISE(chosen.node >= 1 && chosen.node <= WIRELOG_NODES_MAX);
	FUZZ_PROMISE(chosen.journal_count >= 1 && chosen.journal_count <= WIRELOG_JOURNALS_MAX);
	for (unsigned at = 0; at < WL_SUPERBLOCK_COPIES; at++) {
		if (!(damaged & 1u << at) &&
		    wl_superblock_decode(copies[at], &one) == WL_SUPERBLOCK_OK)
			FUZZ_PROMISE(one.sequence <= chosen.sequence);
	}
	wl_superblock_encode(again, &chosen);
	FUZZ_PROMISE(wl_superblock_decode(again, &one) == WL_SUPERBLOCK_OK);
	FUZZ_PROMISE(memcmp(&one, &chosen, sizeof(one)) == 0);
	return 0;
}
