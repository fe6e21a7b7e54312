/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct service_fixture *f;

static void hello(uint64_t nonce)
{
	struct wl_wire_hello ask = {nonce};
	uint8_t payload[WL_WIRE_HELLO_BYTES];
	struct wl_message message = {
		.type = WL_WIRE_HELLO,
		.hello_identity = SERVICE_FIXTURE_OTHER_CLIENT + 5, /* nobody that is known */
		.hello_boot = 3,
		.payload = payload,
		.bytes = sizeof(payload),
	};

	wl_wire_encode_hello(payload, &ask);
	wl_service_on_hello(f->service, &message);
}

static bool answer(struct wl_wire_hello_reply *reply)
{
	const struct service_fixture_sent *sent;

	service_fixture_turn(f);
	sent = service_fixture_find(f, WL_WIRE_HELLO_REPLY, SERVICE_FIXTURE_OTHER_CLIENT + 5, 0);
	return sent && wl_wire_decode_hello_reply(sent->payload, sent->bytes, reply);
}

static void hello_is_answered_with_what_a_client_needs(void)
{
	struct service_fixture_append append = {.first = 1, .count = 7};
	struct wl_wire_hello_reply reply;

	f = service_fixture_start(true);
	service_fixture_lead(f, 4);
	append.session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 9);
	service_fixture_append(f, &append);
	service_fixture_turns(f, 4);
	hello(123);

	CU_ASSERT_TRUE_FATAL(answer(&reply));
	CU_ASSERT_EQUAL(reply.nonce, 123);
	CU_ASSERT_EQUAL(reply.node, 1);
	CU_ASSERT_EQUAL(reply.leader, 1);
	CU_ASSERT_EQUAL(reply.term, 4);
	CU_ASSERT_EQUAL(reply.commit_number, 7);
	CU_ASSERT_EQUAL(reply.first_number, 1);
	CU_ASSERT_EQUAL(reply.record_bytes_max, WIRELOG_RECORD_BYTES_MAX);
	/* Who asks is not known: it is to say that it lives, and no more is said than it asked with. */
	CU_ASSERT_EQUAL(reply.member_count, 0);
	CU_ASSERT_NOT_EQUAL(reply.challenge, 0);
	service_fixture_end(f);
}

static void stranger_is_told_no_more_than_it_asked_with(void)
{
	const struct service_fixture_sent *sent;

	f = service_fixture_start(true);
	service_fixture_lead(f, 4);
	hello(123);
	service_fixture_turn(f);
	sent = service_fixture_find(f, WL_WIRE_HELLO_REPLY, SERVICE_FIXTURE_OTHER_CLIENT + 5, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT(sent->bytes <= WL_WIRE_HELLO_BYTES);
	service_fixture_end(f);
}

static void known_client_is_told_of_the_members(void)
{
	struct wl_wire_keepalive ask = {.nonce = 77};
	struct wl_wire_hello_reply reply;
	const struct service_fixture_sent *sent;
	uint8_t payload[WL_WIRE_KEEPALIVE_BYTES];
	struct wl_message message = {.type = WL_WIRE_KEEPALIVE, .payload = payload};

	f = service_fixture_start(true);
	message.from = wl_service_client(f->service, SERVICE_FIXTURE_CLIENT);
	message.bytes = wl_wire_encode_keepalive(payload, &ask);
	wl_service_on_keepalive(f->service, &message);
	service_fixture_turn(f);
	sent = service_fixture_find(f, WL_WIRE_KEEPALIVE_REPLY, SERVICE_FIXTURE_CLIENT, 0);
	CU_ASSERT_TRUE_FATAL(sent &&
			     wl_wire_decode_hello_reply(sent->payload, sent->bytes, &reply));
	CU_ASSERT_EQUAL(reply.nonce, 77);
	CU_ASSERT_EQUAL(reply.member_count, 3);
	CU_ASSERT_EQUAL(reply.challenge, 0);
	service_fixture_end(f);
}

static void client_whose_identity_is_taken_is_told_so(void)
{
	struct wl_wire_hello ask = {9};
	uint8_t payload[WL_WIRE_HELLO_BYTES];
	struct wl_message message = {
		.type = WL_WIRE_HELLO,
		.hello_identity = SERVICE_FIXTURE_CLIENT,
		.hello_boot = 3,
		.payload = payload,
		.bytes = wl_wire_encode_hello(payload, &ask),
	};
	const struct service_fixture_sent *sent;
	struct wl_wire_hello_reply reply;
	struct wl_remote *other;

	f = service_fixture_start(true);
	f->rx.client_idle_ns = 1000;
	other = wl_service_client(f->service, SERVICE_FIXTURE_CLIENT);
	other->last_heard_ns = f->replica.now_ns;
	for (unsigned idle = 0; idle < 2; idle++) {
		wl_service_on_hello(f->service, &message);
		service_fixture_turn(f);
		sent = service_fixture_find(f, WL_WIRE_HELLO_REPLY, SERVICE_FIXTURE_CLIENT, 0);
		CU_ASSERT_TRUE_FATAL(
			sent && wl_wire_decode_hello_reply(sent->payload, sent->bytes, &reply));
		CU_ASSERT_NOT_EQUAL(reply.challenge, 0);
		CU_ASSERT_EQUAL(reply.known_boot, idle ? 0 : other->boot_id);
		f->now_ns += 100000; /* it may take the place of one that is silent */
		service_fixture_turn(f);
	}
	service_fixture_end(f);
}

static void silent_leader_does_not_recommend_itself(void)
{
	struct wl_wire_hello_reply reply;

	f = service_fixture_start(true);
	service_fixture_lead(f, 4);
	wl_replica_stall(&f->replica, WL_STALL_DISK);
	hello(1);
	CU_ASSERT_TRUE_FATAL(answer(&reply));
	CU_ASSERT_EQUAL(reply.leader, 0);
	service_fixture_end(f);
}

static void flood_of_hellos_is_answered_in_part(void)
{
	f = service_fixture_start(true);
	for (unsigned i = 0; i < 10 * WL_SERVICE_HELLOS; i++)
		hello(i);
	service_fixture_turn(f);
	CU_ASSERT_EQUAL(f->sent_count, WL_SERVICE_HELLOS);
	hello(1);
	service_fixture_turn(f);
	CU_ASSERT_EQUAL(f->sent_count, 1);
	service_fixture_end(f);
}

static void say_keepalive(wl_identity client)
{
	const struct wl_wire_keepalive ask = {.nonce = 77};
	uint8_t payload[WL_WIRE_KEEPALIVE_BYTES];

	service_fixture_message(f, client, WL_WIRE_KEEPALIVE, payload,
				wl_wire_encode_keepalive(payload, &ask));
}

/* And not at the cost of others: these had no answer when one that has its place asked more often than a turn has answers. */
static void client_that_asks_without_end_leaves_answers_to_others(void)
{
	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	service_fixture_add_client(f, SERVICE_FIXTURE_OTHER_CLIENT);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned asked = 0; asked < 200; asked++)
			say_keepalive(SERVICE_FIXTURE_CLIENT);
		say_keepalive(SERVICE_FIXTURE_OTHER_CLIENT);
		service_fixture_turn(f);
		CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_KEEPALIVE_REPLY,
						      SERVICE_FIXTURE_OTHER_CLIENT),
				1);
		CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_KEEPALIVE_REPLY,
						      SERVICE_FIXTURE_CLIENT),
				8);
	}
	service_fixture_end(f);
}

static void table_of_sessions_is_the_same_after_a_restart(void)
{
	struct service_fixture_append append = {.count = 10, .record_bytes = 1000};
	struct wl_service_stats before, between, after;
	uint64_t a, b;

	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	a = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 1);
	b = service_fixture_open(f, SERVICE_FIXTURE_OTHER_CLIENT, 2);
	for (unsigned i = 0; i < 700; i++) { /* more than the ring holds */
		append.client = i & 1 ? SERVICE_FIXTURE_OTHER_CLIENT : SERVICE_FIXTURE_CLIENT;
		append.session = i & 1 ? b : a;
		append.first = 1 + 10 * (i / 2);
		append.acknowledged_through = append.first - 1;
		service_fixture_append(f, &append);
		service_fixture_turns(f, 2);
	}
	service_fixture_turns(f, 2);
	wl_service_get_stats(f->service, &before);
	service_fixture_fence(f);
	service_fixture_restart_service(f, f->log.tail.index);
	wl_service_get_stats(f->service, &between);
	service_fixture_turns(f, 40);
	wl_service_get_stats(f->service, &after);

	CU_ASSERT_FALSE(before.rebuilding);
	CU_ASSERT_TRUE(between.rebuilding);
	CU_ASSERT_FALSE(after.rebuilding);
	CU_ASSERT_EQUAL(before.applied_index, f->log.tail.index);
	CU_ASSERT_EQUAL(after.applied_index, before.applied_index);
	CU_ASSERT_EQUAL(after.state_digest, before.state_digest);
	CU_ASSERT_EQUAL(after.sessions, 2);
	CU_ASSERT_EQUAL(after.commit_number, 7000);
	CU_ASSERT_TRUE(f->reads >= 2);
	service_fixture_end(f);
}

static void leader_takes_nothing_until_its_table_holds_all_that_came_before(void)
{
	struct service_fixture_append append = {.first = 1, .count = 1};
	struct wl_wire_append_result result;

	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	append.session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 1);
	for (; append.first <= 8 * WL_SERVICE_APPLY_ENTRIES; append.first++) {
		append.acknowledged_through = append.first - 1;
		service_fixture_append(f, &append);
		service_fixture_turn(f);
	}
	service_fixture_turns(f, 2);
	service_fixture_restart_service(f, 0);
	service_fixture_lead(f, 2);
	CU_ASSERT_TRUE(f->replica.leader.ready);
	CU_ASSERT_TRUE(f->service->state.sessions.applied_index > 0);
	CU_ASSERT_TRUE(f->service->state.sessions.applied_index <= 4 * WL_SERVICE_APPLY_ENTRIES);
	append.first--; /* the last one again: the table does not know it yet */
	service_fixture_append(f, &append);
	service_fixture_turn(f);
	CU_ASSERT_TRUE_FATAL(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result));
	CU_ASSERT_EQUAL(result.status, WIRELOG_NOT_LEADER);
	service_fixture_turns(f, 8);
	service_fixture_append(f, &append);
	service_fixture_turn(f);

	CU_ASSERT_TRUE_FATAL(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result));
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(result.first_number, append.first);
	CU_ASSERT_EQUAL(f->log.next_number, append.first + 1);
	service_fixture_end(f);
}

WL_SUITE(service)
{
	WL_TEST(hello_is_answered_with_what_a_client_needs),
	WL_TEST(client_whose_identity_is_taken_is_told_so),
	WL_TEST(silent_leader_does_not_recommend_itself),
	WL_TEST(stranger_is_told_no_more_than_it_asked_with),
	WL_TEST(known_client_is_told_of_the_members),
	WL_TEST(flood_of_hellos_is_answered_in_part),
	WL_TEST(client_that_asks_without_end_leaves_answers_to_others),
	WL_TEST(table_of_sessions_is_the_same_after_a_restart),
	WL_TEST(leader_takes_nothing_until_its_table_holds_all_that_came_before),
};
