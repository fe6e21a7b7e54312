/* SPDX-License-Identifier: BSD-3-Clause */
/* Who takes no part any more says so when it greets. */
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

static void peer_that_takes_no_part_any_more_is_told_once_by_name(void)
{
	struct wl_wire_greeting greeting = {.apart = 1u << WORKER_FIRST};
	uint8_t payload[WL_WIRE_GREETING_BYTES];
	struct wl_plane_message told = {.node = 0};

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	memcpy(greeting.fact, fixture.worker.config.facts, sizeof(greeting.fact));
	wl_wire_encode_greeting(payload, &greeting);
	for (unsigned time = 0; time < 2; time++) {
		worker_fixture_say(&fixture, wl_identity_of_node(2, 0), WL_WIRE_GREETING,
				   WORKER_FIRST, payload, sizeof(payload));
		worker_fixture_turn(&fixture);
		CU_ASSERT_EQUAL(worker_fixture_told(&fixture, WL_PLANE_PEER_APART, &told),
				time == 0);
	}
	CU_ASSERT_EQUAL(told.node, 2);
	CU_ASSERT_EQUAL(told.journal, WORKER_FIRST);
	worker_fixture_fini(&fixture);
}

/* At once, and what is said of one journal is not said of the other. */
static void own_journals_that_stand_apart_are_greeted(void)
{
	struct wl_wire_greeting said = {.apart = 0};

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	worker_fixture_turn(&fixture);
	fixture.journals[1].replica.apart = (struct wl_divergence){.node = 2, .position = {1, 3}};
	fixture.now_ns += 2000000; /* less than until the next greeting would be due */
	worker_fixture_turn(&fixture);
	for (unsigned at = 0; at < fixture.sent_count; at++) {
		const struct worker_sent *sent = &fixture.sent[at];

		if (sent->type == WL_WIRE_GREETING)
			CU_ASSERT(wl_wire_decode_greeting(sent->payload, sent->bytes, &said));
	}
	CU_ASSERT_EQUAL(said.apart, 1u << WORKER_SECOND);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_apart)
{
	WL_TEST(peer_that_takes_no_part_any_more_is_told_once_by_name),
	WL_TEST(own_journals_that_stand_apart_are_greeted),
};
