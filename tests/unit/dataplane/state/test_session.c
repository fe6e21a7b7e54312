/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/state/session.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define CAPACITY 4u
#define CLIENT 0x80000001u
#define BOOT_ID 7u

/* A table, and the log that is applied to it. */
static struct wl_session_table table;
static void *memory;
static uint64_t next_index, next_number;

/* The entry that a test builds. */
static uint8_t image[64 << 10];
static size_t image_bytes;
static struct wl_entry_header header;

static void start_table(struct wl_session_table *to, void **to_memory, uint32_t capacity)
{
	free(*to_memory);
	*to_memory = malloc(wl_session_table_memory_bytes(capacity));
	/* Not zeros: the table must not rely on fresh memory. */
	memset(*to_memory, 0xab, wl_session_table_memory_bytes(capacity));
	wl_session_table_init(to, *to_memory, capacity);
}

static void start(uint32_t capacity)
{
	start_table(&table, &memory, capacity);
	next_index = 1;
	next_number = 1;
}

static void begin_entry(void)
{
	memset(&header, 0, sizeof(header));
	header.kind = WL_ENTRY_RECORDS;
	header.index = next_index++;
	header.first_number = next_number;
	header.timestamp_ns = header.index * 1000;
	image_bytes = WL_ENTRY_HEADER_BYTES;
}

static void add(uint16_t kind, uint64_t session, uint64_t sequence)
{
	struct wl_record_header record = {
		.session = session,
		.sequence = sequence,
		.bytes = kind == WL_RECORD_DATA ? 8 : 0,
		.kind = kind,
	};

	wl_entry_encode_record(image + image_bytes, &record);
	image_bytes += wl_record_image_bytes(record.bytes);
	header.record_count++;
	if (kind == WL_RECORD_DATA) {
		header.data_count++;
		next_number++;
	}
}

static unsigned end_entry_in(struct wl_session_table *to)
{
	header.body_bytes = (uint32_t)(image_bytes - WL_ENTRY_HEADER_BYTES);
	wl_entry_encode_header(image, &header);
	return wl_session_apply(to, image, &header);
}

static unsigned end_entry(void)
{
	return end_entry_in(&table);
}

static uint64_t open_one(uint64_t nonce)
{
	begin_entry();
	add(WL_RECORD_OPEN_SESSION, nonce, CLIENT);
	end_entry();
	return wl_session_by_nonce(&table, nonce, CLIENT);
}

/* One entry with the session's records first..last. */
static void commit_records(uint64_t session, uint64_t first, uint64_t last)
{
	begin_entry();
	for (uint64_t sequence = first; sequence <= last; sequence++)
		add(WL_RECORD_DATA, session, sequence);
	end_entry();
}

static struct wl_session_answer answer;

static enum wl_session_verdict check(uint64_t session, uint64_t sequence)
{
	return wl_session_check(&table, session, sequence, 0, &answer);
}

static void open_is_found_again_by_its_nonce_and_client(void)
{
	uint64_t session;

	start(CAPACITY);
	session = open_one(11);

	CU_ASSERT_EQUAL(session, wl_session_id(1, 0));
	CU_ASSERT_EQUAL(wl_session_by_nonce(&table, 11, CLIENT + 1), 0);
	CU_ASSERT_EQUAL(wl_session_by_nonce(&table, 12, CLIENT), 0);
	CU_ASSERT_EQUAL(open_one(11), session);
	CU_ASSERT_EQUAL(table.count, 1);
}

static void sessions_of_one_entry_differ_by_their_ordinal(void)
{
	start(CAPACITY);
	begin_entry();
	add(WL_RECORD_OPEN_SESSION, 11, CLIENT);
	add(WL_RECORD_OPEN_SESSION, 12, CLIENT);
	end_entry();

	CU_ASSERT_EQUAL(wl_session_by_nonce(&table, 11, CLIENT), wl_session_id(1, 0));
	CU_ASSERT_EQUAL(wl_session_by_nonce(&table, 12, CLIENT), wl_session_id(1, 1));
}

static void committed_sequence_answers_its_first_number(void)
{
	uint64_t session, other;

	start(CAPACITY);
	session = open_one(11);
	other = open_one(12);
	commit_records(session, 1, 3); /* 1..3 */
	commit_records(other, 1, 2); /* 4..5 */
	commit_records(session, 4, 4); /* 6 */

	CU_ASSERT_EQUAL(check(session, 2), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 2);
	CU_ASSERT_EQUAL(answer.timestamp_ns, 0); /* the table keeps that of a run's last record */
	CU_ASSERT_EQUAL(check(session, 3), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.timestamp_ns, 3000);
	CU_ASSERT_EQUAL(check(session, 4), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 6);
	CU_ASSERT_EQUAL(check(other, 1), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 4);
	CU_ASSERT_EQUAL(check(session, 5), WL_SESSION_NEXT);
}

static void expired_record_consumes_its_sequence_and_has_no_number(void)
{
	uint64_t session;

	start(CAPACITY);
	session = open_one(11);
	begin_entry();
	add(WL_RECORD_DATA, session, 1);
	add(WL_RECORD_EXPIRED, session, 2);
	add(WL_RECORD_EXPIRED, session, 3);
	add(WL_RECORD_DATA, session, 4);
	end_entry();

	CU_ASSERT_EQUAL(check(session, 3), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 0);
	CU_ASSERT_EQUAL(check(session, 4), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 2);
	CU_ASSERT_EQUAL(check(session, 5), WL_SESSION_NEXT);
}

static void sequence_in_the_tail_is_in_flight_until_it_is_applied(void)
{
	uint64_t session;

	start(CAPACITY);
	session = open_one(11);
	wl_session_lead(&table, BOOT_ID);

	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_NEXT);
	wl_session_appended(&table, session, 1, 1);
	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_IN_FLIGHT);
	CU_ASSERT_EQUAL(check(session, 2), WL_SESSION_NEXT);
	CU_ASSERT_EQUAL(check(session, 3), WL_SESSION_GAP);
	CU_ASSERT_EQUAL(answer.expected, 2);
	commit_records(session, 1, 1);
	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_DONE);
}

static void new_leadership_forgets_what_the_old_one_had_in_flight(void)
{
	uint64_t session;

	start(CAPACITY);
	session = open_one(11);
	wl_session_lead(&table, BOOT_ID);
	wl_session_appended(&table, session, 1, 1);
	wl_session_lead(&table, BOOT_ID + 1);

	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_NEXT);
}

static void unknown_session_is_named_as_such(void)
{
	start(CAPACITY);
	open_one(11);
	CU_ASSERT_EQUAL(check(wl_session_id(1, 1), 1), WL_SESSION_UNKNOWN);
}

static void close_one(uint64_t session)
{
	begin_entry();
	add(WL_RECORD_CLOSE_SESSION, session, 0);
	end_entry();
}

static void opening_without_room_has_no_effect(void)
{
	uint64_t sessions[CAPACITY];

	start(CAPACITY);
	for (unsigned i = 0; i < CAPACITY; i++)
		sessions[i] = open_one(100 + i);

	CU_ASSERT_EQUAL(open_one(200), 0);
	for (unsigned i = 0; i < CAPACITY; i++)
		CU_ASSERT_EQUAL(check(sessions[i], 1), WL_SESSION_NEXT);
	CU_ASSERT_EQUAL(table.count, CAPACITY);
}

static void session_that_is_closed_gives_its_place_to_the_next(void)
{
	uint64_t sessions[CAPACITY], session;

	start(CAPACITY);
	for (unsigned i = 0; i < CAPACITY; i++)
		sessions[i] = open_one(100 + i);
	commit_records(sessions[1], 1, 1);
	begin_entry();
	add(WL_RECORD_CLOSE_SESSION, sessions[1], 0);
	add(WL_RECORD_OPEN_SESSION, 200, CLIENT);

	CU_ASSERT_EQUAL(end_entry(), 1);
	session = wl_session_by_nonce(&table, 200, CLIENT);
	CU_ASSERT_EQUAL(check(sessions[1], 1), WL_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(wl_session_by_nonce(&table, 101, CLIENT), 0);
	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_NEXT); /* nothing is left of who was there */
	CU_ASSERT_EQUAL(check(sessions[0], 1), WL_SESSION_NEXT);
	CU_ASSERT_EQUAL(table.count, CAPACITY);
	close_one(sessions[1]); /* it is gone already */
	CU_ASSERT_EQUAL(table.count, CAPACITY);
}

static void session_whose_end_is_on_its_way_takes_no_appends(void)
{
	uint64_t session, oldest;

	start(CAPACITY);
	session = open_one(11);
	commit_records(session, 1, 1);
	wl_session_lead(&table, 5);
	CU_ASSERT_EQUAL(wl_session_count_of(&table, CLIENT, &oldest), 1);
	CU_ASSERT_EQUAL(oldest, session);

	wl_session_ending(&table, session);

	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(check(session, 2), WL_SESSION_WINDOW);
	CU_ASSERT_EQUAL(wl_session_count_of(&table, CLIENT, &oldest), 0);
	wl_session_lead(&table, 6); /* another leadership: that end may never come */
	CU_ASSERT_EQUAL(check(session, 2), WL_SESSION_NEXT);
}

static void late_open_does_not_revive_a_forgotten_session(void)
{
	uint64_t first, second;

	start(1);
	first = open_one(11);
	commit_records(first, 1, 5);
	close_one(first);
	open_one(12);
	close_one(wl_session_by_nonce(&table, 12, CLIENT));
	second = open_one(11); /* the duplicate of long ago */

	CU_ASSERT_NOT_EQUAL(second, 0);
	CU_ASSERT_NOT_EQUAL(second, first);
	CU_ASSERT_EQUAL(check(first, 6), WL_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(check(second, 1), WL_SESSION_NEXT);
}

static void record_of_a_forgotten_session_is_passed_over(void)
{
	uint64_t session;

	start(1);
	session = open_one(11);
	close_one(session);
	commit_records(session, 1, 1);

	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(table.applied_index, 3);
}

/* Sessions a and b take turns, so that each record is a run of its own. */
static void alternate(uint64_t a, uint64_t b, uint64_t first, uint64_t last)
{
	for (uint64_t sequence = first; sequence <= last; sequence++) {
		begin_entry();
		add(WL_RECORD_DATA, a, sequence);
		add(WL_RECORD_DATA, b, sequence);
		end_entry();
	}
}

static void run_that_was_pushed_out_is_forgotten(void)
{
	uint64_t a, b;

	start(CAPACITY);
	a = open_one(11);
	b = open_one(12);
	alternate(a, b, 1, WIRELOG_SESSION_RUNS + 10);

	CU_ASSERT_EQUAL(check(a, 10), WL_SESSION_FORGOTTEN);
	CU_ASSERT_EQUAL(check(a, 11), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 21);
	CU_ASSERT_EQUAL(check(b, WIRELOG_SESSION_RUNS + 10), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 2 * (WIRELOG_SESSION_RUNS + 10));
}

static void run_without_the_clients_acknowledgement_is_not_pushed_out(void)
{
	uint64_t a, b, last = WIRELOG_SESSION_RUNS;

	start(CAPACITY);
	a = open_one(11);
	b = open_one(12);
	alternate(a, b, 1, last);
	wl_session_lead(&table, BOOT_ID);

	CU_ASSERT_EQUAL(wl_session_check(&table, a, last + 1, 0, &answer), WL_SESSION_WINDOW);
	CU_ASSERT_EQUAL(wl_session_check(&table, a, last + 1, 1, &answer), WL_SESSION_NEXT);
	/* One acknowledged run makes room for one, in flight or not. */
	wl_session_appended(&table, a, last + 1, 1000);
	CU_ASSERT_EQUAL(wl_session_check(&table, a, last + 2, 1, &answer), WL_SESSION_WINDOW);
	CU_ASSERT_EQUAL(wl_session_check(&table, a, last + 2, 2, &answer), WL_SESSION_NEXT);
}

static void runs_that_are_in_flight_count_for_the_window(void)
{
	uint64_t session, sequence;

	start(CAPACITY);
	session = open_one(11);
	wl_session_lead(&table, BOOT_ID);
	for (sequence = 1; sequence <= WIRELOG_SESSION_RUNS; sequence++) {
		CU_ASSERT_EQUAL(check(session, sequence), WL_SESSION_NEXT);
		wl_session_appended(&table, session, sequence, 2 * sequence);
	}
	CU_ASSERT_EQUAL(check(session, sequence), WL_SESSION_WINDOW);
	/* Whatever the client says about what nobody has answered yet. */
	CU_ASSERT_EQUAL(wl_session_check(&table, session, sequence, UINT64_MAX, &answer),
			WL_SESSION_WINDOW);
}

static void consecutive_numbers_are_one_run_however_many(void)
{
	uint64_t session, sequence;

	start(CAPACITY);
	session = open_one(11);
	wl_session_lead(&table, BOOT_ID);
	for (sequence = 1; sequence <= 10 * WIRELOG_SESSION_RUNS; sequence++)
		wl_session_appended(&table, session, sequence, sequence);
	CU_ASSERT_EQUAL(check(session, sequence), WL_SESSION_NEXT);
	for (sequence = 1; sequence <= 10 * WIRELOG_SESSION_RUNS; sequence += 8)
		commit_records(session, sequence, sequence + 7);
	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(answer.number, 1);
	CU_ASSERT_EQUAL(check(session, sequence), WL_SESSION_NEXT);
}

static void tables_of_the_same_log_have_the_same_digest(void)
{
	static struct wl_session_table other;
	static void *other_memory;
	uint64_t session, before;

	start(2);
	start_table(&other, &other_memory, 2);
	for (uint64_t nonce = 1; nonce <= 3; nonce++) {
		begin_entry();
		if (nonce == 3)
			add(WL_RECORD_CLOSE_SESSION, wl_session_id(1, 0), 0);
		add(WL_RECORD_OPEN_SESSION, nonce, CLIENT);
		end_entry();
		end_entry_in(&other);
	}
	session = wl_session_by_nonce(&table, 3, CLIENT);
	begin_entry();
	add(WL_RECORD_DATA, session, 1);
	end_entry();
	end_entry_in(&other);

	before = wl_session_table_digest(&table);
	CU_ASSERT_EQUAL(before, wl_session_table_digest(&other));
	commit_records(session, 2, 2);
	CU_ASSERT_NOT_EQUAL(before, wl_session_table_digest(&table));
	free(other_memory);
	other_memory = NULL;
}

/* Two runs of each session at least: a number is left out by an entry of somebody else. */
static void fill_with_runs(uint64_t session, unsigned runs)
{
	uint64_t other = open_one(77);

	for (unsigned run = 1; run <= runs; run++) {
		commit_records(session, run, run);
		commit_records(other, run, run);
	}
}

static void digest_is_kept_up_with_every_run_that_comes_and_goes(void)
{
	uint64_t kept;

	start(CAPACITY);
	fill_with_runs(open_one(11), 3 * WIRELOG_SESSION_RUNS + 2);
	kept = wl_session_table_digest(&table);
	wl_session_table_review(&table, CAPACITY);
	CU_ASSERT_EQUAL(wl_session_table_digest(&table), kept);
}

static void review_finds_any_run_that_changed_in_memory(void)
{
	uint64_t kept;

	start(CAPACITY);
	fill_with_runs(open_one(11), WIRELOG_SESSION_RUNS + 3);
	kept = wl_session_table_digest(&table);
	for (unsigned run = 0; run < 2 * WIRELOG_SESSION_RUNS; run++) {
		uint64_t *words = (uint64_t *)&table.runs[run];

		words[run % 3] ^= 1ull << run % 64;
		wl_session_table_review(&table, 2);
		CU_ASSERT_NOT_EQUAL(wl_session_table_digest(&table), kept);
		words[run % 3] ^= 1ull << run % 64;
		wl_session_table_review(&table, 2);
		CU_ASSERT_EQUAL(wl_session_table_digest(&table), kept);
	}
}

static void run_that_changed_in_memory_shows_when_it_is_pushed_out(void)
{
	uint64_t session;

	start(CAPACITY);
	session = open_one(11);
	fill_with_runs(session, WIRELOG_SESSION_RUNS);
	table.runs[0].first_number ^= 4;
	commit_records(session, WIRELOG_SESSION_RUNS + 1, WIRELOG_SESSION_RUNS + 1);
	{
		uint64_t kept = wl_session_table_digest(&table);

		wl_session_table_review(&table, 2);
		CU_ASSERT_NOT_EQUAL(wl_session_table_digest(&table), kept);
	}
}

static void committed_sequence_out_of_order_is_noticed_and_not_applied(void)
{
	uint64_t session;

	start(CAPACITY);
	session = open_one(11);
	commit_records(session, 1, 1);
	CU_ASSERT_FALSE(table.contradicted);

	commit_records(session, 3, 3);

	CU_ASSERT_TRUE(table.contradicted);
	CU_ASSERT_EQUAL(check(session, 1), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(check(session, 2), WL_SESSION_NEXT);
}

static void entries_are_applied_in_order_and_once(void)
{
	start(CAPACITY);
	open_one(11);
	next_index = 1;
	begin_entry();
	WL_ASSERT_STOPS(end_entry());
}

WL_SUITE(session)
{
	WL_TEST(open_is_found_again_by_its_nonce_and_client),
	WL_TEST(sessions_of_one_entry_differ_by_their_ordinal),
	WL_TEST(committed_sequence_answers_its_first_number),
	WL_TEST(expired_record_consumes_its_sequence_and_has_no_number),
	WL_TEST(sequence_in_the_tail_is_in_flight_until_it_is_applied),
	WL_TEST(new_leadership_forgets_what_the_old_one_had_in_flight),
	WL_TEST(unknown_session_is_named_as_such),
	WL_TEST(opening_without_room_has_no_effect),
	WL_TEST(session_that_is_closed_gives_its_place_to_the_next),
	WL_TEST(session_whose_end_is_on_its_way_takes_no_appends),
	WL_TEST(late_open_does_not_revive_a_forgotten_session),
	WL_TEST(record_of_a_forgotten_session_is_passed_over),
	WL_TEST(run_that_was_pushed_out_is_forgotten),
	WL_TEST(run_without_the_clients_acknowledgement_is_not_pushed_out),
	WL_TEST(runs_that_are_in_flight_count_for_the_window),
	WL_TEST(consecutive_numbers_are_one_run_however_many),
	WL_TEST(tables_of_the_same_log_have_the_same_digest),
	WL_TEST(digest_is_kept_up_with_every_run_that_comes_and_goes),
	WL_TEST(review_finds_any_run_that_changed_in_memory),
	WL_TEST(run_that_changed_in_memory_shows_when_it_is_pushed_out),
	WL_TEST(committed_sequence_out_of_order_is_noticed_and_not_applied),
	WL_TEST(entries_are_applied_in_order_and_once),
};
