/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/event_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

static uint8_t *make_ring(void)
{
	uint8_t *ring = calloc(1, WL_EVENT_RING_BYTES);

	wl_event_ring_head(ring);
	return ring;
}

static void add(uint8_t *ring, uint64_t number, const char *text)
{
	struct wl_event event = {.number = number, .time_ns = number * 10, .level = 4};

	snprintf(event.text, sizeof(event.text), "%s", text);
	wl_event_encode(&event, ring + wl_event_ring_offset(number));
}

static void events_come_back_in_their_order(void)
{
	static const uint64_t counts[] = {0, 1, 2, WL_EVENTS - 1, WL_EVENTS, WL_EVENTS + 1, 1000};
	static struct wl_event events[WL_EVENTS];

	for (unsigned which = 0; which < sizeof(counts) / sizeof(counts[0]); which++) {
		uint64_t expected = counts[which] < WL_EVENTS ? counts[which] : WL_EVENTS;
		uint8_t *ring = make_ring();
		uint32_t count;
		char text[32];

		for (uint64_t number = 1; number <= counts[which]; number++) {
			snprintf(text, sizeof(text), "event %lu", (unsigned long)number);
			add(ring, number, text);
		}
		CU_ASSERT(wl_event_ring_is_one(ring));
		count = wl_event_ring_read(ring, events);
		CU_ASSERT_EQUAL_FATAL(count, expected);
		for (uint32_t at = 0; at < count; at++) {
			uint64_t number = counts[which] - expected + at + 1;

			snprintf(text, sizeof(text), "event %lu", (unsigned long)number);
			CU_ASSERT_EQUAL(events[at].number, number);
			CU_ASSERT_EQUAL(events[at].time_ns, number * 10);
			CU_ASSERT_STRING_EQUAL(events[at].text, text);
		}
		free(ring);
	}
}

static void a_slot_that_is_half_written_is_left_out(void)
{
	static struct wl_event events[WL_EVENTS];

	for (uint32_t half = 8; half < WL_EVENT_SLOT_BYTES; half += 8) {
		uint8_t *ring = make_ring(), before[WL_EVENT_SLOT_BYTES];
		uint8_t *slot = ring + wl_event_ring_offset(300);
		uint32_t count;

		for (uint64_t number = 1; number <= 299; number++)
			add(ring, number, "whole");
		memcpy(before, slot, sizeof(before));
		add(ring, 300, "torn");
		memcpy(slot + half, before + half, sizeof(before) - half);
		count = wl_event_ring_read(ring, events);
		CU_ASSERT_EQUAL(count, WL_EVENTS - 1);
		CU_ASSERT_EQUAL(events[count - 1].number, 299);
		free(ring);
	}
}

static void what_is_not_believable_is_left_out(void)
{
	static struct wl_event events[WL_EVENTS];
	uint8_t *ring = make_ring(), *slot;

	add(ring, 5, "good");
	add(ring, 6, "too long");
	slot = ring + wl_event_ring_offset(6);
	memset(slot + 20, 0xff, 4);
	add(ring, 7, "a level that is none");
	ring[wl_event_ring_offset(7) + 16] = 200;
	/* A number that does not belong into its slot, and would push all others out. */
	add(ring, 8, "elsewhere");
	slot = ring + wl_event_ring_offset(8);
	memset(slot, 0x7e, 8);
	memset(slot + 504, 0x7e, 8);
	CU_ASSERT_EQUAL(wl_event_ring_read(ring, events), 1);
	CU_ASSERT_STRING_EQUAL(events[0].text, "good");
	free(ring);
}

static void text_is_cut_and_has_no_control_characters(void)
{
	static struct wl_event events[WL_EVENTS];
	uint8_t *ring = make_ring();
	char longest[WL_EVENT_TEXT_BYTES_MAX + 100];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	add(ring, 1, longest);
	add(ring, 2, "a\x1b[31mb\n\xff");
	CU_ASSERT_EQUAL(wl_event_ring_read(ring, events), 2);
	CU_ASSERT_EQUAL(strlen(events[0].text), WL_EVENT_TEXT_BYTES_MAX);
	CU_ASSERT_STRING_EQUAL(events[1].text, "a?[31mb??");
	free(ring);
}

static void another_file_is_no_ring(void)
{
	uint8_t *ring = make_ring();

	ring[8] = 2;
	CU_ASSERT(!wl_event_ring_is_one(ring));
	wl_event_ring_head(ring);
	ring[0] = 'X';
	CU_ASSERT(!wl_event_ring_is_one(ring));
	wl_event_ring_head(ring);
	ring[13] = 9;
	CU_ASSERT(!wl_event_ring_is_one(ring));
	free(ring);
}

static uint64_t next_noise(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Whatever the bytes are: no event has what an event cannot have. */
static void noise_gives_nothing_that_cannot_be(void)
{
	static struct wl_event events[WL_EVENTS];
	uint8_t *ring = make_ring();
	uint64_t state = 7;
	uint32_t count, read = 0;

	for (unsigned round = 0; round < 20; round++) {
		for (uint32_t at = 0; at < WL_EVENTS; at++) {
			uint8_t *slot = ring + (1 + at) * WL_EVENT_SLOT_BYTES;

			for (uint32_t byte = 0; byte < WL_EVENT_SLOT_BYTES; byte++)
				slot[byte] = (uint8_t)next_noise(&state);
			memset(slot, 0, 8);
			slot[0] = (uint8_t)at;
			slot[1] = (uint8_t)(next_noise(&state) % 2);
			memcpy(slot + 504, slot, 8);
			memset(slot + 16, 0, 8);
			slot[16] = (uint8_t)(next_noise(&state) % 10);
			slot[20] = (uint8_t)next_noise(&state);
			slot[21] = (uint8_t)(next_noise(&state) % 3);
		}
		count = wl_event_ring_read(ring, events);
		read += count;
		for (uint32_t at = 0; at < count; at++) {
			CU_ASSERT(events[at].level <= 7);
			CU_ASSERT(strlen(events[at].text) <= WL_EVENT_TEXT_BYTES_MAX);
		}
	}
	CU_ASSERT(read > 100);
	free(ring);
}

WL_SUITE(event_ring)
{
	WL_TEST(events_come_back_in_their_order),
	WL_TEST(a_slot_that_is_half_written_is_left_out),
	WL_TEST(what_is_not_believable_is_left_out),
	WL_TEST(text_is_cut_and_has_no_control_characters),
	WL_TEST(another_file_is_no_ring),
	WL_TEST(noise_gives_nothing_that_cannot_be),
};
