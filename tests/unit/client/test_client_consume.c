/* SPDX-License-Identifier: BSD-3-Clause */
/* A subscription under a name: taken, committed, dropped, left. */
#include <string.h>

#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS

static struct client_fixture *fixture;

static void begin(unsigned count)
{
	fixture = client_fixture_start(NULL);
	client_fixture_fill(fixture, count, 64);
	client_fixture_run(fixture, 50 * MS);
}

static void end(void)
{
	client_fixture_end(fixture);
}

static int consume_with(const char *name, const struct wirelog_consumer_options *options)
{
	fixture->read_next = 0;
	return wl_engine_consume(fixture->client, name, options);
}

static void consume(void)
{
	const struct wirelog_consumer_options options = WIRELOG_CONSUMER_OPTIONS_DEFAULT;

	CU_ASSERT_EQUAL(consume_with("risk", &options), 0);
	client_fixture_run(fixture, 20 * MS);
}

static int commit(uint64_t number)
{
	return wl_checkpointer_commit(&fixture->client->checkpointer, number);
}

static struct wirelog_consumer position(void)
{
	struct wirelog_consumer consumer;

	wl_engine_get_consumer(fixture->client, &consumer);
	return consumer;
}

/* The last of its kind. */
static struct wirelog_event checkpoint_event(void)
{
	struct wirelog_event last = {.status = 1};

	for (unsigned at = 0; at < fixture->event_count; at++)
		if (fixture->events[at].kind == WIRELOG_EVENT_CHECKPOINT)
			last = fixture->events[at];
	return last;
}

static void consumer_begins_at_its_checkpoint(void)
{
	begin(100);
	fixture->consumer.made = 7;
	fixture->consumer.number = 41;
	strcpy(fixture->consumer.name, "risk");
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(fixture->read_count, 60);
	CU_ASSERT_EQUAL(checkpoint_event().next_number, 41);
	CU_ASSERT_EQUAL(checkpoint_event().made, 7);
	CU_ASSERT_EQUAL(position().checkpoint, 41);
	end();
}

static void new_consumer_begins_where_it_is_told(void)
{
	struct wirelog_consumer_options options = WIRELOG_CONSUMER_OPTIONS_DEFAULT;

	begin(100);
	options.from = WIRELOG_FROM_NOW;
	CU_ASSERT_EQUAL(consume_with("risk", &options), 0);
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT_EQUAL(position().checkpoint, 101);
	options.from = WIRELOG_FROM_NUMBER;
	options.value = 30;
	CU_ASSERT_EQUAL(consume_with("other", &options), 0);
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT_EQUAL(position().checkpoint, 30);
	end();
}

/* Each record is committed, and the cluster hears ten of them a second. */
static void commits_are_said_once_in_an_interval(void)
{
	begin(10);
	consume();
	for (unsigned record = 0; record < 1000; record++) {
		client_fixture_fill(fixture, 1, 64);
		client_fixture_run(fixture, MS);
		if (fixture->client->subscriber.next_number > 1) {
			CU_ASSERT_EQUAL(commit(fixture->client->subscriber.next_number), 0);
		}
	}
	CU_ASSERT(fixture->consumer.asks[WL_WIRE_CONSUMER_MOVE] >= 9);
	CU_ASSERT(fixture->consumer.asks[WL_WIRE_CONSUMER_MOVE] <= 12);
	client_fixture_run(fixture, 200 * MS);
	CU_ASSERT_EQUAL(position().checkpoint, position().committed);
	CU_ASSERT_EQUAL(fixture->consumer.number, position().committed);
	CU_ASSERT_EQUAL(checkpoint_event().next_number, position().committed);
	end();
}

static void commit_is_confirmed_whatever_the_network_does(void)
{
	for (unsigned seed = 1; seed <= 4; seed++) {
		begin(200);
		fixture->random = seed;
		fixture->loss_percent = 10 * seed;
		fixture->double_percent = 10;
		fixture->jitter_ns = 200000;
		consume();
		CU_ASSERT(client_fixture_read_all(fixture, 60 * SECOND));
		CU_ASSERT_EQUAL(commit(101), 0);
		client_fixture_run(fixture, 5 * SECOND);
		CU_ASSERT_EQUAL(commit(201), 0);
		client_fixture_lead(fixture, 2, 9);
		client_fixture_run(fixture, 10 * SECOND);
		CU_ASSERT_EQUAL(position().checkpoint, 201);
		CU_ASSERT_EQUAL(fixture->consumer.number, 201);
		end();
	}
}

static void only_what_was_delivered_is_committed_and_never_back(void)
{
	begin(100);
	CU_ASSERT_EQUAL(commit(1), WIRELOG_INVALID_ARGUMENT); /* nobody consumes */
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(102), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(commit(101), 0);
	CU_ASSERT_EQUAL(commit(50), 0);
	CU_ASSERT_EQUAL(position().committed, 101);
	client_fixture_run(fixture, 300 * MS);
	CU_ASSERT_EQUAL(position().checkpoint, 101);
	CU_ASSERT_EQUAL(commit(50), 0);
	client_fixture_run(fixture, 300 * MS);
	CU_ASSERT_EQUAL(fixture->consumer.number, 101);
	end();
}

/* Nobody commits, and it is told within seconds all the same. Records still come. */
static void dropped_checkpoint_is_told_and_reading_goes_on(void)
{
	begin(100);
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	fixture->consumer.name[0] = 'x';
	client_fixture_run(fixture, 3 * SECOND);
	CU_ASSERT_EQUAL(checkpoint_event().status, WIRELOG_CHECKPOINT_DROPPED);
	CU_ASSERT_EQUAL(checkpoint_event().first_number, 1);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CHECKPOINT), 2);
	CU_ASSERT_EQUAL(position().checkpoint, 0);
	CU_ASSERT_EQUAL(commit(50), WIRELOG_CHECKPOINT_DROPPED);
	client_fixture_fill(fixture, 10, 64);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	consume();
	CU_ASSERT_EQUAL(checkpoint_event().status, WIRELOG_OK);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(50), 0);
	end();
}

static void checkpoint_that_cannot_be_taken_ends_the_subscription_by_name(void)
{
	static const int statuses[] = {WIRELOG_TOO_MANY_CONSUMERS, WIRELOG_NO_SPACE,
				       WIRELOG_CHECKPOINT_DROPPED};
	struct wirelog_consumer_options options = WIRELOG_CONSUMER_OPTIONS_DEFAULT;
	const struct wirelog_event *event;

	for (unsigned which = 0; which < 3; which++) {
		begin(10);
		if (statuses[which] == WIRELOG_CHECKPOINT_DROPPED)
			options.existing = 1;
		else
			fixture->consumer.refuse_status = statuses[which];
		CU_ASSERT_EQUAL(consume_with("risk", &options), 0);
		client_fixture_run(fixture, 11 * SECOND);
		event = client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED);
		CU_ASSERT_PTR_NOT_NULL_FATAL(event);
		CU_ASSERT_EQUAL(event->status, statuses[which]);
		CU_ASSERT_EQUAL(fixture->read_count, 0);
		CU_ASSERT_EQUAL(commit(1), WIRELOG_INVALID_ARGUMENT);
		end();
	}
	begin(10);
	options.existing = 0;
	fixture->consumer.mute = true;
	CU_ASSERT_EQUAL(consume_with("risk", &options), 0);
	client_fixture_run(fixture, 11 * SECOND);
	event = client_fixture_event(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(event);
	CU_ASSERT_EQUAL(event->status, WIRELOG_NOT_CONNECTED);
	end();
}

static void unsubscribe_has_the_last_commit_confirmed(void)
{
	begin(100);
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(90), 0);
	client_fixture_run(fixture, 10 * MS);
	CU_ASSERT_EQUAL(commit(101), 0); /* within the interval */
	wl_engine_unsubscribe(fixture->client);
	CU_ASSERT(wl_engine_is_busy(fixture->client));
	client_fixture_run(fixture, 10 * MS);
	CU_ASSERT_EQUAL(fixture->consumer.number, 101);
	CU_ASSERT_EQUAL(checkpoint_event().next_number, 101);
	CU_ASSERT_EQUAL(position().checkpoint, 101);
	CU_ASSERT_FALSE(wl_engine_is_busy(fixture->client));
	end();
}

static void what_was_not_confirmed_is_told_when_its_time_is_over(void)
{
	begin(100);
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(90), 0);
	client_fixture_run(fixture, 200 * MS);
	fixture->consumer.mute = true;
	CU_ASSERT_EQUAL(commit(101), 0);
	wl_engine_unsubscribe(fixture->client);
	client_fixture_run(fixture,
			   fixture->client->environment.options.append_timeout_ns - 200 * MS);
	CU_ASSERT_EQUAL(checkpoint_event().status, WIRELOG_OK);
	client_fixture_run(fixture, 2 * SECOND);
	CU_ASSERT_EQUAL(checkpoint_event().status, WIRELOG_UNKNOWN_OUTCOME);
	CU_ASSERT_EQUAL(checkpoint_event().first_number, 90);
	CU_ASSERT_EQUAL(checkpoint_event().next_number, 101);
	CU_ASSERT_FALSE(wl_engine_is_busy(fixture->client));
	end();
}

static void another_subscription_says_what_the_last_one_left(void)
{
	const struct wirelog_consumer_options options = WIRELOG_CONSUMER_OPTIONS_DEFAULT;

	begin(100);
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(60), 0);
	CU_ASSERT_EQUAL(wl_engine_subscribe(fixture->client, WIRELOG_FROM_NUMBER, 1), 0);
	fixture->read_next = 1;
	client_fixture_run(fixture, 200 * MS);
	CU_ASSERT_EQUAL(fixture->consumer.number, 60); /* still said beside it */
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(80), 0);
	CU_ASSERT_EQUAL(consume_with("risk", &options), 0); /* in its own place: told at once */
	CU_ASSERT_EQUAL(checkpoint_event().status, WIRELOG_UNKNOWN_OUTCOME);
	CU_ASSERT_EQUAL(checkpoint_event().next_number, 80);
	end();
}

static void close_says_the_last_commit_once(void)
{
	begin(100);
	consume();
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	CU_ASSERT_EQUAL(commit(90), 0);
	client_fixture_run(fixture, 200 * MS);
	CU_ASSERT_EQUAL(commit(101), 0);
	wl_engine_close(fixture->client);
	client_fixture_run(fixture, 10 * MS);
	CU_ASSERT_EQUAL(fixture->consumer.number, 101);
	CU_ASSERT_EQUAL(checkpoint_event().next_number, 90);
	end();
}

static void bad_consumer_is_refused(void)
{
	static const char *const names[] = {"", "a b", "12345678901234567890123456789012", "a/b"};
	struct wirelog_consumer_options options = WIRELOG_CONSUMER_OPTIONS_DEFAULT;

	begin(1);
	for (unsigned which = 0; which < 4; which++)
		CU_ASSERT_EQUAL(consume_with(names[which], &options), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(consume_with(NULL, &options), WIRELOG_INVALID_ARGUMENT);
	options.from = WIRELOG_FROM_TIME;
	CU_ASSERT_EQUAL(consume_with("risk", &options), WIRELOG_INVALID_ARGUMENT);
	options.from = WIRELOG_FROM_NUMBER;
	options.commit_interval_ns = 999999;
	CU_ASSERT_EQUAL(consume_with("risk", &options), WIRELOG_INVALID_ARGUMENT);
	options.commit_interval_ns = 0;
	options.existing = 2;
	CU_ASSERT_EQUAL(consume_with("risk", &options), WIRELOG_INVALID_ARGUMENT);
	end();
}

WL_SUITE(client_consume)
{
	WL_TEST(consumer_begins_at_its_checkpoint),
	WL_TEST(new_consumer_begins_where_it_is_told),
	WL_TEST(commits_are_said_once_in_an_interval),
	WL_TEST(commit_is_confirmed_whatever_the_network_does),
	WL_TEST(only_what_was_delivered_is_committed_and_never_back),
	WL_TEST(dropped_checkpoint_is_told_and_reading_goes_on),
	WL_TEST(checkpoint_that_cannot_be_taken_ends_the_subscription_by_name),
	WL_TEST(unsubscribe_has_the_last_commit_confirmed),
	WL_TEST(what_was_not_confirmed_is_told_when_its_time_is_over),
	WL_TEST(another_subscription_says_what_the_last_one_left),
	WL_TEST(close_says_the_last_commit_once),
	WL_TEST(bad_consumer_is_refused),
};
