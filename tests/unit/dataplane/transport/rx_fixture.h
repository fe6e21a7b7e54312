/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the suites of rx share: one receiver, node 1 of three, and the frame that comes next. Each suite has a copy of its own.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_TRANSPORT_RX_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_TRANSPORT_RX_FIXTURE_H

#include "dataplane/transport/rx.h"

#include <string.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/runner.h"

#define CLUSTER 0x0123456789abcdefu
#define OUR_BOOT ((uint64_t)5 << 32 | 77)
#define PEER_BOOT ((uint64_t)3 << 32 | 9)
#define OUR_IPV4 0x0a000001u
#define OUR_PORT 7700u
#define NODE_2 wl_identity_of_node(2, 0)
#define CLIENT (WL_IDENTITY_CLIENT | 5u)
#define CLIENT_BOOT 0xfeedu
#define CLIENTS 4u
#define IDLE_NS 1000000u
#define ALIVE_NS 5000000u

static const uint8_t secret[WL_AUTH_SECRET_BYTES] = "sixteen bytes .";
static struct wl_auth auth;
static struct wl_counters counters;
static struct wl_rx rx;
static struct wl_remote clients[CLIENTS + 1]; /* the last one's place is the index of the others */
static uint8_t bytes[2048];
static struct wl_frame frame;
static struct wl_message message;
static struct wl_frame_header header; /* of the next frame */
static uint64_t now_ns;
static uint32_t sender_ipv4;
static uint64_t challenge; /* of the next KEEPALIVE; 0: one that is given now */

static void begin(void)
{
	sender_ipv4 = 0x0a000002;
	memset(&rx, 0, sizeof(rx));
	memset(&counters, 0, sizeof(counters));
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	rx.auth = &auth;
	rx.counters = &counters;
	rx.cluster = CLUSTER;
	rx.identity = wl_identity_of_node(1, 0);
	rx.boot_id = OUR_BOOT;
	rx.ipv4 = OUR_IPV4;
	rx.udp_port = OUR_PORT;
	rx.members = 1u << 1 | 1u << 2 | 1u << 3;
	rx.client_idle_ns = IDLE_NS;
	rx.peer_alive_ns = ALIVE_NS;
	rx.peers[2].identity = NODE_2;
	rx.peers[3].identity = wl_identity_of_node(3, 0);
	CU_ASSERT_FATAL(wl_remote_table_memory_bytes(CLIENTS) <= sizeof(clients));
	wl_remote_table_init(&rx.clients, clients, CLIENTS);
	now_ns = 10 * IDLE_NS;
	challenge = 0;
	header = (struct wl_frame_header){
		.type = WL_WIRE_APPEND_ACK,
		.journal = 3,
		.cluster = CLUSTER,
		.sender = NODE_2,
		.destination = rx.identity,
		.sender_boot = PEER_BOOT,
		.destination_boot = OUR_BOOT,
		.sequence = 1,
	};
}

static void end(void)
{
	wl_auth_fini(&auth);
}

/* `header` with 20 bytes of payload (a KEEPALIVE with its own), sealed by its sender. */
static void make_frame(void)
{
	struct wl_wire_keepalive keepalive = {
		.nonce = 1,
		.challenge = challenge ? challenge : wl_remote_challenge(now_ns),
	};
	size_t size = header.type == WL_WIRE_KEEPALIVE ? WL_WIRE_KEEPALIVE_BYTES : 20;
	struct wl_address from = {.mac = {2, 0, 0, 0, 0, 2}, .ipv4 = sender_ipv4, .udp_port = 7701};
	struct wl_address to = {.ipv4 = OUR_IPV4, .udp_port = OUR_PORT};
	uint8_t *datagram = bytes + WL_FRAME_ENVELOPE_BYTES;
	struct wl_auth_key key;

	header.payload_bytes = (uint16_t)size;
	wl_frame_encode_header(datagram, &header);
	memset(datagram + WL_FRAME_HEADER_BYTES, 0x33, 20);
	if (header.type == WL_WIRE_KEEPALIVE)
		wl_wire_encode_keepalive(datagram + WL_FRAME_HEADER_BYTES, &keepalive);
	wl_auth_derive(&auth, header.sender, header.sender_boot, &key);
	wl_auth_seal(&auth, &key, datagram, WL_FRAME_HEADER_BYTES + size);
	wl_frame_close_envelope(bytes, &from, &to, WL_FRAME_HEADER_BYTES + size);
	frame = (struct wl_frame){
		.bytes = bytes,
		.size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + size),
		.link = 6};
}

/* In the turn that lasts. */
static enum wl_frame_verdict accept_in_turn(void)
{
	struct wl_arrival arrival;
	enum wl_frame_verdict verdict = wl_rx_sort(&rx, &frame, ++now_ns, &arrival);

	return verdict == WL_FRAME_OK ? wl_rx_admit(&rx, &arrival, now_ns, &message) : verdict;
}

/* In a turn of its own. */
static enum wl_frame_verdict accept_frame(void)
{
	wl_rx_begin_turn(&rx);
	return accept_in_turn();
}

static enum wl_frame_verdict accept_new(void)
{
	make_frame();
	return accept_frame();
}

/* The envelope again, after the datagram was changed. */
static void close_again(size_t datagram_bytes)
{
	struct wl_address from = {.mac = {2, 0, 0, 0, 0, 2}, .ipv4 = sender_ipv4, .udp_port = 7701},
			  to = {.ipv4 = OUR_IPV4, .udp_port = OUR_PORT};

	wl_frame_close_envelope(bytes, &from, &to, datagram_bytes);
	frame.size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + datagram_bytes);
}

static uint64_t dropped(enum wl_frame_verdict verdict)
{
	return counters.dropped[verdict];
}

#endif
