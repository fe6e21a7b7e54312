/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_words.h"

#include <stdio.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

static char reason[512];

static int find(const char *log)
{
	char text[2048];

	reason[0] = '\0';
	snprintf(text, sizeof(text), "%s", log);
	return wl_demo_words_find_refusal(text, reason, sizeof(reason));
}

static void a_refusal_gives_its_code_and_its_sentence(void)
{
	int status =
		find("t notice store path=x\n"
		     "t err refused code=STORE_IN_USE exit=75 reason=\"x: in use by process 7\"\n"
		     "t err refused fix=\"Stop it first.\"\n"
		     "t notice ended exit=75\n");

	CU_ASSERT_EQUAL(status, WIRELOG_STORE_IN_USE);
	CU_ASSERT_STRING_EQUAL(reason, "x: in use by process 7");
}

static void the_last_refusal_counts(void)
{
	int status = find("refused code=STORE_IN_USE exit=75 reason=\"old\"\n"
			  "refused code=MEMLOCK exit=77 reason=\"new\"\n");

	CU_ASSERT_EQUAL(status, WIRELOG_MEMLOCK);
	CU_ASSERT_STRING_EQUAL(reason, "new");
}

static void a_log_without_a_refusal_gives_none(void)
{
	CU_ASSERT_EQUAL(find("t notice started node=1\n"), 0);
	CU_ASSERT_EQUAL(find(""), 0);
	CU_ASSERT_EQUAL(find("refused code=NOT_A_CODE_AT_ALL reason=\"x\"\n"), 0);
}

static void a_refusal_without_a_sentence_takes_the_codes_own(void)
{
	CU_ASSERT_EQUAL(find("refused code=MEMLOCK"), WIRELOG_MEMLOCK);
	CU_ASSERT_STRING_EQUAL(reason, wirelog_status_cause(WIRELOG_MEMLOCK));
}

static void the_last_line_is_what_a_node_said_last(void)
{
	char sentence[64];

	wl_demo_words_find_last("first\nlast\n\n", sentence, sizeof(sentence));
	CU_ASSERT_STRING_EQUAL(sentence, "last");
	wl_demo_words_find_last("\n", sentence, sizeof(sentence));
	CU_ASSERT_STRING_EQUAL(sentence, "it ended without a word");
}

static void the_newest_mending_is_found(void)
{
	uint64_t fetched = 0, salvaged = 0;

	CU_ASSERT_TRUE(wl_demo_words_find_mended(
		"t notice mended journal=0 fetched=9 salvaged=9 written_kib=4\n"
		"t notice mended journal=0 fetched=1 salvaged=7 written_kib=216 refused=0\n"
		"t notice starts_again reason=\"what was damaged is mended\"\n",
		&fetched, &salvaged));
	CU_ASSERT_EQUAL(fetched, 1);
	CU_ASSERT_EQUAL(salvaged, 7);
}

static void mending_that_goes_on_is_no_mended_log(void)
{
	uint64_t fetched, salvaged;

	CU_ASSERT_FALSE(wl_demo_words_find_mended("t notice mending journal=0 holes=1\n", &fetched,
						  &salvaged));
	CU_ASSERT_FALSE(wl_demo_words_find_mended("t notice mended journal=0 fetched=1", &fetched,
						  &salvaged));
	CU_ASSERT_FALSE(wl_demo_words_find_mended(
		"t notice mended journal=1 fetched=1 salvaged=1\n", &fetched, &salvaged));
	CU_ASSERT_FALSE(wl_demo_words_find_mended("", &fetched, &salvaged));
}

WL_SUITE(tool_demo_words)
{
	WL_TEST(a_refusal_gives_its_code_and_its_sentence),
	WL_TEST(the_last_refusal_counts),
	WL_TEST(a_log_without_a_refusal_gives_none),
	WL_TEST(a_refusal_without_a_sentence_takes_the_codes_own),
	WL_TEST(the_last_line_is_what_a_node_said_last),
	WL_TEST(the_newest_mending_is_found),
	WL_TEST(mending_that_goes_on_is_no_mended_log),
};
