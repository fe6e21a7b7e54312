/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/transport/counters.h"
#include "tests/unit/runner.h"

static struct wl_counters counters;

static void every_counter_has_a_name_of_its_own(void)
{
	for (unsigned at = 0; at < WL_COUNTERS; at++) {
		CU_ASSERT(strlen(wl_counter_name((enum wl_counter)at)) > 2);
		for (unsigned other = 0; other < at; other++)
			CU_ASSERT_STRING_NOT_EQUAL(wl_counter_name((enum wl_counter)at),
						   wl_counter_name((enum wl_counter)other));
	}
}

static void counter_is_called_what_its_constant_is_called(void)
{
	CU_ASSERT_STRING_EQUAL(wl_counter_name(WL_COUNTER_rx_frames), "rx_frames");
	CU_ASSERT_STRING_EQUAL(wl_counter_name(WL_COUNTER_truncations), "truncations");
	CU_ASSERT_STRING_EQUAL(wl_counter_name((enum wl_counter)WL_COUNTERS), "unknown");
}

static void counting_touches_no_other_counter(void)
{
	memset(&counters, 0, sizeof(counters));
	wl_count(&counters, WL_COUNTER_ack_sent);
	wl_count_add(&counters, WL_COUNTER_ack_sent, 41);
	for (unsigned at = 0; at < WL_COUNTERS; at++)
		CU_ASSERT_EQUAL(wl_count_get(&counters, (enum wl_counter)at),
				at == WL_COUNTER_ack_sent ? 42u : 0u);
}

static void every_reason_to_drop_a_frame_has_a_name_and_a_count_of_its_own(void)
{
	memset(&counters, 0, sizeof(counters));
	for (unsigned at = 0; at < WL_FRAME_VERDICTS; at++) {
		for (unsigned times = 0; times <= at; times++)
			wl_count_drop(&counters, (enum wl_frame_verdict)at);
		for (unsigned other = 0; other < at; other++)
			CU_ASSERT_STRING_NOT_EQUAL(
				wl_frame_verdict_name((enum wl_frame_verdict)at),
				wl_frame_verdict_name((enum wl_frame_verdict)other));
	}
	for (unsigned at = 0; at < WL_FRAME_VERDICTS; at++)
		CU_ASSERT_EQUAL(atomic_load(&counters.dropped[at]), at + 1);
}

/* Stats read them while the worker writes: nothing else may live on their cache lines. */
static void counters_begin_at_a_cache_line(void)
{
	CU_ASSERT_EQUAL((uintptr_t)&counters % 64, 0);
	CU_ASSERT_EQUAL(sizeof(counters) % 64, 0);
}

WL_SUITE(counters)
{
	WL_TEST(every_counter_has_a_name_of_its_own),
	WL_TEST(counter_is_called_what_its_constant_is_called),
	WL_TEST(counting_touches_no_other_counter),
	WL_TEST(every_reason_to_drop_a_frame_has_a_name_and_a_count_of_its_own),
	WL_TEST(counters_begin_at_a_cache_line),
};
