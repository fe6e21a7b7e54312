/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs whose oldest entries were given up: a leader that cannot serve a peer with them, a follower that cannot compare them. */
#include "dataplane/base/check.h"
#include "tests/unit/dataplane/raft/follower_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static struct replica_fixture cluster;

static struct wl_peer *peer(uint32_t node)
{
	return &replica_of(&cluster, LEADER)->leader.peers[node];
}

/* Node 1 leads, node 2 has everything, node 3 nothing; the leader's first six entries are gone. */
static void begin(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, "11111111");
	replica_fixture_fill(&cluster, 2, "11111111");
	cluster.cut[LEADER][3] = true;
	replica_fixture_elect(&cluster, LEADER, 2);
	replica_fixture_run(&cluster, 20);
	CU_ASSERT_EQUAL(replica_of(&cluster, LEADER)->commit, 9);
	log_fixture_give_up(replica_log(&cluster, LEADER), 6);
	cluster.cut[LEADER][3] = false;
}

static void a_peer_behind_the_beginning_hears_heartbeats_and_gets_no_entry(void)
{
	uint64_t heartbeats;

	begin();
	replica_fixture_pass(&cluster, 3 * REPLICA_HEARTBEAT_NS);
	replica_fixture_run(&cluster, 20);
	CU_ASSERT_TRUE(peer(3)->needs_base);
	CU_ASSERT_FALSE(peer(2)->needs_base);
	CU_ASSERT_EQUAL(replica_count(&cluster, LEADER, WL_COUNTER_peers_need_base), 1);
	CU_ASSERT_EQUAL(replica_log(&cluster, 3)->tail.index, 0);
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->follower.heard_leader, LEADER);
	CU_ASSERT_EQUAL(peer(3)->match_received, 0);
	/* Each refusal is answered by nothing: one frame for each heartbeat. */
	heartbeats = replica_count(&cluster, LEADER, WL_COUNTER_append_heartbeats_sent);
	for (unsigned round = 0; round < 10; round++) {
		replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
		replica_fixture_run(&cluster, 10);
	}
	CU_ASSERT_TRUE(replica_count(&cluster, LEADER, WL_COUNTER_append_heartbeats_sent) -
			       heartbeats <=
		       25);
	/* What goes on without it commits. */
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 100), WIRELOG_OK);
	replica_fixture_run(&cluster, 10);
	CU_ASSERT_EQUAL(replica_of(&cluster, LEADER)->commit, 10);
	CU_ASSERT_EQUAL(replica_log(&cluster, 2)->tail.index, 10);
	replica_fixture_fini(&cluster);
}

static void a_peer_that_has_the_entry_before_the_first_is_served_on(void)
{
	begin();
	replica_fixture_fini(&cluster);
	/* It has just what is needed. */
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, "11111111");
	replica_fixture_fill(&cluster, 2, "11111111");
	replica_fixture_fill(&cluster, 3, "111111");
	log_fixture_give_up(replica_log(&cluster, LEADER), 6);
	replica_fixture_elect(&cluster, LEADER, 2);
	replica_fixture_run(&cluster, 40);
	CU_ASSERT_FALSE(peer(3)->needs_base);
	CU_ASSERT_TRUE(replica_fixture_same(&cluster, LEADER, 3));
	replica_fixture_fini(&cluster);
}

static void an_acknowledgement_from_below_the_beginning_is_no_contradiction(void)
{
	begin();
	replica_fixture_acknowledge(&cluster, 3, LEADER, 4, 4);
	CU_ASSERT_EQUAL(peer(3)->match_received, 4);
	CU_ASSERT_FALSE(wl_replica_is_apart(replica_of(&cluster, LEADER)));
	replica_fixture_pass(&cluster, 2 * REPLICA_HEARTBEAT_NS);
	replica_fixture_run(&cluster, 20);
	CU_ASSERT_TRUE(peer(3)->needs_base);
	CU_ASSERT_EQUAL(peer(3)->next_index, 5);
	replica_fixture_fini(&cluster);
}

static void nothing_is_handed_over_to_a_peer_behind_the_beginning(void)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_TRANSFER,
		.node = 3,
		.reason = WL_STALL_COMMIT, /* the successor need not have everything */
	};
	struct wl_plane_message told;

	begin();
	replica_fixture_run(&cluster, 3);
	message.view = replica_of(&cluster, LEADER)->view;
	message.view.number++;
	wl_replica_on_transfer(replica_of(&cluster, LEADER), &message);
	CU_ASSERT_TRUE(replica_of(&cluster, LEADER)->leader.handing_over);
	replica_fixture_run(&cluster, 5);
	CU_ASSERT_FALSE(replica_fixture_told(&cluster, LEADER, WL_PLANE_TRANSFER_READY, &told));
	replica_fixture_fini(&cluster);
}

static void a_follower_refuses_to_compare_what_it_gave_up_and_names_its_commit(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("11111111", "11111111", 1);
	follower_append(8, 0, 7);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(follower()->commit, 7);
	log_fixture_give_up(follower_log(), 5);
	follower_append(3, 2, 7);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_TRUE((ack.flags & WL_WIRE_ACK_REJECTED) != 0);
	CU_ASSERT_EQUAL(ack.hint_index, 8);
	CU_ASSERT_EQUAL(ack.match_received, 8);
	CU_ASSERT_FALSE(follower()->follower.diverged);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 8);
	/* At the beginning itself it compares. */
	follower_append(5, 3, 8);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.flags & WL_WIRE_ACK_REJECTED, 0);
	CU_ASSERT_EQUAL(follower()->commit, 8);
	replica_fixture_fini(follower_cluster());
}

static void a_refusal_never_points_below_the_beginning(void)
{
	struct wl_wire_append_ack ack;

	/* A whole term conflicts, and its first entries were given up. */
	follower_begin("1111112222", "1111333333", 4);
	follower_append(4, 0, 4);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	log_fixture_give_up(follower_log(), 4);
	follower_append(10, 0, 4);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_TRUE((ack.flags & WL_WIRE_ACK_REJECTED) != 0);
	CU_ASSERT_EQUAL(ack.hint_index, 5);
	replica_fixture_fini(follower_cluster());
}

/* ---- a base takes the log's place ---- */

static void a_follower_behind_the_beginning_wants_a_base(void)
{
	begin();
	replica_fixture_pass(&cluster, 3 * REPLICA_HEARTBEAT_NS);
	replica_fixture_run(&cluster, 20);
	replica_fixture_pass(&cluster, 2 * REPLICA_HEARTBEAT_NS);
	replica_fixture_run(&cluster, 5);
	CU_ASSERT_TRUE(wl_replica_wants_base(replica_of(&cluster, 3)));
	CU_ASSERT_FALSE(wl_replica_wants_base(replica_of(&cluster, 2)));
	CU_ASSERT_FALSE(wl_replica_wants_base(replica_of(&cluster, LEADER)));
	/* Of its own view only. */
	replica_fixture_fence(&cluster, 3);
	CU_ASSERT_FALSE(wl_replica_wants_base(replica_of(&cluster, 3)));
	replica_fixture_fini(&cluster);
}

static void only_what_is_above_the_commit_and_not_in_the_log_gives_way(void)
{
	uint64_t chain;

	follower_begin("11111111", "11111111", 1);
	follower_append(5, 0, 5);
	CU_ASSERT_EQUAL(follower()->commit, 5);
	wl_log_chain_at(follower_log(), 7, &chain);
	CU_ASSERT_FALSE(wl_replica_gives_way(follower(), (struct wl_position){1, 4}, 99));
	CU_ASSERT_FALSE(wl_replica_gives_way(follower(), (struct wl_position){1, 5}, 99));
	CU_ASSERT_FALSE(wl_replica_gives_way(follower(), (struct wl_position){1, 7}, chain));
	CU_ASSERT_TRUE(wl_replica_gives_way(follower(), (struct wl_position){1, 7}, chain ^ 1));
	CU_ASSERT_TRUE(wl_replica_gives_way(follower(), (struct wl_position){1, 9}, chain));
	replica_fixture_fini(follower_cluster());
}

static void a_log_that_stands_still_takes_and_cuts_nothing(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("1111113", "1112222", 4);
	wl_replica_stand_still(follower(), true);
	follower_append(3, 4, 3);
	follower_turn();
	CU_ASSERT(follower_answered(&ack)); /* it lives */
	CU_ASSERT_EQUAL(ack.match_received, 0);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 7);
	wl_replica_stand_still(follower(), false);
	follower_append(3, 4, 3);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 7);
	CU_ASSERT_EQUAL(follower_log()->tail.term, 3);
	replica_fixture_fini(follower_cluster());
}

/* What the leader has at its entry 8, as a base would say it. */
static struct wl_log_base base_of_leader(const struct wl_log *from, const struct wl_log *to)
{
	const struct wl_log_slot *slot = &from->slots[8];
	struct wl_log_base base = {
		.position = {slot->term, 8},
		.chain = slot->chain,
		.next_number = slot->next_number,
		.timestamp_ns = slot->timestamp_ns,
		.walk_offset = wl_log_jump_place(to),
		.mark_bytes = WL_LOG_MARK_BYTES,
		.installed = true,
	};

	base.begin = (struct wl_log_begin){base.position, base.chain, base.next_number,
					   base.timestamp_ns, base.walk_offset};
	return base;
}

static void a_follower_that_jumped_is_served_on_from_there(void)
{
	struct wl_log_base base;

	begin();
	replica_fixture_pass(&cluster, 3 * REPLICA_HEARTBEAT_NS);
	replica_fixture_run(&cluster, 20);
	CU_ASSERT_TRUE(peer(3)->needs_base);
	wl_replica_stand_still(replica_of(&cluster, 3), true);
	if (replica_log(&cluster, 3)->segments_ready == 0)
		log_fixture_settle(&cluster.nodes[3].disk);
	base = base_of_leader(replica_log(&cluster, LEADER), replica_log(&cluster, 3));
	CU_ASSERT_TRUE_FATAL(wl_log_may_jump(replica_log(&cluster, 3)));
	CU_ASSERT_TRUE(wl_log_jump(replica_log(&cluster, 3), &base));
	wl_replica_jumped(replica_of(&cluster, 3));
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->commit, 8);
	CU_ASSERT_PTR_NULL(wl_replica_check(replica_of(&cluster, 3)));
	replica_fixture_pass(&cluster, 3 * REPLICA_HEARTBEAT_NS);
	replica_fixture_run(&cluster, 40);
	CU_ASSERT_FALSE(peer(3)->needs_base);
	CU_ASSERT_TRUE(replica_fixture_same(&cluster, LEADER, 3));
	CU_ASSERT_EQUAL(replica_of(&cluster, 3)->commit, 9);
	CU_ASSERT_FALSE(wl_replica_wants_base(replica_of(&cluster, 3)));
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_begin)
{
	WL_TEST(a_peer_behind_the_beginning_hears_heartbeats_and_gets_no_entry),
	WL_TEST(a_peer_that_has_the_entry_before_the_first_is_served_on),
	WL_TEST(an_acknowledgement_from_below_the_beginning_is_no_contradiction),
	WL_TEST(nothing_is_handed_over_to_a_peer_behind_the_beginning),
	WL_TEST(a_follower_refuses_to_compare_what_it_gave_up_and_names_its_commit),
	WL_TEST(a_refusal_never_points_below_the_beginning),
	WL_TEST(a_follower_behind_the_beginning_wants_a_base),
	WL_TEST(only_what_is_above_the_commit_and_not_in_the_log_gives_way),
	WL_TEST(a_log_that_stands_still_takes_and_cuts_nothing),
	WL_TEST(a_follower_that_jumped_is_served_on_from_there),
};
