/* SPDX-License-Identifier: BSD-3-Clause */
/* How far is the journal, what became of an append: from the frame to the answer. */
#include <string.h>

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define CLIENT SERVICE_FIXTURE_CLIENT
#define OTHER SERVICE_FIXTURE_OTHER_CLIENT
#define FENCE_TURNS (WL_READS_FENCE_PAUSE_NS / 1000000 + 6)

static struct service_fixture *front;
static uint64_t session;
static struct wl_wire_end_reply end_reply; /* the last */
static struct wl_wire_outcome_reply outcome_reply;

static void others(bool may)
{
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = may;
}

static void append(uint64_t first, uint32_t count)
{
	service_fixture_append(front, &(struct service_fixture_append){
					      .session = session,
					      .first = first,
					      .count = count,
					      .acknowledged_through = first - 1,
				      });
}

/* Ten records of one session are committed. */
static void begin(void)
{
	front = service_fixture_start(false);
	others(true);
	service_fixture_lead(front, 1);
	session = service_fixture_open(front, CLIENT, 1);
	append(1, 10);
	service_fixture_turns(front, 4);
}

static void end(void)
{
	service_fixture_end(front);
}

static void ask_end(wl_identity client, uint64_t nonce)
{
	const struct wl_wire_end_ask ask = {.nonce = nonce};
	uint8_t payload[WL_WIRE_END_ASK_BYTES];

	front->now_ns++; /* behind what was echoed in the last turn */
	service_fixture_message(front, client, WL_WIRE_END_ASK, payload,
				wl_wire_encode_end_ask(payload, &ask));
}

static void ask_outcome(wl_identity client, uint64_t of, uint64_t sequence, bool fence)
{
	const struct wl_wire_outcome_ask ask = {
		.nonce = sequence << 1 | fence,
		.session = of,
		.sequence = sequence,
		.fence = fence,
	};
	uint8_t payload[WL_WIRE_OUTCOME_ASK_BYTES];

	front->now_ns++;
	service_fixture_message(front, client, WL_WIRE_OUTCOME_ASK, payload,
				wl_wire_encode_outcome_ask(payload, &ask));
}

/* How many answers came in so many turns of a millisecond. */
static unsigned answers(wl_identity client, unsigned turns)
{
	unsigned count = 0;

	for (unsigned at = 0; at < turns; at++) {
		const struct service_fixture_sent *sent;
		unsigned which;

		front->now_ns += 1000000;
		service_fixture_turn(front);
		for (which = 0;
		     (sent = service_fixture_find(front, WL_WIRE_END_REPLY, client, which));
		     which++, count++)
			CU_ASSERT_FATAL(
				wl_wire_decode_end_reply(sent->payload, sent->bytes, &end_reply));
		for (which = 0;
		     (sent = service_fixture_find(front, WL_WIRE_OUTCOME_REPLY, client, which));
		     which++, count++)
			CU_ASSERT_FATAL(wl_wire_decode_outcome_reply(sent->payload, sent->bytes,
								     &outcome_reply));
	}
	return count;
}

static void expect_fate(uint64_t sequence, bool fence, enum wl_wire_fate fate, uint64_t number)
{
	memset(&outcome_reply, 0, sizeof(outcome_reply));
	ask_outcome(OTHER, session, sequence, fence);
	CU_ASSERT_EQUAL(answers(OTHER, FENCE_TURNS), 1);
	CU_ASSERT_EQUAL(outcome_reply.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(outcome_reply.fate, fate);
	CU_ASSERT_EQUAL(outcome_reply.number, number);
	CU_ASSERT_PTR_NULL(wl_service_check(front->service));
}

static void end_is_told_behind_an_echo_and_not_before(void)
{
	begin();
	others(false);
	ask_end(CLIENT, 7);
	CU_ASSERT_EQUAL(answers(CLIENT, 20), 0);
	others(true);
	CU_ASSERT_EQUAL(answers(CLIENT, 3), 1);
	CU_ASSERT(end_reply.nonce == 7 && end_reply.status == WIRELOG_OK);
	CU_ASSERT_EQUAL(end_reply.number, 10);
	CU_ASSERT_EQUAL(end_reply.leader, 1);
	end();
}

static void what_is_asked_twice_is_answered_once_and_one_client_has_its_share(void)
{
	begin();
	others(false);
	for (unsigned at = 0; at < 2 * WL_READS_OF_ONE; at++) {
		ask_end(CLIENT, 1 + at / 2);
		ask_end(OTHER, 1);
	}
	for (unsigned at = 0; at < 5; at++)
		ask_end(CLIENT, 100 + at);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 5);
	CU_ASSERT_EQUAL(end_reply.status, WIRELOG_BACK_PRESSURE);
	others(true);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), WL_READS_OF_ONE);
	CU_ASSERT_EQUAL(answers(OTHER, 1), 0); /* its one came with them */
	end();
}

static void questions_end_with_the_leadership(void)
{
	begin();
	others(false);
	ask_end(CLIENT, 7);
	ask_outcome(CLIENT, session, 20, true);
	CU_ASSERT_EQUAL(answers(CLIENT, 2), 0);
	service_fixture_fence(front);
	CU_ASSERT_EQUAL(answers(CLIENT, 2), 2);
	CU_ASSERT_EQUAL(end_reply.status, WIRELOG_NOT_LEADER);
	CU_ASSERT_EQUAL(outcome_reply.status, WIRELOG_NOT_LEADER);
	end();
}

static void leader_that_told_its_successor_answers_nobody(void)
{
	begin();
	others(false);
	ask_end(CLIENT, 7);
	front->replica.leader.handing_over = front->replica.leader.transfer_told = true;
	others(true);
	CU_ASSERT_EQUAL(answers(CLIENT, 2), 1);
	CU_ASSERT_EQUAL(end_reply.status, WIRELOG_NOT_LEADER);
	end();
}

static void outcomes_are_told_as_they_are(void)
{
	begin();
	expect_fate(3, false, WL_WIRE_FATE_COMMITTED, 3);
	expect_fate(11, false, WL_WIRE_FATE_PENDING, 0);
	expect_fate(3, true, WL_WIRE_FATE_COMMITTED, 3);
	session++;
	expect_fate(3, false, WL_WIRE_FATE_UNKNOWN, 0);
	expect_fate(3, true, WL_WIRE_FATE_UNKNOWN, 0);
	end();
}

static void never_is_told_behind_a_fence_and_a_late_copy_is_refused_by_name(void)
{
	struct wl_wire_append_result result;
	uint64_t tail;

	begin();
	tail = front->log.tail.index;
	expect_fate(12, true, WL_WIRE_FATE_NEVER, 0);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	expect_fate(11, false, WL_WIRE_FATE_NEVER, 0);
	expect_fate(12, true, WL_WIRE_FATE_NEVER, 0); /* it is: no second one */
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	append(11, 3);
	service_fixture_turn(front);
	CU_ASSERT_TRUE_FATAL(service_fixture_result(front, CLIENT, 0, &result));
	CU_ASSERT(result.first_sequence == 11 && result.status == WIRELOG_FENCED);
	service_fixture_turns(front, 4);
	expect_fate(13, false, WL_WIRE_FATE_COMMITTED, 11);
	end();
}

/* A client that has seen no answer, and a fence that makes one run more than are remembered. */
static void what_a_fence_had_forgotten_is_answered_unknown_and_not_asked_for_ever(void)
{
	struct wl_wire_append_result result = {0};
	uint64_t other;

	begin();
	other = service_fixture_open(front, CLIENT + 1, 1);
	for (uint64_t sequence = 11; sequence < 11 + WIRELOG_SESSION_RUNS - 1; sequence++) {
		service_fixture_append(front, &(struct service_fixture_append){
						      .client = CLIENT + 1,
						      .session = other,
						      .first = sequence - 10,
						      .count = 1,
						      .acknowledged_through = sequence - 11,
					      });
		service_fixture_append(front, &(struct service_fixture_append){
						      .session = session,
						      .first = sequence,
						      .count = 1,
					      });
		service_fixture_turns(front, 2);
	}
	expect_fate(10 + WIRELOG_SESSION_RUNS, true, WL_WIRE_FATE_NEVER, 0);
	expect_fate(1, false, WL_WIRE_FATE_UNKNOWN, 0);
	service_fixture_append(front, &(struct service_fixture_append){
					      .session = session,
					      .first = 1,
					      .count = 1,
				      });
	service_fixture_turn(front);
	CU_ASSERT_TRUE_FATAL(service_fixture_result(front, CLIENT, 0, &result));
	CU_ASSERT(result.first_sequence == 1 && result.status == WIRELOG_UNKNOWN_OUTCOME);
	/* Its client has the answer: it is a late copy, and nothing is said. */
	service_fixture_append(front, &(struct service_fixture_append){
					      .session = session,
					      .first = 1,
					      .count = 1,
					      .acknowledged_through = 1,
				      });
	service_fixture_turn(front);
	CU_ASSERT_FALSE(service_fixture_result(front, CLIENT, 0, &result));
	end();
}

static void never_is_not_told_before_the_fence_is_committed(void)
{
	begin();
	ask_outcome(OTHER, session, 11, true);
	front->hold_disk = true;
	CU_ASSERT_EQUAL(answers(OTHER, 1), 0);
	others(false);
	CU_ASSERT_EQUAL(answers(OTHER, 30), 0);
	front->hold_disk = false;
	others(true);
	CU_ASSERT_EQUAL(answers(OTHER, 5), 1);
	CU_ASSERT_EQUAL(outcome_reply.fate, WL_WIRE_FATE_NEVER);
	end();
}

static void what_is_in_the_tail_is_waited_for_and_not_fenced(void)
{
	begin();
	ask_outcome(OTHER, session, 11, true);
	append(11, 1);
	CU_ASSERT_EQUAL(answers(OTHER, FENCE_TURNS), 1);
	CU_ASSERT_EQUAL(outcome_reply.fate, WL_WIRE_FATE_COMMITTED);
	CU_ASSERT_EQUAL(outcome_reply.number, 11);
	end();
}

static void fence_that_reaches_too_far_is_refused(void)
{
	begin();
	ask_outcome(OTHER, session, 11 + WL_SESSION_FENCE_MAX, true);
	CU_ASSERT_EQUAL(answers(OTHER, FENCE_TURNS), 1);
	CU_ASSERT_EQUAL(outcome_reply.status, WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(front->service->reads.fence_count, 0);
	end();
}

static void follow(uint32_t leader)
{
	struct wl_plane_message message = {.verb = WL_PLANE_FOLLOW};

	message.view.number = front->replica.view.number + 100;
	message.view.term = 2;
	message.view.role = WL_ROLE_FOLLOWER;
	message.view.leader = leader;
	wl_replica_on_follow(&front->replica, &message);
	wl_service_on_view(front->service);
	service_fixture_turn(front);
}

static void follower_asks_its_leader_once_for_all(void)
{
	struct wl_wire_read_told told = {.round = 1, .index = 99, .number = 55};

	begin();
	front->replica.remotes[2].boot_id = 5;
	follow(2);
	ask_end(CLIENT, 7);
	ask_end(OTHER, 8);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 0);
	CU_ASSERT_EQUAL(front->replica.reads.round, 1);
	front->replica.reads.leader = 2; /* its frames have no way here */
	ask_end(CLIENT, 9); /* behind the round: it waits for the next one */
	wl_replica_on_read_told(&front->replica, 2, &told);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT(end_reply.nonce == 7 && end_reply.number == 55);
	CU_ASSERT_EQUAL(front->replica.reads.round, 2);
	told = (struct wl_wire_read_told){.round = 2, .status = WIRELOG_NOT_LEADER};
	wl_replica_on_read_told(&front->replica, 2, &told);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT(end_reply.nonce == 9 && end_reply.status == WIRELOG_NOT_LEADER);
	ask_outcome(CLIENT, session, 3, false);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT(outcome_reply.status == WIRELOG_NOT_LEADER && outcome_reply.leader == 2);
	end();
}

WL_SUITE(reads)
{
	WL_TEST(end_is_told_behind_an_echo_and_not_before),
	WL_TEST(what_is_asked_twice_is_answered_once_and_one_client_has_its_share),
	WL_TEST(questions_end_with_the_leadership),
	WL_TEST(leader_that_told_its_successor_answers_nobody),
	WL_TEST(outcomes_are_told_as_they_are),
	WL_TEST(never_is_told_behind_a_fence_and_a_late_copy_is_refused_by_name),
	WL_TEST(what_a_fence_had_forgotten_is_answered_unknown_and_not_asked_for_ever),
	WL_TEST(never_is_not_told_before_the_fence_is_committed),
	WL_TEST(what_is_in_the_tail_is_waited_for_and_not_fenced),
	WL_TEST(fence_that_reaches_too_far_is_refused),
	WL_TEST(follower_asks_its_leader_once_for_all),
};
