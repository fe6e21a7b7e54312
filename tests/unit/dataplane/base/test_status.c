/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

static const int codes[] = {
#define CODE(name, number, exit, cause, fix) WIRELOG_##name,
	WIRELOG_STATUS_LIST(CODE)
#undef CODE
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

static bool is_sentence(const char *text)
{
	size_t length = strlen(text);

	return length > 10 && text[length - 1] == '.';
}

static void every_code_names_a_cause_and_a_fix(void)
{
	for (size_t at = 0; at < CODES; at++) {
		CU_ASSERT(is_sentence(wirelog_status_cause(codes[at])));
		CU_ASSERT(is_sentence(wirelog_status_fix(codes[at])));
		CU_ASSERT_STRING_NOT_EQUAL(wirelog_status_name(codes[at]), "UNKNOWN");
	}
}

static void every_code_has_a_number_and_a_name_of_its_own(void)
{
	for (size_t at = 0; at < CODES; at++) {
		for (size_t other = 0; other < at; other++) {
			CU_ASSERT_NOT_EQUAL(codes[at], codes[other]);
			CU_ASSERT_STRING_NOT_EQUAL(wirelog_status_name(codes[at]),
						   wirelog_status_name(codes[other]));
		}
	}
}

static void failures_are_negative_and_fit_into_a_reply(void)
{
	CU_ASSERT_EQUAL(WIRELOG_OK, 0);
	for (size_t at = 0; at < CODES; at++)
		CU_ASSERT(codes[at] == WIRELOG_OK || (codes[at] < 0 && codes[at] >= INT16_MIN));
}

static void code_is_found_by_its_name(void)
{
	for (size_t at = 0; at < CODES; at++)
		CU_ASSERT_EQUAL(wirelog_status_by_name(wirelog_status_name(codes[at])), codes[at]);
}

static void name_is_taken_in_any_case_with_and_without_prefix(void)
{
	CU_ASSERT_EQUAL(wirelog_status_by_name("no_space"), WIRELOG_NO_SPACE);
	CU_ASSERT_EQUAL(wirelog_status_by_name("WIRELOG_NO_SPACE"), WIRELOG_NO_SPACE);
	CU_ASSERT_EQUAL(wirelog_status_by_name("wirelog_No_Space"), WIRELOG_NO_SPACE);
}

static void name_that_is_no_code_is_told_apart_from_every_code(void)
{
	static const char *const names[] = {"", "WIRELOG_", "NO_SPAC", "NO_SPACE2", "UNKNOWN"};

	for (size_t at = 0; at < sizeof(names) / sizeof(names[0]); at++)
		CU_ASSERT_EQUAL(wirelog_status_by_name(names[at]), 1);
}

static void number_that_is_no_code_is_unknown_and_still_has_texts(void)
{
	static const int numbers[] = {1, 12345, -12345, INT32_MIN};

	for (size_t at = 0; at < sizeof(numbers) / sizeof(numbers[0]); at++) {
		CU_ASSERT_STRING_EQUAL(wirelog_status_name(numbers[at]), "UNKNOWN");
		CU_ASSERT(is_sentence(wirelog_status_cause(numbers[at])));
		CU_ASSERT(is_sentence(wirelog_status_fix(numbers[at])));
	}
}

static void every_failure_ends_with_a_code_of_sysexits(void)
{
	CU_ASSERT_EQUAL(wirelog_status_exit_code(WIRELOG_OK), 0);
	for (size_t at = 0; at < CODES; at++)
		if (codes[at] != WIRELOG_OK)
			CU_ASSERT(wirelog_status_exit_code(codes[at]) >= 64 &&
				  wirelog_status_exit_code(codes[at]) <= 78);
}

static void only_what_is_impossible_or_a_broken_promise_is_a_software_error(void)
{
	for (size_t at = 0; at < CODES; at++)
		if (wirelog_status_exit_code(codes[at]) == 70)
			CU_ASSERT(codes[at] == WIRELOG_INTERNAL ||
				  codes[at] == WIRELOG_DEMO_FAILED ||
				  codes[at] == WIRELOG_OUT_OF_ORDER);
}

WL_SUITE(status)
{
	WL_TEST(every_code_names_a_cause_and_a_fix),
	WL_TEST(every_code_has_a_number_and_a_name_of_its_own),
	WL_TEST(failures_are_negative_and_fit_into_a_reply),
	WL_TEST(code_is_found_by_its_name),
	WL_TEST(name_is_taken_in_any_case_with_and_without_prefix),
	WL_TEST(name_that_is_no_code_is_told_apart_from_every_code),
	WL_TEST(number_that_is_no_code_is_unknown_and_still_has_texts),
	WL_TEST(every_failure_ends_with_a_code_of_sysexits),
	WL_TEST(only_what_is_impossible_or_a_broken_promise_is_a_software_error),
};
