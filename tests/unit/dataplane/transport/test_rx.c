/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes in, by who sends it and what is wrong with it. Each refused frame is counted under exactly one reason and
 * changes nothing that is known of any sender; that nothing is answered is in the signature: rx has no way to send.
 */
#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/transport/rx_fixture.h"

static uint64_t dropped_in_all(void)
{
	uint64_t sum = 0;

	for (unsigned verdict = 0; verdict < WL_FRAME_VERDICTS; verdict++)
		sum += counters.dropped[verdict];
	return sum;
}

/* The frame that lies ready is refused for this reason, counted once under it, and changes nothing. */
static void assert_refused(enum wl_frame_verdict reason)
{
	static struct wl_remote peers_before[WIRELOG_NODES_MAX + 1], clients_before[CLIENTS];
	uint64_t all = dropped_in_all(), of_reason = dropped(reason);

	memcpy(peers_before, rx.peers, sizeof(peers_before));
	memcpy(clients_before, clients, sizeof(clients_before));
	CU_ASSERT_EQUAL(accept_frame(), reason);
	CU_ASSERT_EQUAL(dropped(reason), of_reason + 1);
	CU_ASSERT_EQUAL(dropped_in_all(), all + 1);
	CU_ASSERT_EQUAL(memcmp(peers_before, rx.peers, sizeof(peers_before)), 0);
	CU_ASSERT_EQUAL(memcmp(clients_before, clients, sizeof(clients_before)), 0);
}

static void frame_of_a_peer_is_taken_and_tells_who_sent_it(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);

	CU_ASSERT_EQUAL(message.type, WL_WIRE_APPEND_ACK);
	CU_ASSERT_EQUAL(message.journal, 3);
	CU_ASSERT_EQUAL(message.link, 6);
	CU_ASSERT_EQUAL(message.bytes, 20);
	CU_ASSERT_PTR_EQUAL(message.payload,
			    bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES);
	CU_ASSERT_PTR_EQUAL(message.from, &rx.peers[2]);
	CU_ASSERT_EQUAL(rx.peers[2].boot_id, PEER_BOOT);
	CU_ASSERT_EQUAL(rx.peers[2].address.ipv4, 0x0a000002);
	CU_ASSERT_EQUAL(rx.peers[2].address.udp_port, 7701);
	CU_ASSERT_EQUAL(rx.peers[2].address.link, 6);
	CU_ASSERT_EQUAL(rx.peers[2].last_heard_ns, now_ns);
	CU_ASSERT_EQUAL(dropped_in_all(), 0);
	end();
}

static void frame_that_ends_early_is_refused_at_every_length(void)
{
	begin();
	make_frame();
	for (uint16_t size = 0; size < WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + 20;
	     size++) {
		frame.size = size;
		assert_refused(size < 34 ? WL_FRAME_SHORT : WL_FRAME_BAD_IPV4);
	}
	end();
}

static void datagram_shorter_or_longer_than_its_header_says_is_refused(void)
{
	begin();
	make_frame();
	close_again(WL_FRAME_HEADER_BYTES + 19);
	assert_refused(WL_FRAME_BAD_LENGTH);
	make_frame();
	close_again(WL_FRAME_HEADER_BYTES + 21);
	assert_refused(WL_FRAME_BAD_LENGTH);
	make_frame();
	close_again(WL_FRAME_HEADER_BYTES - 1);
	assert_refused(WL_FRAME_SHORT);
	make_frame();
	close_again(3);
	assert_refused(WL_FRAME_NOT_WIRELOG);
	end();
}

static void foreign_traffic_is_refused_with_its_reason(void)
{
	begin();
	make_frame();
	wl_store_be16(bytes + 12, 0x8100);
	assert_refused(WL_FRAME_VLAN);
	make_frame();
	wl_store_be16(bytes + 12, 0x86dd);
	assert_refused(WL_FRAME_NOT_IPV4);
	make_frame();
	bytes[14 + 8]++;
	assert_refused(WL_FRAME_BAD_IPV4);
	make_frame();
	bytes[WL_FRAME_ENVELOPE_BYTES + 100 - 42]++;
	assert_refused(WL_FRAME_BAD_UDP);
	make_frame();
	rx.udp_port++;
	assert_refused(WL_FRAME_OTHER_ADDRESS);
	rx.udp_port--;
	rx.ipv4++;
	assert_refused(WL_FRAME_OTHER_ADDRESS);
	rx.ipv4--;
	bytes[WL_FRAME_ENVELOPE_BYTES] = 'w';
	close_again(WL_FRAME_HEADER_BYTES + 20);
	assert_refused(WL_FRAME_NOT_WIRELOG);
	end();
}

static void arp_and_icmp_are_handed_on_and_not_counted(void)
{
	begin();
	make_frame();
	wl_store_be16(bytes + 12, 0x0806);
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_ARP);
	CU_ASSERT_EQUAL(dropped_in_all(), 0);
	end();
}

static void frame_of_another_version_is_refused(void)
{
	begin();
	make_frame();
	bytes[WL_FRAME_ENVELOPE_BYTES + 4] = WL_FRAME_VERSION + 1;
	close_again(WL_FRAME_HEADER_BYTES + 20);
	assert_refused(WL_FRAME_BAD_VERSION);
	end();
}

static void frame_with_reserved_bits_is_refused(void)
{
	begin();
	make_frame();
	bytes[WL_FRAME_ENVELOPE_BYTES + 51] = 1;
	close_again(WL_FRAME_HEADER_BYTES + 20);
	assert_refused(WL_FRAME_BAD_RESERVED);
	end();
}

static void frame_of_another_cluster_is_refused(void)
{
	begin();
	header.cluster++;
	make_frame();
	assert_refused(WL_FRAME_OTHER_CLUSTER);
	end();
}

static void frame_for_another_node_or_worker_is_refused(void)
{
	begin();
	header.destination = wl_identity_of_node(3, 0);
	make_frame();
	assert_refused(WL_FRAME_OTHER_DESTINATION);
	header.destination = wl_identity_of_node(1, 1);
	make_frame();
	assert_refused(WL_FRAME_OTHER_DESTINATION);
	end();
}

static void frame_of_a_node_that_is_not_configured_is_refused(void)
{
	const wl_identity strangers[] = {0,
					 wl_identity_of_node(1, 0),
					 wl_identity_of_node(4, 0),
					 wl_identity_of_node(2, 1),
					 wl_identity_of_node(8, 0),
					 0x7fffffff};

	begin();
	for (unsigned at = 0; at < sizeof(strangers) / sizeof(strangers[0]); at++) {
		header.sender = strangers[at];
		make_frame();
		assert_refused(WL_FRAME_UNKNOWN_SENDER);
	}
	header.sender = NODE_2;
	header.sender_boot = 0; /* nobody runs in boot 0 */
	make_frame();
	assert_refused(WL_FRAME_UNKNOWN_SENDER);
	end();
}

static void every_flipped_bit_of_an_authentic_frame_is_refused(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sequence = 2;
	for (unsigned bit = 0; bit < (WL_FRAME_HEADER_BYTES + 20) * 8; bit++) {
		enum wl_frame_verdict verdict;
		uint64_t all = dropped_in_all();

		make_frame();
		bytes[WL_FRAME_ENVELOPE_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
		close_again(WL_FRAME_HEADER_BYTES + 20);
		verdict = accept_frame();
		CU_ASSERT_NOT_EQUAL(verdict, WL_FRAME_OK);
		CU_ASSERT_EQUAL(dropped_in_all(), all + 1);
		/* Behind the fields that say for whom, from whom and when it is, only the tag can notice. */
		if ((bit / 8 >= 24 && bit / 8 < 32) || bit / 8 >= 56)
			CU_ASSERT_EQUAL(verdict, WL_FRAME_FORGED);
	}
	CU_ASSERT_EQUAL(rx.peers[2].replay.highest, 1);
	end();
}

static void frame_of_another_cluster_secret_is_of_another_key(void)
{
	static const uint8_t other[WL_AUTH_SECRET_BYTES] = "another secret.";
	struct wl_auth ours;

	begin();
	ours = auth;
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, other), 0);
	make_frame();
	rx.auth = &ours;
	assert_refused(WL_FRAME_OTHER_KEY);
	wl_auth_fini(&ours);
	end();
}

static void frame_without_a_tag_is_forged_unless_the_node_is_insecure(void)
{
	struct wl_auth insecure;

	begin();
	make_frame();
	memset(bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_TAG_OFFSET, 0, WL_AUTH_TAG_BYTES);
	close_again(WL_FRAME_HEADER_BYTES + 20);
	assert_refused(WL_FRAME_FORGED);
	memset(bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_KEY_OFFSET, 0, 4);
	close_again(WL_FRAME_HEADER_BYTES + 20);
	assert_refused(WL_FRAME_OTHER_KEY);

	CU_ASSERT_EQUAL(wl_auth_init(&insecure, NULL), 0);
	rx.auth = &insecure;
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	header.sequence++;
	make_frame(); /* and an insecure node takes no key at all */
	assert_refused(WL_FRAME_OTHER_KEY);
	end();
}

static void frame_that_comes_twice_is_a_replay(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	assert_refused(WL_FRAME_REPLAYED);
	header.sequence = 5000;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sequence = 5000 - WL_REPLAY_WINDOW; /* so old that nobody knows any more */
	make_frame();
	assert_refused(WL_FRAME_REPLAYED);
	header.sequence = 4999; /* late, but new */
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	end();
}

static void frame_with_sequence_zero_teaches_nothing(void)
{
	begin();
	header.sequence = 0;
	make_frame();
	assert_refused(WL_FRAME_REPLAYED);
	CU_ASSERT_EQUAL(rx.peers[2].boot_id, 0);
	end();
}

static void frame_that_was_recorded_before_our_start_is_unproven(void)
{
	begin();
	header.destination_boot = OUR_BOOT - 1;
	make_frame();
	assert_refused(WL_FRAME_UNPROVEN);
	header.destination_boot = 0;
	make_frame();
	assert_refused(WL_FRAME_UNPROVEN);
	end();
}

static void frame_of_an_older_boot_of_its_sender_is_refused(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sender_boot = (uint64_t)2 << 32 | 9;
	header.sequence = 100;
	make_frame();
	assert_refused(WL_FRAME_OLD_BOOT);
	end();
}

static void floor_that_was_remembered_refuses_older_boots_after_a_restart_of_ours(void)
{
	begin();
	rx.peers[2].boot_floor = (uint64_t)4 << 32;
	make_frame(); /* boot 3 */
	assert_refused(WL_FRAME_OLD_BOOT);
	header.sender_boot = (uint64_t)5 << 32 | 1;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	end();
}

static void newer_boot_of_a_peer_begins_a_new_window(void)
{
	begin();
	header.sequence = 9000;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sender_boot = (uint64_t)4 << 32 | 1;
	header.sequence = 1;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	CU_ASSERT_EQUAL(rx.peers[2].boot_id, header.sender_boot);
	CU_ASSERT_EQUAL(rx.peers[2].replay.highest, 1);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_remote_new_boot), 2);
	end();
}

static void come_from_elsewhere(uint64_t boot)
{
	sender_ipv4 = 0x0a000004;
	header.sender_boot = boot << 32 | 1;
	header.sequence = 1;
}

static void newer_boot_at_another_address_does_not_push_out_a_node_that_is_heard(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	come_from_elsewhere(4);
	make_frame();
	assert_refused(WL_FRAME_DUPLICATE_ID);
	CU_ASSERT_EQUAL(rx.peers[2].boot_id, PEER_BOOT);
	CU_ASSERT_EQUAL(rx.claims.twin[2].address.ipv4, 0x0a000004);
	CU_ASSERT_EQUAL(rx.claims.twin[2].boot_id, header.sender_boot);
	CU_ASSERT(wl_rx_hears_twin(&rx, 2, now_ns));
	now_ns += ALIVE_NS; /* the owner was silent as long: its id is free */
	header.sequence = 2;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	CU_ASSERT_EQUAL(rx.peers[2].boot_id, header.sender_boot);
	end();
}

static void older_boot_at_another_address_is_a_second_server_too(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	come_from_elsewhere(2);
	make_frame();
	assert_refused(WL_FRAME_OLD_BOOT);
	CU_ASSERT(wl_rx_hears_twin(&rx, 2, now_ns));
	end();
}

static void late_frame_of_the_boot_before_is_no_second_server(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sender_boot = (uint64_t)4 << 32 | 1;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	sender_ipv4 = 0x0a000004; /* it had another card then */
	header.sender_boot = PEER_BOOT;
	header.sequence = 2;
	make_frame();
	assert_refused(WL_FRAME_OLD_BOOT);
	CU_ASSERT_FALSE(wl_rx_hears_twin(&rx, 2, now_ns));
	end();
}

static void who_has_another_key_is_remembered_by_address_and_by_what_it_says_it_is(void)
{
	begin();
	make_frame();
	bytes[WL_FRAME_ENVELOPE_BYTES + WL_FRAME_TAG_OFFSET] ^= 1;
	close_again(WL_FRAME_HEADER_BYTES + 20);
	assert_refused(WL_FRAME_FORGED);
	CU_ASSERT_EQUAL(rx.claims.refused[2].why, WL_FRAME_FORGED);
	CU_ASSERT_EQUAL(rx.claims.refused[2].address.ipv4, 0x0a000002);
	CU_ASSERT_EQUAL(rx.claims.refused[2].frames, 1);
	end();
}

static void boot_under_two_boot_ids_is_remembered_and_refused(void)
{
	begin();
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sender_boot = PEER_BOOT + 1; /* the same boot, other random bits */
	header.sequence = 2;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OLD_BOOT);
	CU_ASSERT_EQUAL(rx.peers[2].forked_boot, PEER_BOOT + 1);
	CU_ASSERT_EQUAL(rx.peers[2].boot_id, PEER_BOOT);
	end();
}

static void hello_asks_and_changes_nothing(void)
{
	static struct wl_remote before[WIRELOG_NODES_MAX + 1];

	begin();
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	memcpy(before, rx.peers, sizeof(before));
	for (unsigned times = 0; times < 3; times++, header.sequence++)
		CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);

	CU_ASSERT_PTR_NULL(message.from);
	CU_ASSERT_EQUAL(message.hello_identity, NODE_2);
	CU_ASSERT_EQUAL(message.hello_boot, PEER_BOOT);
	CU_ASSERT_EQUAL(message.hello_address.ipv4, 0x0a000002);
	CU_ASSERT_EQUAL(message.hello_address.link, 6);
	CU_ASSERT_EQUAL(memcmp(before, rx.peers, sizeof(before)), 0);

	header.destination_boot = OUR_BOOT; /* who knows our boot needs not ask */
	make_frame();
	assert_refused(WL_FRAME_UNPROVEN);
	end();
}

static void assert_answered_once(void)
{
	uint64_t copies = dropped(WL_FRAME_REPLAYED);

	make_frame();
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	for (unsigned times = 0; times < 100; times++)
		CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_REPLAYED);
	CU_ASSERT_EQUAL(dropped(WL_FRAME_REPLAYED) - copies, 100);
}

static void copy_of_a_question_is_not_answered(void)
{
	begin();
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	assert_answered_once(); /* of a peer before and after its boot is known, */
	rx.peers[2].boot_id = PEER_BOOT;
	wl_auth_derive(&auth, NODE_2, PEER_BOOT, &rx.peers[2].key);
	header.sequence = 2;
	assert_answered_once();
	header.sender = CLIENT; /* and of a client */
	header.sender_boot = CLIENT_BOOT;
	for (header.sequence = 1; header.sequence < 20; header.sequence++)
		assert_answered_once();
	end();
}

static void hello_for_whoever_is_there_is_taken_and_nothing_else_is(void)
{
	begin();
	header.destination = 0;
	make_frame();
	assert_refused(WL_FRAME_OTHER_DESTINATION);
	header.destination_boot = 0;
	make_frame();
	assert_refused(WL_FRAME_OTHER_DESTINATION);
	header.type = WL_WIRE_HELLO;
	header.sender = CLIENT;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	CU_ASSERT_EQUAL(message.hello_identity, CLIENT);
	header.destination = wl_identity_of_node(2, 0); /* but not one for another node */
	make_frame();
	assert_refused(WL_FRAME_OTHER_DESTINATION);
	end();
}

static void type_that_the_sender_may_not_say_is_refused(void)
{
	static const uint8_t of_nodes[] = {
		WL_WIRE_HELLO_REPLY, WL_WIRE_GREETING,	     WL_WIRE_PATH_PROBE,
		WL_WIRE_PATH_ECHO,   WL_WIRE_APPEND,	     WL_WIRE_APPEND_ACK,
		WL_WIRE_PRE_VOTE,    WL_WIRE_PRE_VOTE_REPLY, WL_WIRE_VOTE,
		WL_WIRE_VOTE_REPLY,  WL_WIRE_TIMEOUT_NOW,    WL_WIRE_CHAIN,
		WL_WIRE_PROPOSE,     WL_WIRE_CHAIN_ASK,	     WL_WIRE_CHAIN_TOLD,
		WL_WIRE_BASE_ASK,    WL_WIRE_BASE_PART,	     WL_WIRE_MEND_ASK,
		WL_WIRE_MEND_PART,   WL_WIRE_READ_ASK,	     WL_WIRE_READ_TOLD,
		WL_WIRE_BUILD,	     WL_WIRE_STATUS_ASK,     WL_WIRE_STATUS_PART};
	static const uint8_t of_clients[] = {WL_WIRE_OPEN_SESSION, WL_WIRE_CLIENT_APPEND,
					     WL_WIRE_SUBSCRIBE,	   WL_WIRE_CREDIT,
					     WL_WIRE_UNSUBSCRIBE,  WL_WIRE_KEEPALIVE,
					     WL_WIRE_GOODBYE,	   WL_WIRE_PATH_PROBE,
					     WL_WIRE_CONSUMER_ASK, WL_WIRE_END_ASK,
					     WL_WIRE_OUTCOME_ASK,  WL_WIRE_STATUS_ASK};

	begin();
	header.type = WL_WIRE_KEEPALIVE;
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	for (unsigned type = 0; type < 256; type++) {
		bool node_may = memchr(of_nodes, (int)type, sizeof(of_nodes)) != NULL;
		bool client_may = memchr(of_clients, (int)type, sizeof(of_clients)) != NULL;

		if (type == WL_WIRE_HELLO)
			continue;
		header.type = (uint8_t)type;
		header.sequence++;
		header.sender = NODE_2;
		header.sender_boot = PEER_BOOT;
		make_frame();
		if (node_may) {
			CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
		} else {
			assert_refused(WL_FRAME_UNKNOWN_TYPE);
		}
		header.sender = CLIENT;
		header.sender_boot = CLIENT_BOOT;
		make_frame();
		if (client_may) {
			CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
		} else {
			assert_refused(WL_FRAME_UNKNOWN_TYPE);
		}
	}
	end();
}

static void say_as_client(wl_identity client, uint64_t boot_id, uint64_t sequence)
{
	header.type = WL_WIRE_KEEPALIVE;
	sender_ipv4 = 0x0a000100 + (client & 0xff); /* each on a host of its own */
	header.sender = client;
	header.sender_boot = boot_id;
	header.sequence = sequence;
	make_frame();
}

static void client_becomes_known_by_a_frame_that_names_our_boot(void)
{
	begin();
	say_as_client(CLIENT, CLIENT_BOOT, 1);
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	CU_ASSERT_PTR_EQUAL(message.from, wl_remote_table_find(&rx.clients, CLIENT));
	CU_ASSERT_EQUAL(message.from->boot_id, CLIENT_BOOT);
	assert_refused(WL_FRAME_REPLAYED);
	end();
}

static void client_under_another_boot_id_waits_until_the_old_one_is_silent(void)
{
	begin();
	say_as_client(CLIENT, CLIENT_BOOT, 1);
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	say_as_client(CLIENT, CLIENT_BOOT + 1, 1);
	assert_refused(WL_FRAME_OLD_BOOT);
	now_ns += IDLE_NS + 1;
	say_as_client(CLIENT, CLIENT_BOOT + 1, 1);
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	CU_ASSERT_EQUAL(message.from->boot_id, CLIENT_BOOT + 1);
	end();
}

static void one_client_more_than_there_are_places_is_refused(void)
{
	begin();
	for (uint32_t which = 1; which <= CLIENTS; which++) {
		say_as_client(WL_IDENTITY_CLIENT | which, CLIENT_BOOT, 1);
		CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	}
	say_as_client(WL_IDENTITY_CLIENT | 99, CLIENT_BOOT, 1);
	assert_refused(WL_FRAME_NO_TABLE_ROOM);
	CU_ASSERT_EQUAL(message.hello_identity, WL_IDENTITY_CLIENT | 99); /* it is told */
	CU_ASSERT_EQUAL(message.hello_boot, CLIENT_BOOT);
	assert_refused(WL_FRAME_REPLAYED); /* once */
	end();
}

static void client_gets_a_place_by_our_challenge_alone(void)
{
	begin();
	say_as_client(CLIENT, CLIENT_BOOT, 1);
	header.type = WL_WIRE_CREDIT;
	make_frame();
	assert_refused(WL_FRAME_UNPROVEN);
	header.type = WL_WIRE_KEEPALIVE;
	challenge = wl_remote_challenge(now_ns + 10); /* not given yet */
	make_frame();
	assert_refused(WL_FRAME_UNPROVEN);
	challenge = wl_remote_challenge(now_ns); /* too old */
	now_ns += WL_CHALLENGE_NS + 1;
	make_frame();
	assert_refused(WL_FRAME_UNPROVEN);
	challenge = 0;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.type = WL_WIRE_CREDIT;
	header.sequence = 2;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	end();
}

/* The others take all places, and are silent in their turn. */
static void push_out_client(void)
{
	now_ns += IDLE_NS + 1;
	for (uint32_t which = 1; which <= CLIENTS; which++) {
		say_as_client(WL_IDENTITY_CLIENT | (100 + which), CLIENT_BOOT, 1);
		CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	}
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&rx.clients, CLIENT));
	now_ns += IDLE_NS + 1;
}

static void old_frames_of_a_client_that_was_forgotten_prove_nothing(void)
{
	static uint8_t old[20][256];
	struct wl_frame frames[20];

	begin();
	for (unsigned which = 0; which < 20; which++) {
		header.sender = CLIENT;
		header.sender_boot = CLIENT_BOOT;
		header.sequence = which + 1;
		header.type = which == 0 ? WL_WIRE_KEEPALIVE : WL_WIRE_CREDIT;
		CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
		frames[which] = frame;
		frames[which].bytes = memcpy(old[which], bytes, frame.size);
	}
	push_out_client();
	for (unsigned which = 0; which < 20; which++) {
		frame = frames[which];
		assert_refused(WL_FRAME_UNPROVEN);
	}
	/* Nor once it is there again, above all that it said. */
	say_as_client(CLIENT, CLIENT_BOOT, 30);
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	for (unsigned which = 0; which < 20; which++) {
		frame = frames[which];
		assert_refused(WL_FRAME_REPLAYED);
	}
	header.type = WL_WIRE_CREDIT;
	header.sequence = 32;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	header.sequence = 31;
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	end();
}

/* Two challenges, one place: the second answer must not serve when the place is gone. */
static void challenge_given_before_a_place_was_had_is_void_when_it_is_lost(void)
{
	begin();
	challenge = wl_remote_challenge(now_ns);
	say_as_client(CLIENT, CLIENT_BOOT, 5); /* kept back by somebody */
	challenge = wl_remote_challenge(now_ns);
	say_as_client(CLIENT, CLIENT_BOOT, 6);
	CU_ASSERT_EQUAL(accept_frame(), WL_FRAME_OK);
	challenge = 0;
	push_out_client();
	challenge = wl_remote_challenge(10 * IDLE_NS);
	say_as_client(CLIENT, CLIENT_BOOT, 5);
	assert_refused(WL_FRAME_UNPROVEN);
	end();
}

static void what_is_broken_is_named(void)
{
	begin();
	CU_ASSERT_PTR_NULL(wl_rx_check(&rx));

	rx.peers[1].boot_id = PEER_BOOT;
	CU_ASSERT_NSTRING_EQUAL(wl_rx_check(&rx), "X1", 2);
	rx.peers[1].boot_id = 0;
	rx.peers[3].identity = NODE_2;
	CU_ASSERT_NSTRING_EQUAL(wl_rx_check(&rx), "X2", 2);
	rx.peers[3].identity = wl_identity_of_node(3, 0);
	rx.clients.count = 1;
	CU_ASSERT_NSTRING_EQUAL(wl_rx_check(&rx), "X3", 2);
	rx.clients.used = 1;
	CU_ASSERT_NSTRING_EQUAL(wl_rx_check(&rx), "X3", 2);
	rx.clients.oldest = rx.clients.newest = 1;
	CU_ASSERT_PTR_NULL(wl_rx_check(&rx));
	rx.strangers.nodes[2][1] = WL_STRANGERS_OF_NODE + 1;
	CU_ASSERT_NSTRING_EQUAL(wl_rx_check(&rx), "X4", 2);
	end();
}

WL_SUITE(rx)
{
	WL_TEST(frame_of_a_peer_is_taken_and_tells_who_sent_it),
	WL_TEST(frame_that_ends_early_is_refused_at_every_length),
	WL_TEST(datagram_shorter_or_longer_than_its_header_says_is_refused),
	WL_TEST(foreign_traffic_is_refused_with_its_reason),
	WL_TEST(arp_and_icmp_are_handed_on_and_not_counted),
	WL_TEST(frame_of_another_version_is_refused),
	WL_TEST(frame_with_reserved_bits_is_refused),
	WL_TEST(frame_of_another_cluster_is_refused),
	WL_TEST(frame_for_another_node_or_worker_is_refused),
	WL_TEST(frame_of_a_node_that_is_not_configured_is_refused),
	WL_TEST(every_flipped_bit_of_an_authentic_frame_is_refused),
	WL_TEST(frame_of_another_cluster_secret_is_of_another_key),
	WL_TEST(frame_without_a_tag_is_forged_unless_the_node_is_insecure),
	WL_TEST(frame_that_comes_twice_is_a_replay),
	WL_TEST(frame_with_sequence_zero_teaches_nothing),
	WL_TEST(frame_that_was_recorded_before_our_start_is_unproven),
	WL_TEST(frame_of_an_older_boot_of_its_sender_is_refused),
	WL_TEST(floor_that_was_remembered_refuses_older_boots_after_a_restart_of_ours),
	WL_TEST(newer_boot_of_a_peer_begins_a_new_window),
	WL_TEST(newer_boot_at_another_address_does_not_push_out_a_node_that_is_heard),
	WL_TEST(older_boot_at_another_address_is_a_second_server_too),
	WL_TEST(late_frame_of_the_boot_before_is_no_second_server),
	WL_TEST(who_has_another_key_is_remembered_by_address_and_by_what_it_says_it_is),
	WL_TEST(boot_under_two_boot_ids_is_remembered_and_refused),
	WL_TEST(hello_asks_and_changes_nothing),
	WL_TEST(hello_for_whoever_is_there_is_taken_and_nothing_else_is),
	WL_TEST(type_that_the_sender_may_not_say_is_refused),
	WL_TEST(client_becomes_known_by_a_frame_that_names_our_boot),
	WL_TEST(client_under_another_boot_id_waits_until_the_old_one_is_silent),
	WL_TEST(one_client_more_than_there_are_places_is_refused),
	WL_TEST(copy_of_a_question_is_not_answered),
	WL_TEST(client_gets_a_place_by_our_challenge_alone),
	WL_TEST(old_frames_of_a_client_that_was_forgotten_prove_nothing),
	WL_TEST(challenge_given_before_a_place_was_had_is_void_when_it_is_lost),
	WL_TEST(what_is_broken_is_named),
};
