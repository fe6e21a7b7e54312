/* SPDX-License-Identifier: BSD-3-Clause */
/* Readers of a log that gave up its oldest entries. */
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
	reader = (struct service_fixture_reader){
		.client = SERVICE_FIXTURE_CLIENT,
		.next_number = 1,
	};
	for (unsigned at = 0; at < 20; at++) {
		what.acknowledged_through = what.first - 1;
		service_fixture_append(f, &what);
		what.first += 10;
		service_fixture_turn(f);
	}
}

/* Turns in which the reader confirms what it got, until a gap. */
static void read_all(void)
{
	unsigned gaps = reader.gaps;

	for (unsigned at = 0; at < 40 && reader.gaps == gaps; at++) {
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
		if (reader.gaps == gaps)
			service_fixture_credit(f, reader.client, reader.next_number, CREDIT, false);
	}
}

/* Up to that entry; the product's log begins at segments only. */
static void give_up(uint64_t index, bool trimmed)
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
	if (trimmed)
		f->service->state.trim_number = begin.next_number;
	CU_ASSERT_PTR_NULL(wl_log_check(&f->log));
}

static void what_was_trimmed_is_a_gap_and_delivery_goes_on_behind_it(void)
{
	uint64_t first;

	start();
	give_up(12, true);
	first = f->log.begin.next_number;
	CU_ASSERT_TRUE(first > 50 && first < 150);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	read_all();
	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_TRIMMED);
	CU_ASSERT_EQUAL(reader.gap.first_number, 1);
	CU_ASSERT_EQUAL(reader.gap.next_number, first);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_trimmed), 1);
	/* As the client library does with the gap, before what follows it in the same turn. */
	reader.next_number = first;
	reader.lost = 0;
	read_all();
	CU_ASSERT_EQUAL(reader.next_number, 201);
	CU_ASSERT_EQUAL(reader.records, 201 - first);
	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.wrong + reader.lost, 0);
	service_fixture_end(f);
}

/* The gap was lost: whoever asks for what is gone is told again. */
static void who_goes_back_below_the_beginning_is_told_again(void)
{
	uint64_t first;

	start();
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turn(f);
	give_up(12, true);
	first = f->log.begin.next_number;
	for (unsigned round = 1; round <= 2; round++) {
		f->now_ns += 10 * WL_SERVICE_REWIND_NS;
		service_fixture_credit(f, SERVICE_FIXTURE_CLIENT, 20 + round, CREDIT, true);
		service_fixture_turn(f);
		service_fixture_read(f, &reader);
		CU_ASSERT_EQUAL(reader.gaps, round);
		CU_ASSERT_EQUAL(reader.gap.first_number, 20 + round);
		CU_ASSERT_EQUAL(reader.gap.next_number, first);
	}
	service_fixture_end(f);
}

static void a_time_that_was_trimmed_begins_at_the_first_record_that_is_kept(void)
{
	uint64_t first;

	start();
	give_up(12, true);
	first = f->log.begin.next_number;
	reader.next_number = 0;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_TIME, 1, CREDIT);
	service_fixture_turns(f, 3);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps, 0);
	CU_ASSERT_EQUAL(f->service->subscriptions[0].next_number, first);
	service_fixture_end(f);
}

/* A base of a peer took the log's place: others may have what lies before it. */
static void what_is_not_trimmed_is_lost_here_alone(void)
{
	start();
	give_up(12, false);
	f->service->state.trim_number = 20;
	f->replica.held_back = true; /* not caught up in this view */
	f->replica.caught_up_told = false;
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 30, CREDIT);
	service_fixture_turns(f, 3);
	CU_ASSERT_EQUAL(f->service->subscription_count, 1); /* who knows what was trimmed since */
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_lost), 0);
	f->replica.held_back = false;
	service_fixture_turns(f, 3);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_lost), 1);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 1, CREDIT);
	service_fixture_turns(f, 1);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_TRIMMED);
	CU_ASSERT_EQUAL(reader.gap.next_number, 20);
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_trimmed), 1);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_lost), 2);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_LOST);
	CU_ASSERT_EQUAL(f->service->subscription_count, 0);
	/* A time before it, likewise. */
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_TIME, 1, CREDIT);
	service_fixture_turns(f, 1);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_lost), 3);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_TIME,
				  f->log.begin.timestamp_ns + 1, CREDIT);
	service_fixture_turns(f, 3);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_lost), 3);
	CU_ASSERT_EQUAL(f->service->subscription_count, 1);
	service_fixture_end(f);
}

/* The gap was lost, and so was all that it said since: it goes on where it stands itself, and hears of the gap then. */
static void who_is_ended_is_told_where_it_said_that_it_stands(void)
{
	start();
	give_up(12, true);
	service_fixture_subscribe(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_FROM_NUMBER, 7, CREDIT);
	service_fixture_turns(f, 3); /* not read: lost */
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_readers_told_trimmed), 1);
	f->now_ns += SERVICE_FIXTURE_IDLE_NS + 1;
	f->sent_count = 0;
	service_fixture_turn(f);
	service_fixture_read(f, &reader);
	CU_ASSERT_EQUAL(reader.gaps, 1);
	CU_ASSERT_EQUAL(reader.gap.status, WIRELOG_SLOW_READER);
	CU_ASSERT_EQUAL(reader.gap.first_number, 7);
	service_fixture_end(f);
}

WL_SUITE(subscription_trimmed)
{
	WL_TEST(what_was_trimmed_is_a_gap_and_delivery_goes_on_behind_it),
	WL_TEST(who_goes_back_below_the_beginning_is_told_again),
	WL_TEST(who_is_ended_is_told_where_it_said_that_it_stands),
	WL_TEST(what_is_not_trimmed_is_lost_here_alone),
	WL_TEST(a_time_that_was_trimmed_begins_at_the_first_record_that_is_kept),
};
