/* SPDX-License-Identifier: BSD-3-Clause */
/* HELLO, what answers it, and how nodes greet; the other messages are in wire_peer.c (node to node) and wire_client.c. */
#include "dataplane/wire/wire.h"

#include <string.h>

#include "dataplane/base/bytes.h"

#define HELLO_REPLY_FIXED_BYTES WL_WIRE_HELLO_REPLY_FIXED_BYTES
#define GREETING_FLAGS (WL_WIRE_GREETING_DUPLICATE | WL_WIRE_GREETING_CLAIMED)
#define MEMBER_BYTES (4u + WIRELOG_ENDPOINT_BYTES_MAX)

static bool is_zero(const uint8_t *from, const uint8_t *end)
{
	while (from < end && *from == 0)
		from++;
	return from == end;
}

size_t wl_wire_encode_hello(uint8_t *to, const struct wl_wire_hello *message)
{
	wl_store_u64(to, message->nonce);
	memset(to + 8, 0, WL_WIRE_HELLO_BYTES - 8);
	return WL_WIRE_HELLO_BYTES;
}

bool wl_wire_decode_hello(const uint8_t *from, size_t size, struct wl_wire_hello *message)
{
	if (size != WL_WIRE_HELLO_BYTES || !is_zero(from + 8, from + size))
		return false;
	message->nonce = wl_load_u64(from);
	return true;
}

size_t wl_wire_encode_keepalive(uint8_t *to, const struct wl_wire_keepalive *message)
{
	wl_store_u64(to, message->nonce);
	wl_store_u64(to + 8, message->challenge);
	return WL_WIRE_KEEPALIVE_BYTES;
}

bool wl_wire_decode_keepalive(const uint8_t *from, size_t size, struct wl_wire_keepalive *message)
{
	if (size != WL_WIRE_KEEPALIVE_BYTES)
		return false;
	message->nonce = wl_load_u64(from);
	message->challenge = wl_load_u64(from + 8);
	return true;
}

size_t wl_wire_encode_hello_reply(uint8_t *to, const struct wl_wire_hello_reply *message)
{
	uint8_t *at = to + HELLO_REPLY_FIXED_BYTES;

	wl_store_u64(to, message->nonce);
	wl_store_u32(to + 8, message->node);
	wl_store_u32(to + 12, message->leader);
	wl_store_u64(to + 16, message->term);
	wl_store_u64(to + 24, message->commit_number);
	wl_store_u64(to + 32, message->first_number);
	wl_store_u64(to + 40, message->incarnation);
	wl_store_u64(to + 48, message->known_boot);
	wl_store_u64(to + 56, message->known_incarnation);
	wl_store_u32(to + 64, message->history);
	wl_store_u32(to + 68, message->suspect);
	wl_store_u32(to + 72, message->record_bytes_max);
	wl_store_u32(to + 76, message->member_count);
	wl_store_u64(to + 80, message->challenge);
	wl_store_u32(to + 88, (uint32_t)message->status);
	wl_store_u32(to + 92, message->mtu);
	for (uint32_t member = 0; member < message->member_count; member++, at += MEMBER_BYTES) {
		wl_store_u32(at, message->members[member].node);
		memset(at + 4, 0, WIRELOG_ENDPOINT_BYTES_MAX);
		memcpy(at + 4, message->members[member].endpoint,
		       strnlen(message->members[member].endpoint, WIRELOG_ENDPOINT_BYTES_MAX - 1));
	}
	return (size_t)(at - to);
}

/* 0: not told. */
static bool is_mtu(uint32_t bytes)
{
	return bytes == 0 || (bytes >= WIRELOG_MTU_MIN && bytes <= WIRELOG_MTU_MAX);
}

/* Printable, ended by a zero, zeros behind it. */
static bool is_endpoint(const uint8_t *text)
{
	size_t at = 0;

	while (at < WIRELOG_ENDPOINT_BYTES_MAX && text[at] != 0) {
		if (text[at] <= ' ' || text[at] > '~')
			return false;
		at++;
	}
	if (at == WIRELOG_ENDPOINT_BYTES_MAX)
		return false;
	return is_zero(text + at, text + WIRELOG_ENDPOINT_BYTES_MAX);
}

bool wl_wire_decode_hello_reply(const uint8_t *from, size_t size,
				struct wl_wire_hello_reply *message)
{
	const uint8_t *at = from + HELLO_REPLY_FIXED_BYTES;

	if (size < HELLO_REPLY_FIXED_BYTES)
		return false;
	message->nonce = wl_load_u64(from);
	message->node = wl_load_u32(from + 8);
	message->leader = wl_load_u32(from + 12);
	message->term = wl_load_u64(from + 16);
	message->commit_number = wl_load_u64(from + 24);
	message->first_number = wl_load_u64(from + 32);
	message->incarnation = wl_load_u64(from + 40);
	message->known_boot = wl_load_u64(from + 48);
	message->known_incarnation = wl_load_u64(from + 56);
	message->history = wl_load_u32(from + 64);
	message->suspect = wl_load_u32(from + 68);
	message->record_bytes_max = wl_load_u32(from + 72);
	message->member_count = wl_load_u32(from + 76);
	message->challenge = wl_load_u64(from + 80);
	message->status = (int32_t)wl_load_u32(from + 88);
	message->mtu = (uint16_t)wl_load_u32(from + 92);
	if (message->status > 0 || !is_mtu(wl_load_u32(from + 92)))
		return false;
	if (message->suspect > 1 || message->member_count > WIRELOG_NODES_MAX ||
	    message->leader > WIRELOG_NODES_MAX ||
	    message->record_bytes_max > WIRELOG_RECORD_BYTES_MAX ||
	    size != HELLO_REPLY_FIXED_BYTES + message->member_count * MEMBER_BYTES)
		return false;
	for (uint32_t member = 0; member < message->member_count; member++, at += MEMBER_BYTES) {
		message->members[member].node = wl_load_u32(at);
		if (message->members[member].node == 0 ||
		    message->members[member].node > WIRELOG_NODES_MAX || !is_endpoint(at + 4))
			return false;
		memcpy(message->members[member].endpoint, at + 4, WIRELOG_ENDPOINT_BYTES_MAX);
	}
	return true;
}

size_t wl_wire_encode_greeting(uint8_t *to, const struct wl_wire_greeting *message)
{
	wl_store_u64(to, message->seen_boot);
	wl_store_u32(to + 8, message->flags);
	wl_store_u32(to + 12, WL_FACTS);
	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		wl_store_u64(to + 16 + 8 * fact, message->fact[fact]);
	wl_store_u32(to + 16 + 8 * WL_FACTS, message->apart);
	wl_store_u32(to + 20 + 8 * WL_FACTS, 0);
	return WL_WIRE_GREETING_BYTES;
}

bool wl_wire_decode_greeting(const uint8_t *from, size_t size, struct wl_wire_greeting *message)
{
	if (size != WL_WIRE_GREETING_BYTES)
		return false;
	message->seen_boot = wl_load_u64(from);
	message->flags = wl_load_u32(from + 8);
	message->facts = wl_load_u32(from + 12);
	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		message->fact[fact] = wl_load_u64(from + 16 + 8 * fact);
	message->apart = wl_load_u32(from + 16 + 8 * WL_FACTS);
	return (message->flags & ~GREETING_FLAGS) == 0 && message->facts == WL_FACTS &&
	       message->apart < 1u << WIRELOG_JOURNALS_MAX &&
	       wl_load_u32(from + 20 + 8 * WL_FACTS) == 0;
}

size_t wl_wire_encode_path(uint8_t *to, const struct wl_wire_path *message)
{
	wl_store_u64(to, message->round);
	wl_store_u16(to + 8, message->bytes);
	wl_store_u16(to + 10, message->echo_bytes);
	wl_store_u16(to + 12, message->mtu);
	wl_store_u16(to + 14, 0);
	return WL_WIRE_PATH_BYTES;
}

static bool decode_path(const uint8_t *from, size_t size, struct wl_wire_path *message)
{
	if (size < WL_WIRE_PATH_BYTES)
		return false;
	message->round = wl_load_u64(from);
	message->bytes = wl_load_u16(from + 8);
	message->echo_bytes = wl_load_u16(from + 10);
	message->mtu = wl_load_u16(from + 12);
	return wl_load_u16(from + 14) == 0 &&
	       (message->echo_bytes == 0 ||
		(message->echo_bytes >= WL_WIRE_PATH_OVERHEAD_BYTES + WL_WIRE_PATH_BYTES &&
		 message->echo_bytes <= WIRELOG_MTU_MAX));
}

bool wl_wire_decode_path_probe(const uint8_t *from, size_t size, struct wl_wire_path *message)
{
	return decode_path(from, size, message) && is_mtu(message->mtu) &&
	       message->bytes == size + WL_WIRE_PATH_OVERHEAD_BYTES;
}

bool wl_wire_decode_path_echo(const uint8_t *from, size_t size, struct wl_wire_path *message)
{
	if (!decode_path(from, size, message) || message->mtu != 0)
		return false;
	if (message->echo_bytes == 0)
		return size == WL_WIRE_PATH_BYTES;
	return size == wl_wire_payload_of(message->echo_bytes);
}
