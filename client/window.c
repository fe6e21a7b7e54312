/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/window.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/wire/wire.h"

#define TOMBSTONE_BYTES (WL_WIRE_RECORD_HEADER_BYTES + 1u)

void wl_window_init(struct wl_window *window, struct wl_window_slot *slots, uint32_t capacity,
		    uint8_t *bytes, uint32_t bytes_max)
{
	WL_CHECK(capacity != 0 && (capacity & (capacity - 1)) == 0);
	WL_CHECK(bytes_max != 0);
	memset(window, 0, sizeof(*window));
	window->slots = slots;
	window->capacity = capacity;
	window->bytes = bytes;
	window->bytes_max = bytes_max;
	wl_window_reset(window);
}

void wl_window_reset(struct wl_window *window)
{
	memset(window->slots, 0, window->capacity * sizeof(window->slots[0]));
	window->head = window->tail = 0;
	window->settled = window->first = window->next = 1;
	window->send = (struct wl_window_cursor){1, 0};
	window->stamp = window->expire = 1;
	window->waiting = 0;
}

static struct wl_window_slot *slot_of(const struct wl_window *window, uint64_t sequence)
{
	return &window->slots[sequence & (window->capacity - 1)];
}

struct wl_window_slot *wl_window_slot(const struct wl_window *window, uint64_t sequence)
{
	return sequence >= window->first && sequence < window->next ? slot_of(window, sequence)
								    : NULL;
}

const uint8_t *wl_window_payload(const struct wl_window *window, const struct wl_window_slot *slot)
{
	WL_CHECK(slot->at >= window->tail && slot->at + slot->bytes <= window->head);
	return window->bytes + slot->at % window->bytes_max;
}

/* Where `size` bytes in one piece can stand: what is left before the end of the ring may be passed over. */
static bool find_place(struct wl_window *window, uint32_t size, uint64_t *at)
{
	uint64_t offset;

	if (window->first == window->next)
		window->head = window->tail = 0;
	*at = window->head;
	offset = *at % window->bytes_max;
	if (offset + size > window->bytes_max)
		*at += window->bytes_max - offset;
	return *at + size - window->tail <= window->bytes_max;
}

uint64_t wl_window_push(struct wl_window *window, const struct wl_window_record *record)
{
	uint64_t sequence = window->next, at;
	struct wl_window_slot *slot = slot_of(window, sequence);

	WL_CHECK(record->size <= window->bytes_max);
	if (sequence - window->first == window->capacity || !find_place(window, record->size, &at))
		return 0;
	WL_CHECK(slot->state == WL_WINDOW_FREE);
	WL_CHECK(at % window->bytes_max + record->size <= window->bytes_max);
	memcpy(window->bytes + at % window->bytes_max, record->bytes, record->size);
	*slot = (struct wl_window_slot){
		.at = at,
		.not_after_ns = record->not_after_ns,
		.pushed_ns = record->now_ns,
		.tag = record->tag,
		.bytes = record->size,
		.level = record->level,
		.state = WL_WINDOW_WAITING,
	};
	window->head = at + record->size;
	window->next++;
	window->waiting++;
	return sequence;
}

void wl_window_note_frame(struct wl_window *window, uint64_t sequence, uint64_t frame,
			  uint64_t now_ns)
{
	struct wl_window_slot *slot = wl_window_slot(window, sequence);

	if (!slot || slot->state != WL_WINDOW_WAITING)
		return;
	slot->last_frame = frame;
	if (slot->sent_ns == 0)
		slot->sent_ns = now_ns;
}

void wl_window_note_kept(struct wl_window *window, uint64_t sequence)
{
	WL_CHECK(window->send.sequence <= window->next);
	if (sequence < window->first)
		sequence = window->first;
	for (; sequence <= window->send.sequence && sequence < window->next; sequence++)
		slot_of(window, sequence)->sent_ns = 0;
}

void wl_window_withdraw(struct wl_window *window, struct wl_window_slot *slot)
{
	WL_CHECK(slot->state == WL_WINDOW_WAITING);
	WL_CHECK(window->waiting != 0);
	slot->state = WL_WINDOW_WITHDRAWN;
	window->waiting--;
}

bool wl_window_finish(struct wl_window *window, uint64_t sequence)
{
	struct wl_window_slot *slot = wl_window_slot(window, sequence);

	if (!slot || slot->state == WL_WINDOW_DONE)
		return false;
	WL_CHECK(slot->state != WL_WINDOW_FREE);
	if (slot->state == WL_WINDOW_WAITING) {
		WL_CHECK(window->waiting != 0);
		window->waiting--;
	}
	slot->state = WL_WINDOW_DONE;
	return true;
}

bool wl_window_settle(struct wl_window *window, uint64_t sequence)
{
	if (sequence > window->first)
		sequence = window->first;
	if (sequence <= window->settled)
		return false;
	WL_CHECK(sequence <= window->next);
	window->settled = sequence;
	if (window->send.sequence < sequence)
		window->send = (struct wl_window_cursor){sequence, 0};
	return true;
}

static bool waits_for_nothing(const struct wl_window_slot *slot)
{
	return slot->state == WL_WINDOW_DONE || slot->state == WL_WINDOW_WITHDRAWN;
}

/* Slots that are done leave nothing unsettled behind them, if nothing before them was. */
static void release_first(struct wl_window *window)
{
	struct wl_window_slot *slot = slot_of(window, window->first);

	WL_CHECK(window->settled <= window->first);
	if (slot->state == WL_WINDOW_DONE && window->settled == window->first)
		window->settled++;
	slot->state = WL_WINDOW_FREE;
	window->first++;
}

bool wl_window_advance(struct wl_window *window)
{
	uint64_t before = window->first;

	while (window->first != window->next && waits_for_nothing(slot_of(window, window->first)))
		release_first(window);
	if (window->first == before)
		return false;
	if (window->send.sequence < window->settled)
		window->send = (struct wl_window_cursor){window->settled, 0};
	/* In fragments or not, what has no slot any more is sent as a whole. */
	if (window->send.sequence < window->first)
		window->send.offset = 0;
	window->tail = window->first == window->next ? window->head
						     : slot_of(window, window->first)->at;
	WL_CHECK(window->tail <= window->head);
	if (window->stamp < window->first)
		window->stamp = window->first;
	if (window->expire < window->first)
		window->expire = window->first;
	return true;
}

void wl_window_rewind(struct wl_window *window, uint64_t sequence, uint32_t offset)
{
	WL_CHECK(sequence != 0);
	if (sequence < window->settled)
		window->settled = sequence;
	if (sequence < window->send.sequence ||
	    (sequence == window->send.sequence && offset < window->send.offset))
		window->send = (struct wl_window_cursor){sequence, offset};
}

void wl_window_stamp(struct wl_window *window, uint64_t deadline_ns)
{
	WL_CHECK(window->stamp <= window->next);
	for (; window->stamp != window->next; window->stamp++)
		slot_of(window, window->stamp)->deadline_ns = deadline_ns;
}

uint64_t wl_window_expired(struct wl_window *window, uint64_t now_ns)
{
	WL_CHECK(window->expire <= window->stamp);
	while (window->expire != window->stamp) {
		const struct wl_window_slot *slot = slot_of(window, window->expire);

		if (slot->deadline_ns > now_ns)
			return 0;
		window->expire++;
		if (slot->state == WL_WINDOW_WAITING)
			return window->expire - 1;
	}
	return 0;
}

static uint64_t place_of_send(const struct wl_window *window)
{
	if (window->send.sequence <= window->first)
		return window->tail;
	if (window->send.sequence == window->next)
		return window->head;
	return slot_of(window, window->send.sequence)->at + window->send.offset;
}

uint64_t wl_window_in_flight_bytes(const struct wl_window *window)
{
	uint64_t sent = window->send.sequence < window->first ? window->send.sequence
							      : window->first;

	WL_CHECK(window->settled <= sent);
	return (sent - window->settled) * TOMBSTONE_BYTES + place_of_send(window) - window->tail;
}

uint64_t wl_window_unsent_bytes(const struct wl_window *window)
{
	return window->head - place_of_send(window);
}

static const char *check_slot(const struct wl_window *window, uint64_t sequence)
{
	const struct wl_window_slot *slot = slot_of(window, sequence);

	if (slot->state == WL_WINDOW_FREE)
		return "W2: a sequence that is outstanding has no slot";
	if (slot->at < window->tail || slot->at + slot->bytes > window->head)
		return "W3: a payload lies outside of tail and head";
	return NULL;
}

const char *wl_window_check(const struct wl_window *window)
{
	const char *broken;

	if (window->settled > window->first || window->first > window->next ||
	    window->next - window->first > window->capacity)
		return "W1: settled, first and next are out of order";
	if (window->send.sequence < window->settled || window->send.sequence > window->next)
		return "W1: sending stands outside of settled and next";
	if (window->expire < window->first || window->expire > window->stamp ||
	    window->stamp > window->next)
		return "W1: expire and stamp are out of order";
	if (window->waiting > window->next - window->first)
		return "W2: more wait than are outstanding";
	if (window->tail > window->head || window->head - window->tail > window->bytes_max)
		return "W3: more bytes than there is room for";
	if (window->first == window->next)
		return NULL;
	broken = check_slot(window, window->first);
	return broken ? broken : check_slot(window, window->next - 1);
}
