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

/* As node 1, which leads term 1, would say it of append 2 in that frame. */
static void say_no_space(struct client_fixture *fixture, uint64_t term, uint64_t frame)
{
	uint8_t datagram[256], *at = datagram + WL_FRAME_HEADER_BYTES;
	const struct wl_wire_append_reply reply = {
		.session = fixture->client->sender.session.id,
		.leader = 1,
		.result_count = 1,
		.term = term,
		.frame = frame,
	};
	const struct wl_wire_append_result result = {
		.first_sequence = 2,
		.count = 1,
		.status = WIRELOG_NO_SPACE,
	};

	at += wl_wire_encode_append_reply(at, &reply);
	wl_wire_encode_append_result(at, &result);
	client_fixture_inject(fixture, datagram,
			      client_fixture_seal(fixture, 1, WL_WIRE_APPEND_REPLY, datagram,
						  WL_WIRE_APPEND_REPLY_HEADER_BYTES +
							  WL_WIRE_APPEND_RESULT_BYTES));
	client_fixture_run(fixture, MS);
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
	WL_TEST(next_leaders_no_space_is_told_of_all_that_went_to_the_last_one),
	WL_TEST(leader_of_a_later_term_is_sent_everything_again),
};
