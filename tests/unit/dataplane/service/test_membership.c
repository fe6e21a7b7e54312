/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the members, from what an operator asks to the list that is committed. Node 1 leads three. */
#include "dataplane/service/membership.h"

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct service_fixture *front;

static void begin(void)
{
	front = service_fixture_start(false);
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = true;
	service_fixture_lead(front, 1);
}

static void end(void)
{
	service_fixture_end(front);
}

static void pass(unsigned turns)
{
	for (unsigned at = 0; at < turns; at++) {
		front->now_ns += 1000000;
		service_fixture_turn(front);
	}
}

static void ask(enum wl_change_verb verb, uint32_t node, uint32_t by)
{
	const struct wl_change change = {verb, node, by};
	const struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_MEMBERS,
		.number = wl_change_pack(&change),
	};

	wl_replica_ask(&front->replica, &wish);
}

static const struct wl_list *list(void)
{
	return &front->service->state.list;
}

static uint64_t proposed(void)
{
	return wl_count_get(front->replica.counters, WL_COUNTER_lists_proposed);
}

static bool is_asked(void)
{
	return front->replica.ask.wish.verb != 0;
}

static bool names(uint64_t one, uint64_t two, uint64_t three)
{
	const struct wl_list *now = list();

	return now->incarnation[1] == one && now->incarnation[2] == two &&
	       now->incarnation[3] == three && now->voters == 0xe && now->old == 0;
}

static void first_data_are_named_by_one_list(void)
{
	begin();
	front->replica.config.incarnation = 11;
	front->incarnation[2] = 12;
	front->incarnation[3] = 13;
	pass(40);
	CU_ASSERT_EQUAL(proposed(), 1);
	CU_ASSERT_TRUE(names(11, 12, 13));
	end();
}

static void other_data_are_swapped_in_and_committed_without_who_has_them(void)
{
	begin();
	front->replica.config.incarnation = 11;
	front->incarnation[2] = 12;
	front->incarnation[3] = 13;
	pass(40);
	front->replica.leader.peers[3].counts = false; /* another boot */
	front->incarnation[3] = 23;
	front->held_back[3] = true;
	front->stores[2] = false;
	pass(40);
	CU_ASSERT_EQUAL(proposed(), 2);
	CU_ASSERT_EQUAL(front->replica.log->list.incarnation[3], 23);
	CU_ASSERT_TRUE(names(11, 12, 13)); /* it has the list, and that does not count */
	front->stores[2] = true;
	pass(40);
	CU_ASSERT_TRUE(names(11, 12, 23));
	CU_ASSERT_EQUAL(proposed(), 2);
	end();
}

/* A log that is full takes lists all the same; without the data that are swapped in the journal would stand still. */
static void a_full_voter_commits_a_swap(void)
{
	begin();
	front->replica.config.incarnation = 11;
	front->incarnation[2] = 12;
	front->incarnation[3] = 13;
	pass(40);
	front->full[2] = true;
	pass(2);
	front->replica.leader.peers[3].counts = false; /* another boot */
	front->incarnation[3] = 23;
	front->held_back[3] = true;
	pass(40);
	CU_ASSERT_TRUE(front->replica.leader.peers[2].no_space);
	CU_ASSERT_TRUE(names(11, 12, 23));
	CU_ASSERT_EQUAL(proposed(), 2);
	end();
}

/* It has next to nothing: by itself the leader waits, an operator need not. */
static void readmitted_is_who_is_held_back_also_before_it_is_in_step(void)
{
	begin();
	front->replica.config.incarnation = 11;
	front->incarnation[2] = 12;
	front->incarnation[3] = 13;
	pass(40);
	ask(WL_CHANGE_READMIT, 3, 0);
	pass(4);
	CU_ASSERT_FALSE(is_asked());
	CU_ASSERT_EQUAL(proposed(), 1);
	front->replica.leader.peers[3].counts = false;
	front->replica.leader.peers[3].disk_slow = true;
	front->replica.leader.peers[3].held_back = true;
	front->replica.leader.peers[3].incarnation = 23;
	front->receives[3] = front->stores[3] = false;
	front->incarnation[3] = 23;
	front->held_back[3] = true;
	ask(WL_CHANGE_READMIT, 3, 0);
	pass(40);
	CU_ASSERT_TRUE(names(11, 12, 23));
	CU_ASSERT_FALSE(is_asked());
	end();
}

static void a_voter_is_demoted_by_a_joint_list_that_is_left(void)
{
	begin();
	ask(WL_CHANGE_DEMOTE, 3, 0);
	pass(20);
	CU_ASSERT_EQUAL(proposed(), 2);
	CU_ASSERT(list()->voters == 0x6 && list()->old == 0 && list()->learners == 0x8);
	CU_ASSERT_FALSE(is_asked());
	ask(WL_CHANGE_PROMOTE, 3, 0);
	pass(20);
	CU_ASSERT_EQUAL(proposed(), 4);
	CU_ASSERT(list()->voters == 0xe && list()->old == 0 && list()->learners == 0);
	ask(WL_CHANGE_REMOVE, 3, 0);
	pass(20);
	CU_ASSERT(list()->voters == 0x6 && list()->learners == 0);
	CU_ASSERT_FALSE(is_asked());
	end();
}

static void a_learner_is_added_by_one_list(void)
{
	begin();
	ask(WL_CHANGE_ADD, 5, 0);
	pass(20);
	CU_ASSERT_EQUAL(proposed(), 1);
	CU_ASSERT(list()->voters == 0xe && list()->old == 0 && list()->learners == 0x20);
	CU_ASSERT_FALSE(is_asked());
	end();
}

/* It has acknowledged nothing: it waits, as long as an operator's word stands. */
static void who_is_not_caught_up_is_not_promoted(void)
{
	begin();
	ask(WL_CHANGE_ADD, 5, 0);
	pass(20);
	ask(WL_CHANGE_PROMOTE, 5, 0);
	pass(20);
	CU_ASSERT_EQUAL(proposed(), 1);
	CU_ASSERT_TRUE(is_asked());
	front->now_ns += WL_REPLICA_ASK_NS;
	pass(2);
	CU_ASSERT_FALSE(is_asked());
	end();
}

static void what_is_so_or_cannot_be_is_forgotten(void)
{
	begin();
	ask(WL_CHANGE_ADD, 2, 0);
	pass(3);
	CU_ASSERT_FALSE(is_asked());
	ask(WL_CHANGE_PROMOTE, 6, 0);
	pass(3);
	CU_ASSERT_FALSE(is_asked());
	CU_ASSERT_EQUAL(proposed(), 0);
	end();
}

/* Of the two that would be left one answers: a joint list would stop the journal. */
static void what_would_stop_the_journal_is_not_begun(void)
{
	begin();
	front->replica.leader.peers[2].no_space = true;
	front->receives[2] = front->stores[2] = false;
	ask(WL_CHANGE_REMOVE, 3, 0);
	pass(20);
	CU_ASSERT_EQUAL(proposed(), 0);
	CU_ASSERT_TRUE(is_asked());
	end();
}

static void a_leader_that_is_to_go_changes_nothing(void)
{
	begin();
	ask(WL_CHANGE_REMOVE, 1, 0);
	pass(20);
	CU_ASSERT_EQUAL(proposed(), 0);
	CU_ASSERT_TRUE(is_asked());
	CU_ASSERT_NOT_EQUAL(front->replica.leaves_told_ns, 0);
	end();
}

/* The one before died: whoever leads next leaves the joint list that it finds. */
static void a_joint_list_is_finished_by_the_next_leader(void)
{
	const struct wl_list joint = {.voters = 0x6, .old = 0xe, .learners = 0x8};

	begin();
	pass(5);
	CU_ASSERT_EQUAL(wl_replica_change_list(&front->replica, &joint), WL_LOG_OK);
	service_fixture_lead(front, 2);
	pass(20);
	CU_ASSERT(list()->voters == 0x6 && list()->old == 0 && list()->learners == 0x8);
	end();
}

WL_SUITE(membership)
{
	WL_TEST(first_data_are_named_by_one_list),
	WL_TEST(other_data_are_swapped_in_and_committed_without_who_has_them),
	WL_TEST(a_full_voter_commits_a_swap),
	WL_TEST(readmitted_is_who_is_held_back_also_before_it_is_in_step),
	WL_TEST(a_voter_is_demoted_by_a_joint_list_that_is_left),
	WL_TEST(a_learner_is_added_by_one_list),
	WL_TEST(who_is_not_caught_up_is_not_promoted),
	WL_TEST(what_is_so_or_cannot_be_is_forgotten),
	WL_TEST(what_would_stop_the_journal_is_not_begun),
	WL_TEST(a_leader_that_is_to_go_changes_nothing),
	WL_TEST(a_joint_list_is_finished_by_the_next_leader),
};
