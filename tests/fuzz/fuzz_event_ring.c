/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a node's file of events. What is read is printable, in order, among the newest 256 numbers, and encodes to what is
 * read again.
 *
 * Input: one byte, how many whole events there are; then, until it ends, an event of which something is overwritten: which (one byte), a place in
 * its slot (two), how many bytes (one) and these; and at last the first half of the event behind the newest one, as a crash leaves it.
 */
#include "dataplane/base/event_ring.h"
#include "tests/fuzz/input.h"

static void add(uint8_t *ring, uint64_t number)
{
	struct wl_event event = {.number = number, .time_ns = number, .level = number % 8};

	memset(event.text, 'a' + (int)(number % 26), number % WL_EVENT_TEXT_BYTES_MAX);
	wl_event_encode(&event, ring + wl_event_ring_offset(number));
}

static void damage(uint8_t *ring, struct fuzz_input *input)
{
	uint8_t *slot = ring + (1u + fuzz_u8(input)) * WL_EVENT_SLOT_BYTES;
	size_t at = fuzz_u16(input) % WL_EVENT_SLOT_BYTES, bytes;
	const uint8_t *patch = fuzz_take(input, fuzz_u8(input), &bytes);

	if (bytes > WL_EVENT_SLOT_BYTES - at)
		bytes = WL_EVENT_SLOT_BYTES - at;
	memcpy(slot + at, patch, bytes);
}

static void check(const struct wl_event *events, uint32_t count)
{
	uint8_t *again = calloc(1, WL_EVENT_RING_BYTES);
	static struct wl_event read[WL_EVENTS];

	FUZZ_PROMISE(again != NULL && count <= WL_EVENTS);
	wl_event_ring_head(again);
	for (uint32_t at = 0; at < count; at++) {
		FUZZ_PROMISE(at == 0 || events[at].number > events[at - 1].number);
		FUZZ_PROMISE(events[count - 1].number - events[at].number < WL_EVENTS);
		for (const char *text = events[at].text; *text != '\0'; text++)
			FUZZ_PROMISE(*text >= 0x20 && *text < 0x7f);
		wl_event_encode(&events[at], again + wl_event_ring_offset(events[at].number));
	}
	FUZZ_PROMISE(wl_event_ring_read(again, read) == count);
	for (uint32_t at = 0; at < count; at++)
		FUZZ_PROMISE(strcmp(read[at].text, events[at].text) == 0);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t ring[WL_EVENT_RING_BYTES];
	static struct wl_event events[WL_EVENTS];
	struct fuzz_input input = fuzz_input_of(data, size);
	uint64_t whole = 2u * fuzz_u8(&input);
	uint8_t half[WL_EVENT_SLOT_BYTES];
	uint8_t *next = ring + wl_event_ring_offset(whole + 1);

	memset(ring, 0, sizeof(ring));
	wl_event_ring_head(ring);
	for (uint64_t number = 1; number <= whole; number++)
		add(ring, number);
	while (fuzz_left(&input) > 0)
		damage(ring, &input);
	memcpy(half, next, sizeof(half));
	add(ring, whole + 1);
	memcpy(next + WL_EVENT_SLOT_BYTES / 2, half + WL_EVENT_SLOT_BYTES / 2,
	       WL_EVENT_SLOT_BYTES / 2);
	check(events, wl_event_ring_read(ring, events));
	return 0;
}
