/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/watch.h"

#include <math.h>
#include <string.h>

#include "tests/unit/runner.h"
#include "tests/unit/watch/watch_fixture.h"

static void rates_are_differences_a_second(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	const struct wl_watch_node *node = &fixture->watch.nodes[2];

	watch_fixture_look(fixture);
	CU_ASSERT_DOUBLE_EQUAL(node->journals[0].records_per_s, 400, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(node->records_appended_per_s, 800, 1e-9); /* of both workers */
	CU_ASSERT_DOUBLE_EQUAL(node->cpu, 0.4, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(node->busy[0], 0.75, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(node->busy[1], 0.5, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(wl_watch_busy(node), 0.75, 1e-9);
	watch_fixture_end(fixture);
}

static void a_counter_that_went_back_has_no_rate(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	const json_t *metrics = fixture->answers[2].metrics;

	fixture->answers[2].metrics = fixture->answers[2].before;
	fixture->answers[2].before = metrics;
	watch_fixture_look(fixture);
	CU_ASSERT(isnan(fixture->watch.nodes[2].journals[0].records_per_s));
	CU_ASSERT(isnan(fixture->watch.nodes[2].busy[0]));
	CU_ASSERT_EQUAL(fixture->watch.nodes[2].journals[0].heat[1], 0);
	watch_fixture_end(fixture);
}

static void numbers_are_those_of_the_answers(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	const struct wl_watch_node *node = &fixture->watch.nodes[2];

	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(node->id, 3);
	CU_ASSERT_STRING_EQUAL(node->journals[0].role, "leader");
	CU_ASSERT_EQUAL(node->journals[0].records, 1600);
	CU_ASSERT_EQUAL(node->longest_turn_ns, 9000000);
	CU_ASSERT_EQUAL(node->not_believed, 5);
	CU_ASSERT_EQUAL(node->links, 2);
	CU_ASSERT_EQUAL(node->journals[0].recent[WL_WATCH_COMMIT].p99_ns, 3000000);
	CU_ASSERT_EQUAL(node->journals[0].second[WL_WATCH_COMMIT].count, 0);
	CU_ASSERT_EQUAL(node->journals[0].heat[1], 300); /* 1600 / 2 - 1000 / 2 */
	CU_ASSERT_EQUAL(node->journals[0].heat[2], 300);
	CU_ASSERT_EQUAL(node->nic_missed, WL_WATCH_UNKNOWN);
	watch_fixture_end(fixture);
}

static void lag_is_the_leaders_word(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();

	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(wl_watch_leader(&fixture->watch, 0), 2);
	CU_ASSERT_EQUAL(fixture->watch.nodes[0].journals[0].behind_entries, 0);
	CU_ASSERT_EQUAL(fixture->watch.nodes[1].journals[0].behind_entries, 40);
	CU_ASSERT_EQUAL(fixture->watch.nodes[1].journals[0].behind_ns, 2500000000);
	CU_ASSERT_EQUAL(fixture->watch.nodes[2].journals[0].behind_entries, WL_WATCH_UNKNOWN);
	watch_fixture_end(fixture);
}

static void a_leader_of_an_older_term_is_not_the_leader(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();

	fixture->answers[0].metrics = watch_fixture_json(
		fixture,
		"{'node': 1, 'metrics': [{'name': 'journal_term', 'values': [[0, 6]]}, {'name': 'journal_leads', 'values': [[0, 1]]}]}");
	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(wl_watch_leader(&fixture->watch, 0), 2);
	fixture->answers[2].answers = false;
	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(wl_watch_leader(&fixture->watch, 0), 0);
	CU_ASSERT_EQUAL(wl_watch_leader(&fixture->watch, 1), -1);
	watch_fixture_end(fixture);
}

static void the_worst_node_is_the_clusters_level(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();

	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(fixture->watch.level, WL_WATCH_DEGRADED);
	CU_ASSERT_EQUAL(fixture->watch.nodes[2].reason_count, 1);
	CU_ASSERT_STRING_EQUAL(fixture->watch.nodes[2].reasons[0].reason, "peer_behind");
	CU_ASSERT_EQUAL(fixture->watch.nodes[2].reasons[0].node, 2);
	fixture->answers[0].answers = false;
	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(fixture->watch.level, WL_WATCH_SILENT);
	CU_ASSERT_EQUAL(fixture->watch.answered, 2);
	watch_fixture_end(fixture);
}

static void a_node_that_falls_silent_keeps_its_id_and_is_told_once(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	const struct wl_watch *watch = &fixture->watch;

	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(watch->own_count, 0);
	fixture->answers[2].answers = false;
	watch_fixture_look(fixture);
	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(watch->nodes[2].id, 3);
	CU_ASSERT_EQUAL(watch->nodes[2].silent_since_ms, 11000);
	CU_ASSERT_EQUAL(watch->own_count, 1);
	CU_ASSERT_STRING_EQUAL(watch->events[watch->event_count - 1].text, "second of 3");
	CU_ASSERT(watch->events[0].own); /* its time is that of the test, long before the others */
	CU_ASSERT_STRING_EQUAL(watch->events[0].text, "it does not answer any more: /run/three");
	fixture->answers[2].answers = true;
	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(watch->own_count, 2);
	watch_fixture_end(fixture);
}

static void a_node_that_never_answered_is_silent_since_nobody_knows_when(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();

	fixture->answers[1] = (struct wl_watch_answers){.run_directory = "/run/two"};
	watch_fixture_look(fixture);
	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL(fixture->watch.nodes[1].level, WL_WATCH_SILENT);
	CU_ASSERT_EQUAL(fixture->watch.nodes[1].silent_since_ms, WL_WATCH_UNKNOWN);
	CU_ASSERT_EQUAL(fixture->watch.nodes[1].id, 0);
	CU_ASSERT_EQUAL(fixture->watch.own_count, 0);
	watch_fixture_end(fixture);
}

static void events_of_all_nodes_are_in_the_order_of_their_time(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();

	watch_fixture_look(fixture);
	CU_ASSERT_EQUAL_FATAL(fixture->watch.event_count, 6);
	for (uint32_t at = 1; at < 6; at++)
		CU_ASSERT(fixture->watch.events[at - 1].time_ns <=
			  fixture->watch.events[at].time_ns);
	CU_ASSERT_EQUAL(fixture->watch.events[0].node, 1);
	CU_ASSERT_STRING_EQUAL(fixture->watch.events[5].text, "second of 3");
	watch_fixture_end(fixture);
}

static void many_events_leave_the_newest_of_each(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	json_t *list = json_array(), *answer = json_pack("{s:o}", "events", list);

	for (int at = 0; at < 2000; at++)
		json_array_append_new(list, json_pack("{s:i, s:s}", "time_ns", at, "text", "x"));
	fixture->answers[0].events = answer;
	watch_fixture_look(fixture);
	CU_ASSERT(fixture->watch.event_count <= WL_WATCH_EVENTS);
	CU_ASSERT(fixture->watch.events[0].time_ns > 1800);
	CU_ASSERT_STRING_EQUAL(fixture->watch.events[fixture->watch.event_count - 1].text,
			       "second of 3");
	json_decref(answer);
	watch_fixture_end(fixture);
}

static void text_is_cut_between_characters_and_has_no_control_characters(void)
{
	json_t *text = json_string("a\x1b[31mb\n\xc3\xa4\xc3\xb6");
	char small[12], large[40];

	wl_watch_text(small, sizeof(small), text);
	CU_ASSERT_STRING_EQUAL(small, "a [31mb \xc3\xa4");
	wl_watch_text(large, sizeof(large), text);
	CU_ASSERT_STRING_EQUAL(large, "a [31mb \xc3\xa4\xc3\xb6");
	wl_watch_text(large, sizeof(large), NULL);
	CU_ASSERT_STRING_EQUAL(large, "");
	json_decref(text);
}

static void what_is_not_shaped_as_it_should_be_is_not_known(void)
{
	static const char *const answers[] = {
		"[]", "{'node': 'one', 'metrics': 4}",
		"{'node': 99, 'metrics': [4, {'name': 5}, {'name': 'journal_term', 'values': 7}]}",
		"{'node': 1, 'version': 7, 'metrics': [{'name': 'journal_term', 'values': [[], [0], ['a', 'b'], 5]}], 'stages': [[], {'stage': 'commit'}]}",
		"{'node': -1, 'metrics': [{'name': 'journal_records', 'values': [[0, 9223372036854775807], [0, 9223372036854775807]]}]}"};

	for (size_t at = 0; at < sizeof(answers) / sizeof(answers[0]); at++) {
		struct watch_fixture *fixture = watch_fixture_begin();
		json_t *odd = watch_fixture_json(fixture, answers[at]);

		fixture->answers[0].metrics = fixture->answers[0].before = odd;
		fixture->answers[0].status = fixture->answers[0].events =
			fixture->answers[0].recent = odd;
		watch_fixture_look(fixture);
		CU_ASSERT_EQUAL(fixture->watch.node_count, 3);
		CU_ASSERT(fixture->watch.nodes[0].id >= 0 &&
			  fixture->watch.nodes[0].id <= WIRELOG_NODES_MAX);
		CU_ASSERT_EQUAL(wl_watch_leader(&fixture->watch, 0), 2);
		watch_fixture_end(fixture);
	}
}

WL_SUITE(watch)
{
	WL_TEST(rates_are_differences_a_second),
	WL_TEST(a_counter_that_went_back_has_no_rate),
	WL_TEST(numbers_are_those_of_the_answers),
	WL_TEST(lag_is_the_leaders_word),
	WL_TEST(a_leader_of_an_older_term_is_not_the_leader),
	WL_TEST(the_worst_node_is_the_clusters_level),
	WL_TEST(a_node_that_falls_silent_keeps_its_id_and_is_told_once),
	WL_TEST(a_node_that_never_answered_is_silent_since_nobody_knows_when),
	WL_TEST(events_of_all_nodes_are_in_the_order_of_their_time),
	WL_TEST(many_events_leave_the_newest_of_each),
	WL_TEST(text_is_cut_between_characters_and_has_no_control_characters),
	WL_TEST(what_is_not_shaped_as_it_should_be_is_not_known),
};
