/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

/* Of the first journal; the second one has none. */
static void say_history(uint32_t node, uint64_t history)
{
	struct wl_wire_greeting greeting = {.seen_boot = WORKER_BOOT};
	uint8_t payload[WL_WIRE_GREETING_BYTES];

	memcpy(greeting.fact, fixture.worker.config.facts, sizeof(greeting.fact));
	greeting.fact[WL_FACT_MTU] = WORKER_MTU;
	greeting.histories[WORKER_FIRST] = history;
	worker_fixture_say(&fixture, wl_identity_of_node(node, 0), WL_WIRE_GREETING, WORKER_FIRST,
			   payload, wl_wire_encode_greeting(payload, &greeting));
	worker_fixture_acknowledge(&fixture, node, 0);
	worker_fixture_acknowledge(&fixture, node, 1);
	worker_fixture_turns(&fixture, 200);
}

static void peer_of_another_history_is_told_by_name_and_not_heard_in_that_journal(void)
{
	struct wl_plane_message told;
	uint64_t heard;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.journals[0].replica.history = 77;
	fixture.worker.histories_open = 0;
	heard = worker_count(&fixture, WL_COUNTER_ack_received);
	say_history(2, 78);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_not_heard), 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_ack_received), heard + 1);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_PEER_HISTORY, &told));
	CU_ASSERT_EQUAL(told.node, 2);
	CU_ASSERT_EQUAL(told.journal, WORKER_FIRST);
	CU_ASSERT_EQUAL(told.ours, 77);
	CU_ASSERT_EQUAL(told.theirs, 78);
	say_history(2, 77);
	say_history(3, 0); /* it has none yet, and promised nothing */
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_not_heard), 1);
	CU_ASSERT_FALSE(worker_fixture_told(&fixture, WL_PLANE_PEER_HISTORY, &told));
	worker_fixture_fini(&fixture);
}

static void data_without_a_history_take_that_of_their_leader(void)
{
	struct wl_plane_message told;

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	worker_fixture_command(&fixture, 0, WL_PLANE_FENCE, 0);
	worker_fixture_command(&fixture, 0, WL_PLANE_FOLLOW, 1);
	worker_fixture_turns(&fixture, 3);
	fixture.journals[0].replica.view.leader = 2;
	CU_ASSERT_EQUAL(fixture.journals[0].replica.history, 0);
	say_history(3, 78);
	CU_ASSERT_EQUAL(fixture.journals[0].replica.history, 0);
	say_history(2, 77);
	CU_ASSERT_EQUAL(fixture.journals[0].replica.history, 77);
	CU_ASSERT_TRUE(worker_fixture_told(&fixture, WL_PLANE_HISTORY, &told));
	CU_ASSERT_EQUAL(told.ours, 77);
	CU_ASSERT_EQUAL(fixture.worker.rx.greetings[3].strange, 1u << WORKER_FIRST);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_history)
{
	WL_TEST(peer_of_another_history_is_told_by_name_and_not_heard_in_that_journal),
	WL_TEST(data_without_a_history_take_that_of_their_leader),
};
