/* SPDX-License-Identifier: BSD-3-Clause */
/* Data that are made later: what a start that is refused leaves of them, and what a name below /dev never becomes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/dataplane/store/device_fixture.h"
#include "tests/unit/runner.h"

static void nothing_is_written_before_it_is_made(void)
{
	static struct store_fixture fixture;
	struct wl_store *store;
	uint64_t incarnation;

	store_fixture_init(&fixture);
	fixture.config.make_later = true;
	store = store_fixture_must_open(&fixture);
	CU_ASSERT(!store_fixture_has(&fixture, "superblock"));
	CU_ASSERT(!store_fixture_has(&fixture, "journal-00"));
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	CU_ASSERT_NOT_EQUAL(wl_store_superblock(store)->incarnation, 0);
	wl_store_close(store);
	/* Another size of segments, another node: nobody's data are there yet. */
	for (unsigned shift = 1; shift < 4; shift++) {
		fixture.config.segment_bytes = (uint64_t)STORE_SEGMENT_BYTES << shift;
		fixture.config.node = shift;
		store = store_fixture_must_open(&fixture);
		wl_store_close(store);
	}
	store = store_fixture_must_open(&fixture);
	incarnation = wl_store_superblock(store)->incarnation;
	CU_ASSERT_EQUAL(wl_store_make(store, fixture.data, fixture.reason, sizeof(fixture.reason)),
			0);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->segment_bytes, fixture.config.segment_bytes);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_make(store, fixture.data, fixture.reason, sizeof(fixture.reason)),
			0);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	wl_store_close(store);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 1);
	wl_store_close(store);
	fixture.config.segment_bytes = STORE_SEGMENT_BYTES;
	CU_ASSERT_EQUAL(store_fixture_open(&fixture, &store), WIRELOG_STORE_GEOMETRY);
	store_fixture_fini(&fixture);
}

static bool has_only_zeros(uint64_t bytes)
{
	uint8_t *found = device_fixture_blocks(bytes);
	int fd = open(device_fixture.device, O_RDONLY | O_CLOEXEC);
	bool zeros = pread(fd, found, bytes, 0) == (ssize_t)bytes;

	for (uint64_t at = 0; at < bytes && zeros; at++)
		zeros = found[at] == 0;
	close(fd);
	free(found);
	return zeros;
}

static void a_device_is_not_written_before_it_is_made(void)
{
	struct store_fixture *files = &device_fixture.files;
	struct wl_store *store;
	uint64_t incarnation;

	device_fixture_init();
	files->config.make_later = true;
	store = store_fixture_must_open(files);
	CU_ASSERT(wl_store_is_block_device(store));
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 1), 0);
	/* It is ours already: nobody else makes data there meanwhile. */
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_IN_USE);
	wl_store_close(store);
	CU_ASSERT(has_only_zeros(2 * MIB));
	/* What refuses it is told before. */
	files->config.segment_bytes = 2 * DEVICE_BYTES;
	CU_ASSERT_EQUAL(device_fixture_open_status(), WIRELOG_STORE_FULL);
	files->config.segment_bytes = STORE_SEGMENT_BYTES;
	/* An earlier life's segment in the area is nobody's. */
	store_fixture_fill(device_fixture.device, MIB, 0xa5, WL_BLOCK_BYTES);
	store = store_fixture_must_open(files);
	incarnation = wl_store_superblock(store)->incarnation;
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	CU_ASSERT_EQUAL(wl_store_make(store, device_fixture.device, files->reason,
				      sizeof(files->reason)),
			0);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, 0, NULL), 0);
	wl_store_close(store);
	store = store_fixture_must_open(files);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 1), 1);
	wl_store_close(store);
	device_fixture_fini();
}

static void a_name_below_dev_never_becomes_a_directory(void)
{
	static const char *const paths[] = {"/dev/wirelog-no-such-drive",
					    "/dev/./wirelog-no-such-drive",
					    "/dev/wirelog-no-such-folder/by-id/drive",
					    "/proc/../dev/wirelog-no-such-drive"};
	static struct store_fixture fixture;
	struct wl_store *store;

	store_fixture_init(&fixture);
	for (unsigned at = 0; at < sizeof(paths) / sizeof(paths[0]); at++) {
		struct wl_store_config config = fixture.config;

		config.path = paths[at];
		for (unsigned later = 0; later < 2; later++) {
			config.make_later = later;
			CU_ASSERT_EQUAL(wl_store_open(&store, &config, fixture.reason,
						      sizeof(fixture.reason)),
					WIRELOG_STORE_ABSENT);
			CU_ASSERT(strstr(fixture.reason, paths[at]) != NULL);
		}
		CU_ASSERT_NOT_EQUAL(access(paths[at], F_OK), 0);
		rmdir(paths[at]);
	}
	store_fixture_fini(&fixture);
}

WL_SUITE(store_make_file)
{
	WL_TEST(nothing_is_written_before_it_is_made),
	WL_TEST(a_device_is_not_written_before_it_is_made),
	WL_TEST(a_name_below_dev_never_becomes_a_directory),
};
