/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"
#include "dataplane/service/service_internal.h"

#define CREDIT (1u << 20)

static struct service_fixture *f;
static struct service_fixture_reader reader;
static uint64_t session, next_sequence;

static void start(void)
{
	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 99);
	next_sequence = 1;
	reader =
		(struct service_fixture_reader){.client = SERVICE_FIXTURE_CLIENT, .next_number = 1};
}

static void append_sized(uint32_t count, uint32_t record_bytes)
{
	struct service_fixture_append what = {
		.session = session,
		.first = next_sequence,
		.count = count,
		.record_bytes = record_bytes,
		.acknowledged_through = next_sequence - 1,
	};

	service_fixture_append(f, &what);
	next_sequence += count;
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
}

static void append(uint32_t count)
{
	append_sized(count, 8);
}

/* Turns in which the reader confirms what it got; stops at a gap, or when nothing came for a while. */
static void read_all(uint32_t credit)
{
	unsigned gaps = reader.gaps;

	for (unsigned idle = 0; idle < 5 && reader.gaps == gaps; idle++) {
		uint64_t before = reader.payload_bytes;

		service_fixture_turn(f);
		service_fixture_read(f, &reader);
		if (reader.payload_bytes != before)
			idle = 0;
		if (reader.next_number != 0 && reader.gaps == gaps)
			service_fixture_credit(f, reader.client, reader.next_number, credit, false);
	}
}

/* Long enough for every try of a read that fails again and again, and heard of meanwhile. */
static void read_through_failures(void)
{
	for (unsigned tries = 0; tries < 8 && reader.gaps == 0; tries++) {
		read_all(CREDIT);
		f->now_ns += 400000000;
	}
}

/* What is committed there is contradicted: a reader is told so, and asks another node. */
static void node_that_takes_no_part_serves_no_reader(void)
{
	start();
	append(10);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 10);
	f->replica.apart = (struct wl_divergence){.node = 2, .position = {1, 3}};
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_STORE_DIVERGED);
	CU_ASSERT_EQUAL(reader.gap.first_number, 11);
	CU_ASSERT_EQUAL(f->service->subscription_count, 0);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 5, CREDIT);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps, 2);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_STORE_DIVERGED);
	CU_ASSERT_EQUAL(reader.gap.first_number, 5);
	CU_ASSERT_EQUAL(f->service->subscription_count, 0);
	CU_ASSERT_EQUAL(wl_service_leader(f->service), 0);
	service_fixture_end(f);
}

static void node_whose_table_is_wrong_says_so_by_another_name(void)
{
	start();
	append(10);
	f->replica.apart = (struct wl_divergence){.node = 2,
						  .kind = WL_DIVERGENCE_OF_STATE,
						  .position = {1, 3}};
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 5, CREDIT);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_STATE_DIVERGED);
	service_fixture_end(f);
}

static void reader_from_a_number_gets_all_records_in_order(void)
{
	start();
	for (unsigned i = 0; i < 10; i++)
		append(50);
	reader.next_number = 101;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 101, CREDIT);
	read_all(CREDIT);

	CU_ASSERT_EQUAL(reader.records, 400);
	CU_ASSERT_EQUAL(reader.next_number, 501);
	CU_ASSERT_EQUAL(reader.commit_number, 500);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost + reader.gaps, 0);
	append(3);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 403);
	service_fixture_end(f);
}

static void records_share_frames(void)
{
	start();
	append(60);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turn(f);

	/* 60 records of 40 bytes in frames of 1400. */
	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_DELIVER, SERVICE_FIXTURE_CLIENT), 2);
	service_fixture_end(f);
}

static void nothing_beyond_commit_is_delivered(void)
{
	start();
	append(5);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	f->hold_disk = true;
	append(5);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 5);
	CU_ASSERT_EQUAL(f->log.next_number, 11);
	f->hold_disk = false;
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 10);
	service_fixture_end(f);
}

static void follower_delivers_up_to_its_own_commit(void)
{
	start();
	append(5);
	service_fixture_turns(f, 3);
	service_fixture_fence(f);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 5);
	service_fixture_end(f);
}

static void reader_from_now_is_told_where_now_is_and_starts_when_it_confirms(void)
{
	start();
	append(5);
	service_fixture_turns(f, 2);
	reader.next_number = 0;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NOW, 0, CREDIT);
	append(5);
	service_fixture_turns(f, 2);
	CU_ASSERT_EQUAL(reader.next_number, 6);
	CU_ASSERT_EQUAL(reader.records, 0); /* its first frame could have been lost */
	read_all(CREDIT);

	CU_ASSERT_EQUAL(reader.records, 5);
	CU_ASSERT_EQUAL(reader.next_number, 11);
	service_fixture_end(f);
}

static void reader_from_a_time_starts_at_the_first_entry_of_that_time(void)
{
	uint64_t then_ns = 0;

	start();
	for (unsigned i = 0; i < 20; i++) {
		if (i == 12)
			then_ns = f->wall_ns;
		append(10);
	}
	service_fixture_turns(f, 2);
	reader.next_number = 0;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_TIME, then_ns, CREDIT);
	read_all(CREDIT);

	CU_ASSERT_EQUAL(reader.records, 80);
	CU_ASSERT_EQUAL(reader.next_number, 201);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	service_fixture_end(f);
}

static void reader_of_the_future_waits(void)
{
	start();
	append(5);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 8, CREDIT);
	reader.next_number = 8;
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 0);
	append(5);
	read_all(CREDIT);

	CU_ASSERT_EQUAL(reader.records, 3);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	service_fixture_end(f);
}

static void reader_of_old_records_gets_them_from_the_medium(void)
{
	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000); /* 7 MB: the ring holds 4 */
	service_fixture_turns(f, 2);
	CU_ASSERT_EQUAL(f->reads, 0);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_all(CREDIT);

	CU_ASSERT_EQUAL(reader.records, 7000);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost + reader.gaps, 0);
	CU_ASSERT_TRUE(f->reads >= 3);
	CU_ASSERT_TRUE(f->reads < 100);
	/* It is in the ring again: the buffer is free for others. */
	CU_ASSERT_EQUAL(f->service->free_buffer_count, 1);
	service_fixture_end(f);
}

static void damaged_place_is_a_gap_and_never_silence(void)
{
	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	f->rot_offset = 1 << 20;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_through_failures();

	CU_ASSERT_TRUE(reader.records > 0);
	CU_ASSERT_TRUE(reader.records < 1100);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_lost), 1);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	CU_ASSERT_EQUAL(reader.gaps, 2);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_LOST);
	CU_ASSERT_EQUAL(reader.gap.next_number, 0);
	CU_ASSERT_TRUE(reader.gap.first_number <= reader.next_number); /* as it said itself */
	CU_ASSERT_TRUE(reader.behind > reader.next_number);
	/* Behind it the log is whole. */
	reader.next_number = reader.behind;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER,
				  reader.next_number, CREDIT);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.next_number, 7001);
	service_fixture_end(f);
}

/* A path that fails over, a drive that is reset: what fails now is there a moment later. */
static void reads_that_fail_for_a_while_lose_nothing(void)
{
	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	f->reads_fail = 4;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_through_failures();

	CU_ASSERT_EQUAL(f->reads_fail, 0);
	CU_ASSERT_EQUAL(reader.gaps, 0);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	CU_ASSERT_EQUAL(reader.next_number, 7001);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_reads_again), 4);
	service_fixture_end(f);
}

/* 7,000 records, and a table of sessions that begins before them, on a medium that fails so many reads. */
static void restart_on_reads_that_fail(unsigned reads)
{
	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	service_fixture_fence(f);
	f->reads_fail = reads;
	service_fixture_restart_service(f, f->log.tail.index);
}

/* Within so many times 400 ms. Ends the fixture. */
static void expect_table_is_read(unsigned times)
{
	struct wl_service_stats stats;

	while (times-- != 0) {
		service_fixture_turns(f, 20);
		f->now_ns += 400000000;
	}
	wl_service_get_stats(f->service, &stats);

	CU_ASSERT_EQUAL(f->reads_fail, 0);
	CU_ASSERT_FALSE(stats.damaged);
	CU_ASSERT_EQUAL(stats.commit_number, 7000);
	service_fixture_end(f);
}

static void reads_that_fail_for_a_while_stop_no_appends(void)
{
	restart_on_reads_that_fail(4);
	expect_table_is_read(8);
}

static void reads_that_fail_for_long_stop_appends_until_they_succeed(void)
{
	struct wl_service_stats stats;
	unsigned turns = 0;

	restart_on_reads_that_fail(8);
	do {
		service_fixture_turn(f);
		f->now_ns += 10000000;
		wl_service_get_stats(f->service, &stats);
	} while (!stats.damaged && ++turns < 100);
	CU_ASSERT_TRUE(stats.damaged);
	/* Once a second, not more. */
	expect_table_is_read(14);
}

static void damage_under_the_table_of_sessions_stops_appends_and_not_readers(void)
{
	struct service_fixture_append what = {.count = 1};
	struct wl_wire_append_result result;
	struct wl_service_stats stats;

	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	service_fixture_fence(f);
	f->rot_offset = 1 << 20;
	service_fixture_restart_service(f, f->log.tail.index);
	for (unsigned tries = 0; tries < 8; tries++) {
		service_fixture_turns(f, 20);
		f->now_ns += 400000000;
	}
	service_fixture_lead(f, 2);

	wl_service_get_stats(f->service, &stats);
	CU_ASSERT_TRUE(stats.damaged);
	what.session = session;
	what.first = next_sequence;
	service_fixture_append(f, &what);
	service_fixture_turn(f);
	CU_ASSERT_TRUE(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result));
	CU_ASSERT_EQUAL(result.status, WIRELOG_NOT_LEADER);
	CU_ASSERT_EQUAL(f->log.next_number, 7001);
	service_fixture_end(f);
}

static void subscribe_as(wl_identity client, uint64_t id)
{
	struct wl_wire_subscribe subscribe = {
		.subscription = id,
		.from = WL_WIRE_FROM_NUMBER,
		.value = 1,
	};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	wl_wire_encode_subscribe(payload, &subscribe);
	service_fixture_message(f, client, WL_WIRE_SUBSCRIBE, payload, sizeof(payload));
}

static void one_more_reader_than_there_is_room_for_is_told_so(void)
{
	start();
	for (uint32_t which = 0; which < SERVICE_FIXTURE_SUBSCRIPTIONS; which++) {
		service_fixture_add_client(f, 0x80001000u + which);
		subscribe_as(0x80001000u + which, 1);
	}
	subscribe_as(SERVICE_FIXTURE_CLIENT, 7);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);

	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_TOO_MANY_CLIENTS);
	CU_ASSERT_EQUAL(reader.gap.subscription, 7);
	service_fixture_end(f);
}

static void client_that_subscribes_ever_anew_pushes_out_its_own(void)
{
	struct wl_service_stats stats;

	start();
	subscribe_as(SERVICE_FIXTURE_OTHER_CLIENT, 1);
	for (uint64_t id = 1; id <= 10 * SERVICE_FIXTURE_SUBSCRIPTIONS; id++)
		subscribe_as(SERVICE_FIXTURE_CLIENT, id);
	service_fixture_turn(f);
	wl_service_get_stats(f->service, &stats);

	CU_ASSERT_EQUAL(stats.subscriptions, 1 + SERVICE_FIXTURE_SUBSCRIPTIONS / 4);
	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_GAP, SERVICE_FIXTURE_OTHER_CLIENT), 0);
	service_fixture_end(f);
}

/* Every reader has consumed what it was sent: what holds it up is the turn alone. */
static void consume_everything(void)
{
	for (uint32_t slot = 0; slot < SERVICE_FIXTURE_SUBSCRIPTIONS; slot++) {
		const struct wl_subscription *subscription = &f->service->subscriptions[slot];
		const struct wl_wire_credit credit = {
			.subscription = subscription->id,
			.next_number = subscription->next_number,
			.credit_bytes = CREDIT,
		};
		uint8_t payload[WL_WIRE_CREDIT_BYTES];

		if (subscription->state == WL_SUBSCRIPTION_FREE)
			continue;
		wl_wire_encode_credit(payload, &credit);
		service_fixture_message(f, subscription->client, WL_WIRE_CREDIT, payload,
					sizeof(payload));
	}
}

static void client_with_many_readers_takes_no_turn_from_one_with_one(void)
{
	const unsigned turns = 30; /* no reader is at the end by then */
	unsigned without = 0, of_many = 0;

	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 300);
	service_fixture_turns(f, 2);
	for (uint64_t id = 1; id <= SERVICE_FIXTURE_SUBSCRIPTIONS / 4; id++)
		subscribe_as(SERVICE_FIXTURE_OTHER_CLIENT, id);
	subscribe_as(SERVICE_FIXTURE_CLIENT, 1);
	for (unsigned turn = 0; turn < turns; turn++) {
		consume_everything();
		service_fixture_turn(f);
		of_many += service_fixture_count(f, WL_WIRE_DELIVER, SERVICE_FIXTURE_OTHER_CLIENT);
		without += service_fixture_count(f, WL_WIRE_DELIVER, SERVICE_FIXTURE_CLIENT) <
			   WL_SERVICE_DELIVER_BYTES / SERVICE_FIXTURE_PAYLOAD_MAX;
	}

	CU_ASSERT_TRUE(of_many > turns * WL_SERVICE_DELIVER_FRAMES / 2);
	CU_ASSERT_EQUAL(without, 0);
	service_fixture_end(f);
}

static void reader_that_leaves_during_a_read_gives_its_buffer_back(void)
{
	struct wl_wire_unsubscribe unsubscribe = {1};
	uint8_t payload[WL_WIRE_UNSUBSCRIBE_BYTES];
	struct wl_disk_request request;
	struct wl_disk_completion completion = {.verb = WL_DISK_READ, .status = WL_DISK_FAILED};

	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	f->hold_reads = true;
	service_fixture_turn(f);
	CU_ASSERT_EQUAL_FATAL(wl_service_want_reads(f->service, &request, 1), 1);
	wl_wire_encode_unsubscribe(payload, &unsubscribe);
	service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_UNSUBSCRIBE, payload,
				sizeof(payload));
	CU_ASSERT_EQUAL(f->service->free_buffer_count, 0); /* the disk still writes into it */
	completion.offset = request.offset;
	completion.bytes = request.bytes;
	completion.cookie = request.cookie;
	wl_service_on_read(f->service, &completion);

	CU_ASSERT_EQUAL(f->service->free_buffer_count, 1);
	CU_ASSERT_EQUAL(f->service->subscription_count, 0);
	service_fixture_end(f);
}

static void slow_reader_keeps_no_buffer_from_another(void)
{
	struct service_fixture_reader other = {.client = SERVICE_FIXTURE_OTHER_CLIENT,
					       .next_number = 1};

	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	/* The first takes the only buffer, fills its window and says nothing more. */
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, 5000);
	service_fixture_turns(f, 10);
	service_fixture_subscribe(f, SERVICE_FIXTURE_OTHER_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	for (unsigned turn = 0; turn < 400; turn++) {
		service_fixture_turn(f);
		service_fixture_read(f, &other);
		service_fixture_credit(f, SERVICE_FIXTURE_OTHER_CLIENT, other.next_number, CREDIT,
				       false);
	}
	CU_ASSERT_EQUAL(other.records, 7000);
	CU_ASSERT_EQUAL(other.wrong + other.lost + other.gaps, 0);
	service_fixture_end(f);
}

/* The disk had no room for its read; then somebody else wants the buffer. */
static void buffer_is_given_away_with_the_read_that_was_wanted_into_it(void)
{
	const struct wl_subscription *subscription;
	struct wl_disk_request request;

	start();
	for (unsigned i = 0; i < 700; i++)
		append_sized(10, 1000);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	subscription = &f->service->subscriptions[0];
	for (unsigned turn = 0;
	     turn < 200 && !(subscription->wants_read && subscription->used_buffer); turn++) {
		f->hold_reads = subscription->used_buffer;
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
		service_fixture_credit(f, reader.client, reader.next_number, CREDIT, false);
	}
	CU_ASSERT_TRUE_FATAL(subscription->wants_read && subscription->used_buffer);
	service_fixture_subscribe(f, SERVICE_FIXTURE_OTHER_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turns(f, 3);

	CU_ASSERT_PTR_NULL(subscription->reader.buffer);
	CU_ASSERT_EQUAL(wl_service_want_reads(f->service, &request, 1), 1);
	CU_ASSERT_TRUE(f->service->subscriptions[1].reader.in_flight);
	f->service->subscriptions[1].reader.in_flight = false;
	service_fixture_end(f);
}

WL_SUITE(subscription)
{
	WL_TEST(buffer_is_given_away_with_the_read_that_was_wanted_into_it),
	WL_TEST(node_that_takes_no_part_serves_no_reader),
	WL_TEST(node_whose_table_is_wrong_says_so_by_another_name),
	WL_TEST(reader_from_a_number_gets_all_records_in_order),
	WL_TEST(records_share_frames),
	WL_TEST(nothing_beyond_commit_is_delivered),
	WL_TEST(follower_delivers_up_to_its_own_commit),
	WL_TEST(reader_from_now_is_told_where_now_is_and_starts_when_it_confirms),
	WL_TEST(reader_from_a_time_starts_at_the_first_entry_of_that_time),
	WL_TEST(reader_of_the_future_waits),
	WL_TEST(reader_of_old_records_gets_them_from_the_medium),
	WL_TEST(damaged_place_is_a_gap_and_never_silence),
	WL_TEST(reads_that_fail_for_a_while_lose_nothing),
	WL_TEST(reads_that_fail_for_a_while_stop_no_appends),
	WL_TEST(reads_that_fail_for_long_stop_appends_until_they_succeed),
	WL_TEST(damage_under_the_table_of_sessions_stops_appends_and_not_readers),
	WL_TEST(one_more_reader_than_there_is_room_for_is_told_so),
	WL_TEST(client_that_subscribes_ever_anew_pushes_out_its_own),
	WL_TEST(client_with_many_readers_takes_no_turn_from_one_with_one),
	WL_TEST(reader_that_leaves_during_a_read_gives_its_buffer_back),
	WL_TEST(slow_reader_keeps_no_buffer_from_another),
};
