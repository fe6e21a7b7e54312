/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/event_ring.h"

#include <string.h>

#include "dataplane/base/bytes.h"

#define VERSION 1u
#define TEXT_AT 24u
#define AGAIN_AT 504u

static const char magic[8] = {'W', 'L', 'E', 'V', 'E', 'N', 'T', 'S'};

_Static_assert(TEXT_AT + WL_EVENT_TEXT_BYTES_MAX == AGAIN_AT, "text and number fill the slot");

void wl_event_ring_head(uint8_t head[WL_EVENT_SLOT_BYTES])
{
	memset(head, 0, WL_EVENT_SLOT_BYTES);
	memcpy(head, magic, sizeof(magic));
	wl_store_u32(head + 8, VERSION);
	wl_store_u32(head + 12, WL_EVENTS);
}

bool wl_event_ring_is_one(const uint8_t *ring)
{
	return memcmp(ring, magic, sizeof(magic)) == 0 && wl_load_u32(ring + 8) == VERSION &&
	       wl_load_u32(ring + 12) == WL_EVENTS;
}

uint32_t wl_event_ring_offset(uint64_t number)
{
	return (1u + (uint32_t)(number % WL_EVENTS)) * WL_EVENT_SLOT_BYTES;
}

void wl_event_encode(const struct wl_event *event, uint8_t slot[WL_EVENT_SLOT_BYTES])
{
	size_t bytes = strnlen(event->text, WL_EVENT_TEXT_BYTES_MAX);

	memset(slot, 0, WL_EVENT_SLOT_BYTES);
	wl_store_u64(slot, event->number);
	wl_store_u64(slot + 8, event->time_ns);
	wl_store_u32(slot + 16, event->level);
	wl_store_u32(slot + 20, (uint32_t)bytes);
	memcpy(slot + TEXT_AT, event->text, bytes);
	wl_store_u64(slot + AGAIN_AT, event->number);
}

/* False: none is there, or not a whole one. */
static bool decode(const uint8_t slot[WL_EVENT_SLOT_BYTES], struct wl_event *event)
{
	uint32_t bytes = wl_load_u32(slot + 20);

	event->number = wl_load_u64(slot);
	event->time_ns = wl_load_u64(slot + 8);
	event->level = wl_load_u32(slot + 16);
	if (event->number == 0 || event->number != wl_load_u64(slot + AGAIN_AT) ||
	    bytes > WL_EVENT_TEXT_BYTES_MAX || event->level > 7)
		return false;
	for (uint32_t at = 0; at < bytes; at++) {
		uint8_t byte = slot[TEXT_AT + at];

		event->text[at] = (char)(byte < 0x20 || byte >= 0x7f ? '?' : byte);
	}
	event->text[bytes] = '\0';
	return true;
}

/* The highest number whose slot is the right one; 0: none. */
static uint64_t newest_of(const uint8_t *ring)
{
	struct wl_event event;
	uint64_t newest = 0;

	for (uint32_t at = 0; at < WL_EVENTS; at++) {
		const uint8_t *slot = ring + (1u + at) * WL_EVENT_SLOT_BYTES;

		if (decode(slot, &event) && event.number % WL_EVENTS == at && event.number > newest)
			newest = event.number;
	}
	return newest;
}

uint32_t wl_event_ring_read(const uint8_t *ring, struct wl_event events[WL_EVENTS])
{
	uint64_t newest = newest_of(ring);
	uint64_t number = newest > WL_EVENTS ? newest - WL_EVENTS : 0;
	uint32_t count = 0;

	while (number < newest) {
		number++;
		if (decode(ring + wl_event_ring_offset(number), &events[count]) &&
		    events[count].number == number)
			count++;
	}
	return count;
}
