/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/superblock_uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/store/store_internal.h"
#include "tests/unit/dataplane/store/store_fixture.h"
#include "tests/unit/runner.h"

static struct store_fixture fixture;
static struct wl_store *store;
static struct wl_superblock_writer *writer;
static struct wl_superblock record;

static void begin(void)
{
	store_fixture_init(&fixture);
	store = store_fixture_must_open(&fixture);
	record = *wl_store_superblock(store);
	CU_ASSERT_EQUAL_FATAL(wl_superblock_writer_open(&writer, store), 0);
}

static void end(void)
{
	wl_superblock_writer_close(writer);
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

static uint64_t sequence_of_copy(unsigned copy)
{
	struct wl_superblock read = {0};
	uint8_t image[WL_BLOCK_BYTES];
	int fd = open(store_fixture_path(&fixture, "superblock"), O_RDONLY | O_CLOEXEC);

	CU_ASSERT_EQUAL(pread(fd, image, sizeof(image), copy * WL_BLOCK_BYTES), sizeof(image));
	close(fd);
	return wl_superblock_decode(image, &read) == WL_SUPERBLOCK_OK ? read.sequence : 0;
}

static int reap_until_told(void)
{
	int result = 0;

	for (unsigned tries = 0; tries < 100000 && result == 0; tries++) {
		result = wl_superblock_writer_reap(writer);
		if (result == 0)
			usleep(50);
	}
	return result;
}

static void a_record_is_durable_when_both_copies_of_its_pair_are(void)
{
	begin();
	record.journals[0].term = 9;
	record.journals[0].vote = 3;
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	CU_ASSERT_EQUAL(record.sequence, 3);
	CU_ASSERT_EQUAL(reap_until_told(), 1);
	CU_ASSERT_EQUAL(sequence_of_copy(2), 3);
	CU_ASSERT_EQUAL(sequence_of_copy(3), 3);
	/* The pair before was not touched. */
	CU_ASSERT_EQUAL(sequence_of_copy(0), 2);
	CU_ASSERT_EQUAL(sequence_of_copy(1), 2);
	CU_ASSERT_EQUAL(wl_superblock_writer_reap(writer), 0);
	end();
}

static void the_second_copy_waits_for_the_first(void)
{
	begin();
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	for (unsigned tries = 0; tries < 2000 && sequence_of_copy(2) != 3; tries++)
		usleep(500);
	usleep(20000);
	CU_ASSERT_EQUAL(sequence_of_copy(2), 3);
	CU_ASSERT_EQUAL(sequence_of_copy(3), 1);
	CU_ASSERT_EQUAL(reap_until_told(), 1);
	CU_ASSERT_EQUAL(sequence_of_copy(3), 3);
	end();
}

/* Record 4 goes to copies 0 and 1: the damaged one first, or a second power cut could leave none of them. */
static void a_damaged_copy_is_written_before_its_whole_twin(void)
{
	begin();
	wl_superblock_writer_close(writer);
	wl_store_close(store);
	store_fixture_fill(store_fixture_path(&fixture, "superblock"), WL_BLOCK_BYTES + 50, 0xee,
			   4);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL_FATAL(wl_superblock_writer_open(&writer, store), 0);
	CU_ASSERT_EQUAL(wl_superblock_writer_persist(writer, &record), 0);
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	for (unsigned tries = 0; tries < 2000 && sequence_of_copy(1) != 4; tries++)
		usleep(500);
	usleep(20000);
	CU_ASSERT_EQUAL(sequence_of_copy(1), 4);
	CU_ASSERT_EQUAL(sequence_of_copy(0), 2);
	CU_ASSERT_EQUAL(reap_until_told(), 1);
	CU_ASSERT_EQUAL(sequence_of_copy(0), 4);
	end();
}

static void one_record_at_a_time(void)
{
	begin();
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	CU_ASSERT_FALSE(wl_superblock_writer_submit(writer, &record));
	CU_ASSERT_EQUAL(record.sequence, 3);
	CU_ASSERT_EQUAL(reap_until_told(), 1);
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	CU_ASSERT_EQUAL(reap_until_told(), 1);
	CU_ASSERT_EQUAL(sequence_of_copy(0), 4);
	CU_ASSERT_EQUAL(sequence_of_copy(1), 4);
	CU_ASSERT_EQUAL(sequence_of_copy(2), 3);
	end();
}

static void what_was_persisted_is_what_the_next_open_finds(void)
{
	begin();
	record.boot_count = 17;
	record.journals[1] =
		(struct wl_superblock_journal){.term = 5, .vote = 2, .watermark = 8192};
	CU_ASSERT_EQUAL(wl_superblock_writer_persist(writer, &record), 0);
	wl_superblock_writer_close(writer);
	wl_store_close(store);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->boot_count, 17);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->journals[1].vote, 2);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->journals[1].watermark, 8192);
	CU_ASSERT_EQUAL_FATAL(wl_superblock_writer_open(&writer, store), 0);
	end();
}

static void a_failure_is_final(void)
{
	int whole;

	begin();
	whole = store->superblock_fd;
	wl_superblock_writer_close(writer);
	/* A device that no longer takes writes. */
	store->superblock_fd =
		open(store_fixture_path(&fixture, "superblock"), O_RDONLY | O_DIRECT | O_CLOEXEC);
	CU_ASSERT_EQUAL_FATAL(wl_superblock_writer_open(&writer, store), 0);
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	CU_ASSERT_EQUAL(reap_until_told(), -EBADF);
	CU_ASSERT_FALSE(wl_superblock_writer_submit(writer, &record));
	CU_ASSERT_EQUAL(wl_superblock_writer_reap(writer), -EBADF);
	CU_ASSERT_EQUAL(wl_superblock_writer_persist(writer, &record), -EBADF);
	CU_ASSERT_EQUAL(sequence_of_copy(2), 1);
	close(store->superblock_fd);
	store->superblock_fd = whole;
	end();
}

static void closing_waits_for_the_write_under_way(void)
{
	begin();
	CU_ASSERT(wl_superblock_writer_submit(writer, &record));
	wl_superblock_writer_close(writer);
	CU_ASSERT_EQUAL(sequence_of_copy(2), 3);
	CU_ASSERT_EQUAL(sequence_of_copy(3), 3);
	CU_ASSERT_EQUAL_FATAL(wl_superblock_writer_open(&writer, store), 0);
	end();
}

WL_SUITE(superblock_uring)
{
	WL_TEST(a_record_is_durable_when_both_copies_of_its_pair_are),
	WL_TEST(the_second_copy_waits_for_the_first),
	WL_TEST(a_damaged_copy_is_written_before_its_whole_twin),
	WL_TEST(one_record_at_a_time),
	WL_TEST(what_was_persisted_is_what_the_next_open_finds),
	WL_TEST(a_failure_is_final),
	WL_TEST(closing_waits_for_the_write_under_way),
};
