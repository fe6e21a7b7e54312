/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/site_thread.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

static struct wl_site site;

static unsigned ask(const char *path, const char *host, struct wl_http_reply *reply)
{
	const struct wl_http_request request = {.path = path, .host = host};

	*reply = (struct wl_http_reply){0};
	wl_site_get(&site, &request, reply);
	return reply->status;
}

static void here_is_a_number_or_localhost(void)
{
	CU_ASSERT(wl_site_is_host_here("localhost:9747"));
	CU_ASSERT(wl_site_is_host_here("LOCALHOST"));
	CU_ASSERT(wl_site_is_host_here("127.0.0.1:9747"));
	CU_ASSERT(wl_site_is_host_here("[::1]:9747"));
	CU_ASSERT(!wl_site_is_host_here("evil.example"));
	CU_ASSERT(!wl_site_is_host_here("127.0.0.1.evil.example"));
	CU_ASSERT(!wl_site_is_host_here("localhost.evil.example:9747"));
	CU_ASSERT(!wl_site_is_host_here("[::1.evil"));
	CU_ASSERT(!wl_site_is_host_here(""));
}

static void a_name_of_elsewhere_reads_nothing_where_it_listens_here_only(void)
{
	struct wl_http_reply reply;

	wl_site_init(&site);
	site.only_here = true;
	CU_ASSERT_EQUAL(ask("/events", "evil.example", &reply), 421);
	CU_ASSERT_EQUAL(ask("/events", NULL, &reply), 421);
	site.only_here = false;
	CU_ASSERT_EQUAL(ask("/events", "journal.example", &reply), 200);
	reply.stream.gone(reply.stream.stream);
	wl_site_fini(&site);
}

static void who_comes_is_told_the_past_then_events_then_now(void)
{
	struct wl_http_reply reply;
	char text[32];

	wl_site_init(&site);
	wl_site_keep(&site, WL_SITE_NOW, strdup("now"), 3);
	wl_site_keep(&site, WL_SITE_PAST, strdup("old"), 3);
	wl_site_keep(&site, WL_SITE_PAST, strdup("past "), 5);
	wl_site_keep(&site, WL_SITE_EVENTS, strdup("events "), 7);
	CU_ASSERT_EQUAL(ask("/events", "localhost", &reply), 200);
	CU_ASSERT_STRING_EQUAL(reply.type, "text/event-stream; charset=utf-8");
	CU_ASSERT_EQUAL_FATAL(reply.stream.read(reply.stream.stream, text, sizeof(text)), 15);
	CU_ASSERT_EQUAL(memcmp(text, "past events now", 15), 0);
	reply.stream.gone(reply.stream.stream);
	wl_site_fini(&site);
}

static void one_too_many_is_told_so(void)
{
	struct wl_http_reply reply, each[WL_SUBSCRIBERS_MAX];

	wl_site_init(&site);
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX; at++)
		CU_ASSERT_EQUAL(ask("/events", "localhost", &each[at]), 200);
	CU_ASSERT_EQUAL(ask("/events", "localhost", &reply), 503);
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX; at++)
		each[at].stream.gone(each[at].stream.stream);
	wl_site_fini(&site);
}

static void without_a_page_it_says_how_to_make_one(void)
{
	struct wl_http_reply reply;

	wl_site_init(&site);
	CU_ASSERT(!wl_page_load(&site.page, "/nonexistent"));
	CU_ASSERT_EQUAL(ask("/", "localhost", &reply), 503);
	CU_ASSERT_PTR_NOT_NULL(strstr(reply.body, "make web"));
	CU_ASSERT_EQUAL(ask("/../../etc/passwd", "localhost", &reply), 404);
	wl_site_fini(&site);
}

WL_SUITE(site)
{
	WL_TEST(here_is_a_number_or_localhost),
	WL_TEST(a_name_of_elsewhere_reads_nothing_where_it_listens_here_only),
	WL_TEST(who_comes_is_told_the_past_then_events_then_now),
	WL_TEST(one_too_many_is_told_so),
	WL_TEST(without_a_page_it_says_how_to_make_one),
};
