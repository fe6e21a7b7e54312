/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/report/anatomy_json.h"
#include "tests/unit/runner.h"

static struct wl_journal_status status;
static struct wl_why why;

static void begin(void)
{
	memset(&status, 0, sizeof(status));
	why = (struct wl_why){.node = 2, .journal = 1, .number = 40, .status = &status};
	status.commit_number = 100;
	status.view.leader = 3;
	why.entry = (struct wl_anatomy_entry){
		.head = {.index = 9, .term = 4, .first_number = 38, .count = 3, .sequenced_us = 7},
		.durable_us = 300,
		.committed_us = 300,
		.answered_us = WL_ANATOMY_NOT_YET,
	};
	memset(why.entry.peers, 0xff, sizeof(why.entry.peers));
	why.entry.peers[0] = (struct wl_anatomy_peer){7, 200, 250};
}

static bool says(json_t *answer, const char *name, const char *wanted)
{
	const char *text = json_string_value(json_object_get(answer, name));

	return text && strstr(text, wanted);
}

static void what_is_found_is_told_with_its_times(void)
{
	json_t *answer, *peers, *longest;

	begin();
	why.found = true;
	answer = wl_anatomy_json(&why);
	CU_ASSERT_FATAL(answer != NULL);
	peers = json_object_get(answer, "peers");
	longest = json_object_get(answer, "longest");
	CU_ASSERT(json_is_true(json_object_get(answer, "found")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answer, "durable_us")), 300);
	CU_ASSERT(json_is_null(json_object_get(answer, "answered_us")));
	CU_ASSERT_EQUAL(json_array_size(peers), 1);
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_array_get(peers, 0), "received_us")), 200);
	CU_ASSERT(says(longest, "part", "own_drive"));
	CU_ASSERT(says(longest, "text", "this node's drive: 293 us"));
	json_decref(answer);
}

static void each_part_has_its_words(void)
{
	static const struct {
		uint32_t durable, committed, answered;
		struct wl_anatomy_peer peer;
		const char *text;
	} rows[] = {
		{9, 9, 9, {9, 9, 9}, "until its turn"},
		{900, 60, 61, {50, 60, 60}, "until it left for node 1"},
		{900, 60, 61, {8, 60, 60}, "the network and back, its turn, its drive"},
		{900, 60, 61, {8, 55, 60}, "the way to node 1 and back"},
		{900, 60, 61, {8, 9, 60}, "node 1's drive: 51 us"},
		{9, 60, 61, {8, 9, 9}, "the commit: 51 us"},
		{9, 9, 60, {8, 9, 9}, "the answer: 51 us"},
	};

	for (unsigned at = 0; at < sizeof(rows) / sizeof(rows[0]); at++) {
		json_t *answer;

		begin();
		why.found = true;
		why.entry.durable_us = rows[at].durable;
		why.entry.committed_us = rows[at].committed;
		why.entry.answered_us = rows[at].answered;
		why.entry.peers[0] = rows[at].peer;
		answer = wl_anatomy_json(&why);
		CU_ASSERT(says(json_object_get(answer, "longest"), "text", rows[at].text));
		json_decref(answer);
	}
}

static void expect_missing(const char *code, int leader, const char *reason)
{
	json_t *answer = wl_anatomy_json(&why);

	CU_ASSERT(json_is_false(json_object_get(answer, "found")));
	CU_ASSERT(says(answer, "code", code));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answer, "leader")), leader);
	CU_ASSERT(says(answer, "reason", reason));
	json_decref(answer);
}

static void what_is_not_there_is_refused_by_name(void)
{
	begin();
	why.number = 101;
	expect_missing("NOT_COMMITTED", 3, "the last one is 100");
	/* Sequenced, and not committed yet. */
	why.found = true;
	why.entry.committed_us = WL_ANATOMY_NOT_YET;
	expect_missing("NOT_COMMITTED", 3, "record 101 of journal 1");
	begin();
	expect_missing("TIMES_FORGOTTEN", 0, "too old");
	why.leader_known = true;
	why.leader = (struct wl_anatomy_leader){.term = 6, .first_number = 1, .node = 2};
	expect_missing("TIMES_FORGOTTEN", 2, "too old");
	/* It led, and saw no commit. */
	why.found = true;
	why.entry.committed_us = WL_ANATOMY_NOT_YET;
	expect_missing("TIMES_FORGOTTEN", 2, "lost its leadership of journal 1");
	why.leader.node = 3;
	expect_missing("NOT_LEADER", 3, "node 3 did (term 6)");
	why.leader.node = 0;
	expect_missing("NOT_LEADER", 0, "it does not know who did");
}

WL_SUITE(anatomy_json)
{
	WL_TEST(what_is_found_is_told_with_its_times),
	WL_TEST(each_part_has_its_words),
	WL_TEST(what_is_not_there_is_refused_by_name),
};
