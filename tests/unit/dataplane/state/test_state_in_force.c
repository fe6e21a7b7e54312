/* SPDX-License-Identifier: BSD-3-Clause */
/* What a committed entry puts in force for all nodes: keys, stage by stage, and features. */
#include "dataplane/state/state.h"

#include <stdio.h>
#include <stdlib.h>

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

static void append_records(unsigned count)
{
	state_log_open(&log_, WL_ENTRY_RECORDS);
	while (count-- != 0)
		state_log_add(&log_, WL_RECORD_DATA, 1u << 16, log_.next_number);
	state_log_seal(&log_);
	apply_all();
}

static void set(const char *name, uint64_t number)
{
	struct wl_control control = {.verb = WL_CONTROL_CONSUMER_SET, .number = number};

	snprintf(control.name, sizeof(control.name), "%s", name);
	state_log_control(&log_, &control);
	apply_all();
}

static uint64_t say_keys(uint64_t expects, enum wl_keys_stage stage, uint32_t before, uint32_t now)
{
	const struct wl_keys keys = {.stage = stage, .before = before, .now = now};
	struct wl_control control = wl_control_of_keys(&keys, expects);

	state_log_control(&log_, &control);
	apply_all();
	return log_.entries;
}

static void keys_go_on_stage_by_stage(void)
{
	uint64_t first, second;

	start();
	say_keys(0, WL_KEYS_REFUSE, 1, 2); /* nothing was sent with it */
	CU_ASSERT_EQUAL(state.keys.index, 0);
	first = say_keys(0, WL_KEYS_SEND, 1, 2);
	CU_ASSERT_EQUAL(state.keys.index, first);
	CU_ASSERT_EQUAL(state.keys.stage, WL_KEYS_SEND);
	say_keys(0, WL_KEYS_SEND, 1, 3); /* by who did not see the first */
	say_keys(first, WL_KEYS_SEND, 2, 3);
	say_keys(first + 1, WL_KEYS_REFUSE, 1, 2);
	say_keys(first, WL_KEYS_REFUSE, 1, 3);
	say_keys(first, (enum wl_keys_stage)3, 1, 2);
	CU_ASSERT_EQUAL(state.keys.index, first);
	second = say_keys(first, WL_KEYS_REFUSE, 1, 2);
	CU_ASSERT_EQUAL(state.keys.index, second);
	CU_ASSERT_EQUAL(state.keys.before, 1);
	CU_ASSERT_EQUAL(state.keys.now, 2);
	CU_ASSERT_EQUAL(say_keys(second, WL_KEYS_SEND, 2, 3), state.keys.index);
	CU_ASSERT_EQUAL(state.ignored, 0);
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
	end();
}

/* A change that had begun before gave him the new one, too. */
static void who_is_removed_makes_a_change_of_keys_due(void)
{
	const struct wl_list all = {.voters = 0xe}, two = {.voters = 0x6, .old = 0xe},
			     left = {.voters = 0x6};
	struct wl_control control;
	uint64_t send, removed;

	start();
	control = wl_control_of_list(&all, 0);
	state_log_control(&log_, &control);
	apply_all();
	CU_ASSERT_EQUAL(state.keys.due, 0);
	send = say_keys(0, WL_KEYS_SEND, 1, 2);
	control = wl_control_of_list(&two, state.list.index);
	state_log_control(&log_, &control);
	apply_all();
	CU_ASSERT_EQUAL(state.keys.due, 0);
	control = wl_control_of_list(&left, state.list.index);
	state_log_control(&log_, &control);
	apply_all();
	removed = log_.entries;
	CU_ASSERT_EQUAL(state.list.index, removed);
	CU_ASSERT_EQUAL(state.keys.due, removed);
	send = say_keys(send, WL_KEYS_REFUSE, 1, 2);
	CU_ASSERT_EQUAL(state.keys.due, removed);
	send = say_keys(send, WL_KEYS_SEND, 2, 3);
	CU_ASSERT_EQUAL(state.keys.due, removed);
	say_keys(send, WL_KEYS_REFUSE, 2, 3);
	CU_ASSERT_EQUAL(state.keys.due, 0);
	end();
}

static uint64_t put_in_force(wl_features set, uint64_t expects, uint64_t list)
{
	struct wl_control control = {.verb = WL_CONTROL_FEATURES,
				     .number = set,
				     .expects = expects,
				     .index = list};

	state_log_control(&log_, &control);
	apply_all();
	return log_.entries;
}

static void features_are_in_force_by_an_entry_that_follows(void)
{
	uint64_t first, digest;

	start();
	append_records(3);
	digest = wl_state_digest(&state);
	first = put_in_force(WL_FEATURE(FEATURES), 0, 0);
	CU_ASSERT_EQUAL(state.features.index, first);
	CU_ASSERT_EQUAL(state.features.set, WL_FEATURE(FEATURES));
	CU_ASSERT_NOT_EQUAL(wl_state_digest(&state), digest);
	put_in_force(3, 0, 0); /* of those before */
	put_in_force(3, first, 9); /* of another list */
	put_in_force(WL_FEATURE(CONSUMERS_128), first, 0); /* takes one back */
	put_in_force(WL_FEATURE(FEATURES), first, 0); /* adds none */
	CU_ASSERT_EQUAL(state.features.index, first);
	put_in_force(3 | 1ull << 40, first,
		     0); /* that no build has: the state has it all the same */
	CU_ASSERT_EQUAL(state.features.set, 3 | 1ull << 40);
	CU_ASSERT_EQUAL(state.ignored, 0);
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
	first = state.features.index;
	state.features.index = 0;
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.features.index = first;
	end();
}

static void more_consumers_have_places_where_that_is_in_force(void)
{
	char name[WL_CONSUMER_NAME_BYTES];

	start();
	append_records(200);
	for (unsigned at = 0; at <= WL_CONSUMERS_AT_FIRST; at++) {
		snprintf(name, sizeof(name), "c%03u", at);
		set(name, 1);
	}
	CU_ASSERT_EQUAL(state.consumers.count, WL_CONSUMERS_AT_FIRST);
	put_in_force(WL_FEATURE(CONSUMERS_128), 0, 0);
	for (unsigned at = 0; at <= WL_CONSUMERS_MAX; at++) {
		snprintf(name, sizeof(name), "c%03u", at);
		set(name, 1);
	}
	CU_ASSERT_EQUAL(state.consumers.count, WL_CONSUMERS_MAX);
	CU_ASSERT_PTR_NULL(wl_state_check(&state));
	state.features.set = WL_FEATURE(FEATURES);
	CU_ASSERT_PTR_NOT_NULL(wl_state_check(&state));
	state.features.set = WL_FEATURE(CONSUMERS_128);
	end();
}

WL_SUITE(state_in_force)
{
	WL_TEST(keys_go_on_stage_by_stage),
	WL_TEST(who_is_removed_makes_a_change_of_keys_due),
	WL_TEST(features_are_in_force_by_an_entry_that_follows),
	WL_TEST(more_consumers_have_places_where_that_is_in_force),
};
