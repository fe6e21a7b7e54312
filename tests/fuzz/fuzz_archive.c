/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a file of an archive, and as the page of a backup. What is taken ends, is of one chain, lies within the file, and
 * encodes to the same bytes.
 *
 * Input: one byte. Bit 0: a page of a backup, else a range; bit 1: its checksum is made right. Then what is laid over a whole one, which
 * has two entries: {u16 where, u8 how many, bytes} while there is input; at last what is cut from the end.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/archive_format.h"
#include "tests/fuzz/input.h"

#define FILE_BYTES (WL_ARCHIVE_HEADER_BYTES + 2u * WL_ENTRY_HEADER_BYTES)
#define CLUSTER 77u

static void make_range(uint8_t *file)
{
	struct wl_archive_place before = wl_archive_origin(CLUSTER, 0);
	struct wl_archive_range range = {.node = 1};

	wl_store_u64(range.cluster, CLUSTER);
	wl_archive_range_begin(&range, &before);
	for (uint64_t index = 1; index <= 2; index++) {
		uint8_t *image = file + WL_ARCHIVE_HEADER_BYTES + range.bytes;
		struct wl_entry_header header = {.kind = WL_ENTRY_TERM_START,
						 .cluster = CLUSTER,
						 .index = index,
						 .term = index,
						 .previous_term = index - 1,
						 .previous_chain = range.behind.chain,
						 .first_number = 1,
						 .timestamp_ns = index,
						 .body_crc = wl_crc32c(image, 0)};

		wl_entry_encode_header(image, &header);
		FUZZ_PROMISE(wl_archive_range_add(&range, image, &header) == WL_ARCHIVE_OK);
	}
	wl_archive_encode(file, &range);
}

static void lay_over(struct fuzz_input *input, uint8_t *bytes, size_t size)
{
	while (fuzz_left(input) > 3) {
		size_t at = fuzz_u16(input) % size, count;
		const uint8_t *patch = fuzz_take(input, fuzz_u8(input) % 16, &count);

		memcpy(bytes + at, patch, count < size - at ? count : size - at);
	}
}

static void read_range(const uint8_t *file, size_t size)
{
	struct wl_archive_range range, again;
	struct wl_archive_walk walk;
	struct wl_entry_header header;
	uint8_t encoded[WL_ARCHIVE_HEADER_BYTES];

	if (wl_archive_decode(file, size, &range) != WL_ARCHIVE_OK)
		return;
	wl_archive_encode(encoded, &range);
	FUZZ_PROMISE(wl_archive_decode(encoded, sizeof(encoded), &again) == WL_ARCHIVE_OK);
	FUZZ_PROMISE(wl_archive_place_equal(&again.behind, &range.behind));
	wl_archive_walk_init(&walk, &range);
	while (!wl_archive_walk_is_done(&walk)) {
		size_t at = WL_ARCHIVE_HEADER_BYTES + (size_t)walk.seen.bytes;
		uint64_t index = walk.seen.behind.position.index;

		FUZZ_PROMISE(at <= size);
		if (wl_archive_walk_next(&walk, file + at, size - at, &header) != WL_ARCHIVE_OK)
			return;
		FUZZ_PROMISE(header.index == index + 1);
		FUZZ_PROMISE(walk.seen.bytes <= range.bytes);
	}
	if (wl_archive_walk_end(&walk) == WL_ARCHIVE_OK)
		FUZZ_PROMISE(wl_archive_file_bytes(&range) <= size);
}

static void make_page(uint8_t *page)
{
	struct wl_backup backup = {.node = 1,
				   .journal_count = 2,
				   .voters = 2,
				   .segment_bytes = WL_SEGMENT_BYTES_MIN};

	for (unsigned id = 0; id < 2; id++)
		backup.journals[id].before = backup.journals[id].behind =
			wl_archive_origin(CLUSTER, id);
	wl_backup_encode(page, &backup);
}

static void read_page(const uint8_t *page, size_t size)
{
	struct wl_backup backup, again;
	uint8_t encoded[WL_BLOCK_BYTES];

	if (wl_backup_decode(page, size, &backup) != WL_ARCHIVE_OK)
		return;
	FUZZ_PROMISE(backup.journal_count <= WIRELOG_JOURNALS_MAX);
	wl_backup_encode(encoded, &backup);
	FUZZ_PROMISE(wl_backup_decode(encoded, sizeof(encoded), &again) == WL_ARCHIVE_OK);
	FUZZ_PROMISE(memcmp(&again, &backup, sizeof(backup)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[WL_BLOCK_BYTES];
	struct fuzz_input input = fuzz_input_of(data, size);
	uint8_t how = fuzz_u8(&input), *copy;
	bool is_page = how & 1;
	size_t whole = is_page ? WL_BLOCK_BYTES : FILE_BYTES, left;

	memset(bytes, 0, sizeof(bytes));
	if (is_page)
		make_page(bytes);
	else
		make_range(bytes);
	lay_over(&input, bytes, whole);
	if (how & 2 && is_page)
		wl_store_u32(bytes + WL_BLOCK_BYTES - 4, wl_crc32c(bytes, WL_BLOCK_BYTES - 4));
	else if (how & 2)
		wl_store_u32(bytes + WL_ARCHIVE_HEADER_BYTES - 4,
			     wl_crc32c(bytes, WL_ARCHIVE_HEADER_BYTES - 4));
	left = whole - fuzz_u16(&input) % (whole + 1);
	copy = fuzz_copy(bytes, left);
	if (is_page)
		read_page(copy, left);
	else
		read_range(copy, left);
	free(copy);
	return 0;
}
