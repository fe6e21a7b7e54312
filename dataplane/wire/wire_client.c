/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records and results, behind the fixed parts of messages between clients and nodes. A frame that is a
 * fragment (record_bytes != 0) holds one encoded record whose bytes are this part; offset and
 * record_bytes count payload bytes of the whole record.
 */
#include "dataplane/wire/wire_internal.h"

/* Whole records; or one part, of `part` bytes, of a single record, which lies inside it. */
static bool is_fragment_in_range(uint32_t record_bytes, uint32_t offset, uint32_t records,
				 uint32_t part)
{
	if (record_bytes == 0)
		return offset == 0;
	return records == 1 && offset < record_bytes && part != 0 && part <= record_bytes - offset;
}

/* ---- records that a client appends -------------------------------------------------------------- */

static bool walk_records(const struct wl_wire_client_append *message, uint32_t *last_bytes)
{
	uint32_t at = 0, count = 0;

	while (at < message->bytes) {
		uint32_t left = message->bytes - at;
		struct wl_wire_record record;

		if (left < WL_WIRE_RECORD_HEADER_BYTES ||
		    !wl_wire_take_record(message->records + at, &record) ||
		    record.bytes > left - WL_WIRE_RECORD_HEADER_BYTES)
			return false;
		*last_bytes = record.bytes;
		at += WL_WIRE_RECORD_HEADER_BYTES + record.bytes;
		count++;
	}
	return count == message->record_count;
}

bool wl_wire_decode_client_append(const uint8_t *from, size_t size,
				  struct wl_wire_client_append *message)
{
	uint32_t part = 0;

	return size >= WL_WIRE_CLIENT_APPEND_HEADER_BYTES &&
	       wl_wire_take_client_append(from, message) &&
	       message->bytes == size - WL_WIRE_CLIENT_APPEND_HEADER_BYTES &&
	       walk_records(message, &part) &&
	       is_fragment_in_range(message->record_bytes, message->fragment_offset,
				    message->record_count, part);
}

size_t wl_wire_encode_record(uint8_t *to, const struct wl_wire_record *record)
{
	memcpy(wl_wire_put_record(to, record), record->payload, record->bytes);
	return WL_WIRE_RECORD_HEADER_BYTES + record->bytes;
}

const uint8_t *wl_wire_next_record(const uint8_t *at, struct wl_wire_record *record)
{
	(void)wl_wire_take_record(at, record); /* the decoder has walked it */
	return record->payload + record->bytes;
}

/* ---- what becomes of them ----------------------------------------------------------------------- */

bool wl_wire_decode_append_reply(const uint8_t *from, size_t size,
				 struct wl_wire_append_reply *message)
{
	if (size < WL_WIRE_APPEND_REPLY_HEADER_BYTES || !wl_wire_take_append_reply(from, message))
		return false;
	size -= WL_WIRE_APPEND_REPLY_HEADER_BYTES;
	if (size % WL_WIRE_APPEND_RESULT_BYTES != 0 ||
	    message->result_count != size / WL_WIRE_APPEND_RESULT_BYTES)
		return false;
	for (uint32_t at = 0; at < message->result_count; at++) {
		struct wl_wire_append_result result;

		if (!wl_wire_take_append_result(
			    message->results + (size_t)at * WL_WIRE_APPEND_RESULT_BYTES, &result))
			return false;
	}
	return true;
}

void wl_wire_encode_append_result(uint8_t *to, const struct wl_wire_append_result *result)
{
	wl_wire_put_append_result(to, result);
}

void wl_wire_decode_append_result(const uint8_t *from, struct wl_wire_append_result *result)
{
	(void)wl_wire_take_append_result(from, result); /* the decoder of its message has seen it */
}

/* ---- records that a reader is given ------------------------------------------------------------- */

static bool walk_delivered(const struct wl_wire_deliver *message, uint32_t *last_bytes)
{
	uint32_t at = 0, count = 0;

	while (at < message->bytes) {
		uint32_t left = message->bytes - at;
		struct wl_wire_delivered_record record;

		if (left < WL_WIRE_DELIVER_RECORD_BYTES ||
		    !wl_wire_take_delivered_record(message->records + at, &record) ||
		    record.bytes > left - WL_WIRE_DELIVER_RECORD_BYTES)
			return false;
		*last_bytes = record.bytes;
		at += WL_WIRE_DELIVER_RECORD_BYTES + record.bytes;
		count++;
	}
	return count == message->record_count;
}

bool wl_wire_decode_deliver(const uint8_t *from, size_t size, struct wl_wire_deliver *message)
{
	uint32_t part = 0;

	return size >= WL_WIRE_DELIVER_HEADER_BYTES && wl_wire_take_deliver(from, message) &&
	       message->bytes == size - WL_WIRE_DELIVER_HEADER_BYTES &&
	       walk_delivered(message, &part) &&
	       is_fragment_in_range(message->record_bytes, message->fragment_offset,
				    message->record_count, part);
}

size_t wl_wire_encode_delivered_record(uint8_t *to, const struct wl_wire_delivered_record *record)
{
	memcpy(wl_wire_put_delivered_record(to, record), record->payload, record->bytes);
	return WL_WIRE_DELIVER_RECORD_BYTES + record->bytes;
}

const uint8_t *wl_wire_next_delivered(const uint8_t *at, struct wl_wire_delivered_record *record)
{
	(void)wl_wire_take_delivered_record(at, record);
	return record->payload + record->bytes;
}
