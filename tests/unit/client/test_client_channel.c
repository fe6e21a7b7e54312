/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define MS WL_MS_NS

/* An answer to the append 2 that is outstanding, as node `from` would say it. */
static size_t make_answer(struct client_fixture *fixture, uint32_t from, uint8_t *datagram)
{
	uint8_t *at = datagram + WL_FRAME_HEADER_BYTES;
	struct wl_wire_append_reply reply = {
		.session = fixture->client->sender.session.id,
		.leader = 1,
		.result_count = 1,
		.term = 1,
	};
	struct wl_wire_append_result result = {.first_sequence = 2,
					       .first_number = 7,
					       .count = 1,
					       .level = 3};

	at += wl_wire_encode_append_reply(at, &reply);
	wl_wire_encode_append_result(at, &result);
	at += WL_WIRE_APPEND_RESULT_BYTES;
	return client_fixture_seal(fixture, from, WL_WIRE_APPEND_REPLY, datagram,
				   (size_t)(at - datagram) - WL_FRAME_HEADER_BYTES);
}

static struct client_fixture *start_with_one_outstanding(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_append(fixture, 1, 64);
	client_fixture_drain(fixture, WL_SECOND_NS);
	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].up = false;
	client_fixture_append(fixture, 1, 64);
	client_fixture_run(fixture, MS);
	return fixture;
}

static bool is_believed(struct client_fixture *fixture, const uint8_t *datagram, size_t size)
{
	client_fixture_inject(fixture, datagram, size);
	client_fixture_run(fixture, MS);
	return fixture->acks[2].count != 0;
}

static void frame_of_a_node_is_believed(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();
	uint8_t datagram[512];

	CU_ASSERT(is_believed(fixture, datagram, make_answer(fixture, 1, datagram)));
	CU_ASSERT_EQUAL(fixture->acks[2].number, 7);
	client_fixture_end(fixture);
}

static void frame_with_any_other_byte_is_not(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();
	uint8_t datagram[512];
	size_t size = make_answer(fixture, 1, datagram);

	for (size_t at = 0; at < size; at++) {
		uint8_t changed[512];

		memcpy(changed, datagram, size);
		changed[at] ^= 1;
		CU_ASSERT_FALSE_FATAL(is_believed(fixture, changed, size));
		CU_ASSERT_FALSE_FATAL(is_believed(fixture, datagram, at));
	}
	client_fixture_end(fixture);
}

static void frame_is_believed_once(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();
	uint8_t datagram[512];
	size_t size = make_answer(fixture, 1, datagram);
	uint64_t before;

	CU_ASSERT(is_believed(fixture, datagram, size));
	before = fixture->client->channel.counters.frames_refused;
	is_believed(fixture, datagram, size);
	CU_ASSERT_EQUAL(fixture->client->channel.counters.frames_refused, before + 1);
	client_fixture_end(fixture);
}

static void new_boot_id_of_a_node_is_not_believed_without_an_answer_to_our_question(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();
	uint8_t datagram[2048];
	struct wl_wire_hello_reply reply;
	size_t size;

	client_fixture_restart(fixture, 1);
	CU_ASSERT_FALSE(is_believed(fixture, datagram, make_answer(fixture, 1, datagram)));
	memset(&reply, 0, sizeof(reply));
	reply.nonce = 4711;
	reply.node = 1;
	reply.leader = 2;
	reply.term = 99;
	size = client_fixture_seal(fixture, 1, WL_WIRE_HELLO_REPLY, datagram,
				   wl_wire_encode_hello_reply(datagram + WL_FRAME_HEADER_BYTES,
							      &reply));
	is_believed(fixture, datagram, size);

	CU_ASSERT_EQUAL(fixture->client->nodes.leadership.term, 1);
	CU_ASSERT_NOT_EQUAL(fixture->client->channel.nodes[1].boot_id, fixture->nodes[1].boot_id);
	client_fixture_end(fixture);
}

static void frame_of_another_cluster_is_counted_and_not_believed(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();
	uint8_t datagram[512];
	size_t size = make_answer(fixture, 1, datagram);

	fixture->client->channel.cluster++;
	CU_ASSERT_FALSE(is_believed(fixture, datagram, size));
	CU_ASSERT(fixture->client->channel.counters.other_cluster != 0);
	fixture->client->channel.cluster--;
	client_fixture_end(fixture);
}

/* All nodes are started again, and take nobody in who does not say their challenge. */
static struct client_fixture *start_among_strangers(bool full)
{
	struct client_fixture *fixture = start_with_one_outstanding();

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++) {
		client_fixture_restart(fixture, id);
		fixture->nodes[id].up = true;
		fixture->nodes[id].challenge = 1000 + id;
		fixture->nodes[id].full_of_clients = full;
	}
	fixture->client->nodes.served = 0;
	client_fixture_run(fixture, 2000 * MS);
	return fixture;
}

static void challenge_is_said_back_and_appends_go_on(void)
{
	struct client_fixture *fixture = start_among_strangers(false);

	CU_ASSERT_EQUAL(fixture->client->nodes.served, 1u << 1 | 1u << 2 | 1u << 3);
	CU_ASSERT_EQUAL(fixture->client->nodes.turned_away, 0);
	CU_ASSERT_EQUAL(fixture->client->nodes.nodes[1].challenge, 0);
	CU_ASSERT_EQUAL(fixture->ack_count, 2);
	client_fixture_end(fixture);
}

static void node_without_a_place_for_us_is_known_as_such(void)
{
	struct client_fixture *fixture = start_among_strangers(true);

	CU_ASSERT_EQUAL(fixture->client->nodes.served, 0);
	CU_ASSERT_EQUAL(fixture->client->nodes.turned_away, 1u << 1 | 1u << 2 | 1u << 3);
	CU_ASSERT_NOT_EQUAL(fixture->client->nodes.turned_away_ns, 0);
	client_fixture_end(fixture);
}

/* The others serve it, and cannot take appends. What had been sent may have been taken. */
static void append_that_only_the_leader_turns_away_ends_at_once(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();

	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		fixture->nodes[id].up = true;
	client_fixture_restart(fixture, 1);
	fixture->nodes[1].challenge = 1001;
	fixture->nodes[1].full_of_clients = true;
	client_fixture_run(fixture, 100 * MS);
	CU_ASSERT_EQUAL(fixture->client->nodes.turned_away, 1u << 1);
	CU_ASSERT_EQUAL(fixture->acks[2].count, 0);

	client_fixture_append(fixture, 10, 64);
	client_fixture_run(fixture, 200 * MS);
	for (unsigned sequence = 3; sequence <= 12; sequence++)
		CU_ASSERT(fixture->acks[sequence].count == 1 &&
			  fixture->acks[sequence].status == WIRELOG_TOO_MANY_CLIENTS);
	client_fixture_run(fixture, 2100 * MS);
	CU_ASSERT_EQUAL(fixture->acks[2].status, WIRELOG_UNKNOWN_OUTCOME);
	client_fixture_end(fixture);
}

static void messages_that_are_not_for_clients_are_passed_over(void)
{
	struct client_fixture *fixture = start_with_one_outstanding();
	uint8_t datagram[512] = {0};
	uint64_t before = fixture->client->channel.counters.frames_refused;

	client_fixture_inject(fixture, datagram,
			      client_fixture_seal(fixture, 1, WL_WIRE_VOTE, datagram, 48));
	client_fixture_inject(fixture, datagram,
			      client_fixture_seal(fixture, 1, 200, datagram, 48));
	client_fixture_run(fixture, MS);

	CU_ASSERT_EQUAL(fixture->client->channel.counters.frames_refused, before + 2);
	client_fixture_end(fixture);
}

/* Authentic, but of a broken node: whatever it says, the client lives. */
static void payloads_of_any_bytes_do_no_harm(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t random = 1;
	static const uint8_t types[] = {WL_WIRE_HELLO_REPLY,   WL_WIRE_OPEN_SESSION_REPLY,
					WL_WIRE_APPEND_REPLY,  WL_WIRE_DELIVER,
					WL_WIRE_GAP,	       WL_WIRE_KEEPALIVE_REPLY,
					WL_WIRE_CONSUMER_REPLY};

	client_fixture_fill(fixture, 10, 64);
	client_fixture_append(fixture, 1, 64);
	wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, 1);
	client_fixture_run(fixture, 50 * MS);
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t datagram[512];
		size_t bytes;

		for (unsigned at = 0; at < sizeof(datagram); at++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			datagram[at] = random >> 40 & 1 ? (uint8_t)(random >> 56) : 0;
		}
		bytes = datagram[0] % 200u;
		client_fixture_inject(fixture, datagram,
				      client_fixture_seal(fixture, 1, types[round % 6], datagram,
							  bytes));
		if (round % 50 == 0)
			client_fixture_run(fixture, 200000);
	}
	client_fixture_run(fixture, 20 * MS);
	CU_ASSERT(fixture->client->channel.counters.frames_received >= 3000);
	client_fixture_end(fixture);
}

WL_SUITE(client_channel)
{
	WL_TEST(frame_of_a_node_is_believed),
	WL_TEST(frame_with_any_other_byte_is_not),
	WL_TEST(frame_is_believed_once),
	WL_TEST(new_boot_id_of_a_node_is_not_believed_without_an_answer_to_our_question),
	WL_TEST(frame_of_another_cluster_is_counted_and_not_believed),
	WL_TEST(append_that_only_the_leader_turns_away_ends_at_once),
	WL_TEST(messages_that_are_not_for_clients_are_passed_over),
	WL_TEST(payloads_of_any_bytes_do_no_harm),
	WL_TEST(challenge_is_said_back_and_appends_go_on),
	WL_TEST(node_without_a_place_for_us_is_known_as_such),
};
