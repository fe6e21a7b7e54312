/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static const int codes[] = {
#define CODE(name, number, cause, fix) -(number),
	WIRELOG_STATUS_LIST(CODE)
#undef CODE
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

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

WL_SUITE(status_exit)
{
	WL_TEST(every_failure_ends_with_a_code_of_sysexits),
	WL_TEST(only_what_is_impossible_or_a_broken_promise_is_a_software_error),
};
