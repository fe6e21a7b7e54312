/* SPDX-License-Identifier: BSD-3-Clause */
/* When a leader asks for a base, and when it calls one proven. */
#include "dataplane/service/base_proof.h"

#include <string.h>

#include "tests/unit/runner.h"

#define RIGHT 0xaaaau
#define WRONG 0xbbbbu
#define OTHER 0xccccu
#define MIB (1ull << 20)

static struct wl_log_slot slots[WL_LOG_ENTRIES_IN_RING];
static struct wl_log log_of_leader;
static struct wl_replica replica;
static struct wl_state state;

/* Node 1 leads so many voters. Every entry has 1 KiB, entry 1 begins at 1 KiB. */
static void lead(unsigned voters, uint64_t tail)
{
	memset(&replica, 0, sizeof(replica));
	memset(&state, 0, sizeof(state));
	memset(&log_of_leader, 0, sizeof(log_of_leader));
	memset(slots, 0, sizeof(slots));
	log_of_leader.slots = slots;
	log_of_leader.config.bytes_max = 1ull << 40;
	log_of_leader.tail.index = tail;
	log_of_leader.append_offset = (tail + 1) << 10;
	for (uint64_t index = 1; index <= tail; index++) {
		slots[index % WL_LOG_ENTRIES_IN_RING].index = index;
		slots[index % WL_LOG_ENTRIES_IN_RING].offset = index << 10;
	}
	replica.log = &log_of_leader;
	replica.config.node = 1;
	replica.view.role = WL_ROLE_LEADER;
	replica.commit = tail;
	for (uint32_t node = 1; node <= voters; node++)
		log_of_leader.list.voters = wl_members_with(log_of_leader.list.voters, node);
	state.trim_number = 1;
}

static void has_base(uint32_t node, uint64_t index, uint64_t digest)
{
	if (node == 1) {
		wl_replica_set_base(&replica, index, digest);
		return;
	}
	replica.leader.peers[node].counts = true;
	wl_peer_heard_base(&replica.leader.peers[node], index, digest);
}

static void all_have_base(uint64_t index)
{
	state.base_mark = index;
	state.proven = (struct wl_base_proof){index, RIGHT};
	for (uint32_t node = 1; node <= 3; node++)
		has_base(node, index, RIGHT);
}

/* 0: nothing is wanted. */
static unsigned wants(uint64_t every_bytes, struct wl_control *control)
{
	return wl_base_proof_wants(&replica, &state, every_bytes, control) ? control->verb : 0;
}

static void base_is_asked_for_when_so_much_was_appended(void)
{
	struct wl_control control;

	lead(3, 1022); /* and the next byte stands at 1 MiB - 1 KiB */
	CU_ASSERT_EQUAL(wants(MIB, &control), 0);
	CU_ASSERT_EQUAL(wants(0, &control), 0);
	lead(3, 1023);
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	CU_ASSERT_EQUAL(control.expects, 0);
	all_have_base(1000);
	CU_ASSERT_EQUAL(wants(MIB, &control), 0);
	lead(3, 2024);
	all_have_base(1000);
	CU_ASSERT_EQUAL(wants(MIB + 1025, &control), 0);
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	CU_ASSERT_EQUAL(control.expects, 1000);
}

/* Who skips a base has none between two that stand far from each other. */
static void voter_that_is_behind_gets_twice_as_much(void)
{
	struct wl_control control;

	lead(3, 1000 + 2 * 1024 - 2);
	replica.config.election_timeout_ns = 1000;
	replica.now_ns = 5000;
	replica.leader.peers[2].heard_sent_ns = replica.leader.peers[3].heard_sent_ns = 4000;
	all_have_base(1000);
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	replica.leader.peers[3].base_index = 500;
	CU_ASSERT_EQUAL(wants(MIB, &control), 0);
	log_of_leader.append_offset += 1024;
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	log_of_leader.append_offset -= 1024;
	replica.leader.peers[3].heard_sent_ns = 3999; /* it is not heard any more */
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	replica.base_index = 500; /* the leader's own maker counts, too */
	CU_ASSERT_EQUAL(wants(MIB, &control), 0);
}

/* Appends came fast and ended: the mark before the last stands at their beginning, and all between would be kept. */
static void mark_follows_at_once_where_the_one_before_is_far_behind(void)
{
	struct wl_control control;

	lead(3, 4096);
	all_have_base(4000);
	state.base_mark_before = 1000;
	state.proven_before = (struct wl_base_proof){1000, RIGHT};
	CU_ASSERT_EQUAL(wants(2 * MIB, &control), 0);
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	CU_ASSERT_EQUAL(control.expects, 4000);
	/* And that one is the end of it. */
	state.base_mark_before = 4000;
	state.proven_before = state.proven;
	log_of_leader.tail.index++;
	all_have_base(4096);
	CU_ASSERT_EQUAL(wants(MIB, &control), 0);
	replica.leader.peers[2].base_index = 4000;
	state.proven_before.index = 1000;
	CU_ASSERT_EQUAL(wants(MIB, &control), 0); /* not before all have the last one */
}

/* Else a node that is slow, or three that differ, would end bases for ever. */
static void mark_that_nobody_proves_is_given_up_late(void)
{
	struct wl_control control;

	lead(3, 17 * 1024 - 1);
	state.base_mark = 1024;
	CU_ASSERT_EQUAL(wants(MIB + 1, &control), 0);
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE);
	CU_ASSERT_EQUAL(control.expects, 1024);
}

/* No trim frees a log that is full without two bases: they are made before, however far apart they were wished. */
static void log_has_two_proven_marks_before_it_is_full(void)
{
	static const uint64_t sizes[] = {32 * MIB, 48 * MIB, 60 * MIB};

	for (unsigned at = 0; at < 3; at++) {
		uint64_t tail = 1, most = sizes[at];
		unsigned marks = 0;

		lead(3, tail);
		while (log_of_leader.append_offset < most * 3 / 4) {
			struct wl_base_proof before = state.proven;
			struct wl_control control;

			tail += 256;
			log_of_leader.tail.index = tail;
			log_of_leader.append_offset = (tail + 1) << 10;
			slots[tail % WL_LOG_ENTRIES_IN_RING].index = tail;
			slots[tail % WL_LOG_ENTRIES_IN_RING].offset = tail << 10;
			log_of_leader.config.bytes_max = most;
			replica.commit = tail;
			if (wants(256 * MIB, &control) != WL_CONTROL_BASE)
				continue;
			marks++;
			all_have_base(tail);
			state.proven_before = before;
		}
		CU_ASSERT_TRUE(marks >= 2 && marks <= 8);
		/* And what nobody proves is not waited for until it is full. */
		state.proven = state.proven_before;
		replica.leader.peers[2].base_index = replica.leader.peers[3].base_index = 0;
		log_of_leader.append_offset = (state.base_mark << 10) + most / 2;
		CU_ASSERT_EQUAL(wants(256 * MIB, &(struct wl_control){0}), WL_CONTROL_BASE);
	}
}

static void mark_is_proven_by_a_majority_and_once(void)
{
	for (unsigned voters = 1; voters <= WIRELOG_NODES_MAX; voters += 2) {
		struct wl_control control;
		unsigned quorum = voters / 2 + 1;

		lead(voters, 100);
		state.base_mark = 50;
		state.base_mark_before = state.proven.index = 20;
		state.proven.digest = OTHER;
		for (uint32_t node = voters; node > voters - quorum; node--) {
			CU_ASSERT_EQUAL(wants(MIB, &control), 0);
			has_base(node, 20, OTHER); /* of the mark before */
			CU_ASSERT_EQUAL(wants(MIB, &control), 0);
			has_base(node, 50, RIGHT);
		}
		CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE_PROVEN);
		CU_ASSERT_EQUAL(control.index, 50);
		CU_ASSERT_EQUAL(control.digest, RIGHT);
		state.proven_before = state.proven;
		state.proven = (struct wl_base_proof){50, RIGHT}; /* it was committed */
		CU_ASSERT_EQUAL(wants(MIB, &control), 0);
		for (uint32_t node = 1; node <= voters - quorum; node++)
			has_base(node, 50, RIGHT); /* late */
		CU_ASSERT_EQUAL(wants(MIB, &control), 0);
		CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state), 0);
	}
}

static void proof_comes_before_the_next_mark(void)
{
	struct wl_control control;

	lead(3, 40 * 1024);
	state.base_mark = 1024;
	has_base(2, 1024, RIGHT);
	has_base(3, 1024, RIGHT);
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE_PROVEN);
	CU_ASSERT_EQUAL(wants(0, &control), WL_CONTROL_BASE_PROVEN);
}

static void who_differs_is_known_before_and_after_the_proof(void)
{
	struct wl_control control;

	lead(5, 100);
	state.base_mark = 50;
	has_base(1, 50, WRONG);
	has_base(2, 50, RIGHT);
	has_base(3, 50, RIGHT);
	CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state), 0); /* who is wrong? */
	has_base(4, 50, RIGHT);
	CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state), wl_members_only(1));
	CU_ASSERT_EQUAL(wants(MIB, &control), WL_CONTROL_BASE_PROVEN);
	CU_ASSERT_EQUAL(control.digest, RIGHT);
	state.proven = (struct wl_base_proof){50, RIGHT};
	has_base(5, 50, OTHER); /* late, and wrong */
	CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state),
			wl_members_with(wl_members_only(1), 5));
	state.base_mark = 60;
	has_base(5, 60, RIGHT);
	CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state), wl_members_only(1));
}

/* What it heard when it led says nothing of now; its own base it knows. */
static void follower_judges_itself_alone(void)
{
	lead(3, 100);
	state.base_mark = 50;
	state.proven = (struct wl_base_proof){50, RIGHT};
	has_base(2, 50, WRONG);
	replica.view.role = WL_ROLE_FOLLOWER;
	CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state), 0);
	has_base(1, 50, OTHER);
	CU_ASSERT_EQUAL(wl_base_proof_differs(&replica, &state), wl_members_only(1));
}

WL_SUITE(base_proof)
{
	WL_TEST(base_is_asked_for_when_so_much_was_appended),
	WL_TEST(voter_that_is_behind_gets_twice_as_much),
	WL_TEST(mark_follows_at_once_where_the_one_before_is_far_behind),
	WL_TEST(mark_that_nobody_proves_is_given_up_late),
	WL_TEST(log_has_two_proven_marks_before_it_is_full),
	WL_TEST(mark_is_proven_by_a_majority_and_once),
	WL_TEST(proof_comes_before_the_next_mark),
	WL_TEST(who_differs_is_known_before_and_after_the_proof),
	WL_TEST(follower_judges_itself_alone),
};
