/* SPDX-License-Identifier: BSD-3-Clause */
/* What may be in flight to a reader, what is sent again, and how both sides notice that the other one is there. */
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

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

static void reader_gets_no_more_than_its_credit(void)
{
	const uint32_t credit = 10000;

	start();
	for (unsigned i = 0; i < 40; i++)
		append_sized(1, 1000);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, credit);
	for (unsigned i = 0; i < 10; i++) {
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
	}
	CU_ASSERT_EQUAL(reader.records, 9); /* of 1032 bytes */
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 5, credit, false);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.records, 13);
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 14, 0, false); /* a pause */
	service_fixture_turns(f, 3);
	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_DELIVER, SERVICE_FIXTURE_CLIENT), 0);
	read_all(credit);
	CU_ASSERT_EQUAL(reader.records, 40);
	service_fixture_end(f);
}

static void record_larger_than_the_credit_goes_alone(void)
{
	start();
	append_sized(1, 300000);
	append_sized(1, 300000);
	service_fixture_turns(f, 4);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, 1000);
	for (unsigned i = 0; i < 20; i++) {
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
	}
	CU_ASSERT_EQUAL(reader.records, 1);
	read_all(1000);
	CU_ASSERT_EQUAL(reader.records, 2);
	CU_ASSERT_EQUAL(reader.payload_bytes, 600000);
	CU_ASSERT_EQUAL(reader.wrong, 0);
	service_fixture_end(f);
}

static void large_record_takes_several_turns(void)
{
	start();
	append_sized(1, WIRELOG_RECORD_BYTES_MAX);
	service_fixture_turns(f, 3);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_TRUE(reader.payload_bytes > 0);
	CU_ASSERT_TRUE(reader.payload_bytes < 2 * WL_SERVICE_DELIVER_BYTES);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.payload_bytes, WIRELOG_RECORD_BYTES_MAX);
	CU_ASSERT_EQUAL(reader.records, 1);
	service_fixture_end(f);
}

static void lost_fragment_starts_the_record_again(void)
{
	start();
	append_sized(1, 300000);
	service_fixture_turns(f, 3);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turns(f, 2); /* not read: lost */
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 1, CREDIT, true);
	read_all(CREDIT);
	CU_ASSERT_EQUAL(reader.records, 1);
	CU_ASSERT_EQUAL(reader.payload_bytes, 300000);
	service_fixture_end(f);
}

/* What comes without a word of the reader's. */
static uint64_t burst(void)
{
	uint64_t before = reader.records;

	for (unsigned turn = 0; turn < 40; turn++) {
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
	}
	return reader.records - before;
}

static uint64_t burst_for_credit(void)
{
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, reader.next_number, CREDIT, false);
	return burst();
}

/* Doubled with each window that is consumed; once something was lost halved, and then a 32nd more. */
static void window_of_a_reader_that_loses_grows_slowly(void)
{
	uint64_t first, second, halved, next;

	start();
	for (unsigned at = 0; at < 800; at++)
		append_sized(1, 1000);
	reader.records = 0;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	first = burst();
	CU_ASSERT(first >= 60 && first <= 64); /* of 64 KiB */
	second = burst_for_credit();
	CU_ASSERT(second >= 2 * first - 2 && second <= 2 * first + 2);

	/* The last of them did not arrive. */
	reader.next_number--;
	reader.records--;
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, reader.next_number, CREDIT, true);
	halved = burst();
	CU_ASSERT(halved >= first - 2 && halved <= first + 2);
	next = burst_for_credit();
	CU_ASSERT(next > halved && next <= halved + halved / 16);
	second = burst_for_credit();
	CU_ASSERT(second > next && second <= next + next / 16);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost + reader.gaps, 0);
	service_fixture_end(f);
}

static void lost_frames_are_sent_again_from_the_number_that_is_asked_for(void)
{
	start();
	for (unsigned i = 0; i < 10; i++)
		append(50);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.records, 500);
	/* All but the first 123 did not arrive. */
	reader.next_number = 124;
	reader.records = 123;
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 124, CREDIT, true);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);

	CU_ASSERT_EQUAL(reader.records, 500);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_deliver_resends), 1);
	/* The same wish, once more on its way: not again. */
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 124, CREDIT, true);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_deliver_resends), 1);
	service_fixture_end(f);
}

/* The subscription was forgotten, and a SUBSCRIBE that was late made it anew: at its old beginning. */
static void reader_that_is_further_than_its_subscription_goes_on_where_it_is(void)
{
	start();
	for (unsigned i = 0; i < 10; i++)
		append(50);
	service_fixture_turns(f, 2);
	reader.next_number = 401;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, 2000);
	service_fixture_turn(
		f); /* sends what the window takes; the reader had all of it long ago */
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 401, 2000, false);
	read_all(2000);

	CU_ASSERT_EQUAL(reader.records, 100);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	CU_ASSERT_EQUAL(atomic_load(&f->counters.dropped[WL_FRAME_BAD_PAYLOAD]), 0);
	service_fixture_end(f);
}

static void last_frame_lost_is_noticed_by_the_sign_of_life(void)
{
	start();
	append(5);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turn(f); /* not read: lost */
	f->now_ns += WL_SERVICE_UNCONFIRMED_NS;
	service_fixture_turn(f);
	service_fixture_read(f, &reader);

	CU_ASSERT_EQUAL(reader.records, 0);
	CU_ASSERT_EQUAL(reader.lost, 1);
	service_fixture_end(f);
}

static void reader_that_has_everything_gets_a_sign_of_life(void)
{
	start();
	append(5);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_all(CREDIT);
	service_fixture_turns(f, 5);
	CU_ASSERT_EQUAL(f->sent_count, 0);
	f->now_ns += WL_SERVICE_IDLE_NS;
	service_fixture_turn(f);

	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_DELIVER, SERVICE_FIXTURE_CLIENT), 1);
	service_fixture_end(f);
}

static void silent_reader_is_dropped_and_told_where_to_resume(void)
{
	struct wl_service_stats stats;

	start();
	append(50);
	service_fixture_turns(f, 2);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turn(f);
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 21, CREDIT, false);
	f->now_ns += SERVICE_FIXTURE_IDLE_NS;
	service_fixture_turn(f);
	service_fixture_read(f, &reader);

	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_SLOW_READER);
	CU_ASSERT_EQUAL(reader.gap.first_number, 21);
	CU_ASSERT_EQUAL(reader.gap.next_number, 0);
	wl_service_get_stats(f->service, &stats);
	CU_ASSERT_EQUAL(stats.subscriptions, 0);
	/* It wakes up: told again. */
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 30, CREDIT, false);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps, 2);
	CU_ASSERT_EQUAL(reader.gap.first_number, 30);
	service_fixture_end(f);
}

WL_SUITE(subscription_window)
{
	WL_TEST(reader_gets_no_more_than_its_credit),
	WL_TEST(record_larger_than_the_credit_goes_alone),
	WL_TEST(large_record_takes_several_turns),
	WL_TEST(lost_fragment_starts_the_record_again),
	WL_TEST(window_of_a_reader_that_loses_grows_slowly),
	WL_TEST(lost_frames_are_sent_again_from_the_number_that_is_asked_for),
	WL_TEST(reader_that_is_further_than_its_subscription_goes_on_where_it_is),
	WL_TEST(last_frame_lost_is_noticed_by_the_sign_of_life),
	WL_TEST(reader_that_has_everything_gets_a_sign_of_life),
	WL_TEST(silent_reader_is_dropped_and_told_where_to_resume),
};
