/* SPDX-License-Identifier: BSD-3-Clause */
/* Fences: what became of an append, and that it becomes nothing. */
#include <stdlib.h>

#include "tests/unit/dataplane/state/state_fixture.h"
#include "tests/unit/runner.h"

#define CLIENT 0x80000001u

static struct state_log journal;
static struct wl_state state;
static void *memory;
static uint64_t session;

static void apply(void)
{
	state_log_apply(&journal, &state, journal.entries);
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
}

static void append(uint64_t first, uint64_t last)
{
	state_log_open(&journal, WL_ENTRY_RECORDS);
	for (uint64_t sequence = first; sequence <= last; sequence++)
		state_log_add(&journal, WL_RECORD_DATA, session, sequence);
	state_log_seal(&journal);
	apply();
}

static void fence(uint64_t of, uint64_t sequence)
{
	const struct wl_control control = {
		.verb = WL_CONTROL_FENCE,
		.index = of,
		.number = sequence,
	};

	state_log_control(&journal, &control);
	apply();
}

static enum wl_session_verdict outcome(uint64_t sequence, uint64_t *number)
{
	return wl_session_outcome(&state.sessions, session, sequence, number);
}

/* A session with three records, numbers 1 to 3. */
static void begin(void)
{
	state_log_begin(&journal);
	state_start(&state, &memory, 4);
	state_log_open(&journal, WL_ENTRY_RECORDS);
	session = wl_session_id(1, 0);
	state_log_add(&journal, WL_RECORD_OPEN_SESSION, 5, CLIENT);
	state_log_seal(&journal);
	append(1, 3);
}

static void end(void)
{
	state_log_end(&journal);
	free(memory);
}

static void fence_spends_what_is_not_in_the_log(void)
{
	struct wl_session_answer answer;
	uint64_t number;

	begin();
	CU_ASSERT_EQUAL(outcome(5, &number), WL_SESSION_NEXT);
	fence(session, 5);
	CU_ASSERT_EQUAL(outcome(3, &number), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(number, 3);
	CU_ASSERT_EQUAL(outcome(4, &number), WL_SESSION_FENCED);
	CU_ASSERT_EQUAL(outcome(5, &number), WL_SESSION_FENCED);
	CU_ASSERT_EQUAL(number, 0);
	CU_ASSERT_EQUAL(outcome(6, &number), WL_SESSION_NEXT);
	wl_session_lead(&state.sessions, 1);
	CU_ASSERT_EQUAL(wl_session_check(&state.sessions, session, 4, 3, &answer),
			WL_SESSION_FENCED);
	CU_ASSERT_EQUAL(wl_session_check(&state.sessions, session, 6, 3, &answer), WL_SESSION_NEXT);
	append(6, 6);
	CU_ASSERT_FALSE(state.sessions.contradicted);
	CU_ASSERT_EQUAL(outcome(6, &number), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(number, 4);
	end();
}

static void fence_that_comes_too_late_or_reaches_too_far_has_no_effect(void)
{
	uint64_t digest, number;

	begin();
	digest = wl_session_table_digest(&state.sessions);
	fence(session, 3);
	fence(session, 3 + WL_SESSION_FENCE_MAX + 1);
	fence(session, UINT64_MAX);
	fence(session + 1, 5);
	CU_ASSERT_EQUAL(wl_session_table_digest(&state.sessions), digest);
	CU_ASSERT_EQUAL(outcome(3, &number), WL_SESSION_DONE);
	fence(session, 3 + WL_SESSION_FENCE_MAX);
	CU_ASSERT_EQUAL(outcome(3 + WL_SESSION_FENCE_MAX, &number), WL_SESSION_FENCED);
	end();
}

static void what_was_forgotten_is_never_called_never(void)
{
	uint64_t number;

	begin();
	CU_ASSERT_EQUAL(wl_session_outcome(&state.sessions, session + 1, 1, &number),
			WL_SESSION_UNKNOWN);
	/* More runs than are remembered: each fence ends one. */
	for (uint64_t at = 4; at < 4 + 2 * WIRELOG_SESSION_RUNS; at += 2) {
		fence(session, at);
		append(at + 1, at + 1);
	}
	CU_ASSERT_EQUAL(outcome(1, &number), WL_SESSION_FORGOTTEN);
	CU_ASSERT_EQUAL(outcome(4, &number), WL_SESSION_FORGOTTEN);
	state_log_open(&journal, WL_ENTRY_RECORDS);
	state_log_add(&journal, WL_RECORD_CLOSE_SESSION, session, 0);
	state_log_seal(&journal);
	apply();
	fence(session, 1000);
	CU_ASSERT_EQUAL(outcome(1000, &number), WL_SESSION_UNKNOWN);
	end();
}

static void leader_appends_nothing_behind_a_fence_that_it_has_in_its_tail(void)
{
	struct wl_session_table *table = &state.sessions;
	struct wl_session_answer answer;
	uint64_t number;

	begin();
	wl_session_lead(table, 1);
	wl_session_appended(table, session, 4, 4);
	CU_ASSERT_EQUAL(wl_session_may_fence(table, session, 4), WL_SESSION_IN_FLIGHT);
	CU_ASSERT_EQUAL(wl_session_may_fence(table, session, 4 + WL_SESSION_FENCE_MAX + 1),
			WL_SESSION_GAP);
	CU_ASSERT_EQUAL(wl_session_may_fence(table, session + 1, 4), WL_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(wl_session_may_fence(table, session, 6), WL_SESSION_NEXT);
	wl_session_fencing(table, session, 6);
	CU_ASSERT_EQUAL(wl_session_check(table, session, 5, 3, &answer), WL_SESSION_IN_FLIGHT);
	CU_ASSERT_EQUAL(wl_session_check(table, session, 6, 3, &answer), WL_SESSION_IN_FLIGHT);
	CU_ASSERT_EQUAL(wl_session_check(table, session, 7, 3, &answer), WL_SESSION_NEXT);
	/* Another leadership: its tail is gone. */
	wl_session_lead(table, 2);
	CU_ASSERT_EQUAL(wl_session_check(table, session, 4, 3, &answer), WL_SESSION_NEXT);
	append(4, 4);
	fence(session, 6);
	CU_ASSERT_EQUAL(outcome(4, &number), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(outcome(5, &number), WL_SESSION_FENCED);
	end();
}

/* What a base holds is what the log made. */
static void fences_survive_in_a_base(void)
{
	static uint8_t bytes[4096];
	static struct wl_state other;
	struct wl_state_coding coding;
	uint32_t order[4];
	void *other_memory;
	uint64_t number;
	size_t size;

	begin();
	fence(session, 5);
	fence(session, 7);
	append(8, 9);
	fence(session, 11);
	wl_state_encode_begin(&coding, &state, order);
	size = wl_state_encode(&coding, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(size, wl_state_encoded_bytes(&state));
	state_start(&other, &other_memory, 4);
	wl_state_decode_begin(&coding, &other);
	CU_ASSERT_TRUE(wl_state_decode(&coding, bytes, size));
	CU_ASSERT_TRUE_FATAL(wl_state_decode_end(&coding));
	CU_ASSERT_EQUAL(wl_state_digest(&other), wl_state_digest(&state));
	CU_ASSERT_EQUAL(wl_session_outcome(&other.sessions, session, 7, &number),
			WL_SESSION_FENCED);
	CU_ASSERT_EQUAL(wl_session_outcome(&other.sessions, session, 8, &number), WL_SESSION_DONE);
	CU_ASSERT_EQUAL(number, 4);
	CU_ASSERT_EQUAL(wl_session_outcome(&other.sessions, session, 11, &number),
			WL_SESSION_FENCED);
	free(other_memory);
	end();
}

WL_SUITE(session_fence)
{
	WL_TEST(fence_spends_what_is_not_in_the_log),
	WL_TEST(fence_that_comes_too_late_or_reaches_too_far_has_no_effect),
	WL_TEST(what_was_forgotten_is_never_called_never),
	WL_TEST(leader_appends_nothing_behind_a_fence_that_it_has_in_its_tail),
	WL_TEST(fences_survive_in_a_base),
};
