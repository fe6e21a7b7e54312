/* SPDX-License-Identifier: BSD-3-Clause */
/* A follower whose data went back: node 1 leads, node 3 came back empty, node 2 has everything. */
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define LEADER 1u
#define WHOLE 2u
#define EMPTY 3u
#define OLD 101u /* incarnations of one node's data */
#define NEW 102u

static struct replica_fixture cluster;

static struct wl_replica *leader(void)
{
	return replica_of(&cluster, LEADER);
}

static void turn(void)
{
	replica_fixture_turn(&cluster, LEADER);
}

static void acknowledge_on(uint32_t node, uint64_t index, uint64_t incarnation, uint32_t flags)
{
	struct wl_wire_append_ack ack = {
		.term = leader()->view.term,
		.match_received = index,
		.match_durable = index,
		.sent_ns = cluster.now_ns,
		.flags = flags,
		.incarnation = incarnation,
	};

	leader()->now_ns = cluster.now_ns;
	wl_replica_on_append_ack(leader(), node, &ack);
}

/* Of data that no list names. */
static void acknowledge(uint32_t node, uint64_t index, uint32_t flags)
{
	acknowledge_on(node, index, 40 + node, flags);
}

/* Its first entry is durable here and waits for one more. */
static void begin(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, "11");
	replica_fixture_lead(&cluster, LEADER, 2);
	turn();
	turn();
	CU_ASSERT_EQUAL_FATAL(replica_log(&cluster, LEADER)->durable.index, 3);
}

static void acknowledgement_of_data_that_went_back_commits_nothing(void)
{
	begin();
	acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_EQUAL(leader()->leader.peers[EMPTY].match_durable, 3);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	CU_ASSERT_EQUAL(leader()->leader.received_majority, 0);
	acknowledge(WHOLE, 3, 0);
	CU_ASSERT_EQUAL(leader()->commit, 3);
	CU_ASSERT_EQUAL(leader()->leader.durable_all, 0);
	replica_fixture_fini(&cluster);
}

static void who_is_heard_from_such_data_alone_has_no_majority(void)
{
	begin();
	acknowledge(WHOLE, 3, 0);
	for (unsigned at = 0; at < 4; at++) {
		replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
		acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
		wl_replica_begin_turn(leader(), cluster.now_ns);
	}
	CU_ASSERT(leader()->silent);
	replica_fixture_fini(&cluster);
}

static void name(uint32_t node, uint64_t incarnation)
{
	replica_log(&cluster, LEADER)->list.incarnation[node] = incarnation;
}

static void who_comes_with_other_data_than_the_list_names_counts_nowhere(void)
{
	begin();
	name(WHOLE, OLD);
	acknowledge_on(WHOLE, 3, NEW, 0);
	CU_ASSERT_FALSE(wl_replica_counts(leader(), WHOLE));
	CU_ASSERT_TRUE(wl_replica_knows_held_back(leader(), WHOLE));
	CU_ASSERT_EQUAL(leader()->commit, 0);
	/* Who says nothing of its data, neither. */
	acknowledge_on(WHOLE, 3, 0, 0);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	acknowledge_on(WHOLE, 3, OLD, 0);
	CU_ASSERT_EQUAL(leader()->commit, 3);
	replica_fixture_fini(&cluster);
}

static void data_that_are_held_back_may_be_taken_in_when_they_are_in_step(void)
{
	begin();
	name(EMPTY, OLD);
	acknowledge(WHOLE, 3, 0);
	CU_ASSERT_FALSE(wl_replica_may_be_taken_in(leader(), EMPTY));
	acknowledge_on(EMPTY, 3, NEW, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_TRUE(wl_replica_may_be_taken_in(leader(), EMPTY));
	CU_ASSERT_EQUAL(wl_replica_incarnation(leader(), EMPTY), NEW);
	acknowledge_on(EMPTY, 3, NEW, WL_WIRE_ACK_HELD_BACK | WL_WIRE_ACK_NO_SPACE);
	CU_ASSERT_EQUAL(wl_replica_is_held_back(leader(), EMPTY), true);
	CU_ASSERT_TRUE(wl_replica_may_be_taken_in(leader(), EMPTY)); /* full, and has everything */
	CU_ASSERT_FALSE(wl_replica_may_be_taken_in(leader(), LEADER));
	CU_ASSERT_FALSE(wl_replica_may_be_taken_in(leader(), WHOLE));
	name(EMPTY, NEW); /* nothing is left to say */
	CU_ASSERT_FALSE(wl_replica_may_be_taken_in(leader(), EMPTY));
	replica_fixture_fini(&cluster);
}

static void named_data_count_when_they_say_so_and_not_before(void)
{
	begin();
	name(EMPTY, NEW);
	acknowledge_on(EMPTY, 3, NEW, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	CU_ASSERT_TRUE(wl_replica_knows_held_back(leader(), EMPTY));
	acknowledge_on(EMPTY, 3, NEW, 0);
	CU_ASSERT_EQUAL(leader()->commit, 3);
	acknowledge_on(EMPTY, 3, NEW, WL_WIRE_ACK_HELD_BACK); /* late */
	CU_ASSERT_TRUE(wl_replica_counts(leader(), EMPTY));
	replica_fixture_fini(&cluster);
}

static void leadership_is_not_handed_to_it(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER, .node = EMPTY};

	begin();
	acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
	message.view = leader()->view;
	wl_replica_on_transfer(leader(), &message);
	CU_ASSERT(!leader()->leader.handing_over);
	message.node = 0;
	wl_replica_on_transfer(leader(), &message);
	CU_ASSERT(!leader()->leader.handing_over);
	replica_fixture_fini(&cluster);
}

/* ---- at the follower ---- */

static bool is_caught_up(void)
{
	struct wl_plane_message told;

	return replica_fixture_told(&cluster, EMPTY, WL_PLANE_CAUGHT_UP, &told);
}

/* A word of the leader, who has committed up to `commit`: is the follower caught up now, and does it still say that it is held back? */
static void hear(uint64_t sent_ns, uint64_t commit, bool caught_up)
{
	struct wl_wire_append word = {.term = 1,
				      .previous = {1, 2},
				      .commit = commit,
				      .sent_ns = sent_ns};
	struct wl_wire_append_ack ack = {0};

	CU_ASSERT(wl_log_chain_at(replica_log(&cluster, EMPTY), 2, &word.previous_chain) ==
		  WL_LOG_KNOWN);
	wl_replica_on_append(replica_of(&cluster, EMPTY), LEADER, &word);
	replica_fixture_turn(&cluster, EMPTY);
	CU_ASSERT_EQUAL(is_caught_up(), caught_up);
	/* In any case: control has to make it durable first. */
	CU_ASSERT(replica_fixture_take_ack(&cluster, EMPTY, LEADER, &ack));
	CU_ASSERT_EQUAL(ack.flags, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_EQUAL(ack.incarnation, NEW);
	CU_ASSERT_EQUAL(ack.match_durable, 2);
}

static void follower_caught_up_waits_until_a_committed_list_names_its_data(void)
{
	struct wl_list *list;

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, EMPTY, "11");
	replica_fixture_follow(&cluster, EMPTY, 1, LEADER);
	replica_of(&cluster, EMPTY)->held_back = true;
	replica_of(&cluster, EMPTY)->config.incarnation = NEW;
	list = &replica_log(&cluster, EMPTY)->list;
	list->index = 2;
	hear(1, 2, false); /* nobody is named: its own word is that it does not count */
	list->incarnation[EMPTY] = OLD;
	hear(2, 2, false);
	list->incarnation[EMPTY] = NEW;
	replica_of(&cluster, EMPTY)->commit = 1;
	replica_of(&cluster, EMPTY)->leader_commit = 1;
	hear(3, 1, false); /* the list may be cut away again */
	hear(4, 2, true);
	replica_fixture_fini(&cluster);
}

static void a_fence_is_history(void)
{
	replica_fixture_init(&cluster, 3);
	CU_ASSERT(!wl_replica_has_history(replica_of(&cluster, EMPTY)));
	replica_fixture_fence(&cluster, EMPTY);
	CU_ASSERT(wl_replica_has_history(replica_of(&cluster, EMPTY)));
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_return)
{
	WL_TEST(acknowledgement_of_data_that_went_back_commits_nothing),
	WL_TEST(who_is_heard_from_such_data_alone_has_no_majority),
	WL_TEST(who_comes_with_other_data_than_the_list_names_counts_nowhere),
	WL_TEST(data_that_are_held_back_may_be_taken_in_when_they_are_in_step),
	WL_TEST(named_data_count_when_they_say_so_and_not_before),
	WL_TEST(leadership_is_not_handed_to_it),
	WL_TEST(follower_caught_up_waits_until_a_committed_list_names_its_data),
	WL_TEST(a_fence_is_history),
};
