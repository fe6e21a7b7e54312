/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/worker/journal.h"
#include "tests/unit/runner.h"

#define COUNTERS WL_HISTOGRAM_COUNTERS(WL_STAGE_HIGHEST_NS)

struct bed {
	struct wl_config config;
	struct wl_status_facts facts;
	struct wl_health health;
	struct wl_counters counters[2];
	struct wl_stages stages;
	struct wl_histogram histograms[WL_STAGES];
	_Atomic uint64_t buckets[WL_STAGES][COUNTERS];
};

static struct bed *make_bed(uint32_t journals)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	bed->config.node = 2;
	bed->config.node_count = 3;
	bed->config.journal_count = journals;
	bed->config.worker_count = 2;
	bed->facts.config = &bed->config;
	bed->facts.version = "0";
	bed->facts.agent_known = true;
	bed->facts.health = &bed->health;
	for (unsigned at = 0; at < 2; at++)
		bed->facts.workers[at].counters = &bed->counters[at];
	bed->facts.workers[0].port[0] = (struct wl_status_number){"no_buffer", 3};
	for (unsigned stage = 0; stage < WL_STAGES; stage++) {
		wl_histogram_init(&bed->histograms[stage], WL_STAGE_HIGHEST_NS,
				  bed->buckets[stage]);
		bed->stages.histogram[stage] = &bed->histograms[stage];
	}
	for (uint32_t id = 0; id < journals; id++) {
		bed->facts.journals[id].published_known = true;
		bed->facts.journals[id].stages = &bed->stages;
		bed->facts.journals[id].published.view =
			(struct wl_view){.role = WL_ROLE_LEADER, .term = 4 + id};
		bed->facts.journals[id].published.list.voters = 0xe;
	}
	return bed;
}

static json_t *find(const json_t *list, const char *name)
{
	size_t at;
	json_t *one;

	json_array_foreach(list, at, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
			return one;
	}
	return NULL;
}

/* The number of the row whose labels are these. */
static json_int_t value_of(const json_t *metrics, const char *name, const char *labels)
{
	json_t *metric = find(json_object_get(metrics, "metrics"), name), *row;
	json_t *wanted = json_loads(labels, 0, NULL);
	json_int_t value = -99;
	size_t at;

	json_array_foreach(json_object_get(metric, "values"), at, row)
	{
		size_t count = json_array_size(row);
		bool same = count == json_array_size(wanted) + 1;

		for (size_t label = 0; same && label + 1 < count; label++)
			same = json_equal(json_array_get(row, label),
					  json_array_get(wanted, label));
		if (same)
			value = json_integer_value(json_array_get(row, count - 1));
	}
	json_decref(wanted);
	return value;
}

static void every_metric_is_in_the_catalogue_under_one_name_with_its_labels(void)
{
	static const uint32_t counts[] = {1, 3, WIRELOG_JOURNALS_MAX};
	static const struct wl_status_link link = {
		.name = "eth1",
		.kind = "af_packet",
		.stats_known = true,
		.number_count = 1,
		.numbers = {{"rx_q0_errors", 5}},
	};

	for (unsigned which = 0; which < 3; which++) {
		struct bed *bed = make_bed(counts[which]);
		json_t *catalogue = wl_metrics_catalogue(), *names = json_object();
		json_t *known = json_object_get(catalogue, "metrics"), *metrics, *one, *row;
		size_t at, in;

		bed->health.now.count = 1;
		bed->facts.links = &link;
		bed->facts.link_count = 1;
		metrics = wl_metrics_json(&bed->facts);
		CU_ASSERT_EQUAL(json_array_size(known),
				json_array_size(json_object_get(metrics, "metrics")));
		json_array_foreach(json_object_get(metrics, "metrics"), at, one)
		{
			const char *name = json_string_value(json_object_get(one, "name"));
			json_t *entry = find(known, name);

			CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
			CU_ASSERT_PTR_NULL(json_object_get(names, name));
			json_object_set_new(names, name, json_true());
			CU_ASSERT(strlen(json_string_value(json_object_get(entry, "help"))) > 2);
			if (strncmp(name, "link_", 5) == 0 || strcmp(name, "health_reason") == 0)
				CU_ASSERT(json_array_size(json_object_get(one, "values")) != 0);
			json_array_foreach(json_object_get(one, "values"), in, row)
			{
				CU_ASSERT_EQUAL(json_array_size(row),
						json_array_size(json_object_get(entry, "labels")) +
							1);
			}
		}
		json_decref(names);
		json_decref(catalogue);
		json_decref(metrics);
		free(bed);
	}
}

static void values_stand_beside_what_they_belong_to(void)
{
	struct bed *bed = make_bed(2);
	json_t *metrics;

	bed->facts.journals[1].published.commit = 77;
	bed->facts.journals[1].published.tail.index = 90;
	bed->facts.journals[1].published.peers[3].match_received = 80;
	bed->facts.journals[1].published.clock_ahead_ns = -5;
	wl_count_add(&bed->counters[1], WL_COUNTER_rx_frames, 12);
	bed->counters[1].longest_turn_ns = 9;
	bed->facts.agent.workers[1].silent_ns = 8;
	bed->facts.agent.counts.records = 6;
	bed->facts.agent.journals[1].counts.won = 2;
	bed->counters[0].dropped[WL_FRAME_ICMP + 1] = 4;
	bed->health.now = (struct wl_health_report){
		.level = WL_HEALTH_UNSAFE,
		.count = 1,
		.items = {{.reason = WL_HEALTH_peer_silent, .journal = 1, .node = 3}}};
	metrics = wl_metrics_json(&bed->facts);
	CU_ASSERT_EQUAL(value_of(metrics, "journal_commit_index", "[1]"), 77);
	CU_ASSERT_EQUAL(value_of(metrics, "journal_term", "[0]"), 4);
	CU_ASSERT_EQUAL(value_of(metrics, "journal_term", "[1]"), 5);
	CU_ASSERT_EQUAL(value_of(metrics, "journal_clock_ahead_ns", "[1]"), -5);
	CU_ASSERT_EQUAL(value_of(metrics, "peer_behind_entries", "[1, 3]"), 10);
	CU_ASSERT_EQUAL(value_of(metrics, "peer_behind_entries", "[1, 2]"), -99);
	CU_ASSERT_EQUAL(value_of(metrics, "worker_rx_frames", "[1]"), 12);
	CU_ASSERT_EQUAL(value_of(metrics, "worker_rx_frames", "[0]"), 0);
	CU_ASSERT_EQUAL(value_of(metrics, "worker_longest_turn_ns", "[1]"), 9);
	CU_ASSERT_EQUAL(value_of(metrics, "worker_silent_ns", "[1]"), 8);
	CU_ASSERT_EQUAL(value_of(metrics, "worker_port", "[0, \"no_buffer\"]"), 3);
	CU_ASSERT_EQUAL(value_of(metrics, "control_records", "[]"), 6);
	CU_ASSERT_EQUAL(value_of(metrics, "election_won", "[1]"), 2);
	CU_ASSERT_EQUAL(value_of(metrics, "node_health", "[]"), 2);
	CU_ASSERT_EQUAL(value_of(metrics, "health_reason", "[\"peer_silent\", 1, 3, \"degraded\"]"),
			1);
	json_decref(metrics);
	free(bed);
}

static void a_link_is_told_by_worker_and_name(void)
{
	static const struct wl_status_link links[] = {
		{.worker = 0,
		 .name = "eth1",
		 .kind = "af_packet",
		 .up = true,
		 .steering = "software",
		 .changes = 3,
		 .stats_known = true,
		 .stats = {.rx_missed = 7, .handed_over = 9}},
		{.worker = 1,
		 .name = "@socket",
		 .kind = "memif",
		 .number_count = 1,
		 .numbers = {{"rx_q0_errors", 5}}},
	};
	struct bed *bed = make_bed(1);
	json_t *metrics, *told, *first;

	bed->facts.links = links;
	bed->facts.link_count = 2;
	metrics = wl_metrics_json(&bed->facts);
	CU_ASSERT_EQUAL(value_of(metrics, "link_rx_missed", "[0, \"eth1\"]"), 7);
	CU_ASSERT_EQUAL(value_of(metrics, "link_rx_missed", "[1, \"@socket\"]"), -99);
	CU_ASSERT_EQUAL(value_of(metrics, "link_handed_over", "[0, \"eth1\"]"), 9);
	CU_ASSERT_EQUAL(value_of(metrics, "link_up", "[0, \"eth1\"]"), 1);
	CU_ASSERT_EQUAL(value_of(metrics, "link_up", "[1, \"@socket\"]"), 0);
	CU_ASSERT_EQUAL(value_of(metrics, "link_changes", "[0, \"eth1\"]"), 3);
	CU_ASSERT_EQUAL(value_of(metrics, "link_extended", "[1, \"@socket\", \"rx_q0_errors\"]"),
			5);
	told = wl_status_json_links(links, 2);
	first = json_array_get(told, 0);
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_object_get(first, "stats"), "rx_missed")),
		7);
	CU_ASSERT(json_is_null(json_object_get(json_array_get(told, 1), "stats")));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "steering")), "software");
	CU_ASSERT(json_is_null(json_object_get(json_array_get(told, 1), "steering")));
	json_decref(told);
	json_decref(metrics);
	free(bed);
}

static void what_is_not_known_has_no_row(void)
{
	struct bed *bed = make_bed(1);
	json_t *metrics;

	bed->facts.journals[0].published.peers[1].heard_ago_ns = UINT64_MAX;
	bed->facts.agent_known = false;
	metrics = wl_metrics_json(&bed->facts);
	CU_ASSERT_EQUAL(value_of(metrics, "peer_heard_ago_ns", "[0, 1]"), -99);
	CU_ASSERT_EQUAL(value_of(metrics, "peer_heard_ago_ns", "[0, 3]"), 0);
	CU_ASSERT_EQUAL(value_of(metrics, "node_storage_free_bytes", "[]"), -99);
	CU_ASSERT_EQUAL(value_of(metrics, "worker_silent_ns", "[0]"), -99);
	CU_ASSERT_EQUAL(value_of(metrics, "election_won", "[0]"), -99);
	json_decref(metrics);
	free(bed);
}

/* Only who leads knows of the others. */
static void a_follower_tells_nothing_of_peers(void)
{
	struct bed *bed = make_bed(1);
	json_t *metrics;

	bed->facts.journals[0].published.view.role = WL_ROLE_FOLLOWER;
	metrics = wl_metrics_json(&bed->facts);
	CU_ASSERT_EQUAL(value_of(metrics, "peer_received_index", "[0, 1]"), -99);
	json_decref(metrics);
	free(bed);
}

static json_int_t up_to(const json_t *stage, json_int_t ns)
{
	json_t *bucket;
	size_t at;

	json_array_foreach(json_object_get(stage, "buckets"), at, bucket)
	{
		if (json_integer_value(json_array_get(bucket, 0)) == ns)
			return json_integer_value(json_array_get(bucket, 1));
	}
	return -99;
}

static void stages_are_told_in_buckets_that_grow_by_two(void)
{
	struct bed *bed = make_bed(1);
	json_t *stages, *disk;

	wl_histogram_record_many(&bed->histograms[WL_STAGE_DISK], 900, 5);
	wl_histogram_record_many(&bed->histograms[WL_STAGE_DISK], 3000, 7);
	wl_histogram_record_many(&bed->histograms[WL_STAGE_DISK], WL_STAGE_HIGHEST_NS, 1);
	stages = wl_metrics_stages(&bed->facts);
	CU_ASSERT_EQUAL(json_array_size(stages), WL_STAGES);
	disk = json_array_get(stages, WL_STAGE_DISK);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(disk, "stage")), "disk");
	CU_ASSERT_EQUAL(up_to(disk, 1000), 5);
	CU_ASSERT_EQUAL(up_to(disk, 2000), 5);
	CU_ASSERT_EQUAL(up_to(disk, 4000), 12);
	CU_ASSERT_EQUAL(up_to(disk, 1000ll << (WL_METRICS_BUCKETS - 1)), 12);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(disk, "count")), 13);
	CU_ASSERT(json_integer_value(json_object_get(disk, "sum_us")) > 50000000);
	json_decref(stages);
	free(bed);
}

WL_SUITE(metrics)
{
	WL_TEST(every_metric_is_in_the_catalogue_under_one_name_with_its_labels),
	WL_TEST(values_stand_beside_what_they_belong_to),
	WL_TEST(a_link_is_told_by_worker_and_name),
	WL_TEST(what_is_not_known_has_no_row),
	WL_TEST(a_follower_tells_nothing_of_peers),
	WL_TEST(stages_are_told_in_buckets_that_grow_by_two),
};
