/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a reader says that it stands is held against the log, and what it was given is told with what is delivered. */
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define CREDIT (1u << 20)

static struct service_fixture *f;
static struct service_fixture_reader reader;

/* Twenty entries of ten records. */
static void start(void)
{
	struct service_fixture_append what = {.first = 1, .count = 10};

	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	what.session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 99);
	for (unsigned at = 0; at < 20; at++) {
		what.acknowledged_through = what.first - 1;
		service_fixture_append(f, &what);
		what.first += 10;
		service_fixture_turn(f);
	}
}

/* The chain value behind the entry that holds this record. */
static uint64_t chain_of(uint64_t number)
{
	uint64_t index = 1;

	while (f->log.slots[index].next_number <= number)
		index++;
	return f->log.slots[index].chain;
}

static void subscribe(uint64_t next_number, uint64_t known_number, uint64_t known_chain)
{
	struct wl_wire_subscribe subscribe = {
		.subscription = 1,
		.from = WL_WIRE_FROM_NUMBER,
		.credit_bytes = CREDIT,
		.value = next_number,
		.known_number = known_number,
		.known_chain = known_chain,
	};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	wl_wire_encode_subscribe(payload, &subscribe);
	reader = (struct service_fixture_reader){
		.client = SERVICE_FIXTURE_CLIENT,
		.next_number = next_number,
	};
	service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_SUBSCRIBE, payload,
				sizeof(payload));
}

static void read_all(void)
{
	for (unsigned at = 0; at < 40 && reader.gaps == 0; at++) {
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
		if (reader.gaps == 0)
			service_fixture_credit(f, reader.client, reader.next_number, CREDIT, false);
	}
}

static void give_up(uint64_t index)
{
	const struct wl_log_slot *slot = &f->log.slots[index];
	struct wl_log_begin begin = {
		.position = {slot->term, index},
		.chain = slot->chain,
		.next_number = slot->next_number,
		.timestamp_ns = slot->timestamp_ns,
		.offset = slot[1].offset - slot[1].in_chunk,
	};

	wl_log_give_up(&f->log, &begin);
	f->service->state.trim_number = begin.next_number;
	CU_ASSERT_PTR_NULL(wl_log_check(&f->log));
}

static void expect_refused(void)
{
	read_all();
	CU_ASSERT_EQUAL(reader.records, 0);
	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_DIVERGED);
	CU_ASSERT_EQUAL(reader.gap.next_number, 0);
	CU_ASSERT_EQUAL(f->service->subscription_count, 0);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_diverged), 1);
}

static void expect_served(uint64_t records)
{
	read_all();
	CU_ASSERT_EQUAL(reader.records, records);
	CU_ASSERT_EQUAL(reader.gaps, 0);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_diverged), 0);
}

static void each_frame_tells_the_chain_value_behind_its_last_record(void)
{
	const struct service_fixture_sent *sent;
	unsigned frames = 0;

	start();
	subscribe(1, 0, 0);
	service_fixture_turn(f);
	for (; (sent = service_fixture_find(f, WL_WIRE_DELIVER, SERVICE_FIXTURE_CLIENT, frames));
	     frames++) {
		struct wl_wire_deliver deliver;

		CU_ASSERT_TRUE(wl_wire_decode_deliver(sent->payload, sent->bytes, &deliver));
		CU_ASSERT_EQUAL(deliver.chain, deliver.record_count == 0
						       ? 0
						       : chain_of(deliver.first_number +
								  deliver.record_count - 1));
	}
	CU_ASSERT_TRUE(frames > 1);
	service_fixture_end(f);
}

/* Of any record of an entry, also one that is not the last one before the number. */
static void who_was_given_what_stands_here_goes_on(void)
{
	static const uint64_t known[] = {1, 55, 60, 94, 99, 100};

	for (unsigned at = 0; at < sizeof(known) / sizeof(known[0]); at++) {
		start();
		subscribe(101, known[at], chain_of(known[at]));
		expect_served(100);
		service_fixture_end(f);
	}
}

static void who_was_given_another_past_is_refused_and_given_nothing(void)
{
	static const uint64_t known[] = {1, 55, 60, 94, 99, 100};

	for (unsigned at = 0; at < sizeof(known) / sizeof(known[0]); at++) {
		start();
		subscribe(101, known[at], chain_of(known[at]) ^ 1);
		expect_refused();
		service_fixture_end(f);
	}
}

/* A cluster that was set back is shorter than what its reader knows: it is found out when that number is given again. */
static void what_is_not_committed_yet_is_compared_when_it_is(void)
{
	struct service_fixture_append what = {.first = 1, .count = 10};

	start();
	subscribe(206, 205, 0x5555);
	service_fixture_turns(f, 3);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps + reader.records, 0);
	what.session = service_fixture_open(f, SERVICE_FIXTURE_OTHER_CLIENT, 100);
	what.client = SERVICE_FIXTURE_OTHER_CLIENT;
	service_fixture_append(f, &what);
	expect_refused();
	service_fixture_end(f);
}

static void what_was_given_up_is_let_pass_and_counted(void)
{
	start();
	give_up(12);
	CU_ASSERT_TRUE(f->log.begin.next_number > 50);
	subscribe(f->log.begin.next_number, 20, 0x5555);
	expect_served(201 - f->log.begin.next_number);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_not_compared), 1);
	service_fixture_end(f);
}

static void a_credit_that_moves_it_does_not_make_it_forgotten(void)
{
	start();
	subscribe(101, 100, chain_of(100) ^ 1);
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 120, CREDIT, true);
	expect_refused();
	service_fixture_end(f);
}

/* It reads before what it says that it was given: all there is comes, and the rest is compared when it is there. */
static void a_credit_that_goes_back_below_it_is_served(void)
{
	start();
	subscribe(1000, 999, 0x5555);
	service_fixture_turns(f, 2);
	service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 50, CREDIT, true);
	reader.next_number = 50;
	expect_served(151);
	service_fixture_end(f);
}

static int status_of(uint64_t history)
{
	struct wl_wire_subscribe subscribe = {.subscription = 9 + history,
					      .from = WL_WIRE_FROM_NUMBER,
					      .value = 1,
					      .history_id = history};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	reader = (struct service_fixture_reader){.client = SERVICE_FIXTURE_CLIENT};
	wl_wire_encode_subscribe(payload, &subscribe);
	service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_SUBSCRIBE, payload,
				sizeof(payload));
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	return reader.gaps != 0 ? reader.gap.status : WIRELOG_OK;
}

/* Of the one before a rescue, too, once the rescue's loss is committed; until then nobody is sent away for good. */
static void a_number_is_of_a_history(void)
{
	start();
	f->replica.history = 5;
	f->service->state.history.id = 4;
	CU_ASSERT_EQUAL(status_of(5), WIRELOG_OK);
	CU_ASSERT_EQUAL(status_of(4), WIRELOG_NO_HISTORY);
	CU_ASSERT_EQUAL(status_of(3), WIRELOG_NO_HISTORY);
	f->service->state.history.id = 5;
	f->service->state.history.before = 4;
	CU_ASSERT_EQUAL(status_of(4), WIRELOG_OK);
	CU_ASSERT_EQUAL(status_of(3), WIRELOG_OTHER_HISTORY);
	service_fixture_end(f);
}

WL_SUITE(cursor)
{
	WL_TEST(a_number_is_of_a_history),
	WL_TEST(each_frame_tells_the_chain_value_behind_its_last_record),
	WL_TEST(who_was_given_what_stands_here_goes_on),
	WL_TEST(who_was_given_another_past_is_refused_and_given_nothing),
	WL_TEST(what_is_not_committed_yet_is_compared_when_it_is),
	WL_TEST(what_was_given_up_is_let_pass_and_counted),
	WL_TEST(a_credit_that_moves_it_does_not_make_it_forgotten),
	WL_TEST(a_credit_that_goes_back_below_it_is_served),
};
