/* SPDX-License-Identifier: BSD-3-Clause */
/* A device whose places are used again and again, and its bases; power cuts at each step. Needs root. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/base/cluster_id.h"
#include "dataplane/log/chunk.h"
#include "tests/unit/dataplane/store/device_fixture.h"
#include "tests/unit/runner.h"

/* ---- laps ---- */

static bool stands(const struct wl_store *store, uint32_t journal, uint64_t first, uint64_t count)
{
	return wl_store_segment_first(store, journal) == first &&
	       wl_store_segment_count(store, journal) == count;
}

static void make_segments(struct wl_store *store, uint64_t from, uint64_t to)
{
	for (uint64_t segment = from; segment < to; segment++)
		CU_ASSERT_EQUAL_FATAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
}

static void a_place_is_used_again_when_what_stood_there_was_forgotten(void)
{
	uint8_t *bytes;
	struct wl_segment_header header;
	struct wl_store *store;
	uint64_t base = 0;
	int fd;

	device_fixture_init();
	bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	make_segments(store, 0, 4);
	for (uint64_t segment = 4; segment < 11; segment++) {
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, segment, NULL), -ENOSPC);
		CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, segment - 4), 0);
		CU_ASSERT(stands(store, 0, segment - 3, segment));
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
		wl_store_close(store);
		store = store_fixture_must_open(&device_fixture.files);
		CU_ASSERT(stands(store, 0, segment - 3, segment + 1));
		CU_ASSERT_EQUAL(wl_store_segment_open(store, 0, segment - 4, &fd, &base), -ENOENT);
		CU_ASSERT_EQUAL(wl_store_segment_open(store, 0, segment, &fd, &base), 0);
		CU_ASSERT_EQUAL(base, MIB + segment % 4 * STORE_SEGMENT_BYTES);
		close(fd);
		CU_ASSERT_EQUAL(wl_store_read(store, 0, segment * STORE_SEGMENT_BYTES, bytes,
					      WL_BLOCK_BYTES),
				0);
		CU_ASSERT(wl_chunk_decode_segment(bytes, WL_BLOCK_BYTES, &header));
		CU_ASSERT_EQUAL(header.number, segment);
	}
	/* A log that jumped: nothing stands there, whatever the numbers were. */
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 10), 0);
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT(stands(store, 0, 0, 0));
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 21, NULL), 0);
	CU_ASSERT(stands(store, 0, 21, 22));
	wl_store_close(store);
	device_fixture_fini();
	free(bytes);
}

static void put_chunk(uint64_t place_at, uint64_t offset)
{
	uint8_t *bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	struct wl_chunk_header header = {
		.binding = wl_chunk_binding(wl_cluster_id(device_fixture.files.cluster), 2, 0),
		.offset = offset,
		.previous = WL_CHUNK_NONE,
		.bytes = WL_BLOCK_BYTES,
		.used = WL_CHUNK_HEADER_BYTES,
	};

	memset(bytes, WL_CHUNK_PADDING, WL_BLOCK_BYTES);
	wl_chunk_encode_header(bytes, &header, NULL);
	store_fixture_overwrite(device_fixture.device, place_at, bytes, WL_BLOCK_BYTES);
	free(bytes);
}

/* As one that was in use: its first chunk, one behind the boundary, and a client's bytes. */
static void use_segment(uint64_t segment)
{
	uint64_t at = MIB + segment % 4 * STORE_SEGMENT_BYTES;

	put_chunk(at + WL_BLOCK_BYTES, segment * STORE_SEGMENT_BYTES + WL_BLOCK_BYTES);
	put_chunk(at + 4 * MIB, segment * STORE_SEGMENT_BYTES + 4 * MIB);
	store_fixture_fill(device_fixture.device, at + 5 * MIB, 0x77, MIB);
}

static void a_damaged_header_hides_nothing_in_any_lap(void)
{
	static const struct {
		uint64_t segment, at, bytes; /* of the place, filled with 0x55 */
	} damages[] = {
		{4, 16, 4}, {4, 0, 2 * WL_BLOCK_BYTES}, {5, 0, WL_BLOCK_BYTES}, {6, 60, 1},
		{7, 16, 8}, {7, 0, 2 * WL_BLOCK_BYTES},
	};
	struct wl_store *store;

	for (unsigned at = 0; at < sizeof(damages) / sizeof(damages[0]); at++) {
		device_fixture_init();
		store = store_fixture_must_open(&device_fixture.files);
		make_segments(store, 0, 4);
		CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 3), 0);
		make_segments(store, 4, 8);
		wl_store_close(store);
		for (uint64_t segment = 4; segment < 8; segment++)
			use_segment(segment);
		store_fixture_fill(device_fixture.device,
				   MIB + damages[at].segment % 4 * STORE_SEGMENT_BYTES +
					   damages[at].at,
				   0x55, damages[at].bytes);
		store = store_fixture_must_open(&device_fixture.files);
		CU_ASSERT(stands(store, 0, 4, 8));
		wl_store_close(store);
		device_fixture_fini();
	}
}

/* At each step of it, and in the middle of each: what stands there afterwards is one or the other. */
static bool forget_cut_at(unsigned step, size_t bytes)
{
	struct wl_store *store;
	uint64_t first;
	bool cut;

	device_fixture_init();
	store = store_fixture_must_open(&device_fixture.files);
	make_segments(store, 0, 4);
	wl_store_close(store);
	/* With one chunk, as one that a log left early: nothing but these two blocks says its number. */
	put_chunk(MIB + WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	store_fixture_cut_writes(step, bytes);
	CU_ASSERT(wl_store_segment_forget(store, 0, 0) == 0 || step < 2);
	cut = store_fixture_end_cut();
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	first = wl_store_segment_first(store, 0);
	CU_ASSERT(first == 1 || (cut && first == 0));
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 4);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 0), 0);
	CU_ASSERT(stands(store, 0, 1, 4));
	wl_store_close(store);
	device_fixture_fini();
	return cut;
}

static void a_forgotten_segment_is_there_or_gone_at_each_step(void)
{
	unsigned step = 0;

	while (forget_cut_at(step, 0)) {
		for (size_t sectors = 1; sectors < WL_BLOCK_BYTES / WL_SECTOR_BYTES; sectors += 3)
			CU_ASSERT(forget_cut_at(step, sectors * WL_SECTOR_BYTES));
		step++;
	}
	CU_ASSERT_EQUAL(step, 2);
}

static bool prepare_cut_at(unsigned step, size_t bytes)
{
	struct wl_store *store;
	uint8_t *all;
	uint64_t count;
	bool cut;

	device_fixture_init();
	all = device_fixture_blocks(STORE_SEGMENT_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	make_segments(store, 0, 4);
	wl_store_close(store);
	for (uint64_t segment = 0; segment < 4; segment++)
		use_segment(segment);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 0), 0);
	store_fixture_cut_writes(step, bytes);
	(void)wl_store_segment_prepare(store, 0, 4, NULL);
	cut = store_fixture_end_cut();
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	count = wl_store_segment_count(store, 0);
	CU_ASSERT_EQUAL(wl_store_segment_first(store, 0), 1);
	CU_ASSERT(count == 5 || (cut && count == 4));
	if (count == 4)
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 4, NULL), 0);
	CU_ASSERT(stands(store, 0, 1, 5));
	CU_ASSERT_EQUAL(
		wl_store_read(store, 0, 4ull * STORE_SEGMENT_BYTES, all, STORE_SEGMENT_BYTES), 0);
	CU_ASSERT(wl_chunk_is_zero(all + WL_BLOCK_BYTES, STORE_SEGMENT_BYTES - WL_BLOCK_BYTES));
	wl_store_close(store);
	device_fixture_fini();
	free(all);
	return cut;
}

static void cut_preparations(void)
{
	unsigned step = 0;

	while (prepare_cut_at(step, 0)) {
		CU_ASSERT(prepare_cut_at(step, 3 * WL_SECTOR_BYTES));
		step++;
	}
	/* The zeros by the MiB, and the header. */
	CU_ASSERT_EQUAL(step, STORE_SEGMENT_BYTES / MIB + 1);
}

static void a_segment_over_a_forgotten_one_is_whole_or_absent_at_each_step(void)
{
	cut_preparations();
	store_fixture_drive_cannot_zero(true);
	cut_preparations();
	store_fixture_drive_cannot_zero(false);
}

static void a_device_grows_only_where_each_segment_keeps_its_place(void)
{
	struct wl_store *store;

	device_fixture_init();
	device_fixture.files.config.journal_count = 1;
	device_fixture_resize(MIB + AREA_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	make_segments(store, 0, 4);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 1), 0);
	make_segments(store, 4, 5);
	wl_store_close(store);
	device_fixture_resize(MIB + AREA_BYTES + 2 * STORE_SEGMENT_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT(stands(store, 0, 2, 5));
	CU_ASSERT_EQUAL(wl_store_superblock(store)->last_area_segments, 4);
	make_segments(store, 5, 6);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 6, NULL), -ENOSPC);
	CU_ASSERT_EQUAL(wl_store_segment_forget(store, 0, 5), 0);
	/* 12 and 13 are at places 0 and 1 of four and of six. */
	make_segments(store, 12, 14);
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT(stands(store, 0, 12, 14));
	CU_ASSERT_EQUAL(wl_store_superblock(store)->last_area_segments, 6);
	make_segments(store, 14, 18);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 18, NULL), -ENOSPC);
	wl_store_close(store);
	device_fixture_fini();
}

/* ---- bases ---- */

#define BASE_BLOCKS 600u /* larger than one write of the tests */
#define BASE_BYTES (BASE_BLOCKS * WL_BLOCK_BYTES)

static void begin_with_bases(void)
{
	device_fixture_init();
	device_fixture.files.config.base_bytes = BASE_BYTES;
	device_fixture_resize(DEVICE_BYTES + 4 * BASE_BYTES);
}

static int write_base(struct wl_store *store, unsigned place, uint8_t value)
{
	struct wl_store_base *base = NULL;
	uint8_t *bytes = device_fixture_blocks(BASE_BYTES);
	int error = wl_store_base_begin(store, 1, place, BASE_BYTES, &base);

	memset(bytes, value, BASE_BYTES);
	for (size_t at = 0; at < BASE_BYTES && error == 0; at += BASE_BYTES / 4)
		error = wl_store_base_write(base, bytes + at, BASE_BYTES / 4);
	free(bytes);
	if (error == 0)
		return wl_store_base_commit(base);
	wl_store_base_abandon(base);
	return error;
}

/* What all of it is made of; 0: there is none, -1: not all the same. */
static int base_value(struct wl_store *store, unsigned place)
{
	uint8_t *bytes = device_fixture_blocks(BASE_BYTES);
	int error =
		wl_store_base_read(store, 1, place, (struct wl_store_part){0, bytes, BASE_BYTES});
	int value = 0;

	CU_ASSERT(error == 0 || error == -ENOENT);
	if (error == 0)
		value = memcmp(bytes, bytes + 1, BASE_BYTES - 1) == 0 ? bytes[0] : -1;
	free(bytes);
	return value;
}

static void bases_of_a_device_have_places_of_their_own(void)
{
	struct wl_store_base *base = NULL;
	uint8_t *bytes;
	struct wl_store *store;
	uint64_t at;
	int fd;

	begin_with_bases();
	bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	/* Of an earlier life. */
	store_fixture_fill(device_fixture.device, MIB + 3 * BASE_BYTES + AREA_BYTES, 0x66,
			   WL_BLOCK_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->area_segments, 4);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->base_bytes, BASE_BYTES);
	CU_ASSERT_EQUAL(base_value(store, 0), 0);
	CU_ASSERT_EQUAL(base_value(store, 1), 0);
	CU_ASSERT_EQUAL(write_base(store, 0, 0x11), 0);
	CU_ASSERT_EQUAL(write_base(store, 1, 0x12), 0);
	for (uint64_t segment = 0; segment < 4; segment++) {
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, segment, NULL), 0);
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, segment, NULL), 0);
	}
	CU_ASSERT_EQUAL(wl_store_segment_open(store, 1, 0, &fd, &at), 0);
	CU_ASSERT_EQUAL(at, MIB + 4 * BASE_BYTES + AREA_BYTES);
	close(fd);
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT(stands(store, 0, 0, 4) && stands(store, 1, 0, 4));
	CU_ASSERT_EQUAL(base_value(store, 0), 0x11);
	CU_ASSERT_EQUAL(base_value(store, 1), 0x12);
	CU_ASSERT_EQUAL(
		wl_store_base_read(store, 1, 0,
				   (struct wl_store_part){BASE_BYTES, bytes, WL_BLOCK_BYTES}),
		-ENODATA);
	CU_ASSERT_EQUAL(wl_store_base_read(store, 0, 0,
					   (struct wl_store_part){0, bytes, WL_BLOCK_BYTES}),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_store_base_begin(store, 1, 0, BASE_BYTES + WL_BLOCK_BYTES, &base),
			-ENOSPC);
	CU_ASSERT_EQUAL(wl_store_base_remove(store, 1, 0), 0);
	CU_ASSERT_EQUAL(base_value(store, 0), 0);
	CU_ASSERT_EQUAL(base_value(store, 1), 0x12);
	wl_store_close(store);
	device_fixture_fini();
	free(bytes);
}

static bool base_cut_at(unsigned step, size_t bytes)
{
	struct wl_store *store;
	int error, value;
	bool cut;

	begin_with_bases();
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(write_base(store, 0, 0x21), 0);
	CU_ASSERT_EQUAL(write_base(store, 1, 0x22), 0);
	store_fixture_cut_writes(step, bytes);
	error = write_base(store, 1, 0x23);
	cut = store_fixture_end_cut();
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	value = base_value(store, 1);
	CU_ASSERT_EQUAL(base_value(store, 0), 0x21);
	/* A torn first block is its reader's to find: each block has a checksum. */
	CU_ASSERT(bytes != 0 || value == 0x23 || (cut && (value == 0 || step == 0)));
	CU_ASSERT(error != 0 || value == 0x23);
	wl_store_close(store);
	device_fixture_fini();
	return cut;
}

static void a_base_of_a_device_is_the_old_one_none_or_the_new_one_at_each_step(void)
{
	unsigned step = 0;

	while (base_cut_at(step, 0)) {
		CU_ASSERT(base_cut_at(step, 2 * WL_SECTOR_BYTES));
		step++;
	}
	/* The sign of the old one, four pieces, the first block. */
	CU_ASSERT_EQUAL(step, 6);
}

static void limits_that_outgrow_the_places_for_bases_are_refused(void)
{
	begin_with_bases();
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture.files.config.base_bytes = BASE_BYTES - WL_BLOCK_BYTES;
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture.files.config.base_bytes = BASE_BYTES + WL_BLOCK_BYTES;
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_GEOMETRY);
	CU_ASSERT_PTR_NOT_NULL(strstr(device_fixture.files.reason, "lower limits.sessions"));
	device_fixture_fini();
}

WL_SUITE(store_device_laps)
{
	WL_TEST(a_place_is_used_again_when_what_stood_there_was_forgotten),
	WL_TEST(a_damaged_header_hides_nothing_in_any_lap),
	WL_TEST(a_forgotten_segment_is_there_or_gone_at_each_step),
	WL_TEST(a_segment_over_a_forgotten_one_is_whole_or_absent_at_each_step),
	WL_TEST(a_device_grows_only_where_each_segment_keeps_its_place),
	WL_TEST(bases_of_a_device_have_places_of_their_own),
	WL_TEST(a_base_of_a_device_is_the_old_one_none_or_the_new_one_at_each_step),
	WL_TEST(limits_that_outgrow_the_places_for_bases_are_refused),
};
