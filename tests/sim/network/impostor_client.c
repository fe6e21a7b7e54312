/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the impostor says as clients: sessions of its own and such that never were, sequences and fragments of its choice,
 * subscriptions and credits from nowhere. The sessions of other clients it leaves alone: who holds the key may append to them,
 * and no rule would know whose record it was.
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/impostor_internal.h"
#include "wirelog/status.h"

static uint64_t draw(struct sim_impostor *impostor, uint64_t below)
{
	return sim_impostor_draw(impostor, below);
}

static unsigned any_client(struct sim_impostor *impostor)
{
	/* A few speak often, many once. */
	return (unsigned)draw(impostor, draw(impostor, 16) ? 6 : SIM_IMPOSTOR_CLIENTS);
}

static uint64_t pick_session(struct sim_impostor *impostor, unsigned client)
{
	uint64_t own = impostor->clients[client].session;

	/* The top bits are the impostor's own: no honest session is hit. */
	return own != 0 && draw(impostor, 8)
		       ? own
		       : 0xbadull << 52 | sim_random_next(&impostor->random) >> 12;
}

static void say_keepalive(struct sim_impostor *impostor, unsigned to, unsigned client,
			  uint64_t challenge)
{
	struct wl_wire_keepalive keepalive = {sim_random_next(&impostor->random), challenge};
	uint8_t payload[WL_WIRE_KEEPALIVE_BYTES];

	sim_impostor_send_as_client(impostor, to, client, WL_WIRE_KEEPALIVE, payload,
				    wl_wire_encode_keepalive(payload, &keepalive));
}

/* A sender that was hit on the way is nobody: an impostor looks at no MAC. */
static bool is_up(const struct sim_impostor *impostor, wl_identity sender)
{
	uint32_t node = wl_identity_node(sender);

	return !wl_identity_is_client(sender) && node != 0 &&
	       node <= impostor->cluster->config.nodes &&
	       impostor->cluster->nodes[node].cores[0].worker;
}

void sim_impostor_take_as_client(struct sim_impostor *impostor,
				 const struct wl_frame_header *header, const uint8_t *payload)
{
	uint32_t client = (header->destination & ~WL_IDENTITY_CLIENT) - 0x1000u;
	struct wl_wire_open_session_reply reply;
	struct wl_wire_hello_reply hello;

	if (client >= SIM_IMPOSTOR_CLIENTS)
		return;
	/* Most of its clients prove that they live, and get a place. */
	if (header->type == WL_WIRE_HELLO_REPLY &&
	    wl_wire_decode_hello_reply(payload, header->payload_bytes, &hello) &&
	    hello.challenge != 0 && draw(impostor, 8) && is_up(impostor, header->sender))
		say_keepalive(impostor, wl_identity_node(header->sender), client, hello.challenge);
	if (header->type != WL_WIRE_OPEN_SESSION_REPLY ||
	    !wl_wire_decode_open_session_reply(payload, header->payload_bytes, &reply) ||
	    reply.status != WIRELOG_OK)
		return;
	if (impostor->clients[client].session != reply.session)
		impostor->clients[client] = (struct sim_impostor_client){reply.session, 1};
}

static void say_hello(struct sim_impostor *impostor, unsigned to, unsigned client)
{
	struct wl_wire_hello hello = {sim_random_next(&impostor->random)};
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	if (draw(impostor, 4) == 0)
		say_keepalive(impostor, to, client, sim_random_next(&impostor->random));
	else
		sim_impostor_send_as_client(impostor, to, client, WL_WIRE_HELLO, payload,
					    wl_wire_encode_hello(payload, &hello));
}

static void open_session(struct sim_impostor *impostor, unsigned to, unsigned client)
{
	struct wl_wire_open_session open = {.nonce = draw(impostor, 4) + client * 100u};
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	sim_impostor_send_as_client(impostor, to, client, WL_WIRE_OPEN_SESSION, payload,
				    wl_wire_encode_open_session(payload, &open));
}

static void append(struct sim_impostor *impostor, unsigned to, unsigned client)
{
	static const uint8_t contents[300];
	struct sim_impostor_client *own = &impostor->clients[client];
	uint8_t payload[2048], *at = payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	unsigned records = 1 + (unsigned)draw(impostor, 3);
	bool fragment = draw(impostor, 3) == 0;
	struct wl_wire_client_append message = {
		.session = pick_session(impostor, client),
		.first_sequence = sim_impostor_near(impostor, own->next_sequence),
		.acknowledged_through = draw(impostor, 4) ? 0 : sim_impostor_near(impostor, 3),
	};

	for (unsigned record = 0; record < (fragment ? 1 : records); record++) {
		struct wl_wire_record wire = {
			.bytes = (uint32_t)(1 + draw(impostor, sizeof(contents))),
			.level = (uint8_t)(draw(impostor, 16) ? 1 + draw(impostor, 4)
							      : draw(impostor, 256)),
			.not_after_ns = draw(impostor, 8) ? 0 : sim_random_next(&impostor->random),
			.payload = contents,
		};

		at += wl_wire_encode_record(at, &wire);
		message.record_count++;
	}
	if (fragment) { /* that overlap, leave gaps, contradict each other */
		message.record_bytes = draw(impostor, 4)
					       ? 400 + (uint32_t)draw(impostor, 4) * 300
					       : (uint32_t)sim_impostor_near(impostor, 1000);
		message.fragment_offset = draw(impostor, 4)
						  ? (uint32_t)draw(impostor, 5) * 100
						  : (uint32_t)sim_impostor_near(impostor, 300);
	}
	message.bytes = (uint32_t)(at - payload - WL_WIRE_CLIENT_APPEND_HEADER_BYTES);
	if (draw(impostor, 16) == 0)
		message.record_count = (uint32_t)sim_impostor_near(impostor, message.record_count);
	wl_wire_encode_client_append(payload, &message);
	if (draw(impostor, 4) ==
	    0) /* one byte of what a node looks at first: counts, lengths, a record's level and zeros */
		payload[8 + draw(impostor, WL_WIRE_CLIENT_APPEND_HEADER_BYTES)] ^=
			(uint8_t)(1u << draw(impostor, 8));
	own->next_sequence += draw(impostor, 2) * message.record_count % 4;
	sim_impostor_send_as_client(impostor, to, client, WL_WIRE_CLIENT_APPEND, payload,
				    (size_t)(at - payload));
}

static void subscribe(struct sim_impostor *impostor, unsigned to, unsigned client)
{
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];
	struct wl_wire_subscribe subscribe = {
		.subscription = draw(impostor, 3),
		.from = (uint32_t)draw(impostor, 6),
		.credit_bytes = (uint32_t)sim_impostor_near(impostor, 4096),
		.value = sim_impostor_near(impostor, draw(impostor, 2) ? 10 : 1700000000000000000u),
	};
	struct wl_wire_credit credit = {
		.subscription = draw(impostor, 3),
		.next_number = sim_impostor_near(impostor, 10),
		.credit_bytes = (uint32_t)sim_impostor_near(impostor, 4096),
		.resend = (uint32_t)draw(impostor, 3),
	};
	struct wl_wire_unsubscribe unsubscribe = {draw(impostor, 3)};

	switch (draw(impostor, 4)) {
	case 0:
		sim_impostor_send_as_client(impostor, to, client, WL_WIRE_SUBSCRIBE, payload,
					    wl_wire_encode_subscribe(payload, &subscribe));
		break;
	case 1:
		sim_impostor_send_as_client(impostor, to, client, WL_WIRE_UNSUBSCRIBE, payload,
					    wl_wire_encode_unsubscribe(payload, &unsubscribe));
		break;
	default:
		sim_impostor_send_as_client(impostor, to, client, WL_WIRE_CREDIT, payload,
					    wl_wire_encode_credit(payload, &credit));
		break;
	}
}

/* Any payload under any type. */
static void say_anything(struct sim_impostor *impostor, unsigned to, unsigned client)
{
	static const uint8_t types[] = {WL_WIRE_HELLO,	       WL_WIRE_OPEN_SESSION,
					WL_WIRE_CLIENT_APPEND, WL_WIRE_SUBSCRIBE,
					WL_WIRE_CREDIT,	       WL_WIRE_UNSUBSCRIBE,
					WL_WIRE_KEEPALIVE};
	uint8_t payload[256];
	size_t bytes = draw(impostor, 90);
	uint8_t type = draw(impostor, 8) ? types[draw(impostor, sizeof(types))]
					 : (uint8_t)draw(impostor, 256);

	for (size_t at = 0; at < bytes; at++)
		payload[at] = draw(impostor, 3) ? 0 : (uint8_t)draw(impostor, 256);
	if (bytes >= 8) /* never an honest session */
		wl_store_u64(payload, draw(impostor, 4) * 0xbadull << 52);
	if (bytes >= WL_WIRE_CLIENT_APPEND_HEADER_BYTES)
		wl_store_u32(payload + 36, (uint32_t)bytes - WL_WIRE_CLIENT_APPEND_HEADER_BYTES);
	sim_impostor_send_as_client(impostor, to, client, type, payload, bytes);
}

void sim_impostor_say_as_client(struct sim_impostor *impostor, unsigned to)
{
	unsigned client = any_client(impostor);

	switch (draw(impostor, 8)) {
	case 0:
		say_hello(impostor, to, client);
		break;
	case 1:
		open_session(impostor, to, client);
		break;
	case 2:
	case 3:
	case 4:
		append(impostor, to, client);
		break;
	case 5:
	case 6:
		subscribe(impostor, to, client);
		break;
	default:
		say_anything(impostor, to, client);
		break;
	}
}
