/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/disk_uring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dataplane/host/clock.h"
#include "tests/unit/dataplane/store/store_fixture.h"
#include "tests/unit/runner.h"

#define AREA_BYTES (1u << 20)
/* A usual limit. Kernels since 6.14 count rings in it, closed ones a while longer: all of this suite's fit. */
#define LOCKED_BYTES (8u << 20)
#define PATIENCE_NS 20000000000u
#define SEGMENT_0 "journal-00/segment-000000000000"
#define MANY 1000u

struct bed {
	struct store_fixture files;
	struct wl_store *store;
	struct wl_disk *disk;
	uint8_t *area;
	size_t area_bytes;
	char note[256];
};

static struct bed bed;

static void open_disk(bool registered)
{
	struct wl_disk_uring_config config = {
		.store = bed.store,
		.segment_bytes = STORE_SEGMENT_BYTES,
		.worker = 3,
	};

	if (registered) {
		config.areas[0] = bed.area;
		config.area_bytes[0] = bed.area_bytes;
		config.area_count = 1;
	}
	CU_ASSERT_EQUAL_FATAL(wl_disk_uring_open(&bed.disk, &config, bed.note, sizeof(bed.note)),
			      0);
}

static void begin_with_area(size_t area_bytes, bool registered, unsigned segments)
{
	memset(&bed, 0, sizeof(bed));
	store_fixture_init(&bed.files);
	bed.store = store_fixture_must_open(&bed.files);
	bed.area_bytes = area_bytes;
	bed.area = aligned_alloc(WL_BLOCK_BYTES, area_bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bed.area);
	memset(bed.area, 0, area_bytes);
	for (unsigned ordinal = 0; ordinal < segments; ordinal++)
		CU_ASSERT_EQUAL(wl_store_segment_prepare(bed.store, 0, ordinal, NULL), 0);
	open_disk(registered);
}

static void begin(bool registered, unsigned segments)
{
	begin_with_area(AREA_BYTES, registered, segments);
}

static void end(void)
{
	bed.disk->ops->close(bed.disk);
	wl_store_close(bed.store);
	store_fixture_fini(&bed.files);
	free(bed.area);
}

static struct wl_disk_request request(enum wl_disk_verb verb, uint64_t offset, uint8_t *buffer,
				      uint32_t bytes)
{
	static uint64_t cookie;

	return (struct wl_disk_request){
		.verb = verb,
		.offset = offset,
		.buffer = buffer,
		.bytes = bytes,
		.cookie = ++cookie,
	};
}

static unsigned reap_within(struct wl_disk_completion *completions, unsigned count,
			    uint64_t patience_ns)
{
	uint64_t until = wl_clock_kernel_ns() + patience_ns;
	unsigned got = 0;

	while (got < count && wl_clock_kernel_ns() < until) {
		unsigned now = bed.disk->ops->reap(bed.disk, completions + got, count - got);

		got += now;
		if (now == 0)
			usleep(50);
	}
	return got;
}

static struct wl_disk_completion run(struct wl_disk_request one)
{
	struct wl_disk_completion completion = {0};

	CU_ASSERT_EQUAL(bed.disk->ops->submit(bed.disk, &one, 1), 1);
	CU_ASSERT_EQUAL_FATAL(reap_within(&completion, 1, PATIENCE_NS), 1);
	CU_ASSERT_EQUAL(completion.cookie, one.cookie);
	CU_ASSERT_EQUAL(completion.verb, one.verb);
	CU_ASSERT_EQUAL(completion.offset, one.offset);
	return completion;
}

static void write_and_read_back(uint8_t *from, uint8_t *to)
{
	struct wl_disk_completion completion;

	memset(from, 0xa7, 3 * WL_BLOCK_BYTES);
	completion = run(request(WL_DISK_WRITE, WL_BLOCK_BYTES, from, 3 * WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	CU_ASSERT_EQUAL(completion.bytes, 3 * WL_BLOCK_BYTES);
	completion = run(request(WL_DISK_READ, 2 * WL_BLOCK_BYTES, to, 2 * WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	CU_ASSERT_EQUAL(memcmp(to, from, 2 * WL_BLOCK_BYTES), 0);
}

static void what_is_written_is_read_back_from_registered_memory(void)
{
	begin(true, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(bed.note, "1 area of 1 MiB registered"));
	write_and_read_back(bed.area, bed.area + AREA_BYTES / 2);
	end();
}

static void memory_that_is_not_registered_serves_as_well(void)
{
	begin(false, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(bed.note, "switched off"));
	write_and_read_back(bed.area, bed.area + AREA_BYTES / 2);
	end();
}

static void a_locked_memory_limit_is_named_and_survived(void)
{
	struct rlimit before, limit;

	getrlimit(RLIMIT_MEMLOCK, &before);
	if (geteuid() == 0)
		wl_skip("needs an ordinary user: root's locked memory has no limit");
	limit = before;
	if (limit.rlim_cur > LOCKED_BYTES)
		limit.rlim_cur = LOCKED_BYTES;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	begin_with_area(LOCKED_BYTES + AREA_BYTES, true, 1);
	setrlimit(RLIMIT_MEMLOCK, &before);
	CU_ASSERT_PTR_NOT_NULL(strstr(bed.note, "not registered"));
	write_and_read_back(bed.area, bed.area + AREA_BYTES / 2);
	end();
}

static void a_write_starts_without_a_reap(void)
{
	struct wl_disk_request one;
	uint64_t until = wl_clock_kernel_ns() + PATIENCE_NS;
	uint8_t byte = 0;
	int fd;

	begin(true, 1);
	memset(bed.area, 0x3c, WL_BLOCK_BYTES);
	one = request(WL_DISK_WRITE, WL_BLOCK_BYTES, bed.area, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(bed.disk->ops->submit(bed.disk, &one, 1), 1);
	fd = open(store_fixture_path(&bed.files, SEGMENT_0), O_RDONLY | O_CLOEXEC);
	while (byte != 0x3c && wl_clock_kernel_ns() < until)
		CU_ASSERT_EQUAL_FATAL(pread(fd, &byte, 1, WL_BLOCK_BYTES), 1);
	CU_ASSERT_EQUAL(byte, 0x3c);
	close(fd);
	end();
}

static void nothing_submitted_gives_nothing_back(void)
{
	struct wl_disk_completion completion;

	begin(true, 0);
	for (unsigned turn = 0; turn < 100; turn++)
		CU_ASSERT_EQUAL(bed.disk->ops->reap(bed.disk, &completion, 1), 0);
	end();
}

static void a_prepared_segment_takes_writes(void)
{
	struct wl_disk_completion completion;

	begin(true, 0);
	completion = run(request(WL_DISK_PREPARE, 0, NULL, 0));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	CU_ASSERT(store_fixture_has(&bed.files, SEGMENT_0));
	CU_ASSERT_EQUAL(wl_store_segment_count(bed.store, 0), 1);
	write_and_read_back(bed.area, bed.area + AREA_BYTES / 2);
	completion = run(request(WL_DISK_PREPARE, STORE_SEGMENT_BYTES, NULL, 0));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	completion = run(request(WL_DISK_WRITE, STORE_SEGMENT_BYTES + WL_BLOCK_BYTES, bed.area,
				 WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	end();
}

static void a_write_and_a_segment_being_made_do_not_mind_each_other(void)
{
	struct wl_disk_request requests[2];
	struct wl_disk_completion completions[2] = {0};

	begin(true, 1);
	memset(bed.area, 0x42, WL_BLOCK_BYTES);
	requests[0] = request(WL_DISK_PREPARE, STORE_SEGMENT_BYTES, NULL, 0);
	requests[1] = request(WL_DISK_WRITE, WL_BLOCK_BYTES, bed.area, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(bed.disk->ops->submit(bed.disk, requests, 2), 2);
	CU_ASSERT_EQUAL_FATAL(reap_within(completions, 2, PATIENCE_NS), 2);
	CU_ASSERT_NOT_EQUAL(completions[0].cookie, completions[1].cookie);
	for (unsigned at = 0; at < 2; at++) {
		CU_ASSERT_EQUAL(completions[at].status, WL_DISK_OK);
		CU_ASSERT_EQUAL(completions[at].cookie,
				requests[completions[at].verb == WL_DISK_WRITE].cookie);
	}
	end();
}

static void without_room_a_segment_is_refused_and_may_be_asked_for_again(void)
{
	struct rlimit before, small;
	struct wl_disk_completion completion;

	begin(true, 0);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){1u << 20, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	completion = run(request(WL_DISK_PREPARE, 0, NULL, 0));
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_EQUAL(completion.status, WL_DISK_NO_SPACE);
	CU_ASSERT_EQUAL(completion.error, ENOSPC);
	completion = run(request(WL_DISK_PREPARE, 0, NULL, 0));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	end();
}

static void a_segment_that_is_not_there_is_absent_to_readers_and_no_failed_write(void)
{
	struct wl_disk_completion completion;

	begin(true, 1);
	completion = run(request(WL_DISK_READ, 5 * STORE_SEGMENT_BYTES, bed.area, WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_ABSENT);
	completion = run(request(WL_DISK_WRITE, 5 * STORE_SEGMENT_BYTES, bed.area, WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_NOT_BEGUN);
	CU_ASSERT_EQUAL(completion.error, ENOENT);
	CU_ASSERT_EQUAL(completion.bytes, 0);
	end();
}

static void move(const char *from, const char *to)
{
	char before[400];

	snprintf(before, sizeof(before), "%s", store_fixture_path(&bed.files, from));
	CU_ASSERT_EQUAL_FATAL(rename(before, store_fixture_path(&bed.files, to)), 0);
}

static void a_write_that_found_its_segment_closed_succeeds_when_it_opens_again(void)
{
	struct wl_disk_request one;
	struct wl_disk_completion completion;

	/* More than are opened at a start. */
	begin(true, 6);
	one = request(WL_DISK_WRITE, WL_BLOCK_BYTES, bed.area, WL_BLOCK_BYTES);
	move(SEGMENT_0, "elsewhere");
	completion = run(one);
	CU_ASSERT_EQUAL(completion.status, WL_DISK_NOT_BEGUN);
	move("elsewhere", SEGMENT_0);
	memset(bed.area, 0x4b, WL_BLOCK_BYTES);
	completion = run(one);
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	memset(bed.area, 0, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(wl_store_read(bed.store, 0, WL_BLOCK_BYTES, bed.area, WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(bed.area[100], 0x4b);
	end();
}

static void a_read_that_comes_back_short_has_failed(void)
{
	struct wl_disk_completion completion;

	begin(true, 1);
	CU_ASSERT_EQUAL(truncate(store_fixture_path(&bed.files, SEGMENT_0), 3 * WL_BLOCK_BYTES), 0);
	completion = run(request(WL_DISK_READ, 2 * WL_BLOCK_BYTES, bed.area, 2 * WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_FAILED);
	CU_ASSERT_EQUAL(completion.error, ENODATA);
	CU_ASSERT_EQUAL(completion.bytes, 0);
	end();
}

/* With a limit in the middle of it the kernel writes the first part and says so. */
static void a_write_that_is_cut_short_has_failed(void)
{
	struct rlimit before, small;
	struct wl_disk_completion completion;

	begin(true, 1);
	CU_ASSERT_EQUAL(truncate(store_fixture_path(&bed.files, SEGMENT_0), 2 * WL_BLOCK_BYTES), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){3 * WL_BLOCK_BYTES, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	completion = run(request(WL_DISK_WRITE, 2 * WL_BLOCK_BYTES, bed.area, 2 * WL_BLOCK_BYTES));
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_EQUAL(completion.status, WL_DISK_FAILED);
	CU_ASSERT_EQUAL(completion.bytes, 0);
	end();
}

static void a_forgotten_segment_is_gone_and_its_readers_find_it_absent(void)
{
	struct wl_disk_request requests[2];
	struct wl_disk_completion completions[2] = {0};

	/* More than are opened at a start: it is opened for a reader while it is given up. */
	begin(true, 6);
	requests[0] = request(WL_DISK_READ, WL_BLOCK_BYTES, bed.area, WL_BLOCK_BYTES);
	requests[1] = request(WL_DISK_FORGET, 0, NULL, 0);
	CU_ASSERT_EQUAL(bed.disk->ops->submit(bed.disk, requests, 2), 2);
	CU_ASSERT_EQUAL_FATAL(reap_within(completions, 2, PATIENCE_NS), 2);
	for (unsigned at = 0; at < 2; at++) {
		CU_ASSERT_EQUAL(completions[at].status, WL_DISK_OK);
		CU_ASSERT_EQUAL(completions[at].cookie,
				requests[completions[at].verb == WL_DISK_FORGET].cookie);
	}
	CU_ASSERT_FALSE(store_fixture_has(&bed.files, SEGMENT_0));
	CU_ASSERT_EQUAL(wl_store_segment_first(bed.store, 0), 1);
	CU_ASSERT_EQUAL(run(requests[0]).status, WL_DISK_ABSENT);
	CU_ASSERT_EQUAL(
		run(request(WL_DISK_READ, STORE_SEGMENT_BYTES, bed.area, WL_BLOCK_BYTES)).status,
		WL_DISK_OK);
	CU_ASSERT_EQUAL(run(requests[1]).status, WL_DISK_OK);
	end();
}

/* Recovery asks for a segment anew whose header was damaged before anything was written to it. */
static void a_segment_made_anew_is_what_is_written_to(void)
{
	struct wl_disk_completion completion;
	uint8_t *bytes = bed.area;

	begin(true, 1);
	bytes = bed.area;
	completion = run(request(WL_DISK_READ, 0, bytes, WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(completion.status, WL_DISK_OK);
	CU_ASSERT_EQUAL(run(request(WL_DISK_PREPARE, 0, NULL, 0)).status, WL_DISK_OK);
	memset(bytes, 0x11, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(run(request(WL_DISK_WRITE, WL_BLOCK_BYTES, bytes, WL_BLOCK_BYTES)).status,
			WL_DISK_OK);
	memset(bytes, 0, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(wl_store_read(bed.store, 0, WL_BLOCK_BYTES, bytes, WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(bytes[100], 0x11);
	end();
}

static void more_than_fits_is_taken_in_order_and_all_come_back_once(void)
{
	static struct wl_disk_request requests[MANY];
	static struct wl_disk_completion completions[MANY];
	static bool seen[MANY];
	unsigned given = 0, got = 0, full = 0;
	uint64_t until, first;

	begin(true, 1);
	memset(seen, 0, sizeof(seen));
	for (unsigned at = 0; at < MANY; at++)
		requests[at] = request(WL_DISK_READ, WL_BLOCK_BYTES * (uint64_t)(at % 512),
				       bed.area + WL_BLOCK_BYTES * (at % 64), WL_BLOCK_BYTES);
	first = requests[0].cookie;
	until = wl_clock_kernel_ns() + PATIENCE_NS;
	while (got < MANY && wl_clock_kernel_ns() < until) {
		unsigned taken = bed.disk->ops->submit(bed.disk, requests + given, MANY - given);

		full += taken < MANY - given;
		given += taken;
		got += bed.disk->ops->reap(bed.disk, completions + got,
					   MANY - got < 7 ? MANY - got : 7);
	}
	CU_ASSERT_EQUAL(given, MANY);
	CU_ASSERT_EQUAL_FATAL(got, MANY);
	CU_ASSERT(full > 0);
	for (unsigned at = 0; at < MANY; at++) {
		uint64_t number = completions[at].cookie - first;

		CU_ASSERT_FATAL(number < MANY);
		CU_ASSERT_FALSE(seen[number]);
		seen[number] = true;
		CU_ASSERT_EQUAL(completions[at].status, WL_DISK_OK);
	}
	end();
}

static void *work(void *argument)
{
	(void)argument;
	write_and_read_back(bed.area, bed.area + AREA_BYTES / 2);
	return NULL;
}

static void made_by_one_thread_used_by_another_closed_by_the_first(void)
{
	pthread_t thread;

	begin(true, 1);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, work, NULL), 0);
	pthread_join(thread, NULL);
	end();
}

static unsigned open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (directory && readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void closing_drains_and_leaves_no_descriptor(void)
{
	struct wl_disk_request requests[3];
	unsigned before;

	begin(true, 2);
	bed.disk->ops->close(bed.disk);
	before = open_descriptors();
	open_disk(true);
	requests[0] = request(WL_DISK_WRITE, WL_BLOCK_BYTES, bed.area, AREA_BYTES / 2);
	requests[1] = request(WL_DISK_READ, STORE_SEGMENT_BYTES, bed.area + AREA_BYTES / 2,
			      WL_BLOCK_BYTES);
	requests[2] = request(WL_DISK_PREPARE, 2 * STORE_SEGMENT_BYTES, NULL, 0);
	CU_ASSERT_EQUAL(bed.disk->ops->submit(bed.disk, requests, 3), 3);
	bed.disk->ops->close(bed.disk);
	CU_ASSERT_EQUAL(open_descriptors(), before);
	open_disk(true);
	end();
}

WL_SUITE(disk_uring)
{
	WL_TEST(a_forgotten_segment_is_gone_and_its_readers_find_it_absent),
	WL_TEST(what_is_written_is_read_back_from_registered_memory),
	WL_TEST(memory_that_is_not_registered_serves_as_well),
	WL_TEST(a_locked_memory_limit_is_named_and_survived),
	WL_TEST(a_write_starts_without_a_reap),
	WL_TEST(nothing_submitted_gives_nothing_back),
	WL_TEST(a_prepared_segment_takes_writes),
	WL_TEST(a_write_and_a_segment_being_made_do_not_mind_each_other),
	WL_TEST(without_room_a_segment_is_refused_and_may_be_asked_for_again),
	WL_TEST(a_segment_that_is_not_there_is_absent_to_readers_and_no_failed_write),
	WL_TEST(a_write_that_found_its_segment_closed_succeeds_when_it_opens_again),
	WL_TEST(a_read_that_comes_back_short_has_failed),
	WL_TEST(a_write_that_is_cut_short_has_failed),
	WL_TEST(a_segment_made_anew_is_what_is_written_to),
	WL_TEST(more_than_fits_is_taken_in_order_and_all_come_back_once),
	WL_TEST(made_by_one_thread_used_by_another_closed_by_the_first),
	WL_TEST(closing_drains_and_leaves_no_descriptor),
};
