/* SPDX-License-Identifier: BSD-3-Clause */
/* Who gets a session, and whose gives way. */
#include "dataplane/service/service_internal.h"

#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define GUEST(which) (0x80001000u + (which))

static struct service_fixture *f;

static void begin(void)
{
	f = service_fixture_start(true);
	service_fixture_lead(f, 4);
	f->now_ns += 2 * SERVICE_FIXTURE_IDLE_NS; /* whoever lives has found the leader by now */
	service_fixture_turn(f);
}

static void hear(wl_identity client)
{
	wl_remote_table_heard(&f->rx.clients, wl_service_client(f->service, client), f->now_ns);
}

static bool is_open(wl_identity client, uint64_t nonce)
{
	return wl_session_by_nonce(&f->service->state.sessions, nonce, client) != 0;
}

/* What a client that asks for a session is told. */
static int asked(wl_identity client, uint64_t nonce)
{
	struct wl_wire_open_session open = {nonce};
	struct wl_wire_open_session_reply reply;
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	wl_wire_encode_open_session(payload, &open);
	service_fixture_message(f, client, WL_WIRE_OPEN_SESSION, payload, sizeof(payload));
	for (unsigned turn = 0; turn < 4; turn++) {
		const struct service_fixture_sent *sent;

		service_fixture_turn(f);
		sent = service_fixture_find(f, WL_WIRE_OPEN_SESSION_REPLY, client, 0);
		if (sent && wl_wire_decode_open_session_reply(sent->payload, sent->bytes, &reply))
			return reply.status;
	}
	return 1;
}

/* All places, one each, by clients that say goodbye or go on living. */
static void fill(bool alive)
{
	for (uint32_t which = 0; f->service->state.sessions.count < SERVICE_FIXTURE_SESSIONS;
	     which++) {
		service_fixture_add_client(f, GUEST(which));
		CU_ASSERT_EQUAL_FATAL(asked(GUEST(which), 7), WIRELOG_OK);
		if (!alive)
			wl_remote_table_forget(&f->rx.clients,
					       wl_service_client(f->service, GUEST(which)));
	}
}

static void client_that_opens_ever_more_sessions_pushes_out_its_own(void)
{
	begin();
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_OTHER_CLIENT, 1), WIRELOG_OK);
	for (uint64_t nonce = 1; nonce <= 10 * SERVICE_FIXTURE_SESSIONS; nonce++) {
		CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, nonce), WIRELOG_OK);
		CU_ASSERT(is_open(SERVICE_FIXTURE_CLIENT, nonce));
	}
	CU_ASSERT(is_open(SERVICE_FIXTURE_OTHER_CLIENT, 1));
	CU_ASSERT(f->service->state.sessions.count <= 5);
	service_fixture_end(f);
}

static void session_of_who_is_gone_gives_way_and_of_who_lives_does_not(void)
{
	begin();
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_OTHER_CLIENT, 1), WIRELOG_OK);
	fill(false);
	f->now_ns += 2 * SERVICE_FIXTURE_IDLE_NS;
	hear(SERVICE_FIXTURE_OTHER_CLIENT); /* it has done nothing for longest, and lives */
	hear(SERVICE_FIXTURE_CLIENT);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_OK);
	CU_ASSERT(is_open(SERVICE_FIXTURE_CLIENT, 9));
	CU_ASSERT(is_open(SERVICE_FIXTURE_OTHER_CLIENT, 1));
	CU_ASSERT_FALSE(is_open(GUEST(0), 7));
	CU_ASSERT_EQUAL(f->service->state.sessions.count, SERVICE_FIXTURE_SESSIONS);
	service_fixture_end(f);
}

static void where_all_live_who_comes_is_told_that_there_are_too_many(void)
{
	begin();
	fill(true);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_TOO_MANY_CLIENTS);
	CU_ASSERT_EQUAL(f->service->state.sessions.count, SERVICE_FIXTURE_SESSIONS);
	for (uint32_t which = 0; which < SERVICE_FIXTURE_SESSIONS; which++)
		CU_ASSERT(is_open(GUEST(which), 7));
	service_fixture_end(f);
}

/* A second place was taken while it was free: it is not kept from who has none. */
static void who_has_several_sessions_keeps_one_when_others_come(void)
{
	begin();
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_OTHER_CLIENT, 1), WIRELOG_OK);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_OTHER_CLIENT, 2), WIRELOG_OK);
	fill(true);
	hear(SERVICE_FIXTURE_OTHER_CLIENT);
	hear(SERVICE_FIXTURE_CLIENT);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_OK);
	CU_ASSERT(is_open(SERVICE_FIXTURE_CLIENT, 9));
	CU_ASSERT_FALSE(is_open(SERVICE_FIXTURE_OTHER_CLIENT, 1));
	CU_ASSERT(is_open(SERVICE_FIXTURE_OTHER_CLIENT, 2));
	CU_ASSERT_EQUAL(f->service->state.sessions.count, SERVICE_FIXTURE_SESSIONS);
	service_fixture_add_client(f, GUEST(99));
	CU_ASSERT_EQUAL(asked(GUEST(99), 9), WIRELOG_TOO_MANY_CLIENTS);
	CU_ASSERT(is_open(SERVICE_FIXTURE_OTHER_CLIENT, 2));
	service_fixture_end(f);
}

/* While the leader said nothing its clients looked for another one. */
static void nobody_is_called_silent_right_after_the_leader_was(void)
{
	struct wl_plane_message resume = {.verb = WL_PLANE_RESUME, .reason = WL_STALL_QUORUM};

	begin();
	fill(false);
	f->now_ns += 2 * SERVICE_FIXTURE_IDLE_NS;
	f->replica.now_ns = f->now_ns;
	f->replica.silent = true;
	resume.view = f->replica.view;
	resume.view.number++;
	resume.now_ns = f->now_ns;
	wl_replica_on_resume(&f->replica, &resume);
	wl_service_on_view(f->service);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_TOO_MANY_CLIENTS);
	f->now_ns += 2 * SERVICE_FIXTURE_IDLE_NS;
	hear(SERVICE_FIXTURE_CLIENT);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_OK);
	service_fixture_end(f);
}

static void nobody_is_called_silent_right_after_a_leadership_began(void)
{
	begin();
	fill(false);
	service_fixture_fence(f);
	service_fixture_lead(f, 5);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_TOO_MANY_CLIENTS);
	f->now_ns += 2 * SERVICE_FIXTURE_IDLE_NS;
	hear(SERVICE_FIXTURE_CLIENT);
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_OK);
	service_fixture_end(f);
}

static void one_client_has_no_more_than_its_share_of_waiting_answers(void)
{
	struct service_fixture_append append = {.first = 1,
						.count = 1,
						.level = WIRELOG_EVERYWHERE};
	struct wl_wire_append_result result;

	f = service_fixture_start(false);
	f->receives[2] = f->stores[2] = true; /* the third has nothing: answers wait for ever */
	service_fixture_lead(f, 4);
	append.session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 9);
	for (append.first = 1; append.first <= 2 * SERVICE_FIXTURE_REPLY_SLOTS; append.first++) {
		service_fixture_append(f, &append);
		service_fixture_turns(f, 2);
	}
	append.client = SERVICE_FIXTURE_OTHER_CLIENT;
	append.session = service_fixture_open(f, SERVICE_FIXTURE_OTHER_CLIENT, 9);
	for (append.first = 1; append.first < SERVICE_FIXTURE_REPLY_SLOTS / 8; append.first++) {
		service_fixture_append(f, &append);
		service_fixture_turn(f);
		CU_ASSERT_FALSE(
			service_fixture_result(f, SERVICE_FIXTURE_OTHER_CLIENT, 0, &result));
	}
	service_fixture_end(f);
}

/* So many wait to be committed that nobody else may: told as a pause, and all are answered when the medium is back. */
static void full_queue_of_openings_is_back_pressure_until_they_commit(void)
{
	begin();
	f->service->opens_popped += 5; /* wherever the queue stands in its ring */
	f->service->opens_pushed = f->service->opens_popped + WL_SERVICE_OPENS;
	for (uint64_t at = f->service->opens_popped; at != f->service->opens_pushed; at++)
		f->service->opens[at % WL_SERVICE_OPENS] =
			(struct wl_open_request){.index = f->log.tail.index + 1,
						 .nonce = at,
						 .client = GUEST(1)};
	f->hold_disk = true;
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_BACK_PRESSURE);
	f->hold_disk = false;
	f->service->opens_popped = f->service->opens_pushed;
	CU_ASSERT_EQUAL(asked(SERVICE_FIXTURE_CLIENT, 9), WIRELOG_OK);
	service_fixture_end(f);
}

WL_SUITE(opening)
{
	WL_TEST(client_that_opens_ever_more_sessions_pushes_out_its_own),
	WL_TEST(session_of_who_is_gone_gives_way_and_of_who_lives_does_not),
	WL_TEST(where_all_live_who_comes_is_told_that_there_are_too_many),
	WL_TEST(who_has_several_sessions_keeps_one_when_others_come),
	WL_TEST(nobody_is_called_silent_right_after_the_leader_was),
	WL_TEST(nobody_is_called_silent_right_after_a_leadership_began),
	WL_TEST(one_client_has_no_more_than_its_share_of_waiting_answers),
	WL_TEST(full_queue_of_openings_is_back_pressure_until_they_commit),
};
