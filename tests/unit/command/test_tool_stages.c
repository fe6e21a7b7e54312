/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_stages.h"

#include <string.h>

#include "tests/unit/runner.h"

static struct wl_tool_stages stages;

static void record(uint64_t late_ns, uint64_t queue_ns, uint64_t wire_ns, uint64_t node_ns)
{
	struct wirelog_ack ack = {.queue_ns = queue_ns,
				  .trip_ns = wire_ns + node_ns,
				  .node_ns = node_ns};

	wl_tool_stages_record(&stages, late_ns + queue_ns + wire_ns + node_ns, late_ns, &ack);
}

static void nothing_is_near_anything_before_the_first(void)
{
	struct wl_tool_stages_near near;

	memset(&stages, 0, sizeof(stages));
	wl_tool_stages_find(&stages, 99, &near);
	CU_ASSERT_EQUAL(near.count, 0);
	CU_ASSERT_EQUAL(near.latency_ns, 0);
}

/* Nine hundred wait at the node, one hundred on the wire: each kind is seen where it is. */
static void means_near_a_percentile_are_of_the_records_there(void)
{
	struct wl_tool_stages_near near;

	memset(&stages, 0, sizeof(stages));
	for (unsigned at = 0; at < 900; at++)
		record(0, 100, 200, 700);
	for (unsigned at = 0; at < 100; at++)
		record(1000, 500, 90000, 8500);

	wl_tool_stages_find(&stages, 50, &near);
	CU_ASSERT_EQUAL(near.count, 900);
	CU_ASSERT_EQUAL(near.latency_ns, 1000);
	CU_ASSERT_EQUAL(near.parts_ns[WL_TOOL_STAGE_NODE], 700);
	wl_tool_stages_find(&stages, 99, &near);
	CU_ASSERT_EQUAL(near.count, 100);
	CU_ASSERT_EQUAL(near.latency_ns, 100000);
	CU_ASSERT_EQUAL(near.parts_ns[WL_TOOL_STAGE_LATE], 1000);
	CU_ASSERT_EQUAL(near.parts_ns[WL_TOOL_STAGE_QUEUE], 500);
	CU_ASSERT_EQUAL(near.parts_ns[WL_TOOL_STAGE_WIRE], 90000);
}

static void only_a_tenth_of_a_percent_on_each_side_is_near(void)
{
	struct wl_tool_stages_near near;

	memset(&stages, 0, sizeof(stages));
	for (unsigned at = 1; at <= 1000; at++)
		record(0, 0, 0, at);

	wl_tool_stages_find(&stages, 50, &near);
	CU_ASSERT(near.count >= 2 && near.count <= 4);
	CU_ASSERT(near.latency_ns >= 499 && near.latency_ns <= 502);
}

static void what_lasts_for_ever_is_counted_as_the_longest(void)
{
	struct wl_tool_stages_near near;

	memset(&stages, 0, sizeof(stages));
	record(0, 0, 3 * WL_TOOL_STAGES_HIGHEST_NS, 0);
	wl_tool_stages_find(&stages, 99.9, &near);
	CU_ASSERT_EQUAL(near.count, 1);
	CU_ASSERT_EQUAL(near.latency_ns, 3.0 * WL_TOOL_STAGES_HIGHEST_NS);
}

WL_SUITE(tool_stages)
{
	WL_TEST(nothing_is_near_anything_before_the_first),
	WL_TEST(means_near_a_percentile_are_of_the_records_there),
	WL_TEST(only_a_tenth_of_a_percent_on_each_side_is_near),
	WL_TEST(what_lasts_for_ever_is_counted_as_the_longest),
};
