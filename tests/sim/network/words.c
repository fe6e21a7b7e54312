/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/words.h"

#include "dataplane/wire/wire.h"

static bool to_a_node_decodes(uint8_t type, const uint8_t *payload, size_t bytes)
{
	union {
		struct wl_wire_hello hello;
		struct wl_wire_greeting greeting;
		struct wl_wire_path path;
		struct wl_wire_append append;
		struct wl_wire_append_ack ack;
		struct wl_wire_vote vote;
		struct wl_wire_vote_reply reply;
		struct wl_wire_timeout_now now;
		struct wl_wire_chain chain;
	} message;

	switch (type) {
	case WL_WIRE_HELLO:
		return wl_wire_decode_hello(payload, bytes, &message.hello);
	case WL_WIRE_GREETING:
		return wl_wire_decode_greeting(payload, bytes, &message.greeting);
	case WL_WIRE_PATH_PROBE:
		return wl_wire_decode_path_probe(payload, bytes, &message.path);
	case WL_WIRE_PATH_ECHO:
		return wl_wire_decode_path_echo(payload, bytes, &message.path);
	case WL_WIRE_APPEND:
		return wl_wire_decode_append(payload, bytes, &message.append);
	case WL_WIRE_APPEND_ACK:
		return wl_wire_decode_append_ack(payload, bytes, &message.ack);
	case WL_WIRE_CHAIN:
		return wl_wire_decode_chain(payload, bytes, &message.chain);
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_VOTE:
		return wl_wire_decode_vote(payload, bytes, &message.vote);
	case WL_WIRE_PRE_VOTE_REPLY:
	case WL_WIRE_VOTE_REPLY:
		return wl_wire_decode_vote_reply(payload, bytes, &message.reply);
	case WL_WIRE_TIMEOUT_NOW:
		return wl_wire_decode_timeout_now(payload, bytes, &message.now);
	default:
		return false;
	}
}

bool sim_words_decode(uint8_t type, const uint8_t *payload, size_t bytes)
{
	union {
		struct wl_wire_hello_reply hello_reply;
		struct wl_wire_open_session_reply open_reply;
		struct wl_wire_append_reply append_reply;
		struct wl_wire_deliver deliver;
		struct wl_wire_gap gap;
	} message;

	switch (type) {
	case WL_WIRE_HELLO_REPLY:
	case WL_WIRE_KEEPALIVE_REPLY:
		return wl_wire_decode_hello_reply(payload, bytes, &message.hello_reply);
	case WL_WIRE_OPEN_SESSION_REPLY:
		return wl_wire_decode_open_session_reply(payload, bytes, &message.open_reply);
	case WL_WIRE_APPEND_REPLY:
		return wl_wire_decode_append_reply(payload, bytes, &message.append_reply);
	case WL_WIRE_DELIVER:
		return wl_wire_decode_deliver(payload, bytes, &message.deliver);
	case WL_WIRE_GAP:
		return wl_wire_decode_gap(payload, bytes, &message.gap);
	default:
		return to_a_node_decodes(type, payload, bytes);
	}
}
