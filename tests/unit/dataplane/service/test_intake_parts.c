/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that no frame holds: they come in parts, and each waits in a place of its own until it is whole. */
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

static struct service_fixture *f;
static struct wl_wire_append_result result;

static uint64_t start(void)
{
	f = service_fixture_start(true);
	service_fixture_lead(f, 1);
	return service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 99);
}

/* The only result of this turn or the next ones. */
static bool one_result(void)
{
	for (unsigned turn = 0; turn < 4; turn++) {
		service_fixture_turn(f);
		if (service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 0, &result))
			return !service_fixture_result(f, SERVICE_FIXTURE_CLIENT, 1, &result);
	}
	return false;
}

static void record_in_fragments_is_one_record(void)
{
	struct service_fixture_append large = {.first = 1, .count = 1, .record_bytes = 300000};

	large.session = start();
	service_fixture_append(f, &large);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(result.first_number, 1);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_record_bytes_appended), 300000);
	/* The whole record again: answered from the table, at its first fragment. */
	service_fixture_append(f, &large);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.first_number, 1);
	CU_ASSERT_EQUAL(f->log.next_number, 2);
	service_fixture_end(f);
}

static void largest_record_is_taken_and_one_byte_more_is_refused(void)
{
	struct service_fixture_append large = {.first = 1,
					       .count = 1,
					       .record_bytes = WIRELOG_RECORD_BYTES_MAX};

	large.session = start();
	service_fixture_append(f, &large);
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	service_fixture_end(f);
}

static void lost_fragment_costs_a_resend_and_nothing_else(void)
{
	static uint8_t bytes[1024], payload[2048];
	uint64_t session = start();
	struct wl_wire_record part = {.bytes = 1024, .level = WIRELOG_COMMITTED, .payload = bytes};
	struct wl_wire_client_append wire = {
		.session = session,
		.first_sequence = 1,
		.record_count = 1,
		.record_bytes = 3072,
		.bytes = WL_WIRE_RECORD_HEADER_BYTES + 1024,
	};
	static const uint32_t order[] = {0,    2048, 2048, 0,
					 1024, 1024, 2048}; /* lost, again, twice */

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		CU_ASSERT_FALSE(f->log.entry_open);
		wire.fragment_offset = order[i];
		wl_wire_encode_client_append(payload, &wire);
		wl_wire_encode_record(payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES, &part);
		service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_CLIENT_APPEND, payload,
					WL_WIRE_CLIENT_APPEND_HEADER_BYTES + wire.bytes);
	}
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(f->log.next_number, 2);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_record_bytes_appended), 3072);
	service_fixture_end(f);
}

/* The client's frames have become smaller in the midst of a record. */
static void record_that_is_cut_elsewhere_when_it_is_sent_again_is_put_together(void)
{
	static const uint32_t offsets[] = {0, 1000, 0, 700, 1400, 2100};
	static const uint32_t sizes[] = {1000, 1000, 700, 700, 700, 100};
	static uint8_t bytes[1024], payload[2048];
	uint64_t session = start();

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct wl_wire_record part = {sizes[i], WIRELOG_COMMITTED, 0, bytes};
		struct wl_wire_client_append wire = {
			.session = session,
			.first_sequence = 1,
			.record_count = 1,
			.fragment_offset = offsets[i],
			.record_bytes = 2200,
			.bytes = WL_WIRE_RECORD_HEADER_BYTES + sizes[i],
		};

		CU_ASSERT_FALSE(f->log.entry_open);
		wl_wire_encode_client_append(payload, &wire);
		wl_wire_encode_record(payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES, &part);
		service_fixture_message(f, SERVICE_FIXTURE_CLIENT, WL_WIRE_CLIENT_APPEND, payload,
					WL_WIRE_CLIENT_APPEND_HEADER_BYTES + wire.bytes);
	}
	CU_ASSERT_TRUE(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_OK);
	CU_ASSERT_EQUAL(wl_count_get(&f->counters, WL_COUNTER_record_bytes_appended), 2200);
	service_fixture_end(f);
}

/* A third of a record of 3000 bytes. */
static void send_part(wl_identity client, uint64_t session, uint32_t offset)
{
	static uint8_t bytes[1024], payload[2048];
	struct wl_wire_record part = {1000, WIRELOG_COMMITTED, 0, bytes};
	struct wl_wire_client_append wire = {
		.session = session,
		.first_sequence = 1,
		.record_count = 1,
		.fragment_offset = offset,
		.record_bytes = 3000,
		.bytes = WL_WIRE_RECORD_HEADER_BYTES + 1000,
	};

	wl_wire_encode_client_append(payload, &wire);
	wl_wire_encode_record(payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES, &part);
	service_fixture_message(f, client, WL_WIRE_CLIENT_APPEND, payload,
				WL_WIRE_CLIENT_APPEND_HEADER_BYTES + wire.bytes);
}

static void begin_record(wl_identity client, uint64_t session)
{
	send_part(client, session, 0);
}

/* The rest of a record that was begun: is it whole then? */
static bool ends_record(wl_identity client, uint64_t session)
{
	uint64_t before = wl_count_get(&f->counters, WL_COUNTER_record_bytes_appended);

	send_part(client, session, 1000);
	send_part(client, session, 2000);
	return wl_count_get(&f->counters, WL_COUNTER_record_bytes_appended) == before + 3000;
}

/* All places for records in parts are taken: who comes is told, and has one when somebody has stopped growing. */
static void full_table_of_records_in_parts_is_back_pressure_for_a_while(void)
{
	wl_identity client = 0x80002000;
	uint64_t session = start();

	for (unsigned taken = 0; taken < WL_SERVICE_ASSEMBLIES; taken++, client++) {
		service_fixture_add_client(f, client);
		begin_record(client, service_fixture_open(f, client, 7));
	}
	begin_record(SERVICE_FIXTURE_CLIENT, session);
	CU_ASSERT_TRUE_FATAL(one_result());
	CU_ASSERT_EQUAL(result.status, WIRELOG_BACK_PRESSURE);
	f->now_ns += WL_SERVICE_ASSEMBLY_STILL_NS;
	service_fixture_turn(f);
	begin_record(SERVICE_FIXTURE_CLIENT, session);
	CU_ASSERT_FALSE(one_result());
	service_fixture_end(f);
}

static void advance(uint64_t ns)
{
	f->now_ns += ns;
	service_fixture_turn(f);
}

/* Of those that stand still, the one that did for longest; it was not the first that began. */
static void record_in_parts_takes_the_place_of_the_one_that_stood_still_for_longest(void)
{
	uint64_t sessions[WL_SERVICE_ASSEMBLIES], session = start();
	wl_identity first = 0x80002000;

	for (unsigned at = 0; at < WL_SERVICE_ASSEMBLIES; at++) {
		service_fixture_add_client(f, first + at);
		sessions[at] = service_fixture_open(f, first + at, 7);
	}
	for (unsigned at = 0; at < WL_SERVICE_ASSEMBLIES; at++) {
		begin_record(first + at, sessions[at]);
		advance(1000000);
	}
	send_part(first, sessions[0], 1000);
	advance(2 * WL_SERVICE_ASSEMBLY_STILL_NS);
	begin_record(SERVICE_FIXTURE_CLIENT, session);
	for (unsigned at = 0; at < WL_SERVICE_ASSEMBLIES; at++)
		CU_ASSERT_EQUAL(ends_record(first + at, sessions[at]), at != 1);
	CU_ASSERT(ends_record(SERVICE_FIXTURE_CLIENT, session));
	service_fixture_end(f);
}

/* Although others are free: one client has its share of them. */
static void record_in_parts_beyond_the_share_takes_the_place_of_the_clients_own(void)
{
	uint64_t sessions[WL_SERVICE_ASSEMBLIES_OF_ONE + 1];

	sessions[0] = start();
	for (unsigned at = 1; at <= WL_SERVICE_ASSEMBLIES_OF_ONE; at++)
		sessions[at] = service_fixture_open(f, SERVICE_FIXTURE_CLIENT, 100 + at);
	for (unsigned at = 0; at <= WL_SERVICE_ASSEMBLIES_OF_ONE; at++) {
		begin_record(SERVICE_FIXTURE_CLIENT, sessions[at]);
		advance(1000000);
	}
	for (unsigned at = 0; at <= WL_SERVICE_ASSEMBLIES_OF_ONE; at++)
		CU_ASSERT_EQUAL(ends_record(SERVICE_FIXTURE_CLIENT, sessions[at]), at != 0);
	service_fixture_end(f);
}

WL_SUITE(intake_parts)
{
	WL_TEST(record_in_fragments_is_one_record),
	WL_TEST(largest_record_is_taken_and_one_byte_more_is_refused),
	WL_TEST(lost_fragment_costs_a_resend_and_nothing_else),
	WL_TEST(record_that_is_cut_elsewhere_when_it_is_sent_again_is_put_together),
	WL_TEST(full_table_of_records_in_parts_is_back_pressure_for_a_while),
	WL_TEST(record_in_parts_takes_the_place_of_the_one_that_stood_still_for_longest),
	WL_TEST(record_in_parts_beyond_the_share_takes_the_place_of_the_clients_own),
};
