/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The codecs that the table yields as they are, and of the messages that any two say to each other
 * what no table says; wire_peer.c and wire_client.c have the rest.
 */
#include "dataplane/wire/wire_internal.h"

#define PART_CODEC(SIZE, layout)
#define HEAD_CODEC(SIZE, layout)                                                            \
	size_t wl_wire_encode_##layout(uint8_t *to, const struct wl_wire_##layout *message) \
	{                                                                                   \
		return (size_t)(wl_wire_put_##layout(to, message) - to);                    \
	}
#define WHOLE_CODEC(SIZE, layout)                                                              \
	HEAD_CODEC(SIZE, layout)                                                               \
	bool wl_wire_decode_##layout(const uint8_t *from, size_t size,                         \
				     struct wl_wire_##layout *message)                         \
	{                                                                                      \
		return size == WL_WIRE_##SIZE##_BYTES && wl_wire_take_##layout(from, message); \
	}
#define CODEC(kind, SIZE, layout) kind##_CODEC(SIZE, layout)
WL_WIRE_LAYOUTS(CODEC)

bool wl_wire_may_say(enum wl_wire_side from, enum wl_wire_side to, uint8_t type)
{
	static const struct {
		uint8_t from, to;
	} ways[WL_WIRE_TYPES] = {
#define WAY(NAME, name, number, layout, from, to, right, server, answer) \
	[number] = {WL_WIRE_##from, WL_WIRE_##to},
		WL_WIRE_MESSAGES(WAY)
#undef WAY
	};

	return type < WL_WIRE_TYPES && (ways[type].from & from) != 0 && (ways[type].to & to) != 0;
}

enum wl_right wl_wire_right(uint8_t type)
{
	/* One more than that, so that 0 is none. */
	static const uint8_t rights[WL_WIRE_TYPES] = {
#define RIGHT(NAME, name, number, layout, from, to, right, server, answer) \
	[number] = 1 + WL_RIGHT_##right,
		WL_WIRE_MESSAGES(RIGHT)
#undef RIGHT
	};

	if (type >= WL_WIRE_TYPES || rights[type] == 0)
		return WL_RIGHT_CLUSTER;
	return (enum wl_right)(rights[type] - 1);
}

size_t wl_wire_encode_hello_reply(uint8_t *to, const struct wl_wire_hello_reply *message)
{
	uint8_t *at = wl_wire_put_hello_reply(to, message);

	for (uint32_t member = 0; member < message->member_count; member++)
		at = wl_wire_put_member(at, &message->members[member]);
	return (size_t)(at - to);
}

bool wl_wire_decode_hello_reply(const uint8_t *from, size_t size,
				struct wl_wire_hello_reply *message)
{
	const uint8_t *at = from + WL_WIRE_HELLO_REPLY_HEADER_BYTES;

	if (size < WL_WIRE_HELLO_REPLY_HEADER_BYTES || !wl_wire_take_hello_reply(from, message) ||
	    size - WL_WIRE_HELLO_REPLY_HEADER_BYTES != message->member_count * WL_WIRE_MEMBER_BYTES)
		return false;
	for (uint32_t member = 0; member < message->member_count; member++) {
		if (!wl_wire_take_member(at, &message->members[member]))
			return false;
		at += WL_WIRE_MEMBER_BYTES;
	}
	return true;
}

bool wl_wire_decode_path_probe(const uint8_t *from, size_t size, struct wl_wire_path_probe *message)
{
	return size >= WL_WIRE_PATH_PROBE_BYTES && wl_wire_take_path_probe(from, message) &&
	       message->bytes == size + WL_WIRE_PATH_OVERHEAD_BYTES;
}

bool wl_wire_decode_path_echo(const uint8_t *from, size_t size, struct wl_wire_path_echo *message)
{
	if (size < WL_WIRE_PATH_ECHO_BYTES || !wl_wire_take_path_echo(from, message))
		return false;
	if (message->echo_bytes == 0)
		return size == WL_WIRE_PATH_ECHO_BYTES;
	return size == wl_wire_payload_of(message->echo_bytes);
}
