/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker does for clients that probe their paths (dataplane/worker/worker_path.c, client/paths.c). */
#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

static void say_probe(uint16_t bytes, uint16_t echo_bytes, uint16_t mtu)
{
	const struct wl_wire_path_probe probe = {9, bytes, echo_bytes, mtu};
	static uint8_t payload[WIRELOG_MTU_MAX];

	wl_wire_encode_path_probe(payload, &probe);
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_PATH_PROBE, WORKER_FIRST, payload,
			   wl_wire_payload_of(bytes));
}

static unsigned echoes(const struct worker_sent **last)
{
	unsigned count = 0;

	*last = NULL;
	for (unsigned at = 0; at < fixture.sent_count; at++) {
		if (fixture.sent[at].type != WL_WIRE_PATH_ECHO ||
		    fixture.sent[at].to != WORKER_CLIENT)
			continue;
		*last = &fixture.sent[at];
		count++;
	}
	return count;
}

static void client_is_sent_small_frames_until_it_says_that_larger_ones_pass(void)
{
	struct wl_wire_keepalive keepalive = {.nonce = 5};
	const struct wl_remote *client;
	uint8_t payload[64];

	worker_fixture_init(&fixture);
	keepalive.challenge = wl_remote_challenge(fixture.now_ns);
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_KEEPALIVE, WORKER_FIRST, payload,
			   wl_wire_encode_keepalive(payload, &keepalive));
	worker_fixture_turn(&fixture);
	client = wl_remote_table_find(&fixture.worker.rx.clients, WORKER_CLIENT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(client);
	CU_ASSERT_EQUAL(client->mtu, WIRELOG_MTU_MIN);

	say_probe(128, 128, 1400);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(client->mtu, 1400);
	say_probe(1400, 128, 1280); /* the path became narrow */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(client->mtu, 1280);
	worker_fixture_fini(&fixture);
}

static void clients_probe_is_echoed_in_the_size_that_it_asks_for(void)
{
	struct wl_wire_keepalive keepalive = {.nonce = 5};
	struct wl_wire_path_echo echo;
	const struct worker_sent *sent;
	uint8_t payload[64];

	worker_fixture_init(&fixture);
	keepalive.challenge = wl_remote_challenge(fixture.now_ns);
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_KEEPALIVE, WORKER_FIRST, payload,
			   wl_wire_encode_keepalive(payload, &keepalive));
	say_probe(1500, 128, 1280);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL_FATAL(echoes(&sent), 1);
	CU_ASSERT_EQUAL(sent->bytes, 28);
	CU_ASSERT(wl_wire_decode_path_echo(sent->payload, sent->bytes, &echo));
	CU_ASSERT_EQUAL(echo.bytes, 1500);

	say_probe(128, 1500, 1280); /* whatever the client is sent otherwise */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL_FATAL(echoes(&sent), 1);
	CU_ASSERT_EQUAL(sent->bytes, 1400);

	say_probe(128, 1501, 1280); /* no frame of the link is that large */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(echoes(&sent), 0);

	for (unsigned at = 0; at < 100; at++)
		say_probe(128, 1400, 1280); /* more than are answered in a turn */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(echoes(&sent), 32);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_path)
{
	WL_TEST(client_is_sent_small_frames_until_it_says_that_larger_ones_pass),
	WL_TEST(clients_probe_is_echoed_in_the_size_that_it_asks_for),
};
