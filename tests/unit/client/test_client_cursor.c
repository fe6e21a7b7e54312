/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a reader stands: remembered, said to each node, saved and handed back. */
#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS
#define HISTORY 77u

static struct client_fixture *start_reading(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].history = HISTORY;
	client_fixture_fill(fixture, 500, 64);
	client_fixture_run(fixture, 50 * MS);
	fixture->read_next = 1;
	CU_ASSERT_EQUAL(wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, 1),
			0);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	client_fixture_run(fixture, 3 * SECOND);
	return fixture;
}

static struct wirelog_cursor cursor_of(const struct client_fixture *fixture)
{
	struct wirelog_cursor cursor = WIRELOG_CURSOR_DEFAULT;

	wl_subscriber_get_cursor(&fixture->client->subscriber, &cursor);
	return cursor;
}

static void end_of(struct client_fixture *fixture, int status)
{
	const struct wirelog_event *event;

	client_fixture_run(fixture, 15 * SECOND);
	event = client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(event);
	CU_ASSERT_EQUAL(event->status, status);
	CU_ASSERT_EQUAL(event->next_number, 501);
	CU_ASSERT_EQUAL(fixture->read_count, 500);
	client_fixture_end(fixture);
}

/* Its node dies, and the others are as the caller makes them. */
static void lose_its_node(struct client_fixture *fixture)
{
	fixture->nodes[fixture->client->subscriber.node].up = false;
}

static void it_is_what_was_delivered_and_told(void)
{
	struct client_fixture *fixture = start_reading();
	struct wirelog_cursor cursor = cursor_of(fixture);

	CU_ASSERT_EQUAL(cursor.history, HISTORY);
	CU_ASSERT_EQUAL(cursor.next_number, 501);
	CU_ASSERT_EQUAL(cursor.known_number, 500);
	CU_ASSERT_EQUAL(cursor.known_chain, UINT64_C(1) << 32 | 500);
	client_fixture_end(fixture);
}

static void it_goes_on_at_a_node_of_the_same_past(void)
{
	struct client_fixture *fixture = start_reading();

	lose_its_node(fixture);
	client_fixture_fill(fixture, 500, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 3 * SECOND));
	CU_ASSERT_EQUAL(fixture->read_count, 1000);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	CU_ASSERT_EQUAL(cursor_of(fixture).known_number, 1000);
	client_fixture_end(fixture);
}

static void nodes_of_another_past_end_it_by_name(void)
{
	struct client_fixture *fixture = start_reading();

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].past = id != fixture->client->subscriber.node;
	lose_its_node(fixture);
	client_fixture_fill(fixture, 500, 64);
	end_of(fixture, WIRELOG_DIVERGED);
}

static void nodes_of_another_history_end_it_by_name(void)
{
	struct client_fixture *fixture = start_reading();

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		if (id != fixture->client->subscriber.node)
			fixture->nodes[id].history = HISTORY + 1;
	lose_its_node(fixture);
	client_fixture_fill(fixture, 500, 64);
	end_of(fixture, WIRELOG_OTHER_HISTORY);
}

static void a_blank_node_is_left_for_another_and_ends_nothing(void)
{
	struct client_fixture *fixture = start_reading();
	uint32_t node = fixture->client->subscriber.node;

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].blank = id != node;
	fixture->nodes[node].up = false;
	client_fixture_run(fixture, 4 * SECOND);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED), 0);
	fixture->nodes[node].up = true;
	client_fixture_fill(fixture, 500, 64);
	CU_ASSERT(client_fixture_read_all(fixture, 5 * SECOND));
	CU_ASSERT_EQUAL(fixture->read_count, 1000);
	client_fixture_end(fixture);
}

static void where_there_are_blank_nodes_alone_it_ends_by_name(void)
{
	struct client_fixture *fixture = start_reading();

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].blank = id != fixture->client->subscriber.node;
	lose_its_node(fixture);
	end_of(fixture, WIRELOG_NO_HISTORY);
}

static void one_that_was_saved_is_handed_back(void)
{
	struct client_fixture *fixture = start_reading();
	struct wirelog_cursor cursor = cursor_of(fixture);

	wl_engine_unsubscribe(fixture->client);
	client_fixture_fill(fixture, 10, 64);
	CU_ASSERT_EQUAL(wl_engine_subscribe_at(fixture->client, &cursor), WIRELOG_OK);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(fixture->read_count, 510);
	wl_engine_unsubscribe(fixture->client);
	cursor.known_chain ^= 1;
	fixture->read_next = 501;
	CU_ASSERT_EQUAL(wl_engine_subscribe_at(fixture->client, &cursor), WIRELOG_OK);
	client_fixture_run(fixture, 2 * SECOND);
	CU_ASSERT_EQUAL(client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED)->status,
			WIRELOG_DIVERGED);
	CU_ASSERT_EQUAL(fixture->read_count, 510);
	client_fixture_end(fixture);
}

static void one_that_cannot_be_is_refused(void)
{
	struct client_fixture *fixture = start_reading();
	struct wirelog_cursor cursor = cursor_of(fixture);

	cursor.known_number = cursor.next_number;
	CU_ASSERT_EQUAL(wl_engine_subscribe_at(fixture->client, &cursor), WIRELOG_INVALID_ARGUMENT);
	cursor.known_number = 0;
	CU_ASSERT_EQUAL(wl_engine_subscribe_at(fixture->client, &cursor), WIRELOG_INVALID_ARGUMENT);
	cursor.known_chain = 0;
	CU_ASSERT_EQUAL(wl_engine_subscribe_at(fixture->client, &cursor), WIRELOG_OK);
	client_fixture_end(fixture);
}

WL_SUITE(client_cursor)
{
	WL_TEST(it_is_what_was_delivered_and_told),
	WL_TEST(it_goes_on_at_a_node_of_the_same_past),
	WL_TEST(nodes_of_another_past_end_it_by_name),
	WL_TEST(nodes_of_another_history_end_it_by_name),
	WL_TEST(a_blank_node_is_left_for_another_and_ends_nothing),
	WL_TEST(where_there_are_blank_nodes_alone_it_ends_by_name),
	WL_TEST(one_that_was_saved_is_handed_back),
	WL_TEST(one_that_cannot_be_is_refused),
};
