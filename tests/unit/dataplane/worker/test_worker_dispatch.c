/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is served first, and what a turn says that it did. */
#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

static void say_hello(wl_identity from)
{
	struct wl_wire_hello hello = {.nonce = 9};
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	worker_fixture_say(&fixture, from, WL_WIRE_HELLO, WORKER_FIRST, payload,
			   wl_wire_encode_hello(payload, &hello));
}

static void peers_are_served_before_clients_whoever_came_first(void)
{
	unsigned replies = 0;

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	for (unsigned at = 0; at < 50; at++)
		say_hello(WORKER_CLIENT + at);
	say_hello(wl_identity_of_node(2, 0));
	worker_fixture_turn(&fixture);
	for (unsigned at = 0; at < fixture.sent_count; at++) {
		if (fixture.sent[at].type != WL_WIRE_HELLO_REPLY)
			continue;
		if (replies++ == 0)
			CU_ASSERT_EQUAL(fixture.sent[at].to, wl_identity_of_node(2, 0));
	}
	CU_ASSERT_EQUAL(replies, 1 + WL_STRANGERS_OF_ONE);
	worker_fixture_fini(&fixture);
}

static void turn_that_finds_only_what_is_not_believed_did_nothing(void)
{
	unsigned released;

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	worker_fixture_turns(&fixture, 10);
	released = fixture.released;
	CU_ASSERT_FALSE(fixture.worker.besieged);
	for (unsigned at = 0; at < 100; at++) {
		say_hello(WORKER_CLIENT + at);
		fixture.heard[fixture.heard_count - 1].bytes[60] ^= 1;
	}
	CU_ASSERT_EQUAL(worker_fixture_turn(&fixture), 0);
	CU_ASSERT_TRUE(fixture.worker.besieged);
	CU_ASSERT_EQUAL(fixture.released - released, 100);
	CU_ASSERT_EQUAL(worker_fixture_turn(&fixture), 0);
	CU_ASSERT_FALSE(fixture.worker.besieged);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_dispatch)
{
	WL_TEST(peers_are_served_before_clients_whoever_came_first),
	WL_TEST(turn_that_finds_only_what_is_not_believed_did_nothing),
};
