/* SPDX-License-Identifier: BSD-3-Clause */
/* What the leader asks of the state of all. */
#include "dataplane/service/propose.h"

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct service_fixture *f;

static void begin(bool alone)
{
	f = service_fixture_start(alone);
	service_fixture_lead(f, 4);
}

static enum wl_log_result trim(uint64_t number)
{
	struct wl_control control = {.verb = WL_CONTROL_TRIM, .number = number};

	return wl_service_propose(f->service, &control);
}

static const struct wl_state *state(void)
{
	return &f->service->state;
}

static void append(uint64_t session, uint64_t first, uint32_t count)
{
	service_fixture_append(f, &(struct service_fixture_append){.session = session,
								   .first = first,
								   .count = count});
}

static void what_is_proposed_is_applied_when_it_is_committed(void)
{
	uint64_t session, tail;

	begin(false);
	f->receives[2] = f->stores[2] = true;
	service_fixture_turns(f, 4);
	session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 1);
	append(session, 1, 10);
	service_fixture_turns(f, 4);
	CU_ASSERT_EQUAL_FATAL(state()->next_number, 11);
	f->stores[2] = false;
	tail = f->log.tail.index;
	CU_ASSERT_EQUAL(trim(7), WL_LOG_OK);
	CU_ASSERT_EQUAL(f->log.tail.index, tail + 1);
	service_fixture_turns(f, 4);
	CU_ASSERT_EQUAL(state()->trim_number, 1);
	f->stores[2] = true;
	service_fixture_turns(f, 4);
	CU_ASSERT_EQUAL(state()->trim_number, 7);
	CU_ASSERT_EQUAL(state()->next_number, 11);
	service_fixture_end(f);
}

/* Records that stand in the open entry come before it, and those that follow behind it. */
static void the_open_entry_is_sealed_before_it(void)
{
	uint64_t session, tail;

	begin(true);
	session = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 1);
	service_fixture_turns(f, 4);
	tail = f->log.tail.index;
	append(session, 1, 3);
	CU_ASSERT_EQUAL(trim(3), WL_LOG_OK);
	CU_ASSERT_EQUAL(f->log.tail.index, tail + 2);
	append(session, 4, 2);
	service_fixture_turns(f, 4);
	CU_ASSERT_EQUAL(f->log.tail.index, tail + 3);
	CU_ASSERT_EQUAL(state()->trim_number, 3);
	CU_ASSERT_EQUAL(state()->next_number, 6);
	service_fixture_end(f);
}

static void who_does_not_lead_proposes_nothing(void)
{
	uint64_t tail;

	f = service_fixture_start(true);
	CU_ASSERT_EQUAL(trim(1), WL_LOG_NO_ROOM);
	CU_ASSERT_EQUAL(f->log.tail.index, 0);
	service_fixture_lead(f, 4);
	CU_ASSERT_EQUAL(trim(1), WL_LOG_OK);
	service_fixture_turns(f, 2);
	tail = f->log.tail.index;
	f->replica.leader.handing_over = true;
	CU_ASSERT_EQUAL(trim(1), WL_LOG_NO_ROOM);
	f->replica.leader.handing_over = false;
	f->service->damaged = true; /* the state is not known here */
	CU_ASSERT_EQUAL(trim(1), WL_LOG_NO_ROOM);
	f->service->damaged = false;
	service_fixture_fence(f);
	CU_ASSERT_EQUAL(trim(1), WL_LOG_NO_ROOM);
	CU_ASSERT_EQUAL(f->log.tail.index, tail);
	service_fixture_end(f);
}

static void nothing_is_proposed_to_a_poisoned_log(void)
{
	begin(true);
	f->log.poisoned = true;
	CU_ASSERT_EQUAL(trim(1), WL_LOG_POISONED);
	f->log.poisoned = false;
	service_fixture_end(f);
}

static uint64_t append_until_it_is_full(void)
{
	static const uint8_t payload[WIRELOG_RECORD_BYTES_MAX];
	struct wl_record_header record = {.session = 1,
					  .bytes = sizeof(payload),
					  .kind = WL_RECORD_DATA};
	struct wl_appended appended;
	uint64_t last = 0;
	int status;

	for (unsigned turn = 0; turn < 10000; turn++) {
		record.sequence = last + 1;
		status = wl_replica_append_record(&f->replica, &record, payload, f->wall_ns,
						  &appended);
		if (status == WIRELOG_OK)
			last = appended.number;
		service_fixture_turn(f);
		if (status == WIRELOG_NO_SPACE)
			break;
	}
	CU_ASSERT_EQUAL(status, WIRELOG_NO_SPACE);
	return last;
}

/* Appends are refused; trims go on, until what is left is for first entries of terms alone. */
static void a_full_log_takes_trims(void)
{
	unsigned trims = 0;
	uint64_t last;

	begin(true);
	last = append_until_it_is_full();
	while (trim(last) == WL_LOG_OK && trims < 2 * WL_LOG_KEPT_ELECTIONS) {
		service_fixture_turn(f);
		trims++;
	}
	service_fixture_turns(f, 2);
	CU_ASSERT_EQUAL(trim(1), WL_LOG_NO_SPACE);
	CU_ASSERT_TRUE(trims >= WL_LOG_KEPT_ELECTIONS - WL_LOG_KEPT_FOR_TERMS);
	CU_ASSERT_TRUE(wl_log_elections_left(&f->log) >= WL_LOG_KEPT_FOR_TERMS);
	CU_ASSERT_EQUAL(state()->trim_number, last);
	service_fixture_end(f);
}

WL_SUITE(propose)
{
	WL_TEST(what_is_proposed_is_applied_when_it_is_committed),
	WL_TEST(the_open_entry_is_sealed_before_it),
	WL_TEST(who_does_not_lead_proposes_nothing),
	WL_TEST(nothing_is_proposed_to_a_poisoned_log),
	WL_TEST(a_full_log_takes_trims),
};
