/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_nodes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

static char reason[WL_DEMO_REASON_BYTES];

static int find(const char *log)
{
	char text[2048];

	reason[0] = '\0';
	snprintf(text, sizeof(text), "%s", log);
	return wl_demo_nodes_find_refusal(text, reason, sizeof(reason));
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

static void another_process_with_the_nodes_number_is_not_the_node(void)
{
	struct wl_demo_nodes nodes = {.where = {.pid_count = 3, .pids = {getpid(), 0, 1}}};

	snprintf(nodes.where.directory, sizeof(nodes.where.directory), "/nowhere");
	CU_ASSERT_FALSE(wl_demo_node_is_alive(&nodes, 1));
	CU_ASSERT_FALSE(wl_demo_node_is_alive(&nodes, 2));
	CU_ASSERT_FALSE(wl_demo_node_is_alive(&nodes, 3));
	CU_ASSERT_EQUAL(wl_demo_nodes_alive(&nodes), 0);
}

WL_SUITE(tool_demo_nodes)
{
	WL_TEST(a_refusal_gives_its_code_and_its_sentence),
	WL_TEST(the_last_refusal_counts),
	WL_TEST(a_log_without_a_refusal_gives_none),
	WL_TEST(a_refusal_without_a_sentence_takes_the_codes_own),
	WL_TEST(another_process_with_the_nodes_number_is_not_the_node),
};
