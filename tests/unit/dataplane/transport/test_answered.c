/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/answered.h"

#include <string.h>

#include "tests/unit/runner.h"

static struct wl_answered answered;

static void question_is_new_once(void)
{
	memset(&answered, 0, sizeof(answered));
	for (unsigned times = 0; times < 1000; times++)
		CU_ASSERT_EQUAL(wl_answered_take(&answered, 7, 8, 9), times == 0);
	CU_ASSERT_TRUE(wl_answered_take(&answered, 7, 8, 10));
	CU_ASSERT_TRUE(wl_answered_take(&answered, 7, 9, 9));
	CU_ASSERT_TRUE(wl_answered_take(&answered, 8, 8, 9));
}

static void as_many_questions_as_promised_are_known_again(void)
{
	static bool was_new[10 * WL_ANSWERED_MIN];
	unsigned mistaken = 0, forgotten = 0;

	memset(&answered, 0, sizeof(answered));
	for (uint64_t at = 0; at < 10 * WL_ANSWERED_MIN; at++) {
		struct wl_answered before;
		uint64_t old = at - WL_ANSWERED_MIN + 1;

		was_new[at] = wl_answered_take(&answered, 1, 2, at);
		mistaken += !was_new[at];
		if (at < WL_ANSWERED_MIN || !was_new[old])
			continue;
		before = answered;
		forgotten += wl_answered_take(&answered, 1, 2, old);
		answered = before;
	}
	CU_ASSERT_EQUAL(forgotten, 0);
	CU_ASSERT(mistaken < WL_ANSWERED_MIN / 10);
}

WL_SUITE(answered)
{
	WL_TEST(question_is_new_once),
	WL_TEST(as_many_questions_as_promised_are_known_again),
};
