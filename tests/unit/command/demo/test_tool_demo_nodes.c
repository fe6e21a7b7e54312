/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_nodes.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/unit/runner.h"

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
	WL_TEST(another_process_with_the_nodes_number_is_not_the_node),
};
