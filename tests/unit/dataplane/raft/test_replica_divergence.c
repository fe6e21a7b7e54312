/* SPDX-License-Identifier: BSD-3-Clause */
/* Two logs with the same indexes and terms and other bytes: no Raft log comes to this before a majority lost its disks. */
#include "tests/unit/dataplane/raft/follower_fixture.h"
#include "tests/unit/runner.h"

/* The first entries are equal; what stands at `from` and behind it was made in another history. */
static void begin(unsigned from, unsigned entries)
{
	char equal[8] = "1111111";

	equal[from - 1] = '\0';
	follower_begin(equal, equal, 1);
	for (unsigned index = from; index <= entries; index++) {
		log_fixture_append(&follower_cluster()->nodes[LEADER].disk, 1, 40);
		log_fixture_append(&follower_cluster()->nodes[FOLLOWER].disk, 1, 48);
	}
	follower_turn();
}

static void expect_divergence_at(uint64_t index)
{
	struct wl_wire_append_ack ack;
	struct wl_plane_message told;
	uint64_t ours = 0, theirs = 0;

	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	CU_ASSERT(follower()->follower.diverged);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_append_diverged), 1);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.node, LEADER);
	CU_ASSERT_EQUAL(told.tail.index, index);
	wl_log_chain_at(follower_log(), index, &ours);
	wl_log_chain_at(replica_log(follower_cluster(), LEADER), index, &theirs);
	CU_ASSERT_EQUAL(told.chain, ours);
	CU_ASSERT_EQUAL(told.their_chain, theirs);
	CU_ASSERT_NOT_EQUAL(ours, theirs);
}

static void previous_of_another_history_is_not_acknowledged(void)
{
	begin(2, 3);
	follower_append(3, 0, 3);
	expect_divergence_at(3);
	CU_ASSERT_EQUAL(follower()->follower.match, 0);
	CU_ASSERT_EQUAL(follower()->commit, 0);
	replica_fixture_fini(follower_cluster());
}

static void what_came_twice_and_is_not_the_same_is_not_acknowledged(void)
{
	begin(2, 3);
	follower_append(1, 2, 3);
	expect_divergence_at(2);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 3);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_append_duplicate), 1);
	replica_fixture_fini(follower_cluster());
}

static void nothing_of_such_a_leader_is_taken_later_in_its_term(void)
{
	struct wl_wire_append_ack ack;

	begin(3, 4);
	follower_append(4, 0, 0);
	expect_divergence_at(4);
	follower_append(2, 0, 2);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	CU_ASSERT_EQUAL(follower()->commit, 0);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 4);
	replica_fixture_fini(follower_cluster());
}

static void another_term_where_something_is_committed_is_divergence(void)
{
	follower_begin("1133", "1122", 3);
	follower()->commit = 3;
	follower_append(3, 1, 0);
	expect_divergence_at(3);
	CU_ASSERT(wl_replica_is_apart(follower()));
	replica_fixture_fini(follower_cluster());
}

static void next_view(enum wl_role role, uint64_t term)
{
	const struct wl_plane_message message = {
		.verb = role == WL_ROLE_LEADER ? WL_PLANE_LEAD : WL_PLANE_FOLLOW,
		.view = {.number = follower()->view.number + 1, .term = term},
	};

	if (role == WL_ROLE_LEADER)
		wl_replica_on_lead(follower(), &message);
	else
		wl_replica_on_follow(follower(), &message);
}

static void contradicted_where_it_is_committed(void)
{
	struct wl_plane_message told;

	begin(2, 3);
	follower()->commit = 3;
	follower_append(3, 0, 3);
	follower_turn();
	CU_ASSERT(wl_replica_is_apart(follower()));
	CU_ASSERT_EQUAL(follower()->apart.node, LEADER);
	CU_ASSERT_EQUAL(follower()->apart.position.index, 3);
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_DIVERGENCE_OF_COMMITTED);
}

static void contradicted_node_takes_no_part_in_any_later_view(void)
{
	struct wl_wire_append_ack ack;

	contradicted_where_it_is_committed();
	next_view(WL_ROLE_FOLLOWER, 1);
	follower_append(1, 0, 1); /* what both have */
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	CU_ASSERT_EQUAL(follower()->follower.match, 0);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 3);
	replica_fixture_fini(follower_cluster());
}

static void contradicted_candidate_that_was_elected_does_not_lead(void)
{
	contradicted_where_it_is_committed();
	next_view(WL_ROLE_LEADER, 2);
	follower_turn();
	CU_ASSERT_NOT_EQUAL(follower()->view.role, WL_ROLE_LEADER);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 3);
	replica_fixture_fini(follower_cluster());
}

/* What is seen first may lie above our commit: the leader is asked to begin there, and the value behind it decides. */
static void value_behind_our_commit_decides(bool same, bool apart)
{
	struct wl_wire_append_ack ack;
	uint64_t ours;

	begin(same ? 3 : 2, 4);
	follower()->commit = 2;
	follower_append(4, 0, 4);
	follower_turn();
	CU_ASSERT(!wl_replica_is_apart(follower()));
	CU_ASSERT(!follower_answered(&ack));
	follower_append(4, 0, 4);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.flags & WL_WIRE_ACK_REJECTED, WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	CU_ASSERT_EQUAL(ack.match_received, 0);
	CU_ASSERT_EQUAL(ack.match_durable, 0);
	wl_log_chain_at(follower_log(), 0, &ours);
	CU_ASSERT_EQUAL(ack.match_chain, ours);
	follower_append(2, 2, 4);
	follower_turn();
	CU_ASSERT_EQUAL(wl_replica_is_apart(follower()), apart);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 4);
	follower_append(4, 0, 4);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	replica_fixture_fini(follower_cluster());
}

static void contradiction_above_commit_is_looked_for_at_commit(void)
{
	value_behind_our_commit_decides(false, true);
}

static void branch_above_an_equal_commit_sets_nobody_apart(void)
{
	value_behind_our_commit_decides(true, false);
}

/* A branch that nobody was told of, and one that is given up for another term, are no reason. */
static void what_is_not_committed_sets_nobody_apart(void)
{
	struct wl_plane_message told;

	begin(2, 3);
	follower()->commit = 1;
	follower_append(3, 0, 3);
	follower_turn();
	CU_ASSERT(!wl_replica_is_apart(follower()));
	CU_ASSERT(replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_DIVERGENCE_OF_BRANCH);
	replica_fixture_fini(follower_cluster());
	follower_begin("1133", "1122", 3);
	follower()->commit = 2;
	follower_append(2, 2, 2);
	follower_turn();
	CU_ASSERT(!wl_replica_is_apart(follower()));
	CU_ASSERT_EQUAL(follower()->follower.match, 4);
	replica_fixture_fini(follower_cluster());
}

/* Who leads was elected by a majority: what a follower says does not set the leader apart. */
static void leader_is_not_set_apart_by_an_acknowledgement(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 3, .match_durable = 3};
	struct wl_replica *leader;

	begin(2, 3);
	replica_fixture_lead(follower_cluster(), LEADER, 2);
	leader = replica_of(follower_cluster(), LEADER);
	leader->commit = 3;
	wl_log_chain_at(follower_log(), 3, &ack.match_chain);
	wl_replica_on_append_ack(leader, FOLLOWER, &ack);
	CU_ASSERT(!wl_replica_is_apart(leader));
	replica_fixture_fini(follower_cluster());
}

/* What the leader has not at hand is compared with the images that come; by itself it matches nothing. */
static void previous_without_a_chain_value_matches_nothing(void)
{
	struct wl_wire_append news = {.term = 1, .previous = {1, 3}, .commit = 3, .sent_ns = 1};

	begin(2, 3);
	wl_replica_on_append(follower(), LEADER, &news);
	CU_ASSERT_EQUAL(follower()->follower.match, 0);
	CU_ASSERT_EQUAL(follower()->commit, 0);
	CU_ASSERT(!follower()->follower.diverged);
	replica_fixture_fini(follower_cluster());
}

static void leader_counts_no_acknowledgement_of_another_history(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 3, .match_durable = 3};
	struct wl_plane_message told;
	struct wl_replica *leader;

	begin(2, 3);
	replica_fixture_lead(follower_cluster(), LEADER, 2);
	leader = replica_of(follower_cluster(), LEADER);
	wl_log_chain_at(follower_log(), 3, &ack.match_chain);
	wl_replica_on_append_ack(leader, FOLLOWER, &ack);
	wl_replica_on_append_ack(leader, FOLLOWER, &ack);
	CU_ASSERT_EQUAL(leader->leader.peers[FOLLOWER].match_received, 0);
	CU_ASSERT_EQUAL(replica_count(follower_cluster(), LEADER, WL_COUNTER_append_diverged), 2);
	CU_ASSERT(replica_fixture_told(follower_cluster(), LEADER, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.node, FOLLOWER);
	CU_ASSERT_EQUAL(told.tail.index, 3);
	replica_fixture_fini(follower_cluster());
}

static void acknowledgement_of_the_same_history_counts(void)
{
	struct wl_wire_append_ack ack = {.term = 2, .match_received = 3, .match_durable = 3};
	struct wl_replica *leader;

	follower_begin("111", "111", 1);
	replica_fixture_lead(follower_cluster(), LEADER, 2);
	leader = replica_of(follower_cluster(), LEADER);
	wl_log_chain_at(follower_log(), 3, &ack.match_chain);
	wl_replica_on_append_ack(leader, FOLLOWER, &ack);
	CU_ASSERT_EQUAL(leader->leader.peers[FOLLOWER].match_received, 3);
	replica_fixture_fini(follower_cluster());
}

static void word_of_a_voter(uint32_t from, uint64_t chain, bool asks)
{
	const struct wl_wire_chain word = {.index = 3, .chain = chain, .asks = asks};

	wl_replica_on_chain(follower(), from, &word);
}

static uint64_t chain_of(uint32_t node)
{
	uint64_t chain = 0;

	wl_log_chain_at(replica_log(follower_cluster(), node), 3, &chain);
	return chain;
}

static void all_voters_are_asked_until_they_have_said_it(void)
{
	contradicted_where_it_is_committed();
	replica_fixture_pass(follower_cluster(), REPLICA_HEARTBEAT_NS);
	follower_turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(follower_cluster(), FOLLOWER, 2, WL_WIRE_CHAIN), 2);
	word_of_a_voter(2, 0, false); /* not at hand there */
	replica_fixture_pass(follower_cluster(), REPLICA_HEARTBEAT_NS);
	follower_turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(follower_cluster(), FOLLOWER, 2, WL_WIRE_CHAIN), 3);
	CU_ASSERT(!follower()->inquiry.settled);
	replica_fixture_fini(follower_cluster());
}

static void expect_verdict(uint64_t second, enum wl_divergence_kind kind)
{
	struct wl_plane_message told;

	contradicted_where_it_is_committed();
	word_of_a_voter(2, second, false);
	CU_ASSERT(follower()->inquiry.settled);
	CU_ASSERT(wl_replica_is_apart(follower()));
	CU_ASSERT_FATAL(
		replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.reason, kind);
	CU_ASSERT_EQUAL(told.tail.index, 3);
	replica_fixture_fini(follower_cluster());
}

static void majority_with_the_leader_condemns(void)
{
	begin(2, 3);
	{
		uint64_t theirs = chain_of(LEADER);

		replica_fixture_fini(follower_cluster());
		expect_verdict(theirs, WL_DIVERGENCE_CONFIRMED);
	}
}

static void majority_with_us_says_that_the_leader_is_wrong(void)
{
	begin(2, 3);
	{
		uint64_t ours = chain_of(FOLLOWER);

		replica_fixture_fini(follower_cluster());
		expect_verdict(ours, WL_DIVERGENCE_DISPROVED);
	}
}

/* A leader whose own values rot learns it from those whom it contradicted. */
static void who_is_asked_and_holds_something_else_asks_all(void)
{
	struct wl_plane_message told;

	begin(2, 3);
	follower()->commit = 3;
	word_of_a_voter(2, chain_of(FOLLOWER), true);
	CU_ASSERT_EQUAL(follower()->inquiry.index, 0);
	word_of_a_voter(1, chain_of(LEADER), true);
	CU_ASSERT_EQUAL(follower()->inquiry.index, 3);
	CU_ASSERT(!wl_replica_is_apart(follower()));
	word_of_a_voter(2, chain_of(LEADER), false);
	CU_ASSERT(wl_replica_is_apart(follower()));
	follower_turn();
	CU_ASSERT_FATAL(
		replica_fixture_told(follower_cluster(), FOLLOWER, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_DIVERGENCE_CONFIRMED);
	replica_fixture_fini(follower_cluster());
}

static void what_is_not_committed_is_not_told(void)
{
	struct wl_wire_chain answer;
	struct replica_mail mail;

	begin(2, 3);
	follower()->commit = 2;
	word_of_a_voter(2, chain_of(LEADER), true);
	follower_turn();
	CU_ASSERT_EQUAL(follower()->inquiry.index, 0);
	CU_ASSERT_FATAL(
		replica_fixture_take(follower_cluster(), FOLLOWER, 2, WL_WIRE_CHAIN, &mail));
	CU_ASSERT(wl_wire_decode_chain(mail.payload, mail.bytes, &answer));
	CU_ASSERT_EQUAL(answer.chain, 0);
	CU_ASSERT(!answer.asks);
	replica_fixture_fini(follower_cluster());
}

WL_SUITE(replica_divergence)
{
	WL_TEST(previous_of_another_history_is_not_acknowledged),
	WL_TEST(what_came_twice_and_is_not_the_same_is_not_acknowledged),
	WL_TEST(nothing_of_such_a_leader_is_taken_later_in_its_term),
	WL_TEST(another_term_where_something_is_committed_is_divergence),
	WL_TEST(contradicted_node_takes_no_part_in_any_later_view),
	WL_TEST(contradicted_candidate_that_was_elected_does_not_lead),
	WL_TEST(contradiction_above_commit_is_looked_for_at_commit),
	WL_TEST(branch_above_an_equal_commit_sets_nobody_apart),
	WL_TEST(what_is_not_committed_sets_nobody_apart),
	WL_TEST(leader_is_not_set_apart_by_an_acknowledgement),
	WL_TEST(previous_without_a_chain_value_matches_nothing),
	WL_TEST(leader_counts_no_acknowledgement_of_another_history),
	WL_TEST(acknowledgement_of_the_same_history_counts),
	WL_TEST(all_voters_are_asked_until_they_have_said_it),
	WL_TEST(majority_with_the_leader_condemns),
	WL_TEST(majority_with_us_says_that_the_leader_is_wrong),
	WL_TEST(who_is_asked_and_holds_something_else_asks_all),
	WL_TEST(what_is_not_committed_is_not_told),
};
