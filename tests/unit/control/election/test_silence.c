/* SPDX-License-Identifier: BSD-3-Clause */
/* A leader that no majority answers (silence.c), and stops of those who follow one. */
#include "tests/unit/control/election/election_cluster.h"
#include "tests/unit/control/election/election_fixture.h"
#include "tests/unit/runner.h"

#define GOOD ((struct wl_position){2, 10})
#define LONGER ((struct wl_position){2, 11})
#define T ELECTION_FIXTURE_TIMEOUT_NS

static struct election_fixture node;

static enum wl_election_state state(void)
{
	return node.election.state;
}

static void become_silent(enum wl_stall_reason reason)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_stalled(&node, reason);
	CU_ASSERT_EQUAL_FATAL(state(), WL_ELECTION_SILENT);
}

static void silent_leader_asks_and_leads_on_in_the_same_term(void)
{
	uint64_t asked_ns;

	become_silent(WL_STALL_QUORUM);
	asked_ns = node.now_ns;
	CU_ASSERT_EQUAL(node.election.leader, 0);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_FOLLOW));
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_PRE_VOTE), 2);
	node.now_ns += T / 5; /* on its way: what counts is when we asked */
	election_fixture_pre_vote_reply(&node, 2, 7, 7, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
	CU_ASSERT_EQUAL(node.election.term, 6);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_told(&node, WL_PLANE_RESUME));
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_RESUME)->tell.reason,
			WL_STALL_QUORUM);
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_RESUME)->tell.now_ns, asked_ns);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_LEAD));
	CU_ASSERT_PTR_NULL(election_fixture_persist(&node));
	CU_ASSERT_EQUAL(node.election.counts.resumed, 1);
}

static void silent_leader_waits_for_a_majority_for_as_long_as_it_takes(void)
{
	become_silent(WL_STALL_CONTROL);
	election_fixture_pass(&node, 50 * (uint64_t)T);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_SILENT);
	CU_ASSERT_EQUAL(node.election.term, 6);
	election_fixture_pre_vote_reply(&node, 3, 7, 7, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

static void silent_leader_takes_the_newer_term_of_a_refuser_over(void)
{
	become_silent(WL_STALL_QUORUM);
	election_fixture_pre_vote_reply(&node, 2, 7, 7, false);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.term, 7);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
}

static bool grants_pre_vote_to(uint32_t from)
{
	node.out.count = 0;
	election_fixture_pre_vote(&node, from, 7, LONGER);
	return election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, from)->message.reply.granted !=
	       0;
}

/* Both would win, and the newer term would stand. */
static void silent_leader_goes_first_and_then_lets_others(void)
{
	become_silent(WL_STALL_QUORUM);
	CU_ASSERT_FALSE(grants_pre_vote_to(2));
	for (unsigned part = 0; part < 3; part++) {
		election_fixture_pass(&node, T / 3 + 1);
		if (part < 2)
			CU_ASSERT_FALSE(grants_pre_vote_to(2));
	}
	CU_ASSERT(grants_pre_vote_to(2));
}

static void silent_leader_votes_for_a_newer_term(void)
{
	become_silent(WL_STALL_QUORUM);
	election_fixture_vote(&node, 2, 7, LONGER);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.vote, 2);
	CU_ASSERT_EQUAL(node.election.term, 7);
}

static void silent_leader_that_leaves_gives_its_term_up(void)
{
	become_silent(WL_STALL_QUORUM);
	node.out.count = 0;
	wl_election_leave(&node.election, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FOLLOW));
}

/* The successor may have won unheard: this term is over. */
static void leader_that_told_its_successor_does_not_lead_on(void)
{
	struct wl_plane_message ready = {.verb = WL_PLANE_TRANSFER_READY, .node = 2, .tail = GOOD};

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	wl_election_transfer(&node.election, 2, node.now_ns, &node.out);
	ready.view = (struct wl_view){.number = node.election.number, .term = 6};
	node.out.count = 0;
	wl_election_on_transfer_ready(&node.election, &ready, node.now_ns, &node.out);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_sent(&node, WL_WIRE_TIMEOUT_NOW, 2));
	election_fixture_stalled(&node, WL_STALL_CONTROL);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FOLLOW));
}

static void leader_that_asks_gets_the_pre_vote_of_its_follower(void)
{
	struct wl_plane_message heard = {.verb = WL_PLANE_LEADER_HEARD, .node = 2};

	election_fixture_start(&node, 3, 6, 0);
	election_fixture_pass(&node, 2 * (uint64_t)T / 3);
	election_fixture_pass(&node, T / 2);
	heard.view = (struct wl_view){.number = node.election.number, .term = 6};
	heard.now_ns = node.now_ns;
	node.out.count = 0;
	wl_election_on_leader_heard(&node.election, &heard, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(node.election.leader, 2);
	CU_ASSERT(grants_pre_vote_to(2));
	CU_ASSERT_FALSE(grants_pre_vote_to(3));
}

static void timer_waits_while_the_worker_does_not_run(void)
{
	election_fixture_start(&node, 3, 5, 0);
	for (unsigned part = 0; part < 40; part++) {
		election_fixture_pass(&node, T / 2);
		wl_election_on_pause(&node.election, node.now_ns);
	}
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.counts.pre_campaigns, 0);
}

/* Whoever gave it an hour ago may have elected another one since. */
static void answer_of_an_earlier_round_does_not_count(void)
{
	struct wl_wire_vote_reply reply = {.term = 7, .asked_term = 7, .granted = 1};

	become_silent(WL_STALL_QUORUM);
	reply.round = node.election.round;
	election_fixture_pass(&node, 3 * (uint64_t)T);
	CU_ASSERT(node.election.round > reply.round);
	node.out.count = 0;
	wl_election_on_pre_vote_reply(&node.election, 2, &reply, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_SILENT);
	reply.round = node.election.round;
	wl_election_on_pre_vote_reply(&node.election, 2, &reply, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

static void question_names_its_round_and_the_answer_gives_it_back(void)
{
	struct wl_wire_vote asked = {.term = 7, .last = LONGER, .round = 77};

	become_silent(WL_STALL_QUORUM);
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_PRE_VOTE, 2)->message.vote.round,
			node.election.round);
	node.out.count = 0;
	wl_election_on_pre_vote(&node.election, 3, &asked, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 3)->message.reply.round, 77);
}

static void silent_leader_of_five_needs_two_answers(void)
{
	election_fixture_start(&node, 5, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_stalled(&node, WL_STALL_QUORUM);
	election_fixture_pre_vote_reply(&node, 2, 7, 7, true);
	election_fixture_pre_vote_reply(&node, 2, 7, 7, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_SILENT);
	election_fixture_pre_vote_reply(&node, 5, 7, 7, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

/* The whole way, on elections that talk to each other: who was alone for long finds its term as it left it. */
static void nobody_else_could_be_elected_so_the_term_goes_on(void)
{
	static struct cluster cluster;
	uint32_t leader;
	uint64_t term;

	cluster_init(&cluster, 3, 5);
	leader = cluster_elect(&cluster, 5000);
	CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
	term = cluster.node[leader].election.term;
	cluster_crash(&cluster, leader == 3 ? 2 : 3);
	cluster_isolate(&cluster, leader, true);
	cluster_run(&cluster, 20 * CLUSTER_TIMEOUT);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), 0);
	cluster_isolate(&cluster, leader, false);
	cluster_run(&cluster, 4 * CLUSTER_TIMEOUT);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), leader);
	CU_ASSERT_EQUAL(cluster.node[leader].election.term, term);
	CU_ASSERT_PTR_NULL(cluster.violation);
}

/* Elected meanwhile: the old leader finds a newer term, and the new one keeps its place. */
static void who_was_elected_meanwhile_stays(void)
{
	static struct cluster cluster;
	uint32_t old, leader;
	uint64_t term;

	cluster_init(&cluster, 3, 6);
	old = cluster_elect(&cluster, 5000);
	CU_ASSERT_NOT_EQUAL_FATAL(old, 0);
	cluster_isolate(&cluster, old, true);
	cluster_run(&cluster, 10 * CLUSTER_TIMEOUT);
	leader = cluster_leader(&cluster);
	CU_ASSERT(leader != 0 && leader != old);
	CU_ASSERT_EQUAL(cluster.node[old].election.state, WL_ELECTION_SILENT);
	term = cluster.node[leader].election.term;
	cluster_heal(&cluster);
	cluster_run(&cluster, 10 * CLUSTER_TIMEOUT);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), leader);
	CU_ASSERT_EQUAL(cluster.node[leader].election.term, term);
	CU_ASSERT_EQUAL(cluster.node[old].election.term, term);
	CU_ASSERT_PTR_NULL(cluster.violation);
}

WL_SUITE(silence)
{
	WL_TEST(silent_leader_asks_and_leads_on_in_the_same_term),
	WL_TEST(silent_leader_waits_for_a_majority_for_as_long_as_it_takes),
	WL_TEST(silent_leader_takes_the_newer_term_of_a_refuser_over),
	WL_TEST(silent_leader_goes_first_and_then_lets_others),
	WL_TEST(silent_leader_votes_for_a_newer_term),
	WL_TEST(silent_leader_that_leaves_gives_its_term_up),
	WL_TEST(leader_that_told_its_successor_does_not_lead_on),
	WL_TEST(leader_that_asks_gets_the_pre_vote_of_its_follower),
	WL_TEST(timer_waits_while_the_worker_does_not_run),
	WL_TEST(answer_of_an_earlier_round_does_not_count),
	WL_TEST(question_names_its_round_and_the_answer_gives_it_back),
	WL_TEST(silent_leader_of_five_needs_two_answers),
	WL_TEST(nobody_else_could_be_elected_so_the_term_goes_on),
	WL_TEST(who_was_elected_meanwhile_stays),
};
