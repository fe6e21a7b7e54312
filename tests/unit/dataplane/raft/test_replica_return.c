/* SPDX-License-Identifier: BSD-3-Clause */
/* A follower whose data went back: node 1 leads, node 3 came back empty, node 2 has everything. */
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define LEADER 1u
#define WHOLE 2u
#define EMPTY 3u

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

static void acknowledge(uint32_t node, uint64_t index, uint32_t flags)
{
	struct wl_wire_append_ack ack = {
		.term = leader()->view.term,
		.match_received = index,
		.match_durable = index,
		.sent_ns = cluster.now_ns,
		.flags = flags,
	};

	leader()->now_ns = cluster.now_ns;
	wl_replica_on_append_ack(leader(), node, &ack);
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

static uint32_t flags_to(uint32_t node)
{
	struct wl_wire_append append;
	struct replica_mail mail;
	uint32_t flags = 0;

	while (replica_fixture_take_append(&cluster, LEADER, node, &mail, &append))
		flags = append.flags;
	return flags;
}

static void acknowledgement_of_data_that_went_back_commits_nothing(void)
{
	begin();
	acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_EQUAL(leader()->peers[EMPTY].match_durable, 3);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	CU_ASSERT_EQUAL(leader()->received_majority, 0);
	acknowledge(WHOLE, 3, 0);
	CU_ASSERT_EQUAL(leader()->commit, 3);
	CU_ASSERT_EQUAL(leader()->durable_all, 0);
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

static void an_entry_is_appended_for_it_and_what_was_committed_before_takes_nobody_in(void)
{
	begin();
	acknowledge(WHOLE, 3, 0);
	acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
	turn();
	CU_ASSERT_EQUAL(tail(), 4);
	turn();
	turn();
	CU_ASSERT_EQUAL(tail(), 4);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 3);
	CU_ASSERT_EQUAL(flags_to(EMPTY), 0);
	/* Even when it has the entry itself. */
	acknowledge(EMPTY, 4, WL_WIRE_ACK_HELD_BACK);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT_EQUAL(flags_to(EMPTY), 0);
	replica_fixture_fini(&cluster);
}

static void
it_is_taken_in_when_the_others_have_committed_that_entry_and_counts_when_it_says_so(void)
{
	begin();
	acknowledge(WHOLE, 3, 0);
	acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
	turn();
	turn();
	acknowledge(WHOLE, 4, 0);
	CU_ASSERT_EQUAL(leader()->commit, 4);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT_EQUAL(flags_to(EMPTY), WL_WIRE_APPEND_TAKEN_IN);
	CU_ASSERT_EQUAL(flags_to(WHOLE), 0);
	CU_ASSERT(wl_peer_is_held_back(&leader()->peers[EMPTY]));
	acknowledge(EMPTY, 4, 0);
	CU_ASSERT(!wl_peer_is_held_back(&leader()->peers[EMPTY]));
	CU_ASSERT_EQUAL(leader()->durable_all, 4);
	acknowledge(EMPTY, 4, WL_WIRE_ACK_HELD_BACK); /* late */
	CU_ASSERT(!wl_peer_is_held_back(&leader()->peers[EMPTY]));
	replica_fixture_fini(&cluster);
}

static void leadership_is_not_handed_to_it(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER, .node = EMPTY};

	begin();
	acknowledge(EMPTY, 3, WL_WIRE_ACK_HELD_BACK);
	message.view = leader()->view;
	wl_replica_on_transfer(leader(), &message);
	CU_ASSERT(!leader()->handing_over);
	message.node = 0;
	wl_replica_on_transfer(leader(), &message);
	CU_ASSERT(!leader()->handing_over);
	replica_fixture_fini(&cluster);
}

/* ---- at the follower ---- */

static bool is_caught_up(void)
{
	struct wl_plane_message told;

	return replica_fixture_told(&cluster, EMPTY, WL_PLANE_CAUGHT_UP, &told);
}

static void follower_caught_up_waits_until_it_is_taken_in(void)
{
	struct wl_wire_append word = {.term = 1, .previous = {1, 2}, .commit = 2, .sent_ns = 1};
	struct wl_wire_append_ack ack = {0};

	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, EMPTY, "11");
	replica_fixture_follow(&cluster, EMPTY, 1, LEADER);
	replica_of(&cluster, EMPTY)->held_back = true;
	CU_ASSERT(wl_log_chain_at(replica_log(&cluster, EMPTY), 2, &word.previous_chain) ==
		  WL_LOG_KNOWN);
	wl_replica_on_append(replica_of(&cluster, EMPTY), LEADER, &word);
	replica_fixture_turn(&cluster, EMPTY);
	CU_ASSERT(!is_caught_up());
	CU_ASSERT(replica_fixture_take_ack(&cluster, EMPTY, LEADER, &ack));
	CU_ASSERT_EQUAL(ack.flags, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_EQUAL(ack.match_durable, 2);
	word.sent_ns = 2;
	word.flags = WL_WIRE_APPEND_TAKEN_IN;
	wl_replica_on_append(replica_of(&cluster, EMPTY), LEADER, &word);
	replica_fixture_turn(&cluster, EMPTY);
	CU_ASSERT(is_caught_up());
	/* It goes on saying that it does not count: control has to make it durable first. */
	CU_ASSERT(replica_fixture_take_ack(&cluster, EMPTY, LEADER, &ack));
	CU_ASSERT_EQUAL(ack.flags, WL_WIRE_ACK_HELD_BACK);
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
	WL_TEST(an_entry_is_appended_for_it_and_what_was_committed_before_takes_nobody_in),
	WL_TEST(it_is_taken_in_when_the_others_have_committed_that_entry_and_counts_when_it_says_so),
	WL_TEST(leadership_is_not_handed_to_it),
	WL_TEST(follower_caught_up_waits_until_it_is_taken_in),
	WL_TEST(a_fence_is_history),
};
