/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_status_table.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

static char *printed;

static json_t *make_status(int node, const char *role, const char *chain)
{
	json_t *journal = json_pack(
		"{s:i, s:s, s:i, s:i, s:{s:i,s:i}, s:{s:i,s:i}, s:i, s:i, s:{s:i,s:s}, s:b}",
		"journal", 0, "role", role, "term", 3, "leader", 1, "tail", "term", 3, "index", 120,
		"durable", "term", 3, "index", 119, "commit", 118, "commit_number", 1000000,
		"chain", "index", 118, "value", chain, "ready", 1);

	return json_pack("{s:i, s:s, s:s, s:I, s:{s:b, s:b, s:[]}, s:[o]}", "node", node, "cluster",
			 "5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90", "version", "0.1.0", "uptime_ns",
			 (json_int_t)3723000000000, "mode", "insecure", 0, "degraded", 0, "reasons",
			 "journals", journal);
}

static json_t *journal_of(json_t *status)
{
	return json_array_get(json_object_get(status, "journals"), 0);
}

static void print(const struct wl_status_row *rows, size_t count)
{
	size_t size;
	FILE *out;

	free(printed);
	printed = NULL;
	out = open_memstream(&printed, &size);
	wl_status_table_print(out, rows, count);
	fclose(out);
}

static void print_two(json_t *one, json_t *two)
{
	struct wl_status_row rows[] = {{.run_directory = "/r1", .status = one},
				       {.run_directory = "/r2", .status = two}};

	print(rows, 2);
	json_decref(one);
	json_decref(two);
}

static void each_node_is_one_line_under_one_cluster(void)
{
	print_two(make_status(1, "leader", "0123456789abcdef"),
		  make_status(2, "follower", "0123456789abcdef"));
	CU_ASSERT_STRING_EQUAL(
		printed,
		"cluster 5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90, wirelog 0.1.0\n"
		"NODE  JOURNAL  ROLE      TERM  LEADER  TAIL  DURABLE  COMMIT  FIRST  RECORDS  BASE  CHAIN                    UP  STATE\n"
		"   1        0  leader       3       1   120      119     118      -  1000000     -  0123456789abcdef@118  1h02m  ready\n"
		"   2        0  follower     3       1   120      119     118      -  1000000     -  0123456789abcdef@118  1h02m  ok\n");
}

/* By the node's own clock; one that began anew meanwhile, and one that was not heard before, has none. */
static void how_fast_it_goes_stands_beside_it(void)
{
	json_t *now = make_status(1, "leader", "0123456789abcdef"), *before = json_deep_copy(now);
	json_t *restarted = make_status(2, "follower", "0123456789abcdef");
	json_t *longer = json_deep_copy(restarted);
	json_int_t uptime = json_integer_value(json_object_get(now, "uptime_ns"));
	struct wl_status_row rows[] = {
		{.status = now, .before = before},
		{.status = restarted, .before = longer},
		{.status = restarted},
	};

	json_object_set_new(before, "uptime_ns", json_integer(uptime - 2000000000));
	json_object_set_new(journal_of(before), "commit_number", json_integer(1000000 - 6000));
	json_object_set_new(longer, "uptime_ns", json_integer(uptime + 5000000000));
	print(rows, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "RECORDS  RECORDS/S  BASE"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "1000000       3000     -"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "1000000          -     -"));
	json_decref(now);
	json_decref(before);
	json_decref(restarted);
	json_decref(longer);
}

static void what_is_kept_stands_beside_it(void)
{
	json_t *one = make_status(1, "leader", "0123456789abcdef");
	json_t *two = make_status(2, "follower", "0123456789abcdef");

	json_object_set_new(journal_of(one), "begin", json_pack("{s:i}", "number", 900001));
	json_object_set_new(journal_of(one), "bases",
			    json_pack("{s:{s:i}, s:b}", "own", "index", 77, "own_proven", 1));
	json_object_set_new(journal_of(two), "bases",
			    json_pack("{s:{s:i}, s:b}", "own", "index", 79, "own_proven", 0));
	print_two(one, two);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "  900001  1000000    77  0123"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "       -  1000000   79?  0123"));
}

static void logs_that_differ_at_one_entry_are_called_diverged(void)
{
	json_t *behind = make_status(2, "follower", "ffffffffffffffff");

	print_two(make_status(1, "leader", "0123456789abcdef"),
		  make_status(2, "follower", "ffffffffffffffff"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "DIVERGED: nodes 1 and 2"));
	/* Values behind different entries say nothing. */
	json_object_set_new(json_object_get(journal_of(behind), "chain"), "index",
			    json_integer(117));
	print_two(make_status(1, "leader", "0123456789abcdef"), behind);
	CU_ASSERT_PTR_NULL(strstr(printed, "DIVERGED"));
}

static void node_that_does_not_answer_and_insecure_mode_are_said(void)
{
	json_t *status = make_status(1, "leader", "0123456789abcdef");
	struct wl_status_row rows[] = {{.run_directory = "/r1", .status = status},
				       {.run_directory = "/run/two", .reason = "NOT_RUNNING"}};

	json_object_set_new(json_object_get(status, "mode"), "insecure", json_true());
	print(rows, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "INSECURE: node 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "no answer from /run/two [NOT_RUNNING]\n"));
	json_decref(status);
}

static void state_names_every_reason_once(void)
{
	json_t *status = make_status(1, "leader", "0123456789abcdef");

	json_array_append_new(json_object_get(json_object_get(status, "mode"), "reasons"),
			      json_string("no_space"));
	json_object_set_new(journal_of(status), "no_space", json_true());
	json_object_set_new(journal_of(status), "silent", json_true());
	json_object_set_new(journal_of(status), "elections_left", json_integer(77));
	print_two(status, make_status(2, "follower", "0123456789abcdef"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "  no_space,silent,elections_left=77\n"));
}

static void missing_members_are_dashes(void)
{
	json_t *status = json_pack("{s:[{}]}", "journals");
	struct wl_status_row row = {.run_directory = "/r", .status = status};

	print(&row, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "-  -"));
	json_decref(status);
	free(printed);
	printed = NULL;
}

WL_SUITE(tool_status_table)
{
	WL_TEST(each_node_is_one_line_under_one_cluster),
	WL_TEST(how_fast_it_goes_stands_beside_it),
	WL_TEST(what_is_kept_stands_beside_it),
	WL_TEST(logs_that_differ_at_one_entry_are_called_diverged),
	WL_TEST(node_that_does_not_answer_and_insecure_mode_are_said),
	WL_TEST(state_names_every_reason_once),
	WL_TEST(missing_members_are_dashes),
};
