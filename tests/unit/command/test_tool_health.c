/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_health.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

static const struct wl_tool_allowed none;

static json_t *make_status(int node, const char *role, const char *chain, const char *reason,
			   const char *level)
{
	json_t *status = json_pack(
		"{s:i, s:{s:b}, s:{s:s, s:[], s:[]}, s:[{s:i, s:s, s:i, s:i, s:{s:i, s:s}}]}",
		"node", node, "mode", "degraded", 0, "health", "level", level, "reasons", "peers",
		"journals", "journal", 0, "role", role, "term", 3, "commit", 118, "chain", "index",
		118, "value", chain);

	if (reason != NULL)
		json_array_append_new(json_object_get(json_object_get(status, "health"), "reasons"),
				      json_pack("{s:s, s:s, s:i, s:i, s:I, s:s}", "reason", reason,
						"level", level, "journal", 0, "node", 3, "for_ns",
						(json_int_t)12000000000, "text", "why it is so"));
	return status;
}

struct bed {
	struct wl_status_row rows[3];
	json_t *statuses[3];
};

static void take(struct bed *bed, size_t row, json_t *status)
{
	static const char *const directories[] = {"/r1", "/r2", "/r3"};

	bed->statuses[row] = status;
	bed->rows[row] = (struct wl_status_row){.run_directory = directories[row],
						.reason = "NOT_RUNNING",
						.status = status};
}

static void drop(struct bed *bed)
{
	for (size_t row = 0; row < 3; row++)
		json_decref(bed->statuses[row]);
}

static void make_three(struct bed *bed, const char *reason, const char *level)
{
	memset(bed, 0, sizeof(*bed));
	take(bed, 0, make_status(1, "leader", "0123", reason, level));
	take(bed, 1, make_status(2, "follower", "0123", NULL, "healthy"));
	take(bed, 2, make_status(3, "follower", "0123", NULL, "healthy"));
}

static int exit_code(const struct bed *bed, size_t count, const struct wl_tool_allowed *allowed)
{
	json_t *health = wl_tool_health_json(bed->rows, count, allowed);
	int code = wl_tool_health_exit_code(wl_tool_health_level(health));

	json_decref(health);
	return code;
}

static bool says(const struct bed *bed, size_t count, const char *reason)
{
	json_t *health = wl_tool_health_json(bed->rows, count, &none);
	char *text = json_dumps(health, 0);
	bool is = strstr(text, reason) != NULL;

	free(text);
	json_decref(health);
	return is;
}

static void the_worst_node_decides(void)
{
	struct bed bed;

	make_three(&bed, NULL, "healthy");
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 0);
	drop(&bed);
	make_three(&bed, "peer_silent", "degraded");
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 1);
	drop(&bed);
	make_three(&bed, "redundancy_lost", "unsafe");
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 2);
	drop(&bed);
}

static void what_is_allowed_does_not_count(void)
{
	struct wl_tool_allowed allowed = {.reasons = {"clock", "peer_silent"}, .count = 2};
	struct bed bed;

	make_three(&bed, "peer_silent", "degraded");
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &allowed), 0);
	allowed.count = 1;
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &allowed), 1);
	drop(&bed);
}

static void a_node_that_does_not_answer_is_unsafe(void)
{
	struct wl_tool_allowed allowed = {.reasons = {"no_answer"}, .count = 1};
	struct bed bed;

	make_three(&bed, NULL, "healthy");
	json_decref(bed.statuses[2]);
	take(&bed, 2, NULL);
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 2);
	CU_ASSERT(says(&bed, 3, "no_answer"));
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &allowed), 0);
	drop(&bed);
}

/* One alone may be a follower. */
static void several_nodes_of_which_none_leads_are_unsafe(void)
{
	struct bed bed;

	make_three(&bed, NULL, "healthy");
	json_object_set_new(json_array_get(json_object_get(bed.statuses[0], "journals"), 0), "role",
			    json_string("follower"));
	CU_ASSERT(says(&bed, 3, "no_leader_answers"));
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 2);
	CU_ASSERT_EQUAL(exit_code(&bed, 1, &none), 0);
	drop(&bed);
}

static void chains_that_differ_behind_one_entry_are_unsafe(void)
{
	struct bed bed;
	json_t *chain;

	make_three(&bed, NULL, "healthy");
	chain = json_object_get(json_array_get(json_object_get(bed.statuses[2], "journals"), 0),
				"chain");
	json_object_set_new(chain, "value", json_string("4567"));
	CU_ASSERT(says(&bed, 3, "chains_differ"));
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 2);
	json_object_set_new(chain, "index", json_integer(119));
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 0);
	drop(&bed);
}

static void a_node_of_an_older_version_is_believed_when_it_complains(void)
{
	struct bed bed;

	make_three(&bed, NULL, "healthy");
	json_object_del(bed.statuses[1], "health");
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 0);
	json_object_set_new(json_object_get(bed.statuses[1], "mode"), "degraded", json_true());
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 1);
	drop(&bed);
}

static void a_level_of_a_later_version_is_not_harmless(void)
{
	struct bed bed;

	make_three(&bed, "new_reason", "on_fire");
	CU_ASSERT_EQUAL(exit_code(&bed, 3, &none), 2);
	drop(&bed);
}

static char *print(const struct bed *bed)
{
	json_t *health = wl_tool_health_json(bed->rows, 3, &none);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	wl_tool_health_print(out, health);
	fclose(out);
	json_decref(health);
	return text;
}

static void the_table_has_a_line_for_each_node_and_reason(void)
{
	struct bed bed;
	char *text;

	make_three(&bed, "peer_silent", "degraded");
	json_array_append_new(json_object_get(json_object_get(bed.statuses[0], "health"), "peers"),
			      json_pack("{s:i, s:i, s:i, s:I}", "journal", 0, "node", 2,
					"behind_entries", 7, "behind_ns", (json_int_t)250000000));
	json_decref(bed.statuses[2]);
	take(&bed, 2, NULL);
	text = print(&bed);
	CU_ASSERT_STRING_EQUAL(
		text,
		"NODE JOURNAL ROLE       TERM         COMMIT     BEHIND    LAG HEALTH   WHY\n"
		"   1       0 leader        3            118          -      - degraded peer_silent\n"
		"   2       0 follower      3            118          7  250ms healthy\n"
		"   ?       - -             -              -          -      - unsafe   no answer: /r3\n"
		"node 1 says: degraded, peer_silent, journal 0, node 3, for 12s\n"
		"    why it is so\n"
		"unsafe, no_answer, for -\n"
		"    /r3\n"
		"cluster: unsafe\n");
	free(text);
	drop(&bed);
}

static void no_line_is_longer_than_a_hundred_columns(void)
{
	char reason[200];
	struct bed bed;
	char *text;

	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	make_three(&bed, reason, "degraded");
	bed.rows[2].run_directory = reason;
	json_decref(bed.statuses[2]);
	bed.statuses[2] = NULL;
	bed.rows[2].status = NULL;
	text = print(&bed);
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		CU_ASSERT(strcspn(line, "\n") <= 100);
	free(text);
	drop(&bed);
}

static void a_node_asked_over_the_wire_is_named_by_its_number(void)
{
	struct bed bed;
	json_t *health, *node, *reason;

	make_three(&bed, NULL, "healthy");
	bed.rows[1].run_directory = NULL;
	bed.rows[1].asked_by = 1;
	bed.rows[2] = (struct wl_status_row){.node = 3, .asked_by = 1, .reason = "TIMED_OUT"};
	health = wl_tool_health_json(bed.rows, 3, &none);
	node = json_array_get(json_object_get(health, "nodes"), 1);
	CU_ASSERT_TRUE(json_is_null(json_object_get(node, "run_directory")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(node, "asked_by")), 1);
	CU_ASSERT_TRUE(json_is_true(json_object_get(node, "answered")));
	node = json_array_get(json_object_get(health, "nodes"), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(node, "node")), 3);
	CU_ASSERT_FALSE(json_is_true(json_object_get(node, "answered")));
	CU_ASSERT_EQUAL(wl_tool_health_level(health), WL_TOOL_UNSAFE);
	/* It has said nothing: the reason is ours, about it. */
	reason = json_array_get(json_object_get(health, "reasons"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(reason, "reason")), "no_answer");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(reason, "node")), 3);
	CU_ASSERT_TRUE(json_is_null(json_object_get(reason, "said_by")));
	json_decref(health);
	drop(&bed);
}

static void one_that_another_node_hears_is_only_not_reached_from_here(void)
{
	struct bed bed;
	json_t *journal, *reason, *health;

	make_three(&bed, NULL, "healthy");
	journal = json_array_get(json_object_get(bed.statuses[1], "journals"), 0);
	json_object_set_new(journal, "leader", json_integer(1));
	json_object_set_new(journal, "peers",
			    json_pack("[{s:i, s:i}, {s:i, s:n}]", "node", 1, "heard_ago_ns",
				      2000000, "node", 3, "heard_ago_ns"));
	bed.rows[0] = (struct wl_status_row){.node = 1, .reason = "TIMED_OUT"};
	health = wl_tool_health_json(bed.rows, 3, &none);
	reason = json_array_get(json_object_get(health, "reasons"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(reason, "reason")), "not_reached");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(json_string_value(json_object_get(reason, "text")), "node 2 hears it"));
	CU_ASSERT_EQUAL(wl_tool_health_level(health), WL_TOOL_DEGRADED);
	CU_ASSERT_FALSE(says(&bed, 3, "no_leader_answers")); /* it leads, as the others say */
	json_decref(health);
	/* Of one that nobody hears either that is no excuse. */
	bed.rows[2] = (struct wl_status_row){.node = 3, .reason = "TIMED_OUT"};
	CU_ASSERT(says(&bed, 3, "no_answer"));
	/* Nor of one whose own socket is silent. */
	bed.rows[0].run_directory = "here";
	CU_ASSERT_FALSE(says(&bed, 3, "not_reached"));
	/* Nor of one that was heard long ago. */
	bed.rows[0].run_directory = NULL;
	json_object_set_new(json_array_get(json_object_get(journal, "peers"), 0), "heard_ago_ns",
			    json_integer(400000000));
	CU_ASSERT_FALSE(says(&bed, 3, "not_reached"));
	CU_ASSERT(says(&bed, 3, "no_leader_answers"));
	drop(&bed);
}

WL_SUITE(tool_health)
{
	WL_TEST(the_worst_node_decides),
	WL_TEST(what_is_allowed_does_not_count),
	WL_TEST(a_node_that_does_not_answer_is_unsafe),
	WL_TEST(several_nodes_of_which_none_leads_are_unsafe),
	WL_TEST(chains_that_differ_behind_one_entry_are_unsafe),
	WL_TEST(a_node_of_an_older_version_is_believed_when_it_complains),
	WL_TEST(a_level_of_a_later_version_is_not_harmless),
	WL_TEST(the_table_has_a_line_for_each_node_and_reason),
	WL_TEST(no_line_is_longer_than_a_hundred_columns),
	WL_TEST(a_node_asked_over_the_wire_is_named_by_its_number),
	WL_TEST(one_that_another_node_hears_is_only_not_reached_from_here),
};
