/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/watch/watch_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

json_t *watch_fixture_json(struct watch_fixture *fixture, const char *text)
{
	char *quoted = strdup(text);
	json_t *json;

	for (char *at = quoted; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	json = json_loads(quoted, 0, NULL);
	free(quoted);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	fixture->kept[fixture->kept_count++ % 64] = json;
	return json;
}

/* `records`: number of the last one, which is what its counters follow. */
static json_t *metrics_of(struct watch_fixture *fixture, int node, int records)
{
	char text[3000];
	int leads = node == 3;

	snprintf(
		text, sizeof(text),
		"{'schema': 1, 'node': %d, 'version': '0.1.0', 'cluster': '55f434c9-c5b8', 'metrics': ["
		"{'name': 'node_uptime_ns', 'values': [[8000000000]]},"
		"{'name': 'node_process_cpu_ns', 'values': [[%d]]},"
		"{'name': 'journal_leads', 'values': [[0, %d]]},"
		"{'name': 'journal_term', 'values': [[0, 7]]},"
		"{'name': 'journal_records', 'values': [[0, %d]]},"
		"{'name': 'journal_used_bytes', 'values': [[0, 1048576]]},"
		"{'name': 'journal_limit_bytes', 'values': [[0, 4194304]]},"
		"{'name': 'link_up', 'values': [[0, 'a', 1], [0, 'b', 0]]},"
		"{'name': 'worker_dropped', 'values': [[0, 'forged', 2], [0, 'short', 3]]},"
		"{'name': 'worker_turns', 'values': [[0, %d], [1, %d]]},"
		"{'name': 'worker_turns_idle', 'values': [[0, %d], [1, %d]]},"
		"{'name': 'worker_records_appended', 'values': [[0, %d], [1, %d]]},"
		"{'name': 'worker_longest_turn_ns', 'values': [[0, 5000000], [1, 9000000]]}],"
		"'stages': [{'stage': 'commit', 'journal': 0, 'count': %d, 'buckets': [[1000, 0], [2000, %d], [4000, %d]]}]}",
		node, records * 1000000, leads, records, records, records, records / 4, records / 2,
		records, records, records, records / 2, records);
	return watch_fixture_json(fixture, text);
}

static json_t *status_of(struct watch_fixture *fixture, int node)
{
	char text[1200];

	snprintf(
		text, sizeof(text),
		"{'health': {'level': '%s', 'reasons': [%s], 'peers': [%s]}, 'journals': [{'role': '%s'}]}",
		node == 3 ? "degraded" : "healthy",
		node == 3
			? "{'reason': 'peer_behind', 'level': 'degraded', 'journal': 0, 'node': 2, 'for_ns': 3000000000, 'text': 'a peer is behind'}"
			: "",
		node == 3
			? "{'journal': 0, 'node': 1, 'behind_entries': 0, 'behind_ns': 0}, {'journal': 0, 'node': 2, 'behind_entries': 40, 'behind_ns': 2500000000}"
			: "",
		node == 3 ? "leader" : "follower");
	return watch_fixture_json(fixture, text);
}

static json_t *events_of(struct watch_fixture *fixture, int node)
{
	char text[600];

	snprintf(
		text, sizeof(text),
		"{'events': [{'number': 1, 'time_ns': %d000000000, 'level': 5, 'text': 'first of %d'},"
		"{'number': 2, 'time_ns': %d500000000, 'level': 4, 'text': 'second of %d'}]}",
		100 + node, node, 100 + node, node);
	return watch_fixture_json(fixture, text);
}

struct watch_fixture *watch_fixture_begin(void)
{
	static const char *const directories[] = {"/run/one", "/run/two", "/run/three"};
	struct watch_fixture *fixture = calloc(1, sizeof(*fixture));

	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture);
	fixture->now_ms = 10000;
	for (int at = 0; at < (int)WATCH_FIXTURE_NODES; at++)
		fixture->answers[at] = (struct wl_watch_answers){
			.run_directory = directories[at],
			.answers = true,
			.metrics = metrics_of(fixture, at + 1, 1600),
			.before = metrics_of(fixture, at + 1, 1000),
			.span_ms = 1500,
			.status = status_of(fixture, at + 1),
			.recent = watch_fixture_json(
				fixture,
				"{'journals': [{'commit': {'count': 9, 'p50_ns': 1000000, 'p90_ns': 2000000, 'p99_ns': 3000000, 'p999_ns': 4000000, 'max_ns': 5000000}}]}"),
			.events = events_of(fixture, at + 1),
		};
	return fixture;
}

void watch_fixture_over_the_wire(struct watch_fixture *fixture, int node)
{
	fixture->answers[node - 1] = (struct wl_watch_answers){
		.node = node,
		.asked_by = node == 1 ? 2 : 1,
		.answers = true,
		.status = watch_fixture_json(
			fixture,
			"{'version': '0.1.1', 'uptime_ns': 7000000000, 'health': {'level': 'healthy'},"
			"'journals': [{'role': 'follower', 'term': 7, 'commit_number': 1590}]}"),
	};
}

void watch_fixture_look(struct watch_fixture *fixture)
{
	fixture->now_ms += 500;
	wl_watch_look(&fixture->watch, fixture->answers, WATCH_FIXTURE_NODES, fixture->now_ms,
		      fixture->now_ms * 1000000);
}

void watch_fixture_end(struct watch_fixture *fixture)
{
	for (unsigned at = 0; at < fixture->kept_count && at < 64; at++)
		json_decref(fixture->kept[at]);
	free(fixture);
}
