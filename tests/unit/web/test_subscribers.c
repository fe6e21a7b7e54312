/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/subscribers_thread.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

static struct wl_subscribers subscribers;

static void each_has_everything_from_when_it_came(void)
{
	struct wl_subscriber *first, *second;
	char text[64];

	wl_subscribers_init(&subscribers);
	first = wl_subscribers_add(&subscribers, "begin ", 6);
	wl_subscribers_say(&subscribers, "one ", 4);
	second = wl_subscribers_add(&subscribers, "", 0);
	CU_ASSERT_EQUAL(wl_subscriber_read(second, text, sizeof(text)), 0);
	wl_subscribers_say(&subscribers, "two ", 4);
	CU_ASSERT_EQUAL(wl_subscriber_read(first, text, 7), 7); /* in pieces */
	CU_ASSERT_EQUAL(memcmp(text, "begin o", 7), 0);
	wl_subscribers_say(&subscribers, "three", 5);
	CU_ASSERT_EQUAL(wl_subscriber_read(first, text, sizeof(text)), 12);
	CU_ASSERT_EQUAL(memcmp(text, "ne two three", 12), 0);
	CU_ASSERT_EQUAL(wl_subscriber_read(second, text, sizeof(text)), 9);
	wl_subscriber_gone(first);
	wl_subscriber_gone(second);
	wl_subscribers_fini(&subscribers);
}

static void who_does_not_read_is_dropped_and_nobody_else(void)
{
	struct wl_subscriber *slow, *quick;
	char *text = calloc(1, WL_SUBSCRIBER_BYTES_MAX);

	wl_subscribers_init(&subscribers);
	slow = wl_subscribers_add(&subscribers, "", 0);
	quick = wl_subscribers_add(&subscribers, "", 0);
	for (int at = 0; at < 9; at++) {
		wl_subscribers_say(&subscribers, text, WL_SUBSCRIBER_BYTES_MAX / 8);
		CU_ASSERT_EQUAL(wl_subscriber_read(quick, text, WL_SUBSCRIBER_BYTES_MAX),
				WL_SUBSCRIBER_BYTES_MAX / 8);
	}
	CU_ASSERT_EQUAL(wl_subscriber_read(slow, text, WL_SUBSCRIBER_BYTES_MAX), -1);
	wl_subscriber_gone(slow);
	wl_subscriber_gone(quick);
	CU_ASSERT_EQUAL(subscribers.dropped, 1);
	wl_subscribers_fini(&subscribers);
	free(text);
}

static void there_are_so_many_and_a_place_is_used_again(void)
{
	struct wl_subscriber *each[WL_SUBSCRIBERS_MAX];

	wl_subscribers_init(&subscribers);
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX; at++) {
		each[at] = wl_subscribers_add(&subscribers, "x", 1);
		CU_ASSERT_PTR_NOT_NULL(each[at]);
	}
	CU_ASSERT_PTR_NULL(wl_subscribers_add(&subscribers, "x", 1));
	wl_subscriber_gone(each[3]);
	each[3] = wl_subscribers_add(&subscribers, "x", 1);
	CU_ASSERT_PTR_NOT_NULL(each[3]);
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX; at++)
		wl_subscriber_gone(each[at]);
	wl_subscribers_fini(&subscribers);
}

WL_SUITE(subscribers)
{
	WL_TEST(each_has_everything_from_when_it_came),
	WL_TEST(who_does_not_read_is_dropped_and_nobody_else),
	WL_TEST(there_are_so_many_and_a_place_is_used_again),
};
