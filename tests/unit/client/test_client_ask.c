/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions to the journal: how far it is, what became of an append; and a session before the first append. */
#include <string.h>

#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS

static struct client_fixture *fixture;

static void begin(void)
{
	fixture = client_fixture_start(NULL);
	client_fixture_fill(fixture, 12, 64);
	client_fixture_run(fixture, 50 * MS);
}

static void end(void)
{
	client_fixture_end(fixture);
}

/* The last one that answers this question; its kind 0: none does. */
static struct wirelog_event answer_to(int64_t question)
{
	struct wirelog_event last = {.status = 1};
	unsigned count = 0;

	for (unsigned at = 0; at < fixture->event_count; at++) {
		if (fixture->events[at].question != question)
			continue;
		last = fixture->events[at];
		count++;
	}
	CU_ASSERT(count <= 1);
	return last;
}

static void end_is_told_once(void)
{
	struct wirelog_event event;
	int64_t question;

	begin();
	question = wl_engine_ask_end(fixture->client);
	CU_ASSERT_FATAL(question > 0);
	CU_ASSERT_TRUE(wl_engine_is_busy(fixture->client));
	client_fixture_run(fixture, 20 * MS);
	event = answer_to(question);
	CU_ASSERT(event.kind == WIRELOG_EVENT_END && event.status == WIRELOG_OK);
	CU_ASSERT_EQUAL(event.number, 12);
	CU_ASSERT_EQUAL(event.node, 1);
	client_fixture_run(fixture, SECOND);
	CU_ASSERT_EQUAL(fixture->asked.ends[1], 1);
	end();
}

static void question_is_put_again_until_it_is_answered(void)
{
	int64_t question;

	begin();
	fixture->asked.mute = true;
	question = wl_engine_ask_end(fixture->client);
	client_fixture_run(fixture, 300 * MS);
	CU_ASSERT(fixture->asked.ends[1] >= 3);
	CU_ASSERT_EQUAL(answer_to(question).kind, 0);
	fixture->asked.mute = false;
	client_fixture_run(fixture, SECOND);
	CU_ASSERT_EQUAL(answer_to(question).number, 12);
	end();
}

static void question_has_an_end_without_an_answer(void)
{
	int64_t question;

	begin();
	fixture->asked.mute = true;
	question = wl_engine_ask_outcome(fixture->client, 9, 1, 1);
	client_fixture_run(fixture,
			   fixture->client->environment.options.append_timeout_ns + 100 * MS);
	CU_ASSERT_EQUAL(answer_to(question).kind, WIRELOG_EVENT_OUTCOME);
	CU_ASSERT_EQUAL(answer_to(question).status, WIRELOG_NOT_CONNECTED);
	CU_ASSERT_EQUAL(fixture->client->asker.count, 0);
	end();
}

/* Whom the application chose answers, and knows of no leader: that is another fault than silence, and told as another one. */
static void who_is_refused_to_the_end_is_told_that_nobody_leads(void)
{
	int64_t question;

	begin();
	fixture->asked.refuse_status = WIRELOG_NOT_LEADER;
	question = wl_engine_ask_end(fixture->client);
	client_fixture_run(fixture,
			   fixture->client->environment.options.append_timeout_ns + 100 * MS);
	CU_ASSERT_EQUAL(answer_to(question).kind, WIRELOG_EVENT_END);
	CU_ASSERT_EQUAL(answer_to(question).status, WIRELOG_NO_LEADER);
	end();
}

static void outcome_names_what_was_asked(void)
{
	struct wirelog_event event;
	int64_t question;

	begin();
	fixture->asked.fate = WL_WIRE_FATE_COMMITTED;
	question = wl_engine_ask_outcome(fixture->client, 9, 4, 0);
	client_fixture_run(fixture, 20 * MS);
	event = answer_to(question);
	CU_ASSERT(event.kind == WIRELOG_EVENT_OUTCOME && event.status == WIRELOG_OK);
	CU_ASSERT(event.fate == WIRELOG_FATE_COMMITTED && event.number == 77);
	CU_ASSERT(event.session == 9 && event.sequence == 4);
	CU_ASSERT_EQUAL(fixture->asked.last.fence, 0);
	fixture->asked.fate = WL_WIRE_FATE_NEVER;
	question = wl_engine_ask_outcome(fixture->client, 9, 5, 1);
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT_EQUAL(fixture->asked.last.fence, 1);
	CU_ASSERT_EQUAL(answer_to(question).fate, WIRELOG_FATE_NEVER);
	fixture->asked.refuse_status = WIRELOG_NO_SPACE;
	question = wl_engine_ask_outcome(fixture->client, 9, 6, 1);
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT_EQUAL(answer_to(question).status, WIRELOG_NO_SPACE);
	end();
}

static void so_many_are_open_at_a_time(void)
{
	begin();
	fixture->asked.mute = true;
	for (unsigned at = 0; at < WL_ASKER_QUESTIONS; at++)
		CU_ASSERT(wl_engine_ask_end(fixture->client) > 0);
	CU_ASSERT_EQUAL(wl_engine_ask_end(fixture->client), WIRELOG_BACK_PRESSURE);
	CU_ASSERT_EQUAL(wl_engine_ask_outcome(fixture->client, 0, 1, 0), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_engine_ask_outcome(fixture->client, 1, 0, 0), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_engine_ask_outcome(fixture->client, 1, 1, 2), WIRELOG_INVALID_ARGUMENT);
	end();
}

static void outcome_is_asked_of_whoever_leads(void)
{
	int64_t question;

	begin();
	fixture->asked.fate = WL_WIRE_FATE_PENDING;
	client_fixture_lead(fixture, 2, 9);
	question = wl_engine_ask_outcome(fixture->client, 9, 4, 0);
	client_fixture_run(fixture, SECOND);
	CU_ASSERT_EQUAL(answer_to(question).fate, WIRELOG_FATE_PENDING);
	CU_ASSERT_EQUAL(answer_to(question).node, 2);
	end();
}

static void session_is_opened_without_an_append(void)
{
	struct wirelog_position position;

	begin();
	wl_engine_open_session(fixture->client);
	client_fixture_run(fixture, 100 * MS);
	wl_engine_get_position(fixture->client, &position);
	CU_ASSERT_NOT_EQUAL(position.session, 0);
	CU_ASSERT_FALSE(wl_engine_is_busy(fixture->client));
	wl_engine_open_session(fixture->client);
	CU_ASSERT_FALSE(wl_engine_is_busy(fixture->client));
	CU_ASSERT_EQUAL(wl_engine_append(fixture->client, fixture->now_ns, "x", 1, NULL), 1);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	CU_ASSERT_EQUAL(fixture->acks[1].status, WIRELOG_OK);
	end();
}

WL_SUITE(client_ask)
{
	WL_TEST(end_is_told_once),
	WL_TEST(question_is_put_again_until_it_is_answered),
	WL_TEST(question_has_an_end_without_an_answer),
	WL_TEST(who_is_refused_to_the_end_is_told_that_nobody_leads),
	WL_TEST(outcome_names_what_was_asked),
	WL_TEST(so_many_are_open_at_a_time),
	WL_TEST(outcome_is_asked_of_whoever_leads),
	WL_TEST(session_is_opened_without_an_append),
};
