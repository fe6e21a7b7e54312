/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients that ask a worker for a journal that it does not have. */
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static struct worker_fixture fixture;

static bool asks_for(uint16_t journal, struct wl_wire_hello_reply *reply)
{
	struct wl_wire_hello hello = {.nonce = 5};
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_HELLO, journal, payload,
			   wl_wire_encode_hello(payload, &hello));
	worker_fixture_turn(&fixture);
	for (unsigned at = 0; at < fixture.sent_count; at++) {
		const struct worker_sent *sent = &fixture.sent[at];

		if (sent->type == WL_WIRE_HELLO_REPLY && sent->to == WORKER_CLIENT) {
			CU_ASSERT_EQUAL(sent->journal, journal);
			CU_ASSERT(sent->bytes <= WL_WIRE_HELLO_BYTES);
			return wl_wire_decode_hello_reply(sent->payload, sent->bytes, reply);
		}
	}
	return false;
}

static void client_at_the_wrong_worker_is_told_where_its_journal_is(void)
{
	struct wl_wire_hello_reply reply;

	worker_fixture_init(&fixture);
	fixture.worker.config.elsewhere[3].node = 1;
	strcpy(fixture.worker.config.elsewhere[3].endpoint, "memif:@here.1");
	CU_ASSERT_FATAL(asks_for(3, &reply));
	CU_ASSERT_EQUAL(reply.nonce, 5);
	CU_ASSERT_EQUAL(reply.status, WIRELOG_JOURNAL_ELSEWHERE);
	CU_ASSERT_EQUAL_FATAL(reply.member_count, 1);
	CU_ASSERT_EQUAL(reply.members[0].node, 1);
	CU_ASSERT_STRING_EQUAL(reply.members[0].endpoint, "memif:@here.1");

	CU_ASSERT_FATAL(asks_for(4, &reply));
	CU_ASSERT_EQUAL(reply.status, WIRELOG_JOURNAL_UNKNOWN);
	CU_ASSERT_EQUAL(reply.member_count, 0);
	CU_ASSERT_FATAL(asks_for(60000, &reply));
	CU_ASSERT_EQUAL(reply.status, WIRELOG_JOURNAL_UNKNOWN);
	CU_ASSERT_EQUAL(fixture.worker.rx.clients.count, 0);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_clients_sent_elsewhere), 3);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_elsewhere)
{
	WL_TEST(client_at_the_wrong_worker_is_told_where_its_journal_is),
};
