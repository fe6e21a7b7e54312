/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "dataplane/base/ring.h"
#include "tests/unit/runner.h"

struct element {
	uint64_t number;
	uint64_t body[6]; /* each number + its place: a torn element shows */
};

static struct element memory[8];
static struct wl_ring ring;

static struct element element_of(uint64_t number)
{
	struct element element = {.number = number};

	for (unsigned i = 0; i < 6; i++)
		element.body[i] = number + i;
	return element;
}

static bool is_whole(const struct element *element)
{
	for (unsigned i = 0; i < 6; i++)
		if (element->body[i] != element->number + i)
			return false;
	return true;
}

static void start(uint32_t slots)
{
	wl_ring_init(&ring, memory, sizeof(memory[0]), slots);
}

static void empty_ring_gives_nothing(void)
{
	struct element out = element_of(7);

	start(8);
	CU_ASSERT_FALSE(wl_ring_pop(&ring, &out));
	CU_ASSERT_EQUAL(out.number, 7);
	CU_ASSERT_EQUAL(wl_ring_count(&ring), 0);
}

static void elements_come_out_in_order_and_whole(void)
{
	struct element out;

	start(8);
	for (uint64_t i = 0; i < 8; i++) {
		struct element in = element_of(i * 100);

		CU_ASSERT(wl_ring_push(&ring, &in));
	}
	CU_ASSERT_EQUAL(wl_ring_count(&ring), 8);
	for (uint64_t i = 0; i < 8; i++) {
		CU_ASSERT(wl_ring_pop(&ring, &out));
		CU_ASSERT(out.number == i * 100 && is_whole(&out));
	}
	CU_ASSERT_FALSE(wl_ring_pop(&ring, &out));
}

static void full_ring_refuses_and_keeps_what_it_has(void)
{
	struct element in = element_of(1), out;

	start(4);
	for (int i = 0; i < 4; i++)
		CU_ASSERT(wl_ring_push(&ring, &in));
	in = element_of(99);
	CU_ASSERT_FALSE(wl_ring_push(&ring, &in));
	CU_ASSERT(wl_ring_pop(&ring, &out));
	CU_ASSERT_EQUAL(out.number, 1);
	CU_ASSERT(wl_ring_push(&ring, &in));
	CU_ASSERT_FALSE(wl_ring_push(&ring, &in));
}

static void order_holds_over_many_laps(void)
{
	uint64_t pushed = 0, popped = 0;
	unsigned wrong = 0;

	start(8);
	for (unsigned round = 0; round < 10000; round++) {
		struct element out;

		for (unsigned i = 0; i < round % 9; i++) {
			struct element in = element_of(pushed);

			pushed += wl_ring_push(&ring, &in);
		}
		for (unsigned i = 0; i < (round * 7) % 10; i++)
			if (wl_ring_pop(&ring, &out))
				wrong += out.number != popped++ || !is_whole(&out);
		wrong += wl_ring_count(&ring) != pushed - popped;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(pushed > 10000);
}

static void ring_of_one_slot_works(void)
{
	struct element in = element_of(3), out;

	start(1);
	CU_ASSERT(wl_ring_push(&ring, &in));
	CU_ASSERT_FALSE(wl_ring_push(&ring, &in));
	CU_ASSERT(wl_ring_pop(&ring, &out));
	CU_ASSERT_FALSE(wl_ring_pop(&ring, &out));
}

static void counters_may_pass_two_to_the_64(void)
{
	struct element in = element_of(5), out;
	unsigned wrong = 0;

	start(4);
	atomic_store(&ring.pushed, UINT64_MAX - 3);
	atomic_store(&ring.popped, UINT64_MAX - 3);
	ring.popped_seen = UINT64_MAX - 3;
	ring.pushed_seen = UINT64_MAX - 3;
	for (uint64_t i = 0; i < 20; i++) {
		in = element_of(i);
		wrong += !wl_ring_push(&ring, &in);
		wrong += !wl_ring_pop(&ring, &out) || out.number != i;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(wl_ring_count(&ring), 0);
}

static void slot_count_must_be_a_power_of_two(void)
{
	WL_ASSERT_STOPS(start(6));
	WL_ASSERT_STOPS(start(0));
}

static void sides_do_not_share_a_cache_line(void)
{
	CU_ASSERT(offsetof(struct wl_ring, popped) - offsetof(struct wl_ring, pushed) >= 64);
	CU_ASSERT(offsetof(struct wl_ring, slots) - offsetof(struct wl_ring, popped) >= 64);
}

#define STRESS 200000u

static void *produce(void *context)
{
	(void)context;
	for (uint64_t i = 0; i < STRESS;) {
		struct element in = element_of(i);

		if (wl_ring_push(&ring, &in))
			i++;
		else
			sched_yield();
	}
	return NULL;
}

/* Two threads: the thread sanitizer looks at the barriers, the numbers at the order. */
static void two_threads_lose_tear_and_reorder_nothing(void)
{
	pthread_t producer;
	unsigned wrong = 0;

	start(8);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, NULL), 0);
	for (uint64_t next = 0; next < STRESS;) {
		struct element out;

		if (!wl_ring_pop(&ring, &out)) {
			sched_yield();
			continue;
		}
		wrong += out.number != next || !is_whole(&out);
		next++;
	}
	pthread_join(producer, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(wl_ring_count(&ring), 0);
}

WL_SUITE(ring)
{
	WL_TEST(empty_ring_gives_nothing),
	WL_TEST(elements_come_out_in_order_and_whole),
	WL_TEST(full_ring_refuses_and_keeps_what_it_has),
	WL_TEST(order_holds_over_many_laps),
	WL_TEST(ring_of_one_slot_works),
	WL_TEST(counters_may_pass_two_to_the_64),
	WL_TEST(slot_count_must_be_a_power_of_two),
	WL_TEST(sides_do_not_share_a_cache_line),
	WL_TEST(two_threads_lose_tear_and_reorder_nothing),
};
