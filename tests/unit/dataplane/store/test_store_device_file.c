/* SPDX-License-Identifier: BSD-3-Clause */
/* The raw device through a loop device over a file: needs root. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/log/chunk.h"
#include "tests/unit/dataplane/store/device_fixture.h"
#include "tests/unit/runner.h"

static void an_empty_device_becomes_a_store_and_stays_one(void)
{
	struct wl_store *store;
	uint64_t incarnation;

	device_fixture_init();
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT(wl_store_is_block_device(store));
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	incarnation = wl_store_superblock(store)->incarnation;
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_IN_USE);
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	wl_store_close(store);
	device_fixture.files.config.node = 5;
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_FOREIGN);
	device_fixture_fini();
}

static void something_else_on_the_device_is_refused_and_left_alone(void)
{
	const uint64_t places[] = {0, 1080, 65600,
				   MIB - 8}; /* a partition table, ext4, btrfs, the last words */
	char word[8];

	device_fixture_init();
	for (unsigned at = 0; at < sizeof(places) / sizeof(places[0]); at++) {
		int file;

		store_fixture_overwrite(device_fixture.device, places[at], "foreign", 7);
		CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_NOT_OURS);
		file = open(device_fixture.device, O_RDONLY | O_CLOEXEC);
		CU_ASSERT_EQUAL(pread(file, word, 7, (off_t)places[at]), 7);
		CU_ASSERT_EQUAL(memcmp(word, "foreign", 7), 0);
		close(file);
		store_fixture_fill(device_fixture.device, places[at], 0, 7);
	}
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture_fini();
}

static void segments_lie_in_their_journals_area_and_the_area_has_an_end(void)
{
	uint8_t *bytes;
	struct wl_segment_header header;
	struct wl_store *store;
	uint64_t base = 0;
	int fd;

	device_fixture_init();
	bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	for (uint64_t segment = 0; segment < 4; segment++)
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, segment, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, 4, NULL), -ENOSPC);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_open(store, 1, 2, &fd, &base), 0);
	CU_ASSERT_EQUAL(base, MIB + AREA_BYTES + 2 * STORE_SEGMENT_BYTES);
	close(fd);
	CU_ASSERT_EQUAL(wl_store_segment_open(store, 0, 1, &fd, &base), -ENOENT);
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 1);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 1), 4);
	CU_ASSERT_EQUAL(wl_store_read(store, 1, 3ull * STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			0);
	CU_ASSERT(wl_chunk_decode_segment(bytes, WL_BLOCK_BYTES, &header));
	CU_ASSERT_EQUAL(header.number, 3);
	CU_ASSERT_EQUAL(header.journal, 1);
	wl_store_close(store);
	device_fixture_fini();
	free(bytes);
}

static void a_segment_whose_header_rotted_is_still_there(void)
{
	struct wl_store *store;

	device_fixture_init();
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 1, NULL), 0);
	wl_store_close(store);
	store_fixture_fill(device_fixture.device, MIB + STORE_SEGMENT_BYTES + 16, 0x55, 4);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 2);
	wl_store_close(store);
	/* Even all of it gone: the chunk behind it says that the segment was in use. */
	store_fixture_fill(device_fixture.device, MIB + STORE_SEGMENT_BYTES, 0, WL_BLOCK_BYTES);
	store_fixture_fill(device_fixture.device, MIB + STORE_SEGMENT_BYTES + WL_BLOCK_BYTES, 0x55,
			   64);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 2);
	wl_store_close(store);
	device_fixture_fini();
}

static void an_earlier_life_of_the_device_is_forgotten(void)
{
	uint8_t *bytes;
	struct wl_store *store;

	device_fixture_init();
	bytes = device_fixture_blocks(WL_BLOCK_BYTES);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	store_fixture_fill(device_fixture.device, MIB + 3 * WL_BLOCK_BYTES, 0x55, WL_BLOCK_BYTES);
	/* As wipefs and the like do: the first MiB only. */
	store_fixture_fill(device_fixture.device, 0, 0, MIB);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 3 * WL_BLOCK_BYTES, bytes, WL_BLOCK_BYTES), 0);
	CU_ASSERT(wl_chunk_is_zero(bytes, WL_BLOCK_BYTES));
	wl_store_close(store);
	device_fixture_fini();
	free(bytes);
}

static void a_half_made_segment_of_a_device_is_absent(void)
{
	atomic_bool cancel = true;
	struct wl_store *store;

	device_fixture_init();
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, &cancel), -ECANCELED);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	wl_store_close(store);
	store = store_fixture_must_open(&device_fixture.files);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	wl_store_close(store);
	device_fixture_fini();
}

static void a_device_too_small_is_refused_and_stays_empty(void)
{
	device_fixture_init();
	device_fixture.files.config.segment_bytes = 64ull * MIB;
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_FULL);
	device_fixture.files.config.segment_bytes = STORE_SEGMENT_BYTES;
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture_fini();
}

static void an_interrupted_first_open_of_a_device_counts_its_first_pair(void)
{
	device_fixture_init();
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	/* Only the older pair had been written: nobody relied on anything yet. */
	store_fixture_fill(device_fixture.device, 0, 0, 2 * WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture_fini();
}

static void a_reader_finds_nothing_on_an_empty_device_and_writes_nothing(void)
{
	device_fixture_init();
	device_fixture.files.config.read_only = true;
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_NOT_OURS);
	device_fixture.files.config.read_only = false;
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture.files.config =
		(struct wl_store_config){.path = device_fixture.files.data, .read_only = true};
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture_fini();
}

static void a_device_that_grows_keeps_its_data_and_gains_room(void)
{
	struct wl_superblock grown;
	struct wl_store *store;
	uint64_t base;
	int fd;

	device_fixture_init();
	store = store_fixture_must_open(&device_fixture.files);
	for (uint64_t segment = 0; segment < 4; segment++)
		CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, segment, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	device_fixture_resize(DEVICE_BYTES + 3 * STORE_SEGMENT_BYTES);
	/* What stood there before the partition reached so far. */
	store_fixture_fill(device_fixture.device, DEVICE_BYTES, 0x55, 64);
	store_fixture_fill(device_fixture.device, DEVICE_BYTES + 2 * STORE_SEGMENT_BYTES, 0x55, 64);
	for (unsigned again = 0; again < 2; again++) {
		store = store_fixture_must_open(&device_fixture.files);
		CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 1);
		CU_ASSERT_EQUAL(wl_store_segment_count(store, 1), 4);
		CU_ASSERT_EQUAL(wl_store_segment_open(store, 1, 2, &fd, &base), 0);
		CU_ASSERT_EQUAL(base, MIB + AREA_BYTES + 2 * STORE_SEGMENT_BYTES);
		close(fd);
		grown = *wl_store_superblock(store);
		CU_ASSERT_EQUAL(grown.area_segments, 4);
		CU_ASSERT_EQUAL(grown.last_area_segments, 7);
		if (again == 0)
			wl_store_close(store);
	}
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, 4, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, 7, NULL), -ENOSPC);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 4, NULL), -ENOSPC);
	wl_store_close(store);
	device_fixture_fini();
}

static void a_device_that_shrank_is_refused_by_its_name(void)
{
	device_fixture_init();
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture_resize(DEVICE_BYTES - STORE_SEGMENT_BYTES);
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_SHRUNK);
	CU_ASSERT_PTR_NOT_NULL(strstr(device_fixture.files.reason, "57 MiB"));
	CU_ASSERT_PTR_NOT_NULL(strstr(device_fixture.files.reason, "65"));
	device_fixture_resize(DEVICE_BYTES);
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	device_fixture_fini();
}

/* A killed process keeps the device until its last write has come back. */
static void a_device_that_is_just_being_let_go_is_waited_for(void)
{
	const struct timespec while_open = {0, 100000000};
	int ready[2], status = 0;
	pid_t child;
	char byte;

	device_fixture_init();
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int fd = open(device_fixture.device, O_RDWR | O_EXCL | O_CLOEXEC);

		_exit(fd < 0 || write(ready[1], "x", 1) != 1 || nanosleep(&while_open, NULL) != 0);
	}
	CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
	CU_ASSERT_EQUAL(device_fixture_open_status(), 0);
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	close(ready[0]);
	close(ready[1]);
	device_fixture_fini();
}

WL_SUITE(store_device_file)
{
	WL_TEST(a_device_that_grows_keeps_its_data_and_gains_room),
	WL_TEST(a_device_that_shrank_is_refused_by_its_name),
	WL_TEST(a_device_that_is_just_being_let_go_is_waited_for),
	WL_TEST(an_empty_device_becomes_a_store_and_stays_one),
	WL_TEST(something_else_on_the_device_is_refused_and_left_alone),
	WL_TEST(segments_lie_in_their_journals_area_and_the_area_has_an_end),
	WL_TEST(a_segment_whose_header_rotted_is_still_there),
	WL_TEST(an_earlier_life_of_the_device_is_forgotten),
	WL_TEST(a_half_made_segment_of_a_device_is_absent),
	WL_TEST(a_device_too_small_is_refused_and_stays_empty),
	WL_TEST(an_interrupted_first_open_of_a_device_counts_its_first_pair),
	WL_TEST(a_reader_finds_nothing_on_an_empty_device_and_writes_nothing),
};
