/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking up in the log: terms exactly, recent entries by slot, old ones by the nearest mark before them. */
#include "dataplane/log/log_internal.h"

enum wl_log_known wl_log_term_at(const struct wl_log *log, uint64_t index, uint64_t *term)
{
	uint32_t low = 0, high = log->term_count;
	const struct wl_log_term *last;

	if (index > log->tail.index)
		return WL_LOG_BEYOND;
	if (index <= log->begin.position.index) {
		*term = log->begin.position.term;
		return index == log->begin.position.index ? WL_LOG_KNOWN : WL_LOG_BELOW;
	}
	last = wl_log_term_place(log, high - 1);
	if (wl_likely(index >= last->first_index)) {
		*term = last->term;
		return WL_LOG_KNOWN;
	}
	/* the one at `low` begins at or before index, the one at `high` behind it */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (wl_log_term_place(log, middle)->first_index <= index)
			low = middle;
		else
			high = middle;
	}
	*term = wl_log_term_place(log, low)->term;
	return WL_LOG_KNOWN;
}

uint64_t wl_log_first_index_of_term(const struct wl_log *log, uint64_t term)
{
	uint32_t low = 0, high = log->term_count;
	uint64_t first = log->tail.index + 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (wl_log_term_place(log, middle)->term < term)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < log->term_count)
		first = wl_log_term_place(log, low)->first_index;
	WL_CHECK(first > log->begin.position.index);
	WL_CHECK(first <= log->tail.index + 1);
	return first;
}

const uint8_t *wl_log_image_in_ring(const struct wl_log *log, uint64_t index, uint32_t *bytes)
{
	const struct wl_log_slot *slot = wl_log_slot_of(log, index);

	if (!slot || index <= log->begin.position.index || slot->offset < log->ring_valid_from ||
	    slot->offset + log->config.ring_bytes < log->ring_end)
		return NULL;
	*bytes = slot->bytes;
	return log->ring + slot->offset % log->config.ring_bytes;
}

enum wl_log_known wl_log_chain_at(const struct wl_log *log, uint64_t index, uint64_t *chain)
{
	const struct wl_log_slot *slot = wl_log_slot_of(log, index);

	if (index > log->tail.index)
		return WL_LOG_BEYOND;
	if (index < log->begin.position.index)
		return WL_LOG_BELOW;
	if (index == log->begin.position.index)
		*chain = log->begin.chain;
	else if (slot)
		*chain = slot->chain;
	else
		return WL_LOG_UNKNOWN;
	return WL_LOG_KNOWN;
}

uint64_t wl_log_time_of_number(const struct wl_log *log, uint64_t number)
{
	uint64_t high = log->tail.index, begin = log->begin.position.index;
	uint64_t low = high - begin > WL_LOG_ENTRIES_IN_RING ? high - WL_LOG_ENTRIES_IN_RING
							     : begin;
	const struct wl_log_slot *slot;

	if (number < log->begin.next_number || number >= log->next_number)
		return 0;
	/* It stands behind entry `low`, or that one is not known; in entry `high` or before it. */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		slot = wl_log_slot_of(log, middle);
		if (!slot || slot->next_number <= number)
			low = middle;
		else
			high = middle;
	}
	slot = wl_log_slot_of(log, low);
	if (low != begin && (!slot || slot->next_number > number))
		return 0;
	slot = wl_log_slot_of(log, high);
	return slot ? slot->timestamp_ns : 0;
}

const struct wl_log_mark *wl_log_mark_behind(const struct wl_log *log,
					     const struct wl_log_mark *mark)
{
	uint32_t place = (uint32_t)(mark - log->marks);
	uint32_t at = (place + log->mark_max - log->mark_first) % log->mark_max;

	WL_CHECK(place < log->mark_max && at < log->mark_count);
	return at + 1 < log->mark_count ? wl_log_mark_place(log, at + 1) : NULL;
}

const struct wl_log_mark *wl_log_mark_entry(const struct wl_log *log, uint32_t at)
{
	return wl_log_mark_place(log, at);
}

const struct wl_log_term *wl_log_term_entry(const struct wl_log *log, uint32_t at)
{
	WL_CHECK(at < log->term_count);
	return wl_log_term_place(log, at);
}

const struct wl_log_dead_range *wl_log_dead_entry(const struct wl_log *log, uint32_t at)
{
	return wl_log_dead_place(log, at);
}

typedef uint64_t mark_key(const struct wl_log_mark *mark);

static uint64_t key_index(const struct wl_log_mark *mark)
{
	return mark->index;
}

static uint64_t key_number(const struct wl_log_mark *mark)
{
	return mark->first_number;
}

static uint64_t key_time(const struct wl_log_mark *mark)
{
	return mark->timestamp_ns;
}

static const struct wl_log_mark *last_mark(const struct wl_log *log, mark_key *key, uint64_t value)
{
	uint32_t low = 0, high = log->mark_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (key(wl_log_mark_place(log, middle)) <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? wl_log_mark_place(log, low - 1) : NULL;
}

const struct wl_log_mark *wl_log_mark_by_index(const struct wl_log *log, uint64_t index)
{
	return last_mark(log, key_index, index);
}

const struct wl_log_mark *wl_log_mark_by_number(const struct wl_log *log, uint64_t number)
{
	return last_mark(log, key_number, number);
}

const struct wl_log_mark *wl_log_mark_by_time(const struct wl_log *log, uint64_t timestamp_ns)
{
	return last_mark(log, key_time, timestamp_ns);
}

uint64_t wl_log_offset_near(const struct wl_log *log, uint64_t index)
{
	const struct wl_log_slot *slot = wl_log_slot_of(log, index);
	const struct wl_log_mark *mark = slot ? NULL : wl_log_mark_by_index(log, index);

	if (slot)
		return slot->offset;
	return mark ? mark->offset : log->begin.offset;
}
