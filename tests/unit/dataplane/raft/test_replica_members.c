/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members as a leader and its log have them: node 1 leads five, what the others say is made by hand.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"

#define ID(node) (1u << (node))

static struct replica_fixture cluster;

static struct wl_replica *leader(void)
{
	return replica_of(&cluster, 1);
}

static struct wl_log *log_of_leader(void)
{
	return replica_log(&cluster, 1);
}

static uint64_t tail(void)
{
	return log_of_leader()->tail.index;
}

static void turn(void)
{
	replica_fixture_turn(&cluster, 1);
	cluster.mail_count = 0;
}

static void acknowledge(uint32_t node)
{
	replica_fixture_acknowledge(&cluster, node, 1, tail(), tail());
}

/* Ready, in term 2, and all have everything. */
static void begin(void)
{
	replica_fixture_init(&cluster, 5);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_lead(&cluster, 1, 2);
	turn();
	turn();
	for (uint32_t node = 2; node <= 5; node++)
		acknowledge(node);
	turn();
	CU_ASSERT_TRUE_FATAL(leader()->leader.ready);
}

static void end(void)
{
	replica_fixture_fini(&cluster);
}

static enum wl_log_result change(wl_members voters, wl_members old, wl_members learners)
{
	const struct wl_list next = {.voters = voters, .old = old, .learners = learners};

	return wl_replica_change_list(leader(), &next);
}

static const struct wl_list *list(void)
{
	return &log_of_leader()->list;
}

#define FIRST (ID(1) | ID(2) | ID(3) | ID(4) | ID(5))

static void a_list_is_in_force_when_it_is_appended(void)
{
	struct wl_plane_message told;

	begin();
	CU_ASSERT(list()->index == 0 && list()->voters == FIRST);
	CU_ASSERT_EQUAL(change(ID(1) | ID(2), FIRST, ID(3)), WL_LOG_OK);
	CU_ASSERT_EQUAL(list()->index, tail());
	CU_ASSERT(list()->voters == (ID(1) | ID(2)) && list()->old == FIRST &&
		  list()->learners == ID(3));
	turn();
	CU_ASSERT_TRUE_FATAL(replica_fixture_told(&cluster, 1, WL_PLANE_LIST, &told));
	CU_ASSERT(told.list.index == tail() && told.list.old == FIRST);
	CU_ASSERT_EQUAL(told.list_before, FIRST);
	end();
}

/* Any two of the old ones are no majority of five; two of the new ones are one of three, and decide nothing alone. */
static void a_joint_list_commits_by_both_sides(void)
{
	uint64_t before;

	begin();
	before = leader()->commit;
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), FIRST, 0), WL_LOG_OK);
	turn();
	turn();
	acknowledge(2);
	CU_ASSERT_EQUAL(leader()->commit,
			before); /* of both: 1 and 2; of the old ones three are needed */
	acknowledge(4);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	end();

	begin();
	before = leader()->commit;
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), FIRST, 0), WL_LOG_OK);
	turn();
	turn();
	acknowledge(4);
	acknowledge(5);
	CU_ASSERT_EQUAL(leader()->commit, before); /* of the new ones node 1 alone */
	acknowledge(3);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	end();
}

static void one_change_at_a_time(void)
{
	begin();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), FIRST, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), 0, 0), WL_LOG_NO_ROOM);
	turn();
	turn();
	acknowledge(2);
	acknowledge(3);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), 0, 0), WL_LOG_OK);
	CU_ASSERT_EQUAL(list()->old, 0);
	CU_ASSERT_EQUAL(log_of_leader()->list_before.old, FIRST);
	end();
}

static void no_change_before_the_terms_first_entry_is_committed(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_lead(&cluster, 1, 2);
	turn();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2), ID(1) | ID(2) | ID(3), 0), WL_LOG_NO_ROOM);
	end();
}

static void who_is_no_voter_does_not_count_itself(void)
{
	begin();
	CU_ASSERT_EQUAL(change(ID(2) | ID(3) | ID(4), FIRST, 0), WL_LOG_OK);
	turn();
	turn();
	acknowledge(2);
	acknowledge(3);
	CU_ASSERT_EQUAL(leader()->commit,
			tail()); /* 1, 2, 3 of the old ones; 2 and 3 of the new ones */
	CU_ASSERT_EQUAL(change(ID(2) | ID(3) | ID(4), 0, 0), WL_LOG_OK);
	turn();
	turn();
	acknowledge(2);
	CU_ASSERT_EQUAL(leader()->commit, tail() - 1);
	acknowledge(4);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	end();
}

static void a_learner_is_sent_everything_and_does_not_count(void)
{
	uint64_t before;

	begin();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2), FIRST, ID(3)), WL_LOG_OK);
	turn();
	turn();
	for (uint32_t node = 2; node <= 4; node++)
		acknowledge(node);
	CU_ASSERT_EQUAL(change(ID(1) | ID(2), 0, ID(3)), WL_LOG_OK);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT(replica_fixture_mail(&cluster, 1, 3, WL_WIRE_APPEND) > 0);
	turn();
	before = leader()->commit;
	acknowledge(3);
	CU_ASSERT_EQUAL(leader()->commit, before);
	acknowledge(2);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	end();
}

/* It is told that it is none; when it has said so, nothing more is for it. */
static void who_is_removed_is_sent_the_list_that_says_so(void)
{
	begin();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3) | ID(4), FIRST, 0), WL_LOG_OK);
	turn();
	turn();
	for (uint32_t node = 2; node <= 5; node++)
		acknowledge(node);
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3) | ID(4), 0, 0), WL_LOG_OK);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT(replica_fixture_mail(&cluster, 1, 5, WL_WIRE_APPEND) > 0);
	turn();
	for (uint32_t node = 2; node <= 5; node++)
		acknowledge(node);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT(replica_fixture_mail(&cluster, 1, 5, WL_WIRE_APPEND) > 0);
	cluster.mail_count = 0;
	acknowledge(5);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	replica_fixture_turn(&cluster, 1);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 1, 5, WL_WIRE_APPEND), 0);
	CU_ASSERT(replica_fixture_mail(&cluster, 1, 4, WL_WIRE_APPEND) > 0);
	cluster.mail_count = 0;
	end();
}

static void a_list_that_is_cut_away_is_not_in_force(void)
{
	uint64_t at;

	begin();
	at = tail();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2), FIRST, 0), WL_LOG_OK);
	CU_ASSERT_FALSE(wl_log_cuts_committed_list(log_of_leader(), at));
	replica_fixture_fence(&cluster, 1);
	wl_log_truncate(log_of_leader(), at);
	CU_ASSERT(list()->index == 0 && list()->voters == FIRST && list()->old == 0);
	end();
}

/* What is behind it was appended because it was committed: nobody may ask for that cut. */
static void the_list_before_is_never_cut_away(void)
{
	uint64_t first;

	begin();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), FIRST, 0), WL_LOG_OK);
	first = tail();
	turn();
	turn();
	acknowledge(2);
	acknowledge(3);
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), 0, 0), WL_LOG_OK);
	CU_ASSERT_TRUE(wl_log_cuts_committed_list(log_of_leader(), first - 1));
	CU_ASSERT_FALSE(wl_log_cuts_committed_list(log_of_leader(), first));
	end();
}

static void a_start_finds_the_list_in_the_log(void)
{
	struct wl_plane_message told;
	uint64_t joint;

	begin();
	CU_ASSERT_EQUAL(change(ID(1) | ID(2) | ID(3), FIRST, 0), WL_LOG_OK);
	joint = tail();
	for (unsigned at = 0; at < 4; at++)
		turn();
	replica_fixture_restart(&cluster, 1, joint - 1);
	CU_ASSERT(list()->index == joint && list()->old == FIRST);
	CU_ASSERT_EQUAL(log_of_leader()->list_before.voters, FIRST);
	replica_fixture_fence(&cluster, 1);
	CU_ASSERT_TRUE_FATAL(replica_fixture_told(&cluster, 1, WL_PLANE_FENCED, &told));
	CU_ASSERT(told.list.index == joint && told.list.voters == (ID(1) | ID(2) | ID(3)) &&
		  told.list_before == FIRST);
	end();
}

static void who_may_vote_is_caught_up_and_was_heard(void)
{
	const struct wl_list next = {.voters = ID(1) | ID(4), .old = FIRST};

	begin();
	CU_ASSERT_TRUE(wl_replica_may_vote(leader(), 4));
	CU_ASSERT_TRUE(wl_replica_would_go_on(leader(), &next));
	leader()->leader.peers[4].no_space = true;
	CU_ASSERT_FALSE(wl_replica_may_vote(leader(), 4));
	CU_ASSERT_FALSE(wl_replica_would_go_on(leader(), &next));
	leader()->leader.peers[4].no_space = false;
	leader()->leader.peers[4].counts = false;
	CU_ASSERT_FALSE(wl_replica_may_vote(leader(), 4));
	leader()->leader.peers[4].counts = true;
	leader()->now_ns += REPLICA_ELECTION_NS + 1000000000u;
	CU_ASSERT_FALSE(wl_replica_may_vote(leader(), 4));
	end();
}

/* It must be committed, and control entries stand in kept room: of four full ones, too, if they have what is committed. */
static void full_voters_carry_a_list_of_the_same_voters(void)
{
	struct wl_list same = {.voters = FIRST, .learners = ID(6)};
	const struct wl_list other = {.voters = FIRST ^ ID(5), .old = FIRST};

	begin();
	for (uint32_t node = 2; node <= 5; node++)
		leader()->leader.peers[node].no_space = true;
	log_of_leader()->no_space = true;
	same.incarnation[5] = 17;
	CU_ASSERT_TRUE(wl_replica_would_go_on(leader(), &same));
	CU_ASSERT_FALSE(wl_replica_would_go_on(leader(), &other));
	for (uint32_t node = 2; node <= 4; node++)
		leader()->leader.peers[node].match_durable =
			leader()->commit - 1; /* no room for it */
	CU_ASSERT_FALSE(wl_replica_would_go_on(leader(), &same));
	leader()->leader.peers[2].no_space = false; /* it will have it soon */
	CU_ASSERT_TRUE(wl_replica_would_go_on(leader(), &same));
	leader()->leader.peers[2].counts = false;
	CU_ASSERT_FALSE(wl_replica_would_go_on(leader(), &same));
	log_of_leader()->no_space = false;
	end();
}

static void who_is_to_leave_says_so_now_and_then(void)
{
	struct wl_plane_message told;

	begin();
	wl_replica_leaves(leader());
	wl_replica_leaves(leader());
	CU_ASSERT_TRUE_FATAL(replica_fixture_told(&cluster, 1, WL_PLANE_STALLED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_STALL_LEAVES);
	CU_ASSERT_FALSE(leader()->silent);
	wl_replica_leaves(leader());
	CU_ASSERT_FALSE(replica_fixture_told(&cluster, 1, WL_PLANE_STALLED, &told));
	leader()->now_ns += 1000000000u;
	wl_replica_leaves(leader());
	CU_ASSERT_TRUE(replica_fixture_told(&cluster, 1, WL_PLANE_STALLED, &told));
	end();
}

WL_SUITE(replica_members)
{
	WL_TEST(a_list_is_in_force_when_it_is_appended),
	WL_TEST(a_joint_list_commits_by_both_sides),
	WL_TEST(one_change_at_a_time),
	WL_TEST(no_change_before_the_terms_first_entry_is_committed),
	WL_TEST(who_is_no_voter_does_not_count_itself),
	WL_TEST(a_learner_is_sent_everything_and_does_not_count),
	WL_TEST(who_is_removed_is_sent_the_list_that_says_so),
	WL_TEST(a_list_that_is_cut_away_is_not_in_force),
	WL_TEST(the_list_before_is_never_cut_away),
	WL_TEST(a_start_finds_the_list_in_the_log),
	WL_TEST(who_may_vote_is_caught_up_and_was_heard),
	WL_TEST(full_voters_carry_a_list_of_the_same_voters),
	WL_TEST(who_is_to_leave_says_so_now_and_then),
};
