/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/byte_ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "tests/unit/runner.h"

#define SIZE 1024u

static uint8_t memory[SIZE];
static struct wl_byte_ring ring;

static void start(void)
{
	memset(memory, 0xa5, sizeof(memory));
	wl_byte_ring_init(&ring, memory, SIZE);
}

static bool stage(uint32_t bytes, uint8_t fill)
{
	uint8_t *to = wl_byte_ring_stage(&ring, bytes);

	if (to)
		memset(to, fill, bytes);
	return to != NULL;
}

static bool push(uint32_t bytes, uint8_t fill)
{
	bool staged = stage(bytes, fill);

	wl_byte_ring_show(&ring, wl_byte_ring_staged(&ring));
	return staged;
}

/* The oldest string is so long and made of that; it is released. */
static bool pop(uint32_t bytes, uint8_t fill)
{
	uint32_t size;
	const uint8_t *string = wl_byte_ring_look(&ring, &size);
	bool right = string != NULL && size == bytes;

	for (uint32_t at = 0; right && at < size; at++)
		right = string[at] == fill;
	if (string)
		wl_byte_ring_release(&ring);
	return right;
}

static void what_is_staged_is_not_seen_before_it_is_shown(void)
{
	uint32_t size;

	start();
	CU_ASSERT(stage(10, 1));
	CU_ASSERT_PTR_NULL(wl_byte_ring_look(&ring, &size));
	wl_byte_ring_show(&ring, wl_byte_ring_staged(&ring));
	CU_ASSERT(pop(10, 1));
	CU_ASSERT_PTR_NULL(wl_byte_ring_look(&ring, &size));
}

static void what_is_behind_the_mark_never_was(void)
{
	uint64_t mark;
	uint32_t size;

	start();
	stage(10, 1);
	stage(11, 2);
	mark = wl_byte_ring_staged(&ring);
	stage(12, 3);
	stage(13, 4);
	wl_byte_ring_show(&ring, mark);
	CU_ASSERT_EQUAL(wl_byte_ring_staged(&ring), mark);
	CU_ASSERT(pop(10, 1));
	CU_ASSERT(pop(11, 2));
	CU_ASSERT_PTR_NULL(wl_byte_ring_look(&ring, &size));
	CU_ASSERT(push(14, 5));
	CU_ASSERT(pop(14, 5));
}

static void a_string_is_there_until_it_is_released(void)
{
	uint32_t size;
	const uint8_t *first;

	start();
	push(20, 7);
	push(21, 8);
	first = wl_byte_ring_look(&ring, &size);
	CU_ASSERT_PTR_EQUAL(wl_byte_ring_look(&ring, &size), first);
	CU_ASSERT_EQUAL(size, 20);
	CU_ASSERT(pop(20, 7));
	CU_ASSERT(pop(21, 8));
	WL_ASSERT_STOPS(wl_byte_ring_release(&ring));
}

static void full_ring_refuses_and_keeps_what_it_has(void)
{
	unsigned pushed = 0;
	uint64_t staged;

	start();
	while (push(100, (uint8_t)pushed))
		pushed++;
	CU_ASSERT_EQUAL(pushed, SIZE / 112);
	staged = wl_byte_ring_staged(&ring);
	CU_ASSERT_FALSE(stage(200, 9));
	CU_ASSERT_EQUAL(wl_byte_ring_staged(&ring), staged);
	for (unsigned at = 0; at < pushed; at++)
		CU_ASSERT(pop(100, (uint8_t)at));
	CU_ASSERT(push(100, 77));
	CU_ASSERT(pop(100, 77));
}

/* Each length, at each place in the ring, over many laps: in one piece, aligned, whole. */
static void strings_stand_in_one_piece_over_many_laps(void)
{
	uint32_t lengths[64];
	uint64_t pushed = 0, popped = 0;
	unsigned wrong = 0;

	start();
	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t bytes = round * 7 % 241;
		uint8_t *to = NULL;

		while (pushed - popped == 64 || (to = wl_byte_ring_stage(&ring, bytes)) == NULL) {
			wrong += !pop(lengths[popped % 64], (uint8_t)popped);
			popped++;
		}
		wrong += ((uintptr_t)to & 7) != ((uintptr_t)memory & 7);
		wrong += to < memory || to + bytes > memory + SIZE;
		memset(to, (uint8_t)pushed, bytes);
		lengths[pushed++ % 64] = bytes;
		wl_byte_ring_show(&ring, wl_byte_ring_staged(&ring));
	}
	while (popped < pushed) {
		wrong += !pop(lengths[popped % 64], (uint8_t)popped);
		popped++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void marks_may_pass_two_to_the_64(void)
{
	start();
	atomic_store(&ring.shown, UINT64_MAX - 2047);
	atomic_store(&ring.released, UINT64_MAX - 2047);
	ring.staged = ring.released_seen = ring.shown_seen = ring.looked = UINT64_MAX - 2047;
	for (unsigned at = 0; at < 100; at++) {
		CU_ASSERT(push(90 + at, (uint8_t)at));
		CU_ASSERT(pop(90 + at, (uint8_t)at));
	}
}

static void its_size_is_a_power_of_two_and_a_string_at_most_a_quarter(void)
{
	WL_ASSERT_STOPS(wl_byte_ring_init(&ring, memory, 1000));
	WL_ASSERT_STOPS(wl_byte_ring_init(&ring, memory, 32));
	start();
	CU_ASSERT(push(SIZE / 4, 1));
	WL_ASSERT_STOPS(wl_byte_ring_stage(&ring, SIZE / 4 + 8));
}

static void no_mark_is_shown_that_was_not_staged(void)
{
	start();
	push(10, 1);
	WL_ASSERT_STOPS(wl_byte_ring_show(&ring, wl_byte_ring_staged(&ring) + 8));
	WL_ASSERT_STOPS(wl_byte_ring_show(&ring, wl_byte_ring_staged(&ring) - 8));
}

static void sides_do_not_share_a_cache_line(void)
{
	CU_ASSERT(offsetof(struct wl_byte_ring, released) - offsetof(struct wl_byte_ring, shown) >=
		  64);
	CU_ASSERT(offsetof(struct wl_byte_ring, memory) - offsetof(struct wl_byte_ring, released) >=
		  64);
}

#define STRESS 20000u
#define STRESS_SIZE 8192u /* few hand-overs: on a machine that is busy each waits for a core */

static uint8_t stress_memory[STRESS_SIZE];

static uint32_t length_of(uint32_t number)
{
	return 8 + number * 13 % 200;
}

static void *produce(void *context)
{
	(void)context;
	for (uint32_t number = 0; number < STRESS;) {
		uint8_t *to = wl_byte_ring_stage(&ring, length_of(number));

		if (!to) {
			sched_yield();
			continue;
		}
		memset(to, (uint8_t)number, length_of(number));
		/* Now and then one that is taken back, and comes again. */
		if (number % 5 == 0 && number % 3 == 0)
			wl_byte_ring_show(&ring, wl_byte_ring_shown(&ring));
		to = number % 15 == 0 ? wl_byte_ring_stage(&ring, length_of(number)) : to;
		if (!to)
			continue;
		memset(to, (uint8_t)number, length_of(number));
		wl_byte_ring_show(&ring, wl_byte_ring_staged(&ring));
		number++;
	}
	return NULL;
}

/* Two threads: the thread sanitizer looks at the barriers, the numbers at the order. */
static void two_threads_lose_tear_and_reorder_nothing(void)
{
	pthread_t producer;
	unsigned wrong = 0;

	wl_byte_ring_init(&ring, stress_memory, STRESS_SIZE);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, NULL), 0);
	for (uint32_t next = 0; next < STRESS;) {
		uint32_t size;

		if (!wl_byte_ring_look(&ring, &size)) {
			sched_yield();
			continue;
		}
		wrong += !pop(length_of(next), (uint8_t)next);
		next++;
	}
	pthread_join(producer, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
}

WL_SUITE(byte_ring)
{
	WL_TEST(what_is_staged_is_not_seen_before_it_is_shown),
	WL_TEST(what_is_behind_the_mark_never_was),
	WL_TEST(a_string_is_there_until_it_is_released),
	WL_TEST(full_ring_refuses_and_keeps_what_it_has),
	WL_TEST(strings_stand_in_one_piece_over_many_laps),
	WL_TEST(marks_may_pass_two_to_the_64),
	WL_TEST(its_size_is_a_power_of_two_and_a_string_at_most_a_quarter),
	WL_TEST(no_mark_is_shown_that_was_not_staged),
	WL_TEST(sides_do_not_share_a_cache_line),
	WL_TEST(two_threads_lose_tear_and_reorder_nothing),
};
