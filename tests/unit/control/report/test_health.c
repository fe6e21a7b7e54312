/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/health.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/host/clock.h"
#include "tests/unit/runner.h"

#define S 1000000000ull
#define SEGMENT (1ull << 20)

/* Three nodes; ours is node 2 and leads, the others have everything: all is well. */
struct bed {
	struct wl_config config;
	struct wl_status_facts facts;
	struct wl_health health;
	struct wl_health_report report;
	struct wl_health_change changes[8];
	uint64_t now_ns;
};

static void make_peer_well(struct wl_peer_status *peer, uint64_t tail)
{
	*peer = (struct wl_peer_status){.match_received = tail,
					.match_durable = tail,
					.greeted = true,
					.takes_part = true,
					.differences_known = true};
}

static struct bed *make_bed(uint32_t nodes)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct wl_journal_status *journal = &bed->facts.journals[0].published;

	bed->now_ns = 1000 * S;
	bed->config.node = 2;
	bed->config.node_count = nodes;
	bed->config.journal_count = 1;
	bed->config.worker_count = 1;
	bed->config.election_timeout_ns = S / 10;
	bed->config.segment_bytes = SEGMENT;
	bed->config.log_bytes_max = 100 * SEGMENT;
	bed->facts.config = &bed->config;
	bed->facts.agent_known = true;
	bed->facts.journals[0].published_known = true;
	journal->view =
		(struct wl_view){.number = 9, .term = 4, .role = WL_ROLE_LEADER, .leader = 2};
	for (uint32_t node = 1; node <= nodes; node++) {
		journal->list.voters = wl_members_with(journal->list.voters, node);
		if (node != 2)
			make_peer_well(&journal->peers[node], 120);
	}
	journal->tail = journal->durable = (struct wl_position){4, 120};
	journal->terms_left = WL_LOG_TERMS_MAX;
	journal->ready = true;
	journal->wall_ns = WL_CLOCK_YEAR_2000_NS + S;
	journal->segments_ready = 2;
	return bed;
}

static struct wl_journal_status *journal_of(struct bed *bed)
{
	return &bed->facts.journals[0].published;
}

static void judge(struct bed *bed)
{
	wl_health_judge(&bed->facts, bed->health.marks, bed->now_ns, &bed->report);
}

static bool has(const struct bed *bed, enum wl_health_reason reason, uint32_t node)
{
	for (uint32_t at = 0; at < bed->report.count; at++)
		if (bed->report.items[at].reason == reason && bed->report.items[at].node == node)
			return true;
	return false;
}

/* Each change alone gives its reason, with its level, and nothing more: what it is called is what it says. */
#define PROVOKES(reason_, level_, ...)                                             \
	do {                                                                       \
		struct bed *bed = make_bed(5);                                     \
		struct wl_journal_status *journal = journal_of(bed);               \
		(void)journal;                                                     \
		__VA_ARGS__;                                                       \
		judge(bed);                                                        \
		CU_ASSERT_EQUAL(bed->report.count, 1);                             \
		CU_ASSERT_EQUAL(bed->report.items[0].reason, WL_HEALTH_##reason_); \
		CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_##level_);            \
		free(bed);                                                         \
	} while (0)

static void a_leader_whose_peers_are_in_step_is_healthy(void)
{
	static const uint32_t sizes[] = {2, 3, 4, 5, 7};

	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		struct bed *bed = make_bed(sizes[at]);

		judge(bed);
		CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_HEALTHY);
		CU_ASSERT_EQUAL(bed->report.count, 0);
		free(bed);
	}
}

static void each_state_of_a_journal_is_a_reason(void)
{
	PROVOKES(no_space, UNSAFE, journal->no_space = true);
	PROVOKES(damaged, UNSAFE, journal->damaged = true);
	PROVOKES(silent, UNSAFE, journal->silent = true);
	PROVOKES(terms_low, DEGRADED, journal->terms_left = WL_LOG_TERMS_LOW);
	PROVOKES(state_undecided, UNSAFE, journal->state_undecided = true);
	PROVOKES(base_differs, DEGRADED, journal->base_differs = 2);
	PROVOKES(bases_stopped, DEGRADED, journal->bases.stop = WL_BASE_STOP_NONE + 1);
	PROVOKES(archive_behind, DEGRADED,
		 bed->facts.journals[0].archive.configured = bed->facts.journals[0].archive.error =
			 28);
	PROVOKES(base_failed, DEGRADED, journal->bases.failing = true);
	PROVOKES(commit_stalled, UNSAFE, journal->commit_stalled = true);
	PROVOKES(duplicate_id, UNSAFE, journal->duplicate = true);
	PROVOKES(rebuilding, DEGRADED, journal->rebuilding = true);
	PROVOKES(not_ready, DEGRADED, journal->ready = false);
	PROVOKES(not_begun, UNSAFE, journal->view.number = 0);
	PROVOKES(no_leader, UNSAFE, journal->view.role = WL_ROLE_FOLLOWER;
		 journal->view.leader = 0);
	PROVOKES(no_majority, UNSAFE, bed->facts.agent.no_majority[0] = true);
	PROVOKES(diverged, UNSAFE, bed->facts.agent.divergences[0].node = 1);
	PROVOKES(address_twice, DEGRADED, bed->facts.agent.address_twice = true);
}

static void each_thing_that_a_build_or_its_memory_lacks_is_a_reason(void)
{
	PROVOKES(outdated, UNSAFE, journal->lacks_features = true);
	PROVOKES(limits_lack_room, UNSAFE, journal->lacks_room = true);
	PROVOKES(peer_outdated, DEGRADED, journal->peers[3].lacks_features = true);
	PROVOKES(versions_differ, HEALTHY, bed->facts.version = "1.2";
		 journal->peers[3].build_known = true; strcpy(journal->peers[3].version, "1.3"));
}

static void what_becomes_of_damage_is_a_reason(void)
{
	PROVOKES(dormant, UNSAFE, journal->dormant = true);
	PROVOKES(mending, DEGRADED, bed->facts.journals[0].mending.phase = WL_MENDING_NONE + 1);
	PROVOKES(entry_lost, UNSAFE, bed->facts.journals[0].mending.phase = WL_MENDING_LOST);
}

static void each_thing_that_the_drive_does_wrong_is_a_reason(void)
{
	PROVOKES(drive_stalled, UNSAFE, journal->storage.silent_ns = WL_HEALTH_DRIVE_STALLED_NS);
	PROVOKES(drive_fails, DEGRADED, journal->storage.segment_error = 5);
	PROVOKES(drive_fails, DEGRADED, journal->storage.open_error = 2);
	PROVOKES(drive_fails, DEGRADED, journal->storage.forget_error = 5);
}

static void each_state_of_the_node_is_a_reason(void)
{
	PROVOKES(superblock_failed, UNSAFE, bed->facts.agent.record_failed = true);
	PROVOKES(link_down, DEGRADED, bed->facts.links_down = 1);
	PROVOKES(nic_gone, UNSAFE, bed->facts.links_gone = 1);
	PROVOKES(worker_allocates, DEGRADED, bed->facts.worker_allocations = 1);
	PROVOKES(worker_silent, UNSAFE,
		 bed->facts.agent.workers[0].silent_ns = WL_HEALTH_WORKER_SILENT_NS + 1);
}

static void a_worker_that_has_stopped_is_not_silent(void)
{
	struct bed *bed = make_bed(3);

	bed->facts.agent.workers[0].silent_ns = 60 * S;
	bed->facts.agent.workers[0].stopped = true;
	judge(bed);
	CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_HEALTHY);
	free(bed);
}

static void a_clock_that_cannot_be_right_is_a_reason(void)
{
	PROVOKES(clock, DEGRADED, journal->clock_astray = true);
	PROVOKES(clock, DEGRADED, journal->wall_ns = WL_CLOCK_YEAR_2000_NS - 1);
	PROVOKES(clock, DEGRADED, journal->wall_ns = WL_CLOCK_YEAR_2200_NS);
	PROVOKES(clock, DEGRADED, journal->stamps_ahead_ns = 6 * S);
}

/* Of five: one that is missing leaves another to spare. */
static void each_thing_that_a_peer_lacks_is_a_reason(void)
{
	PROVOKES(peer_silent, DEGRADED,
		 journal->peers[3].heard_ago_ns = WL_HEALTH_PEER_SILENT_NS + 1);
	PROVOKES(peer_silent, DEGRADED, journal->peers[3].greeted = false);
	PROVOKES(peer_silent, DEGRADED, journal->peers[3].takes_part = false);
	PROVOKES(peer_differs, DEGRADED, journal->peers[3].takes_part = false;
		 journal->peers[3].differs = 1);
	PROVOKES(peer_differs, DEGRADED, journal->peers[3].differs = 1);
	PROVOKES(peer_history, DEGRADED, journal->peers[3].strange = true);
	PROVOKES(peer_diverged, DEGRADED, journal->peers[3].apart = true);
	PROVOKES(peer_needs_base, DEGRADED, journal->peers[3].needs_base = true);
	PROVOKES(peer_held_back, DEGRADED, journal->peers[3].held_back = true);
	PROVOKES(peer_full, DEGRADED, journal->peers[3].no_space = true);
	PROVOKES(path_mtu, DEGRADED, journal->peers[3].path_is_narrow = true);
	PROVOKES(not_believed, DEGRADED,
		 journal->peers[3].refused = ((struct wl_claim_status){.why = "forged"}));
}

static void who_was_refused_long_ago_is_no_reason(void)
{
	struct bed *bed = make_bed(3);

	journal_of(bed)->peers[3].refused =
		(struct wl_claim_status){.why = "forged", .ago_ns = WL_HEALTH_NOT_BELIEVED_NS};
	judge(bed);
	CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_HEALTHY);
	free(bed);
}

/* A follower does not hear the other followers all the time, and judges none of them. */
static void a_follower_does_not_judge_who_is_silent(void)
{
	struct bed *bed = make_bed(3);

	journal_of(bed)->view.role = WL_ROLE_FOLLOWER;
	journal_of(bed)->view.leader = 1;
	journal_of(bed)->peers[3].heard_ago_ns = UINT64_MAX;
	judge(bed);
	CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_HEALTHY);
	free(bed);
}

/* How many may be away before the next failure stops it: with 2 f + 1, f - 1. */
static void the_last_one_to_spare_is_told(void)
{
	static const uint32_t sizes[] = {3, 4, 5, 6, 7};

	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		for (uint32_t away = 1; away <= sizes[at] / 2; away++) {
			struct bed *bed = make_bed(sizes[at]);
			uint32_t left = sizes[at] - away, quorum = sizes[at] / 2 + 1;

			for (uint32_t node = sizes[at]; node > sizes[at] - away; node--)
				journal_of(bed)->peers[node == 2 ? 1 : node].greeted = false;
			judge(bed);
			CU_ASSERT_EQUAL(has(bed, WL_HEALTH_redundancy_lost, 0), left <= quorum);
			CU_ASSERT_EQUAL(bed->report.level == WL_HEALTH_UNSAFE, left <= quorum);
			free(bed);
		}
	}
}

static void data_of_a_leader_that_do_not_count_are_none_to_spare(void)
{
	struct bed *bed = make_bed(3);

	bed->facts.agent.journals[0].held_back = true;
	judge(bed);
	CU_ASSERT(has(bed, WL_HEALTH_held_back, 0));
	CU_ASSERT(has(bed, WL_HEALTH_redundancy_lost, 0));
	free(bed);
	bed = make_bed(3);
	journal_of(bed)->poisoned = true;
	judge(bed);
	CU_ASSERT(has(bed, WL_HEALTH_poisoned, 0));
	CU_ASSERT(has(bed, WL_HEALTH_redundancy_lost, 0));
	free(bed);
}

static uint32_t look(struct bed *bed, uint64_t after_ns)
{
	uint32_t count;

	bed->now_ns += after_ns;
	count = wl_health_look(&bed->health, &bed->facts, bed->now_ns, bed->changes, 8);
	bed->report = bed->health.now;
	return count;
}

/* ---- behind ------------------------------------------------------------------------------------- */

static void a_peer_that_stands_still_is_behind_after_two_seconds(void)
{
	struct bed *bed = make_bed(3);
	uint64_t behind = 0;

	look(bed, 0);
	for (unsigned at = 0; at < 12; at++) {
		journal_of(bed)->tail.index += 1000;
		journal_of(bed)->peers[1].match_received = journal_of(bed)->tail.index - 3;
		look(bed, S / 4);
		behind = wl_health_marks_behind_ns(&bed->health.marks[0], journal_of(bed), 3,
						   bed->now_ns);
		CU_ASSERT_EQUAL(behind, (at + 1) * S / 4);
		CU_ASSERT_EQUAL(has(bed, WL_HEALTH_peer_behind, 3), behind > 2 * S);
		/* In flight is not behind. */
		CU_ASSERT(!has(bed, WL_HEALTH_peer_behind, 1));
	}
	CU_ASSERT(has(bed, WL_HEALTH_redundancy_lost, 0));
	journal_of(bed)->peers[3].match_received = journal_of(bed)->tail.index;
	look(bed, S / 4);
	CU_ASSERT(!has(bed, WL_HEALTH_peer_behind, 3));
	free(bed);
}

/* It gets as much as is appended: it stays as far behind in time as it is. */
static void how_far_behind_a_peer_is_in_time_is_right_within_twice(void)
{
	static const uint64_t lags[] = {3, 8, 40};

	for (unsigned which = 0; which < sizeof(lags) / sizeof(lags[0]); which++) {
		struct bed *bed = make_bed(3);
		uint64_t begin = journal_of(bed)->tail.index, behind, lag = lags[which] * S;

		for (uint64_t quarter = 0; quarter < 16 * lags[which]; quarter++) {
			journal_of(bed)->tail.index = begin + quarter * 1000;
			journal_of(bed)->peers[1].match_received = journal_of(bed)->tail.index;
			journal_of(bed)->peers[3].match_received =
				quarter < 4 * lags[which]
					? begin
					: begin + (quarter - 4 * lags[which]) * 1000;
			look(bed, S / 4);
		}
		behind = wl_health_marks_behind_ns(&bed->health.marks[0], journal_of(bed), 3,
						   bed->now_ns);
		CU_ASSERT(behind >= lag - S / 4 && behind <= 2 * lag + S / 2);
		free(bed);
	}
}

static void another_view_begins_anew(void)
{
	struct bed *bed = make_bed(3);

	journal_of(bed)->tail.index += 1000;
	journal_of(bed)->peers[1].match_received += 1000;
	look(bed, 0);
	look(bed, 5 * S);
	CU_ASSERT(has(bed, WL_HEALTH_peer_behind, 3));
	journal_of(bed)->view.number++;
	look(bed, S / 4);
	CU_ASSERT(!has(bed, WL_HEALTH_peer_behind, 3));
	free(bed);
}

/* ---- room --------------------------------------------------------------------------------------- */

static void grow(struct bed *bed, uint64_t from, uint64_t each_second, unsigned seconds)
{
	for (unsigned at = 0; at <= seconds; at++) {
		journal_of(bed)->append_offset = from + at * each_second;
		journal_of(bed)->segments_ready = journal_of(bed)->append_offset / SEGMENT + 2;
		look(bed, at == 0 ? 0 : S);
	}
}

static void a_log_that_is_full_within_the_hour_is_told(void)
{
	struct bed *bed = make_bed(3);

	grow(bed, 84 * SEGMENT, SEGMENT / 100, 60);
	CU_ASSERT(has(bed, WL_HEALTH_filling, 0));
	CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_DEGRADED);
	free(bed);
}

static void room_that_lasts_for_more_than_an_hour_or_is_ample_is_not(void)
{
	struct bed *bed = make_bed(3);

	grow(bed, 84 * SEGMENT, SEGMENT / 1000, 60);
	CU_ASSERT(!has(bed, WL_HEALTH_filling, 0));
	free(bed);
	bed = make_bed(3);
	grow(bed, 60 * SEGMENT, SEGMENT / 10, 60);
	CU_ASSERT(!has(bed, WL_HEALTH_filling, 0));
	free(bed);
}

static void a_file_system_with_less_room_than_the_log_counts(void)
{
	struct bed *bed = make_bed(3);

	bed->facts.storage_free_known = true;
	bed->facts.storage_free_bytes = 4 * SEGMENT;
	grow(bed, 40 * SEGMENT, SEGMENT / 10, 60);
	CU_ASSERT(has(bed, WL_HEALTH_filling, 0));
	free(bed);
}

/* What is given up at the other end makes room: the rate is what is left of both. */
static void a_log_that_is_given_up_as_fast_as_it_grows_does_not_fill(void)
{
	struct bed *bed = make_bed(3);

	for (unsigned at = 0; at < 60; at++) {
		journal_of(bed)->append_offset = (90 + at) * SEGMENT;
		journal_of(bed)->first_segment = at;
		look(bed, S);
	}
	CU_ASSERT(!has(bed, WL_HEALTH_filling, 0));
	free(bed);
}

/* ---- since when --------------------------------------------------------------------------------- */

static void a_reason_is_told_once_when_it_lasts_and_once_when_it_ends(void)
{
	struct bed *bed = make_bed(5);

	look(bed, 0);
	bed->facts.links_down = 1;
	CU_ASSERT_EQUAL(look(bed, S), 0);
	CU_ASSERT_EQUAL(look(bed, S / 2), 0);
	CU_ASSERT_EQUAL(look(bed, S / 2), 1);
	CU_ASSERT(!bed->changes[0].ends);
	CU_ASSERT_EQUAL(bed->changes[0].item.reason, WL_HEALTH_link_down);
	CU_ASSERT_EQUAL(look(bed, 9 * S), 0);
	CU_ASSERT_EQUAL(bed->now_ns - bed->report.items[0].since_ns, 10 * S);
	bed->facts.links_down = 0;
	CU_ASSERT_EQUAL(look(bed, S), 1);
	CU_ASSERT(bed->changes[0].ends);
	CU_ASSERT_EQUAL(bed->changes[0].lasted_ns, 11 * S);
	CU_ASSERT_EQUAL(look(bed, S), 0);
	free(bed);
}

static void what_passes_within_a_second_is_not_told(void)
{
	struct bed *bed = make_bed(5);

	look(bed, 0);
	bed->facts.links_down = 1;
	CU_ASSERT_EQUAL(look(bed, S), 0);
	CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_DEGRADED);
	bed->facts.links_down = 0;
	CU_ASSERT_EQUAL(look(bed, S - 1), 0);
	free(bed);
}

static void more_changes_than_are_wanted_wait_for_no_one(void)
{
	struct bed *bed = make_bed(7);

	for (uint32_t node = 1; node <= 7; node++)
		journal_of(bed)->peers[node].greeted = false;
	look(bed, 0);
	bed->now_ns += 2 * S;
	CU_ASSERT_EQUAL(wl_health_look(&bed->health, &bed->facts, bed->now_ns, bed->changes, 3), 3);
	free(bed);
}

/* ---- words -------------------------------------------------------------------------------------- */

static void a_sentence_names_journal_and_node(void)
{
	struct bed *bed = make_bed(5);
	char text[256], little[12];

	judge(bed);
	wl_health_describe(&bed->report, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "healthy");
	bed->facts.links_down = 1;
	journal_of(bed)->no_space = true;
	journal_of(bed)->peers[3].greeted = false;
	judge(bed);
	wl_health_describe(&bed->report, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
		text, "unsafe: no_space (journal 0), peer_silent (journal 0, node 3), link_down");
	wl_health_describe(&bed->report, little, sizeof(little));
	CU_ASSERT_STRING_EQUAL(little, "unsafe: no_");
	free(bed);
}

static void json_has_level_reasons_and_peers(void)
{
	struct bed *bed = make_bed(5);
	json_t *health, *reason, *peers, *peer;

	journal_of(bed)->peers[3].held_back = true;
	journal_of(bed)->peers[3].match_received = 100;
	look(bed, 0);
	health = wl_health_json(&bed->report, bed->now_ns + 7);
	reason = json_array_get(json_object_get(health, "reasons"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(health, "level")), "degraded");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(reason, "reason")),
			       "peer_held_back");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(reason, "node")), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(reason, "for_ns")), 7);
	peers = wl_health_json_peers(&bed->facts, bed->health.marks, bed->now_ns);
	CU_ASSERT_EQUAL(json_array_size(peers), 4);
	peer = json_array_get(peers, 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(peer, "node")), 3);
	CU_ASSERT(json_is_false(json_object_get(peer, "counts")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(peer, "behind_entries")), 20);
	json_decref(health);
	json_decref(peers);
	free(bed);
}

static void more_reasons_than_there_is_room_for_still_give_the_level(void)
{
	struct bed *bed = make_bed(7);

	bed->config.journal_count = WIRELOG_JOURNALS_MAX;
	for (uint32_t id = 0; id < WIRELOG_JOURNALS_MAX; id++) {
		struct wl_status_journal *journal = &bed->facts.journals[id];

		*journal = bed->facts.journals[0];
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
			journal->published.peers[node].differs = 1;
			journal->published.peers[node].path_is_narrow = true;
			journal->published.peers[node].apart = true;
			journal->published.peers[node].needs_base = true;
		}
	}
	bed->facts.agent.record_failed = true;
	judge(bed);
	CU_ASSERT(bed->report.count <= WL_HEALTH_ITEMS_MAX);
	CU_ASSERT_EQUAL(bed->report.level, WL_HEALTH_UNSAFE);
	free(bed);
}

WL_SUITE(health)
{
	WL_TEST(a_leader_whose_peers_are_in_step_is_healthy),
	WL_TEST(each_state_of_a_journal_is_a_reason),
	WL_TEST(each_thing_that_a_build_or_its_memory_lacks_is_a_reason),
	WL_TEST(what_becomes_of_damage_is_a_reason),
	WL_TEST(each_thing_that_the_drive_does_wrong_is_a_reason),
	WL_TEST(each_state_of_the_node_is_a_reason),
	WL_TEST(a_worker_that_has_stopped_is_not_silent),
	WL_TEST(a_clock_that_cannot_be_right_is_a_reason),
	WL_TEST(each_thing_that_a_peer_lacks_is_a_reason),
	WL_TEST(who_was_refused_long_ago_is_no_reason),
	WL_TEST(a_follower_does_not_judge_who_is_silent),
	WL_TEST(the_last_one_to_spare_is_told),
	WL_TEST(data_of_a_leader_that_do_not_count_are_none_to_spare),
	WL_TEST(a_peer_that_stands_still_is_behind_after_two_seconds),
	WL_TEST(how_far_behind_a_peer_is_in_time_is_right_within_twice),
	WL_TEST(another_view_begins_anew),
	WL_TEST(a_log_that_is_full_within_the_hour_is_told),
	WL_TEST(room_that_lasts_for_more_than_an_hour_or_is_ample_is_not),
	WL_TEST(a_file_system_with_less_room_than_the_log_counts),
	WL_TEST(a_log_that_is_given_up_as_fast_as_it_grows_does_not_fill),
	WL_TEST(a_reason_is_told_once_when_it_lasts_and_once_when_it_ends),
	WL_TEST(what_passes_within_a_second_is_not_told),
	WL_TEST(more_changes_than_are_wanted_wait_for_no_one),
	WL_TEST(a_sentence_names_journal_and_node),
	WL_TEST(json_has_level_reasons_and_peers),
	WL_TEST(more_reasons_than_there_is_room_for_still_give_the_level),
};
