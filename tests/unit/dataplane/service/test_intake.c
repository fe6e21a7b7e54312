/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct service_fixture *f;
static struct wl_wire_append_result result;

static uint64_t start(void)
{
	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	return service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 99);
}

static void append(uint64_t session, uint64_t first, uint32_t count)
{
	struct service_fixture_append what = {.session = session, .first = first, .count = count};

	service_fixture_append(f, &what);
}

/* The only result of this turn or the next ones. */
static bool one_result(void)
{
	for (unsigned turn = 0; turn < 4; turn++) {
		service_fixture_turn(f);
		if (service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result))
			return !service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 1, &result);
	}
	return false;
}

static void records_of_a_frame_get_consecutive_numbers_and_one_result(void)
{
	uint64_t session = start();

	append(session, 1, 20);

	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(result.first_sequence, 1);
	CU_ASSERT_EQUAL(result.first_number, 1);
	CU_ASSERT_EQUAL(result.count, 20);
	CU_ASSERT_EQUAL(result.level, WIRELOG_COMMITTED);
	CU_ASSERT_TRUE(result.timestamp_ns >= 1700000000000000000u);
	service_fixture_end(f);
}

static void answer_says_how_long_the_record_was_here(void)
{
	uint64_t session = start(), came_ns;

	came_ns = f->now_ns; /* of the turn that takes it */
	append(session, 1, 3);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT(result.dwell_ns > 0);
	CU_ASSERT_EQUAL(result.dwell_ns, f->now_ns - came_ns);
	service_fixture_end(f);
}

static void duplicate_gets_the_first_number_and_no_second_record(void)
{
	uint64_t session = start();

	append(session, 1, 3);
	service_fixture_turns(f, 4);
	append(session, 1, 3);

	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.first_number, 1);
	CU_ASSERT_EQUAL(result.count, 3);
	CU_ASSERT_EQUAL(f->log.next_number, 4);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_client_duplicates), 3);
	service_fixture_end(f);
}

/* Two entries, one run of the table of sessions. */
static void duplicate_gets_the_time_of_its_own_record(void)
{
	uint64_t session = start(), times[2];

	for (unsigned entry = 0; entry < 2; entry++) {
		append(session, 1 + 3 * entry, 3);
		CU_ASSERT_TRUE(one_result());
		times[entry] = result.timestamp_ns;
	}
	CU_ASSERT(times[0] != times[1]);
	append(session, 1, 6);
	service_fixture_turn(f);

	for (unsigned entry = 0; entry < 2; entry++) {
		CU_ASSERT_TRUE(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, entry, &result));
		CU_ASSERT_EQUAL(result.first_sequence, 1 + 3 * entry);
		CU_ASSERT_EQUAL(result.timestamp_ns, times[entry]);
	}
	service_fixture_end(f);
}

static void duplicate_of_what_is_in_flight_is_answered_once(void)
{
	uint64_t session = start();

	f->hold_disk = true;
	append(session, 1, 3);
	service_fixture_turn(f);
	append(session, 1, 3);
	service_fixture_turn(f);
	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT), 0);
	f->hold_disk = false;

	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.count, 3);
	service_fixture_turns(f, 3);
	CU_ASSERT_EQUAL(f->log.next_number, 4);
	service_fixture_end(f);
}

static void duplicate_after_failover_gets_the_first_number(void)
{
	uint64_t session = start();

	append(session, 1, 3);
	service_fixture_turns(f, 4);
	service_fixture_fence(f);
	service_fixture_restart_service(f, 0); /* a node that knows its log and no commit yet */
	service_fixture_lead(f, 2);
	append(session, 1, 4); /* three of them are old */

	service_fixture_turn(f);
	CU_ASSERT_TRUE_FATAL(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result));
	CU_ASSERT_EQUAL(result.first_sequence, 1);
	CU_ASSERT_EQUAL(result.first_number, 1);
	CU_ASSERT_EQUAL(result.count, 3);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.first_sequence, 4);
	CU_ASSERT_EQUAL(result.first_number, 4);
	CU_ASSERT_EQUAL(f->log.next_number, 5);
	service_fixture_end(f);
}

static void skipped_sequence_is_refused_and_the_expected_one_named(void)
{
	uint64_t session = start();

	append(session, 1, 2);
	append(session, 4, 5);
	service_fixture_turn(f);

	CU_ASSERT_TRUE_FATAL(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result));
	CU_ASSERT_EQUAL(result.status, WIRELOG_OUT_OF_ORDER);
	CU_ASSERT_EQUAL(result.first_sequence, 4);
	CU_ASSERT_EQUAL(result.count, 5);
	CU_ASSERT_EQUAL(result.first_number, 3);
	CU_ASSERT_EQUAL(f->log.next_number, 3);
	service_fixture_end(f);
}

static void expired_record_is_answered_when_committed_and_consumes_its_sequence(void)
{
	uint64_t session = start();
	struct service_fixture_append late = {.session = session,
					      .first = 1,
					      .count = 1,
					      .not_after_ns = f->wall_ns - 1,
					      .level = WIRELOG_SEQUENCED};

	f->hold_disk = true;
	service_fixture_append(f, &late);
	service_fixture_turns(f, 2);
	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT), 0);
	f->hold_disk = false;

	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_EXPIRED);
	CU_ASSERT_EQUAL(result.first_number, 0);
	CU_ASSERT_EQUAL(f->log.next_number, 1);
	/* It never will be in the log: also not when it is sent again without a limit. */
	append(session, 1, 1);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_EXPIRED);
	append(session, 2, 1);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.first_number, 1);
	service_fixture_end(f);
}

static void record_within_its_time_is_appended(void)
{
	uint64_t session = start();
	struct service_fixture_append timely = {.session = session,
						.first = 1,
						.count = 1,
						.not_after_ns = f->wall_ns};

	service_fixture_append(f, &timely);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	service_fixture_end(f);
}

static void unknown_session_is_told_so(void)
{
	uint64_t session = start();

	append(session + 1, 1, 2);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(f->log.next_number, 1);
	service_fixture_end(f);
}

static void follower_names_the_leader(void)
{
	const struct service_fixture_sent *sent;
	struct wl_wire_append_reply reply;
	uint64_t session = start();

	service_fixture_fence(f);
	f->replica.view.leader = 3;
	append(session, 1, 2);
	service_fixture_turn(f);

	sent = service_fixture_find(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_TRUE(wl_wire_decode_append_reply(sent->payload, sent->bytes, &reply));
	CU_ASSERT_EQUAL(reply.leader, 3);
	wl_wire_decode_append_result(reply.results, &result);
	CU_ASSERT_EQUAL(result.status, WIRELOG_NOT_LEADER);
	CU_ASSERT_EQUAL(result.count, 2);
	CU_ASSERT_FALSE(f->log.entry_open);
	service_fixture_end(f);
}

static void append_that_was_sent_in_another_term_is_not_taken(void)
{
	const struct service_fixture_sent *sent;
	struct wl_wire_append_reply reply;
	uint64_t session = start();

	service_fixture_lead(f, 2);
	f->append_term = 1;
	append(session, 1, 2);
	service_fixture_turn(f);

	sent = service_fixture_find(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_TRUE(wl_wire_decode_append_reply(sent->payload, sent->bytes, &reply));
	CU_ASSERT_EQUAL(reply.leader, 1);
	CU_ASSERT_EQUAL(reply.term, 2);
	CU_ASSERT_EQUAL(reply.frame, f->frame);
	wl_wire_decode_append_result(reply.results, &result);
	CU_ASSERT_EQUAL(result.status, WIRELOG_NOT_LEADER);
	CU_ASSERT_EQUAL(f->log.next_number, 1);

	f->append_term = 2;
	append(session, 1, 2);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	service_fixture_end(f);
}

/* The client was told that the record is not in the log and never will be. */
static void late_copy_of_what_was_refused_for_room_is_not_taken(void)
{
	uint64_t session = start(), ready;

	f->log.cannot_grow = true;
	ready = f->log.segments_ready;
	f->log.segments_ready = 0;
	f->replica.leader.room_limit = 0;
	f->frame = 8;
	append(session, 1, 1); /* frame 9 */
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_NO_SPACE);
	f->log.segments_ready = ready;

	f->frame = 6;
	append(session, 1, 1); /* frame 7, which was overtaken */
	append(session, 1, 1);
	CU_ASSERT_FALSE(one_result());
	CU_ASSERT_EQUAL(f->log.next_number, 1);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_client_overtaken), 2);
	f->frame = 9;
	append(session, 1, 1);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	service_fixture_end(f);
}

static void leader_takes_nothing_before_its_first_entry_is_committed(void)
{
	f = service_fixture_start(false);
	service_fixture_lead(f, 1);
	append(1, 1, 1);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_NOT_LEADER);
	CU_ASSERT_EQUAL(f->log.tail.index, 1);

	f->stores[2] = true;
	service_fixture_turns(f, 2);
	append(1, 1, 1);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_SESSION_UNKNOWN); /* now it would be taken */
	service_fixture_end(f);
}

static void full_queue_of_answers_refuses_before_anything_is_appended(void)
{
	struct service_fixture_append what = {.level = WIRELOG_EVERYWHERE, .count = 1, .first = 1};

	f = service_fixture_start(false);
	f->stores[2] = true;
	service_fixture_lead(f, 1);
	what.session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 5);
	/* One client alone has half of them. */
	for (; what.first <= SERVICE_FIXTURE_REPLY_SLOTS / 2; what.first++) {
		service_fixture_append(f, &what); /* node 3 has nothing: each entry waits */
		service_fixture_turn(f);
	}
	service_fixture_append(f, &what);

	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_BACK_PRESSURE);
	CU_ASSERT_EQUAL(f->log.next_number, SERVICE_FIXTURE_REPLY_SLOTS / 2 + 1);
	/* Another level has its own queue. */
	what.level = WIRELOG_COMMITTED;
	service_fixture_append(f, &what);
	service_fixture_turn(f);
	CU_ASSERT_EQUAL(f->log.next_number, SERVICE_FIXTURE_REPLY_SLOTS / 2 + 2);
	service_fixture_end(f);
}

static void client_that_acknowledges_nothing_meets_the_window(void)
{
	uint64_t a = start(), b = service_fixture_open(f, SERVICE_FIXTURE_OTHER_CLIENT, 100);
	struct service_fixture_append other = {.client = SERVICE_FIXTURE_OTHER_CLIENT,
					       .session = b,
					       .count = 1};
	struct service_fixture_append next = {.session = a,
					      .first = WIRELOG_SESSION_RUNS + 1,
					      .count = 1};

	for (uint64_t sequence = 1; sequence <= WIRELOG_SESSION_RUNS; sequence++) {
		append(a, sequence, 1);
		other.first = sequence;
		service_fixture_append(f, &other);
		service_fixture_turns(f, 3);
	}
	service_fixture_append(f, &next);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_BACK_PRESSURE);
	next.acknowledged_through = 1;
	service_fixture_append(f, &next);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	service_fixture_end(f);
}

static void session_that_is_asked_for_twice_is_one(void)
{
	struct wl_wire_open_session open = {1234};
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];
	struct wl_service_stats stats;
	uint64_t session;

	start();
	wl_wire_encode_open_session(payload, &open);
	service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_OPEN_SESSION, payload,
				sizeof(payload));
	service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_OPEN_SESSION, payload,
				sizeof(payload));
	CU_ASSERT_EQUAL(f->log.open_header.record_count, 1);
	service_fixture_turns(f, 4);
	session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 1234);

	CU_ASSERT_NOT_EQUAL(session, 0);
	CU_ASSERT_EQUAL(service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 1234), session);
	wl_service_get_stats(f->service, &stats);
	CU_ASSERT_EQUAL(stats.sessions, 2);
	service_fixture_end(f);
}

static void garbage_is_counted_and_unanswered(void)
{
	static const uint8_t garbage[200] = {1, 2, 3};

	start();
	for (size_t size = 0; size <= sizeof(garbage); size++) {
		service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_CLIENT_APPEND, garbage,
					size);
		service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_SUBSCRIBE, garbage,
					size < 24 ? size : 0);
	}
	service_fixture_turn(f);
	CU_ASSERT_EQUAL(f->sent_count, 0);
	CU_ASSERT_EQUAL(f->counters.dropped[WL_FRAME_BAD_PAYLOAD], 2 * (sizeof(garbage) + 1));
	service_fixture_end(f);
}

/* On a drive that does not come back: what one piles up others would wait for. */
static void one_client_that_floods_leaves_room_to_the_others(void)
{
	struct service_fixture *fixture = service_fixture_start(true);
	struct service_fixture_append flood = {.count = 1, .record_bytes = 16384},
				      good = {.client = SERVICE_FIXTURE_OTHER_CLIENT, .count = 1};
	uint64_t taken = 0;

	service_fixture_lead(fixture, 1);
	service_fixture_add_client(fixture, SERVICE_FIXTURE_OTHER_CLIENT);
	flood.session = service_fixture_open(fixture, SERVICE_FIXTURE_CLIENT, 1);
	good.session = service_fixture_open(fixture, SERVICE_FIXTURE_OTHER_CLIENT, 2);
	good.first = 1;
	service_fixture_append(fixture, &good);
	service_fixture_turns(fixture, 4);
	fixture->hold_disk = true;

	for (flood.first = 1; flood.first < 1000; flood.first++) {
		service_fixture_append(fixture, &flood);
		service_fixture_turn(fixture);
		if (service_fixture_result(fixture, SERVICE_FIXTURE_CLIENT, 0, &result))
			break;
		taken++;
	}
	CU_ASSERT_EQUAL(result.status, WIRELOG_BACK_PRESSURE);
	CU_ASSERT(taken >= 4 && taken * flood.record_bytes <= WL_SHARE_BYTES);
	good.first = 2;
	service_fixture_append(fixture, &good);
	service_fixture_turn(fixture);
	CU_ASSERT_FALSE(service_fixture_result(fixture, SERVICE_FIXTURE_OTHER_CLIENT, 0, &result));

	fixture->hold_disk = false;
	service_fixture_turns(fixture, 4);
	service_fixture_append(fixture, &flood);
	service_fixture_turns(fixture, 4);
	CU_ASSERT_EQUAL(wl_count_get(&fixture->counters, WL_COUNTER_records_committed), taken + 3);
	service_fixture_end(fixture);
}

WL_SUITE(intake)
{
	WL_TEST(records_of_a_frame_get_consecutive_numbers_and_one_result),
	WL_TEST(answer_says_how_long_the_record_was_here),
	WL_TEST(duplicate_gets_the_first_number_and_no_second_record),
	WL_TEST(duplicate_gets_the_time_of_its_own_record),
	WL_TEST(duplicate_of_what_is_in_flight_is_answered_once),
	WL_TEST(duplicate_after_failover_gets_the_first_number),
	WL_TEST(skipped_sequence_is_refused_and_the_expected_one_named),
	WL_TEST(expired_record_is_answered_when_committed_and_consumes_its_sequence),
	WL_TEST(record_within_its_time_is_appended),
	WL_TEST(unknown_session_is_told_so),
	WL_TEST(follower_names_the_leader),
	WL_TEST(append_that_was_sent_in_another_term_is_not_taken),
	WL_TEST(late_copy_of_what_was_refused_for_room_is_not_taken),
	WL_TEST(leader_takes_nothing_before_its_first_entry_is_committed),
	WL_TEST(full_queue_of_answers_refuses_before_anything_is_appended),
	WL_TEST(client_that_acknowledges_nothing_meets_the_window),
	WL_TEST(session_that_is_asked_for_twice_is_one),
	WL_TEST(garbage_is_counted_and_unanswered),
	WL_TEST(one_client_that_floods_leaves_room_to_the_others),
};
