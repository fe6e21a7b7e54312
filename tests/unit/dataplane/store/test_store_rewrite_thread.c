/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that are written again in place: durable, there and nowhere else, and never in another segment's lap. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/log/chunk.h"
#include "tests/unit/dataplane/store/device_fixture.h"
#include "tests/unit/runner.h"

static struct store_fixture fixture;

static void fill(uint8_t *to, size_t bytes, unsigned seed)
{
	for (size_t at = 0; at < bytes; at++)
		to[at] = (uint8_t)(seed + at * 13 + at / 512);
}

static void blocks_are_written_there_and_nowhere_else(void)
{
	const uint32_t sizes[] = {1, 3, 512};
	struct wl_store *store;
	uint8_t *bytes, *found;

	store_fixture_init(&fixture);
	bytes = device_fixture_blocks(512 * WL_BLOCK_BYTES);
	found = device_fixture_blocks(514 * WL_BLOCK_BYTES);
	store = store_fixture_must_open(&fixture);
	for (uint64_t segment = 0; segment < 3; segment++)
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
	for (unsigned at = 0; at < 3; at++) {
		uint32_t size = sizes[at] * WL_BLOCK_BYTES;
		uint64_t offset = STORE_SEGMENT_BYTES + (4 + 600 * at) * WL_BLOCK_BYTES;

		fill(bytes, size, at);
		CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, offset, bytes, size), 0);
		CU_ASSERT_EQUAL(wl_store_read(store, 0, offset - WL_BLOCK_BYTES, found,
					      size + 2 * WL_BLOCK_BYTES),
				0);
		CU_ASSERT(wl_chunk_is_zero(found, WL_BLOCK_BYTES));
		CU_ASSERT_EQUAL(memcmp(found + WL_BLOCK_BYTES, bytes, size), 0);
		CU_ASSERT(wl_chunk_is_zero(found + WL_BLOCK_BYTES + size, WL_BLOCK_BYTES));
	}
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
	free(found);
}

static void what_is_not_there_is_not_made(void)
{
	struct wl_store *store;
	uint8_t *bytes;

	store_fixture_init(&fixture);
	bytes = device_fixture_blocks(2 * WL_BLOCK_BYTES);
	store = store_fixture_must_open(&fixture);
	for (uint64_t segment = 0; segment < 3; segment++)
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, 3ull * STORE_SEGMENT_BYTES, bytes,
					 WL_BLOCK_BYTES),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 0), 0);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, WL_BLOCK_BYTES, bytes, WL_BLOCK_BYTES), -ENOENT);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/segment-000000000000"));
	/* Neither half blocks, nor more than one segment, nor another journal. */
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, STORE_SEGMENT_BYTES + 512, bytes,
					 WL_BLOCK_BYTES),
			-EINVAL);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, STORE_SEGMENT_BYTES, bytes, 512), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, 2ull * STORE_SEGMENT_BYTES - WL_BLOCK_BYTES,
					 bytes, 2 * WL_BLOCK_BYTES),
			-EINVAL);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 15, STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			-EROFS);
	wl_store_close(store);
	fixture.config.read_only = true;
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			-EROFS);
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
}

static void after_a_power_cut_each_sector_is_the_old_one_or_the_new_one(void)
{
	const uint32_t size = 8 * WL_BLOCK_BYTES;
	const uint64_t offset = 4ull * WL_BLOCK_BYTES;
	uint8_t *before, *after, *found;

	before = device_fixture_blocks(size);
	after = device_fixture_blocks(size);
	found = device_fixture_blocks(size);
	fill(before, size, 1);
	fill(after, size, 2);
	for (size_t cut = 0; cut <= size; cut += 3 * WL_SECTOR_BYTES) {
		struct wl_store *store;

		store_fixture_init(&fixture);
		store = store_fixture_must_open(&fixture);
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
		CU_ASSERT_EQUAL_FATAL(wl_store_rewrite(store, 0, offset, before, size), 0);
		store_fixture_cut_writes(0, cut);
		CU_ASSERT(wl_store_rewrite(store, 0, offset, after, size) < 0);
		CU_ASSERT(store_fixture_end_cut());
		wl_store_close(store);
		store = store_fixture_must_open(&fixture);
		CU_ASSERT_EQUAL(wl_store_read(store, 0, offset, found, size), 0);
		for (size_t at = 0; at < size; at += WL_SECTOR_BYTES)
			CU_ASSERT_EQUAL(memcmp(found + at, (at < cut ? after : before) + at,
					       WL_SECTOR_BYTES),
					0);
		wl_store_close(store);
		store_fixture_fini(&fixture);
	}
	free(before);
	free(after);
	free(found);
}

/* ---- a device ---- */

static void the_place_of_a_forgotten_segment_is_not_written_in_its_next_lap(void)
{
	struct wl_store *store;
	uint8_t *bytes, *found;

	device_fixture_init();
	bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	found = device_fixture_blocks(WL_BLOCK_BYTES);
	fill(bytes, WL_BLOCK_BYTES, 3);
	store = store_fixture_must_open(&device_fixture.files);
	for (uint64_t segment = 0; segment < 4; segment++)
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, 4 * WL_BLOCK_BYTES, bytes, WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 0), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 4, NULL), 0);
	/* Segment 4 stands where 0 did. */
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, 4 * WL_BLOCK_BYTES, bytes, WL_BLOCK_BYTES),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 4ull * STORE_SEGMENT_BYTES + 4 * WL_BLOCK_BYTES,
				      found, WL_BLOCK_BYTES),
			0);
	CU_ASSERT(wl_chunk_is_zero(found, WL_BLOCK_BYTES));
	/* A header that rotted is written again; one that names another segment is not touched. */
	memset(found, 0x55, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(
		wl_store_rewrite(store, 0, 4ull * STORE_SEGMENT_BYTES, found, WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 3ull * STORE_SEGMENT_BYTES, found, WL_BLOCK_BYTES),
			0);
	CU_ASSERT_EQUAL(
		wl_store_rewrite(store, 0, 4ull * STORE_SEGMENT_BYTES, found, WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_rewrite(store, 0, 4ull * STORE_SEGMENT_BYTES + WL_BLOCK_BYTES,
					 bytes, WL_BLOCK_BYTES),
			-ENOENT);
	wl_store_close(store);
	device_fixture_fini();
	free(bytes);
	free(found);
}

static void *write_again(void *context)
{
	uint8_t *bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	struct wl_store *store = context;
	unsigned wrong = 0;

	fill(bytes, WL_BLOCK_BYTES, 4);
	for (uint64_t at = 0; at < 400; at++) {
		int error = wl_store_rewrite(store, 0,
					     at / 100 * STORE_SEGMENT_BYTES + WL_BLOCK_BYTES * 9,
					     bytes, WL_BLOCK_BYTES);

		wrong += error != 0 && error != -ENOENT;
	}
	free(bytes);
	return wrong == 0 ? NULL : bytes;
}

static void a_segment_made_beside_it_has_nothing_of_the_one_before(void)
{
	struct wl_store *store;
	pthread_t thread;
	uint8_t *found;
	void *wrong;

	device_fixture_init();
	found = device_fixture_blocks(WL_BLOCK_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	for (uint64_t segment = 0; segment < 4; segment++)
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_again, store), 0);
	for (uint64_t segment = 4; segment < 8; segment++) {
		CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, segment - 4), 0);
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
	}
	CU_ASSERT_EQUAL(pthread_join(thread, &wrong), 0);
	CU_ASSERT_PTR_NULL(wrong);
	for (uint64_t segment = 4; segment < 8; segment++) {
		CU_ASSERT_EQUAL(wl_store_read(store, 0,
					      segment * STORE_SEGMENT_BYTES + WL_BLOCK_BYTES * 9,
					      found, WL_BLOCK_BYTES),
				0);
		CU_ASSERT(wl_chunk_is_zero(found, WL_BLOCK_BYTES));
	}
	wl_store_close(store);
	device_fixture_fini();
	free(found);
}

WL_SUITE(store_rewrite)
{
	WL_TEST(blocks_are_written_there_and_nowhere_else),
	WL_TEST(what_is_not_there_is_not_made),
	WL_TEST(after_a_power_cut_each_sector_is_the_old_one_or_the_new_one),
	WL_TEST(the_place_of_a_forgotten_segment_is_not_written_in_its_next_lap),
	WL_TEST(a_segment_made_beside_it_has_nothing_of_the_one_before),
};
