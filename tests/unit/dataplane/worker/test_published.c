/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <string.h>

#include "dataplane/worker/published.h"
#include "tests/unit/runner.h"

#define WRITES 20000u

static struct wl_published published;

/* Every number in it is the same, so that a picture of two halves shows. */
static struct wl_journal_status picture(uint64_t number)
{
	struct wl_journal_status status;

	memset(&status, 0, sizeof(status));
	status.tail.index = number;
	status.commit = number;
	status.clients = number;
	status.peers[1].match_received = number;
	status.peers[WIRELOG_NODES_MAX].next_index = number;
	return status;
}

static bool is_whole(const struct wl_journal_status *status)
{
	struct wl_journal_status wanted = picture(status->commit);

	return memcmp(status, &wanted, sizeof(wanted)) == 0;
}

static void reader_gets_what_was_written_last(void)
{
	struct wl_journal_status written, read;

	memset(&published, 0, sizeof(published));
	for (uint64_t number = 1; number <= 3; number++) {
		written = picture(number);
		wl_published_write(&published, &written);
	}
	CU_ASSERT(wl_published_read(&published, &read));
	CU_ASSERT_EQUAL(read.commit, 3);
	CU_ASSERT(is_whole(&read));
}

static void nothing_written_yet_reads_as_zeros(void)
{
	struct wl_journal_status read;

	memset(&published, 0, sizeof(published));
	memset(&read, 0xff, sizeof(read));
	CU_ASSERT(wl_published_read(&published, &read));
	CU_ASSERT_EQUAL(read.tail.index, 0);
}

static void writer_that_stands_still_in_the_middle_holds_up_nobody(void)
{
	for (uint64_t whole = 1; whole <= 4; whole++) {
		struct wl_journal_status written, read;

		memset(&published, 0, sizeof(published));
		for (uint64_t number = 1; number <= whole; number++) {
			written = picture(number);
			wl_published_write(&published, &written);
		}
		memset(&published.status[(published.version + 1) & 1], 0x5a,
		       sizeof(published.status[0]) / 2);
		CU_ASSERT(wl_published_read(&published, &read));
		CU_ASSERT_EQUAL(read.commit, whole);
		CU_ASSERT(is_whole(&read));
	}
}

static void *write_many(void *unused)
{
	for (uint64_t number = 1; number <= WRITES; number++) {
		struct wl_journal_status status = picture(number);

		wl_published_write(&published, &status);
	}
	return unused;
}

static void reader_of_another_thread_never_sees_two_halves_and_never_goes_back(void)
{
	struct wl_journal_status read;
	uint64_t last = 0, torn = 0, back = 0, taken = 0;
	pthread_t writer;

	memset(&published, 0, sizeof(published));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, write_many, NULL), 0);
	while (last < WRITES) {
		if (!wl_published_read(&published, &read))
			continue;
		taken++;
		torn += !is_whole(&read);
		back += read.commit < last;
		last = read.commit;
	}
	pthread_join(writer, NULL);
	CU_ASSERT_EQUAL(torn, 0);
	CU_ASSERT_EQUAL(back, 0);
	CU_ASSERT(taken > 0);
}

WL_SUITE(published)
{
	WL_TEST(reader_gets_what_was_written_last),
	WL_TEST(nothing_written_yet_reads_as_zeros),
	WL_TEST(writer_that_stands_still_in_the_middle_holds_up_nobody),
	WL_TEST(reader_of_another_thread_never_sees_two_halves_and_never_goes_back),
};
