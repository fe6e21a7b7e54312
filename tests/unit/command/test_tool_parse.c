/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_parse.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/runner.h"

#define S UINT64_C(1000000000)
#define NOW (UINT64_C(1772600767) * S)

static uint64_t value;

static void number_takes_thousands_and_refuses_the_rest(void)
{
	static const char *const wrong[] = {"",
					    "k",
					    "-1",
					    "+1",
					    " 1",
					    "1 ",
					    "0x10",
					    "1kk",
					    "1.5",
					    "18446744073709551616",
					    "18446744073709551615k"};

	CU_ASSERT(wl_tool_parse_number("0", &value) && value == 0);
	CU_ASSERT(wl_tool_parse_number("18446744073709551615", &value) && value == UINT64_MAX);
	CU_ASSERT(wl_tool_parse_number("5k", &value) && value == 5000);
	CU_ASSERT(wl_tool_parse_number("2M", &value) && value == 2000000);
	CU_ASSERT(wl_tool_parse_number("3G", &value) && value == UINT64_C(3000000000));
	value = 42;
	for (size_t at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++)
		CU_ASSERT_FALSE(wl_tool_parse_number(wrong[at], &value));
	CU_ASSERT_EQUAL(value, 42);
}

static void duration_needs_a_unit(void)
{
	static const char *const wrong[] = {"",
					    "5",
					    "ms",
					    "-5ms",
					    "5 ms",
					    "1.s",
					    "1.5",
					    "5mss",
					    "5w",
					    "99999999999999999999s",
					    "300000000000h"};

	CU_ASSERT(wl_tool_parse_duration("7ns", &value) && value == 7);
	CU_ASSERT(wl_tool_parse_duration("250us", &value) && value == 250000);
	CU_ASSERT(wl_tool_parse_duration("1.5s", &value) && value == 3 * S / 2);
	CU_ASSERT(wl_tool_parse_duration("0.000000001s", &value) && value == 1);
	CU_ASSERT(wl_tool_parse_duration("0.0000000000019s", &value) && value == 0);
	CU_ASSERT(wl_tool_parse_duration("2m", &value) && value == 120 * S);
	CU_ASSERT(wl_tool_parse_duration("1.25h", &value) && value == 4500 * S);
	CU_ASSERT(wl_tool_parse_duration("3d", &value) && value == 259200 * S);
	value = 42;
	for (size_t at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++)
		CU_ASSERT_FALSE(wl_tool_parse_duration(wrong[at], &value));
	CU_ASSERT_EQUAL(value, 42);
}

static void time_with_a_zone_is_absolute(void)
{
	CU_ASSERT(wl_tool_parse_time("2026-03-04T05:06:07Z", 0, &value));
	CU_ASSERT_EQUAL(value, NOW);
	CU_ASSERT(wl_tool_parse_time("2026-03-04 05:06:07.25Z", 0, &value));
	CU_ASSERT_EQUAL(value, NOW + S / 4);
	CU_ASSERT(wl_tool_parse_time("2026-03-04T06:36:07+01:30", 0, &value));
	CU_ASSERT_EQUAL(value, NOW);
	CU_ASSERT(wl_tool_parse_time("2026-03-03T21:06:07-08:00", 0, &value));
	CU_ASSERT_EQUAL(value, NOW);
	CU_ASSERT(wl_tool_parse_time("1970-01-01Z", 0, &value) && value == 0);
}

static void time_without_a_zone_is_local(void)
{
	const char *was = getenv("TZ");
	char kept[128] = "";

	if (was != NULL)
		strncpy(kept, was, sizeof(kept) - 1);
	setenv("TZ", "XYZ-2", 1); /* two hours ahead */
	tzset();
	CU_ASSERT(wl_tool_parse_time("2026-03-04T07:06:07", 0, &value));
	CU_ASSERT_EQUAL(value, NOW);
	CU_ASSERT(wl_tool_parse_time("2026-03-04 07:06", 0, &value));
	CU_ASSERT_EQUAL(value, NOW - 7 * S);
	if (was != NULL)
		setenv("TZ", kept, 1);
	else
		unsetenv("TZ");
	tzset();
}

static void time_may_be_unix_seconds_or_relative(void)
{
	CU_ASSERT(wl_tool_parse_time("@1772600767.5", 0, &value) && value == NOW + S / 2);
	CU_ASSERT(wl_tool_parse_time("5m", NOW, &value) && value == NOW - 300 * S);
	CU_ASSERT(wl_tool_parse_time("+50ms", NOW, &value) && value == NOW + 50000000);
	CU_ASSERT(wl_tool_parse_time("1d", 5, &value) && value == 0);
}

static void what_is_no_time_is_refused(void)
{
	static const char *const wrong[] = {
		"",
		"yesterday",
		"1772600767",
		"2026-13-01Z",
		"2026-02-30T00:00:00Z",
		"2026-03-04T25:00:00Z",
		"2026-03-04T05:06:07Zulu",
		"2026-03-04T05:06:07+1",
		"2026-03-04T05:06:07+25:00",
		"1960-01-01T00:00:00Z",
		"@",
		"@-5",
		"@99999999999999999",
		"+",
	};

	value = 42;
	for (size_t at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++)
		if (wl_tool_parse_time(wrong[at], NOW, &value))
			CU_FAIL(wrong[at]);
	CU_ASSERT_EQUAL(value, 42);
}

WL_SUITE(tool_parse)
{
	WL_TEST(number_takes_thousands_and_refuses_the_rest),
	WL_TEST(duration_needs_a_unit),
	WL_TEST(time_with_a_zone_is_absolute),
	WL_TEST(time_without_a_zone_is_local),
	WL_TEST(time_may_be_unix_seconds_or_relative),
	WL_TEST(what_is_no_time_is_refused),
};
