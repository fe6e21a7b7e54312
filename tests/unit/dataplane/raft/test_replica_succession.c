/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is to lead instead (replica_succession.c): node 1 leads five, what the others say is made by hand. */
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"

#define STEADY_NS (50 * (uint64_t)REPLICA_ELECTION_NS)

static struct replica_fixture cluster;
static struct wl_plane_message told;

static struct wl_replica *leader(void)
{
	return replica_of(&cluster, 1);
}

static uint64_t tail(void)
{
	return replica_log(&cluster, 1)->tail.index;
}

static void turn(void)
{
	replica_fixture_turn(&cluster, 1);
	cluster.mail_count = 0;
}

static void acknowledge_all(void)
{
	for (uint32_t node = 2; node <= 5; node++)
		replica_fixture_acknowledge(&cluster, node, 1, tail(), tail());
	turn();
}

static void begin(void)
{
	replica_fixture_init(&cluster, 5);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_lead(&cluster, 1, 2);
	turn();
	turn();
	acknowledge_all();
	acknowledge_all();
	CU_ASSERT_TRUE_FATAL(leader()->leader.ready);
	replica_fixture_told(&cluster, 1, WL_PLANE_WANTS_TRANSFER, &told);
}

static bool wants(void)
{
	return replica_fixture_told(&cluster, 1, WL_PLANE_WANTS_TRANSFER, &told);
}

/* Everybody stays in step for so long. True: control was told in this time. */
static bool pass(uint64_t ns)
{
	bool told_once = false;

	for (uint64_t passed = 0; passed < ns; passed += REPLICA_ELECTION_NS / 4) {
		replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 4);
		acknowledge_all();
		told_once |= wants();
	}
	return told_once;
}

static bool want(uint32_t node)
{
	const struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_TRANSFER,
		.number = 2,
		.made = node,
	};

	return wl_replica_want_transfer(leader(), &wish);
}

static void who_is_in_step_may_succeed(void)
{
	begin();
	CU_ASSERT_TRUE(wl_replica_may_succeed(leader(), 2));
	CU_ASSERT_FALSE(wl_replica_may_succeed(leader(), 1));
	CU_ASSERT_FALSE(wl_replica_may_succeed(leader(), 6));
	replica_fixture_pass(&cluster, 2 * REPLICA_ELECTION_NS); /* unheard */
	leader()->now_ns = cluster.now_ns;
	CU_ASSERT_FALSE(wl_replica_may_succeed(leader(), 2));
	replica_fixture_fini(&cluster);
}

static void wish_is_told_when_its_node_is_in_step(void)
{
	begin();
	leader()->leader.peers[3].behind = true;
	CU_ASSERT_FALSE(want(3));
	CU_ASSERT_FALSE(wants());
	leader()->leader.peers[3].behind = false;
	CU_ASSERT_TRUE(want(3));
	CU_ASSERT(wants() && told.node == 3 && told.reason == WL_TRANSFER_ASKED);
	replica_fixture_fini(&cluster);
}

static void learner_is_never_told(void)
{
	const struct wl_list next = {.voters = 0xf << 1, .learners = 1 << 5};

	begin();
	replica_log(&cluster, 1)->list = next;
	CU_ASSERT_FALSE(want(5));
	CU_ASSERT_TRUE(want(4));
	replica_fixture_fini(&cluster);
}

static void wish_of_another_term_is_settled(void)
{
	struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_TRANSFER, .number = 2, .made = 3};

	begin();
	CU_ASSERT_FALSE(wl_replica_transfer_is_settled(leader(), &wish));
	wish.number = 1;
	CU_ASSERT_TRUE(wl_replica_transfer_is_settled(leader(), &wish));
	wish.number = 2;
	wish.made = 1; /* leads already */
	CU_ASSERT_TRUE(wl_replica_transfer_is_settled(leader(), &wish));
	replica_fixture_fini(&cluster);
}

static void higher_priority_is_waited_for_and_then_told(void)
{
	begin();
	leader()->config.priority[4] = 1;
	CU_ASSERT_FALSE(pass(STEADY_NS - REPLICA_ELECTION_NS));
	CU_ASSERT_TRUE(pass(2 * REPLICA_ELECTION_NS));
	CU_ASSERT(told.node == 4 && told.reason == WL_TRANSFER_PREFERRED);
	/* It came to nothing: not at once again, and ever more seldom. */
	CU_ASSERT_FALSE(pass(STEADY_NS - 2 * REPLICA_ELECTION_NS));
	CU_ASSERT_TRUE(pass(3 * REPLICA_ELECTION_NS));
	CU_ASSERT_FALSE(pass(2 * STEADY_NS - 3 * REPLICA_ELECTION_NS));
	CU_ASSERT_TRUE(pass(4 * REPLICA_ELECTION_NS));
	replica_fixture_fini(&cluster);
}

static void equal_priority_is_no_reason(void)
{
	begin();
	for (uint32_t node = 1; node <= 5; node++)
		leader()->config.priority[node] = 7;
	CU_ASSERT_FALSE(pass(3 * STEADY_NS));
	replica_fixture_fini(&cluster);
}

static void who_falls_out_of_step_begins_anew(void)
{
	begin();
	leader()->config.priority[4] = 1;
	CU_ASSERT_FALSE(pass(STEADY_NS - 2 * REPLICA_ELECTION_NS));
	leader()->leader.peers[4].behind = true;
	CU_ASSERT_FALSE(pass(REPLICA_ELECTION_NS));
	leader()->leader.peers[4].behind = false;
	CU_ASSERT_FALSE(pass(STEADY_NS - 2 * REPLICA_ELECTION_NS));
	CU_ASSERT_TRUE(pass(4 * REPLICA_ELECTION_NS));
	replica_fixture_fini(&cluster);
}

/* What a lease rests on. */
static void who_began_to_give_away_says_so_until_the_term_ends(void)
{
	struct wl_plane_message transfer = {.verb = WL_PLANE_TRANSFER, .node = 3}, resume;

	begin();
	CU_ASSERT_FALSE(wl_replica_gives_away(leader()));
	transfer.view = leader()->view;
	wl_replica_on_transfer(leader(), &transfer);
	CU_ASSERT_TRUE(wl_replica_gives_away(leader()));
	resume = (struct wl_plane_message){.verb = WL_PLANE_RESUME, .view = leader()->view};
	resume.view.number++;
	wl_replica_on_resume(leader(), &resume);
	CU_ASSERT_FALSE(leader()->leader.handing_over);
	CU_ASSERT_TRUE(wl_replica_gives_away(leader()));
	replica_fixture_fence(&cluster, 1);
	replica_fixture_lead(&cluster, 1, 5);
	CU_ASSERT_FALSE(wl_replica_gives_away(leader()));
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_succession)
{
	WL_TEST(who_is_in_step_may_succeed),
	WL_TEST(wish_is_told_when_its_node_is_in_step),
	WL_TEST(learner_is_never_told),
	WL_TEST(wish_of_another_term_is_settled),
	WL_TEST(higher_priority_is_waited_for_and_then_told),
	WL_TEST(equal_priority_is_no_reason),
	WL_TEST(who_falls_out_of_step_begins_anew),
	WL_TEST(who_began_to_give_away_says_so_until_the_term_ends),
};
