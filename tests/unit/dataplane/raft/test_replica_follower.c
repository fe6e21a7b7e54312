/* SPDX-License-Identifier: BSD-3-Clause */
/* The follower's half by itself: what it acknowledges, commits, and believes. */
#include <string.h>

#include "tests/unit/dataplane/raft/follower_fixture.h"
#include "tests/unit/runner.h"

/* ---- what is acknowledged ---- */

static void many_frames_of_a_turn_are_acknowledged_once(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("11111", "", 1);
	follower_append(0, 2, 0);
	follower_append(2, 2, 0);
	follower_append(4, 1, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 5);
	CU_ASSERT_EQUAL(ack.match_durable, 0);
	CU_ASSERT_EQUAL(ack.sent_ns, follower()->follower.leader_sent_ns);
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_fini(follower_cluster());
}

static void durable_is_acknowledged_when_the_write_completes_and_not_before(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("111", "", 1);
	follower_cluster()->nodes[FOLLOWER].hold_disk = true;
	follower_append(0, 3, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_complete(follower_cluster(), FOLLOWER);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 3);
	CU_ASSERT_EQUAL(ack.match_durable, 3);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_fini(follower_cluster());
}

/* What lies on the medium counts only as far as it is known to be the leader's. */
static void durable_entries_beyond_the_match_are_not_acknowledged(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("11133", "11122", 4);
	follower_append(2, 0, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(follower_log()->durable.index, 5);
	CU_ASSERT_EQUAL(ack.match_received, 2);
	CU_ASSERT_EQUAL(ack.match_durable, 2);
	replica_fixture_fini(follower_cluster());
}

static void heartbeat_is_acknowledged_and_commit_news_are_not(void)
{
	struct wl_wire_append news = {.term = 1, .previous = {1, 2}, .commit = 2};
	struct wl_wire_append_ack ack;

	follower_begin("11", "11", 1);
	follower_append(2, 0, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	wl_replica_on_append(follower(), LEADER, &news);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	CU_ASSERT_EQUAL(follower()->commit, 2);
	replica_fixture_fini(follower_cluster());
}

static void match_of_an_older_term_is_forgotten_with_the_view(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("111", "", 1);
	follower_append(0, 3, 0);
	follower_turn();
	follower_turn();
	while (follower_answered(&ack))
		;
	replica_fixture_follow(follower_cluster(), FOLLOWER, 2, 2);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	CU_ASSERT_EQUAL(follower()->follower.match, 0);
	replica_fixture_fini(follower_cluster());
}

static void full_device_is_told_in_the_acknowledgement(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("11", "1", 1);
	follower_log()->no_space = true;
	follower_append(1, 0, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_NO_SPACE);
	replica_fixture_fini(follower_cluster());
}

/* No write is under way: the next segment does not come, and what the leader sends finds no room. */
static void maker_of_segments_that_hangs_is_a_slow_disk_once_its_segment_is_needed(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("111", "111", 3);
	follower_log()->segment_asked = true;
	follower_append(3, 0, 0);
	follower_turn();
	replica_fixture_pass(follower_cluster(), 2 * REPLICA_ELECTION_NS);
	follower_append(3, 0, 0);
	follower_turn();
	while (follower_answered(&ack))
		CU_ASSERT_FALSE(ack.flags & WL_WIRE_ACK_DISK_SLOW);
	follower_log()->segment_awaited = true;
	follower_turn();
	replica_fixture_pass(follower_cluster(), 2 * REPLICA_ELECTION_NS);
	follower_append(3, 0, 0);
	follower_turn();
	CU_ASSERT_TRUE_FATAL(follower_answered(&ack));
	CU_ASSERT_TRUE(ack.flags & WL_WIRE_ACK_DISK_SLOW);
	/* It has come. */
	follower_log()->segment_asked = follower_log()->segment_awaited = false;
	follower_append(3, 0, 0);
	follower_turn();
	CU_ASSERT_TRUE_FATAL(follower_answered(&ack));
	CU_ASSERT_FALSE(ack.flags & WL_WIRE_ACK_DISK_SLOW);
	replica_fixture_fini(follower_cluster());
}

static void follower_whose_write_failed_acknowledges_nothing_any_more(void)
{
	struct wl_plane_message told;
	struct wl_wire_append_ack ack;

	follower_begin("1111", "", 1);
	follower_cluster()->nodes[FOLLOWER].hold_disk = true;
	follower_append(0, 2, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	memory_drive_complete(&follower_cluster()->nodes[FOLLOWER].disk.drive, 0, WL_DISK_FAILED);
	follower_turn();
	follower_append(2, 2, 2);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_POISONED, &told));
	CU_ASSERT_EQUAL(follower_log()->durable.index, 0);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 2);
	replica_fixture_fini(follower_cluster());
}

/* ---- the fence ---- */

static void acknowledgement_that_was_due_is_not_released_after_the_fence(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("111", "", 1);
	follower_append(0, 3, 0);
	replica_fixture_fence(follower_cluster(), FOLLOWER);
	follower_turn();
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_fini(follower_cluster());
}

/* ... nor by the next view, whose leader has asked for nothing yet. */
static void acknowledgement_that_was_due_is_not_released_in_the_next_view(void)
{
	struct wl_wire_append news = {.term = 2, .previous = {1, 3}, .commit = 2};
	struct wl_wire_append_ack ack;

	follower_begin("111", "111", 1);
	follower_append(3, 0, 0);
	replica_fixture_follow(follower_cluster(), FOLLOWER, 2, LEADER);
	CU_ASSERT(wl_log_chain_at(follower_log(), 3, &news.previous_chain) == WL_LOG_KNOWN);
	follower()->follower.acknowledged_durable = 3; /* nothing new to say of the medium either */
	wl_replica_on_append(follower(), LEADER, &news);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_fini(follower_cluster());
}

static void completion_that_comes_while_fenced_is_not_acknowledged(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("111", "", 1);
	follower_cluster()->nodes[FOLLOWER].hold_disk = true;
	follower_append(0, 3, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	replica_fixture_fence(follower_cluster(), FOLLOWER);
	replica_fixture_complete(follower_cluster(), FOLLOWER);
	follower_turn();
	CU_ASSERT_EQUAL(follower_log()->durable.index, 3);
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_fini(follower_cluster());
}

/* ---- commit ---- */

static void commit_is_what_the_leader_committed_when_all_of_it_matches(void)
{
	follower_begin("11111", "", 1);
	follower_append(0, 5, 3);
	CU_ASSERT_EQUAL(follower()->commit, 3);
	replica_fixture_fini(follower_cluster());
}

/* etcd's "lagging commit": min(leader's commit, last entry known to match), whatever lies behind it. */
static void commit_never_passes_the_match_into_a_tail_of_another_leader(void)
{
	follower_begin("11133", "1112222", 4);
	follower_append(3, 0, 5);
	CU_ASSERT_EQUAL(follower()->follower.match, 3);
	CU_ASSERT_EQUAL(follower()->commit, 3);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 7);
	replica_fixture_fini(follower_cluster());
}

static void commit_does_not_move_with_a_refused_append(void)
{
	follower_begin("11133", "11122", 4);
	follower_append(4, 1, 4);
	CU_ASSERT(follower()->follower.refusal.pending);
	CU_ASSERT_EQUAL(follower()->commit, 0);
	replica_fixture_fini(follower_cluster());
}

static void commit_never_moves_back(void)
{
	follower_begin("11111", "", 1);
	follower_append(0, 5, 4);
	follower_append(0, 5, 2);
	follower_append(2, 1, 0);
	CU_ASSERT_EQUAL(follower()->commit, 4);
	replica_fixture_fini(follower_cluster());
}

/* ---- who is believed ---- */

static void second_leader_of_the_same_term_is_not_believed(void)
{
	follower_begin("111", "", 4);
	replica_fixture_fill(follower_cluster(), 2, "2");
	replica_fixture_send(
		follower_cluster(),
		&(struct replica_frame){.from = 2, .to = FOLLOWER, .term = 4, .count = 1});
	CU_ASSERT_EQUAL(follower_log()->tail.index, 0);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 1);
	replica_fixture_fini(follower_cluster());
}

static void leader_that_the_view_does_not_name_is_the_first_that_speaks(void)
{
	follower_begin("111", "", 1);
	replica_fixture_fill(follower_cluster(), 2, "2");
	replica_fixture_follow(follower_cluster(), FOLLOWER, 4, 0);
	follower_append(0, 3, 0);
	replica_fixture_send(
		follower_cluster(),
		&(struct replica_frame){.from = 2, .to = FOLLOWER, .term = 4, .count = 1});
	CU_ASSERT_EQUAL(follower_log()->tail.term, 1);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 3);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 1);
	replica_fixture_fini(follower_cluster());
}

static void leader_is_reported_heard_at_most_once_a_millisecond(void)
{
	struct wl_plane_message told;

	follower_begin("11", "", 1);
	follower_append(0, 1, 0);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_LEADER_HEARD, &told));
	CU_ASSERT_EQUAL(told.node, LEADER);
	follower_append(1, 1, 0);
	CU_ASSERT(
		!replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_LEADER_HEARD, &told));
	replica_fixture_pass(follower_cluster(), 1000000);
	follower_append(2, 0, 0);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_LEADER_HEARD, &told));
	replica_fixture_fini(follower_cluster());
}

/* Late: sent before something that came already. A network may give such frames back for a minute. */
static void late_frame_is_taken_and_is_no_sign_of_a_leader_that_lives(void)
{
	struct wl_wire_append late = {.term = 1, .commit = 2};
	struct wl_plane_message told;

	follower_begin("11", "11", 1);
	replica_fixture_pass(follower_cluster(), 5000000);
	late.sent_ns = follower_cluster()->now_ns - 1000000;
	late.previous = (struct wl_position){1, 2};
	follower_append(2, 0, 0);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_LEADER_HEARD, &told));
	replica_fixture_pass(follower_cluster(), 90000000);
	follower()->now_ns = follower_cluster()->now_ns;
	wl_replica_on_append(follower(), LEADER, &late);
	CU_ASSERT(
		!replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_LEADER_HEARD, &told));
	CU_ASSERT_EQUAL(follower()->commit, 2);
	follower_append(2, 0, 0);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_LEADER_HEARD, &told));
	replica_fixture_fini(follower_cluster());
}

static void newer_term_is_reported_once(void)
{
	struct replica_frame frame = {.from = 2, .to = FOLLOWER, .term = 7};
	struct wl_plane_message told;

	follower_begin("1", "1", 3);
	replica_fixture_send(follower_cluster(), &frame);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_SAW_TERM, &told));
	replica_fixture_send(follower_cluster(), &frame);
	CU_ASSERT(!replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_SAW_TERM, &told));
	frame.term = 8;
	replica_fixture_send(follower_cluster(), &frame);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_SAW_TERM, &told));
	CU_ASSERT_EQUAL(told.view.term, 8);
	replica_fixture_fini(follower_cluster());
}

WL_SUITE(replica_follower)
{
	WL_TEST(many_frames_of_a_turn_are_acknowledged_once),
	WL_TEST(durable_is_acknowledged_when_the_write_completes_and_not_before),
	WL_TEST(durable_entries_beyond_the_match_are_not_acknowledged),
	WL_TEST(heartbeat_is_acknowledged_and_commit_news_are_not),
	WL_TEST(match_of_an_older_term_is_forgotten_with_the_view),
	WL_TEST(full_device_is_told_in_the_acknowledgement),
	WL_TEST(maker_of_segments_that_hangs_is_a_slow_disk_once_its_segment_is_needed),
	WL_TEST(follower_whose_write_failed_acknowledges_nothing_any_more),
	WL_TEST(acknowledgement_that_was_due_is_not_released_after_the_fence),
	WL_TEST(acknowledgement_that_was_due_is_not_released_in_the_next_view),
	WL_TEST(completion_that_comes_while_fenced_is_not_acknowledged),
	WL_TEST(commit_is_what_the_leader_committed_when_all_of_it_matches),
	WL_TEST(commit_never_passes_the_match_into_a_tail_of_another_leader),
	WL_TEST(commit_does_not_move_with_a_refused_append),
	WL_TEST(commit_never_moves_back),
	WL_TEST(second_leader_of_the_same_term_is_not_believed),
	WL_TEST(leader_that_the_view_does_not_name_is_the_first_that_speaks),
	WL_TEST(leader_is_reported_heard_at_most_once_a_millisecond),
	WL_TEST(late_frame_is_taken_and_is_no_sign_of_a_leader_that_lives),
	WL_TEST(newer_term_is_reported_once),
};
