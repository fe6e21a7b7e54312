/* SPDX-License-Identifier: BSD-3-Clause */
/* What frames of those without the key cost a receiver: counted are keys derived and tags computed. */
#include "tests/unit/dataplane/transport/rx_fixture.h"

static uint64_t keys_derived(void)
{
	return wl_count_get(&counters, WL_COUNTER_keys_derived);
}

static uint64_t tags_checked(void)
{
	return wl_count_get(&counters, WL_COUNTER_tags_checked);
}

/* As somebody without the key would: a tag of its own invention. */
static void make_forged_frame(void)
{
	make_frame();
	bytes[WL_FRAME_ENVELOPE_BYTES + WL_FRAME_TAG_OFFSET] ^= 1;
	close_again(frame.size - WL_FRAME_ENVELOPE_BYTES);
}

static void what_no_tag_could_make_good_costs_no_key_and_no_tag(void)
{
	uint64_t keys, tags;

	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	keys = keys_derived(), tags = tags_checked();
	for (unsigned at = 0; at < 1000; at++) {
		header.sequence = 1; /* seen */
		make_forged_frame();
		CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_REPLAYED);
		header.sequence = 100 + at;
		header.destination_boot = OUR_BOOT - 1 - at; /* another boot of ours */
		make_forged_frame();
		CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_UNPROVEN);
		header.destination_boot = OUR_BOOT;
	}
	header.sender = CLIENT; /* who has no place says nothing but a challenge */
	header.sender_boot = CLIENT_BOOT;
	header.type = WL_WIRE_CLIENT_APPEND;
	make_forged_frame();
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_UNPROVEN);
	header.type = WL_WIRE_KEEPALIVE;
	challenge = wl_remote_challenge(now_ns + WL_CHALLENGE_NS);
	make_forged_frame();
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_UNPROVEN);
	CU_ASSERT_EQUAL(keys_derived(), keys);
	CU_ASSERT_EQUAL(tags_checked(), tags);
	end();
}

static void copy_of_an_answered_question_costs_no_key(void)
{
	uint64_t keys;

	begin();
	header.type = WL_WIRE_HELLO;
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	header.destination_boot = 0;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	keys = keys_derived();
	for (unsigned at = 0; at < 1000; at++)
		CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_REPLAYED);
	CU_ASSERT_EQUAL(keys_derived(), keys);
	end();
}

static void strangers_have_a_share_of_a_turn_in_all_and_by_place(void)
{
	begin();
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	wl_rx_begin_turn(&rx);
	for (unsigned at = 0; at < 2000; at++) {
		header.sender = CLIENT + at;
		header.sender_boot = CLIENT_BOOT + at;
		sender_ipv4 = at < 1000 ? 0x0a0000fe : 0x0b000000 + at;
		make_forged_frame();
		if (at == 1000)
			CU_ASSERT_EQUAL(keys_derived(), WL_STRANGERS_OF_ONE);
		accept_in_turn();
	}
	CU_ASSERT_EQUAL(keys_derived(), WL_STRANGERS_CLIENTS);
	CU_ASSERT_EQUAL(dropped(WL_FRAME_FORGED), WL_STRANGERS_CLIENTS);
	CU_ASSERT_EQUAL(dropped(WL_FRAME_CROWDED), 2000 - WL_STRANGERS_CLIENTS);

	wl_rx_begin_turn(&rx);
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	end();
}

static void flood_of_strangers_takes_nothing_from_nodes_and_known_clients(void)
{
	begin();
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	header.type = WL_WIRE_KEEPALIVE;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	wl_rx_begin_turn(&rx);
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	for (unsigned at = 0; at < 1000; at++) {
		header.sender = CLIENT + 1 + at;
		make_forged_frame();
		accept_in_turn();
		header.sender = wl_identity_of_node(3, 0); /* and one that says it is node 3 */
		header.sender_boot = PEER_BOOT + at;
		make_forged_frame();
		accept_in_turn();
		header.sender_boot = CLIENT_BOOT;
	}
	CU_ASSERT_EQUAL(keys_derived(), 1 + WL_STRANGERS_OF_ONE + WL_STRANGERS_OF_NODE);

	header.sender = NODE_2; /* that starts anew */
	header.sender_boot = PEER_BOOT;
	make_frame();
	CU_ASSERT_EQUAL(accept_in_turn(), WL_FRAME_OK);
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	header.type = WL_WIRE_CLIENT_APPEND;
	header.destination_boot = OUR_BOOT;
	header.sequence = 2;
	make_frame();
	CU_ASSERT_EQUAL(accept_in_turn(), WL_FRAME_OK);
	end();
}

/* Its address is no secret, but whoever cannot send from there leaves it its share. */
static void node_that_starts_anew_is_heard_beside_who_says_it_is_that_node(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	wl_rx_begin_turn(&rx);
	header.sequence = 1;
	sender_ipv4 = 0x0a0000fe;
	for (unsigned at = 0; at < 1000; at++) {
		header.sender_boot = PEER_BOOT + ((uint64_t)(2 + at) << 32);
		make_forged_frame();
		accept_in_turn();
	}
	CU_ASSERT_EQUAL(keys_derived(), 1 + WL_STRANGERS_OF_NODE);
	sender_ipv4 = 0x0a000002;
	header.sender_boot = PEER_BOOT + ((uint64_t)1 << 32);
	make_frame();
	CU_ASSERT_EQUAL(accept_in_turn(), WL_FRAME_OK);
	end();
}

WL_SUITE(rx_flood)
{
	WL_TEST(what_no_tag_could_make_good_costs_no_key_and_no_tag),
	WL_TEST(copy_of_an_answered_question_costs_no_key),
	WL_TEST(strangers_have_a_share_of_a_turn_in_all_and_by_place),
	WL_TEST(flood_of_strangers_takes_nothing_from_nodes_and_known_clients),
	WL_TEST(node_that_starts_anew_is_heard_beside_who_says_it_is_that_node),
};
