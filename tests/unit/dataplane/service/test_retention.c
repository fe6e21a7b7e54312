/* SPDX-License-Identifier: BSD-3-Clause */
/* What a leader trims by itself: by size, by age, and by whose clock. */
#include "dataplane/service/retention.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define SECOND_NS 1000000000ull
#define YEAR_NS (365ull * 86400 * SECOND_NS)
#define RECORD_BYTES 60000u
#define SEGMENT WL_SEGMENT_BYTES_MIN

static struct service_fixture *front;
static uint64_t session, sequence;

static void append_segments(unsigned segments)
{
	uint64_t until = front->log.append_offset + segments * (uint64_t)SEGMENT;

	while (front->log.append_offset < until) {
		uint64_t before = front->log.append_offset;

		sequence++;
		service_fixture_append(front, &(struct service_fixture_append){
						      .session = session,
						      .first = sequence,
						      .count = 1,
						      .record_bytes = RECORD_BYTES,
						      .acknowledged_through = sequence - 1,
					      });
		service_fixture_turns(front, 3);
		CU_ASSERT_FATAL(front->log.append_offset >
				before); /* the medium holds six segments */
	}
}

/* Time goes on for all clocks alike. */
static void pass(uint64_t ns)
{
	front->wall_ns += ns;
	front->now_ns += ns;
	service_fixture_turns(front, 6);
}

static void begin(bool alone)
{
	front = service_fixture_start(alone);
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = front->clock_known[node] = true;
	service_fixture_lead(front, 1);
	session = service_fixture_open(front, SERVICE_FIXTURE_CLIENT, 1);
	CU_ASSERT_NOT_EQUAL_FATAL(session, 0);
	sequence = 0;
}

static void end(void)
{
	service_fixture_end(front);
}

static uint64_t trimmed(void)
{
	return front->service->state.trim_number;
}

static uint64_t wished(uint64_t bytes, uint64_t age_ns, uint64_t vouched_ns)
{
	const struct wl_retention retention = {
		.bytes = bytes,
		.age_ns = age_ns,
		.vouched_ns = vouched_ns,
	};

	return wl_retention_number(&retention, &front->log, front->replica.commit, trimmed());
}

/* Stream bytes that are kept when the log begins with this record. */
static uint64_t kept_behind(uint64_t number)
{
	struct wl_log_begin begin;

	CU_ASSERT_FATAL(wl_log_find_begin(&front->log, number, UINT64_MAX, &begin));
	CU_ASSERT_EQUAL(begin.next_number, number); /* it is the first of a segment */
	return front->log.append_offset - begin.offset;
}

static void no_limit_keeps_everything(void)
{
	begin(true);
	append_segments(4);
	CU_ASSERT_EQUAL(wished(0, 0, front->wall_ns), 0);
	pass(10 * SECOND_NS);
	CU_ASSERT_EQUAL(trimmed(), 1);
	end();
}

/* As much as the limit stays, and less than a segment more. */
static void what_is_too_much_goes_by_whole_segments(void)
{
	begin(true);
	append_segments(4);
	for (uint64_t bytes = 1 << 20; bytes < 5 * (uint64_t)SEGMENT; bytes += 700001) {
		uint64_t number = wished(bytes, 0, 0), kept;

		if (number == 0) {
			CU_ASSERT(bytes + SEGMENT > front->log.append_offset);
			continue;
		}
		kept = kept_behind(number);
		CU_ASSERT(kept >= bytes);
		CU_ASSERT(kept < bytes + SEGMENT + WL_CHUNK_BYTES_MAX);
	}
	end();
}

static void nothing_is_proposed_before_a_segment_comes_free(void)
{
	uint64_t first, tail;

	begin(true);
	service_fixture_limit(front, WL_LIMIT_RETENTION_BYTES, 2 * (uint64_t)SEGMENT);
	append_segments(4);
	pass(2 * SECOND_NS);
	first = trimmed();
	CU_ASSERT(first > 1);
	tail = front->log.tail.index;
	for (unsigned time = 0; time < 5; time++)
		pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	append_segments(1);
	pass(2 * SECOND_NS);
	CU_ASSERT(trimmed() > first);
	CU_ASSERT(kept_behind(trimmed()) >= 2 * (uint64_t)SEGMENT);
	end();
}

/* What an operator trimmed into the middle of a segment is no reason to propose that segment again. */
static void trim_point_inside_a_segment_counts(void)
{
	uint64_t number;

	begin(true);
	append_segments(4);
	number = wished(2 * (uint64_t)SEGMENT, 0, 0);
	CU_ASSERT_FATAL(number > 1);
	front->service->state.trim_number = number + 1;
	CU_ASSERT_EQUAL(wished(2 * (uint64_t)SEGMENT, 0, 0), 0);
	front->service->state.trim_number = number - 1;
	CU_ASSERT_EQUAL(wished(2 * (uint64_t)SEGMENT, 0, 0), number);
	end();
}

static void apply_set(const char *name, uint64_t number)
{
	struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_CONSUMER_SET, .number = number};

	snprintf(wish.name, sizeof(wish.name), "%s", name);
	wl_replica_ask(&front->replica, &wish);
	service_fixture_turns(front, 10);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0);
}

static uint32_t consumers(void)
{
	return front->service->state.consumers.count;
}

/* As far as the checkpoint allows, and by whole segments there, too. */
static void a_checkpoint_holds_back_what_is_too_much(void)
{
	uint64_t held_before = 0;

	begin(true);
	append_segments(4);
	for (uint64_t checkpoint = 1; checkpoint <= front->log.next_number; checkpoint += 3) {
		const struct wl_retention free = {.bytes = 2 * (uint64_t)SEGMENT};
		const struct wl_retention retention = {
			.bytes = 2 * (uint64_t)SEGMENT,
			.checkpoint = checkpoint,
		};
		uint64_t commit = front->replica.commit;
		uint64_t wish = wl_retention_number(&free, &front->log, commit, 1);
		uint64_t number = wl_retention_number(&retention, &front->log, commit, 1);
		uint64_t held = wl_retention_held(&retention, &front->log, commit);

		CU_ASSERT(number <= checkpoint && number <= wish);
		CU_ASSERT_EQUAL(wl_retention_held(&free, &front->log, commit), 0);
		if (checkpoint >= wish) {
			CU_ASSERT_EQUAL(number, wish);
			CU_ASSERT_EQUAL(held, 0);
			continue;
		}
		CU_ASSERT_EQUAL(held,
				(number != 0 ? kept_behind(number)
					     : front->log.append_offset - front->log.begin.offset) -
					kept_behind(wish));
		CU_ASSERT(held != 0 && (held_before == 0 || held <= held_before));
		held_before = held;
	}
	CU_ASSERT_NOT_EQUAL(held_before, 0);
	end();
}

static void retention_waits_for_a_consumer_as_long_as_it_has_to(void)
{
	uint64_t free;

	begin(true);
	service_fixture_limit(front, WL_LIMIT_RETENTION_BYTES, SEGMENT);
	apply_set("reader", 1);
	append_segments(4);
	pass(2 * SECOND_NS);
	pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(trimmed(), 1);
	CU_ASSERT(front->service->upkeep.held_bytes >= 2 * (uint64_t)SEGMENT);
	free = wished(SEGMENT, 0, 0);
	apply_set("reader", free / 2);
	pass(2 * SECOND_NS);
	CU_ASSERT(trimmed() > 1 && trimmed() <= free / 2);
	apply_set("reader", free);
	pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(trimmed(), free);
	CU_ASSERT_EQUAL(front->service->upkeep.held_bytes, 0);
	CU_ASSERT_EQUAL(consumers(), 1);
	end();
}

/* First the checkpoint goes, then the records; one that holds back less stays. */
static void who_holds_back_too_much_is_dropped(void)
{
	uint64_t near, tail;

	begin(true);
	apply_set("far", 1);
	apply_set("farther.but.as.far", 1);
	append_segments(4);
	near = wished(2 * (uint64_t)SEGMENT, 0, 0);
	apply_set("near", near);
	service_fixture_limit(front, WL_LIMIT_RETENTION_BYTES, SEGMENT);
	service_fixture_limit(front, WL_LIMIT_RETENTION_HOLD_BYTES, 8 * (uint64_t)SEGMENT);
	pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(consumers(), 3);
	CU_ASSERT_EQUAL(trimmed(), 1);
	service_fixture_limit(front, WL_LIMIT_RETENTION_HOLD_BYTES, 2 * (uint64_t)SEGMENT);
	tail = front->log.tail.index;
	pass(2 * SECOND_NS);
	pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(consumers(), 1);
	CU_ASSERT_STRING_EQUAL(front->service->state.consumers.consumers[0].name, "near");
	CU_ASSERT_EQUAL(trimmed(), near);
	CU_ASSERT_EQUAL(front->log.tail.index, tail + 3); /* two go, and then a trim */
	CU_ASSERT_EQUAL(wl_count_get(&front->counters, WL_COUNTER_checkpoints_dropped), 2);
	pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(consumers(), 1);
	end();
}

static void what_is_too_old_goes(void)
{
	uint64_t number, old_until;

	begin(false);
	append_segments(2);
	old_until = front->log.next_number;
	pass(100 * SECOND_NS);
	append_segments(2);
	CU_ASSERT_EQUAL(wished(0, 200 * SECOND_NS, front->wall_ns), 0);
	number = wished(0, 50 * SECOND_NS, front->wall_ns);
	CU_ASSERT(number > 1 && number <= old_until);
	CU_ASSERT_EQUAL(wished(0, 50 * SECOND_NS, 0), 0); /* nobody vouches for a time */
	CU_ASSERT_EQUAL(wished(0, 50 * SECOND_NS, 49 * SECOND_NS), 0);
	/* However old: what is kept of the last segment, and never above what is committed. */
	number = wished(0, SECOND_NS, front->wall_ns + YEAR_NS);
	CU_ASSERT(number > old_until && number < front->log.next_number);
	service_fixture_limit(front, WL_LIMIT_RETENTION_AGE_NS, 50 * SECOND_NS);
	pass(2 * SECOND_NS);
	CU_ASSERT(trimmed() > 1 && trimmed() <= old_until);
	end();
}

static void the_stricter_limit_counts(void)
{
	uint64_t by_size, by_age;

	begin(true);
	append_segments(2);
	pass(100 * SECOND_NS);
	append_segments(3);
	by_size = wished(SEGMENT, 0, 0);
	by_age = wished(0, 50 * SECOND_NS, front->wall_ns);
	CU_ASSERT(by_age > 1 && by_size > by_age);
	CU_ASSERT_EQUAL(wished(SEGMENT, 50 * SECOND_NS, front->wall_ns), by_size);
	CU_ASSERT_EQUAL(wished(UINT64_MAX, 50 * SECOND_NS, front->wall_ns), by_age);
	end();
}

static void what_is_not_among_the_newest_records_goes(void)
{
	uint64_t all, number;

	begin(true);
	append_segments(4);
	all = front->log.next_number - 1;
	for (uint64_t records = 0; records <= all + 5; records += 1 + all / 37) {
		const struct wl_retention retention = {.records = records};

		number = wl_retention_number(&retention, &front->log, front->replica.commit, 1);
		CU_ASSERT(records != 0 && records < all ? number <= all + 1 - records
							: number == 0);
	}
	service_fixture_limit(front, WL_LIMIT_RETENTION_RECORDS, 10);
	pass(2 * SECOND_NS);
	CU_ASSERT(trimmed() > 1 && trimmed() <= front->log.next_number - 10);
	number = trimmed();
	append_segments(1);
	pass(2 * SECOND_NS);
	CU_ASSERT(trimmed() > number);
	end();
}

static void nothing_above_the_commit_is_trimmed(void)
{
	const struct wl_retention retention = {.bytes = 1};
	uint64_t commit, next, number;

	begin(true);
	append_segments(2);
	commit = front->replica.commit;
	next = front->log.next_number;
	append_segments(2);
	number = wl_retention_number(&retention, &front->log, commit, 1);
	CU_ASSERT(number > 1 && number < next);
	CU_ASSERT(wished(1, 0, 0) > next);
	CU_ASSERT_EQUAL(wl_retention_number(&retention, &front->log, 0, 1), 0);
	end();
}

/* Rule 15: one clock is ten years ahead for two seconds, whichever it is, and nothing is trimmed. */
static void one_clock_ten_years_ahead_trims_nothing(void)
{
	for (uint32_t node = 1; node <= 3; node++) {
		begin(false);
		service_fixture_limit(front, WL_LIMIT_RETENTION_AGE_NS, YEAR_NS);
		append_segments(3);
		front->clock_ahead_ns[node] = 10 * YEAR_NS;
		for (unsigned time = 0; time < 20; time++) {
			pass(SECOND_NS / 10);
			append_segments(time == 10);
		}
		front->clock_ahead_ns[node] = 0;
		pass(2 * SECOND_NS);
		CU_ASSERT_EQUAL(trimmed(), 1);
		/* What was stamped meanwhile is of now, too. */
		CU_ASSERT(front->log.last_timestamp_ns < front->wall_ns + 2 * SECOND_NS);
		front->clock_ahead_ns[1] = front->clock_ahead_ns[2] = 10 * YEAR_NS; /* a majority */
		pass(2 * SECOND_NS);
		CU_ASSERT(trimmed() > 1);
		end();
	}
}

/* A leader that has heard no clock but its own knows no time. */
static void own_clock_alone_trims_nothing(void)
{
	begin(false);
	front->clock_known[2] = front->clock_known[3] = false;
	service_fixture_lead(front, 2);
	service_fixture_limit(front, WL_LIMIT_RETENTION_AGE_NS, SECOND_NS);
	append_segments(3);
	pass(100 * SECOND_NS);
	pass(2 * SECOND_NS);
	CU_ASSERT_EQUAL(trimmed(), 1);
	front->clock_known[3] = true;
	pass(2 * SECOND_NS);
	CU_ASSERT(trimmed() > 1);
	end();
}

WL_SUITE(retention)
{
	WL_TEST(no_limit_keeps_everything),
	WL_TEST(what_is_too_much_goes_by_whole_segments),
	WL_TEST(nothing_is_proposed_before_a_segment_comes_free),
	WL_TEST(trim_point_inside_a_segment_counts),
	WL_TEST(a_checkpoint_holds_back_what_is_too_much),
	WL_TEST(retention_waits_for_a_consumer_as_long_as_it_has_to),
	WL_TEST(who_holds_back_too_much_is_dropped),
	WL_TEST(what_is_too_old_goes),
	WL_TEST(the_stricter_limit_counts),
	WL_TEST(what_is_not_among_the_newest_records_goes),
	WL_TEST(nothing_above_the_commit_is_trimmed),
	WL_TEST(one_clock_ten_years_ahead_trims_nothing),
	WL_TEST(own_clock_alone_trims_nothing),
};
