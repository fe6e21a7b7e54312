/* SPDX-License-Identifier: BSD-3-Clause */
/* Bases of the voters: what acknowledgements say of them, and what a majority made. */
#include <string.h>

#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"

#define RIGHT 0xaaaau
#define WRONG 0xbbbbu

static struct replica_fixture cluster;
static struct wl_replica alone; /* as a leader sees its voters: no mail */
static struct wl_log log_alone; /* nothing in it but the list */

/* A leader of so many voters, node 1. */
static void lead(unsigned voters)
{
	memset(&alone, 0, sizeof(alone));
	memset(&log_alone, 0, sizeof(log_alone));
	alone.log = &log_alone;
	alone.config.node = 1;
	alone.view.role = WL_ROLE_LEADER;
	alone.commit = 100;
	for (uint32_t node = 1; node <= voters; node++)
		log_alone.list.voters = wl_members_with(log_alone.list.voters, node);
}

static void has_base(uint32_t node, uint64_t index, uint64_t digest)
{
	if (node == 1) {
		wl_replica_set_base(&alone, index, digest);
		return;
	}
	alone.leader.peers[node].counts = true;
	wl_peer_heard_base(&alone.leader.peers[node], index, digest);
}

static void majority_is_of_one_mind_or_there_is_no_proof(void)
{
	for (unsigned voters = 1; voters <= WIRELOG_NODES_MAX; voters++) {
		unsigned quorum = voters / 2 + 1;

		lead(voters);
		for (uint32_t node = 1; node <= voters; node++) {
			CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7),
					node - 1 >= quorum ? RIGHT : 0);
			has_base(node, 7, RIGHT);
		}
		CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), RIGHT);
		CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 6), 0);
		CU_ASSERT_EQUAL(wl_replica_base_differs(&alone, 7, RIGHT), 0);
	}
}

/* The leader is one voice: with the others of one mind it is the one that differs, and its own digest proves nothing. */
static void leader_counts_as_any_other(void)
{
	for (unsigned voters = 3; voters <= WIRELOG_NODES_MAX; voters += 2) {
		unsigned quorum = voters / 2 + 1;

		lead(voters);
		has_base(1, 7, WRONG);
		for (uint32_t node = 2; node <= quorum; node++)
			has_base(node, 7, RIGHT);
		CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), 0); /* one too few */
		has_base(quorum + 1, 7, RIGHT);
		CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), RIGHT);
		CU_ASSERT_EQUAL(wl_replica_base_differs(&alone, 7, RIGHT), wl_members_only(1));
		wl_replica_set_base(&alone, 0, 0); /* it threw it away */
		CU_ASSERT_EQUAL(wl_replica_base_differs(&alone, 7, RIGHT), 0);
		CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), RIGHT);
	}
}

static void who_differs_is_named(void)
{
	lead(5);
	for (uint32_t node = 1; node <= 3; node++)
		has_base(node, 7, RIGHT);
	has_base(4, 7, WRONG);
	has_base(5, 6, WRONG); /* of another mark: not comparable */
	CU_ASSERT_EQUAL(wl_replica_base_differs(&alone, 7, RIGHT), wl_members_only(4));
}

static void base_of_older_mark_counts_for_nothing(void)
{
	lead(3);
	has_base(1, 7, RIGHT);
	has_base(2, 5, RIGHT);
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), 0);
	has_base(2, 7, RIGHT);
	has_base(2, 5, WRONG); /* an acknowledgement that came late */
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), RIGHT);
	CU_ASSERT_EQUAL(wl_replica_base_differs(&alone, 7, RIGHT), 0);
}

static void data_that_do_not_count_prove_nothing(void)
{
	lead(3);
	has_base(1, 7, RIGHT);
	has_base(2, 7, RIGHT);
	alone.leader.peers[2].counts = false;
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), 0);
	has_base(4, 7, RIGHT); /* nor does who is no voter */
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), 0);
}

/* ---- over the wire ---- */

static struct wl_replica *node(uint32_t number)
{
	return replica_of(&cluster, number);
}

static void run(void)
{
	for (unsigned time = 0; time < 3; time++) {
		replica_fixture_run(&cluster, 4);
		replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	}
}

static void acknowledgements_tell_of_bases_where_nothing_is_appended(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, 1, 1);
	run();
	CU_ASSERT_EQUAL(wl_replica_base_agreed(node(1), 1), 0);
	wl_replica_set_base(node(1), 1, RIGHT);
	wl_replica_set_base(node(3), 1, RIGHT);
	run();
	CU_ASSERT_EQUAL(wl_replica_base_agreed(node(1), 1), RIGHT);
	wl_replica_set_base(node(2), 1, WRONG);
	run();
	CU_ASSERT_EQUAL(wl_replica_base_differs(node(1), 1, RIGHT), wl_members_only(2));
	replica_fixture_fini(&cluster);
}

static void new_leader_hears_of_them_anew(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, 1, 1);
	run();
	for (uint32_t number = 1; number <= 3; number++)
		wl_replica_set_base(node(number), 1, RIGHT);
	run();
	replica_fixture_elect(&cluster, 2, 2);
	CU_ASSERT_EQUAL(wl_replica_base_agreed(node(2), 1), 0);
	run();
	CU_ASSERT_EQUAL(wl_replica_base_agreed(node(2), 1), RIGHT);
	replica_fixture_fini(&cluster);
}

/* Another disk may stand behind another boot. */
static void what_an_earlier_boot_said_counts_for_nothing(void)
{
	lead(3);
	has_base(1, 7, RIGHT);
	has_base(2, 7, RIGHT);
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), RIGHT);
	CU_ASSERT(wl_peer_notice_boot(&alone.leader.peers[2], 99, 8, 0));
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 7), 0);
	wl_replica_set_base(&alone, 5, RIGHT);
	has_base(2, 5, RIGHT); /* what it has now may be an older one */
	CU_ASSERT_EQUAL(wl_replica_base_agreed(&alone, 5), RIGHT);
}

/* ---- what an operator asks for ---- */

static void ask_trim(struct wl_replica *replica, uint64_t number)
{
	const struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_TRIM, .number = number};

	wl_replica_ask(replica, &wish);
}

static void trim_is_passed_on_to_the_leader_each_heartbeat(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, 1, 1);
	run();
	wl_replica_pass_on_ask(node(2), 1); /* nothing is asked */
	ask_trim(node(2), 5);
	ask_trim(node(2), 4); /* part of it */
	wl_replica_pass_on_ask(node(2), 1);
	wl_replica_pass_on_ask(node(2), 1);
	CU_ASSERT_EQUAL(replica_count(&cluster, 2, WL_COUNTER_proposals_sent), 1);
	run();
	CU_ASSERT_EQUAL(node(1)->ask.wish.number, 5);
	wl_replica_pass_on_ask(node(2), 1);
	CU_ASSERT_EQUAL(replica_count(&cluster, 2, WL_COUNTER_proposals_sent), 2);
	run();
	replica_fixture_fini(&cluster);
}

static void trim_that_comes_to_a_follower_goes_no_further(void)
{
	const struct wl_wire_propose propose = {.verb = WL_WIRE_PROPOSE_TRIM, .number = 5};

	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, 1, 1);
	run();
	wl_replica_on_propose(node(3), 2, &propose);
	CU_ASSERT_EQUAL(node(3)->ask.wish.number, 0);
	CU_ASSERT_EQUAL(replica_count(&cluster, 3, WL_COUNTER_proposals_stale), 1);
	wl_replica_on_propose(node(1), 5, &propose); /* no voter */
	CU_ASSERT_EQUAL(node(1)->ask.wish.number, 0);
	wl_replica_on_propose(node(1), 2, &propose);
	CU_ASSERT_EQUAL(node(1)->ask.wish.number, 5);
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_base)
{
	WL_TEST(majority_is_of_one_mind_or_there_is_no_proof),
	WL_TEST(leader_counts_as_any_other),
	WL_TEST(who_differs_is_named),
	WL_TEST(base_of_older_mark_counts_for_nothing),
	WL_TEST(data_that_do_not_count_prove_nothing),
	WL_TEST(acknowledgements_tell_of_bases_where_nothing_is_appended),
	WL_TEST(new_leader_hears_of_them_anew),
	WL_TEST(what_an_earlier_boot_said_counts_for_nothing),
	WL_TEST(trim_is_passed_on_to_the_leader_each_heartbeat),
	WL_TEST(trim_that_comes_to_a_follower_goes_no_further),
};
