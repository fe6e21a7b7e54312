/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages between nodes: appends, acknowledgements, votes. */
#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"

#define ACK_FLAGS                                                              \
	(WL_WIRE_ACK_REJECTED | WL_WIRE_ACK_NO_SPACE | WL_WIRE_ACK_DISK_SLOW | \
	 WL_WIRE_ACK_CANNOT_GROW | WL_WIRE_ACK_HELD_BACK)

size_t wl_wire_encode_append(uint8_t *to, const struct wl_wire_append *message)
{
	wl_store_u64(to, message->term);
	wl_store_u64(to + 8, message->previous.term);
	wl_store_u64(to + 16, message->previous.index);
	wl_store_u64(to + 24, message->commit);
	wl_store_u64(to + 32, message->sent_ns);
	wl_store_u32(to + 40, message->fragment_offset);
	wl_store_u32(to + 44, message->image_bytes);
	wl_store_u32(to + 48, message->bytes);
	wl_store_u32(to + 52, message->flags);
	wl_store_u64(to + 56, message->previous_chain);
	wl_store_u64(to + 64, message->clock_ns);
	wl_store_u64(to + 72, message->state_index);
	wl_store_u64(to + 80, message->state_digest);
	return WL_WIRE_APPEND_HEADER_BYTES;
}

/* Images lie one behind the other and end where the bytes end. Their checksums are the log's to check. */
static bool images_fit(const struct wl_wire_append *message)
{
	uint32_t at = 0;

	while (at < message->bytes) {
		uint32_t left = message->bytes - at, body;

		if (left < WL_ENTRY_HEADER_BYTES)
			return false;
		body = wl_load_u32(message->images + at + 80);
		if (body > left - WL_ENTRY_HEADER_BYTES)
			return false;
		at += WL_ENTRY_HEADER_BYTES + body;
	}
	return true;
}

bool wl_wire_decode_append(const uint8_t *from, size_t size, struct wl_wire_append *message)
{
	if (size < WL_WIRE_APPEND_HEADER_BYTES)
		return false;
	message->term = wl_load_u64(from);
	message->previous.term = wl_load_u64(from + 8);
	message->previous.index = wl_load_u64(from + 16);
	message->commit = wl_load_u64(from + 24);
	message->sent_ns = wl_load_u64(from + 32);
	message->fragment_offset = wl_load_u32(from + 40);
	message->image_bytes = wl_load_u32(from + 44);
	message->bytes = wl_load_u32(from + 48);
	message->flags = wl_load_u32(from + 52);
	message->previous_chain = wl_load_u64(from + 56);
	message->clock_ns = wl_load_u64(from + 64);
	message->state_index = wl_load_u64(from + 72);
	message->state_digest = wl_load_u64(from + 80);
	message->images = from + WL_WIRE_APPEND_HEADER_BYTES;
	if (message->bytes != size - WL_WIRE_APPEND_HEADER_BYTES ||
	    (message->flags & ~WL_WIRE_APPEND_TAKEN_IN) != 0 || message->term == 0 ||
	    message->previous.term > message->term || message->previous.index == UINT64_MAX ||
	    (message->previous.index == 0) != (message->previous.term == 0) ||
	    (message->state_index == 0 && message->state_digest != 0))
		return false;
	if (message->image_bytes == 0)
		return message->fragment_offset == 0 && images_fit(message);
	return message->image_bytes <= WL_ENTRY_BYTES_MAX &&
	       message->image_bytes > WL_ENTRY_HEADER_BYTES && message->bytes != 0 &&
	       message->fragment_offset < message->image_bytes &&
	       message->bytes <= message->image_bytes - message->fragment_offset;
}

size_t wl_wire_encode_append_ack(uint8_t *to, const struct wl_wire_append_ack *message)
{
	wl_store_u64(to, message->term);
	wl_store_u64(to + 8, message->match_received);
	wl_store_u64(to + 16, message->match_durable);
	wl_store_u64(to + 24, message->sent_ns);
	wl_store_u64(to + 32, message->rejected_index);
	wl_store_u64(to + 40, message->hint_index);
	wl_store_u64(to + 48, message->hint_term);
	wl_store_u32(to + 56, message->flags);
	wl_store_u32(to + 60, message->hint_offset);
	wl_store_u64(to + 64, message->match_chain);
	wl_store_u64(to + 72, message->room);
	wl_store_u64(to + 80, message->wall_ns);
	wl_store_u64(to + 88, message->state_index);
	wl_store_u64(to + 96, message->state_digest);
	return WL_WIRE_APPEND_ACK_BYTES;
}

bool wl_wire_decode_append_ack(const uint8_t *from, size_t size, struct wl_wire_append_ack *message)
{
	if (size != WL_WIRE_APPEND_ACK_BYTES)
		return false;
	message->term = wl_load_u64(from);
	message->match_received = wl_load_u64(from + 8);
	message->match_durable = wl_load_u64(from + 16);
	message->sent_ns = wl_load_u64(from + 24);
	message->rejected_index = wl_load_u64(from + 32);
	message->hint_index = wl_load_u64(from + 40);
	message->hint_term = wl_load_u64(from + 48);
	message->flags = wl_load_u32(from + 56);
	message->hint_offset = wl_load_u32(from + 60);
	message->match_chain = wl_load_u64(from + 64);
	message->room = wl_load_u64(from + 72);
	message->wall_ns = wl_load_u64(from + 80);
	message->state_index = wl_load_u64(from + 88);
	message->state_digest = wl_load_u64(from + 96);
	return message->hint_offset <= WL_ENTRY_BYTES_MAX && message->term != 0 &&
	       message->room <= INT64_MAX && (message->flags & ~ACK_FLAGS) == 0 &&
	       message->match_durable <= message->match_received &&
	       (message->state_index == 0) == (message->state_digest == 0);
}

size_t wl_wire_encode_chain(uint8_t *to, const struct wl_wire_chain *message)
{
	wl_store_u64(to, message->index);
	wl_store_u64(to + 8, message->chain);
	wl_store_u32(to + 16, message->asks);
	wl_store_u32(to + 20, 0);
	return WL_WIRE_CHAIN_BYTES;
}

bool wl_wire_decode_chain(const uint8_t *from, size_t size, struct wl_wire_chain *message)
{
	uint32_t asks;

	if (size != WL_WIRE_CHAIN_BYTES)
		return false;
	message->index = wl_load_u64(from);
	message->chain = wl_load_u64(from + 8);
	asks = wl_load_u32(from + 16);
	message->asks = asks == 1;
	return message->index != 0 && asks <= 1 && wl_load_u32(from + 20) == 0;
}

size_t wl_wire_encode_vote(uint8_t *to, const struct wl_wire_vote *message)
{
	wl_store_u64(to, message->term);
	wl_store_u64(to + 8, message->last.term);
	wl_store_u64(to + 16, message->last.index);
	wl_store_u32(to + 24, message->flags);
	wl_store_u32(to + 28, message->round);
	wl_store_u64(to + 32, message->incarnation);
	wl_store_u64(to + 40, message->caught_up_boot);
	return WL_WIRE_VOTE_BYTES;
}

bool wl_wire_decode_vote(const uint8_t *from, size_t size, struct wl_wire_vote *message)
{
	if (size != WL_WIRE_VOTE_BYTES)
		return false;
	message->term = wl_load_u64(from);
	message->last.term = wl_load_u64(from + 8);
	message->last.index = wl_load_u64(from + 16);
	message->flags = wl_load_u32(from + 24);
	message->round = wl_load_u32(from + 28);
	message->incarnation = wl_load_u64(from + 32);
	message->caught_up_boot = wl_load_u64(from + 40);
	return message->term != 0 && (message->flags & ~WL_WIRE_VOTE_TRANSFER) == 0 &&
	       message->last.term < message->term;
}

size_t wl_wire_encode_vote_reply(uint8_t *to, const struct wl_wire_vote_reply *message)
{
	wl_store_u64(to, message->term);
	wl_store_u64(to + 8, message->asked_term);
	wl_store_u32(to + 16, message->granted);
	wl_store_u32(to + 20, message->round);
	wl_store_u64(to + 24, message->incarnation);
	wl_store_u64(to + 32, message->caught_up_boot);
	return WL_WIRE_VOTE_REPLY_BYTES;
}

bool wl_wire_decode_vote_reply(const uint8_t *from, size_t size, struct wl_wire_vote_reply *message)
{
	if (size != WL_WIRE_VOTE_REPLY_BYTES)
		return false;
	message->term = wl_load_u64(from);
	message->asked_term = wl_load_u64(from + 8);
	message->granted = wl_load_u32(from + 16);
	message->round = wl_load_u32(from + 20);
	message->incarnation = wl_load_u64(from + 24);
	message->caught_up_boot = wl_load_u64(from + 32);
	return message->granted <= 1;
}

size_t wl_wire_encode_timeout_now(uint8_t *to, const struct wl_wire_timeout_now *message)
{
	wl_store_u64(to, message->term);
	wl_store_u64(to + 8, message->last.term);
	wl_store_u64(to + 16, message->last.index);
	wl_store_u32(to + 24, message->flags);
	wl_store_u32(to + 28, 0);
	return WL_WIRE_TIMEOUT_NOW_BYTES;
}

bool wl_wire_decode_timeout_now(const uint8_t *from, size_t size,
				struct wl_wire_timeout_now *message)
{
	if (size != WL_WIRE_TIMEOUT_NOW_BYTES)
		return false;
	message->term = wl_load_u64(from);
	message->last.term = wl_load_u64(from + 8);
	message->last.index = wl_load_u64(from + 16);
	message->flags = wl_load_u32(from + 24);
	return message->term != 0 && message->last.term <= message->term &&
	       (message->flags & ~WL_WIRE_TIMEOUT_NOW_NOT_COMMITTING) == 0 &&
	       wl_load_u32(from + 28) == 0;
}
