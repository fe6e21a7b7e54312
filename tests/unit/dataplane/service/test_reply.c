/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct service_fixture *f;
static struct wl_wire_append_result result;
static uint64_t session;

/* Leader of three; the other two take and store everything. */
static void start(void)
{
	f = service_fixture_start(false);
	f->stores[2] = f->stores[3] = true;
	service_fixture_lead(f, 1);
	session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 99);
}

static void nobody_hears(void)
{
	f->stores[2] = f->stores[3] = false;
	f->receives[2] = f->receives[3] = false;
	f->hold_disk = true;
}

static void append(uint64_t first, uint8_t level)
{
	struct service_fixture_append what = {.session = session,
					      .first = first,
					      .count = 1,
					      .level = level};

	service_fixture_append(f, &what);
}

static bool is_answered(uint8_t level)
{
	return service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result) &&
	       result.status == WIRELOG_OK && result.level == level;
}

static void sequenced_is_answered_in_the_turn_that_seals_it(void)
{
	start();
	nobody_hears();
	append(1, WIRELOG_SEQUENCED);
	service_fixture_turn(f);

	CU_ASSERT_TRUE(is_answered(WIRELOG_SEQUENCED));
	CU_ASSERT_EQUAL(result.first_number, 1);
	CU_ASSERT_EQUAL(f->replica.commit, 2);
	service_fixture_end(f);
}

static void received_is_answered_when_a_majority_has_it_in_memory(void)
{
	start();
	nobody_hears();
	append(1, WIRELOG_RECEIVED);
	service_fixture_turns(f, 2);
	CU_ASSERT_FALSE(is_answered(WIRELOG_RECEIVED));
	f->receives[3] = true;
	service_fixture_turn(f);

	CU_ASSERT_TRUE(is_answered(WIRELOG_RECEIVED));
	CU_ASSERT_EQUAL(f->replica.commit, 2);
	service_fixture_end(f);
}

static void committed_is_answered_when_a_majority_has_it_on_its_medium(void)
{
	start();
	nobody_hears();
	append(1, WIRELOG_COMMITTED);
	f->receives[2] = f->receives[3] = true;
	service_fixture_turns(f, 2);
	CU_ASSERT_FALSE(is_answered(WIRELOG_COMMITTED));
	f->stores[2] = true; /* one: the own disk is still held */
	service_fixture_turn(f);
	CU_ASSERT_FALSE(is_answered(WIRELOG_COMMITTED));
	f->stores[3] = true; /* a majority without the leader's disk */
	service_fixture_turn(f);

	CU_ASSERT_TRUE(is_answered(WIRELOG_COMMITTED));
	service_fixture_end(f);
}

static void everywhere_is_answered_when_all_have_it_on_their_medium(void)
{
	start();
	nobody_hears();
	append(1, WIRELOG_EVERYWHERE);
	f->stores[2] = f->stores[3] = true;
	service_fixture_turns(f, 2);
	CU_ASSERT_FALSE(is_answered(WIRELOG_EVERYWHERE));
	f->hold_disk = false;
	service_fixture_turns(f, 2);

	CU_ASSERT_TRUE(is_answered(WIRELOG_EVERYWHERE));
	service_fixture_end(f);
}

static void everywhere_asked_again_after_commit_waits_for_all(void)
{
	start();
	f->stores[3] = false;
	append(1, WIRELOG_EVERYWHERE);
	service_fixture_turns(f, 4);
	append(1, WIRELOG_EVERYWHERE);
	service_fixture_turns(f, 2);
	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT), 0);
	f->stores[3] = true;
	service_fixture_turn(f);

	CU_ASSERT_TRUE(is_answered(WIRELOG_EVERYWHERE));
	CU_ASSERT_FALSE(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 1, &result)); /* once */
	service_fixture_end(f);
}

static void nothing_is_acknowledged_after_the_fence(void)
{
	start();
	nobody_hears();
	append(1, WIRELOG_COMMITTED);
	service_fixture_turn(f);
	service_fixture_fence(f);
	f->hold_disk = false;
	f->stores[2] = f->stores[3] = true;
	f->replica.commit = f->log.tail.index; /* even if a follower's view commits it */
	service_fixture_turn(f);

	CU_ASSERT_TRUE_FATAL(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result));
	CU_ASSERT_EQUAL(result.status, WIRELOG_NOT_LEADER); /* its fate is unknown here */
	CU_ASSERT_EQUAL(result.first_sequence, 1);
	CU_ASSERT_EQUAL(result.first_number, 0);
	service_fixture_turns(f, 3);
	CU_ASSERT_EQUAL(f->sent_count, 0);
	service_fixture_end(f);
}

static void silent_leader_answers_nothing(void)
{
	start();
	nobody_hears();
	append(1, WIRELOG_COMMITTED);
	service_fixture_turn(f);
	wl_replica_stall(&f->replica, WL_STALL_QUORUM);
	f->replica.commit = f->log.tail.index;
	for (unsigned turn = 0; turn < 3; turn++) {
		service_fixture_turn(f);
		CU_ASSERT_EQUAL(
			service_fixture_count(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT), 0);
	}
	service_fixture_end(f);
}

/* Its client would take "I lead, come back soon" for an answer, as long as control is stuck. */
static void refusal_of_a_silent_leader_names_no_leader(void)
{
	const struct service_fixture_sent *sent;
	struct wl_wire_append_reply reply;

	start();
	wl_replica_stall(&f->replica, WL_STALL_CONTROL);
	f->sent_count = 0;
	append(1, WIRELOG_COMMITTED);
	wl_tx_flush(&f->tx);
	sent = service_fixture_find(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT(wl_wire_decode_append_reply(sent->payload, sent->bytes, &reply));
	CU_ASSERT_EQUAL(reply.leader, 0);
	service_fixture_end(f);
}

static void transfer_that_is_called_off_keeps_what_waits(void)
{
	struct wl_plane_message resume = {.verb = WL_PLANE_RESUME};

	start();
	nobody_hears();
	append(1, WIRELOG_COMMITTED);
	service_fixture_turn(f);
	resume.view = f->replica.view;
	resume.view.number++;
	wl_replica_on_resume(&f->replica, &resume);
	wl_service_on_view(f->service);
	f->stores[2] = f->stores[3] = true;
	service_fixture_turn(f);

	CU_ASSERT_TRUE(is_answered(WIRELOG_COMMITTED));
	service_fixture_end(f);
}

static void answers_of_one_client_leave_in_one_frame(void)
{
	struct service_fixture_append mine = {.count = 3};
	struct service_fixture_append theirs = {.client = SERVICE_FIXTURE_OTHER_CLIENT, .count = 2};

	start();
	mine.session = session;
	theirs.session = service_fixture_open(f, SERVICE_FIXTURE_OTHER_CLIENT, 100);
	nobody_hears();
	for (unsigned round = 0; round < 5; round++) {
		mine.first = 1 + 3 * round;
		theirs.first = 1 + 2 * round;
		service_fixture_append(f, &mine);
		service_fixture_append(f, &theirs);
		service_fixture_turn(f);
	}
	f->stores[2] = f->stores[3] = true;
	service_fixture_turn(f);

	CU_ASSERT_EQUAL(service_fixture_count(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_CLIENT), 1);
	CU_ASSERT_EQUAL(
		service_fixture_count(f, WL_WIRE_APPEND_REPLY, SERVICE_FIXTURE_OTHER_CLIENT), 1);
	for (unsigned round = 0; round < 5; round++) {
		CU_ASSERT_TRUE(
			service_fixture_result(f, SERVICE_FIXTURE_OTHER_CLIENT, round, &result));
		CU_ASSERT_EQUAL(result.first_sequence, 1 + 2 * round);
		CU_ASSERT_EQUAL(result.first_number, 4 + 5 * round);
		CU_ASSERT_EQUAL(result.count, 2);
	}
	service_fixture_end(f);
}

static void frames_of_one_client_in_one_entry_are_one_result(void)
{
	start();
	append(1, WIRELOG_COMMITTED);
	append(2, WIRELOG_COMMITTED);
	append(3, WIRELOG_COMMITTED);
	for (unsigned turn = 0; turn < 3 && !is_answered(WIRELOG_COMMITTED); turn++)
		service_fixture_turn(f);

	CU_ASSERT_TRUE(is_answered(WIRELOG_COMMITTED));
	CU_ASSERT_EQUAL(result.count, 3);
	CU_ASSERT_FALSE(service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 1, &result));
	service_fixture_end(f);
}

static void client_that_is_gone_costs_nothing(void)
{
	struct wl_service_stats stats;

	start();
	append(1, WIRELOG_COMMITTED);
	wl_remote_table_find(&f->rx.clients, SERVICE_FIXTURE_CLIENT)->identity = 0;
	service_fixture_turns(f, 3);

	CU_ASSERT_EQUAL(f->sent_count, 0);
	CU_ASSERT_EQUAL(f->buffers_out, 0);
	wl_service_get_stats(f->service, &stats);
	CU_ASSERT_EQUAL(stats.waiting_replies, 0);
	CU_ASSERT_EQUAL(stats.commit_number, 1);
	service_fixture_end(f);
}

WL_SUITE(reply)
{
	WL_TEST(sequenced_is_answered_in_the_turn_that_seals_it),
	WL_TEST(received_is_answered_when_a_majority_has_it_in_memory),
	WL_TEST(committed_is_answered_when_a_majority_has_it_on_its_medium),
	WL_TEST(everywhere_is_answered_when_all_have_it_on_their_medium),
	WL_TEST(everywhere_asked_again_after_commit_waits_for_all),
	WL_TEST(nothing_is_acknowledged_after_the_fence),
	WL_TEST(silent_leader_answers_nothing),
	WL_TEST(refusal_of_a_silent_leader_names_no_leader),
	WL_TEST(transfer_that_is_called_off_keeps_what_waits),
	WL_TEST(answers_of_one_client_leave_in_one_frame),
	WL_TEST(frames_of_one_client_in_one_entry_are_one_result),
	WL_TEST(client_that_is_gone_costs_nothing),
};
