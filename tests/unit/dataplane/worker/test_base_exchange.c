/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <string.h>

#include "dataplane/worker/base_exchange.h"
#include "tests/unit/runner.h"

#define WRITES 20000u

static struct wl_base_exchange exchange;

static struct wl_base_limit limit_of(uint64_t number)
{
	return (struct wl_base_limit){
		.commit = number,
		.durable_offset = number,
		.base_mark = number,
		.begin = {.position = {number, number}, .chain = number, .offset = number},
	};
}

static bool is_one(const struct wl_base_limit *limit)
{
	uint64_t number = limit->commit;

	return limit->durable_offset == number && limit->base_mark == number &&
	       limit->begin.position.index == number && limit->begin.chain == number &&
	       limit->begin.offset == number;
}

static void nothing_told_is_nothing_read(void)
{
	struct wl_base_limit limit;
	struct wl_base_report report;

	memset(&exchange, 0, sizeof(exchange));
	CU_ASSERT_FALSE(wl_base_exchange_told(&exchange, &limit));
	CU_ASSERT_FALSE(wl_base_exchange_reported(&exchange, &report));
}

static void each_way_the_newest_is_read(void)
{
	struct wl_base_report report = {.made = 3, .newest = {.index = 9, .proven = true}};
	struct wl_base_limit limit;

	memset(&exchange, 0, sizeof(exchange));
	for (uint64_t number = 1; number <= 3; number++) {
		limit = limit_of(number);
		wl_base_exchange_tell(&exchange, &limit);
	}
	memset(&limit, 0xee, sizeof(limit));
	CU_ASSERT_TRUE(wl_base_exchange_told(&exchange, &limit));
	CU_ASSERT_EQUAL(limit.commit, 3);
	CU_ASSERT_TRUE(is_one(&limit));
	wl_base_exchange_report(&exchange, &report);
	memset(&report, 0, sizeof(report));
	CU_ASSERT_TRUE(wl_base_exchange_reported(&exchange, &report));
	CU_ASSERT_EQUAL(report.made, 3);
	CU_ASSERT_TRUE(report.newest.index == 9 && report.newest.proven);
}

static void a_writer_that_never_ends_is_not_waited_for(void)
{
	struct wl_base_limit limit = limit_of(1);

	memset(&exchange, 0, sizeof(exchange));
	wl_base_exchange_tell(&exchange, &limit);
	atomic_fetch_add(&exchange.limit_version, 1);
	CU_ASSERT_FALSE(wl_base_exchange_told(&exchange, &limit));
}

static void *tell_many(void *unused)
{
	for (uint64_t number = 1; number <= WRITES; number++) {
		struct wl_base_limit limit = limit_of(number);

		wl_base_exchange_tell(&exchange, &limit);
	}
	return unused;
}

/* Commit and offset of two moments together would let the maker apply what is dead. */
static void the_maker_never_sees_two_halves(void)
{
	struct wl_base_limit limit;
	uint64_t last = 0, torn = 0, back = 0;
	pthread_t writer;

	memset(&exchange, 0, sizeof(exchange));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, tell_many, NULL), 0);
	while (last < WRITES) {
		if (!wl_base_exchange_told(&exchange, &limit))
			continue;
		torn += !is_one(&limit);
		back += limit.commit < last;
		last = limit.commit;
	}
	pthread_join(writer, NULL);
	CU_ASSERT_EQUAL(torn, 0);
	CU_ASSERT_EQUAL(back, 0);
}

static void what_the_archive_lacks_is_kept_whatever_bases_there_are(void)
{
	struct wl_base_report report = {
		.newest = {.index = 20, .walk_offset = 9000, .proven = true},
		.before = {.index = 10, .walk_offset = 5000, .proven = true}};

	memset(&exchange, 0, sizeof(exchange));
	CU_ASSERT_EQUAL(wl_base_exchange_kept(&exchange, &report), 5000);
	wl_base_exchange_keep(&exchange, 0);
	CU_ASSERT_EQUAL(wl_base_exchange_kept(&exchange, &report), 0);
	wl_base_exchange_keep(&exchange, 4999);
	CU_ASSERT_EQUAL(wl_base_exchange_kept(&exchange, &report), 4999);
	wl_base_exchange_keep(&exchange, 7000);
	CU_ASSERT_EQUAL(wl_base_exchange_kept(&exchange, &report), 5000);
	report.before.proven = false;
	CU_ASSERT_EQUAL(wl_base_exchange_kept(&exchange, &report), 0);
}

WL_SUITE(base_exchange)
{
	WL_TEST(what_the_archive_lacks_is_kept_whatever_bases_there_are),
	WL_TEST(nothing_told_is_nothing_read),
	WL_TEST(each_way_the_newest_is_read),
	WL_TEST(a_writer_that_never_ends_is_not_waited_for),
	WL_TEST(the_maker_never_sees_two_halves),
};
