/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages between clients and nodes. A frame that is a fragment (record_bytes != 0) holds one encoded
 * record whose bytes are this part; offset and record_bytes count payload bytes of the whole record.
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"

#define LEVEL_MIN 1u
#define LEVEL_MAX 4u

size_t wl_wire_encode_open_session(uint8_t *to, const struct wl_wire_open_session *message)
{
	wl_store_u64(to, message->nonce);
	return WL_WIRE_OPEN_SESSION_BYTES;
}

bool wl_wire_decode_open_session(const uint8_t *from, size_t size,
				 struct wl_wire_open_session *message)
{
	if (size != WL_WIRE_OPEN_SESSION_BYTES)
		return false;
	message->nonce = wl_load_u64(from);
	return message->nonce != 0;
}

size_t wl_wire_encode_open_session_reply(uint8_t *to,
					 const struct wl_wire_open_session_reply *message)
{
	wl_store_u64(to, message->nonce);
	wl_store_u32(to + 8, (uint32_t)message->status);
	wl_store_u32(to + 12, message->leader);
	wl_store_u64(to + 16, message->session);
	return WL_WIRE_OPEN_SESSION_REPLY_BYTES;
}

bool wl_wire_decode_open_session_reply(const uint8_t *from, size_t size,
				       struct wl_wire_open_session_reply *message)
{
	if (size != WL_WIRE_OPEN_SESSION_REPLY_BYTES)
		return false;
	message->nonce = wl_load_u64(from);
	message->status = (int32_t)wl_load_u32(from + 8);
	message->leader = wl_load_u32(from + 12);
	message->session = wl_load_u64(from + 16);
	return message->leader <= WIRELOG_NODES_MAX && message->status <= 0;
}

/* Offset and sizes of a frame that is a fragment of one record, whose part has `part` bytes. */
static bool is_fragment_in_range(uint32_t record_bytes, uint32_t offset, uint32_t part)
{
	return record_bytes <= WIRELOG_RECORD_BYTES_MAX && offset < record_bytes && part != 0 &&
	       part <= record_bytes - offset;
}

size_t wl_wire_encode_client_append(uint8_t *to, const struct wl_wire_client_append *message)
{
	wl_store_u64(to, message->session);
	wl_store_u64(to + 8, message->first_sequence);
	wl_store_u64(to + 16, message->acknowledged_through);
	wl_store_u32(to + 24, message->record_count);
	wl_store_u32(to + 28, message->fragment_offset);
	wl_store_u32(to + 32, message->record_bytes);
	wl_store_u32(to + 36, message->bytes);
	wl_store_u64(to + 40, message->term);
	return WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
}

static bool walk_records(const struct wl_wire_client_append *message, uint32_t *last_bytes)
{
	uint32_t at = 0, count = 0;

	while (at < message->bytes) {
		const uint8_t *record = message->records + at;
		uint32_t left = message->bytes - at;

		if (left < WL_WIRE_RECORD_HEADER_BYTES)
			return false;
		*last_bytes = wl_load_u32(record);
		if (*last_bytes == 0 || *last_bytes > left - WL_WIRE_RECORD_HEADER_BYTES ||
		    record[4] < LEVEL_MIN || record[4] > LEVEL_MAX || record[5] != 0 ||
		    wl_load_u16(record + 6) != 0)
			return false;
		at += WL_WIRE_RECORD_HEADER_BYTES + *last_bytes;
		count++;
	}
	return count == message->record_count;
}

bool wl_wire_decode_client_append(const uint8_t *from, size_t size,
				  struct wl_wire_client_append *message)
{
	uint32_t part = 0;

	if (size < WL_WIRE_CLIENT_APPEND_HEADER_BYTES)
		return false;
	message->session = wl_load_u64(from);
	message->first_sequence = wl_load_u64(from + 8);
	message->acknowledged_through = wl_load_u64(from + 16);
	message->record_count = wl_load_u32(from + 24);
	message->fragment_offset = wl_load_u32(from + 28);
	message->record_bytes = wl_load_u32(from + 32);
	message->bytes = wl_load_u32(from + 36);
	message->term = wl_load_u64(from + 40);
	message->records = from + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	if (message->bytes != size - WL_WIRE_CLIENT_APPEND_HEADER_BYTES || message->session == 0 ||
	    message->first_sequence == 0 || message->record_count == 0 ||
	    message->first_sequence > UINT64_MAX - message->record_count ||
	    !walk_records(message, &part))
		return false;
	if (message->record_bytes == 0)
		return message->fragment_offset == 0;
	return message->record_count == 1 &&
	       is_fragment_in_range(message->record_bytes, message->fragment_offset, part);
}

size_t wl_wire_encode_record(uint8_t *to, const struct wl_wire_record *record)
{
	wl_store_u32(to, record->bytes);
	to[4] = record->level;
	to[5] = 0;
	wl_store_u16(to + 6, 0);
	wl_store_u64(to + 8, record->not_after_ns);
	memcpy(to + WL_WIRE_RECORD_HEADER_BYTES, record->payload, record->bytes);
	return WL_WIRE_RECORD_HEADER_BYTES + record->bytes;
}

const uint8_t *wl_wire_next_record(const uint8_t *at, struct wl_wire_record *record)
{
	record->bytes = wl_load_u32(at);
	record->level = at[4];
	record->not_after_ns = wl_load_u64(at + 8);
	record->payload = at + WL_WIRE_RECORD_HEADER_BYTES;
	return record->payload + record->bytes;
}

size_t wl_wire_encode_append_reply(uint8_t *to, const struct wl_wire_append_reply *message)
{
	wl_store_u64(to, message->session);
	wl_store_u32(to + 8, message->leader);
	wl_store_u32(to + 12, message->result_count);
	wl_store_u64(to + 16, message->term);
	wl_store_u64(to + 24, message->frame);
	return WL_WIRE_APPEND_REPLY_HEADER_BYTES;
}

/* A run of at least one sequence that does not wrap, a status of the list's sign, a known level. */
static bool is_result(const uint8_t *from)
{
	uint64_t first_sequence = wl_load_u64(from);
	uint32_t count = wl_load_u32(from + 24);

	return count != 0 && first_sequence != 0 && first_sequence <= UINT64_MAX - count &&
	       (int16_t)wl_load_u16(from + 28) <= 0 && from[30] <= LEVEL_MAX && from[31] == 0;
}

bool wl_wire_decode_append_reply(const uint8_t *from, size_t size,
				 struct wl_wire_append_reply *message)
{
	if (size < WL_WIRE_APPEND_REPLY_HEADER_BYTES)
		return false;
	message->session = wl_load_u64(from);
	message->leader = wl_load_u32(from + 8);
	message->result_count = wl_load_u32(from + 12);
	message->term = wl_load_u64(from + 16);
	message->frame = wl_load_u64(from + 24);
	message->results = from + WL_WIRE_APPEND_REPLY_HEADER_BYTES;
	size -= WL_WIRE_APPEND_REPLY_HEADER_BYTES;
	if (message->leader > WIRELOG_NODES_MAX || size % WL_WIRE_APPEND_RESULT_BYTES != 0 ||
	    message->result_count != size / WL_WIRE_APPEND_RESULT_BYTES)
		return false;
	for (uint32_t result = 0; result < message->result_count; result++) {
		if (!is_result(message->results + (size_t)result * WL_WIRE_APPEND_RESULT_BYTES))
			return false;
	}
	return true;
}

void wl_wire_encode_append_result(uint8_t *to, const struct wl_wire_append_result *result)
{
	wl_store_u64(to, result->first_sequence);
	wl_store_u64(to + 8, result->first_number);
	wl_store_u64(to + 16, result->timestamp_ns);
	wl_store_u32(to + 24, result->count);
	wl_store_u16(to + 28, (uint16_t)result->status);
	to[30] = result->level;
	to[31] = 0;
}

void wl_wire_decode_append_result(const uint8_t *from, struct wl_wire_append_result *result)
{
	result->first_sequence = wl_load_u64(from);
	result->first_number = wl_load_u64(from + 8);
	result->timestamp_ns = wl_load_u64(from + 16);
	result->count = wl_load_u32(from + 24);
	result->status = (int16_t)wl_load_u16(from + 28);
	result->level = from[30];
	result->zero = 0;
}

size_t wl_wire_encode_subscribe(uint8_t *to, const struct wl_wire_subscribe *message)
{
	wl_store_u64(to, message->subscription);
	wl_store_u32(to + 8, message->from);
	wl_store_u32(to + 12, message->credit_bytes);
	wl_store_u64(to + 16, message->value);
	return WL_WIRE_SUBSCRIBE_BYTES;
}

bool wl_wire_decode_subscribe(const uint8_t *from, size_t size, struct wl_wire_subscribe *message)
{
	if (size != WL_WIRE_SUBSCRIBE_BYTES)
		return false;
	message->subscription = wl_load_u64(from);
	message->from = wl_load_u32(from + 8);
	message->credit_bytes = wl_load_u32(from + 12);
	message->value = wl_load_u64(from + 16);
	return message->from >= WL_WIRE_FROM_NUMBER && message->from <= WL_WIRE_FROM_NOW;
}

size_t wl_wire_encode_credit(uint8_t *to, const struct wl_wire_credit *message)
{
	wl_store_u64(to, message->subscription);
	wl_store_u64(to + 8, message->next_number);
	wl_store_u32(to + 16, message->credit_bytes);
	wl_store_u32(to + 20, message->resend);
	return WL_WIRE_CREDIT_BYTES;
}

bool wl_wire_decode_credit(const uint8_t *from, size_t size, struct wl_wire_credit *message)
{
	if (size != WL_WIRE_CREDIT_BYTES)
		return false;
	message->subscription = wl_load_u64(from);
	message->next_number = wl_load_u64(from + 8);
	message->credit_bytes = wl_load_u32(from + 16);
	message->resend = wl_load_u32(from + 20);
	return message->resend <= 1;
}

size_t wl_wire_encode_unsubscribe(uint8_t *to, const struct wl_wire_unsubscribe *message)
{
	wl_store_u64(to, message->subscription);
	return WL_WIRE_UNSUBSCRIBE_BYTES;
}

bool wl_wire_decode_unsubscribe(const uint8_t *from, size_t size,
				struct wl_wire_unsubscribe *message)
{
	if (size != WL_WIRE_UNSUBSCRIBE_BYTES)
		return false;
	message->subscription = wl_load_u64(from);
	return true;
}

size_t wl_wire_encode_deliver(uint8_t *to, const struct wl_wire_deliver *message)
{
	wl_store_u64(to, message->subscription);
	wl_store_u64(to + 8, message->first_number);
	wl_store_u64(to + 16, message->commit_number);
	wl_store_u32(to + 24, message->record_count);
	wl_store_u32(to + 28, message->fragment_offset);
	wl_store_u32(to + 32, message->record_bytes);
	wl_store_u32(to + 36, message->bytes);
	return WL_WIRE_DELIVER_HEADER_BYTES;
}

static bool walk_delivered(const struct wl_wire_deliver *message, uint32_t *last_bytes)
{
	uint32_t at = 0, count = 0;

	while (at < message->bytes) {
		uint32_t left = message->bytes - at;

		if (left < WL_WIRE_DELIVER_RECORD_BYTES)
			return false;
		*last_bytes = wl_load_u32(message->records + at);
		if (*last_bytes == 0 || *last_bytes > left - WL_WIRE_DELIVER_RECORD_BYTES ||
		    wl_load_u32(message->records + at + 4) != 0)
			return false;
		at += WL_WIRE_DELIVER_RECORD_BYTES + *last_bytes;
		count++;
	}
	return count == message->record_count;
}

bool wl_wire_decode_deliver(const uint8_t *from, size_t size, struct wl_wire_deliver *message)
{
	uint32_t part = 0;

	if (size < WL_WIRE_DELIVER_HEADER_BYTES)
		return false;
	message->subscription = wl_load_u64(from);
	message->first_number = wl_load_u64(from + 8);
	message->commit_number = wl_load_u64(from + 16);
	message->record_count = wl_load_u32(from + 24);
	message->fragment_offset = wl_load_u32(from + 28);
	message->record_bytes = wl_load_u32(from + 32);
	message->bytes = wl_load_u32(from + 36);
	message->records = from + WL_WIRE_DELIVER_HEADER_BYTES;
	if (message->bytes != size - WL_WIRE_DELIVER_HEADER_BYTES ||
	    !walk_delivered(message, &part) ||
	    message->first_number > UINT64_MAX - message->record_count)
		return false;
	if (message->record_bytes == 0)
		return message->fragment_offset == 0;
	return message->record_count == 1 &&
	       is_fragment_in_range(message->record_bytes, message->fragment_offset, part);
}

size_t wl_wire_encode_delivered_record(uint8_t *to, const struct wl_wire_delivered_record *record)
{
	wl_store_u32(to, record->bytes);
	wl_store_u32(to + 4, 0);
	wl_store_u64(to + 8, record->timestamp_ns);
	wl_store_u64(to + 16, record->session);
	wl_store_u64(to + 24, record->sequence);
	memcpy(to + WL_WIRE_DELIVER_RECORD_BYTES, record->payload, record->bytes);
	return WL_WIRE_DELIVER_RECORD_BYTES + record->bytes;
}

const uint8_t *wl_wire_next_delivered(const uint8_t *at, struct wl_wire_delivered_record *record)
{
	record->bytes = wl_load_u32(at);
	record->timestamp_ns = wl_load_u64(at + 8);
	record->session = wl_load_u64(at + 16);
	record->sequence = wl_load_u64(at + 24);
	record->payload = at + WL_WIRE_DELIVER_RECORD_BYTES;
	return record->payload + record->bytes;
}

size_t wl_wire_encode_gap(uint8_t *to, const struct wl_wire_gap *message)
{
	wl_store_u64(to, message->subscription);
	wl_store_u64(to + 8, message->first_number);
	wl_store_u64(to + 16, message->next_number);
	wl_store_u32(to + 24, (uint32_t)message->status);
	wl_store_u32(to + 28, 0);
	return WL_WIRE_GAP_BYTES;
}

bool wl_wire_decode_gap(const uint8_t *from, size_t size, struct wl_wire_gap *message)
{
	if (size != WL_WIRE_GAP_BYTES || wl_load_u32(from + 28) != 0)
		return false;
	message->subscription = wl_load_u64(from);
	message->first_number = wl_load_u64(from + 8);
	message->next_number = wl_load_u64(from + 16);
	message->status = (int32_t)wl_load_u32(from + 24);
	message->zero = 0;
	return message->status <= 0;
}
