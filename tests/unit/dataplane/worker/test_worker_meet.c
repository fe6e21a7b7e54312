/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

static struct wl_worker_newcomer newcomer(uint32_t node, bool address_known)
{
	struct wl_worker_newcomer newcomer = {
		.node = node,
		.address = fixture.worker.config.peer_address[2],
		.address_known = address_known,
		.priority = 80,
	};

	newcomer.told[WORKER_FIRST].node = node;
	newcomer.told[WORKER_SECOND].node = node;
	return newcomer;
}

static unsigned hellos(uint32_t node)
{
	unsigned count = 0;

	for (unsigned turn = 0; turn < 2000 && count == 0; turn++) {
		worker_fixture_turn(&fixture);
		count += worker_fixture_count(&fixture, WL_WIRE_HELLO, node);
	}
	return count;
}

static void who_is_met_is_greeted_and_heard(void)
{
	struct wl_worker_newcomer fourth;
	struct wl_wire_hello hello = {.nonce = 7};
	uint8_t payload[WL_WIRE_HELLO_BYTES];
	uint64_t strangers;

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	fixture.peer_boot[4] = WORKER_PEER_BOOT;
	CU_ASSERT_EQUAL(hellos(4), 0);
	worker_fixture_say(&fixture, wl_identity_of_node(4, 0), WL_WIRE_HELLO, WORKER_FIRST,
			   payload, wl_wire_encode_hello(payload, &hello));
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_HELLO_REPLY, 4), 0);
	strangers = worker_dropped(&fixture, WL_FRAME_UNKNOWN_SENDER);
	CU_ASSERT(strangers > 0);

	fourth = newcomer(4, true);
	wl_worker_meet(&fixture.worker, &fourth);
	CU_ASSERT_EQUAL(hellos(4), 1);
	worker_fixture_say(&fixture, wl_identity_of_node(4, 0), WL_WIRE_HELLO, WORKER_FIRST,
			   payload, wl_wire_encode_hello(payload, &hello));
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_HELLO_REPLY, 4), 1);
	CU_ASSERT_EQUAL(worker_dropped(&fixture, WL_FRAME_UNKNOWN_SENDER), strangers);
	CU_ASSERT_EQUAL(fixture.journals[0].replica.config.priority[4], 80);
	CU_ASSERT_EQUAL(fixture.journals[1].replica.config.priority[4], 80);
	worker_fixture_fini(&fixture);
}

static void who_has_no_address_yet_is_greeted_when_control_tells_it(void)
{
	struct wl_plane_message told = {.verb = WL_PLANE_NEIGHBOUR};
	struct wl_worker_newcomer fourth;

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	fourth = newcomer(4, false);
	fourth.address.ipv4 ^= 0x40;
	wl_worker_meet(&fixture.worker, &fourth);
	CU_ASSERT_EQUAL(hellos(4), 0);
	told.ipv4 = fourth.address.ipv4;
	memset(told.mac, 6, sizeof(told.mac));
	CU_ASSERT(wl_ring_push(&fixture.plane.down, &told));
	CU_ASSERT_EQUAL(hellos(4), 1);
	worker_fixture_fini(&fixture);
}

static void who_was_met_is_no_member_before_the_log_says_so(void)
{
	struct wl_worker_newcomer fourth;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fourth = newcomer(4, true);
	wl_worker_meet(&fixture.worker, &fourth);
	worker_fixture_turns(&fixture, 2000);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_APPEND, 4), 0);
	CU_ASSERT_FALSE(wl_members_has(wl_replica_list(&fixture.journals[0].replica)->voters, 4));
	worker_fixture_fini(&fixture);
}

/* Two that heard each other from a wrong card last, as after a damaged envelope that no tag covers, both send to nobody. */
static void who_is_silent_is_looked_for_where_control_said_that_it_is(void)
{
	struct wl_plane_message told = {.verb = WL_PLANE_NEIGHBOUR};
	struct wl_remote *peer = &fixture.worker.rx.peers[3];

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	told.ipv4 = peer->address.ipv4;
	memset(told.mac, 6, sizeof(told.mac));
	CU_ASSERT(wl_ring_push(&fixture.plane.down, &told));
	worker_fixture_turn(&fixture);

	peer->address.mac[1] ^= 0x10; /* heard from there, and answered there */
	worker_fixture_turns(&fixture, 10);
	CU_ASSERT_EQUAL(peer->address.mac[1], 0x16);
	peer->last_heard_ns = fixture.now_ns;
	fixture.now_ns += 201000000;
	CU_ASSERT_EQUAL(hellos(3), 1);
	CU_ASSERT_EQUAL(peer->address.mac[1], 6);
	CU_ASSERT_EQUAL(peer->address.ipv4, told.ipv4);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_meet)
{
	WL_TEST(who_is_met_is_greeted_and_heard),
	WL_TEST(who_has_no_address_yet_is_greeted_when_control_tells_it),
	WL_TEST(who_was_met_is_no_member_before_the_log_says_so),
	WL_TEST(who_is_silent_is_looked_for_where_control_said_that_it_is),
};
