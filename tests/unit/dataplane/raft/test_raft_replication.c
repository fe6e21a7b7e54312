/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Raft paper section by section, its log: "In Search of an Understandable Consensus Algorithm"
 * (extended version) 5.1, 5.3, 5.4.1, 5.4.2, 5.5, 8, figures 2, 7 and 8. The sentence that a test
 * stands for is above it. Real replicas and logs, joined by mail (replica_fixture.h); elections are in
 * test_raft_elections.c.
 */
#include <string.h>

#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct replica_fixture cluster;

static uint64_t term_at(uint32_t node, uint64_t index)
{
	uint64_t term = UINT64_MAX;

	wl_log_term_at(replica_log(&cluster, node), index, &term);
	return term;
}

/* ---- 5.1 ---- */

/* "If a server receives a request with a stale term number, it rejects the request." */
static void s5_1_append_with_a_stale_term_is_rejected_with_ours(void)
{
	struct wl_wire_append_ack ack;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_follow(&cluster, 3, 5, 0);
	replica_fixture_send(&cluster,
			     &(struct replica_frame){.from = 1, .to = 3, .term = 4, .count = 2});
	replica_fixture_turn(&cluster, 3);
	CU_ASSERT(replica_fixture_take_ack(&cluster, 3, 1, &ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.term, 5);
	CU_ASSERT_EQUAL(ack.match_received, 0);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 0);
	replica_fixture_fini(&cluster);
}

/* "If one server's current term is smaller than the other's, then it updates" - but control does that, not the log. */
static void s5_1_append_with_a_newer_term_goes_to_control_and_not_into_the_log(void)
{
	struct wl_plane_message told;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_follow(&cluster, 3, 5, 0);
	replica_fixture_send(&cluster,
			     &(struct replica_frame){.from = 1, .to = 3, .term = 6, .count = 2});
	replica_fixture_turn(&cluster, 3);
	CU_ASSERT(replica_fixture_told(&cluster, 3, WL_PLANE_SAW_TERM, &told));
	CU_ASSERT_EQUAL(told.view.term, 6);
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->view.term, 5);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 0);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 3, 1, 0), 0);
	replica_fixture_fini(&cluster);
}

/* "If a candidate or leader discovers that its term is out of date, it immediately reverts to follower state." */
static void s5_1_deposed_leader_learns_of_the_new_term_from_the_first_answer(void)
{
	struct wl_plane_message told;

	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, 1, 2);
	replica_fixture_follow(&cluster, 3, 3, 0);
	replica_fixture_lead(&cluster, 2, 3);
	memset(cluster.cut[2], 1, sizeof(cluster.cut[2]));
	replica_fixture_run(&cluster, 2);
	CU_ASSERT(replica_fixture_told(&cluster, 1, WL_PLANE_SAW_TERM, &told));
	CU_ASSERT_EQUAL(told.view.term, 3);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 0);
	replica_fixture_fini(&cluster);
}

/* ---- 5.3 ---- */

static void elect(unsigned voters)
{
	replica_fixture_init(&cluster, voters);
	replica_fixture_elect(&cluster, 1, 1);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT(replica_of(&cluster, 1)->leader.ready);
}

/* "A log entry is committed once the leader that created the entry has replicated it on a majority of the servers" */
static void s5_3_entry_is_committed_once_it_is_durable_on_a_majority(void)
{
	elect(3);
	cluster.cut[1][3] = true;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 5);
	CU_ASSERT_EQUAL(replica_log(&cluster, 1)->tail.index, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 2);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 1);
	replica_fixture_fini(&cluster);
}

static void s5_3_entry_is_not_committed_while_a_majority_has_only_received_it(void)
{
	elect(3);
	cluster.nodes[2].hold_disk = true;
	cluster.nodes[3].hold_disk = true;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.received_all, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 1);
	replica_fixture_complete(&cluster, 3);
	replica_fixture_run(&cluster, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 2);
	replica_fixture_fini(&cluster);
}

static void s5_3_entry_is_committed_without_the_disk_of_the_leader(void)
{
	elect(3);
	cluster.nodes[1].hold_disk = true;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(replica_log(&cluster, 1)->durable.index, 1);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 2);
	replica_fixture_fini(&cluster);
}

/* "The leader keeps track of the highest index it knows to be committed, and it includes that index in future
 * AppendEntries RPCs (including heartbeats) so that the other servers eventually find out." */
static void s5_3_followers_learn_what_is_committed_from_the_next_frame(void)
{
	elect(3);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 2)->commit, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->commit, 2);
	replica_fixture_fini(&cluster);
}

/* "If followers crash or run slowly [...] the leader retries AppendEntries RPCs indefinitely (even after it has
 * responded to the client) until all followers eventually store all log entries." */
static void s5_3_leader_goes_on_until_every_follower_has_every_entry(void)
{
	elect(3);
	cluster.cut[1][3] = true;
	for (unsigned at = 0; at < 20; at++) {
		CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 300), 0);
		replica_fixture_run(&cluster, 2);
	}
	replica_fixture_run(&cluster, 4);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 21);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 1);
	cluster.cut[1][3] = false;
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->commit, 21);
	replica_fixture_fini(&cluster);
}

/* "If two entries in different logs have the same index and term, then the logs are identical in all preceding
 * entries." The chain value is that sentence as a number. */
static void s5_3_logs_with_the_same_index_and_term_are_identical_before_it(void)
{
	uint64_t one, two;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "1123");
	replica_fixture_fill(&cluster, 2, "112");
	replica_fixture_fill(&cluster, 3, "1122");
	replica_fixture_elect(&cluster, 1, 4);
	replica_fixture_run(&cluster, 10);
	for (uint64_t index = 1; index <= 5; index++) {
		for (uint32_t node = 2; node <= 3; node++) {
			CU_ASSERT_EQUAL(term_at(node, index), term_at(1, index));
			CU_ASSERT(wl_log_chain_at(replica_log(&cluster, 1), index, &one) ==
				  WL_LOG_KNOWN);
			CU_ASSERT(wl_log_chain_at(replica_log(&cluster, node), index, &two) ==
				  WL_LOG_KNOWN);
			CU_ASSERT_EQUAL(one, two);
		}
	}
	replica_fixture_fini(&cluster);
}

/* "If the follower does not find an entry in its log with the same index and term, then it refuses the new entries." */
static void s5_3_follower_refuses_append_when_the_previous_term_differs(void)
{
	struct wl_wire_append_ack ack;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "1133");
	replica_fixture_fill(&cluster, 3, "1122");
	replica_fixture_follow(&cluster, 3, 4, 1);
	replica_fixture_send(
		&cluster,
		&(struct replica_frame){.from = 1, .to = 3, .term = 4, .previous = 3, .count = 1});
	replica_fixture_turn(&cluster, 3);
	CU_ASSERT(replica_fixture_take_ack(&cluster, 3, 1, &ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	CU_ASSERT_EQUAL(ack.match_received, 0);
	CU_ASSERT_EQUAL(term_at(3, 4), 2);
	replica_fixture_fini(&cluster);
}

static void s5_3_follower_refuses_append_behind_a_gap(void)
{
	struct wl_wire_append_ack ack;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "1111");
	replica_fixture_fill(&cluster, 3, "11");
	replica_fixture_follow(&cluster, 3, 2, 1);
	replica_fixture_send(
		&cluster,
		&(struct replica_frame){.from = 1, .to = 3, .term = 2, .previous = 3, .count = 1});
	replica_fixture_turn(&cluster, 3);
	CU_ASSERT(replica_fixture_take_ack(&cluster, 3, 1, &ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 2);
	replica_fixture_fini(&cluster);
}

/* "the leader can decrement nextIndex to bypass all of the conflicting entries in that term; one AppendEntries RPC will
 * be required for each term with conflicting entries, rather than one RPC per entry." */
static void s5_3_one_rejection_bypasses_all_entries_of_a_conflicting_term(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "11144444444444");
	replica_fixture_fill(&cluster, 2, "11144444444444");
	replica_fixture_fill(&cluster, 3, "11122222223333");
	replica_fixture_elect(&cluster, 1, 5);
	replica_fixture_run(&cluster, 10);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT_EQUAL(replica_count(&cluster, 3, WL_COUNTER_append_rejected), 2);
	replica_fixture_fini(&cluster);
}

/* "A leader never overwrites or deletes entries in its log; it only appends new entries." */
static void s5_3_leader_only_appends_to_its_log(void)
{
	elect(3);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 1);
	replica_fixture_send(&cluster,
			     &(struct replica_frame){.from = 2, .to = 1, .term = 1, .count = 1});
	replica_fixture_run(&cluster, 4);
	CU_ASSERT_EQUAL(replica_log(&cluster, 1)->tail.index, 2);
	CU_ASSERT_EQUAL(replica_count(&cluster, 1, WL_COUNTER_truncations), 0);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->view.role, WL_ROLE_LEADER);
	replica_fixture_fini(&cluster);
}

/* Figure 7: "When the leader at the top comes to power, it is possible that any of scenarios (a-f) could occur". */
static void figure_7(const char *follower, uint64_t common)
{
	const char *leader = "1114455666";
	uint64_t before, after;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, leader);
	replica_fixture_fill(&cluster, 2, leader);
	replica_fixture_fill(&cluster, 3, follower);
	CU_ASSERT(wl_log_chain_at(replica_log(&cluster, 3), common, &before) == WL_LOG_KNOWN);
	replica_fixture_elect(&cluster, 1, 8);
	replica_fixture_run(&cluster, 12);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 11);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT(wl_log_chain_at(replica_log(&cluster, 3), common, &after) == WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(before, after);
	/* What was right stayed where it was: only what had to be was cut, and appended, once. */
	CU_ASSERT_EQUAL(replica_count(&cluster, 3, WL_COUNTER_entries_appended), 11 - common);
	CU_ASSERT_EQUAL(replica_count(&cluster, 3, WL_COUNTER_truncations),
			strlen(follower) > common);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[3].match_durable, 11);
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->commit, 11);
	replica_fixture_fini(&cluster);
}

static void s5_3_figure_7a_follower_that_misses_one_entry_gets_it(void)
{
	figure_7("111445566", 9);
}

static void s5_3_figure_7b_follower_that_misses_terms_gets_them(void)
{
	figure_7("1114", 4);
}

static void s5_3_figure_7c_follower_with_an_entry_too_many_loses_it(void)
{
	figure_7("11144556666", 10);
}

static void s5_3_figure_7d_follower_with_a_newer_uncommitted_term_loses_it(void)
{
	figure_7("111445566677", 10);
}

static void s5_3_figure_7e_follower_with_other_entries_of_an_old_term_is_repaired(void)
{
	figure_7("1114444", 5);
}

static void s5_3_figure_7f_follower_that_led_two_lost_terms_is_repaired(void)
{
	figure_7("11122233333", 3);
}

/* ---- 5.4.1 ---- */

/* "Raft determines which of two logs is more up-to-date by comparing the index and term of the last entries": the
 * worker says where its log ends, and it ends there until the next view. */
static void s5_4_1_fenced_tell_the_last_entry_received_and_not_the_last_durable(void)
{
	struct wl_plane_message told;

	elect(3);
	cluster.nodes[3].hold_disk = true;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 3);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->durable.index, 1);
	replica_fixture_fence(&cluster, 3);
	CU_ASSERT(replica_fixture_told(&cluster, 3, WL_PLANE_FENCED, &told));
	CU_ASSERT_EQUAL(told.tail.index, 2);
	CU_ASSERT_EQUAL(told.tail.term, 1);
	CU_ASSERT_EQUAL(told.view.number, replica_of(&cluster, 3)->view.number);
	replica_fixture_fini(&cluster);
}

static void s5_4_1_tail_does_not_move_while_fenced(void)
{
	struct wl_plane_message told;

	elect(3);
	replica_fixture_fence(&cluster, 3);
	CU_ASSERT(replica_fixture_told(&cluster, 3, WL_PLANE_FENCED, &told));
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 5);
	replica_fixture_send(
		&cluster,
		&(struct replica_frame){.from = 1, .to = 3, .term = 1, .previous = 1, .count = 1});
	replica_fixture_turn(&cluster, 3);
	CU_ASSERT(wl_position_equal(replica_log(&cluster, 3)->tail, told.tail));
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 3, 1, 0), 0);
	replica_fixture_fini(&cluster);
}

static void s5_4_1_logs_of_figure_7_compare_as_the_paper_says(void)
{
	static const struct {
		const char *log;
		bool would_vote; /* for the leader at the top */
	} cases[] = {{"111445566", true},     {"1114", true},	 {"11144556666", false},
		     {"111445566677", false}, {"1114444", true}, {"11122233333", true}};

	for (unsigned at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		replica_fixture_init(&cluster, 2);
		replica_fixture_fill(&cluster, 1, "1114455666");
		replica_fixture_fill(&cluster, 2, cases[at].log);
		CU_ASSERT_EQUAL(wl_position_at_least(replica_log(&cluster, 1)->tail,
						     replica_log(&cluster, 2)->tail),
				cases[at].would_vote);
		replica_fixture_fini(&cluster);
	}
}

/* ---- 5.4.2 ---- */

/* Figure 8 up to (c): S1 leads again, in term 4, and the entry of term 2 is on S1, S2 and S3. */
static void figure_8_c(void)
{
	replica_fixture_init(&cluster, 5);
	for (uint32_t node = 1; node <= 5; node++)
		replica_fixture_fill(&cluster, node, "1");
	/* (a) */
	replica_fixture_elect(&cluster, 1, 2);
	for (uint32_t node = 3; node <= 5; node++)
		cluster.cut[1][node] = true;
	replica_fixture_run(&cluster, 4);
	CU_ASSERT_EQUAL(term_at(2, 2), 2);
	/* (b) */
	memset(cluster.cut[5], 1, sizeof(cluster.cut[5]));
	replica_fixture_elect(&cluster, 5, 3);
	replica_fixture_run(&cluster, 1);
	CU_ASSERT_EQUAL(term_at(5, 2), 3);
	/* (c) */
	memset(cluster.cut[1], 1, sizeof(cluster.cut[1]));
	replica_fixture_elect(&cluster, 1, 4);
	for (uint32_t node = 2; node <= 3; node++)
		replica_fixture_send(&cluster, &(struct replica_frame){.from = 1,
								       .to = node,
								       .term = 4,
								       .previous = 1,
								       .count = 1});
	replica_fixture_run(&cluster, 3);
	CU_ASSERT_EQUAL(term_at(3, 2), 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[2].match_durable, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[3].match_durable, 2);
}

/* "Raft never commits log entries from previous terms by counting replicas." */
static void s5_4_2_figure_8c_entry_of_an_old_term_is_not_committed_by_counting_copies(void)
{
	figure_8_c();
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 0);
	CU_ASSERT(!replica_of(&cluster, 1)->leader.ready);
	replica_fixture_fini(&cluster);
}

/* "(d) S5 could be elected leader (with votes from S2, S3, and S4) and overwrite the entry with its own entry" */
static void s5_4_2_figure_8d_that_entry_may_still_be_overwritten(void)
{
	figure_8_c();
	CU_ASSERT(wl_position_at_least(replica_log(&cluster, 5)->tail,
				       replica_log(&cluster, 2)->tail));
	CU_ASSERT(wl_position_at_least(replica_log(&cluster, 5)->tail,
				       replica_log(&cluster, 3)->tail));
	memset(cluster.cut, 0, sizeof(cluster.cut));
	replica_fixture_elect(&cluster, 5, 5);
	replica_fixture_run(&cluster, 12);
	for (uint32_t node = 1; node <= 5; node++) {
		CU_ASSERT_EQUAL(term_at(node, 2), 3);
		CU_ASSERT(replica_fixture_same(&cluster, node, 5));
		CU_ASSERT_EQUAL(replica_of(&cluster, node)->commit, 3);
	}
	replica_fixture_fini(&cluster);
}

/* "(e) if S1 replicates an entry from its current term on a majority of the servers before crashing, then this entry is
 * committed [...] At this point all preceding entries in the log are committed as well." */
static void s5_4_2_figure_8e_entry_of_the_own_term_commits_all_before_it(void)
{
	figure_8_c();
	cluster.cut[1][2] = false;
	cluster.cut[1][3] = false;
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 3);
	CU_ASSERT_EQUAL(term_at(1, 3), 4);
	CU_ASSERT(!wl_position_at_least(replica_log(&cluster, 5)->tail,
					replica_log(&cluster, 2)->tail));
	CU_ASSERT(!wl_position_at_least(replica_log(&cluster, 5)->tail,
					replica_log(&cluster, 3)->tail));
	replica_fixture_fini(&cluster);
}

/* ---- 5.5 ---- */

/* "Raft RPCs are idempotent [...] if a follower receives an AppendEntries request that includes log entries already
 * present in its log, it ignores those entries in the new request." */
static void s5_5_append_that_comes_twice_changes_nothing(void)
{
	struct replica_frame frame = {.from = 1, .to = 3, .term = 2, .count = 4, .commit = 4};
	struct wl_wire_append_ack first, second;
	uint64_t chain;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "1111");
	replica_fixture_follow(&cluster, 3, 2, 1);
	replica_fixture_send(&cluster, &frame);
	replica_fixture_turn(&cluster, 3);
	replica_fixture_turn(&cluster, 3);
	chain = replica_log(&cluster, 3)->tail_chain;
	CU_ASSERT(replica_fixture_take_ack(&cluster, 3, 1, &first));
	CU_ASSERT(replica_fixture_take_ack(&cluster, 3, 1, &first));
	replica_fixture_send(&cluster, &frame);
	replica_fixture_turn(&cluster, 3);
	CU_ASSERT(replica_fixture_take_ack(&cluster, 3, 1, &second));
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 4);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail_chain, chain);
	CU_ASSERT_EQUAL(second.match_received, first.match_received);
	CU_ASSERT_EQUAL(second.match_durable, 4);
	CU_ASSERT_EQUAL(second.flags, 0);
	CU_ASSERT_EQUAL(replica_count(&cluster, 3, WL_COUNTER_entries_appended), 4);
	replica_fixture_fini(&cluster);
}

/* "if a server crashes after completing an RPC but before responding, then it will receive the same RPC again after it
 * restarts" */
static void s5_5_follower_that_crashed_before_answering_gets_the_same_entries_again(void)
{
	elect(3);
	cluster.cut[3][1] = true;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 4);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->durable.index, 2);
	replica_fixture_restart(&cluster, 3, 0);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 2);
	cluster.cut[3][1] = false;
	replica_fixture_follow(&cluster, 3, 1, 1);
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[3].match_durable, 2);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 2);
	replica_fixture_fini(&cluster);
}

/* "If a follower or candidate crashes, then future [...] AppendEntries RPCs sent to it will fail. Raft handles these
 * failures by retrying indefinitely" - and what the crash took was never counted as durable. */
static void s5_5_what_a_crash_took_was_only_received_and_is_sent_again(void)
{
	elect(3);
	cluster.nodes[3].hold_disk = true;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), 0);
	replica_fixture_run(&cluster, 4);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[3].match_received, 2);
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[3].match_durable, 1);
	replica_fixture_restart(&cluster, 3, 0);
	cluster.nodes[3].hold_disk = false;
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 1);
	/* The new boot is greeted: what the old one said is not believed any more. */
	cluster.nodes[1].remotes[3].boot_id++;
	replica_fixture_follow(&cluster, 3, 1, 1);
	replica_fixture_run(&cluster, 8);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->leader.peers[3].match_durable, 2);
	replica_fixture_fini(&cluster);
}

static void s5_5_lost_append_is_sent_again_long_before_an_election(void)
{
	struct replica_mail lost;
	uint64_t began;

	elect(3);
	replica_fixture_append(&cluster, 1, 64);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT(replica_fixture_take(&cluster, 1, 3, WL_WIRE_APPEND, &lost));
	began = cluster.now_ns;
	while (replica_log(&cluster, 3)->tail.index < 2 &&
	       cluster.now_ns - began < REPLICA_ELECTION_NS)
		replica_fixture_run(&cluster, 1);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 2);
	CU_ASSERT(cluster.now_ns - began <= 2 * REPLICA_RESEND_NS);
	replica_fixture_fini(&cluster);
}

/* The next frame shows the hole: it is refused, and what was lost comes at once. */
static void s5_5_lost_append_is_sent_again_at_once_when_the_next_one_is_refused(void)
{
	struct replica_mail lost;
	uint64_t began;

	elect(3);
	replica_fixture_append(&cluster, 1, 64);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT(replica_fixture_take(&cluster, 1, 3, WL_WIRE_APPEND, &lost));
	replica_fixture_append(&cluster, 1, 64);
	began = cluster.now_ns;
	replica_fixture_run(&cluster, 4);
	CU_ASSERT(cluster.now_ns - began < REPLICA_RESEND_NS);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 3);
	replica_fixture_fini(&cluster);
}

/* ---- 8 ---- */

/* "Raft handles this by having each leader commit a blank no-op entry into the log at the start of its term." */
static void s8_term_starts_with_an_empty_entry(void)
{
	struct wl_entry_header header;
	const uint8_t *image;
	uint32_t bytes;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_elect(&cluster, 1, 4);
	CU_ASSERT_EQUAL(replica_log(&cluster, 1)->tail.index, 3);
	CU_ASSERT_EQUAL(replica_log(&cluster, 1)->tail.term, 4);
	image = wl_log_image_in_ring(replica_log(&cluster, 1), 3, &bytes);
	CU_ASSERT_EQUAL_FATAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(header.kind, WL_ENTRY_TERM_START);
	CU_ASSERT_EQUAL(header.record_count, 0);
	replica_fixture_fini(&cluster);
}

static void s8_leader_serves_nobody_before_its_first_entry_is_committed(void)
{
	struct wl_plane_message told;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_elect(&cluster, 1, 4);
	cluster.nodes[2].hold_disk = true;
	cluster.nodes[3].hold_disk = true;
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), WIRELOG_NOT_LEADER);
	CU_ASSERT(!replica_fixture_told(&cluster, 1, WL_PLANE_TERM_COMMITTED, &told));
	CU_ASSERT_EQUAL(replica_log(&cluster, 1)->tail.index, 3);
	replica_fixture_complete(&cluster, 2);
	replica_fixture_run(&cluster, 2);
	CU_ASSERT(replica_fixture_told(&cluster, 1, WL_PLANE_TERM_COMMITTED, &told));
	CU_ASSERT_EQUAL(replica_of(&cluster, 1)->commit, 3);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), WIRELOG_OK);
	replica_fixture_run(&cluster, 1);
	replica_fixture_fini(&cluster);
}

/* "clients [...] assign unique serial numbers to every command. Then, the state machine tracks the latest serial number
 * processed for each client, along with the associated response. If it receives a command whose serial number has
 * already been executed, it responds immediately without re-executing the request." */
static void s8_command_that_is_retried_after_a_restart_is_answered_and_not_executed_again(void)
{
	struct service_fixture *service = service_fixture_start(true);
	struct service_fixture_append append = {.first = 1, .count = 1};
	struct wl_wire_append_result first, again;
	uint64_t next;

	service_fixture_lead(service, 1);
	append.session = service_fixture_open(service, SERVICE_FIXTURE_CLIENT, 99);
	CU_ASSERT_NOT_EQUAL(append.session, 0);
	service_fixture_append(service, &append);
	memset(&first, 0, sizeof(first));
	for (unsigned turn = 0; turn < 6; turn++) {
		service_fixture_turn(service);
		if (service_fixture_result(service, SERVICE_FIXTURE_CLIENT, 0, &first))
			break;
	}
	CU_ASSERT_EQUAL(first.status, WIRELOG_OK);
	CU_ASSERT_NOT_EQUAL(first.first_number, 0);
	next = service->log.next_number;
	service_fixture_restart_service(service, service->replica.commit);
	service_fixture_lead(service, 2);
	service_fixture_append(service, &append);
	memset(&again, 0, sizeof(again));
	for (unsigned turn = 0; turn < 6; turn++) {
		service_fixture_turn(service);
		if (service_fixture_result(service, SERVICE_FIXTURE_CLIENT, 0, &again))
			break;
	}
	CU_ASSERT_EQUAL(again.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(again.first_number, first.first_number);
	CU_ASSERT_EQUAL(service->log.next_number, next);
	service_fixture_end(service);
}

/* "a leader must check whether it has been deposed": one that no majority answers says nothing more (thesis 6.2). */
static void s8_leader_that_no_majority_answers_falls_silent(void)
{
	struct wl_plane_message told;

	elect(3);
	memset(cluster.cut[1], 1, sizeof(cluster.cut[1]));
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS + 1);
	replica_fixture_run(&cluster, 1);
	CU_ASSERT(replica_fixture_told(&cluster, 1, WL_PLANE_STALLED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_STALL_QUORUM);
	memset(cluster.cut[1], 0, sizeof(cluster.cut[1]));
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 1, 2, 0) +
				replica_fixture_mail(&cluster, 1, 3, 0),
			0);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, 1, 64), WIRELOG_NOT_LEADER);
	replica_fixture_fini(&cluster);
}

WL_SUITE(raft_replication)
{
	WL_TEST(s5_1_append_with_a_stale_term_is_rejected_with_ours),
	WL_TEST(s5_1_append_with_a_newer_term_goes_to_control_and_not_into_the_log),
	WL_TEST(s5_1_deposed_leader_learns_of_the_new_term_from_the_first_answer),
	WL_TEST(s5_3_entry_is_committed_once_it_is_durable_on_a_majority),
	WL_TEST(s5_3_entry_is_not_committed_while_a_majority_has_only_received_it),
	WL_TEST(s5_3_entry_is_committed_without_the_disk_of_the_leader),
	WL_TEST(s5_3_followers_learn_what_is_committed_from_the_next_frame),
	WL_TEST(s5_3_leader_goes_on_until_every_follower_has_every_entry),
	WL_TEST(s5_3_logs_with_the_same_index_and_term_are_identical_before_it),
	WL_TEST(s5_3_follower_refuses_append_when_the_previous_term_differs),
	WL_TEST(s5_3_follower_refuses_append_behind_a_gap),
	WL_TEST(s5_3_one_rejection_bypasses_all_entries_of_a_conflicting_term),
	WL_TEST(s5_3_leader_only_appends_to_its_log),
	WL_TEST(s5_3_figure_7a_follower_that_misses_one_entry_gets_it),
	WL_TEST(s5_3_figure_7b_follower_that_misses_terms_gets_them),
	WL_TEST(s5_3_figure_7c_follower_with_an_entry_too_many_loses_it),
	WL_TEST(s5_3_figure_7d_follower_with_a_newer_uncommitted_term_loses_it),
	WL_TEST(s5_3_figure_7e_follower_with_other_entries_of_an_old_term_is_repaired),
	WL_TEST(s5_3_figure_7f_follower_that_led_two_lost_terms_is_repaired),
	WL_TEST(s5_4_1_fenced_tell_the_last_entry_received_and_not_the_last_durable),
	WL_TEST(s5_4_1_tail_does_not_move_while_fenced),
	WL_TEST(s5_4_1_logs_of_figure_7_compare_as_the_paper_says),
	WL_TEST(s5_4_2_figure_8c_entry_of_an_old_term_is_not_committed_by_counting_copies),
	WL_TEST(s5_4_2_figure_8d_that_entry_may_still_be_overwritten),
	WL_TEST(s5_4_2_figure_8e_entry_of_the_own_term_commits_all_before_it),
	WL_TEST(s5_5_append_that_comes_twice_changes_nothing),
	WL_TEST(s5_5_follower_that_crashed_before_answering_gets_the_same_entries_again),
	WL_TEST(s5_5_what_a_crash_took_was_only_received_and_is_sent_again),
	WL_TEST(s5_5_lost_append_is_sent_again_long_before_an_election),
	WL_TEST(s5_5_lost_append_is_sent_again_at_once_when_the_next_one_is_refused),
	WL_TEST(s8_term_starts_with_an_empty_entry),
	WL_TEST(s8_leader_serves_nobody_before_its_first_entry_is_committed),
	WL_TEST(s8_command_that_is_retried_after_a_restart_is_answered_and_not_executed_again),
	WL_TEST(s8_leader_that_no_majority_answers_falls_silent),
};
