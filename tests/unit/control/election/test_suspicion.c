/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a leader may be silent (suspicion.h), and whose turn it is when one is lost. */
#include "control/election/suspicion.h"

#include "tests/unit/control/election/election_fixture.h"
#include "tests/unit/runner.h"

#define MS 1000000ull
#define TIMEOUT (60 * MS)
#define PATIENCE (400 * MS)
#define BEAT (10 * MS)

static struct wl_suspicion suspicion;
static uint64_t now;

static void begin(void)
{
	now = 5000 * MS;
	wl_suspicion_begin(&suspicion, TIMEOUT, PATIENCE);
}

/* Heartbeats for so long. */
static void beat(uint32_t leader, uint64_t term, uint64_t for_ns)
{
	for (uint64_t until = now + for_ns; now < until; now += BEAT)
		wl_suspicion_heard(&suspicion, leader, term, now);
}

static void at_first_nobody_is_in_a_hurry(void)
{
	begin();
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), PATIENCE / 2);
}

static void calm_machine_comes_down_to_the_timeout_and_not_below(void)
{
	begin();
	beat(1, 2, 20000 * MS);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
}

static void silence_that_ended_is_allowed_twice(void)
{
	begin();
	beat(1, 2, 20000 * MS);
	now += 90 * MS - BEAT;
	beat(1, 2, BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), 180 * MS);
	beat(1, 2, WL_SUSPICION_HALF_NS + BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), 90 * MS);
	beat(1, 2, WL_SUSPICION_HALF_NS);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
}

static void silence_before_another_leader_is_none_that_ended(void)
{
	begin();
	beat(1, 2, 20000 * MS);
	now += 300 * MS;
	beat(3, 4, BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
	now += 300 * MS;
	beat(3, 5, BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
}

static void very_long_silence_is_allowed_twice_the_patience(void)
{
	begin();
	beat(1, 2, 1000 * MS);
	now += 100000 * MS;
	beat(1, 2, BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), 2 * PATIENCE);
}

/* A cut of a minute says nothing of the scheduler: it is forgotten as one of the patience's length. */
static void very_long_silence_is_soon_forgotten(void)
{
	begin();
	beat(1, 2, 1000 * MS);
	now += 60000 * MS;
	beat(1, 2, 3 * (uint64_t)WL_SUSPICION_HALF_NS + 2 * BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), PATIENCE / 4);
}

static void suspected_leader_that_answers_was_late_and_not_lost(void)
{
	begin();
	beat(1, 2, 20000 * MS);
	wl_suspicion_answered(&suspicion, 1, now + 100 * MS); /* nobody asked it */
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
	now += 90 * MS - BEAT;
	wl_suspicion_suspects(&suspicion);
	wl_suspicion_answered(&suspicion, 3, now);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
	wl_suspicion_answered(&suspicion, 1, now);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), 180 * MS);
	now += 100 * MS;
	wl_suspicion_answered(&suspicion, 1, now); /* the same silence */
	beat(2, 3, BEAT);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), 180 * MS);
}

static void what_is_told_late_measures_nothing(void)
{
	begin();
	beat(1, 2, 20000 * MS);
	wl_suspicion_heard(&suspicion, 1, 2, now - 9000 * MS);
	wl_suspicion_heard(&suspicion, 1, 2, now);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&suspicion), TIMEOUT);
}

/* ---- turns -------------------------------------------------------------------------------------- */

static struct election_fixture node; /* node 1 */

static uint64_t waits_for(uint32_t leader)
{
	election_fixture_start(&node, 5, 3, 0);
	election_fixture_leader_heard(&node, leader);
	return node.election.deadline_ns - node.election.leader_heard_ns;
}

static void voters_of_a_lost_leader_have_a_turn_each(void)
{
	uint64_t slot = ELECTION_FIXTURE_TIMEOUT_NS / 4;

	for (unsigned turn = 0; turn < 4; turn++) {
		/* Node 1 is the next one behind node 5, and the last one behind node 2. */
		uint64_t waits = waits_for(5 - turn) - ELECTION_FIXTURE_TIMEOUT_NS -
				 ELECTION_FIXTURE_TIMEOUT_NS / 16;

		CU_ASSERT(waits >= turn * slot);
		CU_ASSERT(waits < turn * slot + slot / 2);
	}
}

/* Deposed because it was late, not because it was lost: who deposed it waits longer the next time, also for another. */
static void who_deposes_a_leader_that_lives_learns_from_it(void)
{
	struct wl_wire_vote_reply refusal = {.granted = 0};
	uint64_t heard_ns, silence_ns;

	election_fixture_start(&node, 5, 3, 0);
	node.election.config.patience_ns = 8 * ELECTION_FIXTURE_TIMEOUT_NS;
	wl_suspicion_begin(&node.election.suspicion, ELECTION_FIXTURE_TIMEOUT_NS,
			   8 * ELECTION_FIXTURE_TIMEOUT_NS);
	node.election.suspicion.longest_ns = 0;
	election_fixture_leader_heard(&node, 2);
	heard_ns = node.election.leader_heard_ns;
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&node.election.suspicion), ELECTION_FIXTURE_TIMEOUT_NS);
	refusal.term = node.election.term;
	refusal.asked_term = node.election.term + 1;
	refusal.round = node.election.round;
	silence_ns = node.now_ns - heard_ns;
	wl_election_on_pre_vote_reply(&node.election, 3, &refusal, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&node.election.suspicion), ELECTION_FIXTURE_TIMEOUT_NS);
	wl_election_on_pre_vote_reply(&node.election, 2, &refusal, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(wl_suspicion_bound(&node.election.suspicion), 2 * silence_ns);
}

/* ---- hand-over that a worker wants --------------------------------------------------------------- */

static void wants(uint32_t to, uint64_t term)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_WANTS_TRANSFER,
		.node = to,
		.view = {.term = term, .number = node.election.number},
		.reason = WL_TRANSFER_ASKED,
	};

	node.out.count = 0;
	wl_election_on_wants_transfer(&node.election, &message, node.now_ns, &node.out);
}

static void leader_hands_over_as_its_worker_wants(void)
{
	election_fixture_start(&node, 3, 5, 0);
	wants(2, 5);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	election_fixture_become_leader(&node);
	wants(2, node.election.term - 1);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	wants(4, node.election.term); /* no voter */
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	wants(2, node.election.term);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_TRANSFER)->tell.node, 2);
	wants(3, node.election.term); /* one at a time */
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
}

/* Each answer that comes later than its round is for nothing. */
static void rounds_in_vain_take_longer_up_to_the_patience(void)
{
	const uint64_t timeout_ns = ELECTION_FIXTURE_TIMEOUT_NS;
	uint64_t length_ns = 0;

	election_fixture_start(&node, 3, 5, 0);
	node.election.config.patience_ns = 4 * timeout_ns;
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	CU_ASSERT(node.election.deadline_ns - node.election.round_ns < 2 * timeout_ns);
	for (unsigned round = node.election.round; node.election.round < round + 8;) {
		election_fixture_pass(&node, timeout_ns / 8);
		length_ns = node.election.deadline_ns - node.election.round_ns;
		CU_ASSERT(length_ns < 8 * timeout_ns);
	}
	CU_ASSERT(length_ns >= 4 * timeout_ns);
	election_fixture_leader_heard(&node, 2);
	CU_ASSERT_EQUAL(node.election.rounds_in_vain, 0);
}

WL_SUITE(suspicion)
{
	WL_TEST(at_first_nobody_is_in_a_hurry),
	WL_TEST(calm_machine_comes_down_to_the_timeout_and_not_below),
	WL_TEST(silence_that_ended_is_allowed_twice),
	WL_TEST(silence_before_another_leader_is_none_that_ended),
	WL_TEST(very_long_silence_is_allowed_twice_the_patience),
	WL_TEST(very_long_silence_is_soon_forgotten),
	WL_TEST(suspected_leader_that_answers_was_late_and_not_lost),
	WL_TEST(what_is_told_late_measures_nothing),
	WL_TEST(voters_of_a_lost_leader_have_a_turn_each),
	WL_TEST(who_deposes_a_leader_that_lives_learns_from_it),
	WL_TEST(leader_hands_over_as_its_worker_wants),
	WL_TEST(rounds_in_vain_take_longer_up_to_the_patience),
};
