/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of two places a log is opened from: each row of the table at the head of base_load.h. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 60u

static struct base_fixture fixture;
static struct wl_base_load load;
static struct wl_state state;
static struct wl_log log_of_load;
static void *state_memory, *log_memory;
static uint8_t *ring, *buffer;
static uint32_t buffer_bytes;
static unsigned emptied, reads;
static uint32_t room = SESSIONS_MAX; /* of the state that is filled */

static void make_empty(void)
{
	wl_state_init(&state, state_memory, room);
	wl_log_init(&log_of_load, &fixture.log.config, ring, log_memory);
}

static enum wl_disk_status read_place(void)
{
	const struct base_fixture_place *place;
	unsigned which;
	uint64_t at;
	uint32_t bytes;

	wl_base_load_want(&load, &which, &at, &bytes);
	place = &fixture.places[which];
	reads++;
	if (place->size == 0)
		return WL_DISK_ABSENT;
	if (at + bytes > place->size)
		return WL_DISK_FAILED;
	memcpy(buffer, place->bytes + at, bytes);
	return WL_DISK_OK;
}

static enum wl_base_verdict run(bool check_both)
{
	struct wl_base_target target = {&state, &log_of_load, 0};

	emptied = 0;
	reads = 0;
	make_empty();
	wl_base_load_init(&load, &fixture.identity, &target, buffer, buffer_bytes);
	load.check_both = check_both;
	while (load.state != WL_BASE_LOAD_DONE) {
		if (load.state == WL_BASE_LOAD_WANTS_EMPTY) {
			emptied++;
			make_empty();
			wl_base_load_on_empty(&load);
		} else {
			wl_base_load_on_read(&load, read_place());
		}
		CU_ASSERT_PTR_NULL(wl_base_load_check(&load));
	}
	return load.verdict;
}

/* Bases 1 and 2 of two states, each in its place. */
static void begin(uint32_t with_buffer_bytes)
{
	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	state_memory = malloc(wl_state_memory_bytes(SESSIONS_MAX));
	log_memory = malloc(wl_log_memory_bytes(&fixture.log.config));
	ring = aligned_alloc(WL_BLOCK_BYTES, fixture.log.config.ring_bytes);
	buffer_bytes = with_buffer_bytes;
	buffer = aligned_alloc(WL_BLOCK_BYTES, buffer_bytes);
	for (uint64_t sequence = 1; sequence <= 2; sequence++) {
		struct base_fixture_place *place = &fixture.places[sequence % WL_BASE_PLACES];

		if (sequence == 1)
			base_fixture_open_sessions(&fixture, 50);
		for (unsigned at = 0; at < 400; at++)
			base_fixture_append(&fixture, at % 40, 8);
		base_fixture_chance(&fixture, 300);
		base_fixture_commit_all(&fixture);
		place->bytes = base_fixture_encode(&fixture, sequence, &place->size);
		CU_ASSERT_TRUE_FATAL(place->size > 2 * WL_BLOCK_BYTES);
	}
}

static void end(void)
{
	base_fixture_fini(&fixture);
	free(state_memory);
	free(log_memory);
	free(ring);
	free(buffer);
}

static void expect(uint64_t sequence)
{
	CU_ASSERT_EQUAL(load.places[load.chosen].header.sequence, sequence);
	CU_ASSERT_EQUAL(state.sessions.applied_index,
			load.places[load.chosen].header.log.position.index);
	CU_ASSERT_EQUAL(log_of_load.tail.index, state.sessions.applied_index);
	CU_ASSERT_PTR_NULL(wl_log_check(&log_of_load));
}

static void remove_place(unsigned which)
{
	free(fixture.places[which].bytes);
	fixture.places[which] = (struct base_fixture_place){0};
}

static void the_newest_of_two_whole_ones_is_taken(void)
{
	for (uint32_t bytes = WL_BLOCK_BYTES; bytes <= 64 * WL_BLOCK_BYTES; bytes *= 4) {
		begin(bytes);
		CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
		expect(2);
		CU_ASSERT_EQUAL(wl_state_digest(&state), wl_state_digest(&fixture.state));
		CU_ASSERT_EQUAL(emptied, 0);
		end();
	}
}

static void the_only_one_is_taken(void)
{
	begin(3 * WL_BLOCK_BYTES);
	remove_place(0);
	CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
	expect(1);
	CU_ASSERT_EQUAL(load.places[0].verdict, WL_BASE_EMPTY);
	end();
}

static void with_none_there_is_none(void)
{
	begin(WL_BLOCK_BYTES);
	remove_place(0);
	CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
	remove_place(1);
	CU_ASSERT_EQUAL(run(false), WL_BASE_EMPTY);
	end();
}

/* Wherever the newer one is damaged, the older one is loaded into an empty state. */
static void a_damaged_newest_one_gives_way_to_the_older_one(void)
{
	begin(4 * WL_BLOCK_BYTES);
	for (uint64_t at = 5; at < fixture.places[0].size; at += WL_BLOCK_BYTES) {
		fixture.places[0].bytes[at] ^= 4;
		CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
		expect(1);
		CU_ASSERT_EQUAL(load.places[0].verdict, WL_BASE_DAMAGED);
		CU_ASSERT_EQUAL(emptied, at < WL_BLOCK_BYTES ? 0 : 1);
		fixture.places[0].bytes[at] ^= 4;
	}
	fixture.places[0].size -= WL_BLOCK_BYTES;
	CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
	expect(1);
	CU_ASSERT_EQUAL(load.places[0].verdict, WL_BASE_DAMAGED);
	end();
}

static void when_none_is_whole_that_is_told(void)
{
	begin(WL_BLOCK_BYTES);
	fixture.places[0].bytes[WL_BLOCK_BYTES] ^= 1;
	fixture.places[1].bytes[2 * WL_BLOCK_BYTES - 1] ^= 1;
	CU_ASSERT_EQUAL(run(false), WL_BASE_DAMAGED);
	CU_ASSERT_EQUAL(emptied, 2);
	CU_ASSERT_EQUAL(state.sessions.applied_index, 0);
	remove_place(0);
	CU_ASSERT_EQUAL(run(false), WL_BASE_DAMAGED);
	end();
}

/* Only who asks for it reads the other one, and is told what it is. */
static void the_other_one_is_read_whole_when_asked(void)
{
	unsigned few;

	begin(WL_BLOCK_BYTES);
	fixture.places[1].bytes[WL_BLOCK_BYTES + 9] ^= 1;
	CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
	few = reads;
	CU_ASSERT_EQUAL(load.places[1].verdict, WL_BASE_OK);
	CU_ASSERT_EQUAL(run(true), WL_BASE_OK);
	expect(2);
	CU_ASSERT_EQUAL(load.places[1].verdict, WL_BASE_DAMAGED);
	CU_ASSERT_TRUE(reads > few);
	fixture.places[1].bytes[WL_BLOCK_BYTES + 9] ^= 1;
	CU_ASSERT_EQUAL(run(true), WL_BASE_OK);
	CU_ASSERT_EQUAL(load.places[1].verdict, WL_BASE_OK);
	end();
}

static void a_base_in_the_place_of_another_is_damage(void)
{
	struct base_fixture_place first;

	begin(WL_BLOCK_BYTES);
	first = fixture.places[0];
	fixture.places[0] = fixture.places[1];
	fixture.places[1] = first;
	CU_ASSERT_EQUAL(run(false), WL_BASE_DAMAGED);
	end();
}

static void another_version_or_owner_is_refused_whatever_the_other_place_holds(void)
{
	begin(WL_BLOCK_BYTES);
	fixture.identity.node++;
	CU_ASSERT_EQUAL(run(false), WL_BASE_FOREIGN);
	fixture.identity.node--;
	wl_store_u16(fixture.places[1].bytes + 4, 77);
	wl_store_u32(fixture.places[1].bytes + WL_BLOCK_BYTES - 4,
		     wl_crc32c(fixture.places[1].bytes, WL_BLOCK_BYTES - 4));
	CU_ASSERT_EQUAL(run(false), WL_BASE_VERSION);
	end();
}

/* limits.sessions was lowered: nothing is damaged, and neither the older base nor the log's beginning may take its part. */
static void a_base_of_more_sessions_than_there_is_room_for_is_not_called_damaged(void)
{
	uint32_t sessions;

	begin(WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(run(false), WL_BASE_OK);
	sessions = state.sessions.count;
	CU_ASSERT_TRUE_FATAL(sessions > 1);
	for (room = 1; room < sessions; room++) {
		CU_ASSERT_EQUAL(run(true), WL_BASE_SESSIONS);
		CU_ASSERT_EQUAL(emptied, 0);
	}
	CU_ASSERT_EQUAL(run(true), WL_BASE_OK); /* room == sessions */
	room = SESSIONS_MAX;
	end();
}

/* A build that went back to before a feature: made by it, the older base could be one that it follows, and the state another one. */
static void a_base_with_features_that_the_reader_lacks_is_not_taken(void)
{
	struct wl_control control = {.verb = WL_CONTROL_FEATURES,
				     .number = WL_FEATURE(FEATURES) | WL_FEATURE(CONSUMERS_128)};
	struct base_fixture_place *newest;

	begin(WL_BLOCK_BYTES);
	control.index = fixture.state.list.index;
	base_fixture_control(&fixture, &control);
	base_fixture_commit_all(&fixture);
	CU_ASSERT_EQUAL_FATAL(fixture.state.features.set, control.number);
	newest = &fixture.places[3 % WL_BASE_PLACES];
	free(newest->bytes);
	newest->bytes = base_fixture_encode(&fixture, 3, &newest->size);
	for (unsigned both = 0; both <= 1; both++) {
		fixture.identity.lacks = WL_FEATURE(CONSUMERS_128);
		CU_ASSERT_EQUAL(run(both), WL_BASE_FEATURES);
		CU_ASSERT_EQUAL(emptied, 0);
		fixture.identity.lacks = 1ull << 40; /* of a later build: not in force */
		CU_ASSERT_EQUAL(run(both), WL_BASE_OK);
		expect(3);
		fixture.identity.lacks = 0;
		CU_ASSERT_EQUAL(run(both), WL_BASE_OK);
	}
	end();
}

WL_SUITE(base_load)
{
	WL_TEST(a_base_with_features_that_the_reader_lacks_is_not_taken),
	WL_TEST(a_base_of_more_sessions_than_there_is_room_for_is_not_called_damaged),
	WL_TEST(the_newest_of_two_whole_ones_is_taken),
	WL_TEST(the_only_one_is_taken),
	WL_TEST(with_none_there_is_none),
	WL_TEST(a_damaged_newest_one_gives_way_to_the_older_one),
	WL_TEST(when_none_is_whole_that_is_told),
	WL_TEST(the_other_one_is_read_whole_when_asked),
	WL_TEST(a_base_in_the_place_of_another_is_damage),
	WL_TEST(another_version_or_owner_is_refused_whatever_the_other_place_holds),
};
