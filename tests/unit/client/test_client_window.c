/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/window.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/runner.h"

static struct wl_window_slot slots[8];
static uint8_t bytes[100];
static struct wl_window window;

static void start(void)
{
	wl_window_init(&window, slots, 8, bytes, sizeof(bytes));
}

static uint64_t push(uint32_t size, uint8_t fill)
{
	static uint8_t payload[100];
	struct wl_window_record record = {.bytes = payload, .size = size, .level = 3};

	memset(payload, fill, size);
	return wl_window_push(&window, &record);
}

static bool holds(uint64_t sequence, uint32_t size, uint8_t fill)
{
	const struct wl_window_slot *slot = wl_window_slot(&window, sequence);
	const uint8_t *payload = slot ? wl_window_payload(&window, slot) : NULL;

	if (!slot || slot->bytes != size)
		return false;
	for (uint32_t at = 0; at < size; at++)
		if (payload[at] != fill)
			return false;
	return true;
}

static void sequences_begin_at_one_and_are_dense(void)
{
	start();

	CU_ASSERT_EQUAL(push(10, 1), 1);
	CU_ASSERT_EQUAL(push(10, 2), 2);
	CU_ASSERT_EQUAL(push(10, 3), 3);
	CU_ASSERT(holds(1, 10, 1) && holds(2, 10, 2) && holds(3, 10, 3));
}

static void window_is_full_when_slots_or_bytes_are(void)
{
	start();
	for (unsigned at = 0; at < 8; at++)
		CU_ASSERT_EQUAL(push(1, 1), at + 1);
	CU_ASSERT_EQUAL(push(1, 1), 0);

	start();
	CU_ASSERT_EQUAL(push(60, 1), 1);
	CU_ASSERT_EQUAL(push(41, 1), 0);
	CU_ASSERT_EQUAL(push(40, 1), 2);
}

static void payload_that_does_not_fit_before_the_end_stands_at_the_beginning_in_one_piece(void)
{
	start();
	push(40, 1);
	push(40, 2);
	wl_window_finish(&window, 1);
	wl_window_advance(&window);

	CU_ASSERT_EQUAL(push(30, 3), 3);

	CU_ASSERT(holds(2, 40, 2) && holds(3, 30, 3));
	CU_ASSERT_EQUAL(push(20, 4), 0);
}

static void largest_record_fits_whenever_the_window_is_empty(void)
{
	start();
	for (unsigned round = 0; round < 20; round++) {
		uint64_t sequence = push(30 + round, 1);

		wl_window_finish(&window, sequence);
		wl_window_advance(&window);
		sequence = push(100, 2);
		CU_ASSERT(sequence != 0 && holds(sequence, 100, 2));
		wl_window_finish(&window, sequence);
		wl_window_advance(&window);
	}
}

static void done_slots_go_only_in_order(void)
{
	start();
	push(10, 1);
	push(10, 2);
	push(10, 3);

	CU_ASSERT(wl_window_finish(&window, 2));
	CU_ASSERT_FALSE(wl_window_advance(&window));
	CU_ASSERT_EQUAL(window.first, 1);
	CU_ASSERT(wl_window_finish(&window, 1));
	CU_ASSERT(wl_window_advance(&window));
	CU_ASSERT_EQUAL(window.first, 3);
	CU_ASSERT_FALSE(wl_window_finish(&window, 2));
	CU_ASSERT_EQUAL(window.waiting, 1);
}

static void withdrawn_slot_at_the_front_gives_its_place_back_and_stays_unsettled(void)
{
	start();
	push(60, 1);
	push(10, 2);
	push(10, 3);
	wl_window_withdraw(&window, wl_window_slot(&window, 2));
	CU_ASSERT_FALSE(wl_window_advance(&window));
	CU_ASSERT_EQUAL(push(60, 4), 0);

	wl_window_withdraw(&window, wl_window_slot(&window, 1));
	CU_ASSERT(wl_window_advance(&window));

	CU_ASSERT(window.settled == 1 && window.first == 3 && window.waiting == 1);
	CU_ASSERT_EQUAL(push(60, 4), 4);
}

static void unsettled_sequences_are_settled_by_what_comes_behind_them(void)
{
	start();
	push(10, 1);
	push(10, 2);
	push(10, 3);
	window.send = (struct wl_window_cursor){4, 0};
	wl_window_withdraw(&window, wl_window_slot(&window, 1));
	wl_window_advance(&window);
	CU_ASSERT(wl_window_in_flight_bytes(&window) > 20);

	wl_window_finish(&window, 2);
	wl_window_advance(&window);
	CU_ASSERT_EQUAL(window.settled, 1);
	CU_ASSERT(wl_window_settle(&window, 3));

	CU_ASSERT(window.settled == 3 && window.first == 3);
	CU_ASSERT_FALSE(wl_window_settle(&window, 5)); /* 3 waits */
	CU_ASSERT_EQUAL(wl_window_in_flight_bytes(&window), 10);
}

static void rewind_before_what_was_settled_makes_it_unsettled(void)
{
	start();
	push(10, 1);
	push(10, 2);
	window.send = (struct wl_window_cursor){3, 0};
	wl_window_finish(&window, 1);
	wl_window_advance(&window);
	CU_ASSERT_EQUAL(window.settled, 2);

	wl_window_rewind(&window, 1, 0);

	CU_ASSERT(window.settled == 1 && window.send.sequence == 1 && window.first == 2);
}

static void deadline_is_that_of_the_first_stamp_and_fires_once(void)
{
	start();
	push(10, 1);
	wl_window_stamp(&window, 100);
	push(10, 2);
	wl_window_stamp(&window, 200);

	CU_ASSERT_EQUAL(wl_window_expired(&window, 99), 0);
	CU_ASSERT_EQUAL(wl_window_expired(&window, 100), 1);
	CU_ASSERT_EQUAL(wl_window_expired(&window, 100), 0);
	wl_window_finish(&window, 2);
	CU_ASSERT_EQUAL(wl_window_expired(&window, 300), 0);
}

static void rewind_goes_back_only(void)
{
	start();
	push(10, 1);
	push(10, 2);
	window.send = (struct wl_window_cursor){2, 5};

	wl_window_rewind(&window, 2, 7);
	CU_ASSERT(window.send.sequence == 2 && window.send.offset == 5);
	wl_window_rewind(&window, 3, 0);
	CU_ASSERT_EQUAL(window.send.sequence, 2);
	wl_window_rewind(&window, 2, 0);
	CU_ASSERT(window.send.sequence == 2 && window.send.offset == 0);
	wl_window_rewind(&window, 1, 0);
	CU_ASSERT_EQUAL(window.send.sequence, 1);
}

static void in_flight_and_unsent_bytes_follow_the_cursor(void)
{
	start();
	push(10, 1);
	push(20, 2);
	CU_ASSERT_EQUAL(wl_window_in_flight_bytes(&window), 0);
	CU_ASSERT_EQUAL(wl_window_unsent_bytes(&window), 30);
	window.send = (struct wl_window_cursor){2, 5};
	CU_ASSERT_EQUAL(wl_window_in_flight_bytes(&window), 15);
	CU_ASSERT_EQUAL(wl_window_unsent_bytes(&window), 15);
	window.send = (struct wl_window_cursor){3, 0};
	CU_ASSERT_EQUAL(wl_window_in_flight_bytes(&window), 30);
	CU_ASSERT_EQUAL(wl_window_unsent_bytes(&window), 0);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* One call, with what its caller may give it. */
static void call_something(uint32_t *state)
{
	uint64_t outstanding = window.next - window.settled;
	uint64_t sequence = window.settled + next_random(state) % (outstanding + 1);
	struct wl_window_slot *slot = wl_window_slot(&window, sequence);

	switch (next_random(state) % 8) {
	case 0:
	case 1:
		push(1 + next_random(state) % 60, 7);
		break;
	case 2:
		if (slot && slot->state == WL_WINDOW_WAITING)
			wl_window_withdraw(&window, slot);
		break;
	case 3:
		wl_window_finish(&window, sequence);
		break;
	case 4:
		wl_window_settle(&window, sequence);
		break;
	case 5:
		wl_window_rewind(&window, 1 + next_random(state) % window.next, 0);
		break;
	case 6:
		wl_window_stamp(&window, next_random(state) % 1000);
		break;
	default:
		wl_window_expired(&window, next_random(state) % 1000);
		if (window.send.sequence < window.next)
			window.send = (struct wl_window_cursor){window.send.sequence + 1, 0};
		break;
	}
}

static void whatever_is_called_what_must_hold_holds(void)
{
	for (uint32_t seed = 1; seed <= 50; seed++) {
		const char *broken = NULL;
		uint32_t state = seed;
		unsigned step;

		start();
		for (step = 0; step < 400 && !broken; step++) {
			call_something(&state);
			if (next_random(&state) % 2 == 0)
				wl_window_advance(&window);
			broken = wl_window_check(&window);
		}
		if (broken)
			printf("seed %u, step %u: %s\n", seed, step, broken);
		CU_ASSERT_PTR_NULL(broken);
	}
}

static void what_is_broken_is_named(void)
{
	start();
	push(10, 1);
	push(10, 2);
	CU_ASSERT_PTR_NULL(wl_window_check(&window));

	window.first = 4;
	CU_ASSERT_NSTRING_EQUAL(wl_window_check(&window), "W1", 2);
	window.first = 1;
	window.expire = 3;
	CU_ASSERT_NSTRING_EQUAL(wl_window_check(&window), "W1", 2);
	window.expire = 1;
	slots[2].state = WL_WINDOW_FREE;
	CU_ASSERT_NSTRING_EQUAL(wl_window_check(&window), "W2", 2);
	slots[2].state = WL_WINDOW_WAITING;
	slots[2].at = 11;
	CU_ASSERT_NSTRING_EQUAL(wl_window_check(&window), "W3", 2);
	slots[2].at = 10;
	window.head = 101;
	CU_ASSERT_NSTRING_EQUAL(wl_window_check(&window), "W3", 2);
}

static void a_record_has_left_when_its_frame_has(void)
{
	start();
	push(10, 1);
	push(10, 2);
	push(10, 3);
	for (uint64_t sequence = 1; sequence <= 3; sequence++)
		wl_window_note_frame(&window, sequence, 7, 1000);
	window.send.sequence = 4;
	wl_window_note_kept(&window, 2);
	wl_window_rewind(&window, 2, 0);
	CU_ASSERT_EQUAL(wl_window_slot(&window, 1)->sent_ns, 1000);
	CU_ASSERT_EQUAL(wl_window_slot(&window, 2)->sent_ns, 0);
	CU_ASSERT_EQUAL(wl_window_slot(&window, 3)->sent_ns, 0);

	/* Again: what has left keeps its time. */
	for (uint64_t sequence = 1; sequence <= 3; sequence++)
		wl_window_note_frame(&window, sequence, 8, 2000);
	CU_ASSERT_EQUAL(wl_window_slot(&window, 1)->sent_ns, 1000);
	CU_ASSERT_EQUAL(wl_window_slot(&window, 2)->sent_ns, 2000);
	CU_ASSERT_EQUAL(wl_window_slot(&window, 1)->last_frame, 8);
}

WL_SUITE(client_window)
{
	WL_TEST(sequences_begin_at_one_and_are_dense),
	WL_TEST(window_is_full_when_slots_or_bytes_are),
	WL_TEST(payload_that_does_not_fit_before_the_end_stands_at_the_beginning_in_one_piece),
	WL_TEST(largest_record_fits_whenever_the_window_is_empty),
	WL_TEST(done_slots_go_only_in_order),
	WL_TEST(withdrawn_slot_at_the_front_gives_its_place_back_and_stays_unsettled),
	WL_TEST(unsettled_sequences_are_settled_by_what_comes_behind_them),
	WL_TEST(rewind_before_what_was_settled_makes_it_unsettled),
	WL_TEST(deadline_is_that_of_the_first_stamp_and_fires_once),
	WL_TEST(rewind_goes_back_only),
	WL_TEST(in_flight_and_unsent_bytes_follow_the_cursor),
	WL_TEST(whatever_is_called_what_must_hold_holds),
	WL_TEST(what_is_broken_is_named),
	WL_TEST(a_record_has_left_when_its_frame_has),
};
