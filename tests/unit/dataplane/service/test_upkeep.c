/* SPDX-License-Identifier: BSD-3-Clause */
/* What a leader proposes itself, from the turn that wants it to the state that has it. */
#include <stdio.h>
#include <string.h>

#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define RIGHT 0xaaaau
#define WRONG 0xbbbbu
#define MIB (1u << 20)

static struct service_fixture *front;
static uint64_t session;

static void begin(bool alone)
{
	front = service_fixture_start(alone);
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = true;
	service_fixture_lead(front, 1);
	session = service_fixture_open(front, SERVICE_FIXTURE_CLIENT, 1);
	CU_ASSERT_NOT_EQUAL_FATAL(session, 0);
}

static void end(void)
{
	service_fixture_end(front);
}

static const struct wl_state *state(void)
{
	return &front->service->state;
}

/* Long enough that whatever is tended now and then is tended. */
static void pass(unsigned turns)
{
	for (unsigned at = 0; at < turns; at++) {
		front->now_ns += 1000000;
		service_fixture_turn(front);
	}
}

static void append(uint32_t first, uint32_t count, uint32_t record_bytes)
{
	for (uint32_t at = first; at < first + count; at++) {
		service_fixture_append(front, &(struct service_fixture_append){
						      .session = session,
						      .first = at,
						      .count = 1,
						      .record_bytes = record_bytes,
						      .acknowledged_through = at - 1,
					      });
		service_fixture_turns(front, 3);
	}
}

static void ask_trim(uint64_t number)
{
	const struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_TRIM, .number = number};

	wl_replica_ask(&front->replica, &wish);
}

static void base_is_asked_for_and_proven(void)
{
	uint64_t mark, tail;

	begin(false);
	wl_service_set(front->service, WL_SETTING_BASE_EVERY_BYTES, MIB);
	append(1, 10, 60000);
	pass(4);
	CU_ASSERT_EQUAL(state()->base_mark, 0);
	append(11, 10, 60000);
	pass(4);
	mark = state()->base_mark;
	CU_ASSERT_NOT_EQUAL_FATAL(mark, 0);
	tail = front->log.tail.index;
	pass(20); /* one mark, however often it is looked at */
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	wl_replica_set_base(&front->replica, mark, RIGHT);
	front->bases[3].index = mark;
	front->bases[3].digest = WRONG;
	pass(4);
	CU_ASSERT_EQUAL(state()->proven.index, 0);
	front->bases[2].index = mark;
	front->bases[2].digest = RIGHT;
	pass(4);
	CU_ASSERT_EQUAL(state()->proven.index, mark);
	CU_ASSERT_EQUAL(state()->proven.digest, RIGHT);
	CU_ASSERT_EQUAL(front->service->upkeep.base_differs, wl_members_only(3));
	pass(20);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	CU_ASSERT_EQUAL(wl_count_get(&front->counters, WL_COUNTER_base_differs), 1);
	end();
}

/* The next leader hears of the voters' bases anew, and proves the mark that it found. */
static void another_leadership_proves_the_mark_of_the_last(void)
{
	uint64_t mark;

	begin(false);
	wl_service_set(front->service, WL_SETTING_BASE_EVERY_BYTES, MIB);
	append(1, 20, 60000);
	pass(4);
	mark = state()->base_mark;
	CU_ASSERT_NOT_EQUAL_FATAL(mark, 0);
	wl_replica_set_base(&front->replica, mark, RIGHT);
	service_fixture_lead(front, 2);
	pass(4);
	CU_ASSERT_EQUAL(state()->proven.index, 0);
	front->bases[2].index = mark;
	front->bases[2].digest = RIGHT;
	pass(4);
	CU_ASSERT_EQUAL(state()->proven.index, mark);
	CU_ASSERT_EQUAL(state()->base_mark, mark);
	end();
}

static void one_voter_proves_its_own_base(void)
{
	begin(true);
	wl_service_set(front->service, WL_SETTING_BASE_EVERY_BYTES, MIB);
	append(1, 20, 60000);
	pass(4);
	CU_ASSERT_NOT_EQUAL_FATAL(state()->base_mark, 0);
	CU_ASSERT_EQUAL(state()->proven.index, 0);
	wl_replica_set_base(&front->replica, state()->base_mark, RIGHT);
	pass(4);
	CU_ASSERT_EQUAL(state()->proven.index, state()->base_mark);
	end();
}

static void trim_that_is_asked_for_is_committed(void)
{
	uint64_t tail;

	begin(false);
	append(1, 10, 100);
	ask_trim(7);
	pass(4);
	CU_ASSERT_EQUAL(state()->trim_number, 7);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	tail = front->log.tail.index;
	ask_trim(7);
	ask_trim(5); /* it never falls: nothing to propose */
	pass(4);
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	ask_trim(1000); /* all that there is */
	pass(4);
	CU_ASSERT_EQUAL(state()->trim_number, 11);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	end();
}

static void trim_waits_for_who_leads_and_is_forgotten_in_the_end(void)
{
	begin(false);
	append(1, 10, 100);
	service_fixture_fence(front);
	ask_trim(7);
	pass(4);
	CU_ASSERT_EQUAL(front->replica.ask.wish.number, 7);
	service_fixture_lead(front, 2);
	pass(4);
	CU_ASSERT_EQUAL(state()->trim_number, 7);
	service_fixture_fence(front);
	ask_trim(8);
	front->now_ns += WL_REPLICA_ASK_NS;
	pass(2);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	service_fixture_lead(front, 3);
	pass(4);
	CU_ASSERT_EQUAL(state()->trim_number, 7);
	end();
}

static void ask_limit(const char *name, uint64_t number, uint64_t made)
{
	struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_LIMITS,
		.number = number,
		.made = made,
	};

	snprintf(wish.name, sizeof(wish.name), "%s", name);
	wl_replica_ask(&front->replica, &wish);
	pass(4);
}

static void give_file_limits(uint64_t sessions)
{
	struct wl_journal_limits *limits = &front->service->config.limits;

	*limits = (struct wl_journal_limits){.value = {5 << 20, 1000000000, 0, sessions, 0}};
}

/* And no other leader's file counts any more. */
static void the_first_leader_says_the_first_limits(void)
{
	uint64_t first;

	for (uint64_t sessions = 1; sessions <= SERVICE_FIXTURE_SESSIONS; sessions *= 4) {
		begin(false);
		give_file_limits(sessions);
		pass(4);
		first = state()->limits.index;
		CU_ASSERT_NOT_EQUAL_FATAL(first, 0);
		CU_ASSERT_EQUAL(state()->limits.value[WL_LIMIT_RETENTION_BYTES], 5 << 20);
		CU_ASSERT_EQUAL(state()->sessions.limit, sessions);
		service_fixture_fence(front);
		give_file_limits(sessions + 1);
		service_fixture_lead(front, 2);
		pass(4);
		CU_ASSERT_EQUAL(state()->limits.index, first);
		CU_ASSERT_EQUAL(state()->sessions.limit, sessions);
		end();
	}
}

static void a_limit_that_is_asked_for_is_set_once(void)
{
	uint64_t first, tail;

	begin(false);
	give_file_limits(8);
	pass(4);
	first = state()->limits.index;
	ask_limit("retention.bytes", 7 << 20, first);
	CU_ASSERT_EQUAL(state()->limits.value[WL_LIMIT_RETENTION_BYTES], 7 << 20);
	CU_ASSERT_EQUAL(state()->limits.value[WL_LIMIT_RETENTION_AGE_NS], 1000000000);
	CU_ASSERT_EQUAL(state()->limits.value[WL_LIMIT_SESSIONS], 8);
	CU_ASSERT(state()->limits.index > first);
	tail = front->log.tail.index;
	ask_limit("retention.bytes", 9 << 20, first); /* of limits that are others by now */
	ask_limit("retention.bytes", 7 << 20, state()->limits.index); /* as it is */
	ask_limit("retention.byte", 9 << 20, state()->limits.index); /* there is none */
	ask_limit("limits.sessions", 0, state()->limits.index);
	ask_limit("limits.sessions", SERVICE_FIXTURE_SESSIONS + 1, state()->limits.index);
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	ask_limit("limits.sessions", SERVICE_FIXTURE_SESSIONS, state()->limits.index);
	CU_ASSERT_EQUAL(state()->sessions.limit, SERVICE_FIXTURE_SESSIONS);
	ask_limit("retention.age", 0, state()->limits.index); /* 0 is a value, too */
	CU_ASSERT_EQUAL(state()->limits.value[WL_LIMIT_RETENTION_AGE_NS], 0);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 2);
	end();
}

/* An entry that a leader with more memory said: the log goes on, its table does not. */
static void who_lacks_room_for_the_limits_applies_nothing_more(void)
{
	struct wl_journal_limits limits = {.value = {0, 0, 0, SERVICE_FIXTURE_SESSIONS + 1, 0}};
	struct wl_control control = wl_control_of_limits(&limits, 0);
	struct wl_service_stats stats;
	uint64_t applied;

	begin(false);
	CU_ASSERT_EQUAL(wl_service_propose(front->service, &control), WL_LOG_OK);
	pass(4);
	applied = state()->sessions.applied_index;
	CU_ASSERT_EQUAL(state()->limits.index, applied);
	wl_service_get_stats(front->service, &stats);
	CU_ASSERT(stats.lacks_room && !stats.damaged);
	CU_ASSERT(!wl_service_leads(front->service));
	CU_ASSERT(wl_service_wants_other_leader(front->service));
	service_fixture_fence(front);
	service_fixture_lead(front, 2);
	pass(4);
	CU_ASSERT_EQUAL(state()->sessions.applied_index, applied);
	CU_ASSERT(front->replica.commit > applied);
	end();
}

static void ask_consumer(enum wl_wire_propose_verb verb, const char *name, uint64_t number,
			 uint64_t made)
{
	struct wl_wire_propose wish = {.verb = verb, .number = number, .made = made};

	snprintf(wish.name, sizeof(wish.name), "%s", name);
	wl_replica_ask(&front->replica, &wish);
	pass(4);
}

static void checkpoint_that_is_asked_for_is_made_moved_and_dropped(void)
{
	const struct wl_consumer_table *table;
	uint64_t tail, made;

	begin(false);
	table = &state()->consumers;
	append(1, 10, 100);
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "reader", 4, 0);
	CU_ASSERT_EQUAL_FATAL(table->count, 1);
	CU_ASSERT_STRING_EQUAL(table->consumers[0].name, "reader");
	CU_ASSERT_EQUAL(table->lowest, 4);
	made = table->consumers[0].made_index;
	CU_ASSERT_EQUAL(made, front->log.tail.index);
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "reader", 1000, made); /* all that there is */
	CU_ASSERT_EQUAL(table->lowest, 11);
	tail = front->log.tail.index;
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "reader", 8, made); /* it never goes back */
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "reader", 11, made + 1); /* another one */
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "writer", 11, made); /* is not there */
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_DROP, "writer", 0, made);
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_DROP, "reader", 0, made - 1);
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_DROP, "reader", 0, made);
	CU_ASSERT_EQUAL(table->count, 0);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	end();
}

/* What a consumer wants stays, and nobody asks for it again and again. */
static void trim_that_is_asked_for_stops_at_a_checkpoint(void)
{
	uint64_t tail;

	begin(false);
	append(1, 10, 100);
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "reader", 4, 0);
	tail = front->log.tail.index;
	ask_trim(8);
	pass(20);
	CU_ASSERT_EQUAL(state()->trim_number, 4);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
	ask_trim(8);
	pass(20);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	ask_consumer(WL_WIRE_PROPOSE_CONSUMER_SET, "reader", 9, 0);
	ask_trim(8);
	pass(4);
	CU_ASSERT_EQUAL(state()->trim_number, 8);
	end();
}

/* The second is not proposed before the first is in the state. */
static void one_control_entry_at_a_time(void)
{
	uint64_t tail;

	begin(false);
	append(1, 10, 100);
	front->receives[2] = front->receives[3] = front->stores[2] = front->stores[3] = false;
	tail = front->log.tail.index;
	ask_trim(5);
	pass(4);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	ask_trim(6);
	pass(4);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 1);
	front->receives[2] = front->stores[2] = true;
	pass(6);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 2);
	CU_ASSERT_EQUAL(state()->trim_number, 6);
	end();
}

/* Its successor is told where the log ends. */
static void who_hands_over_proposes_nothing(void)
{
	uint64_t tail;

	begin(false);
	append(1, 10, 100);
	tail = front->log.tail.index;
	front->replica.leader.handing_over = true;
	ask_trim(5);
	pass(4);
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	front->replica.leader.handing_over = false;
	pass(4);
	CU_ASSERT_EQUAL(state()->trim_number, 5);
	end();
}

WL_SUITE(upkeep)
{
	WL_TEST(base_is_asked_for_and_proven),
	WL_TEST(another_leadership_proves_the_mark_of_the_last),
	WL_TEST(one_voter_proves_its_own_base),
	WL_TEST(trim_that_is_asked_for_is_committed),
	WL_TEST(trim_waits_for_who_leads_and_is_forgotten_in_the_end),
	WL_TEST(checkpoint_that_is_asked_for_is_made_moved_and_dropped),
	WL_TEST(trim_that_is_asked_for_stops_at_a_checkpoint),
	WL_TEST(one_control_entry_at_a_time),
	WL_TEST(the_first_leader_says_the_first_limits),
	WL_TEST(a_limit_that_is_asked_for_is_set_once),
	WL_TEST(who_lacks_room_for_the_limits_applies_nothing_more),
	WL_TEST(who_hands_over_proposes_nothing),
};
