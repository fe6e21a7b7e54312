/* SPDX-License-Identifier: BSD-3-Clause */
/* Node 1 has a run directory here, 2 and 3 have none: node 2 leads, node 3 is silent at first. */
#include "watch/watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/runner.h"
#include "tests/unit/watch/watch_fixture.h"

#define MEMBERS "'members': {'voters': [1, 2, 3]}"

static const json_t *here(struct watch_fixture *fixture)
{
	return watch_fixture_json(
		fixture,
		"{'node': 1, 'health': {'level': 'healthy'}, 'journals': [{'role': 'follower', " MEMBERS
		"}]}");
}

/* Node 2 as it says it after so many seconds; node 3 says nothing. */
static const json_t *cluster_at(struct watch_fixture *fixture, int seconds, bool both)
{
	char text[1500];

	snprintf(
		text, sizeof(text),
		"{'round': 4, 'complete': true, 'node': 1, 'nodes': ["
		"{'node': 2, 'answered': true, 'status': {'node': 2, 'version': '0.1.0', 'boot_id': 'b', 'uptime_ns': %d000000000,"
		"'health': {'level': 'degraded', 'reasons': [{'reason': 'peer_silent', 'level': 'degraded', 'journal': 0, 'node': 3, 'for_ns': 5, 'text': 'x'}],"
		"'peers': [{'journal': 0, 'node': 1, 'behind_entries': 7, 'behind_ns': 90}]},"
		"'journals': [{'journal': 0, 'role': 'leader', 'term': 9, 'leader': 2, 'commit': 70, 'commit_number': %d, 'ready': true, " MEMBERS
		"}]}},"
		"{'node': 3, 'answered': %s, 'status': %s},"
		"{'node': 4, 'answered': false, 'status': null}]}",
		seconds, 1000 + 50 * seconds, both ? "true" : "false",
		both ? "{'node': 3, 'journals': [{'role': 'follower', 'term': 9}]}" : "null");
	return watch_fixture_json(fixture, text);
}

static struct watch_fixture *begin(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();

	fixture->answers[0].status = here(fixture);
	return fixture;
}

static void look(struct watch_fixture *fixture, const struct wl_watch_cluster *cluster)
{
	uint32_t count = wl_watch_others(fixture->answers, 1, cluster);

	fixture->now_ms += 500;
	wl_watch_look(&fixture->watch, fixture->answers, count, fixture->now_ms,
		      fixture->now_ms * 1000000);
}

static void who_has_no_run_directory_is_missing(void)
{
	struct watch_fixture *fixture = begin();

	CU_ASSERT(wl_watch_lacks(fixture->answers, 1));
	CU_ASSERT(wl_watch_lacks(fixture->answers, 2));
	CU_ASSERT(!wl_watch_lacks(fixture->answers, 3));
	fixture->answers[0].status = NULL; /* nobody has said who is a member */
	CU_ASSERT(!wl_watch_lacks(fixture->answers, 1));
	watch_fixture_end(fixture);
}

static void what_it_says_of_itself_stands_beside_the_others(void)
{
	struct watch_fixture *fixture = begin();
	const struct wl_watch_node *node = &fixture->watch.nodes[1];
	struct wl_watch_cluster cluster = {cluster_at(fixture, 20, false),
					   cluster_at(fixture, 18, false), true};

	look(fixture, &cluster);
	CU_ASSERT_EQUAL(fixture->watch.node_count, 3); /* node 4 is no member */
	CU_ASSERT_EQUAL(fixture->watch.answered, 2);
	CU_ASSERT_EQUAL(fixture->watch.nodes[0].asked_by, 0);
	CU_ASSERT_EQUAL(node->id, 2);
	CU_ASSERT_EQUAL(node->asked_by, 1);
	CU_ASSERT_PTR_NULL(node->run_directory);
	CU_ASSERT_STRING_EQUAL(wl_watch_place(node), "over the wire");
	CU_ASSERT_STRING_EQUAL(node->version, "0.1.0");
	CU_ASSERT_EQUAL(node->level, WL_WATCH_DEGRADED);
	CU_ASSERT_STRING_EQUAL(node->reasons[0].reason, "peer_silent");
	CU_ASSERT_STRING_EQUAL(node->journals[0].role, "leader");
	CU_ASSERT_EQUAL(node->journals[0].term, 9);
	CU_ASSERT_EQUAL(node->journals[0].records, 2000);
	CU_ASSERT_EQUAL(node->uptime_ns, 20000000000);
	CU_ASSERT_EQUAL(node->free_bytes, WL_WATCH_UNKNOWN);
	CU_ASSERT(isnan(node->cpu) && isnan(wl_watch_busy(node)));
	watch_fixture_end(fixture);
}

static void a_leader_elsewhere_counts_as_one_here(void)
{
	struct watch_fixture *fixture = begin();
	struct wl_watch_cluster cluster = {cluster_at(fixture, 20, false), NULL, true};

	look(fixture, &cluster);
	CU_ASSERT_EQUAL(wl_watch_leader(&fixture->watch, 0), 1);
	CU_ASSERT_EQUAL(fixture->watch.nodes[0].journals[0].behind_entries, 7);
	CU_ASSERT(isnan(fixture->watch.nodes[1].journals[0].records_per_s));
	cluster.before = cluster.answer;
	cluster.answer = cluster_at(fixture, 22, false);
	look(fixture, &cluster);
	CU_ASSERT_DOUBLE_EQUAL(fixture->watch.nodes[1].journals[0].records_per_s, 50, 1e-9);
	watch_fixture_end(fixture);
}

static void one_that_falls_silent_is_told_since_when(void)
{
	struct watch_fixture *fixture = begin();
	const struct wl_watch_node *node = &fixture->watch.nodes[2];
	struct wl_watch_cluster cluster = {cluster_at(fixture, 20, false), NULL, true};
	int64_t since_ms;

	look(fixture, &cluster);
	CU_ASSERT_EQUAL(node->level, WL_WATCH_SILENT);
	CU_ASSERT_EQUAL(node->silent_since_ms, WL_WATCH_UNKNOWN); /* it was never heard */
	cluster.answer = cluster_at(fixture, 21, true);
	look(fixture, &cluster);
	CU_ASSERT(node->answers);
	CU_ASSERT_STRING_EQUAL(fixture->watch.own[0].text, "it answers again: over the wire");
	cluster.answer = cluster_at(fixture, 22, false);
	look(fixture, &cluster);
	since_ms = fixture->now_ms;
	look(fixture, &cluster);
	CU_ASSERT(!node->answers);
	CU_ASSERT_EQUAL(node->silent_since_ms, since_ms);
	CU_ASSERT_EQUAL(fixture->watch.own_count, 2);
	CU_ASSERT_EQUAL(fixture->watch.own[1].node, 3);
	watch_fixture_end(fixture);
}

static void what_is_old_is_no_answer(void)
{
	struct watch_fixture *fixture = begin();
	struct wl_watch_cluster cluster = {cluster_at(fixture, 20, true), NULL, true};

	look(fixture, &cluster);
	CU_ASSERT_EQUAL(fixture->watch.answered, 3);
	cluster.fresh = false;
	look(fixture, &cluster);
	CU_ASSERT_EQUAL(fixture->watch.node_count, 3);
	CU_ASSERT_EQUAL(fixture->watch.answered, 1);
	watch_fixture_end(fixture);
}

/* It may be the run directory of one that is silent: that one would stand there twice. */
static void a_run_directory_that_never_answered_may_be_the_silent_one(void)
{
	struct watch_fixture *fixture = begin();
	struct wl_watch_cluster cluster = {cluster_at(fixture, 20, false), NULL, true};

	fixture->answers[1] = (struct wl_watch_answers){.run_directory = "/run/two"};
	CU_ASSERT_EQUAL(wl_watch_others(fixture->answers, 2, &cluster), 3);
	CU_ASSERT_EQUAL(fixture->answers[2].node, 2);
	watch_fixture_end(fixture);
}

static void nonsense_adds_nobody(void)
{
	static const char *const nonsense[] = {
		"{}", "{'nodes': 3}", "{'nodes': [1, null, {}]}",
		"{'nodes': [{'node': -2, 'status': {}}, {'node': 100, 'status': {}}, {'node': 1, 'status': {}}]}"};

	for (size_t at = 0; at < sizeof(nonsense) / sizeof(nonsense[0]); at++) {
		struct watch_fixture *fixture = begin();
		struct wl_watch_cluster cluster = {watch_fixture_json(fixture, nonsense[at]), NULL,
						   true};

		CU_ASSERT_EQUAL(wl_watch_others(fixture->answers, 1, &cluster), 1);
		watch_fixture_end(fixture);
	}
}

WL_SUITE(watch_others)
{
	WL_TEST(who_has_no_run_directory_is_missing),
	WL_TEST(what_it_says_of_itself_stands_beside_the_others),
	WL_TEST(a_leader_elsewhere_counts_as_one_here),
	WL_TEST(one_that_falls_silent_is_told_since_when),
	WL_TEST(what_is_old_is_no_answer),
	WL_TEST(a_run_directory_that_never_answered_may_be_the_silent_one),
	WL_TEST(nonsense_adds_nobody),
};
