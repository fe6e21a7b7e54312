/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/stats_stream.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/runner.h"

#define MS 1000000ull

static const char *const streamable[] = {"/wirelog/metrics", "/wirelog/latency", NULL};

static bool begins(struct wl_stats_stream *stream, const char *text)
{
	char error[256] = "";
	bool begun = wl_stats_stream_begin(stream, streamable, text, error, sizeof(error));

	CU_ASSERT_EQUAL(error[0] == '\0', begun);
	CU_ASSERT_EQUAL(stream->interval_ns != 0, begun);
	return begun;
}

static void a_stream_has_an_interval_and_a_request(void)
{
	struct wl_stats_stream stream = {0};

	CU_ASSERT(begins(&stream, "100"));
	CU_ASSERT_EQUAL(stream.interval_ns, 100 * MS);
	CU_ASSERT_STRING_EQUAL(stream.request, "/wirelog/metrics");
	CU_ASSERT(begins(&stream, "10,/wirelog/latency,60"));
	CU_ASSERT_STRING_EQUAL(stream.request, "/wirelog/latency,60");
	CU_ASSERT(begins(&stream, "3600000"));
}

static void what_is_no_stream_is_refused(void)
{
	static const char *const texts[] = {
		"",
		"9",
		"0",
		"3600001",
		"99999999999999999999999",
		"-5",
		"1e3",
		"100 ",
		"100;/wirelog/latency",
		"100,",
		"100,latency",
		"100,/wirelog/stop",
		"100,/wirelog/metricsandmore",
		"100,/wirelog/metric",
		"100,/wirelog/stream,100",
		"100,/wirelog/latency,"
		"0123456789012345678901234567890123456789012345678901234567890123456789",
	};

	for (unsigned at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		struct wl_stats_stream stream = {.interval_ns = 5};

		CU_ASSERT(!begins(&stream, texts[at]));
	}
}

static void nothing_can_be_streamed_where_nothing_may_be(void)
{
	struct wl_stats_stream stream;
	char error[8] = "";

	CU_ASSERT(!wl_stats_stream_begin(&stream, NULL, "100", error, sizeof(error)));
	CU_ASSERT_EQUAL(strlen(error), sizeof(error) - 1);
}

static void packets_are_an_interval_apart(void)
{
	static const uint64_t intervals[] = {10, 100, 1000};

	for (unsigned which = 0; which < 3; which++) {
		struct wl_stats_stream stream = {0};
		uint64_t ms = intervals[which], sent = 0;
		char text[16];

		snprintf(text, sizeof(text), "%lu", (unsigned long)ms);
		CU_ASSERT_FATAL(begins(&stream, text));
		for (uint64_t now = 0; now < 100 * ms; now++)
			sent += wl_stats_stream_is_due(&stream, (1000 + now) * MS);
		CU_ASSERT_EQUAL(sent, 100);
	}
}

static void what_was_missed_is_not_made_up_for(void)
{
	struct wl_stats_stream stream = {0};

	CU_ASSERT_FATAL(begins(&stream, "10"));
	CU_ASSERT(wl_stats_stream_is_due(&stream, 1000 * MS));
	CU_ASSERT(wl_stats_stream_is_due(&stream, 1500 * MS));
	CU_ASSERT(!wl_stats_stream_is_due(&stream, 1501 * MS));
	CU_ASSERT(wl_stats_stream_is_due(&stream, 1510 * MS));
}

static void who_waits_wakes_when_the_first_is_due(void)
{
	struct wl_stats_stream none = {0}, stream = {0};

	CU_ASSERT_FATAL(begins(&stream, "100"));
	CU_ASSERT_EQUAL(wl_stats_stream_wait_ms(&stream, 1000 * MS, -1), 0);
	CU_ASSERT(wl_stats_stream_is_due(&stream, 1000 * MS));
	CU_ASSERT_EQUAL(wl_stats_stream_wait_ms(&stream, 1000 * MS + 1, -1), 100);
	CU_ASSERT_EQUAL(wl_stats_stream_wait_ms(&stream, 1099 * MS + 1, -1), 1);
	CU_ASSERT_EQUAL(wl_stats_stream_wait_ms(&stream, 1000 * MS, 7), 7);
	CU_ASSERT_EQUAL(wl_stats_stream_wait_ms(&none, 1000 * MS, -1), -1);
	CU_ASSERT_EQUAL(wl_stats_stream_wait_ms(&none, 1000 * MS, 7), 7);
}

WL_SUITE(stats_stream)
{
	WL_TEST(a_stream_has_an_interval_and_a_request),
	WL_TEST(what_is_no_stream_is_refused),
	WL_TEST(nothing_can_be_streamed_where_nothing_may_be),
	WL_TEST(packets_are_an_interval_apart),
	WL_TEST(what_was_missed_is_not_made_up_for),
	WL_TEST(who_waits_wakes_when_the_first_is_due),
};
