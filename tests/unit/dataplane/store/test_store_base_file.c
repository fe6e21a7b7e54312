/* SPDX-License-Identifier: BSD-3-Clause */
/* Bases and the beginning of a log, in a directory; a device's are in test_store_device_file.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/dataplane/store/store_fixture.h"
#include "tests/unit/runner.h"

#define BLOCKS_MAX 300u

static struct store_fixture fixture;
static struct wl_store *store;
static uint8_t *bytes;

static void begin(void)
{
	store_fixture_init(&fixture);
	store = store_fixture_must_open(&fixture);
	bytes = aligned_alloc(WL_BLOCK_BYTES, BLOCKS_MAX * WL_BLOCK_BYTES);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
}

static void again(void)
{
	wl_store_close(store);
	store = store_fixture_must_open(&fixture);
}

static void end(void)
{
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
}

/* Each block of it says which one it is. */
static void fill(uint8_t seed, unsigned blocks)
{
	for (unsigned block = 0; block < blocks; block++)
		memset(bytes + (size_t)block * WL_BLOCK_BYTES, (int)(seed + block % 100),
		       WL_BLOCK_BYTES);
}

static int write_base(uint32_t journal, unsigned place, unsigned blocks, unsigned step,
		      struct wl_store_base **base)
{
	int error =
		wl_store_base_begin(store, journal, place, (uint64_t)blocks * WL_BLOCK_BYTES, base);

	for (unsigned at = 0; at < blocks && error == 0; at += step) {
		unsigned count = blocks - at < step ? blocks - at : step;

		error = wl_store_base_write(*base, bytes + (size_t)at * WL_BLOCK_BYTES,
					    (size_t)count * WL_BLOCK_BYTES);
	}
	return error;
}

static void must_write_base(uint32_t journal, unsigned place, unsigned blocks, unsigned step)
{
	struct wl_store_base *base = NULL;

	CU_ASSERT_EQUAL_FATAL(write_base(journal, place, blocks, step, &base), 0);
	CU_ASSERT_EQUAL(wl_store_base_commit(base), 0);
}

static int read_block(uint32_t journal, unsigned place, unsigned block)
{
	return wl_store_base_read(store, journal, place,
				  (struct wl_store_part){(uint64_t)block * WL_BLOCK_BYTES, bytes,
							 WL_BLOCK_BYTES});
}

static bool holds(uint32_t journal, unsigned place, uint8_t seed, unsigned blocks)
{
	uint8_t *read = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	bool right = read != NULL;

	for (unsigned block = 0; block < blocks && right; block++)
		right = wl_store_base_read(store, journal, place,
					   (struct wl_store_part){(uint64_t)block * WL_BLOCK_BYTES,
								  read, WL_BLOCK_BYTES}) == 0 &&
			read[0] == (uint8_t)(seed + block % 100) &&
			memcmp(read, read + 1, WL_BLOCK_BYTES - 1) == 0;
	free(read);
	return right;
}

static void a_base_is_read_as_it_was_written_in_whatever_pieces(void)
{
	static const struct {
		unsigned blocks, step;
	} sizes[] = {{1, 1}, {2, 1}, {3, 2}, {17, 17}, {64, 5}, {BLOCKS_MAX, 256}};

	begin();
	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		unsigned place = at % WL_STORE_BASE_PLACES, blocks = sizes[at].blocks;

		fill((uint8_t)(1 + at), blocks);
		must_write_base(1, place, blocks, sizes[at].step);
		CU_ASSERT(holds(1, place, (uint8_t)(1 + at), blocks));
		CU_ASSERT_EQUAL(read_block(1, place, blocks), -ENODATA);
		again();
		CU_ASSERT(holds(1, place, (uint8_t)(1 + at), blocks));
	}
	CU_ASSERT_EQUAL(read_block(0, 0, 0), -ENOENT);
	CU_ASSERT_EQUAL(read_block(0, 2, 0), -ENOENT);
	CU_ASSERT_EQUAL(wl_store_base_read(store, 1, 0, (struct wl_store_part){0, bytes, 100}),
			-EINVAL);
	end();
}

/* A process that dies leaves a ".new"; the next start removes it, and the place holds what it held. */
static void a_base_that_is_not_committed_changes_nothing(void)
{
	struct wl_store_base *base = NULL;

	begin();
	fill(7, 20);
	must_write_base(0, 1, 20, 20);
	fill(50, 40);
	CU_ASSERT_EQUAL(write_base(0, 1, 40, 7, &base), 0);
	CU_ASSERT(store_fixture_has(&fixture, "journal-00/base-1.new"));
	CU_ASSERT(holds(0, 1, 7, 20));
	wl_store_base_abandon(base);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/base-1.new"));
	CU_ASSERT(holds(0, 1, 7, 20));
	store_fixture_copy(&fixture, "journal-00/base-1", "journal-00/base-1.new");
	again();
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/base-1.new"));
	CU_ASSERT(holds(0, 1, 7, 20));
	wl_store_base_abandon(NULL);
	end();
}

static void only_what_was_announced_is_committed(void)
{
	struct wl_store_base *base = NULL;

	begin();
	fill(3, 8);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 0, 4 * WL_BLOCK_BYTES, &base), 0);
	CU_ASSERT_EQUAL(wl_store_base_write(base, bytes, 3 * WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_base_commit(base), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 0, 4 * WL_BLOCK_BYTES, &base), 0);
	CU_ASSERT_EQUAL(wl_store_base_write(base, bytes, 5 * WL_BLOCK_BYTES), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_base_write(base, bytes, 4 * WL_BLOCK_BYTES), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_base_commit(base), -EINVAL);
	CU_ASSERT_EQUAL(read_block(0, 0, 0), -ENOENT);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/base-0.new"));
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 0, 100, &base), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 0, 0, &base), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 2, WL_BLOCK_BYTES, &base), -EINVAL);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 9, 0, WL_BLOCK_BYTES, &base), -EROFS);
	CU_ASSERT_PTR_NULL(base);
	end();
}

static void a_bases_name_and_its_end_are_durable(void)
{
	begin();
	fill(9, 5);
	store_fixture_watch_syncs();
	must_write_base(0, 0, 5, 5);
	CU_ASSERT(store_fixture_was_synced(store_fixture_path(&fixture, "journal-00/base-0.new")));
	CU_ASSERT(store_fixture_was_synced(store_fixture_path(&fixture, "journal-00")));
	store_fixture_watch_syncs();
	CU_ASSERT_EQUAL(wl_store_base_remove(store, 0, 0), 0);
	CU_ASSERT(store_fixture_was_synced(store_fixture_path(&fixture, "journal-00")));
	CU_ASSERT_EQUAL(read_block(0, 0, 0), -ENOENT);
	CU_ASSERT_EQUAL(wl_store_base_remove(store, 0, 0), 0);
	end();
}

static void without_room_no_base_is_begun(void)
{
	struct rlimit before, small;
	struct wl_store_base *base = NULL;

	begin();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){1u << 20, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 0, 2u << 20, &base), -ENOSPC);
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_PTR_NULL(base);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/base-0.new"));
	end();
}

static void who_only_looks_reads_bases_and_changes_none(void)
{
	struct wl_store_base *base = NULL;

	begin();
	fill(5, 3);
	must_write_base(0, 0, 3, 1);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	fixture.config = (struct wl_store_config){.path = fixture.data, .read_only = true};
	store_fixture_copy(&fixture, "journal-00/base-0", "journal-00/base-1.new");
	store = store_fixture_must_open(&fixture);
	CU_ASSERT(store_fixture_has(&fixture, "journal-00/base-1.new"));
	CU_ASSERT(holds(0, 0, 5, 3));
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 0, 1, WL_BLOCK_BYTES, &base), -EROFS);
	CU_ASSERT_EQUAL(wl_store_base_remove(store, 0, 0), -EROFS);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 0), -EROFS);
	CU_ASSERT(holds(0, 0, 5, 3));
	end();
}

/* ---- the beginning of a log ---- */

static void make_segments(uint32_t journal, uint64_t from, uint64_t to)
{
	for (uint64_t segment = from; segment < to; segment++)
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, journal, segment, NULL), 0);
}

static bool stands(uint32_t journal, uint64_t first, uint64_t count)
{
	return wl_store_segment_first(store, journal) == first &&
	       wl_store_segment_count(store, journal) == count;
}

static void what_is_forgotten_is_gone_and_the_rest_stays(void)
{
	begin();
	CU_ASSERT(stands(0, 0, 0));
	make_segments(0, 0, 5);
	store_fixture_watch_syncs();
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 0), 0);
	CU_ASSERT(store_fixture_was_synced(store_fixture_path(&fixture, "journal-00")));
	CU_ASSERT(stands(0, 1, 5));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/segment-000000000000"));
	/* And all before it. */
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 2), 0);
	CU_ASSERT(stands(0, 3, 5));
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 1), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 2ull * STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 3ull * STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			0);
	again();
	CU_ASSERT(stands(0, 3, 5));
	make_segments(0, 5, 6);
	CU_ASSERT(stands(0, 3, 6));
	CU_ASSERT(stands(1, 0, 0));
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 5), 0);
	CU_ASSERT(stands(0, 6, 6));
	/* A log that jumped: it goes on where nothing stands. */
	make_segments(0, 8, 10);
	CU_ASSERT(stands(0, 8, 10));
	again();
	CU_ASSERT(stands(0, 8, 10));
	end();
}

static void a_segment_missing_in_the_middle_stays_recoverys_to_name(void)
{
	begin();
	make_segments(0, 0, 6);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 1), 0);
	wl_store_close(store);
	CU_ASSERT_EQUAL(unlink(store_fixture_path(&fixture, "journal-00/segment-000000000004")), 0);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT(stands(0, 2, 6));
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 4ull * STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			-ENOENT);
	end();
}

/* Who reads beside the node has what it opened for as long as it needs it, and disturbs nobody. */
static void a_reader_of_its_own_shares_nothing(void)
{
	struct wl_store_reader *reader;

	begin();
	make_segments(0, 0, 3);
	reader = wl_store_reader_open(store);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
	for (uint64_t segment = 0; segment < 3; segment++) {
		CU_ASSERT_EQUAL(wl_store_reader_read(reader, 0, segment * STORE_SEGMENT_BYTES,
						     bytes, 2 * WL_BLOCK_BYTES),
				0);
		CU_ASSERT_EQUAL(wl_store_read(store, 0, (2 - segment) * STORE_SEGMENT_BYTES,
					      bytes + 2 * WL_BLOCK_BYTES, WL_BLOCK_BYTES),
				0);
		CU_ASSERT_EQUAL(bytes[16], segment);
		CU_ASSERT_EQUAL(bytes[2 * WL_BLOCK_BYTES + 16], 2 - segment);
	}
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 2), 0);
	CU_ASSERT_EQUAL(wl_store_reader_read(reader, 0, 2ull * STORE_SEGMENT_BYTES, bytes,
					     WL_BLOCK_BYTES),
			0);
	CU_ASSERT_EQUAL(wl_store_reader_read(reader, 0, 1ull * STORE_SEGMENT_BYTES, bytes,
					     WL_BLOCK_BYTES),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_store_reader_read(reader, 0, STORE_SEGMENT_BYTES - WL_BLOCK_BYTES, bytes,
					     2 * WL_BLOCK_BYTES),
			-EINVAL);
	wl_store_reader_close(reader);
	end();
}

WL_SUITE(store_base_file)
{
	WL_TEST(a_base_is_read_as_it_was_written_in_whatever_pieces),
	WL_TEST(a_base_that_is_not_committed_changes_nothing),
	WL_TEST(only_what_was_announced_is_committed),
	WL_TEST(a_bases_name_and_its_end_are_durable),
	WL_TEST(without_room_no_base_is_begun),
	WL_TEST(who_only_looks_reads_bases_and_changes_none),
	WL_TEST(what_is_forgotten_is_gone_and_the_rest_stays),
	WL_TEST(a_segment_missing_in_the_middle_stays_recoverys_to_name),
	WL_TEST(a_reader_of_its_own_shares_nothing),
};
