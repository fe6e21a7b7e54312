/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dataplane/nic/memif_region_memory.h"
#include "tests/unit/runner.h"

#define BYTES 65536u
#define FAULTS_MAX 4 /* of 16 pages: a sanitizer's shadow has some of its own */

static struct wl_memif_region region;

static bool takes(int fd, uint64_t bytes)
{
	const char *why = wl_memif_region_take(&region, fd, bytes);
	bool taken = why == NULL && region.memory != NULL && region.bytes == bytes;

	CU_ASSERT_EQUAL(why == NULL, region.memory != NULL);
	wl_memif_region_close(&region);
	CU_ASSERT_PTR_NULL(region.memory);
	close(fd);
	return taken;
}

static int make_memfd(unsigned flags, int seals, off_t bytes)
{
	int fd = memfd_create("test", MFD_CLOEXEC | flags);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, bytes), 0);
	if (seals != 0)
		CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void both_ends_see_the_same_memory(void)
{
	struct wl_memif_region mine = {0}, theirs = {0};
	int fd = wl_memif_region_make(&mine, BYTES);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_PTR_NULL_FATAL(wl_memif_region_take(&theirs, fd, BYTES));
	close(fd);
	mine.memory[BYTES - 1] = 42;
	CU_ASSERT_EQUAL(theirs.memory[BYTES - 1], 42);
	wl_memif_region_close(&mine);
	wl_memif_region_close(&theirs);
}

/* Page faults of this thread while it writes to each page. */
static long faults_of_writing(uint8_t *memory)
{
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	for (uint32_t at = 0; at < BYTES; at += 4096)
		memory[at] = 1;
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_minflt - before.ru_minflt;
}

static void no_page_of_it_is_missing_when_frames_come(void)
{
	struct wl_memif_region mine = {0}, theirs = {0};
	int fd = wl_memif_region_make(&mine, BYTES);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_PTR_NULL_FATAL(wl_memif_region_take(&theirs, fd, BYTES));
	close(fd);
	CU_ASSERT(faults_of_writing(mine.memory) <= FAULTS_MAX);
	CU_ASSERT(faults_of_writing(theirs.memory) <= FAULTS_MAX);
	wl_memif_region_close(&mine);
	wl_memif_region_close(&theirs);
}

static void memory_that_can_shrink_is_refused(void)
{
	CU_ASSERT_FALSE(takes(make_memfd(0, 0, BYTES), BYTES));
	CU_ASSERT_FALSE(takes(make_memfd(MFD_ALLOW_SEALING, 0, BYTES), BYTES));
	CU_ASSERT_FALSE(takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_GROW, BYTES), BYTES));
	CU_ASSERT_TRUE(takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, BYTES), BYTES));
}

static void memory_that_is_smaller_than_it_is_said_to_be_is_refused(void)
{
	CU_ASSERT_FALSE(takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, BYTES - 1), BYTES));
	CU_ASSERT_FALSE(takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, 0), BYTES));
	CU_ASSERT_FALSE(takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, BYTES), UINT64_MAX));
	CU_ASSERT_TRUE(takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK, 2 * BYTES), BYTES));
}

static void memory_that_cannot_be_written_is_refused(void)
{
	CU_ASSERT_FALSE(
		takes(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK | F_SEAL_WRITE, BYTES), BYTES));
}

static void files_pipes_and_sockets_are_refused(void)
{
	char path[] = "/tmp/wirelog-region-XXXXXX";
	int file = mkstemp(path), ends[2];

	CU_ASSERT_FATAL(file >= 0);
	unlink(path);
	CU_ASSERT_EQUAL(ftruncate(file, BYTES), 0);
	CU_ASSERT_FALSE(takes(file, BYTES));
	CU_ASSERT_EQUAL(pipe2(ends, O_CLOEXEC), 0);
	CU_ASSERT_FALSE(takes(ends[0], BYTES));
	close(ends[1]);
	CU_ASSERT_FALSE(takes(open("/dev/zero", O_RDWR | O_CLOEXEC), BYTES));
}

/* A machine that gives huge pages without having any would kill who touches them. */
static void huge_pages_are_refused(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);

	if (fd < 0)
		wl_skip("this kernel has no huge pages");
	CU_ASSERT_EQUAL(ftruncate(fd, 2 << 20), 0);
	CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	CU_ASSERT_FALSE(takes(fd, 2 << 20));
}

WL_SUITE(memif_region_memory)
{
	WL_TEST(both_ends_see_the_same_memory),
	WL_TEST(no_page_of_it_is_missing_when_frames_come),
	WL_TEST(memory_that_can_shrink_is_refused),
	WL_TEST(memory_that_is_smaller_than_it_is_said_to_be_is_refused),
	WL_TEST(memory_that_cannot_be_written_is_refused),
	WL_TEST(files_pipes_and_sockets_are_refused),
	WL_TEST(huge_pages_are_refused),
};
