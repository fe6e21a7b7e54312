/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_format.h"

#include <string.h>

#include "command/tool_parse.h"
#include "tests/unit/runner.h"

#define S UINT64_C(1000000000)
#define NOW (UINT64_C(1772600767) * S)

static void formatted_time_is_parsed_to_the_same_nanosecond(void)
{
	static const uint64_t times[] = {0, 1, NOW + 123456789, UINT64_C(4102444799999999999)};
	char text[WL_TOOL_TIME_BYTES];
	uint64_t value;

	for (size_t at = 0; at < sizeof(times) / sizeof(times[0]); at++) {
		wl_tool_format_time(times[at], text);
		CU_ASSERT(wl_tool_parse_time(text, 0, &value));
		CU_ASSERT_EQUAL(value, times[at]);
	}
	wl_tool_format_time(NOW + 250000000, text);
	CU_ASSERT_STRING_EQUAL(text, "2026-03-04T05:06:07.250000000Z");
}

static void durations_are_told_with_three_figures(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0 ns"},
		{999, "999 ns"},
		{1000, "1.00 us"},
		{9994, "9.99 us"},
		{9996, "10.0 us"},
		{12345, "12.3 us"},
		{99960, "100 us"},
		{999400, "999 us"},
		{999600, "1.00 ms"},
		{4560000, "4.56 ms"},
		{7890000000, "7.89 s"},
		{123000000000, "123 s"},
		{5000000000000, "5000 s"},
	};
	char text[32];

	for (size_t at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		wl_tool_format_duration(cases[at].ns, text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, cases[at].text);
	}
}

static void counts_have_commas_between_thousands(void)
{
	char text[32];

	wl_tool_format_count(0, text);
	CU_ASSERT_STRING_EQUAL(text, "0");
	wl_tool_format_count(999, text);
	CU_ASSERT_STRING_EQUAL(text, "999");
	wl_tool_format_count(1000000, text);
	CU_ASSERT_STRING_EQUAL(text, "1,000,000");
	wl_tool_format_count(UINT64_MAX, text);
	CU_ASSERT_STRING_EQUAL(text, "18,446,744,073,709,551,615");
}

WL_SUITE(tool_format)
{
	WL_TEST(formatted_time_is_parsed_to_the_same_nanosecond),
	WL_TEST(durations_are_told_with_three_figures),
	WL_TEST(counts_have_commas_between_thousands),
};
