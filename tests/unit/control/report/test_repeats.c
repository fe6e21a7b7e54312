/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/repeats.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/runner.h"

static struct wl_repeats repeats;

static void begin(void)
{
	memset(&repeats, 0, sizeof(repeats));
}

/* So many lines of one event at one time; how many are said. */
static unsigned say(const char *event, unsigned lines, uint64_t now_ns)
{
	unsigned said = 0;

	for (unsigned at = 0; at < lines; at++) {
		char text[64];

		snprintf(text, sizeof(text), "%s place=%u", event, at);
		said += wl_repeats_admit(&repeats, event, 4, text, now_ns);
	}
	return said;
}

static void lines_of_one_event_are_limited_however_they_differ(void)
{
	begin();
	CU_ASSERT_EQUAL(say("not_believed", 1000, 1), WL_REPEATS_LINES);
	CU_ASSERT_EQUAL(repeats.held_back, 1000 - WL_REPEATS_LINES);
	CU_ASSERT_EQUAL(say("election", 3, 1), 3);
}

static void how_many_were_held_back_is_told_when_the_span_is_over(void)
{
	const struct wl_repeats_event *told;
	uint32_t held_back = 0;

	begin();
	say("election", WL_REPEATS_LINES + 7, 1);
	CU_ASSERT_TRUE(wl_repeats_has_more(&repeats));
	CU_ASSERT_PTR_NULL(wl_repeats_tell(&repeats, WL_REPEATS_SPAN_NS, false, &held_back));

	told = wl_repeats_tell(&repeats, 1 + WL_REPEATS_SPAN_NS, false, &held_back);
	CU_ASSERT_PTR_NOT_NULL_FATAL(told);
	CU_ASSERT_STRING_EQUAL(told->name, "election");
	CU_ASSERT_EQUAL(held_back, 7);
	CU_ASSERT_STRING_EQUAL(told->last, "election place=26");
	CU_ASSERT_EQUAL(told->last_level, 4);
	CU_ASSERT_FALSE(wl_repeats_has_more(&repeats));
	CU_ASSERT_PTR_NULL(wl_repeats_tell(&repeats, 1 + WL_REPEATS_SPAN_NS, false, &held_back));
}

static void nothing_is_said_between_the_limit_and_the_count(void)
{
	uint32_t held_back = 0;

	begin();
	say("election", WL_REPEATS_LINES, 1);
	CU_ASSERT_EQUAL(say("election", 5, WL_REPEATS_SPAN_NS), 0);
	/* The span is over and its count is not told yet: a line in between would belie it. */
	CU_ASSERT_EQUAL(say("election", 5, 2 * WL_REPEATS_SPAN_NS), 0);
	CU_ASSERT_PTR_NOT_NULL(
		wl_repeats_tell(&repeats, 2 * WL_REPEATS_SPAN_NS, false, &held_back));
	CU_ASSERT_EQUAL(held_back, 10);
	CU_ASSERT_EQUAL(say("election", 5, 2 * WL_REPEATS_SPAN_NS), 5);
}

static void seldom_lines_are_all_said(void)
{
	begin();
	for (uint64_t at = 1; at <= 1000; at++)
		CU_ASSERT_EQUAL(say("request", 1, at * (WL_REPEATS_SPAN_NS / WL_REPEATS_LINES)), 1);
	CU_ASSERT_EQUAL(repeats.held_back, 0);
}

static void at_the_end_everything_that_was_held_back_is_told(void)
{
	uint32_t held_back = 0, sum = 0;

	begin();
	say("a", WL_REPEATS_LINES + 1, 1);
	say("b", WL_REPEATS_LINES + 2, 1);
	while (wl_repeats_tell(&repeats, 2, true, &held_back))
		sum += held_back;
	CU_ASSERT_EQUAL(sum, 3);
}

static void more_events_than_places_are_still_limited_and_counted(void)
{
	unsigned said = 0;
	char name[WL_REPEATS_NAME_BYTES];

	begin();
	for (unsigned event = 0; event < 10 * WL_REPEATS_EVENTS; event++) {
		snprintf(name, sizeof(name), "event_%u", event);
		said += say(name, 10, 1);
	}
	CU_ASSERT_EQUAL(said, (WL_REPEATS_EVENTS - 1) * 10 + WL_REPEATS_LINES);
	CU_ASSERT_EQUAL(said + repeats.held_back, 10 * WL_REPEATS_EVENTS * 10);
}

WL_SUITE(repeats)
{
	WL_TEST(lines_of_one_event_are_limited_however_they_differ),
	WL_TEST(how_many_were_held_back_is_told_when_the_span_is_over),
	WL_TEST(nothing_is_said_between_the_limit_and_the_count),
	WL_TEST(seldom_lines_are_all_said),
	WL_TEST(at_the_end_everything_that_was_held_back_is_told),
	WL_TEST(more_events_than_places_are_still_limited_and_counted),
};
