/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node says of its log to who compares, and what it asks itself: in real frames; the test is the thread that reads. */
#include <stdlib.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

#define PEER 2u
#define OTHER 3u

static struct worker_fixture fixture; /* node 1 */

static struct wl_journal *journal(void)
{
	return &fixture.journals[1];
}

static struct wl_chain_report *report(void)
{
	return &journal()->chains.report;
}

static void begin(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	worker_fixture_lead(&fixture);
	worker_fixture_turns(&fixture, 5);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(wl_replica_check(&journal()->replica));
	worker_fixture_fini(&fixture);
}

static void say_ask(uint32_t node, uint64_t index, uint64_t round)
{
	struct wl_wire_chain_ask ask = {.index = index, .round = round};
	uint8_t payload[64];

	worker_fixture_say(&fixture, wl_identity_of_node(node, 0), WL_WIRE_CHAIN_ASK, WORKER_SECOND,
			   payload, wl_wire_encode_chain_ask(payload, &ask));
}

static void say_told(uint32_t node, const struct wl_wire_chain_told *told)
{
	uint8_t payload[128];

	worker_fixture_say(&fixture, wl_identity_of_node(node, 0), WL_WIRE_CHAIN_TOLD,
			   WORKER_SECOND, payload, wl_wire_encode_chain_told(payload, told));
}

static bool told(uint32_t node, struct wl_wire_chain_told *said)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_CHAIN_TOLD, node);

	return sent && wl_wire_decode_chain_told(sent->payload, sent->bytes, said);
}

static bool asked(uint32_t node, struct wl_wire_chain_ask *said)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_CHAIN_ASK, node);

	return sent && wl_wire_decode_chain_ask(sent->payload, sent->bytes, said);
}

/* The reading thread says what it found, whatever that is. */
static void read_lane(bool found, uint64_t chain)
{
	struct wl_chain_lane *lane = &journal()->chains.lane;

	CU_ASSERT_EQUAL_FATAL(atomic_load(&lane->state), WL_CHAIN_LANE_ASKED);
	lane->found = found;
	lane->chain = chain;
	atomic_store(&lane->state, WL_CHAIN_LANE_TOLD);
}

static void what_is_durable_is_read_from_the_medium_and_told(void)
{
	struct wl_wire_chain_told said;

	begin();
	CU_ASSERT_EQUAL_FATAL(journal()->replica.commit, 1);
	say_ask(PEER, 1, 77);
	worker_fixture_turn(&fixture);
	CU_ASSERT_FALSE(told(PEER, &said));
	CU_ASSERT_EQUAL(journal()->chains.lane.place.position.index, 1);
	worker_fixture_turn(&fixture);
	CU_ASSERT_FALSE(told(PEER, &said));
	read_lane(true, 4711);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE_FATAL(told(PEER, &said));
	CU_ASSERT_EQUAL(said.verdict, WL_WIRE_CHAIN_KNOWN);
	CU_ASSERT_EQUAL(said.index, 1);
	CU_ASSERT_EQUAL(said.round, 77);
	CU_ASSERT_EQUAL(said.term, 1);
	CU_ASSERT_EQUAL(said.chain, 4711);
	CU_ASSERT_EQUAL(said.first, 1);
	CU_ASSERT_EQUAL(said.commit, 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_chains_told), 1);
	end();
}

static void what_the_medium_does_not_give_is_unknown_and_no_value_is_told(void)
{
	struct wl_wire_chain_told said;

	begin();
	say_ask(PEER, 1, 5);
	worker_fixture_turn(&fixture);
	read_lane(false, 4711);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE_FATAL(told(PEER, &said));
	CU_ASSERT_EQUAL(said.verdict, WL_WIRE_CHAIN_UNKNOWN);
	CU_ASSERT_EQUAL(said.chain, 0);
	CU_ASSERT_EQUAL(said.term, 0);
	end();
}

static void what_is_not_committed_is_beyond_without_a_read(void)
{
	struct wl_wire_chain_told said;

	begin();
	say_ask(PEER, 2, 5);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE_FATAL(told(PEER, &said));
	CU_ASSERT_EQUAL(said.verdict, WL_WIRE_CHAIN_BEYOND);
	CU_ASSERT_EQUAL(said.commit, 1);
	CU_ASSERT_EQUAL(atomic_load(&journal()->chains.lane.state), WL_CHAIN_LANE_FREE);
	end();
}

/* One lane, and of each node its newest question. */
static void each_node_is_told_about_its_newest_question(void)
{
	struct wl_wire_chain_told said;

	begin();
	say_ask(PEER, 1, 1);
	say_ask(OTHER, 1, 2);
	worker_fixture_turn(&fixture);
	say_ask(PEER, 9, 3);
	worker_fixture_turn(&fixture);
	read_lane(true, 4711);
	worker_fixture_turn(&fixture);
	worker_fixture_turn(&fixture);
	/* What was read was asked for no more: the place is asked about anew, for who still wants it. */
	CU_ASSERT_TRUE_FATAL(told(PEER, &said) ||
			     atomic_load(&journal()->chains.lane.state) == WL_CHAIN_LANE_ASKED);
	read_lane(true, 4712);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE_FATAL(told(OTHER, &said));
	CU_ASSERT_EQUAL(said.round, 2);
	CU_ASSERT_EQUAL(said.chain, 4712);
	CU_ASSERT_EQUAL(journal()->chains.waiting, 0);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_chains_told), 2);
	end();
}

static void compare(uint64_t index)
{
	struct wl_plane_message message = {.verb = WL_PLANE_COMPARE,
					   .journal = WORKER_SECOND,
					   .tail.index = index};

	CU_ASSERT_TRUE(wl_ring_push(&fixture.plane.down, &message));
	worker_fixture_turn(&fixture);
}

static void all_are_asked_again_until_they_have_answered(void)
{
	struct wl_wire_chain_ask ask;
	struct wl_wire_chain_told answer = {.index = 1,
					    .verdict = WL_WIRE_CHAIN_KNOWN,
					    .term = 1,
					    .chain = 5,
					    .first = 1,
					    .commit = 3};

	begin();
	compare(1);
	CU_ASSERT_TRUE_FATAL(asked(PEER, &ask));
	CU_ASSERT_TRUE_FATAL(asked(OTHER, &ask));
	answer.round = ask.round;
	CU_ASSERT_EQUAL(report()->round, ask.round);
	say_told(PEER, &answer);
	read_lane(true, 6);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(report()->answers[PEER].chain, 5);
	CU_ASSERT_EQUAL(report()->answers[PEER].commit, 3);
	CU_ASSERT_EQUAL(report()->answers[1].chain, 6);
	CU_ASSERT_EQUAL(report()->complete, 0);
	fixture.now_ns += WL_CHAIN_AGAIN_NS;
	worker_fixture_turn(&fixture);
	CU_ASSERT_FALSE(asked(PEER, &ask));
	CU_ASSERT_TRUE(asked(OTHER, &ask));
	answer.chain = 9;
	say_told(PEER, &answer); /* said once is said */
	say_told(OTHER, &answer);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(report()->complete, 1);
	CU_ASSERT_EQUAL(report()->answers[PEER].chain, 5);
	CU_ASSERT_EQUAL(report()->answers[OTHER].chain, 9);
	end();
}

static void answer_to_an_older_question_is_none(void)
{
	struct wl_wire_chain_ask ask;
	struct wl_wire_chain_told answer = {.index = 1,
					    .verdict = WL_WIRE_CHAIN_BEYOND,
					    .first = 1,
					    .commit = 0};

	begin();
	compare(1);
	CU_ASSERT_TRUE_FATAL(asked(PEER, &ask));
	compare(2);
	answer.round = ask.round;
	say_told(PEER, &answer);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(report()->answers[PEER].verdict, WL_CHAIN_NOT_TOLD);
	answer.round = report()->round;
	say_told(PEER, &answer); /* the right round, another entry */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(report()->answers[PEER].verdict, WL_CHAIN_NOT_TOLD);
	answer.index = 2;
	say_told(PEER, &answer);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(report()->answers[PEER].verdict, WL_CHAIN_BEYOND);
	end();
}

static void who_does_not_answer_is_waited_for_only_so_long(void)
{
	begin();
	compare(1);
	worker_fixture_turn(&fixture);
	read_lane(true, 6);
	for (unsigned at = 0; at < 40 && !report()->complete; at++) {
		fixture.now_ns += WL_CHAIN_AGAIN_NS;
		worker_fixture_turn(&fixture);
	}
	CU_ASSERT_EQUAL(report()->complete, 1);
	CU_ASSERT_EQUAL(report()->answers[1].verdict, WL_CHAIN_KNOWN);
	CU_ASSERT_EQUAL(report()->answers[PEER].verdict, WL_CHAIN_NOT_TOLD);
	end();
}

WL_SUITE(chain_peer)
{
	WL_TEST(what_is_durable_is_read_from_the_medium_and_told),
	WL_TEST(what_the_medium_does_not_give_is_unknown_and_no_value_is_told),
	WL_TEST(what_is_not_committed_is_beyond_without_a_read),
	WL_TEST(each_node_is_told_about_its_newest_question),
	WL_TEST(all_are_asked_again_until_they_have_answered),
	WL_TEST(answer_to_an_older_question_is_none),
	WL_TEST(who_does_not_answer_is_waited_for_only_so_long),
};
