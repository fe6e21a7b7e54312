/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/state/state_fixture.h"
#include "tests/unit/runner.h"

static struct state_log log_;
static struct wl_state state;
static void *memory;

static void start(void)
{
	state_log_begin(&log_);
	state_start(&state, &memory, 4);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
	free(memory);
	state_log_end(&log_);
}

static void apply_all(void)
{
	state_log_apply(&log_, &state, log_.entries);
	CU_ASSERT_PTR_NULL_FATAL(wl_state_check(&state));
}

/* Returns the index of its entry. */
static uint64_t ask(enum wl_control_verb verb, uint64_t expects_or_number_or_index, uint64_t digest)
{
	struct wl_control control = {
		.verb = verb,
		.expects = expects_or_number_or_index,
		.number = expects_or_number_or_index,
		.index = expects_or_number_or_index,
		.digest = digest,
	};

	state_log_control(&log_, &control);
	apply_all();
	return log_.entries;
}

static void append_records(unsigned count)
{
	state_log_open(&log_, WL_ENTRY_RECORDS);
	while (count-- != 0)
		state_log_add(&log_, WL_RECORD_DATA, 1u << 16, log_.next_number);
	state_log_seal(&log_);
	apply_all();
}

/* Returns the index of its entry. */
static uint64_t say_limits(uint64_t expects, uint64_t sessions)
{
	const struct wl_journal_limits limits = {.value = {7, 5000000000, 8, sessions, 9}};
	struct wl_control control = wl_control_of_limits(&limits, expects);

	state_log_control(&log_, &control);
	apply_all();
	return log_.entries;
}

static void limits_name_those_that_they_follow(void)
{
	uint64_t first, second;

	start();
	say_limits(1, 3);
	CU_ASSERT_EQUAL(state.limits.index, 0);
	CU_ASSERT_EQUAL(wl_session_table_limit(&state.sessions),
			4); /* as many as there is memory for */
	first = say_limits(0, 3);
	CU_ASSERT_EQUAL(state.limits.index, first);
	CU_ASSERT_EQUAL(state.limits.value[WL_LIMIT_RETENTION_AGE_NS], 5000000000);
	CU_ASSERT_EQUAL(state.limits.value[WL_LIMIT_SESSIONS], 3);
	CU_ASSERT_EQUAL(wl_session_table_limit(&state.sessions), 3);
	say_limits(0, 2); /* by a leader that did not see the first ones */
	say_limits(first + 1, 2);
	CU_ASSERT_EQUAL(state.limits.index, first);
	CU_ASSERT_EQUAL(wl_session_table_limit(&state.sessions), 3);
	second = say_limits(first, 2);
	CU_ASSERT_EQUAL(state.limits.index, second);
	CU_ASSERT_EQUAL(wl_session_table_limit(&state.sessions), 2);
	CU_ASSERT_EQUAL(state.ignored, 0);
	end();
}

static void impossible_limits_are_ignored(void)
{
	static const uint64_t sessions[] = {0, WIRELOG_SESSIONS_MAX + 1, 1ull << 32 | 2,
					    UINT64_MAX};
	uint64_t first;

	start();
	first = say_limits(0, 2);
	for (unsigned at = 0; at < sizeof(sessions) / sizeof(sessions[0]); at++)
		say_limits(first, sessions[at]);
	CU_ASSERT_EQUAL(state.limits.index, first);
	CU_ASSERT_EQUAL(wl_session_table_limit(&state.sessions), 2);
	end();
}

static uint32_t open_sessions(unsigned count, uint64_t nonce)
{
	state_log_open(&log_, WL_ENTRY_RECORDS);
	while (count-- != 0)
		state_log_add(&log_, WL_RECORD_OPEN_SESSION, nonce++, 77);
	state_log_seal(&log_);
	apply_all();
	return state.sessions.count;
}

/* Whatever memory a node has for more of them. */
static void as_many_sessions_open_as_the_entry_allows(void)
{
	for (uint64_t limit = 1; limit <= 4; limit++) {
		uint64_t said;

		start();
		said = say_limits(0, limit);
		CU_ASSERT_EQUAL(open_sessions(6, 100), limit);
		CU_ASSERT_EQUAL(open_sessions(1, 100), limit);
		/* Lowered: who lives goes on, and nobody opens. */
		said = say_limits(said, 1);
		CU_ASSERT_EQUAL(open_sessions(1, 200), limit);
		/* Raised again: there is room. */
		say_limits(said, 4);
		CU_ASSERT_EQUAL(open_sessions(6, 300), 4);
		CU_ASSERT_FALSE(wl_session_table_lacks_room(&state.sessions));
		end();
	}
}

static void more_than_there_is_memory_for_is_told(void)
{
	start();
	say_limits(0, 5);
	CU_ASSERT_TRUE(wl_session_table_lacks_room(&state.sessions));
	CU_ASSERT_EQUAL(wl_session_table_limit(&state.sessions), 4);
	end();
}

static void the_first_state_keeps_everything(void)
{
	start();
	CU_ASSERT_EQUAL(state.next_number, 1);
	CU_ASSERT_EQUAL(state.trim_number, 1);
	CU_ASSERT_EQUAL(state.base_mark, 0);
	CU_ASSERT_NOT_EQUAL(wl_state_digest(&state), 0);
	end();
}

static void numbers_and_stamps_follow_the_entries(void)
{
	start();
	append_records(5);
	CU_ASSERT_EQUAL(state.next_number, 6);
	CU_ASSERT_EQUAL(state.last_timestamp_ns, 1000);
	log_.timestamp_ns = 5000;
	state_log_open(&log_, WL_ENTRY_TERM_START);
	state_log_seal(&log_);
	apply_all();
	CU_ASSERT_EQUAL(state.next_number, 6);
	CU_ASSERT_EQUAL(state.last_timestamp_ns, 5000);
	log_.timestamp_ns = 4000;
	append_records(1);
	CU_ASSERT_EQUAL(state.next_number, 7);
	CU_ASSERT_EQUAL(state.last_timestamp_ns, 5000);
	end();
}

static void a_trim_point_rises_and_passes_no_record_to_come(void)
{
	start();
	ask(WL_CONTROL_TRIM, 100, 0);
	CU_ASSERT_EQUAL(state.trim_number, 1);
	append_records(50);
	ask(WL_CONTROL_TRIM, 0, 0);
	CU_ASSERT_EQUAL(state.trim_number, 1);
	ask(WL_CONTROL_TRIM, 20, 0);
	CU_ASSERT_EQUAL(state.trim_number, 20);
	ask(WL_CONTROL_TRIM, 19, 0);
	CU_ASSERT_EQUAL(state.trim_number, 20);
	ask(WL_CONTROL_TRIM, 50, 0);
	CU_ASSERT_EQUAL(state.trim_number, 50);
	ask(WL_CONTROL_TRIM, UINT64_MAX, 0);
	CU_ASSERT_EQUAL(state.trim_number, 51);
	CU_ASSERT_EQUAL(state.ignored, 0);
	end();
}

static void a_base_mark_names_the_one_it_follows(void)
{
	uint64_t first, second;

	start();
	ask(WL_CONTROL_BASE, 9, 0);
	CU_ASSERT_EQUAL(state.base_mark, 0);
	append_records(1);
	first = ask(WL_CONTROL_BASE, 0, 0);
	CU_ASSERT_EQUAL(state.base_mark, first);
	CU_ASSERT_EQUAL(state.base_mark_before, 0);
	/* Proposed twice, by a leader that did not see its first one applied. */
	ask(WL_CONTROL_BASE, 0, 0);
	CU_ASSERT_EQUAL(state.base_mark, first);
	second = ask(WL_CONTROL_BASE, first, 0);
	CU_ASSERT_EQUAL(state.base_mark, second);
	CU_ASSERT_EQUAL(state.base_mark_before, first);
	end();
}

static void only_the_newest_mark_is_proven_and_once(void)
{
	uint64_t first, second;

	start();
	ask(WL_CONTROL_BASE_PROVEN, 0, 77);
	CU_ASSERT_EQUAL(state.proven.index, 0);
	CU_ASSERT_EQUAL(state.proven.digest, 0);
	first = ask(WL_CONTROL_BASE, 0, 0);
	ask(WL_CONTROL_BASE_PROVEN, first + 1, 77);
	CU_ASSERT_EQUAL(state.proven.index, 0);
	ask(WL_CONTROL_BASE_PROVEN, first, 77);
	CU_ASSERT_EQUAL(state.proven.index, first);
	CU_ASSERT_EQUAL(state.proven.digest, 77);
	ask(WL_CONTROL_BASE_PROVEN, first, 78);
	CU_ASSERT_EQUAL(state.proven.digest, 77);
	CU_ASSERT_EQUAL(state.proven_before.index, 0);
	second = ask(WL_CONTROL_BASE, first, 0);
	CU_ASSERT_EQUAL(state.proven.index, first);
	ask(WL_CONTROL_BASE_PROVEN, first, 79); /* too late: it is the mark before */
	CU_ASSERT_EQUAL(state.proven.digest, 77);
	ask(WL_CONTROL_BASE_PROVEN, second, 80);
	CU_ASSERT_EQUAL(state.proven.index, second);
	CU_ASSERT_EQUAL(state.proven.digest, 80);
	CU_ASSERT_EQUAL(state.proven_before.index, first);
	CU_ASSERT_EQUAL(state.proven_before.digest, 77);
	end();
}

/* One that was never proven is passed over: the next proof stands behind the last one. */
static void a_mark_that_is_not_proven_is_passed_over(void)
{
	uint64_t first, second, third;

	start();
	first = ask(WL_CONTROL_BASE, 0, 0);
	ask(WL_CONTROL_BASE_PROVEN, first, 1);
	second = ask(WL_CONTROL_BASE, first, 0);
	third = ask(WL_CONTROL_BASE, second, 0);
	ask(WL_CONTROL_BASE_PROVEN, second, 2);
	CU_ASSERT_EQUAL(state.proven.index, first);
	ask(WL_CONTROL_BASE_PROVEN, third, 3);
	CU_ASSERT_EQUAL(state.proven.index, third);
	CU_ASSERT_EQUAL(state.proven_before.index, first);
	end();
}

static void an_unknown_verb_changes_nothing_but_the_index(void)
{
	struct wl_state before;

	start();
	append_records(3);
	ask(WL_CONTROL_TRIM, 2, 0);
	ask(WL_CONTROL_BASE, 0, 0);
	before = state;
	state_log_unknown(&log_);
	apply_all();
	CU_ASSERT_EQUAL(state.ignored, 1);
	CU_ASSERT_EQUAL(state.sessions.applied_index, before.sessions.applied_index + 1);
	state.sessions.applied_index--;
	state.ignored = 0;
	CU_ASSERT_EQUAL(memcmp(&state, &before, sizeof(state)), 0);
	CU_ASSERT_EQUAL(wl_state_digest(&state), wl_state_digest(&before));
	state.sessions.applied_index++;
	end();
}

static uint64_t set(const char *name, uint64_t number, uint64_t expects)
{
	struct wl_control control = {.verb = WL_CONTROL_CONSUMER_SET,
				     .number = number,
				     .expects = expects};

	snprintf(control.name, sizeof(control.name), "%s", name);
	state_log_control(&log_, &control);
	apply_all();
	return log_.entries;
}

static void drop(const char *name, uint64_t number, uint64_t made_index)
{
	struct wl_control control = {.verb = WL_CONTROL_CONSUMER_DROP,
				     .expects = number,
				     .index = made_index};

	snprintf(control.name, sizeof(control.name), "%s", name);
	state_log_control(&log_, &control);
	apply_all();
}

/* 0: there is none of that name. */
static uint64_t checkpoint(const char *name)
{
	char whole[WL_CONSUMER_NAME_BYTES] = "";
	const struct wl_consumer *found;

	snprintf(whole, sizeof(whole), "%s", name);
	found = wl_consumers_find(&state.consumers, whole);
	return found ? found->number : 0;
}

static void no_trim_passes_a_checkpoint(void)
{
	start();
	append_records(50);
	set("late", 20, 0);
	set("early", 30, 0);
	ask(WL_CONTROL_TRIM, 10, 0);
	CU_ASSERT_EQUAL(state.trim_number, 10);
	ask(WL_CONTROL_TRIM, 40, 0);
	CU_ASSERT_EQUAL(state.trim_number, 20);
	set("late", 35, 0);
	ask(WL_CONTROL_TRIM, 40, 0);
	CU_ASSERT_EQUAL(state.trim_number, 30);
	drop("early", 0, 0);
	ask(WL_CONTROL_TRIM, 40, 0);
	CU_ASSERT_EQUAL(state.trim_number, 35);
	drop("late", 0, 0);
	ask(WL_CONTROL_TRIM, 40, 0);
	CU_ASSERT_EQUAL(state.trim_number, 40);
	CU_ASSERT_EQUAL(state.ignored, 0);
	end();
}

static void a_checkpoint_moves_forward_within_what_there_is(void)
{
	start();
	append_records(50);
	set("a", 20, 0);
	set("a", 19, 0);
	CU_ASSERT_EQUAL(checkpoint("a"), 20);
	set("a", 0, 0);
	CU_ASSERT_EQUAL(checkpoint("a"), 20);
	set("a", UINT64_MAX, 0);
	CU_ASSERT_EQUAL(checkpoint("a"), 51);
	set("b", UINT64_MAX, 0);
	CU_ASSERT_EQUAL(checkpoint("b"), 51);
	ask(WL_CONTROL_TRIM, 40, 0);
	/* What is promised to nobody any more can be promised to nobody. */
	set("c", 5, 0);
	CU_ASSERT_EQUAL(checkpoint("c"), 40);
	CU_ASSERT_EQUAL(state.consumers.lowest, 40);
	end();
}

/* A name that was dropped and made again is not the one that somebody knew. */
static void a_checkpoint_is_known_by_the_entry_that_made_it(void)
{
	uint64_t first, second;

	start();
	append_records(50);
	set("a", 10, 7); /* to move one that is not there makes none */
	CU_ASSERT_EQUAL(checkpoint("a"), 0);
	first = set("a", 10, 0);
	set("a", 11, first);
	CU_ASSERT_EQUAL(checkpoint("a"), 11);
	drop("a", 10, 0);
	drop("a", 11, first + 1);
	drop("b", 0, 0);
	CU_ASSERT_EQUAL(checkpoint("a"), 11);
	drop("a", 11, first);
	CU_ASSERT_EQUAL(checkpoint("a"), 0);
	second = set("a", 20, 0);
	set("a", 30, first);
	drop("a", 0, first);
	CU_ASSERT_EQUAL(checkpoint("a"), 20);
	set("a", 30, second);
	CU_ASSERT_EQUAL(checkpoint("a"), 30);
	end();
}

static void a_full_table_takes_no_more_names(void)
{
	struct wl_consumer_table before;
	char name[WL_CONSUMER_NAME_BYTES];

	start();
	append_records(90);
	/* In an order that is not theirs. */
	for (unsigned at = 0; at < WL_CONSUMERS_AT_FIRST; at++) {
		snprintf(name, sizeof(name), "c%02u", at * 37 % WL_CONSUMERS_AT_FIRST);
		set(name, at + 2, 0);
	}
	CU_ASSERT_EQUAL(state.consumers.count, WL_CONSUMERS_AT_FIRST);
	CU_ASSERT_EQUAL(state.consumers.lowest, 2);
	for (unsigned at = 1; at < WL_CONSUMERS_AT_FIRST; at++)
		CU_ASSERT(strcmp(state.consumers.consumers[at - 1].name,
				 state.consumers.consumers[at].name) < 0);
	before = state.consumers;
	set("one.more", 5, 0);
	CU_ASSERT_EQUAL(memcmp(&before, &state.consumers, sizeof(before)), 0);
	set("c00", 80, 0);
	CU_ASSERT_EQUAL(checkpoint("c00"), 80);
	CU_ASSERT_EQUAL(state.consumers.lowest, 3);
	CU_ASSERT_STRING_EQUAL(wl_consumers_lowest(&state.consumers)->name, "c37");
	drop("c63", 0, 0);
	set("one.more", 5, 0);
	CU_ASSERT_EQUAL(checkpoint("one.more"), 5);
	end();
}

/* Tables that came to the same in other ways are the same bytes, and have the same digest. */
static void consumers_change_the_digest_and_leave_no_trace(void)
{
	struct wl_consumer_table empty, two;
	uint64_t digest;

	start();
	append_records(50);
	empty = state.consumers;
	set("b", 10, 0);
	two = state.consumers;
	set("a", 10, 0);
	CU_ASSERT_NOT_EQUAL(state.consumers.digest, two.digest);
	drop("a", 0, 0);
	CU_ASSERT_EQUAL(memcmp(&two, &state.consumers, sizeof(two)), 0);
	digest = wl_state_digest(&state);
	state.consumers.count++;
	CU_ASSERT_NOT_EQUAL(wl_state_digest(&state), digest);
	state.consumers.count--;
	set("b", 11, 0);
	CU_ASSERT_NOT_EQUAL(state.consumers.digest, two.digest);
	drop("b", 0, 0);
	CU_ASSERT_EQUAL(memcmp(&empty, &state.consumers, sizeof(empty)), 0);
	end();
}

/* Each word of the state changes the digest, and no two of them alike. */
static void the_digest_covers_every_part(void)
{
	uint64_t *const words[] = {
		&state.next_number,	     &state.last_timestamp_ns,
		&state.trim_number,	     &state.base_mark,
		&state.base_mark_before,     &state.proven.index,
		&state.proven.digest,	     &state.proven_before.index,
		&state.proven_before.digest, &state.sessions.applied_index,
		&state.sessions.activity,    &state.sessions.digest,
		&state.consumers.digest,     &state.limits.index,
		&state.limits.value[0],	     &state.limits.value[WL_LIMITS - 1],
		&state.keys.index,	     &state.keys.due,
	};
	uint64_t seen[2 * sizeof(words) / sizeof(words[0]) + 2];
	unsigned count = 0;

	start();
	state_log_chance(&log_, 5, 50);
	apply_all();
	seen[count++] = wl_state_digest(&state);
	for (unsigned at = 0; at < sizeof(words) / sizeof(words[0]); at++) {
		for (unsigned bit = 0; bit < 64; bit += 63) {
			*words[at] ^= 1ull << bit;
			seen[count++] = wl_state_digest(&state);
			*words[at] ^= 1ull << bit;
		}
	}
	state.sessions.contradicted = true;
	seen[count++] = wl_state_digest(&state);
	state.sessions.contradicted = false;
	for (unsigned a = 0; a < count; a++) {
		for (unsigned b = 0; b < a; b++)
			CU_ASSERT_NOT_EQUAL(seen[a], seen[b]);
	}
	CU_ASSERT_EQUAL(wl_state_digest(&state), seen[0]);
	end();
}

static void each_invariant_is_checked(void)
{
	start();
	append_records(9);
	ask(WL_CONTROL_BASE, 0, 0);
	ask(WL_CONTROL_BASE_PROVEN, 2, 5);
	state.trim_number = 11;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.trim_number = 0;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.trim_number = 1;
	state.base_mark = 4;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.base_mark = 2;
	state.base_mark_before = 2;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.base_mark_before = 0;
	state.proven.index = 3;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.proven.index = 2;
	state.proven_before.index = 2;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.proven_before.index = 0;
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
	set("a", 4, 0);
	state.trim_number = 5;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.trim_number = 4;
	state.consumers.count = 0;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.consumers.count = WL_CONSUMERS_MAX + 1;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.consumers.count = 1;
	state.limits.value[WL_LIMIT_RETENTION_BYTES] = 1; /* that no entry said */
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.limits.value[WL_LIMIT_RETENTION_BYTES] = 0;
	say_limits(0, 3);
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
	state.sessions.limit = 2;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.sessions.limit = 3;
	state.limits.index++;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.limits.index--;
	end();
}

static void lose(uint64_t before, uint64_t history, uint64_t numbers)
{
	struct wl_control loss = {
		.verb = WL_CONTROL_LOSS,
		.expects = before,
		.number = log_.next_number + numbers,
		.index = 1u << 2,
		.digest = history,
	};

	loss.incarnation[2] = 22;
	log_.next_number = loss.number;
	state_log_control(&log_, &loss);
	apply_all();
}

static void begin_history(uint64_t history)
{
	state_log_open(&log_, WL_ENTRY_TERM_START);
	wl_store_u64(log_.bytes + log_.used, history);
	log_.used += WL_ENTRY_HISTORY_BYTES;
	state_log_seal(&log_);
	apply_all();
}

static void the_first_entry_begins_a_history(void)
{
	uint64_t before;

	start();
	before = wl_state_digest(&state);
	CU_ASSERT_EQUAL(state.history.id, 0);
	begin_history(77);
	CU_ASSERT_EQUAL(state.history.id, 77);
	CU_ASSERT_EQUAL(state.history.index, 1);
	CU_ASSERT_EQUAL(state.history.next_number, 0);
	CU_ASSERT_NOT_EQUAL(wl_state_digest(&state), before);
	end();
}

static void a_loss_ends_every_session_and_spends_the_numbers(void)
{
	start();
	begin_history(77);
	state_log_open(&log_, WL_ENTRY_RECORDS);
	state_log_add(&log_, WL_RECORD_OPEN_SESSION, 5, 6);
	state_log_add(&log_, WL_RECORD_OPEN_SESSION, 7, 8);
	state_log_seal(&log_);
	append_records(4);
	CU_ASSERT_EQUAL(state.sessions.count, 2);
	lose(77, 88, WL_LOSS_NUMBERS);
	CU_ASSERT_EQUAL(state.sessions.count, 0);
	CU_ASSERT_EQUAL(state.history.id, 88);
	CU_ASSERT_EQUAL(state.history.before, 77);
	CU_ASSERT_EQUAL(state.history.index, 4);
	CU_ASSERT_EQUAL(state.history.lost_number, 5);
	CU_ASSERT_EQUAL(state.history.next_number, 5 + WL_LOSS_NUMBERS);
	CU_ASSERT_EQUAL(state.next_number, 5 + WL_LOSS_NUMBERS);
	CU_ASSERT_EQUAL(state.list.voters, 1u << 2);
	CU_ASSERT_EQUAL(state.list.index, 4);
	CU_ASSERT_EQUAL(state.list.incarnation[2], 22);
	append_records(1);
	CU_ASSERT_EQUAL(state.next_number, 6 + WL_LOSS_NUMBERS);
	end();
}

/* Returns its id, which nobody looks at before the entry is there. */
static uint64_t open_session(uint64_t nonce, uint64_t client)
{
	state_log_open(&log_, WL_ENTRY_RECORDS);
	state_log_add(&log_, WL_RECORD_OPEN_SESSION, nonce, client);
	state_log_seal(&log_);
	apply_all();
	return wl_session_by_nonce(&state.sessions, nonce, client);
}

/* What was lost held a session where the journal that goes on has another application's. */
static void a_session_that_was_lost_is_nobody_elses_behind_the_loss(void)
{
	struct wl_session_answer answer;
	uint64_t lost, number;

	start();
	begin_history(77);
	append_records(1);
	lost = open_session(5, 6);
	CU_ASSERT_EQUAL(lost, wl_session_id(3, 0) ^ wl_session_salt(77));
	end();

	start();
	begin_history(77);
	lose(77, 88, WL_LOSS_NUMBERS);
	CU_ASSERT_EQUAL(open_session(7, 8), wl_session_id(3, 0) ^ wl_session_salt(88));
	CU_ASSERT_EQUAL(wl_session_outcome(&state.sessions, lost, 1, &number), WL_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(wl_session_may_fence(&state.sessions, lost, 1), WL_SESSION_UNKNOWN);
	CU_ASSERT_EQUAL(wl_session_check(&state.sessions, lost, 1, 0, &answer), WL_SESSION_UNKNOWN);
	end();
}

static void a_session_of_a_cluster_that_began_anew_is_another_one(void)
{
	uint64_t before;

	start();
	begin_history(77);
	before = open_session(5, 6);
	end();

	start();
	begin_history(78);
	CU_ASSERT_NOT_EQUAL(open_session(5, 6), before);
	end();
}

static void a_loss_of_another_history_changes_nothing_but_the_numbers(void)
{
	start();
	begin_history(77);
	state_log_open(&log_, WL_ENTRY_RECORDS);
	state_log_add(&log_, WL_RECORD_OPEN_SESSION, 5, 6);
	state_log_seal(&log_);
	lose(76, 88, WL_LOSS_NUMBERS);
	CU_ASSERT_EQUAL(state.history.id, 77);
	CU_ASSERT_EQUAL(state.sessions.count, 1);
	lose(77, 77, WL_LOSS_NUMBERS);
	CU_ASSERT_EQUAL(state.history.next_number, 0);
	CU_ASSERT_EQUAL(state.sessions.count, 1);
	end();
}

WL_SUITE(state)
{
	WL_TEST(limits_name_those_that_they_follow),
	WL_TEST(impossible_limits_are_ignored),
	WL_TEST(as_many_sessions_open_as_the_entry_allows),
	WL_TEST(more_than_there_is_memory_for_is_told),
	WL_TEST(the_first_entry_begins_a_history),
	WL_TEST(a_loss_ends_every_session_and_spends_the_numbers),
	WL_TEST(a_session_that_was_lost_is_nobody_elses_behind_the_loss),
	WL_TEST(a_session_of_a_cluster_that_began_anew_is_another_one),
	WL_TEST(a_loss_of_another_history_changes_nothing_but_the_numbers),
	WL_TEST(the_first_state_keeps_everything),
	WL_TEST(numbers_and_stamps_follow_the_entries),
	WL_TEST(a_trim_point_rises_and_passes_no_record_to_come),
	WL_TEST(a_base_mark_names_the_one_it_follows),
	WL_TEST(only_the_newest_mark_is_proven_and_once),
	WL_TEST(a_mark_that_is_not_proven_is_passed_over),
	WL_TEST(an_unknown_verb_changes_nothing_but_the_index),
	WL_TEST(no_trim_passes_a_checkpoint),
	WL_TEST(a_checkpoint_moves_forward_within_what_there_is),
	WL_TEST(a_checkpoint_is_known_by_the_entry_that_made_it),
	WL_TEST(a_full_table_takes_no_more_names),
	WL_TEST(consumers_change_the_digest_and_leave_no_trace),
	WL_TEST(the_digest_covers_every_part),
	WL_TEST(each_invariant_is_checked),
};
