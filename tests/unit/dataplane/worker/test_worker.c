/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

static struct wl_replica *replica(unsigned journal)
{
	return &fixture.journals[journal].replica;
}

/* A record in the open entry of a journal that is led. */
static void append(unsigned journal)
{
	struct wl_record_header record = {7, fixture.journals[journal].log.next_number, 64,
					  WL_RECORD_DATA};
	static const uint8_t payload[64];
	struct wl_appended appended;

	CU_ASSERT_EQUAL(wl_replica_append_record(replica(journal), &record, payload, 1, &appended),
			0);
}

/* ---- order inside a turn ---- */

static void turn_without_anything_to_do_returns_zero(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_turns(&fixture, 10);
	CU_ASSERT_EQUAL(worker_fixture_turn(&fixture), 0);
	CU_ASSERT(worker_count(&fixture, WL_COUNTER_turns_idle) > 0);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_turns), 11);
	worker_fixture_fini(&fixture);
}

static void fence_that_waits_is_obeyed_before_anything_leaves(void)
{
	struct wl_plane_message told;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	append(0);
	worker_fixture_turn(&fixture);
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_command(&fixture, 0, WL_PLANE_FENCE, 0);
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 0);
	fixture.now_ns += 2000000; /* a heartbeat is due as well */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_APPEND, 2), 0);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_APPEND, 3), 0);
	CU_ASSERT_EQUAL(replica(0)->commit, 1);
	CU_ASSERT(worker_fixture_told(&fixture, WL_PLANE_FENCED, &told));
	worker_fixture_fini(&fixture);
}

/* A worker that was stopped for long finds much in its ring; the fence is behind all of it. */
static void fence_behind_a_full_ring_is_obeyed_before_anything_leaves(void)
{
	struct wl_plane_message news = {.verb = WL_PLANE_NEIGHBOUR, .ipv4 = 0x0a0000fe};

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	for (unsigned at = 0; at < WL_PLANE_SLOTS - WORKER_JOURNALS; at++)
		CU_ASSERT(wl_ring_push(&fixture.plane.down, &news));
	worker_fixture_command(&fixture, 0, WL_PLANE_FENCE, 0);
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 0);
	fixture.now_ns += 2000000;
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_APPEND, 2), 0);
	CU_ASSERT_EQUAL(replica(0)->view.role, WL_ROLE_FENCED);
	CU_ASSERT_EQUAL(replica(1)->view.role, WL_ROLE_FENCED);
	worker_fixture_fini(&fixture);
}

static void completion_counts_in_the_turn_that_takes_it(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	append(0);
	worker_fixture_turn(&fixture); /* sealed, sent, written */
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_APPEND, 2), 1);
	CU_ASSERT_EQUAL(replica(0)->commit, 1);
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(replica(0)->commit, 2);
	worker_fixture_fini(&fixture);
}

static void time_that_falls_stops_the_node(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_turn(&fixture);
	WL_ASSERT_STOPS(wl_worker_turn(&fixture.worker, fixture.now_ns - 1, 1));
	worker_fixture_fini(&fixture);
}

static void longest_turn_is_remembered(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_turns(&fixture, 2);
	fixture.now_ns += 700000;
	worker_fixture_turns(&fixture, 3);
	CU_ASSERT_EQUAL(atomic_load(&fixture.worker.counters.longest_turn_ns),
			700000 + WORKER_TURN_NS);
	worker_fixture_fini(&fixture);
}

static void port_is_tended_and_status_published_about_once_a_millisecond(void)
{
	struct wl_journal_status status;

	worker_fixture_init(&fixture);
	worker_fixture_turns(&fixture, 500);
	CU_ASSERT(fixture.tended >= 5 && fixture.tended <= 6);
	CU_ASSERT(wl_published_read(&fixture.journals[1].published, &status));
	CU_ASSERT_EQUAL(status.journal, WORKER_SECOND);
	CU_ASSERT_EQUAL(status.segments_ready, fixture.journals[1].log.segments_ready);
	worker_fixture_fini(&fixture);
}

/* ---- who is meant ---- */

static void command_moves_only_the_journal_that_it_names(void)
{
	struct wl_plane_message nobody = {.verb = WL_PLANE_FENCE, .journal = 3};

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 0);
	nobody.view.number = 1000;
	wl_ring_push(&fixture.plane.down, &nobody);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(replica(0)->view.role, WL_ROLE_LEADER);
	CU_ASSERT_EQUAL(replica(1)->view.role, WL_ROLE_FENCED);
	worker_fixture_fini(&fixture);
}

static void frame_is_for_the_journal_that_it_names(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	append(0);
	append(1);
	worker_fixture_turn(&fixture);
	worker_fixture_acknowledge(&fixture, 2, 1);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(replica(0)->commit, 1);
	CU_ASSERT_EQUAL(replica(1)->commit, 2);
	worker_fixture_fini(&fixture);
}

static void frame_for_a_journal_of_somebody_else_is_dropped_and_counted(void)
{
	uint8_t payload[WL_WIRE_APPEND_ACK_BYTES + 64] = {0};

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	worker_fixture_say(&fixture, wl_identity_of_node(2, 0), WL_WIRE_APPEND_ACK, 3, payload,
			   WL_WIRE_APPEND_ACK_BYTES);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_dropped(&fixture, WL_FRAME_BAD_PAYLOAD), 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_ack_received), 0);
	worker_fixture_fini(&fixture);
}

static void message_that_does_not_decode_is_counted_and_reaches_nobody(void)
{
	static const uint8_t types[] = {WL_WIRE_APPEND, WL_WIRE_APPEND_ACK, WL_WIRE_HELLO_REPLY};
	uint8_t payload[5] = {1, 2, 3, 4, 5};

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	for (unsigned at = 0; at < sizeof(types); at++)
		worker_fixture_say(&fixture, wl_identity_of_node(2, 0), types[at], WORKER_FIRST,
				   payload, sizeof(payload));
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_dropped(&fixture, WL_FRAME_BAD_PAYLOAD), 3);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_ack_received), 0);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_append_frames_received), 0);
	worker_fixture_fini(&fixture);
}

/* The type says who may say it: a client that speaks like a node has no node id. */
static void client_that_speaks_like_a_node_is_not_heard(void)
{
	struct wl_wire_keepalive keepalive = {.nonce = 5};
	uint8_t payload[WL_WIRE_APPEND_ACK_BYTES + 64] = {0};

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	keepalive.challenge = wl_remote_challenge(fixture.now_ns);
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_KEEPALIVE, WORKER_FIRST, payload,
			   wl_wire_encode_keepalive(payload, &keepalive));
	memset(payload, 0, sizeof(payload));
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_APPEND_ACK, WORKER_FIRST, payload,
			   WL_WIRE_APPEND_ACK_BYTES);
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_VOTE, WORKER_FIRST, payload,
			   WL_WIRE_VOTE_BYTES);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_dropped(&fixture, WL_FRAME_UNKNOWN_TYPE), 2);
	CU_ASSERT_EQUAL(wl_ring_count(&fixture.plane.punt_up), 0);
	worker_fixture_fini(&fixture);
}

static void every_frame_goes_back_to_the_port(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	for (unsigned at = 0; at < 100; at++)
		worker_fixture_say_arp(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.released, 104);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_rx_frames), 104);
	worker_fixture_fini(&fixture);
}

static void turn_takes_no_more_frames_than_its_bursts(void)
{
	worker_fixture_init(&fixture);
	for (unsigned at = 0; at < 400; at++)
		worker_fixture_say_arp(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT(fixture.heard_count > 0);
	CU_ASSERT_EQUAL(fixture.released % WL_BURST, 0);
	worker_fixture_turns(&fixture, 5);
	CU_ASSERT_EQUAL(fixture.heard_count, 0);
	worker_fixture_fini(&fixture);
}

/* ---- the slow path ---- */

static void vote_is_punted_to_control_with_who_sent_it(void)
{
	struct wl_wire_vote vote = {.term = 4, .last = {3, 9}};
	struct wl_punt punt;
	uint8_t payload[WL_WIRE_VOTE_BYTES];

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	wl_wire_encode_vote(payload, &vote);
	worker_fixture_say(&fixture, wl_identity_of_node(3, 0), WL_WIRE_VOTE, WORKER_SECOND,
			   payload, sizeof(payload));
	worker_fixture_turn(&fixture);
	CU_ASSERT(wl_ring_pop(&fixture.plane.punt_up, &punt));
	CU_ASSERT_EQUAL(punt.type, WL_WIRE_VOTE);
	CU_ASSERT_EQUAL(punt.node, 3);
	CU_ASSERT_EQUAL(punt.journal, WORKER_SECOND);
	CU_ASSERT_EQUAL(punt.boot_id, WORKER_PEER_BOOT);
	CU_ASSERT_EQUAL(punt.bytes, sizeof(payload));
	CU_ASSERT_EQUAL(memcmp(punt.data, payload, sizeof(payload)), 0);
	worker_fixture_fini(&fixture);
}

static void raw_frames_leave_half_of_the_ring_to_votes(void)
{
	uint8_t payload[WL_WIRE_VOTE_BYTES] = {0};
	struct wl_punt punt;
	bool vote = false;

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	for (unsigned at = 0; at < WL_PUNT_SLOTS; at++)
		worker_fixture_say_arp(&fixture);
	worker_fixture_say(&fixture, wl_identity_of_node(3, 0), WL_WIRE_VOTE, WORKER_FIRST, payload,
			   sizeof(payload));
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_EQUAL(wl_ring_count(&fixture.plane.punt_up), WL_PUNT_SLOTS / 2 + 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_punt_ring_full), WL_PUNT_SLOTS / 2);
	while (wl_ring_pop(&fixture.plane.punt_up, &punt))
		vote = punt.type == WL_WIRE_VOTE;
	CU_ASSERT(vote);
	worker_fixture_fini(&fixture);
}

static void vote_of_control_is_sent_to_a_greeted_node_alone(void)
{
	struct wl_punt punt = {.type = WL_WIRE_VOTE, .node = 2, .journal = WORKER_SECOND};
	const struct worker_sent *sent;

	worker_fixture_init(&fixture);
	punt.bytes = WL_WIRE_VOTE_BYTES;
	punt.data[0] = 0x5a;
	wl_ring_push(&fixture.plane.punt_down, &punt);
	worker_fixture_turn(&fixture);
	CU_ASSERT_PTR_NULL(worker_fixture_find(&fixture, WL_WIRE_VOTE, 2));
	worker_fixture_greet(&fixture);
	wl_ring_push(&fixture.plane.punt_down, &punt);
	punt.node = 0;
	wl_ring_push(&fixture.plane.punt_down, &punt);
	punt.node = WIRELOG_NODES_MAX + 1;
	wl_ring_push(&fixture.plane.punt_down, &punt);
	worker_fixture_turn(&fixture);
	sent = worker_fixture_find(&fixture, WL_WIRE_VOTE, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(sent->journal, WORKER_SECOND);
	CU_ASSERT_EQUAL(sent->destination_boot, WORKER_PEER_BOOT);
	CU_ASSERT_EQUAL(sent->payload[0], 0x5a);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_VOTE, 2), 1);
	worker_fixture_fini(&fixture);
}

static void raw_frame_of_control_is_sent_as_it_is(void)
{
	struct wl_punt punt = {.bytes = 60};
	const struct worker_sent *sent;

	worker_fixture_init(&fixture);
	memset(punt.data, 0x77, 60);
	wl_ring_push(&fixture.plane.punt_down, &punt);
	worker_fixture_turn(&fixture);
	sent = worker_fixture_find(&fixture, 0, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(sent->bytes, 60);
	CU_ASSERT_EQUAL(memcmp(sent->payload, punt.data, 60), 0);
	worker_fixture_fini(&fixture);
}

/* ---- greeting ---- */

static void peer_that_is_not_known_is_greeted_every_ten_milliseconds(void)
{
	unsigned hellos = 0;

	worker_fixture_init(&fixture);
	for (unsigned at = 0; at < 5000; at++) { /* 50 ms */
		worker_fixture_turn(&fixture);
		hellos += worker_fixture_count(&fixture, WL_WIRE_HELLO, 2);
	}
	CU_ASSERT(hellos >= 4 && hellos <= 6);
	worker_fixture_fini(&fixture);
}

static void answer_to_our_hello_makes_the_peer_known_and_tells_control(void)
{
	struct wl_plane_message told;

	worker_fixture_init(&fixture);
	CU_ASSERT_EQUAL(fixture.worker.rx.peers[2].boot_id, 0);
	worker_fixture_greet(&fixture);
	CU_ASSERT_EQUAL(fixture.worker.rx.peers[2].boot_id, WORKER_PEER_BOOT);
	CU_ASSERT(worker_fixture_told(&fixture, WL_PLANE_PEER_BOOT, &told));
	CU_ASSERT_EQUAL(told.node, 3);
	CU_ASSERT_EQUAL(told.boot_id, WORKER_PEER_BOOT);
	CU_ASSERT_EQUAL(told.incarnation, 1003);
	worker_fixture_fini(&fixture);
}

static void greeting_of_a_new_boot_is_answered_and_asked_back_at_once(void)
{
	struct wl_wire_hello hello = {.nonce = 5};
	struct wl_wire_hello_reply reply;
	const struct worker_sent *sent;
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
	fixture.now_ns += 20000000;
	worker_fixture_greet(&fixture);
	fixture.now_ns += 20000000;
	fixture.peer_boot[2] = (4ull << 32) | 5;
	wl_wire_encode_hello(payload, &hello);
	worker_fixture_say(&fixture, wl_identity_of_node(2, 0), WL_WIRE_HELLO, WORKER_FIRST,
			   payload, sizeof(payload));
	worker_fixture_turn(&fixture);
	sent = worker_fixture_find(&fixture, WL_WIRE_HELLO_REPLY, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT(wl_wire_decode_hello_reply(sent->payload, sent->bytes, &reply));
	CU_ASSERT_EQUAL(reply.nonce, 5);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_HELLO, 2), 1);
	CU_ASSERT_EQUAL(fixture.worker.rx.peers[2].boot_id,
			WORKER_PEER_BOOT); /* a HELLO proves nothing */
	worker_fixture_fini(&fixture);
}

static void answer_of(uint32_t node, uint64_t sessions)
{
	uint64_t facts[WL_FACTS];

	memcpy(facts, fixture.worker.config.facts, sizeof(facts));
	facts[WL_FACT_SESSIONS] += sessions;
	worker_fixture_say_greeting(&fixture, node, facts);
	worker_fixture_acknowledge(&fixture, node, 0);
	worker_fixture_turn(&fixture);
}

static void begin_greeted_anew(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.peer_boot[2] += 1ull << 32;
}

static void peer_that_has_not_greeted_under_its_boot_is_not_heard(void)
{
	begin_greeted_anew();
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_not_heard), 1);
	answer_of(2, 0);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_not_heard), 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_differs), 0);
	worker_fixture_fini(&fixture);
}

static void peer_that_differs_in_what_decides_is_told_by_name_and_not_heard(void)
{
	struct wl_plane_message told;
	uint64_t heard;

	begin_greeted_anew();
	heard = worker_count(&fixture, WL_COUNTER_ack_received);
	answer_of(2, 5);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_not_heard), 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_ack_received), heard);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_differs), 1);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_PEER_DIFFERS, &told));
	CU_ASSERT_EQUAL(told.node, 2);
	CU_ASSERT_STRING_EQUAL(wl_greeting_fact_name(told.reason), "limits.sessions");
	CU_ASSERT_EQUAL(told.theirs, told.ours + 5);
	answer_of(2, 5); /* known: not told again */
	CU_ASSERT_FALSE(worker_fixture_told(&fixture, WL_PLANE_PEER_DIFFERS, &told));
	worker_fixture_fini(&fixture);
}

static void difference_that_decides_nothing_is_told_and_the_peer_is_heard(void)
{
	struct wl_plane_message told;
	uint64_t facts[WL_FACTS];

	begin_greeted_anew();
	memcpy(facts, fixture.worker.config.facts, sizeof(facts));
	facts[WL_FACT_RECORD_BYTES]++;
	worker_fixture_say_greeting(&fixture, 2, facts);
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT(worker_fixture_told(&fixture, WL_PLANE_PEER_DIFFERS, &told));
	CU_ASSERT_STRING_EQUAL(wl_greeting_fact_name(told.reason), "limits.record_bytes");
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_peer_not_heard), 0);
	worker_fixture_fini(&fixture);
}

static void second_server_under_one_id_is_told_to_control_to_itself_and_to_the_owner(void)
{
	struct wl_wire_greeting said;
	const struct worker_sent *sent;
	struct wl_plane_message told;
	unsigned warned = 0, claimed = 0;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.elsewhere = true;
	fixture.peer_boot[2] += 1ull << 32;
	worker_fixture_say_greeting(&fixture, 2, NULL);
	for (unsigned at = 0; at < 30000; at++) { /* 300 ms; its owner is heard on */
		worker_fixture_turn(&fixture);
		for (unsigned one = 0; one < fixture.sent_count; one++) {
			sent = &fixture.sent[one];
			if (sent->type != WL_WIRE_GREETING ||
			    !wl_wire_decode_greeting(sent->payload, sent->bytes, &said))
				continue;
			warned += said.flags == WL_WIRE_GREETING_DUPLICATE &&
				  sent->destination_boot == fixture.peer_boot[2];
			claimed += said.flags == WL_WIRE_GREETING_CLAIMED &&
				   sent->destination_boot == WORKER_PEER_BOOT;
		}
	}
	CU_ASSERT(warned >= 1 && warned <= 3);
	CU_ASSERT(claimed >= 1);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_TWIN, &told));
	CU_ASSERT_EQUAL(told.node, 2);
	CU_ASSERT_EQUAL(told.ipv4, 0x0a000000 + 102);
	CU_ASSERT_EQUAL(fixture.worker.rx.peers[2].boot_id, WORKER_PEER_BOOT);
	worker_fixture_fini(&fixture);
}

static void server_that_is_told_to_be_the_second_takes_no_part(void)
{
	struct wl_plane_message told;
	uint64_t heard;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.says = WL_WIRE_GREETING_CLAIMED; /* the owner: that is no reason */
	worker_fixture_say_greeting(&fixture, 2, NULL);
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_OWN_TWIN, &told));
	CU_ASSERT_EQUAL(told.reason, 2);
	heard = worker_count(&fixture, WL_COUNTER_ack_received);
	fixture.says = WL_WIRE_GREETING_DUPLICATE;
	worker_fixture_say_greeting(&fixture, 3, NULL);
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_ack_received), heard);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_OWN_TWIN, &told));
	CU_ASSERT_EQUAL(told.reason, 1);
	fixture.now_ns += 5 * (uint64_t)WORKER_ELECTION_NS;
	worker_fixture_acknowledge(&fixture, 2, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT_FALSE(wl_rx_is_duplicate(&fixture.worker.rx, fixture.now_ns));
	worker_fixture_fini(&fixture);
}

static void greeting_is_said_again_until_the_peer_has_seen_it(void)
{
	unsigned greetings = 0;

	begin_greeted_anew();
	fixture.worker.rx.greetings[3].seen = false;
	for (unsigned at = 0; at < 5000; at++) { /* 50 ms */
		worker_fixture_turn(&fixture);
		greetings += worker_fixture_count(&fixture, WL_WIRE_GREETING, 3);
	}
	CU_ASSERT(greetings >= 5 && greetings <= 8);
	worker_fixture_say_greeting(&fixture, 3, NULL);
	worker_fixture_turns(&fixture, 5000);
	CU_ASSERT_EQUAL(worker_fixture_count(&fixture, WL_WIRE_GREETING, 3), 0);
	worker_fixture_fini(&fixture);
}

static void client_that_says_goodbye_leaves_its_place_and_its_readers(void)
{
	struct wl_wire_keepalive keepalive = {.nonce = 5};
	struct wl_wire_subscribe subscribe = {.subscription = 3,
					      .from = WL_WIRE_FROM_NOW,
					      .credit_bytes = 1 << 20};
	struct wl_service_stats stats;
	uint8_t payload[64];

	worker_fixture_init(&fixture);
	keepalive.challenge = wl_remote_challenge(fixture.now_ns);
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_KEEPALIVE, WORKER_FIRST, payload,
			   wl_wire_encode_keepalive(payload, &keepalive));
	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_SUBSCRIBE, WORKER_FIRST, payload,
			   wl_wire_encode_subscribe(payload, &subscribe));
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.worker.rx.clients.count, 1);
	wl_service_get_stats(fixture.journals[0].service, &stats);
	CU_ASSERT_EQUAL(stats.subscriptions, 1);

	worker_fixture_say(&fixture, WORKER_CLIENT, WL_WIRE_GOODBYE, WORKER_FIRST, NULL, 0);
	worker_fixture_turn(&fixture);

	CU_ASSERT_EQUAL(fixture.worker.rx.clients.count, 0);
	wl_service_get_stats(fixture.journals[0].service, &stats);
	CU_ASSERT_EQUAL(stats.subscriptions, 0);
	worker_fixture_fini(&fixture);
}

/* ---- the disk ---- */

static void requests_that_the_disk_has_no_room_for_wait_in_order(void)
{
	uint64_t first;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	worker_fixture_turns(&fixture, 8);
	fixture.hold_disk = true;
	fixture.room = 0;
	append(0);
	append(1);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.worker.backlog_count, 2);
	CU_ASSERT(worker_count(&fixture, WL_COUNTER_disk_queue_full) > 0);
	first = fixture.worker.backlog[0].offset;
	append(0); /* asks for nothing new until the backlog is empty */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.worker.backlog_count, 2);
	fixture.room = 1;
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.taken_count, 1);
	CU_ASSERT_EQUAL(fixture.taken[0].journal, WORKER_FIRST);
	CU_ASSERT_EQUAL(fixture.taken[0].offset, first);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.taken_count, 2);
	CU_ASSERT_EQUAL(fixture.taken[1].journal, WORKER_SECOND);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.taken_count, 3);
	CU_ASSERT_EQUAL(fixture.taken[2].journal, WORKER_FIRST);
	CU_ASSERT(fixture.taken[2].offset > first);
	worker_fixture_fini(&fixture);
}

static void completion_goes_to_the_journal_that_it_names(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.hold_disk = true;
	append(1);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.journals[1].log.durable.index, 1);
	worker_fixture_complete(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.journals[1].log.durable.index, 2);
	CU_ASSERT_EQUAL(fixture.journals[0].log.durable.index, 1);
	worker_fixture_fini(&fixture);
}

/* A write of the second journal. */
static void end_a_write_with(enum wl_disk_status status)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.hold_disk = true;
	append(1);
	worker_fixture_turn(&fixture);
	worker_fixture_complete(&fixture);
	fixture.done[0].status = status;
	worker_fixture_turn(&fixture);
}

static void failed_write_is_counted_and_poisons_its_journal_alone(void)
{
	struct wl_plane_message told;

	end_a_write_with(WL_DISK_FAILED);
	CU_ASSERT(fixture.journals[1].log.poisoned);
	CU_ASSERT(!fixture.journals[0].log.poisoned);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_disk_write_failed), 1);
	CU_ASSERT(worker_fixture_told(&fixture, WL_PLANE_POISONED, &told));
	CU_ASSERT_EQUAL(told.journal, WORKER_SECOND);
	worker_fixture_fini(&fixture);
}

static void write_whose_segment_does_not_open_is_tried_again_within_a_moment(void)
{
	struct wl_log *log = &fixture.journals[1].log;

	end_a_write_with(WL_DISK_NOT_BEGUN);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_disk_write_not_begun), 1);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_disk_write_failed), 0);
	CU_ASSERT(!log->poisoned && log->open_error != 0 && log->writes_in_flight == 0);

	fixture.now_ns += 100000000;
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_EQUAL(log->writes_in_flight, 1);
	worker_fixture_complete(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT(log->open_error == 0 && log->durable.index == 2);
	worker_fixture_fini(&fixture);
}

static void full_device_is_asked_again_about_once_a_second(void)
{
	struct wl_log *log = &fixture.journals[0].log;

	worker_fixture_init(&fixture);
	worker_fixture_turn(&fixture);
	log->segment_refused = true;
	worker_fixture_turn(&fixture);
	CU_ASSERT(log->segment_refused);
	fixture.now_ns += 1000000000;
	worker_fixture_turn(&fixture);
	CU_ASSERT(!log->segment_refused);
	worker_fixture_fini(&fixture);
}

/* ---- the end, and silence ---- */

static void settings_hold_from_the_next_turn_on(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_SET};
	const struct wl_replica_config *replica = &fixture.journals[0].replica.config;

	worker_fixture_init(&fixture);
	worker_fixture_turn(&fixture);
	for (unsigned which = 0; which <= WL_SETTINGS; which++) { /* one more than there are */
		message.reason = which;
		message.ours = 1000 + which;
		wl_ring_push(&fixture.plane.down, &message);
	}
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.worker.rx.client_idle_ns, 1000 + WL_SETTING_CLIENT_IDLE_NS);
	CU_ASSERT_EQUAL(replica->resend_ns, 1000 + WL_SETTING_RESEND_NS);
	CU_ASSERT_EQUAL(replica->disk_stall_ns, 1000 + WL_SETTING_DISK_STALL_NS);
	worker_fixture_fini(&fixture);
}

static void stop_is_served_when_nothing_is_in_flight(void)
{
	struct wl_plane_message stop = {.verb = WL_PLANE_STOP}, told;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	worker_fixture_turns(&fixture, 4);
	fixture.hold_disk = true;
	append(0);
	worker_fixture_turn(&fixture);
	wl_ring_push(&fixture.plane.down, &stop);
	worker_fixture_turns(&fixture, 3);
	CU_ASSERT(!fixture.worker.stopped);
	worker_fixture_complete(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT(fixture.worker.stopped);
	CU_ASSERT(worker_fixture_told(&fixture, WL_PLANE_STOPPED, &told));
	worker_fixture_fini(&fixture);
}

static void stop_does_not_wait_for_a_disk_that_hangs(void)
{
	struct wl_plane_message stop = {.verb = WL_PLANE_STOP};

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	fixture.hold_disk = true;
	append(0);
	worker_fixture_turn(&fixture);
	wl_ring_push(&fixture.plane.down, &stop);
	worker_fixture_turn(&fixture);
	fixture.now_ns += 600000000;
	worker_fixture_turn(&fixture);
	CU_ASSERT(fixture.worker.stopped);
	worker_fixture_fini(&fixture);
}

static void leader_whose_control_shows_no_life_falls_silent(void)
{
	struct wl_plane_message told;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	atomic_store(&fixture.plane.control_turn_ns, fixture.now_ns);
	for (unsigned at = 0; at < WL_PLANE_CONTROL_SILENCE + 1; at++) {
		CU_ASSERT(!replica(0)->silent);
		fixture.now_ns += WORKER_ELECTION_NS - WORKER_TURN_NS;
		worker_fixture_acknowledge(&fixture, 2, 0);
		worker_fixture_acknowledge(&fixture, 2, 1);
		/* The peers answer in every turn: not check-quorum is what ends it. */
		replica(0)->leader.peers[2].heard_sent_ns = fixture.now_ns;
		replica(1)->leader.peers[2].heard_sent_ns = fixture.now_ns;
		worker_fixture_turn(&fixture);
	}
	CU_ASSERT(replica(0)->silent);
	CU_ASSERT(replica(1)->silent);
	CU_ASSERT(worker_fixture_told(&fixture, WL_PLANE_STALLED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_STALL_CONTROL);
	worker_fixture_fini(&fixture);
}

static void worker_shows_control_that_it_lives(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(atomic_load(&fixture.plane.worker_turn_ns), fixture.now_ns);
	worker_fixture_fini(&fixture);
}

static void neighbour_moves_the_peer_with_that_address(void)
{
	struct wl_plane_message news = {.verb = WL_PLANE_NEIGHBOUR,
					.ipv4 = 0x0a000003,
					.mac = {2, 4, 6, 8, 10, 12}};

	worker_fixture_init(&fixture);
	fixture.worker.rx.peers[3].address_known = false;
	wl_ring_push(&fixture.plane.down, &news);
	worker_fixture_turn(&fixture);
	CU_ASSERT(fixture.worker.rx.peers[3].address_known);
	CU_ASSERT_EQUAL(fixture.worker.rx.peers[3].address.mac[5], 12);
	CU_ASSERT_EQUAL(fixture.worker.rx.peers[2].address.mac[5], 0);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker)
{
	WL_TEST(turn_without_anything_to_do_returns_zero),
	WL_TEST(fence_that_waits_is_obeyed_before_anything_leaves),
	WL_TEST(fence_behind_a_full_ring_is_obeyed_before_anything_leaves),
	WL_TEST(completion_counts_in_the_turn_that_takes_it),
	WL_TEST(time_that_falls_stops_the_node),
	WL_TEST(longest_turn_is_remembered),
	WL_TEST(port_is_tended_and_status_published_about_once_a_millisecond),
	WL_TEST(command_moves_only_the_journal_that_it_names),
	WL_TEST(frame_is_for_the_journal_that_it_names),
	WL_TEST(frame_for_a_journal_of_somebody_else_is_dropped_and_counted),
	WL_TEST(message_that_does_not_decode_is_counted_and_reaches_nobody),
	WL_TEST(client_that_speaks_like_a_node_is_not_heard),
	WL_TEST(every_frame_goes_back_to_the_port),
	WL_TEST(turn_takes_no_more_frames_than_its_bursts),
	WL_TEST(vote_is_punted_to_control_with_who_sent_it),
	WL_TEST(raw_frames_leave_half_of_the_ring_to_votes),
	WL_TEST(vote_of_control_is_sent_to_a_greeted_node_alone),
	WL_TEST(raw_frame_of_control_is_sent_as_it_is),
	WL_TEST(peer_that_is_not_known_is_greeted_every_ten_milliseconds),
	WL_TEST(answer_to_our_hello_makes_the_peer_known_and_tells_control),
	WL_TEST(peer_that_has_not_greeted_under_its_boot_is_not_heard),
	WL_TEST(peer_that_differs_in_what_decides_is_told_by_name_and_not_heard),
	WL_TEST(difference_that_decides_nothing_is_told_and_the_peer_is_heard),
	WL_TEST(second_server_under_one_id_is_told_to_control_to_itself_and_to_the_owner),
	WL_TEST(server_that_is_told_to_be_the_second_takes_no_part),
	WL_TEST(greeting_is_said_again_until_the_peer_has_seen_it),
	WL_TEST(client_that_says_goodbye_leaves_its_place_and_its_readers),
	WL_TEST(greeting_of_a_new_boot_is_answered_and_asked_back_at_once),
	WL_TEST(requests_that_the_disk_has_no_room_for_wait_in_order),
	WL_TEST(completion_goes_to_the_journal_that_it_names),
	WL_TEST(failed_write_is_counted_and_poisons_its_journal_alone),
	WL_TEST(write_whose_segment_does_not_open_is_tried_again_within_a_moment),
	WL_TEST(full_device_is_asked_again_about_once_a_second),
	WL_TEST(settings_hold_from_the_next_turn_on),
	WL_TEST(stop_is_served_when_nothing_is_in_flight),
	WL_TEST(stop_does_not_wait_for_a_disk_that_hangs),
	WL_TEST(leader_whose_control_shows_no_life_falls_silent),
	WL_TEST(worker_shows_control_that_it_lives),
	WL_TEST(neighbour_moves_the_peer_with_that_address),
};
