/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both roles of a replica share: views, what is told to control, the leader that cannot lead, the
 * leader that hands over. The halves are in test_replica_leader.c and test_replica_follower.c.
 */
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define LEADER 1u

static struct replica_fixture cluster;

static struct wl_replica *leader(void)
{
	return replica_of(&cluster, LEADER);
}

static uint64_t tail(void)
{
	return replica_log(&cluster, LEADER)->tail.index;
}

static void turn(void)
{
	replica_fixture_turn(&cluster, LEADER);
}

static void forget_mail(void)
{
	cluster.mail_count = 0;
}

/* Node 1 leads term 2 behind `terms`, its first entry is committed, both followers are caught up. */
static void begin_ready(const char *terms)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, terms);
	replica_fixture_lead(&cluster, LEADER, 2);
	turn();
	turn();
	for (uint32_t node = 2; node <= 3; node++)
		replica_fixture_acknowledge(&cluster, node, LEADER, tail(), tail());
	turn();
	CU_ASSERT(leader()->leader.ready);
	forget_mail();
}

static void append(uint32_t bytes)
{
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, bytes), WIRELOG_OK);
}

/* ---- views ---- */

static void view_of_an_older_number_is_not_installed(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_LEAD};

	replica_fixture_init(&cluster, 3);
	replica_fixture_follow(&cluster, LEADER, 3, 2);
	message.view = leader()->view;
	message.view.term = 9;
	wl_replica_on_lead(leader(), &message);
	CU_ASSERT_EQUAL(leader()->view.role, WL_ROLE_FOLLOWER);
	message.view.number--;
	wl_replica_on_follow(leader(), &message);
	wl_replica_on_fence(leader(), &message);
	wl_replica_on_resume(leader(), &message);
	CU_ASSERT_EQUAL(leader()->view.role, WL_ROLE_FOLLOWER);
	CU_ASSERT_EQUAL(leader()->view.term, 3);
	replica_fixture_fini(&cluster);
}

static void view_with_an_older_term_stops_the_node(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_FOLLOW};

	replica_fixture_init(&cluster, 3);
	replica_fixture_follow(&cluster, LEADER, 3, 2);
	message.view = leader()->view;
	message.view.number++;
	message.view.term = 2;
	WL_ASSERT_STOPS(wl_replica_on_follow(leader(), &message));
	replica_fixture_fini(&cluster);
}

static void fence_is_answered_with_its_number_and_the_tail(void)
{
	struct wl_plane_message told;

	begin_ready("111");
	replica_fixture_fence(&cluster, LEADER);
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_FENCED, &told));
	CU_ASSERT_EQUAL(told.view.number, cluster.nodes[LEADER].boot_id);
	CU_ASSERT_EQUAL(told.tail.index, 4);
	CU_ASSERT_EQUAL(told.tail.term, 2);
	CU_ASSERT_EQUAL(told.journal, FIXTURE_JOURNAL);
	replica_fixture_fini(&cluster);
}

/* Control is slow: what must arrive waits in order, and nothing is lost. */
static void answer_that_finds_the_ring_full_is_told_later(void)
{
	struct wl_plane_message filler = {.verb = WL_PLANE_LEADER_HEARD}, told;
	unsigned fenced = 0;

	begin_ready("1");
	while (wl_ring_pop(&cluster.nodes[LEADER].up, &told))
		;
	while (wl_ring_push(&cluster.nodes[LEADER].up, &filler))
		;
	replica_fixture_fence(&cluster, LEADER);
	replica_fixture_lead(&cluster, LEADER, 4);
	while (wl_ring_pop(&cluster.nodes[LEADER].up, &told))
		CU_ASSERT_NOT_EQUAL(told.verb, WL_PLANE_FENCED);
	turn();
	while (wl_ring_pop(&cluster.nodes[LEADER].up, &told)) {
		if (told.verb != WL_PLANE_FENCED)
			continue;
		fenced++;
		CU_ASSERT_EQUAL(told.view.number, cluster.nodes[LEADER].boot_id - 3 + fenced);
	}
	CU_ASSERT_EQUAL(fenced, 2);
	replica_fixture_fini(&cluster);
}

static void commit_survives_a_change_of_view(void)
{
	begin_ready("11");
	replica_fixture_follow(&cluster, LEADER, 5, 2);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 3);
	CU_ASSERT(!leader()->leader.ready);
	replica_fixture_fini(&cluster);
}

/* ---- the rules, as code ---- */

static void check_names_the_rule_that_does_not_hold(void)
{
	begin_ready("111");
	CU_ASSERT_PTR_NULL(wl_replica_check(leader()));
	leader()->commit = tail() + 1;
	CU_ASSERT_PTR_NOT_NULL(wl_replica_check(leader()));
	leader()->commit = 0;
	CU_ASSERT_PTR_NOT_NULL(wl_replica_check(leader())); /* ready, and nothing committed */
	leader()->commit = tail();
	CU_ASSERT_PTR_NULL(wl_replica_check(leader()));
	leader()->leader.peers[2].match_durable = leader()->leader.peers[2].match_received + 1;
	CU_ASSERT_PTR_NOT_NULL(wl_replica_check(leader()));
	leader()->leader.peers[2].match_durable = 0;
	leader()->leader.peers[2].match_received = tail() + 1;
	CU_ASSERT_PTR_NOT_NULL(wl_replica_check(leader()));
	replica_fixture_fini(&cluster);
}

/* ---- a leader that cannot lead ---- */

static void leader_whose_disk_hangs_falls_silent_and_says_so(void)
{
	struct wl_plane_message told;

	begin_ready("1");
	cluster.nodes[LEADER].hold_disk = true;
	append(64);
	turn();
	for (unsigned at = 0; at < 22; at++) {
		replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 20);
		replica_fixture_acknowledge(&cluster, 2, LEADER, tail(), tail());
		turn();
	}
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_STALLED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_STALL_DISK);
	CU_ASSERT(leader()->silent);
	forget_mail();
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT_EQUAL(cluster.mail_count, 0);
	replica_fixture_fini(&cluster);
}

static void leader_whose_write_failed_commits_and_sends_nothing_any_more(void)
{
	struct wl_plane_message told;

	begin_ready("1");
	cluster.nodes[LEADER].hold_disk = true;
	append(64);
	turn();
	memory_drive_complete(&cluster.nodes[LEADER].disk.drive, 0, WL_DISK_FAILED);
	turn();
	forget_mail();
	replica_fixture_acknowledge(&cluster, 2, LEADER, 3, 3);
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 3);
	turn();
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_POISONED, &told));
	CU_ASSERT_EQUAL(leader()->commit, 2);
	CU_ASSERT_EQUAL(cluster.mail_count, 0);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_NOT_LEADER);
	replica_fixture_fini(&cluster);
}

static void leader_that_a_majority_answers_goes_on(void)
{
	begin_ready("1");
	for (unsigned at = 0; at < 10; at++) {
		replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
		replica_fixture_acknowledge(&cluster, 3, LEADER, tail(), tail());
		turn();
	}
	CU_ASSERT(!leader()->silent);
	replica_fixture_fini(&cluster);
}

/* An answer that was under way for long says when the frame left, not that the peer is there now. */
static void check_quorum_counts_from_when_the_answered_frame_left(void)
{
	struct wl_wire_append_ack ack = {.term = 2};

	begin_ready("1");
	ack.sent_ns = cluster.now_ns;
	ack.match_received = ack.match_durable = tail();
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS + REPLICA_ELECTION_NS / 2);
	leader()->now_ns = cluster.now_ns;
	wl_replica_on_append_ack(leader(), 2, &ack);
	turn();
	CU_ASSERT(leader()->silent);
	replica_fixture_fini(&cluster);
}

/* ---- leading on after a silence (control/election/silence.c) ---- */

/* Silent for want of a majority, since then for long. */
static void begin_silent(void)
{
	begin_ready("1");
	append(64);
	turn();
	replica_fixture_pass(&cluster, 5 * REPLICA_ELECTION_NS);
	turn();
	CU_ASSERT(leader()->silent);
	forget_mail();
}

static void resume(enum wl_stall_reason reason, uint64_t term, uint64_t asked_ns)
{
	struct wl_plane_message message = {.verb = WL_PLANE_RESUME, .reason = reason};

	message.view = leader()->view;
	message.view.number++;
	message.view.term = term;
	message.now_ns = asked_ns;
	leader()->now_ns = cluster.now_ns;
	wl_replica_on_resume(leader(), &message);
	turn();
}

static void leader_leads_on_in_its_term_after_a_silence(void)
{
	begin_silent();
	resume(WL_STALL_QUORUM, 2, cluster.now_ns);
	CU_ASSERT(!leader()->silent);
	CU_ASSERT(leader()->leader.ready);
	CU_ASSERT_EQUAL(tail(), 3); /* no second first entry */
	CU_ASSERT(replica_fixture_mail(&cluster, LEADER, 2, 0) != 0);
	/* What nobody had before the silence is committed by who acknowledges it now, and by nothing else. */
	CU_ASSERT_EQUAL(leader()->commit, 2);
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 2);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 2);
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 3);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 3);
	append(64);
	replica_fixture_fini(&cluster);
}

/* What was under way while it said nothing belongs to no round of heartbeats that it counts. */
static void acknowledgement_that_comes_in_a_silence_counts_for_nothing(void)
{
	begin_silent();
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 3);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 2);
	CU_ASSERT_EQUAL(leader()->leader.peers[3].match_durable, 2);
	CU_ASSERT(leader()->silent);
	replica_fixture_fini(&cluster);
}

static void question_of_long_ago_makes_no_leader_speak(void)
{
	begin_silent();
	resume(WL_STALL_QUORUM, 2, cluster.now_ns - REPLICA_ELECTION_NS - 1);
	CU_ASSERT(leader()->silent);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, 0), 0);
	replica_fixture_fini(&cluster);
}

/* A transfer that is called off, another term, a log that is poisoned: none of them ends a silence. */
static void nothing_else_ends_a_silence(void)
{
	begin_silent();
	resume(0, 2, cluster.now_ns);
	CU_ASSERT(leader()->silent);
	resume(WL_STALL_QUORUM, 3, cluster.now_ns);
	CU_ASSERT(leader()->silent);
	leader()->log->poisoned = true;
	turn(); /* control was told; its RESUME was on its way */
	resume(WL_STALL_QUORUM, 2, cluster.now_ns);
	CU_ASSERT(leader()->silent);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, 0), 0);
	replica_fixture_fini(&cluster);
}

/* It is believed for one timeout from the question on, and no echo is made up for it. */
static void leader_that_resumed_and_hears_nobody_falls_silent_again(void)
{
	uint64_t heard_ns[2], asked_ns;

	begin_silent();
	heard_ns[0] = leader()->leader.peers[2].heard_sent_ns;
	heard_ns[1] = leader()->leader.peers[3].heard_sent_ns;
	asked_ns = cluster.now_ns;
	resume(WL_STALL_QUORUM, 2, asked_ns);
	CU_ASSERT_EQUAL(leader()->leader.peers[2].heard_sent_ns, heard_ns[0]);
	CU_ASSERT_EQUAL(leader()->leader.peers[3].heard_sent_ns, heard_ns[1]);
	replica_fixture_pass(&cluster, asked_ns + REPLICA_ELECTION_NS - cluster.now_ns);
	turn();
	CU_ASSERT_EQUAL(leader()->silent, cluster.now_ns - asked_ns > REPLICA_ELECTION_NS);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT(leader()->silent);
	replica_fixture_fini(&cluster);
}

/* ---- handing over ---- */

static void transfer_waits_until_the_target_has_everything(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER, .node = 3}, told;

	begin_ready("1");
	append(64);
	turn();
	message.view = leader()->view;
	message.view.number++;
	wl_replica_on_transfer(leader(), &message);
	turn();
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_NOT_LEADER);
	CU_ASSERT(!replica_fixture_told(&cluster, LEADER, WL_PLANE_TRANSFER_READY, &told));
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 2);
	turn();
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_TRANSFER_READY, &told));
	CU_ASSERT_EQUAL(told.node, 3);
	CU_ASSERT_EQUAL(told.tail.index, 3);
	CU_ASSERT_EQUAL(told.view.number, message.view.number);
	turn();
	CU_ASSERT(!replica_fixture_told(&cluster, LEADER, WL_PLANE_TRANSFER_READY, &told));
	replica_fixture_fini(&cluster);
}

static void leader_that_told_a_successor_sends_nothing_more(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER, .node = 3}, told;

	begin_ready("1");
	message.view = leader()->view;
	message.view.number++;
	wl_replica_on_transfer(leader(), &message);
	turn();
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_TRANSFER_READY, &told));
	forget_mail();
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS + 1);
	turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, 0), 0);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 3, 0), 0);
	CU_ASSERT(!replica_fixture_told(&cluster, LEADER, WL_PLANE_STALLED, &told));
	replica_fixture_fini(&cluster);
}

static void transfer_to_nobody_in_particular_goes_to_the_furthest_with_room(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER};
	struct wl_wire_append_ack full = {.term = 2, .match_received = 3, .match_durable = 3};

	begin_ready("1");
	append(64);
	turn();
	full.sent_ns = leader()->now_ns;
	full.flags = WL_WIRE_ACK_NO_SPACE;
	wl_replica_on_append_ack(leader(), 2, &full);
	message.view = leader()->view;
	message.view.number++;
	wl_replica_on_transfer(leader(), &message);
	CU_ASSERT(leader()->leader.handing_over);
	CU_ASSERT_EQUAL(leader()->leader.transfer_target, 3);
	replica_fixture_fini(&cluster);
}

static void appends_are_refused_while_a_majority_has_no_room(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 2, .match_durable = 2};

	begin_ready("1");
	ack.sent_ns = leader()->now_ns;
	ack.flags = WL_WIRE_ACK_NO_SPACE | WL_WIRE_ACK_CANNOT_GROW;
	wl_replica_on_append_ack(leader(), 2, &ack);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_OK);
	turn();

	ack.match_received = ack.match_durable = leader()->leader.peers[3].match_received;
	wl_replica_on_append_ack(leader(), 3, &ack);
	leader()->leader.room_limit = 0; /* what was granted before may be used up */
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_NO_SPACE);

	ack.flags = 0; /* its next segment is being made */
	wl_replica_on_append_ack(leader(), 3, &ack);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_BACK_PRESSURE);
	ack.room = REPLICA_ROOM;
	wl_replica_on_append_ack(leader(), 3, &ack);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_OK);
	turn();
	replica_fixture_fini(&cluster);
}

/* Two followers have room for a few records more; they hear of nothing meanwhile, and the leader stops by itself. */
static void leader_takes_no_more_than_a_majority_has_room_for(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 2, .match_durable = 2};
	uint64_t cost, taken = 0;

	begin_ready("1");
	ack.sent_ns = leader()->now_ns;
	ack.flags = WL_WIRE_ACK_CANNOT_GROW;
	ack.room = WL_LOG_SLACK_BYTES + (1 << 20);
	wl_replica_on_append_ack(leader(), 2, &ack);
	wl_replica_on_append_ack(leader(), 3, &ack);
	leader()->leader.room_limit = 0;
	cost = leader()->log->cost;
	while (replica_fixture_append(&cluster, LEADER, 5000) == WIRELOG_OK && ++taken < 1000)
		turn();
	CU_ASSERT(taken > 10 && taken < 1000);
	CU_ASSERT(leader()->log->cost - cost <= 1 << 20);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 5000), WIRELOG_NO_SPACE);
	replica_fixture_fini(&cluster);
}

/* One follower is full, the other has begun anew and said nothing yet: with neither is there a majority that has room. */
static void follower_that_told_nothing_has_no_room(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 2, .match_durable = 2};

	begin_ready("1");
	ack.sent_ns = leader()->now_ns;
	ack.flags = WL_WIRE_ACK_CANNOT_GROW;
	wl_replica_on_append_ack(leader(), 2, &ack);
	cluster.nodes[LEADER].remotes[3].boot_id++;
	turn();
	leader()->leader.room_limit = 0;
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_BACK_PRESSURE);
	replica_fixture_fini(&cluster);
}

/* One follower is full, the other told of room and is silent since: what is taken would wait for its return, so nothing is. */
static void follower_that_fell_silent_has_no_room(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 2, .match_durable = 2};

	begin_ready("1");
	ack.sent_ns = leader()->now_ns;
	ack.flags = WL_WIRE_ACK_NO_SPACE | WL_WIRE_ACK_CANNOT_GROW;
	wl_replica_on_append_ack(leader(), 2, &ack);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_OK);
	turn();
	for (unsigned half = 0; half < 3; half++) {
		replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
		turn();
		ack.sent_ns = leader()->now_ns;
		wl_replica_on_append_ack(leader(), 2, &ack);
	}
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_NO_SPACE);

	ack.flags = 0;
	ack.room = REPLICA_ROOM;
	wl_replica_on_append_ack(leader(), 3, &ack);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_OK);
	replica_fixture_fini(&cluster);
}

static void full_follower_is_sent_the_first_entry_of_a_term(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 1, .match_durable = 1};

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, "1");
	replica_fixture_lead(&cluster, LEADER, 2);
	turn();
	ack.sent_ns = leader()->now_ns;
	ack.flags = WL_WIRE_ACK_NO_SPACE | WL_WIRE_ACK_CANNOT_GROW;
	wl_replica_on_append_ack(leader(), 2, &ack);
	wl_replica_on_append_ack(leader(), 3, &ack);
	turn();
	CU_ASSERT(leader()->leader.peers[2].next_index == 3 &&
		  leader()->leader.peers[3].next_index == 3);
	replica_fixture_fini(&cluster);
}

static void leader_takes_appends_again_when_the_transfer_is_off(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER, .node = 3};

	begin_ready("1");
	message.view = leader()->view;
	message.view.number++;
	wl_replica_on_transfer(leader(), &message);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_NOT_LEADER);
	message.view.number++;
	wl_replica_on_resume(leader(), &message);
	append(64);
	turn();
	CU_ASSERT_EQUAL(tail(), 3);
	CU_ASSERT_EQUAL(leader()->view.term, 2);
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica)
{
	WL_TEST(view_of_an_older_number_is_not_installed),
	WL_TEST(view_with_an_older_term_stops_the_node),
	WL_TEST(fence_is_answered_with_its_number_and_the_tail),
	WL_TEST(answer_that_finds_the_ring_full_is_told_later),
	WL_TEST(commit_survives_a_change_of_view),
	WL_TEST(check_names_the_rule_that_does_not_hold),
	WL_TEST(leader_whose_disk_hangs_falls_silent_and_says_so),
	WL_TEST(leader_whose_write_failed_commits_and_sends_nothing_any_more),
	WL_TEST(leader_that_a_majority_answers_goes_on),
	WL_TEST(check_quorum_counts_from_when_the_answered_frame_left),
	WL_TEST(leader_leads_on_in_its_term_after_a_silence),
	WL_TEST(acknowledgement_that_comes_in_a_silence_counts_for_nothing),
	WL_TEST(question_of_long_ago_makes_no_leader_speak),
	WL_TEST(nothing_else_ends_a_silence),
	WL_TEST(leader_that_resumed_and_hears_nobody_falls_silent_again),
	WL_TEST(transfer_waits_until_the_target_has_everything),
	WL_TEST(leader_that_told_a_successor_sends_nothing_more),
	WL_TEST(transfer_to_nobody_in_particular_goes_to_the_furthest_with_room),
	WL_TEST(appends_are_refused_while_a_majority_has_no_room),
	WL_TEST(leader_takes_no_more_than_a_majority_has_room_for),
	WL_TEST(follower_that_told_nothing_has_no_room),
	WL_TEST(follower_that_fell_silent_has_no_room),
	WL_TEST(full_follower_is_sent_the_first_entry_of_a_term),
	WL_TEST(leader_takes_appends_again_when_the_transfer_is_off),
};
