/* SPDX-License-Identifier: BSD-3-Clause */
/* Equal logs, and what each node makes of them: the test plays the fronts. */
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"

#define RIGHT 0x1111u
#define WRONG 0x2222u
#define OTHER 0x3333u

static struct replica_fixture cluster;
static uint64_t
	digests[4]; /* by node: what its front makes of any entry; 0: it has applied nothing */

static struct wl_replica *node(uint32_t number)
{
	return replica_of(&cluster, number);
}

static bool is_apart(uint32_t number)
{
	return wl_replica_is_apart(node(number));
}

static void apply(void)
{
	for (uint32_t number = 1; number <= 3; number++) {
		struct wl_replica *replica = node(number);
		uint64_t asked = replica->state.index;

		if (digests[number] != 0 && asked <= replica->commit &&
		    wl_replica_state_asks(replica, asked))
			wl_replica_on_applied(replica, asked, digests[number]);
	}
}

static void run(unsigned heartbeats)
{
	for (unsigned time = 0; time < heartbeats; time++) {
		replica_fixture_run(&cluster, 4);
		apply();
		replica_fixture_run(&cluster, 2);
		replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	}
}

static void begin(uint64_t first, uint64_t second, uint64_t third)
{
	replica_fixture_init(&cluster, 3);
	digests[1] = first;
	digests[2] = second;
	digests[3] = third;
	replica_fixture_elect(&cluster, 1, 1);
}

static void end(void)
{
	replica_fixture_fini(&cluster);
}

static void expect_told(uint32_t number, enum wl_divergence_kind kind, uint64_t ours,
			uint64_t theirs)
{
	struct wl_plane_message told;

	CU_ASSERT_FATAL(replica_fixture_told(&cluster, number, WL_PLANE_DIVERGED, &told));
	CU_ASSERT_EQUAL(told.reason, kind);
	CU_ASSERT_EQUAL(told.chain, ours);
	CU_ASSERT_EQUAL(told.their_chain, theirs);
	CU_ASSERT_NOT_EQUAL(told.node, number);
	CU_ASSERT_NOT_EQUAL(told.tail.index, 0);
}

static void who_makes_the_same_of_it_goes_on(void)
{
	begin(RIGHT, RIGHT, RIGHT);
	run(20);
	for (uint32_t number = 1; number <= 3; number++) {
		CU_ASSERT(!is_apart(number));
		CU_ASSERT_EQUAL(replica_count(&cluster, number, WL_COUNTER_state_diverged), 0);
	}
	CU_ASSERT_EQUAL(node(1)->state.theirs[3], RIGHT);
	end();
}

static void follower_that_differs_from_a_majority_takes_no_part(void)
{
	struct wl_wire_append_ack ack;

	begin(RIGHT, RIGHT, WRONG);
	run(6);
	CU_ASSERT(is_apart(3));
	CU_ASSERT(!is_apart(1) && !is_apart(2));
	expect_told(3, WL_DIVERGENCE_OF_STATE, WRONG, RIGHT);
	while (replica_fixture_take_ack(&cluster, 3, 1, &ack))
		;
	replica_fixture_append(&cluster, 1, 100);
	run(2);
	CU_ASSERT(!replica_fixture_take_ack(&cluster, 3, 1, &ack));
	CU_ASSERT_EQUAL(node(1)->commit, node(1)->log->tail.index);
	end();
}

static void leader_that_differs_from_a_majority_falls_silent(void)
{
	begin(WRONG, RIGHT, RIGHT);
	run(6);
	CU_ASSERT(is_apart(1));
	CU_ASSERT(node(1)->silent);
	CU_ASSERT(!is_apart(2) && !is_apart(3));
	expect_told(1, WL_DIVERGENCE_OF_STATE, WRONG, RIGHT);
	end();
}

/* Two answers of three, and the third may still come: a leader is not believed for being the leader. */
static void one_against_one_accuses_nobody_and_is_told(void)
{
	begin(RIGHT, WRONG, 0);
	run(2);
	CU_ASSERT(!is_apart(1) && !is_apart(2));
	CU_ASSERT_EQUAL(node(1)->state.verdict, 0);
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
	run(1);
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
	run(2);
	CU_ASSERT(!is_apart(1) && !is_apart(2));
	CU_ASSERT(node(1)->state.undecided);
	expect_told(1, WL_DIVERGENCE_UNDECIDED, RIGHT, WRONG);
	digests[3] = RIGHT; /* it has caught up */
	run(8);
	CU_ASSERT(is_apart(2));
	CU_ASSERT(!is_apart(1) && !is_apart(3));
	CU_ASSERT(!node(1)->state.undecided);
	end();
}

static void three_of_three_minds_accuse_nobody(void)
{
	begin(RIGHT, WRONG, OTHER);
	run(8);
	for (uint32_t number = 1; number <= 3; number++)
		CU_ASSERT(!is_apart(number));
	CU_ASSERT(node(1)->state.undecided);
	CU_ASSERT_EQUAL(replica_count(&cluster, 1, WL_COUNTER_state_diverged), 1); /* once */
	end();
}

static void what_rots_while_nothing_is_appended_is_found(void)
{
	begin(RIGHT, RIGHT, RIGHT);
	run(10);
	digests[2] = WRONG;
	run(6);
	CU_ASSERT(is_apart(2));
	CU_ASSERT(!is_apart(1) && !is_apart(3));
	end();
}

/* It was asked when it had applied more: it has nothing to say, and is not waited for longer than an election timeout. */
static void who_cannot_answer_holds_nothing_up(void)
{
	uint64_t asked;

	begin(RIGHT, RIGHT, 0);
	run(2);
	asked = node(1)->state.asked_ns;
	CU_ASSERT_EQUAL(node(1)->state.verdict, RIGHT); /* two of three are enough */
	run(4);
	CU_ASSERT_EQUAL(node(1)->state.asked_ns, asked);
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
	run(1);
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS / 2);
	run(4);
	CU_ASSERT(node(1)->state.asked_ns > asked);
	CU_ASSERT(!is_apart(3));
	end();
}

static void answer_to_an_older_question_is_not_compared(void)
{
	struct wl_wire_append_ack ack = {.term = 1, .state_digest = WRONG};

	begin(RIGHT, 0, 0);
	run(1);
	ack.state_index = node(1)->state.index + 1;
	wl_replica_on_append_ack(node(1), 2, &ack);
	wl_replica_on_append_ack(node(1), 3, &ack);
	CU_ASSERT(!is_apart(1));
	CU_ASSERT_EQUAL(node(1)->state.verdict, 0);
	ack.state_index--;
	wl_replica_on_append_ack(node(1), 2, &ack);
	CU_ASSERT(!is_apart(1));
	wl_replica_on_append_ack(node(1), 3, &ack);
	CU_ASSERT(is_apart(1));
	end();
}

static void question_belongs_to_its_view(void)
{
	begin(RIGHT, RIGHT, RIGHT);
	run(4);
	CU_ASSERT_NOT_EQUAL(node(2)->state.verdict, 0);
	replica_fixture_fence(&cluster, 2);
	CU_ASSERT_EQUAL(node(2)->state.index, 0);
	CU_ASSERT_EQUAL(node(2)->state.verdict, 0);
	end();
}

WL_SUITE(replica_state)
{
	WL_TEST(who_makes_the_same_of_it_goes_on),
	WL_TEST(follower_that_differs_from_a_majority_takes_no_part),
	WL_TEST(leader_that_differs_from_a_majority_falls_silent),
	WL_TEST(one_against_one_accuses_nobody_and_is_told),
	WL_TEST(three_of_three_minds_accuse_nobody),
	WL_TEST(what_rots_while_nothing_is_appended_is_found),
	WL_TEST(who_cannot_answer_holds_nothing_up),
	WL_TEST(answer_to_an_older_question_is_not_compared),
	WL_TEST(question_belongs_to_its_view),
};
