/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/status_json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

struct bed {
	struct wl_config config;
	struct wl_status_facts facts;
	struct wl_counters counters;
	struct wl_stages stages;
	struct wl_histogram histograms[WL_STAGES];
	_Atomic uint64_t buckets[WL_STAGES][WL_HISTOGRAM_COUNTERS(1000000000ull)];
};

static struct bed *make_bed(void)
{
	struct bed *bed = aligned_alloc(_Alignof(struct bed), sizeof(*bed));
	struct wl_journal_status *journal = &bed->facts.journals[0].published;

	memset(bed, 0, sizeof(*bed));
	strcpy(bed->config.cluster_text, "3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21");
	bed->config.node = 2;
	bed->config.node_count = 3;
	bed->config.journal_count = 1;
	bed->config.worker_count = 1;
	for (uint32_t at = 0; at < 3; at++)
		bed->config.nodes[at] =
			(struct wl_config_node){.id = at + 1, .ipv4 = 0xc0000201 + at};
	bed->facts.config = &bed->config;
	bed->facts.version = "0";
	bed->facts.boot_id = 5ull << 32 | 77;
	bed->facts.agent_known = true;
	bed->facts.agent.journals[0].timer_ns = 5;
	bed->facts.agent.journals[0].leader_heard_ago_ns = UINT64_MAX;
	bed->facts.workers[0] =
		(struct wl_status_worker){.core = -1, .idle = "yield", .counters = &bed->counters};
	bed->facts.journals[0].published_known = true;
	bed->facts.journals[0].stages = &bed->stages;
	for (unsigned stage = 0; stage < WL_STAGES; stage++) {
		wl_histogram_init(&bed->histograms[stage], 1000000000ull, bed->buckets[stage]);
		bed->stages.histogram[stage] = &bed->histograms[stage];
	}
	journal->view =
		(struct wl_view){.number = 9, .term = 4, .role = WL_ROLE_LEADER, .leader = 2};
	journal->tail = (struct wl_position){4, 120};
	journal->durable = (struct wl_position){4, 119};
	journal->commit = 118;
	journal->chain = 0xfedcba9876543210ull;
	journal->chain_index = 118;
	journal->terms_left = WL_LOG_TERMS_MAX;
	journal->peers[1] = (struct wl_peer_status){.match_received = 120,
						    .match_durable = 118,
						    .next_index = 121,
						    .greeted = true,
						    .streaming = true};
	journal->peers[3].heard_ago_ns = UINT64_MAX;
	return bed;
}

static json_t *at(json_t *value, const char *name)
{
	return json_object_get(value, name);
}

static json_t *first_journal(json_t *status)
{
	return json_array_get(at(status, "journals"), 0);
}

static void status_tells_progress_of_a_journal(void)
{
	struct bed *bed = make_bed();
	json_t *status = wl_status_json_status(&bed->facts);
	json_t *journal = first_journal(status);

	CU_ASSERT_STRING_EQUAL(json_string_value(at(journal, "role")), "leader");
	CU_ASSERT_EQUAL(json_integer_value(at(journal, "term")), 4);
	CU_ASSERT_EQUAL(json_integer_value(at(journal, "view_number")), 9);
	CU_ASSERT_EQUAL(json_integer_value(at(at(journal, "tail"), "index")), 120);
	CU_ASSERT_EQUAL(json_integer_value(at(at(journal, "durable"), "index")), 119);
	CU_ASSERT_EQUAL(json_integer_value(at(journal, "commit")), 118);
	CU_ASSERT_EQUAL(json_integer_value(at(status, "boot_count")), 5);
	CU_ASSERT_EQUAL(json_array_size(at(journal, "damaged_ranges")), 0);
	json_decref(status);
	free(bed);
}

static void a_chain_value_is_hexadecimal_text(void)
{
	struct bed *bed = make_bed();
	json_t *status = wl_status_json_status(&bed->facts);
	json_t *chain = at(first_journal(status), "chain");

	CU_ASSERT_STRING_EQUAL(json_string_value(at(chain, "value")), "fedcba9876543210");
	CU_ASSERT_EQUAL(json_integer_value(at(chain, "index")), 118);
	json_decref(status);
	free(bed);
}

static bool first_reason_is(const struct bed *bed, const char *reason)
{
	json_t *status = wl_status_json_status(&bed->facts);
	const char *first = json_string_value(json_array_get(at(at(status, "mode"), "reasons"), 0));
	bool is = first && strcmp(first, reason) == 0;

	json_decref(status);
	return is;
}

static void what_is_kept_is_told_with_the_bases(void)
{
	struct bed *bed = make_bed();
	struct wl_journal_status *journal = &bed->facts.journals[0].published;
	json_t *status, *told;

	journal->first_number = 900;
	journal->trim_number = 1000;
	journal->base_mark = 77;
	journal->base_index = 77;
	journal->base_digest = 0xfedcba9876543210ull;
	journal->commit_number = 1500;
	journal->held_bytes = 77000;
	journal->consumers.count = 2;
	journal->consumers.lowest = 1100;
	journal->consumers.consumers[0] = (struct wl_consumer){"books", 1501, 9};
	journal->consumers.consumers[1] = (struct wl_consumer){"index", 1100, 8};
	journal->consumers.consumers[2] = (struct wl_consumer){"was.one", 1, 2};
	status = wl_status_json_status(&bed->facts);
	told = at(first_journal(status), "consumers");
	CU_ASSERT_EQUAL(json_array_size(told), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(at(json_array_get(told, 1), "name")), "index");
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(told, 1), "number")), 1100);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(told, 1), "made")), 8);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(told, 1), "behind_records")), 401);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(told, 0), "behind_records")), 0);
	CU_ASSERT(json_is_true(at(json_array_get(told, 1), "lowest")));
	CU_ASSERT(json_is_false(at(json_array_get(told, 0), "lowest")));
	told = first_journal(status);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "held_bytes")), 77000);
	CU_ASSERT_EQUAL(json_integer_value(at(at(told, "begin"), "number")), 900);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "trim_number")), 1000);
	told = at(told, "bases");
	CU_ASSERT_EQUAL(json_integer_value(at(told, "mark")), 77);
	CU_ASSERT_EQUAL(json_integer_value(at(at(told, "own"), "index")), 77);
	CU_ASSERT_STRING_EQUAL(json_string_value(at(at(told, "own"), "digest")),
			       "fedcba9876543210");
	CU_ASSERT(json_is_null(at(told, "proven")));
	CU_ASSERT_EQUAL(json_array_size(at(told, "differs")), 0);
	json_decref(status);
	journal->base_differs = wl_members_only(3);
	CU_ASSERT(first_reason_is(bed, "base_differs"));
	status = wl_status_json_status(&bed->facts);
	told = at(at(first_journal(status), "bases"), "differs");
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(told, 0)), 3);
	json_decref(status);
	free(bed);
}

static void what_the_base_maker_does_is_told(void)
{
	struct bed *bed = make_bed();
	struct wl_journal_status *journal = &bed->facts.journals[0].published;
	json_t *status, *told;

	journal->durable_offset = 5000;
	journal->opened_from = 41;
	journal->bases = (struct wl_base_report){
		.newest = {.index = 77, .digest = 5, .proven = false},
		.before = {.index = 41, .digest = 6, .proven = true},
		.walked_offset = 4096,
		.made = 9,
		.failures = 2,
		.skipped = 3,
	};
	status = wl_status_json_status(&bed->facts);
	told = at(first_journal(status), "bases");
	CU_ASSERT(json_is_false(at(told, "own_proven")) && json_is_true(at(told, "before_proven")));
	CU_ASSERT_EQUAL(json_integer_value(at(at(told, "before"), "index")), 41);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "opened_from")), 41);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "behind_bytes")), 904);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "made")), 9);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "failed")), 2);
	CU_ASSERT_EQUAL(json_integer_value(at(told, "skipped")), 3);
	CU_ASSERT(json_is_null(at(told, "stopped")));
	json_decref(status);
	journal->bases.stop = WL_BASE_STOP_DAMAGED;
	CU_ASSERT(first_reason_is(bed, "bases_stopped"));
	status = wl_status_json_status(&bed->facts);
	CU_ASSERT_STRING_EQUAL(json_string_value(at(at(first_journal(status), "bases"), "stopped")),
			       "damaged");
	json_decref(status);
	journal->bases.stop = WL_BASE_STOP_NONE;
	journal->bases.failing = true;
	CU_ASSERT(first_reason_is(bed, "base_failed"));
	free(bed);
}

static void peers_are_the_other_nodes_and_the_unknown_is_null(void)
{
	struct bed *bed = make_bed();
	json_t *status = wl_status_json_status(&bed->facts);
	json_t *peers = at(first_journal(status), "peers");

	CU_ASSERT_EQUAL(json_array_size(peers), 2);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(peers, 0), "node")), 1);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(peers, 0), "durable")), 118);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(peers, 1), "node")), 3);
	CU_ASSERT(json_is_null(at(json_array_get(peers, 1), "heard_ago_ns")));
	CU_ASSERT(json_is_null(at(at(first_journal(status), "election"), "leader_heard_ago_ns")));
	json_decref(status);
	free(bed);
}

static void a_difference_of_a_peer_is_told_by_name_with_both_values(void)
{
	struct bed *bed = make_bed();
	struct wl_peer_status *peer = &bed->facts.journals[0].published.peers[1];
	json_t *status, *told, *first;

	peer->differences_known = true;
	peer->differs = 1u << WL_FACT_RECORD_BYTES;
	peer->ours[WL_FACT_RECORD_BYTES] = 65536;
	peer->theirs[WL_FACT_RECORD_BYTES] = 100;
	status = wl_status_json_status(&bed->facts);
	told = json_array_get(at(first_journal(status), "peers"), 0);
	first = json_array_get(at(told, "differences"), 0);
	CU_ASSERT(json_is_false(at(told, "takes_part")));
	CU_ASSERT_STRING_EQUAL(json_string_value(at(first, "what")), "limits.record_bytes");
	CU_ASSERT_EQUAL(json_integer_value(at(first, "ours")), 65536);
	CU_ASSERT_EQUAL(json_integer_value(at(first, "theirs")), 100);
	CU_ASSERT(json_is_false(at(first, "decides")));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_array_get(at(at(status, "mode"), "reasons"), 0)),
		"peer_differs");
	json_decref(status);
	free(bed);
}

static void a_follower_does_not_claim_to_know_its_peers(void)
{
	struct bed *bed = make_bed();
	json_t *status;

	bed->facts.journals[0].published.view.role = WL_ROLE_FOLLOWER;
	status = wl_status_json_status(&bed->facts);
	CU_ASSERT_PTR_NULL(at(json_array_get(at(first_journal(status), "peers"), 0), "durable"));
	json_decref(status);
	free(bed);
}

static void few_terms_and_tables_that_differ_are_reasons(void)
{
	struct bed *bed = make_bed();
	struct wl_journal_status *journal = &bed->facts.journals[0].published;

	journal->terms_left = WL_LOG_TERMS_LOW;
	CU_ASSERT(first_reason_is(bed, "terms_low"));
	journal->terms_left++;
	journal->state_undecided = true;
	CU_ASSERT(first_reason_is(bed, "state_undecided"));
	journal->state_undecided = false;
	journal->peers[3].apart = true;
	CU_ASSERT(first_reason_is(bed, "peer_diverged"));
	journal->peers[3].apart = false;
	journal->peers[2].needs_base = true;
	CU_ASSERT(first_reason_is(bed, "peer_needs_base"));
	free(bed);
}

static void degraded_and_insecure_are_said_with_reasons(void)
{
	struct bed *bed = make_bed();
	json_t *status = wl_status_json_status(&bed->facts);

	CU_ASSERT(json_is_false(at(at(status, "mode"), "degraded")));
	CU_ASSERT(json_is_false(at(at(status, "mode"), "insecure")));
	json_decref(status);
	bed->facts.insecure = true;
	bed->facts.journals[0].published.poisoned = true;
	status = wl_status_json_status(&bed->facts);
	CU_ASSERT(json_is_true(at(at(status, "mode"), "degraded")));
	CU_ASSERT(json_is_true(at(at(status, "mode"), "insecure")));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_array_get(at(at(status, "mode"), "reasons"), 0)),
		"poisoned");
	json_decref(status);
	free(bed);
}

static void every_counter_and_every_reason_to_drop_has_a_member(void)
{
	struct bed *bed = make_bed();
	json_t *answer, *worker;

	wl_count_add(&bed->counters, WL_COUNTER_records_committed, 7);
	wl_count_drop(&bed->counters, WL_FRAME_FORGED);
	answer = wl_status_json_counters(&bed->facts);
	worker = json_array_get(at(answer, "workers"), 0);
	CU_ASSERT_EQUAL(json_integer_value(at(worker, "records_committed")), 7);
	CU_ASSERT_EQUAL(json_integer_value(
				at(at(worker, "dropped"), wl_frame_verdict_name(WL_FRAME_FORGED))),
			1);
	CU_ASSERT_EQUAL(json_object_size(worker),
			WL_COUNTERS + 3); /* dropped, port, longest_turn_ns */
	CU_ASSERT_EQUAL(json_object_size(at(worker, "dropped")),
			WL_FRAME_VERDICTS - WL_FRAME_ICMP - 1);
	json_decref(answer);
	free(bed);
}

static void every_counter_of_control_has_a_member_with_its_value(void)
{
#define NAME(name, kind, unit, help) #name,
	static const char *const of_control[] = {WL_AGENT_COUNTER_LIST(NAME)
							 WL_NEIGHBOUR_COUNTER_LIST(NAME)};
	static const char *const of_elections[] = {WL_ELECTION_COUNTER_LIST(NAME)};
#undef NAME
	struct bed *bed = make_bed();
	json_t *status, *control, *election;

	bed->facts.agent.counts.votes_disbelieved = 7;
	bed->facts.agent.neighbour_counts.echo_ignored = 8;
	bed->facts.agent.journals[0].counts.two_leaders = 9;
	status = wl_status_json_status(&bed->facts);
	control = at(status, "control");
	election = at(first_journal(status), "election");
	for (size_t name = 0; name < sizeof(of_control) / sizeof(of_control[0]); name++)
		CU_ASSERT(json_is_integer(at(control, of_control[name])));
	for (size_t name = 0; name < sizeof(of_elections) / sizeof(of_elections[0]); name++)
		CU_ASSERT(json_is_integer(at(election, of_elections[name])));
	CU_ASSERT_EQUAL(json_integer_value(at(control, "votes_disbelieved")), 7);
	CU_ASSERT_EQUAL(json_integer_value(at(control, "echo_ignored")), 8);
	CU_ASSERT_EQUAL(json_integer_value(at(election, "two_leaders")), 9);
	json_decref(status);
	free(bed);
}

static void latency_gives_percentiles_of_each_stage(void)
{
	struct bed *bed = make_bed();
	json_t *answer, *disk;

	for (uint64_t value = 1; value <= 1000; value++)
		wl_histogram_record(&bed->histograms[WL_STAGE_DISK], value);
	answer = wl_status_json_latency(&bed->facts);
	disk = at(json_array_get(at(answer, "journals"), 0), wl_stage_name(WL_STAGE_DISK));
	CU_ASSERT_EQUAL(json_integer_value(at(disk, "count")), 1000);
	CU_ASSERT_EQUAL(json_integer_value(at(disk, "p50_ns")), 500);
	CU_ASSERT_EQUAL(json_integer_value(at(disk, "p99_ns")), 990);
	CU_ASSERT_EQUAL(json_integer_value(at(disk, "max_ns")), 1000);
	CU_ASSERT_EQUAL(json_object_size(json_array_get(at(answer, "journals"), 0)), WL_STAGES);
	json_decref(answer);
	free(bed);
}

static void config_shows_addresses_as_people_write_them(void)
{
	struct bed *bed = make_bed();
	json_t *answer = wl_status_json_config(&bed->config);

	CU_ASSERT_STRING_EQUAL(
		json_string_value(at(json_array_get(at(answer, "nodes"), 1), "address")),
		"192.0.2.2");
	json_decref(answer);
	free(bed);
}

WL_SUITE(status_json)
{
	WL_TEST(status_tells_progress_of_a_journal),
	WL_TEST(a_chain_value_is_hexadecimal_text),
	WL_TEST(what_is_kept_is_told_with_the_bases),
	WL_TEST(what_the_base_maker_does_is_told),
	WL_TEST(peers_are_the_other_nodes_and_the_unknown_is_null),
	WL_TEST(a_difference_of_a_peer_is_told_by_name_with_both_values),
	WL_TEST(a_follower_does_not_claim_to_know_its_peers),
	WL_TEST(few_terms_and_tables_that_differ_are_reasons),
	WL_TEST(degraded_and_insecure_are_said_with_reasons),
	WL_TEST(every_counter_and_every_reason_to_drop_has_a_member),
	WL_TEST(every_counter_of_control_has_a_member_with_its_value),
	WL_TEST(latency_gives_percentiles_of_each_stage),
	WL_TEST(config_shows_addresses_as_people_write_them),
};
