/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS

static struct client_fixture *start_with_log(unsigned count, uint32_t bytes)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_fill(fixture, count, bytes);
	client_fixture_run(fixture, 50 * MS);
	return fixture;
}

static void read_from(struct client_fixture *fixture, uint64_t number)
{
	fixture->read_next = number;
	CU_ASSERT_EQUAL(
		wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, number), 0);
}

static void reader_gets_every_record_in_order(void)
{
	struct client_fixture *fixture = start_with_log(5000, 64);

	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	client_fixture_fill(fixture, 10, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 10 * MS));

	CU_ASSERT_EQUAL(fixture->read_count, 5010);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	client_fixture_end(fixture);
}

static void reader_gets_every_record_once_whatever_the_network_does(void)
{
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct client_fixture *fixture = start_with_log(1000, 64 + 50 * seed);

		client_fixture_fill(fixture, 5, 9000);
		client_fixture_fill(fixture, 500, 20);
		fixture->random = seed;
		fixture->loss_percent = 5 * (seed % 3);
		fixture->double_percent = 10 * (seed % 2);
		fixture->jitter_ns = seed * 100000;
		read_from(fixture, 1);
		CU_ASSERT(client_fixture_read_all(fixture, 60 * SECOND));

		CU_ASSERT_EQUAL(fixture->read_count, 1505);
		CU_ASSERT_EQUAL(fixture->read_wrong, 0);
		client_fixture_end(fixture);
	}
}

static void follower_is_preferred_to_the_leader(void)
{
	struct client_fixture *fixture = start_with_log(10, 64);

	read_from(fixture, 1);
	client_fixture_read_all(fixture, SECOND);

	CU_ASSERT_NOT_EQUAL(fixture->client->subscriber.node, 1);
	client_fixture_end(fixture);
}

static void node_that_was_asked_for_serves(void)
{
	struct client_fixture *fixture = start_with_log(10, 64);

	fixture->client->environment.options.node = 1;
	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->client->subscriber.node, 1);
	client_fixture_end(fixture);
}

static void reader_goes_on_at_another_node_when_its_own_dies(void)
{
	struct client_fixture *fixture = start_with_log(500, 64);
	uint32_t node;

	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	node = fixture->client->subscriber.node;
	fixture->nodes[node].up = false;
	client_fixture_fill(fixture, 500, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 2 * SECOND));

	CU_ASSERT_NOT_EQUAL(fixture->client->subscriber.node, node);
	CU_ASSERT_EQUAL(fixture->read_count, 1000);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 0);
	client_fixture_end(fixture);
}

static void reader_subscribes_again_when_its_node_was_started_again(void)
{
	struct client_fixture *fixture = start_with_log(500, 64);

	fixture->client->environment.options.node = 2;
	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	client_fixture_restart(fixture, 2);
	client_fixture_fill(fixture, 500, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 2 * SECOND));

	CU_ASSERT_EQUAL(fixture->read_count, 1000);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	client_fixture_end(fixture);
}

static void reader_that_was_forgotten_goes_on_where_it_was(void)
{
	struct client_fixture *fixture = start_with_log(500, 64);

	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].subscription.active =
			false; /* the application did not poll for long */
	client_fixture_fill(fixture, 500, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 2 * SECOND));

	CU_ASSERT_EQUAL(fixture->read_count, 1000);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED), 0);
	client_fixture_end(fixture);
}

static void node_that_stands_still_while_others_commit_is_left(void)
{
	struct client_fixture *fixture = start_with_log(100, 64);
	uint32_t node;

	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	node = fixture->client->subscriber.node;
	fixture->nodes[node].commit_max = 100;
	client_fixture_fill(fixture, 100, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 5 * SECOND));

	CU_ASSERT_NOT_EQUAL(fixture->client->subscriber.node, node);
	client_fixture_end(fixture);
}

static void record_damaged_at_one_node_is_read_from_another(void)
{
	struct client_fixture *fixture = start_with_log(300, 64);

	fixture->nodes[2].damaged = 150;
	fixture->nodes[3].damaged = 150;
	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, 2 * SECOND));

	CU_ASSERT_EQUAL(fixture->read_count, 300);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 0);
	client_fixture_end(fixture);
}

static void record_damaged_everywhere_is_a_gap_and_reading_goes_on(void)
{
	struct client_fixture *fixture = start_with_log(300, 64);
	const struct wirelog_event *event;

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].damaged = 150;
	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, 2 * SECOND));

	event = client_fixture_event(fixture, WIRELOG_EVENT_GAP);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 1);
	CU_ASSERT(event->first_number == 150 && event->next_number == 152 &&
		  event->status == WIRELOG_LOST);
	CU_ASSERT_EQUAL(fixture->read_count, 298);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	client_fixture_end(fixture);
}

static void record_damaged_at_nodes_that_answer_waits_for_the_one_that_does_not(void)
{
	struct client_fixture *fixture = start_with_log(300, 64);

	fixture->nodes[2].damaged = fixture->nodes[3].damaged = 150;
	fixture->nodes[1].up = false;
	client_fixture_run(fixture, 5 * SECOND); /* nobody counts on it any more */
	read_from(fixture, 1);
	client_fixture_run(fixture, 6 * SECOND);
	CU_ASSERT_EQUAL(fixture->read_count, 149);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 0);
	fixture->nodes[1].up = true;
	CU_ASSERT(client_fixture_read_all(fixture, 3 * SECOND));

	CU_ASSERT_EQUAL(fixture->read_count, 300);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 0);
	client_fixture_end(fixture);
}

static void reader_whose_record_no_node_that_answers_has_ends_as_lost_without_a_gap(void)
{
	struct client_fixture *fixture = start_with_log(300, 64);
	const struct wirelog_event *event;

	fixture->nodes[2].damaged = fixture->nodes[3].damaged = 150;
	fixture->nodes[1].up = false;
	client_fixture_run(fixture, 5 * SECOND);
	read_from(fixture, 1);
	client_fixture_run(fixture, 15 * SECOND);

	event = client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED);
	CU_ASSERT(event->status == WIRELOG_LOST && event->next_number == 150);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 0);
	client_fixture_end(fixture);
}

static void removed_records_are_a_gap_and_reading_goes_on(void)
{
	struct client_fixture *fixture = start_with_log(300, 64);
	const struct wirelog_event *event;

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].first_number = 101;
	read_from(fixture, 1);
	CU_ASSERT(client_fixture_read_all(fixture, 2 * SECOND));

	event = client_fixture_event(fixture, WIRELOG_EVENT_GAP);
	CU_ASSERT(event->first_number == 1 && event->next_number == 101 &&
		  event->status == WIRELOG_TRIMMED);
	CU_ASSERT_EQUAL(fixture->read_count, 200);
	client_fixture_end(fixture);
}

static void subscription_ends_by_name_when_no_node_has_room(void)
{
	struct client_fixture *fixture = start_with_log(10, 64);

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].full_of_readers = true;
	read_from(fixture, 5);
	client_fixture_run(fixture, SECOND);

	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED), 1);
	CU_ASSERT_EQUAL(client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED)->status,
			WIRELOG_TOO_MANY_CLIENTS);
	CU_ASSERT_EQUAL(
		client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED)->next_number, 5);
	client_fixture_end(fixture);
}

/* Nobody looked for the record: nothing says that it is lost. */
static void reader_without_a_place_whose_other_node_falls_silent_is_not_told_lost(void)
{
	struct client_fixture *fixture = start_with_log(10, 64);

	fixture->nodes[2].full_of_readers = fixture->nodes[3].full_of_readers = true;
	read_from(fixture, 5);
	client_fixture_run(fixture, 2 * MS);
	fixture->nodes[1].up = false; /* the one that is left is asked in vain */
	client_fixture_run(fixture, 6 * SECOND);

	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED), 1);
	CU_ASSERT_EQUAL(client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED)->status,
			WIRELOG_TOO_MANY_CLIENTS);
	client_fixture_end(fixture);
}

static void record_is_not_lost_while_a_node_without_a_place_was_not_asked_for_it(void)
{
	for (uint32_t full = 1; full <= CLIENT_FIXTURE_NODES; full++) {
		struct client_fixture *fixture = start_with_log(300, 64);
		const struct wirelog_event *event;

		for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
			fixture->nodes[id].damaged = id == full ? 0 : 150;
		fixture->nodes[full].full_of_readers = true;
		read_from(fixture, 150);
		client_fixture_run(fixture, 2 * SECOND);

		event = client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED);
		CU_ASSERT(event->status == WIRELOG_TOO_MANY_CLIENTS && event->next_number == 150);
		CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_GAP), 0);
		client_fixture_end(fixture);
	}
}

static void subscription_ends_by_name_when_nobody_answers(void)
{
	struct client_fixture *fixture = start_with_log(10, 64);

	read_from(fixture, 1);
	client_fixture_read_all(fixture, SECOND);
	fixture->loss_percent = 100;
	client_fixture_run(fixture, 15 * SECOND);

	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), 1);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED), 1);
	CU_ASSERT_EQUAL(
		client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED)->next_number, 11);
	client_fixture_end(fixture);
}

static void reader_from_now_gets_what_comes_after_its_subscription(void)
{
	struct client_fixture *fixture = start_with_log(100, 64);

	fixture->read_next = 0;
	wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NOW, 0);
	client_fixture_run(fixture, 20 * MS);
	client_fixture_fill(fixture, 50, 64);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->read_count, 50);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	client_fixture_end(fixture);
}

/* Before it had a number, a node had lost some: where that one's hole ended is nothing to skip to, once another one begins behind it. */
static void what_was_refused_before_the_first_number_is_over(void)
{
	struct client_fixture *fixture = start_with_log(100, 64);
	struct wl_subscriber *subscriber = &fixture->client->subscriber;

	fixture->read_next = 0;
	wl_subscriber_start(subscriber, WIRELOG_FROM_NOW, 0);
	subscriber->refusals.lost = subscriber->refusals.nodes = wl_members_only(2);
	subscriber->refusals.next_number = 50;
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT_EQUAL(subscriber->next_number, 101);
	CU_ASSERT_EQUAL(subscriber->refusals.next_number, 0);
	CU_ASSERT_EQUAL(subscriber->refusals.lost, 0);
	client_fixture_end(fixture);
}

static void reader_from_a_time_begins_with_the_first_record_of_that_time(void)
{
	struct client_fixture *fixture = start_with_log(100, 64);

	fixture->read_next = 0;
	wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_TIME,
			    fixture->log[39].timestamp_ns);
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->read_count, 61);
	client_fixture_end(fixture);
}

static void nothing_is_delivered_after_unsubscribe(void)
{
	struct client_fixture *fixture = start_with_log(1000, 64);
	unsigned count;

	read_from(fixture, 1);
	client_fixture_run(fixture, 2 * MS);
	wl_subscriber_stop(&fixture->client->subscriber);
	count = fixture->read_count;
	CU_ASSERT(count != 0);
	client_fixture_run(fixture, 50 * MS);

	CU_ASSERT_EQUAL(fixture->read_count, count);
	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		CU_ASSERT_FALSE(fixture->nodes[id].subscription.active);
	client_fixture_end(fixture);
}

static void bad_beginning_is_refused(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	CU_ASSERT_EQUAL(wl_subscriber_start(&fixture->client->subscriber, (enum wirelog_from)4, 1),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_subscriber_start(&fixture->client->subscriber, (enum wirelog_from)0, 1),
			WIRELOG_INVALID_ARGUMENT);
	client_fixture_end(fixture);
}

WL_SUITE(client_read)
{
	WL_TEST(reader_gets_every_record_in_order),
	WL_TEST(reader_gets_every_record_once_whatever_the_network_does),
	WL_TEST(follower_is_preferred_to_the_leader),
	WL_TEST(node_that_was_asked_for_serves),
	WL_TEST(reader_goes_on_at_another_node_when_its_own_dies),
	WL_TEST(reader_subscribes_again_when_its_node_was_started_again),
	WL_TEST(reader_that_was_forgotten_goes_on_where_it_was),
	WL_TEST(node_that_stands_still_while_others_commit_is_left),
	WL_TEST(record_damaged_at_one_node_is_read_from_another),
	WL_TEST(record_damaged_everywhere_is_a_gap_and_reading_goes_on),
	WL_TEST(record_damaged_at_nodes_that_answer_waits_for_the_one_that_does_not),
	WL_TEST(reader_whose_record_no_node_that_answers_has_ends_as_lost_without_a_gap),
	WL_TEST(removed_records_are_a_gap_and_reading_goes_on),
	WL_TEST(subscription_ends_by_name_when_no_node_has_room),
	WL_TEST(reader_without_a_place_whose_other_node_falls_silent_is_not_told_lost),
	WL_TEST(record_is_not_lost_while_a_node_without_a_place_was_not_asked_for_it),
	WL_TEST(subscription_ends_by_name_when_nobody_answers),
	WL_TEST(reader_from_now_gets_what_comes_after_its_subscription),
	WL_TEST(what_was_refused_before_the_first_number_is_over),
	WL_TEST(reader_from_a_time_begins_with_the_first_record_of_that_time),
	WL_TEST(nothing_is_delivered_after_unsubscribe),
	WL_TEST(bad_beginning_is_refused),
};
