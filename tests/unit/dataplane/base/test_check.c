/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/check.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/runner.h"

static struct {
	int calls;
	int line;
	char expression[64];
	char text[WL_CHECK_TEXT_BYTES_MAX];
	jmp_buf jump;
} seen;

static void remember(void *context, const struct wl_check_failure *failure)
{
	(void)context;
	seen.calls++;
	seen.line = failure->line;
	strncpy(seen.expression, failure->expression, sizeof(seen.expression) - 1);
	strncpy(seen.text, failure->text, sizeof(seen.text) - 1);
	longjmp(seen.jump, 1);
}

static void arm(void)
{
	memset(&seen, 0, sizeof(seen));
	wl_check_set_hook(remember, NULL);
}

static void true_condition_is_evaluated_once_and_goes_on(void)
{
	int evaluated = 0;

	arm();
	WL_CHECK(++evaluated == 1);
	WL_CHECK_MSG(++evaluated == 2, "evaluated %d", evaluated);

	CU_ASSERT_EQUAL(evaluated, 2);
	CU_ASSERT_EQUAL(seen.calls, 0);
}

static void false_condition_reaches_the_hook_with_its_place(void)
{
	volatile int term = 4;
	volatile int line = 0;

	arm();
	if (setjmp(seen.jump) == 0) {
		line = __LINE__ + 1;
		WL_CHECK(term == 5);
	}

	CU_ASSERT_EQUAL(seen.calls, 1);
	CU_ASSERT_EQUAL(seen.line, line);
	CU_ASSERT_STRING_EQUAL(seen.expression, "term == 5");
	CU_ASSERT_STRING_EQUAL(seen.text, "");
}

static void message_carries_the_values(void)
{
	volatile int term = 4;

	arm();
	if (setjmp(seen.jump) == 0)
		WL_CHECK_MSG(term == 5, "term %d of %s", term, "view");

	CU_ASSERT_STRING_EQUAL(seen.text, "term 4 of view");
}

static void long_message_is_cut_and_terminated(void)
{
	arm();
	if (setjmp(seen.jump) == 0)
		WL_CHECK_MSG(false, "%0300d", 7);

	CU_ASSERT_EQUAL(strlen(seen.text), WL_CHECK_TEXT_BYTES_MAX - 1);
}

static void hook_that_left_by_a_jump_is_called_again_after_it_is_set_again(void)
{
	arm();
	if (setjmp(seen.jump) == 0)
		WL_CHECK(false);
	wl_check_set_hook(remember, NULL);
	if (setjmp(seen.jump) == 0)
		WL_CHECK(false);

	CU_ASSERT_EQUAL(seen.calls, 2);
}

static void assert_stops_sees_a_check_that_fails(void)
{
	volatile int index = 1;

	WL_ASSERT_STOPS(WL_CHECK(index == 2));
}

WL_SUITE(check)
{
	WL_TEST(true_condition_is_evaluated_once_and_goes_on),
	WL_TEST(false_condition_reaches_the_hook_with_its_place),
	WL_TEST(message_carries_the_values),
	WL_TEST(long_message_is_cut_and_terminated),
	WL_TEST(hook_that_left_by_a_jump_is_called_again_after_it_is_set_again),
	WL_TEST(assert_stops_sees_a_check_that_fails),
};
