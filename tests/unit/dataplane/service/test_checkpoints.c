/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients ask of their consumers' checkpoints, from the frame to the answer. */
#include <string.h>

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define CLIENT SERVICE_FIXTURE_CLIENT
#define OTHER SERVICE_FIXTURE_OTHER_CLIENT
#define PAUSE_TURNS (WL_CHECKPOINTS_PAUSE_NS / 1000000 + 1)

static struct service_fixture *front;
static struct wl_wire_consumer_reply reply; /* the last */

static void append(uint32_t first, uint32_t count, uint64_t session)
{
	for (uint32_t at = first; at < first + count; at++) {
		service_fixture_append(front, &(struct service_fixture_append){
						      .session = session,
						      .first = at,
						      .count = 1,
						      .acknowledged_through = at - 1,
					      });
		service_fixture_turns(front, 3);
	}
}

static void begin(void)
{
	front = service_fixture_start(false);
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = true;
	service_fixture_lead(front, 1);
	append(1, 10, service_fixture_open(front, CLIENT, 1));
}

static void end(void)
{
	service_fixture_end(front);
}

static void commits(bool may)
{
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = may;
}

static void say(wl_identity client, const struct wl_wire_consumer_ask *ask)
{
	uint8_t payload[WL_WIRE_CONSUMER_ASK_BYTES];

	service_fixture_message(front, client, WL_WIRE_CONSUMER_ASK, payload,
				wl_wire_encode_consumer_ask(payload, ask));
}

static void ask(enum wl_wire_consumer_verb verb, const char *name, uint64_t number, uint64_t made)
{
	struct wl_wire_consumer_ask message = {
		.nonce = (number ^ 0x5555) | 1u << 31,
		.verb = verb,
		.number = number,
		.made = made,
	};

	strcpy(message.name, name);
	say(CLIENT, &message);
}

/* How many answers came to the client in so many turns of a millisecond; the last one is `reply`. */
static unsigned answers(wl_identity client, unsigned turns)
{
	unsigned count = 0;

	for (unsigned at = 0; at < turns; at++) {
		const struct service_fixture_sent *sent;

		front->now_ns += 1000000;
		service_fixture_turn(front);
		for (unsigned which = 0;
		     (sent = service_fixture_find(front, WL_WIRE_CONSUMER_REPLY, client, which));
		     which++, count++)
			CU_ASSERT_FATAL(
				wl_wire_decode_consumer_reply(sent->payload, sent->bytes, &reply));
	}
	return count;
}

static uint64_t take(const char *name, uint64_t number)
{
	ask(WL_WIRE_CONSUMER_TAKE, name, number, 0);
	CU_ASSERT_EQUAL(answers(CLIENT, PAUSE_TURNS + 4), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_OK);
	return reply.made;
}

static uint64_t checkpoint_of(const char *name)
{
	char whole[WL_CONSUMER_NAME_BYTES] = {0};
	const struct wl_consumer *consumer;

	strcpy(whole, name);
	consumer = wl_consumers_find(&front->service->state.consumers, whole);
	return consumer ? consumer->number : 0;
}

static void drop(const char *name, uint64_t made)
{
	struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_CONSUMER_DROP, .made = made};

	strcpy(wish.name, name);
	wl_replica_ask(&front->replica, &wish);
	answers(CLIENT, 4);
	CU_ASSERT_EQUAL(checkpoint_of(name), 0);
}

static void checkpoint_is_made_and_taken_again_where_it_is(void)
{
	uint64_t made, tail;

	begin();
	made = take("risk", 4);
	CU_ASSERT_EQUAL(reply.number, 4);
	CU_ASSERT_EQUAL(reply.leader, 1);
	CU_ASSERT_EQUAL(checkpoint_of("risk"), 4);
	tail = front->log.tail.index;
	CU_ASSERT_EQUAL(take("risk", 9), made); /* 9 is for one that is made */
	CU_ASSERT_EQUAL(reply.number, 4);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1); /* through the log all the same */
	take("end", UINT64_MAX);
	CU_ASSERT_EQUAL(reply.number, 11);
	end();
}

/* A deposed leader that has not heard of it would know an old one. */
static void checkpoint_is_not_told_before_an_entry_behind_the_question_commits(void)
{
	uint64_t made;

	begin();
	made = take("risk", 4);
	commits(false);
	ask(WL_WIRE_CONSUMER_TAKE, "risk", 0, 0);
	CU_ASSERT_EQUAL(answers(CLIENT, 3 * PAUSE_TURNS), 0);
	commits(true);
	CU_ASSERT_EQUAL(answers(CLIENT, 4), 1);
	CU_ASSERT_EQUAL(reply.number, 4);
	CU_ASSERT_EQUAL(reply.made, made);
	end();
}

static void move_is_answered_when_it_is_committed(void)
{
	uint64_t made;

	begin();
	made = take("risk", 4);
	commits(false);
	ask(WL_WIRE_CONSUMER_MOVE, "risk", 7, made);
	CU_ASSERT_EQUAL(answers(CLIENT, 2 * PAUSE_TURNS), 0);
	CU_ASSERT_EQUAL(checkpoint_of("risk"), 4);
	commits(true);
	CU_ASSERT_EQUAL(answers(CLIENT, 4), 1);
	CU_ASSERT_EQUAL(reply.number, 7);
	CU_ASSERT_EQUAL(checkpoint_of("risk"), 7);
	ask(WL_WIRE_CONSUMER_MOVE, "risk", 5, made); /* there already, and it never goes back */
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT_EQUAL(reply.number, 7);
	ask(WL_WIRE_CONSUMER_MOVE, "risk", 500, made); /* nobody has consumed what is not there */
	CU_ASSERT_EQUAL(answers(CLIENT, PAUSE_TURNS + 4), 1);
	CU_ASSERT_EQUAL(reply.number, 11);
	end();
}

static void moves_of_one_name_are_one_entry_in_a_pause(void)
{
	uint64_t made, tail, proposed;

	begin();
	made = take("risk", 1);
	proposed = wl_count_get(&front->counters, WL_COUNTER_checkpoints_proposed);
	tail = front->log.tail.index;
	for (uint64_t number = 2; number <= 11; number++) {
		ask(WL_WIRE_CONSUMER_MOVE, "risk", number, made);
		answers(CLIENT, 2);
	}
	answers(CLIENT, PAUSE_TURNS);
	CU_ASSERT_EQUAL(checkpoint_of("risk"), 11); /* the last one counts */
	CU_ASSERT(front->log.tail.index - tail <= 2);
	CU_ASSERT_EQUAL(wl_count_get(&front->counters, WL_COUNTER_checkpoints_proposed) - proposed,
			front->log.tail.index - tail);
	end();
}

static void dropped_checkpoint_is_told_by_name(void)
{
	uint64_t made;
	struct wl_wire_consumer_ask existing = {.nonce = 9,
						.verb = WL_WIRE_CONSUMER_TAKE,
						.existing = 1,
						.name = "risk"};

	begin();
	made = take("risk", 4);
	drop("risk", made);
	ask(WL_WIRE_CONSUMER_MOVE, "risk", 7, made);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_CHECKPOINT_DROPPED);
	ask(WL_WIRE_CONSUMER_LOOK, "risk", 0, made);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_CHECKPOINT_DROPPED);
	say(CLIENT, &existing);
	CU_ASSERT_EQUAL(answers(CLIENT, PAUSE_TURNS + 4), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_CHECKPOINT_DROPPED);
	CU_ASSERT_EQUAL(checkpoint_of("risk"), 0);
	/* Made again it is another one: what is meant by the old index is gone. */
	CU_ASSERT_NOT_EQUAL(take("risk", 2), made);
	ask(WL_WIRE_CONSUMER_MOVE, "risk", 7, made);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_CHECKPOINT_DROPPED);
	CU_ASSERT_EQUAL(checkpoint_of("risk"), 2);
	say(CLIENT, &existing);
	CU_ASSERT_EQUAL(answers(CLIENT, PAUSE_TURNS + 4), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_OK);
	end();
}

static void one_too_many_is_told_by_name(void)
{
	char name[WL_CONSUMER_NAME_BYTES] = "c00";

	begin();
	for (unsigned at = 0; at < WL_CONSUMERS_AT_FIRST; at++) {
		name[1] = (char)('0' + at / 10);
		name[2] = (char)('0' + at % 10);
		ask(WL_WIRE_CONSUMER_TAKE, name, 1, 0);
	}
	/* All at once: one entry each, in the same turn as far as their paces are their own. */
	answers(CLIENT, 20 * PAUSE_TURNS);
	CU_ASSERT_EQUAL(front->service->state.consumers.count, WL_CONSUMERS_AT_FIRST);
	CU_ASSERT_EQUAL(front->service->checkpoints.count, 0);
	ask(WL_WIRE_CONSUMER_TAKE, "more", 1, 0);
	CU_ASSERT_EQUAL(answers(CLIENT, PAUSE_TURNS + 4), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_TOO_MANY_CONSUMERS);
	end();
}

static void who_does_not_lead_says_who_does(void)
{
	begin();
	service_fixture_fence(front);
	ask(WL_WIRE_CONSUMER_TAKE, "risk", 1, 0);
	CU_ASSERT_EQUAL(answers(CLIENT, 1), 1);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_NOT_LEADER);
	end();
}

static void what_waits_ends_with_the_leadership(void)
{
	begin();
	commits(false);
	ask(WL_WIRE_CONSUMER_TAKE, "risk", 1, 0);
	CU_ASSERT_EQUAL(answers(CLIENT, 4), 0);
	CU_ASSERT_EQUAL(front->service->checkpoints.count, 1);
	commits(true);
	service_fixture_lead(front, 2);
	CU_ASSERT_EQUAL(answers(CLIENT, 4), 0);
	CU_ASSERT_EQUAL(front->service->checkpoints.count, 0);
	take("risk", 1); /* asked again it is answered */
	end();
}

static void two_that_consume_under_one_name_have_the_higher_checkpoint(void)
{
	uint64_t made;
	struct wl_wire_consumer_ask of_other = {.nonce = 77,
						.verb = WL_WIRE_CONSUMER_MOVE,
						.number = 5,
						.name = "risk"};

	begin();
	service_fixture_add_client(front, OTHER);
	made = take("risk", 1);
	of_other.made = made;
	answers(CLIENT, PAUSE_TURNS);
	ask(WL_WIRE_CONSUMER_MOVE, "risk", 8, made);
	CU_ASSERT_EQUAL(answers(CLIENT, 4), 1);
	say(OTHER, &of_other);
	CU_ASSERT_EQUAL(answers(OTHER, 1), 1);
	CU_ASSERT_EQUAL(reply.nonce, 77);
	CU_ASSERT_EQUAL(reply.number, 8);
	end();
}

WL_SUITE(checkpoints)
{
	WL_TEST(checkpoint_is_made_and_taken_again_where_it_is),
	WL_TEST(checkpoint_is_not_told_before_an_entry_behind_the_question_commits),
	WL_TEST(move_is_answered_when_it_is_committed),
	WL_TEST(moves_of_one_name_are_one_entry_in_a_pause),
	WL_TEST(dropped_checkpoint_is_told_by_name),
	WL_TEST(one_too_many_is_told_by_name),
	WL_TEST(who_does_not_lead_says_who_does),
	WL_TEST(what_waits_ends_with_the_leadership),
	WL_TEST(two_that_consume_under_one_name_have_the_higher_checkpoint),
};
