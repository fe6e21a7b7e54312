/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS

static void append_opens_a_session_and_is_answered_with_its_number(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	CU_ASSERT_EQUAL(client_fixture_append(fixture, 1, 64), 1);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->acks[1].status, WIRELOG_OK);
	CU_ASSERT_EQUAL(fixture->acks[1].number, 1);
	CU_ASSERT_EQUAL(fixture->acks[1].level, WIRELOG_COMMITTED);
	CU_ASSERT_PTR_EQUAL(fixture->acks[1].tag, fixture);
	CU_ASSERT_EQUAL(fixture->session_count, 1);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CONNECTED), 1);
	CU_ASSERT_EQUAL(client_fixture_event(fixture, WIRELOG_EVENT_NEW_LEADER)->node, 1);
	client_fixture_end(fixture);
}

static void no_session_is_opened_before_the_first_append(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_run(fixture, SECOND);

	CU_ASSERT_EQUAL(fixture->session_count, 0);
	CU_ASSERT_EQUAL(fixture->client->nodes.answered, 1u << 1 | 1u << 2 | 1u << 3);
	client_fixture_end(fixture);
}

static void other_nodes_are_learned_from_one_endpoint(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_lead(fixture, 3, 1);
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->links, 3);
	client_fixture_check_acks(fixture, 10);
	client_fixture_end(fixture);
}

/* What a UDP network may do. */
static void each_append_is_in_the_log_once_whatever_the_network_does(void)
{
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct client_fixture *fixture = client_fixture_start(NULL);

		fixture->random = seed;
		fixture->loss_percent = 5 * (seed % 3);
		fixture->double_percent = 5 * (seed % 2);
		fixture->jitter_ns = seed * 100000;
		for (unsigned round = 0; round < 20; round++) {
			CU_ASSERT(client_fixture_append(fixture, 100, 20 + 13 * round) > 0);
			CU_ASSERT(client_fixture_append(fixture, 1, 5000) > 0);
			client_fixture_run(fixture, 2 * MS);
			while (fixture->client->sender.window.next -
				       fixture->client->sender.window.first >
			       900)
				client_fixture_run(fixture, MS);
		}
		CU_ASSERT(client_fixture_drain(fixture, 30 * SECOND));

		CU_ASSERT_EQUAL(fixture->ack_count, 2020);
		client_fixture_check_acks(fixture, 2020);
		client_fixture_end(fixture);
	}
}

static void records_of_one_poll_share_frames(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t before;

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	before = fixture->frames_to_node[1];
	client_fixture_append(fixture, 160, 64);
	CU_ASSERT(client_fixture_drain(fixture, 10 * MS));

	/* 80 bytes each with their headers, 16 in a frame of 1288. */
	CU_ASSERT(fixture->frames_to_node[1] - before <= 11);
	client_fixture_check_acks(fixture, 161);
	client_fixture_end(fixture);
}

static void record_larger_than_a_frame_arrives_whole_and_in_order(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 3, 100);
	client_fixture_append(fixture, 1, 60000);
	client_fixture_append(fixture, 3, 100);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 7);
	CU_ASSERT_EQUAL(fixture->log[3].bytes, 60000);
	for (unsigned at = 0; at < 60000; at++)
		if (fixture->log[3].payload[at] != (uint8_t)(4 * 31 + at * 7 + (at >> 8)))
			CU_FAIL("a byte differs");
	client_fixture_end(fixture);
}

static void answer_that_was_lost_with_the_leader_comes_from_the_next_with_the_first_number(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 5, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->nodes[1].mute = true;
	client_fixture_append(fixture, 5, 64);
	client_fixture_run(fixture, 5 * MS);
	CU_ASSERT_EQUAL(fixture->log_count, 10);
	fixture->nodes[1].up = false;
	client_fixture_lead(fixture, 2, 2);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->log_count, 10);
	client_fixture_check_acks(fixture, 10);
	CU_ASSERT_EQUAL(client_fixture_event(fixture, WIRELOG_EVENT_NEW_LEADER)->node, 2);
	CU_ASSERT_EQUAL(client_fixture_event(fixture, WIRELOG_EVENT_NEW_LEADER)->term, 2);
	client_fixture_end(fixture);
}

static void silent_leader_is_left_within_a_hundred_milliseconds_of_the_election(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 5, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->nodes[1].up = false;
	client_fixture_append(fixture, 5, 64);
	client_fixture_run(fixture, 400 * MS);
	CU_ASSERT_EQUAL(fixture->client->sender.window.waiting, 5);
	client_fixture_lead(fixture, 3, 2);
	CU_ASSERT(client_fixture_drain(fixture, 25 * MS));

	client_fixture_check_acks(fixture, 10);
	client_fixture_end(fixture);
}

static void leader_that_says_it_does_not_lead_is_left_at_once(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	client_fixture_lead(fixture, 2, 2);
	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, 5 * MS));

	client_fixture_check_acks(fixture, 2);
	client_fixture_end(fixture);
}

static void two_nodes_that_point_at_each_other_are_not_flooded(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t before;

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	client_fixture_lead(fixture, 2, 1);
	fixture->nodes[2].leader = 1;
	fixture->nodes[2].thinks_it_leads = false;
	client_fixture_append(fixture, 1, 64);
	before = fixture->frames_to_node[1] + fixture->frames_to_node[2];
	client_fixture_run(fixture, SECOND);
	CU_ASSERT(fixture->frames_to_node[1] + fixture->frames_to_node[2] - before < 500);
	client_fixture_lead(fixture, 3, 2);
	CU_ASSERT(client_fixture_drain(fixture, 100 * MS));

	client_fixture_check_acks(fixture, 2);
	client_fixture_end(fixture);
}

static void restarted_leader_is_greeted_again_and_gets_what_it_lost(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 5, 64);
	client_fixture_drain(fixture, SECOND);
	client_fixture_restart(fixture, 1);
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, 200 * MS));

	client_fixture_check_acks(fixture, 10);
	client_fixture_end(fixture);
}

static void back_pressure_of_the_leader_is_not_the_applications_affair(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->refuse_status = WIRELOG_BACK_PRESSURE;
	fixture->refuse_count = 20;
	client_fixture_append(fixture, 100, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 100);
	client_fixture_end(fixture);
}

static void too_large_a_record_for_this_leader_does_not_take_others_with_it(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->record_bytes_max = 200; /* since it was asked */
	client_fixture_append(fixture, 3, 64);
	client_fixture_append(fixture, 1, 300);
	client_fixture_append(fixture, 3, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->acks[5].status, WIRELOG_RECORD_TOO_LARGE);
	for (unsigned sequence = 1; sequence <= 8; sequence++)
		CU_ASSERT(fixture->acks[sequence].count == 1 &&
			  (sequence == 5 || fixture->acks[sequence].status == WIRELOG_OK));
	client_fixture_end(fixture);
}

static void append_without_answer_has_an_unknown_outcome_and_blocks_nothing(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->nodes[1].mute = fixture->nodes[2].mute = fixture->nodes[3].mute = true;
	client_fixture_append(fixture, 3, 64);
	client_fixture_run(fixture, 2100 * MS);
	for (unsigned sequence = 2; sequence <= 4; sequence++)
		CU_ASSERT_EQUAL(fixture->acks[sequence].status, WIRELOG_UNKNOWN_OUTCOME);
	CU_ASSERT_EQUAL(fixture->client->sender.window.waiting, 0);
	fixture->nodes[1].mute = fixture->nodes[2].mute = fixture->nodes[3].mute = false;
	client_fixture_append(fixture, 3, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	for (unsigned sequence = 2; sequence <= 7; sequence++)
		CU_ASSERT_EQUAL(fixture->acks[sequence].count, 1);
	CU_ASSERT_EQUAL(fixture->acks[7].status, WIRELOG_OK);
	client_fixture_end(fixture);
}

static void append_that_timed_out_does_not_enter_the_log_later(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->loss_percent = 100;
	client_fixture_append(fixture, 3, 64);
	client_fixture_run(fixture, 3 * SECOND);
	CU_ASSERT_EQUAL(fixture->acks[2].status, WIRELOG_UNKNOWN_OUTCOME);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), 1);
	fixture->loss_percent = 0;
	client_fixture_append(fixture, 3, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->last_number, 4);
	CU_ASSERT_EQUAL(fixture->acks[5].number, 2);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CONNECTED), 2);
	client_fixture_end(fixture);
}

static void append_that_was_never_sent_is_surely_not_in_the_log(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->loss_percent = 100;
	client_fixture_append(fixture, 2, 64);
	client_fixture_run(fixture, 2100 * MS);

	CU_ASSERT_EQUAL(fixture->acks[1].status, WIRELOG_NOT_CONNECTED);
	CU_ASSERT_EQUAL(fixture->acks[2].status, WIRELOG_NOT_CONNECTED);
	client_fixture_end(fixture);
}

static void expired_append_is_answered_expired(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	struct wirelog_append_options options = {.not_after_ns = CLIENT_FIXTURE_WALL_NS - 1};

	wl_engine_append(fixture->client, fixture->now_ns, "x", 1, &options);
	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->acks[1].status, WIRELOG_EXPIRED);
	CU_ASSERT_EQUAL(fixture->acks[1].number, 0);
	CU_ASSERT_EQUAL(fixture->acks[2].number, 1);
	client_fixture_end(fixture);
}

static void lost_session_fails_all_that_is_outstanding_and_the_next_append_opens_another(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 3, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->sessions[0].id = 999999; /* pushed out */
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SESSION_LOST), 1);
	for (unsigned sequence = 4; sequence <= 8; sequence++)
		CU_ASSERT_EQUAL(fixture->acks[sequence].status, WIRELOG_UNKNOWN_OUTCOME);
	memset(fixture->acks, 0, 100 * sizeof(fixture->acks[0]));
	CU_ASSERT_EQUAL(client_fixture_append(fixture, 5, 64), 5);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->session_count, 2);
	client_fixture_check_acks(fixture, 5);
	client_fixture_end(fixture);
}

/* Acknowledged at a weaker level, and lost with the leader: the order of the session must not stop there. */
static void sequences_that_a_new_leader_lacks_are_used_up(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 10, 64);
	client_fixture_drain(fixture, SECOND);
	fixture->sessions[0].next = 8;
	client_fixture_lead(fixture, 2, 2);
	client_fixture_append(fixture, 3, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->acks[13].status, WIRELOG_OK);
	CU_ASSERT_EQUAL(fixture->sessions[0].next, 14);
	CU_ASSERT(fixture->log[fixture->sessions[0].place[8]].expired);
	CU_ASSERT_EQUAL(fixture->acks[8].count, 1);
	client_fixture_end(fixture);
}

/*
 * Round trips were long. What weaker levels had acknowledged was lost with a leader; the frame that uses those
 * sequences up at the next one is lost, too.
 */
static void frame_that_uses_up_lost_sequences_is_sent_again(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t before;

	fixture->delay_ns = 400 * MS;
	for (unsigned round = 0; round < 10; round++) {
		client_fixture_append(fixture, 1, 64);
		CU_ASSERT(client_fixture_drain(fixture, 5 * SECOND));
	}
	fixture->delay_ns = 50000;
	fixture->sessions[0].next = 8;
	client_fixture_lead(fixture, 2, 2);
	client_fixture_append(fixture, 3, 64);
	before = fixture->appends_received;
	while (fixture->appends_received == before)
		client_fixture_run(fixture, 100000);
	fixture->loss_percent = 100;
	client_fixture_run(fixture, 2 * MS);
	fixture->loss_percent = 0;
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->acks[13].status, WIRELOG_OK);
	CU_ASSERT_EQUAL(fixture->sessions[0].next, 14);
	client_fixture_end(fixture);
}

/* One voter is away: EVERYWHERE is answered late, the others as ever. */
static void slow_level_does_not_slow_down_what_is_lost_of_another(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	struct wirelog_append_options everywhere = {.level = WIRELOG_EVERYWHERE};

	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	fixture->delay_ns = 200 * MS;
	for (unsigned round = 0; round < 20; round++) {
		wl_engine_append(fixture->client, fixture->now_ns, "x", 1, &everywhere);
		CU_ASSERT(client_fixture_drain(fixture, SECOND));
	}
	fixture->delay_ns = 50000;
	fixture->loss_percent = 100;
	client_fixture_append(fixture, 1, 64);
	client_fixture_run(fixture, MS);
	fixture->loss_percent = 0;
	CU_ASSERT(client_fixture_drain(fixture, 40 * MS));

	CU_ASSERT_EQUAL(fixture->acks[22].status, WIRELOG_OK);
	client_fixture_end(fixture);
}

/* Counts answers, and refusals for a full window that nobody waits in. */
static void append_each_ms(struct client_fixture *fixture, unsigned ms, unsigned *taken,
			   unsigned *refused_while_idle)
{
	*taken = *refused_while_idle = 0;
	for (unsigned at = 0; at < ms; at++) {
		int64_t sequence = client_fixture_append(fixture, 1, 64);

		*taken += sequence > 0;
		*refused_while_idle += sequence == WIRELOG_BACK_PRESSURE &&
				       fixture->client->sender.window.waiting == 0;
		client_fixture_run(fixture, MS);
	}
}

static void full_cluster_refuses_each_append_and_leaves_no_full_window(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	unsigned taken, idle, refused = 0, before;

	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	fixture->refuse_status = WIRELOG_NO_SPACE;
	fixture->refuse_count = ~0u;
	append_each_ms(fixture, 10000, &taken, &idle);
	CU_ASSERT_EQUAL(idle, 0);
	CU_ASSERT_EQUAL(taken, 10000);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	for (unsigned at = 2; at < 2 + taken; at++)
		refused += fixture->acks[at].status == WIRELOG_NO_SPACE;
	CU_ASSERT_EQUAL(refused, taken);
	before = fixture->ack_count;
	fixture->refuse_count = 0;
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->ack_count, before + 10);
	CU_ASSERT_EQUAL(fixture->acks[taken + 11].status, WIRELOG_OK);
	CU_ASSERT_EQUAL(fixture->last_number, 11); /* what was refused is not there */
	client_fixture_end(fixture);
}

static void silence_leaves_no_full_window_that_nobody_waits_in(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	unsigned taken, idle;

	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	fixture->loss_percent = 100;
	append_each_ms(fixture, 10000, &taken, &idle);
	CU_ASSERT_EQUAL(idle, 0);
	CU_ASSERT(client_fixture_drain(fixture, 3 * SECOND));
	fixture->loss_percent = 0;
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, 2 * SECOND));

	CU_ASSERT_EQUAL(fixture->acks[taken + 11].status, WIRELOG_OK);
	CU_ASSERT_EQUAL(fixture->last_number, 11); /* nothing entered the log late */
	client_fixture_end(fixture);
}

static void application_that_appends_in_its_last_answer_finds_room(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	CU_ASSERT_EQUAL(client_fixture_append(fixture, 2000, 64), WIRELOG_BACK_PRESSURE);
	fixture->appends_in_callback = 3000;
	CU_ASSERT(client_fixture_drain(fixture, 5 * SECOND));

	CU_ASSERT_EQUAL(fixture->ack_count, 4024);
	client_fixture_end(fixture);
}

/* Frames of the least MTU vanish, smaller ones come: the leader asks for the same sequence again and again. */
static void flight_times_out_although_the_leader_asks_for_it(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 200, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	fixture->path_to[1] = 1000;
	client_fixture_append(fixture, 200, 64);
	client_fixture_run(fixture, SECOND);

	CU_ASSERT(fixture->client->sender.resends > 1);
	fixture->path_to[1] = 0;
	CU_ASSERT(client_fixture_drain(fixture, 900 * MS));
	client_fixture_check_acks(fixture, 400);
	client_fixture_end(fixture);
}

static void full_window_says_so_and_takes_appends_again_after_answers(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	CU_ASSERT_EQUAL(client_fixture_append(fixture, 2000, 64), WIRELOG_BACK_PRESSURE);
	CU_ASSERT_EQUAL(fixture->client->sender.window.waiting, 1024);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	CU_ASSERT_EQUAL(client_fixture_append(fixture, 1, 64), 1025);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 1025);
	client_fixture_end(fixture);
}

static void bad_appends_are_refused_before_anything_is_sent(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	struct wirelog_append_options options = {.level = (enum wirelog_level)5};
	uint8_t *large = calloc(1, 70000);

	client_fixture_run(fixture, 10 * MS);
	CU_ASSERT_EQUAL(wl_engine_append(fixture->client, fixture->now_ns, "x", 0, NULL),
			WIRELOG_RECORD_EMPTY);
	CU_ASSERT_EQUAL(wl_engine_append(fixture->client, fixture->now_ns, large, 70000, NULL),
			WIRELOG_RECORD_TOO_LARGE);
	CU_ASSERT_EQUAL(wl_engine_append(fixture->client, fixture->now_ns, NULL, 5, NULL),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_engine_append(fixture->client, fixture->now_ns, "x", 1, &options),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(fixture->client->sender.window.next, 1);
	free(large);
	client_fixture_end(fixture);
}

static void transport_that_takes_few_frames_loses_nothing(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->send_max = 3;
	CU_ASSERT(client_fixture_append(fixture, 1000, 200) > 0);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 1000);
	CU_ASSERT_EQUAL(fixture->client->sender.resends, 0);
	CU_ASSERT_EQUAL(fixture->appends_received, 1000);
	client_fixture_end(fixture);
}

static void callback_may_append(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->appends_in_callback = 500;
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 510);
	client_fixture_end(fixture);
}

static void callback_may_not_poll(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->client->is_polling = true;
	CU_ASSERT_EQUAL(wl_engine_poll(fixture->client, fixture->now_ns), WIRELOG_INVALID_ARGUMENT);
	fixture->client->is_polling = false;
	client_fixture_end(fixture);
}

static void answers_that_wait_are_taken_before_timeouts_fire(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	client_fixture_append(fixture, 5, 64);
	client_fixture_run(fixture, 200000); /* sent, and the answer is on its way */
	fixture->now_ns += 10 * SECOND; /* the application did something else */
	client_fixture_run(fixture, MS);

	client_fixture_check_acks(fixture, 6);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), 0);
	client_fixture_end(fixture);
}

/* A session is there, and `count` records are appended at *began_ns; a turn later each of them has left. */
static struct client_fixture *begin_timed(unsigned count, uint64_t *began_ns)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->delay_ns = 300000;
	fixture->dwell_ns = 150000;
	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, SECOND);
	*began_ns = fixture->now_ns;
	client_fixture_append(fixture, count, 64);
	return fixture;
}

static void times_of_an_append_are_the_whole_of_it(void)
{
	uint64_t began_ns;
	struct client_fixture *fixture = begin_timed(100, &began_ns);

	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	for (unsigned sequence = 2; sequence <= 101; sequence++) {
		const struct client_fixture_ack *ack = &fixture->acks[sequence];

		CU_ASSERT_EQUAL(ack->queue_ns + ack->trip_ns, ack->at_ns - began_ns);
		CU_ASSERT(ack->queue_ns <= 100000); /* its turn, or a full frame before it */
		CU_ASSERT(ack->trip_ns >= 600000);
		CU_ASSERT_EQUAL(ack->node_ns, 150000);
	}
	client_fixture_end(fixture);
}

/* An application that polls when there is something to do: what passed since its last turn is not the record's. */
static void time_before_an_append_is_not_counted(void)
{
	uint64_t began_ns;
	struct client_fixture *fixture = begin_timed(0, &began_ns);
	const struct client_fixture_ack *ack = &fixture->acks[2];

	for (unsigned count = 1; count <= 16;
	     count *= 2, ack = &fixture->acks[fixture->ack_count + 1]) {
		fixture->now_ns += 3 * MS;
		began_ns = fixture->now_ns;
		client_fixture_append(fixture, count, 64 * count); /* one frame's worth, or more */
		CU_ASSERT(client_fixture_drain(fixture, SECOND));

		CU_ASSERT_EQUAL(ack->queue_ns + ack->trip_ns, ack->at_ns - began_ns);
		CU_ASSERT(ack->queue_ns <= 100000);
		CU_ASSERT(ack->trip_ns >= 600000 && ack->trip_ns <= 900000);
	}
	client_fixture_end(fixture);
}

/* A turn takes some datagrams of those that are there, and the rest goes with the next ones. */
static void frames_that_are_not_taken_count_as_queue(void)
{
	uint64_t began_ns;
	struct client_fixture *fixture = begin_timed(0, &began_ns);
	unsigned queued = 0;

	fixture->send_max = 1;
	fixture->client->is_polling =
		true; /* as within a callback: nothing leaves before the turn does it */
	client_fixture_append(fixture, 20, 1000);
	fixture->client->is_polling = false;
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	for (unsigned sequence = 2; sequence <= 21; sequence++) {
		const struct client_fixture_ack *ack = &fixture->acks[sequence];

		CU_ASSERT_EQUAL(ack->queue_ns + ack->trip_ns, ack->at_ns - began_ns);
		CU_ASSERT(ack->trip_ns >= 600000 && ack->trip_ns <= 900000);
		queued += ack->queue_ns > 100000;
	}
	CU_ASSERT(queued > 0);
	client_fixture_end(fixture);
}

static void what_is_lost_counts_as_the_wire(void)
{
	uint64_t began_ns;
	struct client_fixture *fixture = begin_timed(0, &began_ns);
	const struct client_fixture_ack *ack = &fixture->acks[2];

	fixture->loss_percent = 100;
	client_fixture_append(fixture, 1, 64);
	client_fixture_run(fixture, 10 * MS);
	fixture->loss_percent = 0;
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(ack->queue_ns + ack->trip_ns, ack->at_ns - began_ns);
	CU_ASSERT(ack->queue_ns <= 100000);
	CU_ASSERT(ack->trip_ns >= 10 * MS);
	client_fixture_end(fixture);
}

static void leader_that_claims_more_time_than_passed_is_not_believed(void)
{
	uint64_t began_ns;
	struct client_fixture *fixture = begin_timed(0, &began_ns);

	fixture->dwell_ns = UINT64_MAX;
	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->acks[2].node_ns, 0);
	CU_ASSERT(fixture->acks[2].trip_ns >= 600000);
	client_fixture_end(fixture);
}

WL_SUITE(client_append)
{
	WL_TEST(append_opens_a_session_and_is_answered_with_its_number),
	WL_TEST(no_session_is_opened_before_the_first_append),
	WL_TEST(other_nodes_are_learned_from_one_endpoint),
	WL_TEST(each_append_is_in_the_log_once_whatever_the_network_does),
	WL_TEST(records_of_one_poll_share_frames),
	WL_TEST(record_larger_than_a_frame_arrives_whole_and_in_order),
	WL_TEST(answer_that_was_lost_with_the_leader_comes_from_the_next_with_the_first_number),
	WL_TEST(silent_leader_is_left_within_a_hundred_milliseconds_of_the_election),
	WL_TEST(leader_that_says_it_does_not_lead_is_left_at_once),
	WL_TEST(two_nodes_that_point_at_each_other_are_not_flooded),
	WL_TEST(restarted_leader_is_greeted_again_and_gets_what_it_lost),
	WL_TEST(back_pressure_of_the_leader_is_not_the_applications_affair),
	WL_TEST(too_large_a_record_for_this_leader_does_not_take_others_with_it),
	WL_TEST(append_without_answer_has_an_unknown_outcome_and_blocks_nothing),
	WL_TEST(append_that_timed_out_does_not_enter_the_log_later),
	WL_TEST(append_that_was_never_sent_is_surely_not_in_the_log),
	WL_TEST(expired_append_is_answered_expired),
	WL_TEST(lost_session_fails_all_that_is_outstanding_and_the_next_append_opens_another),
	WL_TEST(sequences_that_a_new_leader_lacks_are_used_up),
	WL_TEST(frame_that_uses_up_lost_sequences_is_sent_again),
	WL_TEST(slow_level_does_not_slow_down_what_is_lost_of_another),
	WL_TEST(full_cluster_refuses_each_append_and_leaves_no_full_window),
	WL_TEST(silence_leaves_no_full_window_that_nobody_waits_in),
	WL_TEST(application_that_appends_in_its_last_answer_finds_room),
	WL_TEST(flight_times_out_although_the_leader_asks_for_it),
	WL_TEST(full_window_says_so_and_takes_appends_again_after_answers),
	WL_TEST(bad_appends_are_refused_before_anything_is_sent),
	WL_TEST(transport_that_takes_few_frames_loses_nothing),
	WL_TEST(callback_may_append),
	WL_TEST(callback_may_not_poll),
	WL_TEST(answers_that_wait_are_taken_before_timeouts_fire),
	WL_TEST(times_of_an_append_are_the_whole_of_it),
	WL_TEST(time_before_an_append_is_not_counted),
	WL_TEST(frames_that_are_not_taken_count_as_queue),
	WL_TEST(what_is_lost_counts_as_the_wire),
	WL_TEST(leader_that_claims_more_time_than_passed_is_not_believed),
};
