/* SPDX-License-Identifier: BSD-3-Clause */
/* A cluster without room: which refusals are for good. */
#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS

static void no_space_is_told_once_and_later_appends_go_on_when_there_is_space(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	unsigned refused = 0, numbered = 0;

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->refuse_status = WIRELOG_NO_SPACE;
	fixture->refuse_count = ~0u;
	client_fixture_append(fixture, 50, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	fixture->refuse_count = 0;
	client_fixture_append(fixture, 50, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	for (unsigned sequence = 1; sequence <= 111; sequence++) {
		CU_ASSERT_EQUAL(fixture->acks[sequence].count, 1);
		refused += fixture->acks[sequence].status == WIRELOG_NO_SPACE;
		numbered += fixture->acks[sequence].status == WIRELOG_OK;
	}
	CU_ASSERT_EQUAL(refused, 60);
	CU_ASSERT_EQUAL(numbered, 51);
	CU_ASSERT_EQUAL(fixture->last_number, 51); /* what was refused is not there */
	client_fixture_end(fixture);
}

/* As node 1 would say it. */
static void say(struct client_fixture *fixture, uint64_t term, uint64_t frame,
		const struct wl_wire_append_result *result)
{
	uint8_t datagram[256], *at = datagram + WL_FRAME_HEADER_BYTES;
	const struct wl_wire_append_reply reply = {
		.session = fixture->client->sender.session.id,
		.leader = 1,
		.result_count = 1,
		.term = term,
		.frame = frame,
	};

	at += wl_wire_encode_append_reply(at, &reply);
	wl_wire_encode_append_result(at, result);
	client_fixture_inject(fixture, datagram,
			      client_fixture_seal(fixture, 1, WL_WIRE_APPEND_REPLY, datagram,
						  WL_WIRE_APPEND_REPLY_HEADER_BYTES +
							  WL_WIRE_APPEND_RESULT_BYTES));
	client_fixture_run(fixture, MS);
}

/* Of append 2 in that frame; node 1 leads term 1. */
static void say_no_space(struct client_fixture *fixture, uint64_t term, uint64_t frame)
{
	const struct wl_wire_append_result result = {
		.first_sequence = 2,
		.count = 1,
		.status = WIRELOG_NO_SPACE,
	};

	say(fixture, term, frame, &result);
}

/* As it stands in the log of the fixture: appends are numbered by their sequences. */
static void say_done(struct client_fixture *fixture, uint64_t sequence, uint32_t count)
{
	const struct wl_wire_append_result result = {
		.first_sequence = sequence,
		.first_number = sequence,
		.count = count,
		.status = WIRELOG_OK,
		.level = WIRELOG_COMMITTED,
	};

	say(fixture, 1, 0, &result);
}

static void no_space_is_the_word_on_what_went_out_last_before_it(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t frame;

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->nodes[1].mute = true;
	client_fixture_append(fixture, 1, 64);
	client_fixture_run(fixture, MS);
	frame = wl_window_slot(&fixture->client->sender.window, 2)->last_frame;
	CU_ASSERT_NOT_EQUAL_FATAL(frame, 0);

	say_no_space(fixture, 1, frame - 1); /* of a copy before it: this one may yet be taken */
	CU_ASSERT_EQUAL(fixture->acks[2].count, 0);
	say_no_space(fixture, 0, frame); /* of a term that is over */
	CU_ASSERT_EQUAL(fixture->acks[2].count, 0);
	say_no_space(fixture, 1, wl_window_slot(&fixture->client->sender.window, 2)->last_frame);
	CU_ASSERT_EQUAL(fixture->acks[2].count, 1);
	CU_ASSERT_EQUAL(fixture->acks[2].status, WIRELOG_NO_SPACE);
	client_fixture_end(fixture);
}

/* Answers are lost and overtake one another: that of the record for which there was no space comes before those of earlier ones. */
static void space_is_noticed_whatever_order_answers_come_in(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	const struct wl_window *window = &fixture->client->sender.window;
	const struct wl_wire_append_result full = {
		.first_sequence = 5,
		.count = 2,
		.status = WIRELOG_NO_SPACE,
	};

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->nodes[1].mute = true;
	client_fixture_append(fixture, 5, 64);
	client_fixture_run(fixture, MS);
	say(fixture, 1, wl_window_slot(window, 6)->last_frame, &full);
	CU_ASSERT_EQUAL(fixture->acks[5].status, WIRELOG_NO_SPACE);
	CU_ASSERT_EQUAL(fixture->acks[6].status, WIRELOG_NO_SPACE);

	say_done(fixture, 5, 2); /* the fixture took them: as if there was space a moment later */
	CU_ASSERT_EQUAL(window->settled, 2);
	CU_ASSERT_EQUAL(fixture->client->sender.full_sequence, 0);
	say_done(fixture, 2, 3);
	CU_ASSERT_EQUAL(window->settled, 7);
	fixture->nodes[1].mute = false;
	client_fixture_append(fixture, 100, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	for (unsigned sequence = 7; sequence <= 106; sequence++)
		CU_ASSERT_EQUAL(fixture->acks[sequence].status, WIRELOG_OK);
	client_fixture_end(fixture);
}

/* A copy of a refusal that was on its way until the record was taken. */
static void refusal_that_comes_late_stops_nothing(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t frame;

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	client_fixture_append(fixture, 1, 64);
	client_fixture_run(fixture, 0);
	frame = wl_window_slot(&fixture->client->sender.window, 2)->last_frame;
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	CU_ASSERT_EQUAL(fixture->acks[2].status, WIRELOG_OK);

	say_no_space(fixture, 1, frame);
	client_fixture_append(fixture, 100, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	client_fixture_check_acks(fixture, 102);
	client_fixture_end(fixture);
}

/* What was sent to the leader before, and never answered, cannot be taken any more. */
static void next_leaders_no_space_is_told_of_all_that_went_to_the_last_one(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	unsigned refused = 0;

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->nodes[1].up = false;
	client_fixture_append(fixture, 500, 64);
	client_fixture_run(fixture, 100 * MS);
	fixture->refuse_status = WIRELOG_NO_SPACE;
	fixture->refuse_count = ~0u;
	client_fixture_lead(fixture, 2, 2);
	CU_ASSERT(client_fixture_drain(fixture, 500 * MS));

	for (unsigned sequence = 2; sequence <= 501; sequence++)
		refused += fixture->acks[sequence].status == WIRELOG_NO_SPACE;
	CU_ASSERT_EQUAL(refused, 500);
	client_fixture_end(fixture);
}

/* The same node, and a term that only the answer tells: all is sent again under it, without a pause. */
static void leader_of_a_later_term_is_sent_everything_again(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->delay_ns = MS;
	client_fixture_append(fixture, 200, 64);
	client_fixture_lead(fixture, 1, 3);
	CU_ASSERT(client_fixture_drain(fixture, 4 * MS + MS / 2));

	client_fixture_check_acks(fixture, 201);
	CU_ASSERT_EQUAL(fixture->client->nodes.leadership.term, 3);
	client_fixture_end(fixture);
}

WL_SUITE(client_refusals)
{
	WL_TEST(no_space_is_told_once_and_later_appends_go_on_when_there_is_space),
	WL_TEST(no_space_is_the_word_on_what_went_out_last_before_it),
	WL_TEST(space_is_noticed_whatever_order_answers_come_in),
	WL_TEST(refusal_that_comes_late_stops_nothing),
	WL_TEST(next_leaders_no_space_is_told_of_all_that_went_to_the_last_one),
	WL_TEST(leader_of_a_later_term_is_sent_everything_again),
};
