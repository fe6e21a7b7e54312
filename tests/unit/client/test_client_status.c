/* SPDX-License-Identifier: BSD-3-Clause */
/* What nodes say of themselves, read in parts: whole, of one version, of the node that was asked. */
#include <string.h>

#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define MS WL_MS_NS
#define TEXT_BYTES 3001u

static struct client_fixture *fixture;
static char texts[WL_STATUS_READER_QUESTIONS + 1][WIRELOG_STATUS_TEXT_BYTES];

static void begin(void)
{
	fixture = client_fixture_start(NULL);
	fixture->status.bytes = TEXT_BYTES;
	fixture->status.version = 7;
	client_fixture_run(fixture, 50 * MS);
}

static void end(void)
{
	client_fixture_end(fixture);
}

static int64_t ask(uint32_t node, unsigned text)
{
	memset(texts[text], 'X', sizeof(texts[text]));
	return wl_engine_ask_status(fixture->client, node, texts[text], sizeof(texts[text]));
}

/* Its kind 0: not yet. Never twice. */
static struct wirelog_event answer_to(int64_t question)
{
	struct wirelog_event last = {.status = 1};
	unsigned count = 0;

	for (unsigned at = 0; at < fixture->event_count; at++) {
		if (fixture->events[at].kind != WIRELOG_EVENT_STATUS ||
		    fixture->events[at].question != question)
			continue;
		last = fixture->events[at];
		count++;
	}
	CU_ASSERT(count <= 1);
	return last;
}

static bool is_text_of(const char *text, uint32_t node, uint64_t version, uint32_t bytes)
{
	for (uint32_t at = 0; at < bytes; at++)
		if (text[at] != client_fixture_status_byte(node, version, at))
			return false;
	return text[bytes] == '\0';
}

static void each_node_answers_for_itself(void)
{
	int64_t questions[4] = {0};

	begin();
	for (uint32_t node = 1; node <= 3; node++)
		questions[node] = ask(node, node);
	CU_ASSERT_TRUE(wl_engine_is_busy(fixture->client));
	client_fixture_run(fixture, 20 * MS);
	for (uint32_t node = 1; node <= 3; node++) {
		struct wirelog_event event = answer_to(questions[node]);

		CU_ASSERT_EQUAL(event.kind, WIRELOG_EVENT_STATUS);
		CU_ASSERT_EQUAL(event.status, WIRELOG_OK);
		CU_ASSERT_EQUAL(event.node, node);
		CU_ASSERT_EQUAL(event.text_bytes, TEXT_BYTES);
		CU_ASSERT_TRUE(is_text_of(texts[node], node, 7, TEXT_BYTES));
	}
	end();
}

static void any_is_the_leader_where_one_is_known(void)
{
	int64_t question;

	begin();
	question = ask(0, 0);
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT_EQUAL(answer_to(question).node, 1);
	CU_ASSERT_TRUE(is_text_of(texts[0], 1, 7, TEXT_BYTES));
	end();
}

static void texts_of_every_size_come_whole(void)
{
	static const uint32_t sizes[] = {1, 499, 500, 501, WIRELOG_STATUS_TEXT_BYTES - 1};

	begin();
	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		int64_t question;

		fixture->status.bytes = sizes[at];
		fixture->status.version++;
		question = ask(2, 0);
		client_fixture_run(fixture, 50 * MS);
		CU_ASSERT_EQUAL(answer_to(question).text_bytes, sizes[at]);
		CU_ASSERT_TRUE(is_text_of(texts[0], 2, fixture->status.version, sizes[at]));
	}
	end();
}

static void what_is_lost_or_doubled_is_asked_for_again(void)
{
	int64_t question;

	begin();
	fixture->loss_percent = 30;
	fixture->double_percent = 30;
	question = ask(3, 0);
	client_fixture_run(fixture, 2000 * MS);
	CU_ASSERT_EQUAL(answer_to(question).status, WIRELOG_OK);
	CU_ASSERT_TRUE(is_text_of(texts[0], 3, 7, TEXT_BYTES));
	end();
}

/* Somebody else asks, and the node looks at itself anew. */
static void a_text_is_of_one_version(void)
{
	int64_t question;

	begin();
	question = ask(2, 0);
	while (fixture->status.last.offset == 0)
		client_fixture_run(fixture, MS / 10);
	fixture->status.version = 8;
	fixture->status.bytes = 1700;
	client_fixture_run(fixture, 50 * MS);
	CU_ASSERT_EQUAL(answer_to(question).text_bytes, 1700);
	CU_ASSERT_TRUE(is_text_of(texts[0], 2, 8, 1700));
	end();
}

static void a_question_has_an_end_without_an_answer(void)
{
	int64_t question;

	begin();
	fixture->status.mute = true;
	question = ask(2, 0);
	client_fixture_run(fixture, 100 * MS);
	CU_ASSERT(fixture->status.asks[2] >= 4);
	CU_ASSERT_EQUAL(answer_to(question).kind, 0);
	client_fixture_run(fixture, fixture->client->environment.options.append_timeout_ns);
	CU_ASSERT_EQUAL(answer_to(question).status, WIRELOG_NOT_CONNECTED);
	CU_ASSERT_EQUAL(answer_to(question).node, 2);
	CU_ASSERT_EQUAL(answer_to(question).text_bytes, 0);
	CU_ASSERT_EQUAL(texts[0][0], '\0');
	CU_ASSERT_EQUAL(fixture->client->status_reader.count, 0);
	end();
}

static void what_cannot_be_asked_is_refused(void)
{
	begin();
	CU_ASSERT_EQUAL(wl_engine_ask_status(fixture->client, WIRELOG_NODES_MAX + 1, texts[0],
					     sizeof(texts[0])),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_engine_ask_status(fixture->client, 1, NULL, sizeof(texts[0])),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_engine_ask_status(fixture->client, 1, texts[0], sizeof(texts[0]) - 1),
			WIRELOG_INVALID_ARGUMENT);
	for (unsigned at = 0; at < WL_STATUS_READER_QUESTIONS; at++)
		CU_ASSERT(ask(1, at) > 0);
	CU_ASSERT_EQUAL(ask(1, WL_STATUS_READER_QUESTIONS), WIRELOG_BACK_PRESSURE);
	/* Questions to the journal are counted by themselves, and named apart. */
	CU_ASSERT(wl_engine_ask_end(fixture->client) > WL_STATUS_READER_QUESTIONS);
	client_fixture_run(fixture, 50 * MS);
	CU_ASSERT(ask(1, 0) > 0);
	end();
}

WL_SUITE(client_status)
{
	WL_TEST(each_node_answers_for_itself),
	WL_TEST(any_is_the_leader_where_one_is_known),
	WL_TEST(texts_of_every_size_come_whole),
	WL_TEST(what_is_lost_or_doubled_is_asked_for_again),
	WL_TEST(a_text_is_of_one_version),
	WL_TEST(a_question_has_an_end_without_an_answer),
	WL_TEST(what_cannot_be_asked_is_refused),
};
