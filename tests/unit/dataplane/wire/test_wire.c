/* SPDX-License-Identifier: BSD-3-Clause */
/* HELLO and the messages between nodes; those of clients are in test_wire_client.c. */
#include "dataplane/wire/wire.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/log/entry.h"
#include "tests/unit/runner.h"

#define ROOM 4096u

static uint8_t bytes[ROOM];

/* The decoder of a message of one size refuses every other size. */
#define ASSERT_ONLY_SIZE(name, wanted)                                                \
	do {                                                                          \
		struct wl_wire_##name other_;                                         \
		for (size_t size_ = 0; size_ < (wanted) + 20; size_++)                \
			CU_ASSERT_EQUAL(wl_wire_decode_##name(bytes, size_, &other_), \
					size_ == (wanted));                           \
	} while (0)

/* A byte of the encoded message set to a value makes it undecodable, and is put back. */
#define ASSERT_REFUSED_WITH(name, size, at, value)                              \
	do {                                                                    \
		struct wl_wire_##name refused_;                                 \
		uint8_t kept_ = bytes[at];                                      \
		CU_ASSERT_TRUE(wl_wire_decode_##name(bytes, size, &refused_));  \
		bytes[at] = (value);                                            \
		CU_ASSERT_FALSE(wl_wire_decode_##name(bytes, size, &refused_)); \
		bytes[at] = kept_;                                              \
	} while (0)

static void hello_is_a_nonce(void)
{
	struct wl_wire_hello hello = {0x0807060504030201};

	CU_ASSERT_EQUAL(wl_wire_encode_hello(bytes, &hello), WL_WIRE_HELLO_BYTES);
	for (unsigned at = 0; at < 8; at++)
		CU_ASSERT_EQUAL(bytes[at], at + 1);
	hello.nonce = 0;
	CU_ASSERT_TRUE(wl_wire_decode_hello(bytes, WL_WIRE_HELLO_BYTES, &hello));
	CU_ASSERT_EQUAL(hello.nonce, 0x0807060504030201);
	ASSERT_ONLY_SIZE(hello, WL_WIRE_HELLO_BYTES);
	bytes[WL_WIRE_HELLO_BYTES - 1] = 1;
	CU_ASSERT_FALSE(wl_wire_decode_hello(bytes, WL_WIRE_HELLO_BYTES, &hello));
}

static void keepalive_is_a_nonce_and_a_challenge(void)
{
	struct wl_wire_keepalive keepalive = {0x0807060504030201, 0x100f0e0d0c0b0a09};

	CU_ASSERT_EQUAL(wl_wire_encode_keepalive(bytes, &keepalive), WL_WIRE_KEEPALIVE_BYTES);
	for (unsigned at = 0; at < 16; at++)
		CU_ASSERT_EQUAL(bytes[at], at + 1);
	memset(&keepalive, 0, sizeof(keepalive));
	CU_ASSERT_TRUE(wl_wire_decode_keepalive(bytes, WL_WIRE_KEEPALIVE_BYTES, &keepalive));
	CU_ASSERT_EQUAL(keepalive.nonce, 0x0807060504030201);
	CU_ASSERT_EQUAL(keepalive.challenge, 0x100f0e0d0c0b0a09);
	ASSERT_ONLY_SIZE(keepalive, WL_WIRE_KEEPALIVE_BYTES);
}

static void greeting_says_what_was_seen_and_each_fact_in_order(void)
{
	struct wl_wire_greeting greeting = {.seen_boot = 0x0807060504030201,
					    .apart = 0x8001,
					    .old_clients = 3,
					    .key_first = 0x11223344,
					    .key_second = 0x55667788};

	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		greeting.fact[fact] = 100 + fact;
	greeting.histories[15] = 0x77;
	CU_ASSERT_EQUAL(wl_wire_encode_greeting(bytes, &greeting), 32 + 8 * 9 + 8 * 16);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 104 + 8 * 15), 0x77);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 92), 3);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 96), 0x11223344);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 100), 0x55667788);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 88), 0x8001);
	CU_ASSERT_EQUAL(bytes[7], 8);
	CU_ASSERT_EQUAL(bytes[12], 9);
	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		CU_ASSERT_EQUAL(wl_load_u64(bytes + 16 + 8 * fact), 100 + fact);
	memset(&greeting, 0, sizeof(greeting));
	CU_ASSERT_TRUE(wl_wire_decode_greeting(bytes, WL_WIRE_GREETING_BYTES, &greeting));
	CU_ASSERT_EQUAL(greeting.seen_boot, 0x0807060504030201);
	CU_ASSERT_EQUAL(greeting.fact[WL_FACT_HEARTBEAT], 108);
	CU_ASSERT_EQUAL(greeting.apart, 0x8001);
	CU_ASSERT_EQUAL(greeting.histories[15], 0x77);
	CU_ASSERT_EQUAL(greeting.old_clients, 3);
	CU_ASSERT_EQUAL(greeting.key_second, 0x55667788);
	ASSERT_REFUSED_WITH(greeting, WL_WIRE_GREETING_BYTES, 8, 1 << 7); /* flags */
	ASSERT_REFUSED_WITH(greeting, WL_WIRE_GREETING_BYTES, 12, 8); /* facts */
	ASSERT_REFUSED_WITH(greeting, WL_WIRE_GREETING_BYTES, 90,
			    1); /* a journal that there is not */
	ASSERT_ONLY_SIZE(greeting, WL_WIRE_GREETING_BYTES);
}

static void path_probe_says_its_own_size_and_the_echo_repeats_it(void)
{
	struct wl_wire_path_probe probe = {.round = 5, .bytes = 1280};
	struct wl_wire_path_echo echo = {.round = 5, .bytes = 1280};
	uint8_t as_echo[WL_WIRE_PATH_ECHO_BYTES];

	memset(bytes, 0, ROOM);
	CU_ASSERT_EQUAL(wl_wire_encode_path_probe(bytes, &probe), 16);
	CU_ASSERT_EQUAL(wl_wire_encode_path_echo(as_echo, &echo), 16);
	CU_ASSERT_EQUAL(memcmp(bytes, as_echo, sizeof(as_echo)), 0);
	CU_ASSERT_TRUE(wl_wire_decode_path_probe(bytes, 1180, &probe));
	CU_ASSERT_EQUAL(probe.round, 5);
	CU_ASSERT_EQUAL(probe.bytes, 1280);
	CU_ASSERT_FALSE(wl_wire_decode_path_probe(bytes, 1179, &probe));
	CU_ASSERT_FALSE(wl_wire_decode_path_probe(bytes, 8, &probe));
	CU_ASSERT_TRUE(wl_wire_decode_path_echo(bytes, 16, &echo));
	CU_ASSERT_FALSE(wl_wire_decode_path_echo(bytes, 17, &echo));
	bytes[14] = 1;
	CU_ASSERT_FALSE(wl_wire_decode_path_echo(bytes, 16, &echo));
	CU_ASSERT_FALSE(wl_wire_decode_path_probe(bytes, 1180, &probe));
}

static void clients_probe_asks_for_a_size_and_says_what_may_be_sent(void)
{
	struct wl_wire_path_probe probe = {5, 128, 1400, 1280};
	struct wl_wire_path_echo echo;

	memset(bytes, 0, ROOM);
	wl_wire_encode_path_probe(bytes, &probe);
	CU_ASSERT_EQUAL(wl_load_u16(bytes + 8), 128);
	CU_ASSERT_EQUAL(wl_load_u16(bytes + 10), 1400);
	CU_ASSERT_EQUAL(wl_load_u16(bytes + 12), 1280);
	memset(&probe, 0, sizeof(probe));
	CU_ASSERT_TRUE(wl_wire_decode_path_probe(bytes, 28, &probe));
	CU_ASSERT_EQUAL(probe.echo_bytes, 1400);
	CU_ASSERT_EQUAL(probe.mtu, 1280);
	CU_ASSERT_FALSE(wl_wire_decode_path_echo(bytes, 1300, &echo)); /* an echo grants nothing */
	wl_store_u16(bytes + 12, 1279);
	CU_ASSERT_FALSE(wl_wire_decode_path_probe(bytes, 28, &probe));
	wl_store_u16(bytes + 12, 9001);
	CU_ASSERT_FALSE(wl_wire_decode_path_probe(bytes, 28, &probe));
	wl_store_u16(bytes + 12, 0);
	CU_ASSERT_TRUE(wl_wire_decode_path_echo(bytes, 1300, &echo)); /* as long as was asked */
	CU_ASSERT_FALSE(wl_wire_decode_path_echo(bytes, 1299, &echo));
	wl_store_u16(bytes + 10, 115);
	CU_ASSERT_FALSE(wl_wire_decode_path_echo(bytes, 15, &echo));
	wl_store_u16(bytes + 10, 9001);
	CU_ASSERT_FALSE(wl_wire_decode_path_probe(bytes, 28, &probe));
}

static size_t encode_reply(uint32_t members)
{
	struct wl_wire_hello_reply reply = {
		.nonce = 1,
		.node = 2,
		.leader = 3,
		.term = 4,
		.commit_number = 5,
		.first_number = 6,
		.incarnation = 7,
		.known_boot = 8,
		.known_incarnation = 10,
		.history = 11,
		.suspect = 1,
		.record_bytes_max = 9,
		.member_count = members,
		.challenge = 10,
		.status = -11,
		.history_id = 12,
	};

	for (uint32_t at = 0; at < members; at++) {
		reply.members[at].node = at + 1;
		strcpy(reply.members[at].endpoint, at % 2 ? "udp:192.0.2.1:7700" : "");
	}
	memset(bytes, 0xee, sizeof(bytes));
	return wl_wire_encode_hello_reply(bytes, &reply);
}

static void hello_reply_has_the_documented_layout(void)
{
	static const unsigned longs[] = {0, 16, 24, 32, 40, 48, 56};
	static const uint8_t values[] = {1, 4, 5, 6, 7, 8, 10};

	CU_ASSERT_EQUAL(encode_reply(2), 104 + 2 * 100);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 96), 12);
	for (unsigned at = 0; at < 7; at++)
		CU_ASSERT_EQUAL(wl_load_u64(bytes + longs[at]), values[at]);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 64), 11);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 68), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 8), 2);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 12), 3);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 72), 9);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 76), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 80), 10);
	CU_ASSERT_EQUAL((int32_t)wl_load_u32(bytes + 88), -11);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 92), 0);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 204), 2);
	CU_ASSERT_EQUAL(memcmp(bytes + 208, "udp:192.0.2.1:7700\0", 19), 0);
	CU_ASSERT_EQUAL(bytes[303], 0);
	CU_ASSERT_EQUAL(bytes[304], 0xee);
}

static void hello_reply_carries_every_member(void)
{
	struct wl_wire_hello_reply reply;

	for (uint32_t members = 0; members <= WIRELOG_NODES_MAX; members++) {
		size_t size = encode_reply(members);

		CU_ASSERT(size <= WL_WIRE_HELLO_REPLY_BYTES_MAX);
		CU_ASSERT_TRUE(wl_wire_decode_hello_reply(bytes, size, &reply));
		CU_ASSERT_EQUAL(reply.member_count, members);
		for (uint32_t at = 0; at < members; at++)
			CU_ASSERT_STRING_EQUAL(reply.members[at].endpoint,
					       at % 2 ? "udp:192.0.2.1:7700" : "");
		ASSERT_ONLY_SIZE(hello_reply, size);
	}
}

static void hello_reply_with_impossible_fields_is_refused(void)
{
	size_t size = encode_reply(2);

	ASSERT_REFUSED_WITH(hello_reply, size, 12, WIRELOG_NODES_MAX + 1); /* leader */
	ASSERT_REFUSED_WITH(hello_reply, size, 68, 2); /* suspect */
	ASSERT_REFUSED_WITH(hello_reply, size, 75, 0x80); /* record_bytes_max */
	ASSERT_REFUSED_WITH(hello_reply, size, 76, WIRELOG_NODES_MAX + 1); /* members */
	ASSERT_REFUSED_WITH(hello_reply, size, 76, 1);
	ASSERT_REFUSED_WITH(hello_reply, size, 79, 0xff);
	ASSERT_REFUSED_WITH(hello_reply, size, 91, 0); /* status */
	ASSERT_REFUSED_WITH(hello_reply, size, 92, 1); /* reserved */
	ASSERT_REFUSED_WITH(hello_reply, size, 104, 0); /* a member's node */
	ASSERT_REFUSED_WITH(hello_reply, size, 104, WIRELOG_NODES_MAX + 1);
	ASSERT_REFUSED_WITH(hello_reply, size, 208, ' ');
	ASSERT_REFUSED_WITH(hello_reply, size, 209, '\n');
	ASSERT_REFUSED_WITH(hello_reply, size, 209, 0x7f);
	ASSERT_REFUSED_WITH(hello_reply, size, 303, 'x'); /* something behind the final zero */
	memset(bytes + 208, 'x', 96); /* no final zero */
	CU_ASSERT_FALSE(wl_wire_decode_hello_reply(bytes, size, &(struct wl_wire_hello_reply){0}));
}

static size_t put_image(uint8_t *to, uint32_t body_bytes)
{
	struct wl_entry_header header = {.kind = WL_ENTRY_RECORDS, .body_bytes = body_bytes};

	wl_entry_encode_header(to, &header);
	memset(to + WL_ENTRY_HEADER_BYTES, 0, body_bytes);
	return WL_ENTRY_HEADER_BYTES + body_bytes;
}

/* An APPEND of term 5 behind {4, 9} with two images. */
static size_t encode_append(void)
{
	struct wl_wire_append append = {
		.term = 5,
		.previous = {.term = 4, .index = 9},
		.commit = 8,
		.sent_ns = 7,
		.previous_chain = 0x0102030405060708,
		.clock_ns = 0x1112131415161718,
		.state_index = 0x21,
		.state_digest = 0x2122232425262728,
	};
	uint8_t *images = bytes + WL_WIRE_APPEND_HEADER_BYTES;

	append.bytes = (uint32_t)put_image(images, 32);
	append.bytes += (uint32_t)put_image(images + append.bytes, 0);
	return wl_wire_encode_append(bytes, &append) + append.bytes;
}

static void append_has_the_documented_layout(void)
{
	struct wl_wire_append append;
	size_t size = encode_append();

	CU_ASSERT_EQUAL(size, 88 + 96 + 32 + 96);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 5);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 8);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 32), 7);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 48), size - 88);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 56), 0x0102030405060708);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 64), 0x1112131415161718);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 72), 0x21);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 80), 0x2122232425262728);
	CU_ASSERT_TRUE(wl_wire_decode_append(bytes, size, &append));
	CU_ASSERT_EQUAL(append.term, 5);
	CU_ASSERT_EQUAL(append.previous.index, 9);
	CU_ASSERT_PTR_EQUAL(append.images, bytes + 88);
	CU_ASSERT_EQUAL(append.state_index, 0x21);
	CU_ASSERT_EQUAL(append.state_digest, 0x2122232425262728);
	CU_ASSERT_EQUAL(append.previous_chain, 0x0102030405060708);
	CU_ASSERT_EQUAL(append.image_bytes, 0);
	ASSERT_ONLY_SIZE(append, size);
}

static void append_without_images_is_a_heartbeat(void)
{
	struct wl_wire_append append = {.term = 1};

	CU_ASSERT_EQUAL(wl_wire_encode_append(bytes, &append), WL_WIRE_APPEND_HEADER_BYTES);
	CU_ASSERT_TRUE(wl_wire_decode_append(bytes, WL_WIRE_APPEND_HEADER_BYTES, &append));
	CU_ASSERT_EQUAL(append.bytes, 0);
}

static void append_with_impossible_fields_is_refused(void)
{
	size_t size = encode_append();

	ASSERT_REFUSED_WITH(append, size, 0, 0); /* term 0 */
	ASSERT_REFUSED_WITH(append, size, 8, 6); /* previous of a later term */
	ASSERT_REFUSED_WITH(append, size, 8, 0); /* an index without a term */
	ASSERT_REFUSED_WITH(append, size, 16, 0); /* a term without an index */
	ASSERT_REFUSED_WITH(append, size, 40, 1); /* an offset without a fragment */
	ASSERT_REFUSED_WITH(append, size, 48, (uint8_t)(size - 89));
	ASSERT_REFUSED_WITH(append, size, 52, 4); /* a flag that there is not */
	ASSERT_REFUSED_WITH(append, size, 55, 1);
	ASSERT_REFUSED_WITH(append, size, 72, 0); /* a digest of nothing */
	ASSERT_REFUSED_WITH(append, size, 88 + 80, 33); /* images do not end where the bytes end */
	ASSERT_REFUSED_WITH(append, size, 88 + 80, 31);
	ASSERT_REFUSED_WITH(append, size, 88 + 83, 0xff);
	ASSERT_REFUSED_WITH(append, size, 88 + 128 + 80, 1);
	memset(bytes + 16, 0xff, 8);
	CU_ASSERT_FALSE(wl_wire_decode_append(bytes, size, &(struct wl_wire_append){0}));
}

static bool decodes_as_fragment(uint32_t image_bytes, uint32_t offset, uint32_t part)
{
	struct wl_wire_append append = {.term = 1,
					.fragment_offset = offset,
					.image_bytes = image_bytes,
					.bytes = part};

	memset(bytes, 0xab, sizeof(bytes));
	wl_wire_encode_append(bytes, &append);
	return wl_wire_decode_append(bytes, WL_WIRE_APPEND_HEADER_BYTES + part, &append);
}

static void fragment_of_an_image_lies_inside_it(void)
{
	CU_ASSERT_TRUE(decodes_as_fragment(5000, 0, 1000));
	CU_ASSERT_TRUE(decodes_as_fragment(5000, 4000, 1000));
	CU_ASSERT_FALSE(decodes_as_fragment(5000, 4001, 1000));
	CU_ASSERT_FALSE(decodes_as_fragment(5000, 5000, 1));
	CU_ASSERT_FALSE(decodes_as_fragment(5000, UINT32_MAX, 1000));
	CU_ASSERT_FALSE(decodes_as_fragment(5000, 100, 0)); /* no bytes */
	CU_ASSERT_FALSE(decodes_as_fragment(WL_ENTRY_HEADER_BYTES, 0, 90)); /* no body: would fit */
	CU_ASSERT_TRUE(decodes_as_fragment(WL_ENTRY_BYTES_MAX, 0, 1000));
	CU_ASSERT_FALSE(decodes_as_fragment(WL_ENTRY_BYTES_MAX + 1, 0, 1000));
}

static void acknowledgement_has_the_documented_layout_and_limits(void)
{
	struct wl_wire_append_ack ack = {
		.term = 1,
		.match_received = 3,
		.match_durable = 2,
		.sent_ns = 4,
		.hint_index = 6,
		.flags = WL_WIRE_ACK_REJECTED | WL_WIRE_ACK_NO_SPACE | WL_WIRE_ACK_DISK_SLOW |
			 WL_WIRE_ACK_CANNOT_GROW | WL_WIRE_ACK_HELD_BACK,
		.hint_offset = 8,
		.match_chain = 9,
		.room = 10,
		.wall_ns = 11,
		.state_index = 12,
		.state_digest = 13,
		.base_index = 14,
		.base_digest = 15,
	};
	static const uint8_t values[] = {1, 3, 2, 4, 6};

	CU_ASSERT_EQUAL(wl_wire_encode_append_ack(bytes, &ack), WL_WIRE_APPEND_ACK_BYTES);
	for (unsigned at = 0; at < 5; at++)
		CU_ASSERT_EQUAL(wl_load_u64(bytes + 8 * at), values[at]);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 40), 31);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 44), 8);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 48), 9);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 56), 10);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 64), 11);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 72), 12);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 80), 13);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 88), 14);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 96), 15);
	ASSERT_ONLY_SIZE(append_ack, WL_WIRE_APPEND_ACK_BYTES);
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 0, 0); /* term */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 16,
			    4); /* durable beyond received */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 40,
			    32); /* a flag that there is not */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 63,
			    0x80); /* more room than any log has */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 47,
			    1); /* more than an image can have */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 72, 0); /* a digest of nothing */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 80, 0); /* no digest */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 88, 0); /* a digest of no base */
	ASSERT_REFUSED_WITH(append_ack, WL_WIRE_APPEND_ACK_BYTES, 96, 0); /* a base without one */
}

static void propose_has_the_documented_layout_and_limits(void)
{
	const struct wl_wire_propose trim = {.verb = WL_WIRE_PROPOSE_TRIM, .number = 7};
	const struct wl_wire_propose members = {.verb = WL_WIRE_PROPOSE_MEMBERS, .number = 0x302};
	const struct wl_wire_propose limit = {.verb = WL_WIRE_PROPOSE_LIMITS,
					      .number = 5,
					      .made = 4,
					      .name = "retention.bytes"};
	const struct wl_wire_propose set = {.verb = WL_WIRE_PROPOSE_CONSUMER_SET,
					    .number = 7,
					    .made = 9,
					    .name = "a-reader"};
	const struct wl_wire_propose drop = {.verb = WL_WIRE_PROPOSE_CONSUMER_DROP,
					     .made = 9,
					     .name = "a-reader"};

	CU_ASSERT_EQUAL(wl_wire_encode_propose(bytes, &trim), 56);
	CU_ASSERT_EQUAL(wl_load_u32(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 7);
	ASSERT_ONLY_SIZE(propose, WL_WIRE_PROPOSE_BYTES);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 0);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 2); /* without a name */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 5); /* a base is no operator's */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 3, 1);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 4, 1); /* reserved */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 8, 0); /* number */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 16, 1); /* made */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 24, 'a'); /* a name */

	CU_ASSERT_EQUAL(wl_wire_encode_propose(bytes, &members), 56);
	CU_ASSERT_EQUAL(wl_load_u32(bytes), 4);
	ASSERT_ONLY_SIZE(propose, WL_WIRE_PROPOSE_BYTES);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 16, 1); /* made */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 24, 'a'); /* a name */

	CU_ASSERT_EQUAL(wl_wire_encode_propose(bytes, &set), 56);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	CU_ASSERT_STRING_EQUAL((char *)bytes + 24, "a-reader");
	ASSERT_ONLY_SIZE(propose, WL_WIRE_PROPOSE_BYTES);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 1);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 3); /* with a number */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 8, 0);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 24, 0);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 26, '/');
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 55, 'a'); /* behind its end */

	CU_ASSERT_EQUAL(wl_wire_encode_propose(bytes, &limit), 56);
	ASSERT_ONLY_SIZE(propose, WL_WIRE_PROPOSE_BYTES);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 1);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 0, 9);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 16, 0); /* of whichever limits */
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 24, 0);
	CU_ASSERT_EQUAL(wl_wire_encode_propose(bytes, &drop), 56);
	ASSERT_ONLY_SIZE(propose, WL_WIRE_PROPOSE_BYTES);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 8, 1);
	ASSERT_REFUSED_WITH(propose, WL_WIRE_PROPOSE_BYTES, 16, 0); /* whichever */
}

static void base_messages_have_the_documented_layout_and_limits(void)
{
	const struct wl_wire_base_ask ask = {.index = 3, .digest = 4, .offset = 5};
	const struct wl_wire_base_part part = {
		.position = {2, 3},
		.chain = 4,
		.digest = 5,
		.total = 100,
		.offset = 90,
		.bytes = 10,
	};
	struct wl_wire_base_part told;

	CU_ASSERT_EQUAL(wl_wire_encode_base_ask(bytes, &ask), 24);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 5);
	ASSERT_ONLY_SIZE(base_ask, WL_WIRE_BASE_ASK_BYTES);
	ASSERT_REFUSED_WITH(base_ask, WL_WIRE_BASE_ASK_BYTES, 0, 0); /* a digest of no base */
	ASSERT_REFUSED_WITH(base_ask, WL_WIRE_BASE_ASK_BYTES, 8, 0);

	CU_ASSERT_EQUAL(wl_wire_encode_base_part(bytes, &part), WL_WIRE_BASE_PART_HEADER_BYTES);
	CU_ASSERT_EQUAL(WL_WIRE_BASE_PART_HEADER_BYTES, 56);
	memset(bytes + 56, 0x77, 10);
	CU_ASSERT_TRUE(wl_wire_decode_base_part(bytes, 66, &told));
	CU_ASSERT_PTR_EQUAL(told.part, bytes + 56);
	CU_ASSERT_EQUAL(told.offset, 90);
	ASSERT_ONLY_SIZE(base_part, 66);
	ASSERT_REFUSED_WITH(base_part, 66, 0, 0); /* no term */
	ASSERT_REFUSED_WITH(base_part, 66, 8, 0); /* no index */
	ASSERT_REFUSED_WITH(base_part, 66, 24, 0); /* no digest */
	ASSERT_REFUSED_WITH(base_part, 66, 32, 99); /* less than the part */
	ASSERT_REFUSED_WITH(base_part, 66, 40, 91); /* beyond the end */
	ASSERT_REFUSED_WITH(base_part, 66, 48, 9); /* not what follows */
	ASSERT_REFUSED_WITH(base_part, 66, 52, 1); /* reserved */
}

static void status_messages_have_the_documented_layout_and_limits(void)
{
	const struct wl_wire_status_ask ask = {.round = 3, .version = 4, .offset = 5};
	const struct wl_wire_status_part part = {
		.round = 3,
		.version = 4,
		.total = 100,
		.offset = 90,
		.bytes = 10,
	};
	struct wl_wire_status_part told;

	CU_ASSERT_EQUAL(wl_wire_encode_status_ask(bytes, &ask), 24);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 16), 5);
	ASSERT_ONLY_SIZE(status_ask, WL_WIRE_STATUS_ASK_BYTES);
	ASSERT_REFUSED_WITH(status_ask, WL_WIRE_STATUS_ASK_BYTES, 0, 0); /* no question */
	ASSERT_REFUSED_WITH(status_ask, WL_WIRE_STATUS_ASK_BYTES, 8, 0); /* of no text */
	ASSERT_REFUSED_WITH(status_ask, WL_WIRE_STATUS_ASK_BYTES, 20, 1); /* reserved */

	CU_ASSERT_EQUAL(wl_wire_encode_status_part(bytes, &part), WL_WIRE_STATUS_PART_HEADER_BYTES);
	CU_ASSERT_EQUAL(WL_WIRE_STATUS_PART_HEADER_BYTES, 32);
	memset(bytes + 32, 0x77, 10);
	CU_ASSERT_TRUE(wl_wire_decode_status_part(bytes, 42, &told));
	CU_ASSERT_PTR_EQUAL(told.part, bytes + 32);
	CU_ASSERT_EQUAL(told.offset, 90);
	ASSERT_ONLY_SIZE(status_part, 42);
	ASSERT_REFUSED_WITH(status_part, 42, 0, 0); /* no question */
	ASSERT_REFUSED_WITH(status_part, 42, 8, 0); /* no text */
	ASSERT_REFUSED_WITH(status_part, 42, 16, 99); /* less than the part */
	ASSERT_REFUSED_WITH(status_part, 42, 20, 91); /* beyond the end */
	ASSERT_REFUSED_WITH(status_part, 42, 24, 9); /* not what follows */
	ASSERT_REFUSED_WITH(status_part, 42, 28, 1); /* reserved */
}

static void comparing_messages_have_the_documented_layout_and_limits(void)
{
	const struct wl_wire_chain_ask ask = {.index = 3, .round = 4};
	const struct wl_wire_chain_told known = {.index = 3,
						 .round = 4,
						 .verdict = WL_WIRE_CHAIN_KNOWN,
						 .term = 5,
						 .chain = 6,
						 .first = 7,
						 .commit = 8};

	CU_ASSERT_EQUAL(wl_wire_encode_chain_ask(bytes, &ask), 16);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	ASSERT_ONLY_SIZE(chain_ask, WL_WIRE_CHAIN_ASK_BYTES);
	ASSERT_REFUSED_WITH(chain_ask, WL_WIRE_CHAIN_ASK_BYTES, 0, 0); /* no index */

	CU_ASSERT_EQUAL(wl_wire_encode_chain_told(bytes, &known), 56);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 16), WL_WIRE_CHAIN_KNOWN);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 5);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 48), 8);
	ASSERT_ONLY_SIZE(chain_told, WL_WIRE_CHAIN_TOLD_BYTES);
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 0, 0); /* no index */
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 16, 0); /* nothing said */
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 16, WL_WIRE_CHAIN_LAST + 1);
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 16,
			    WL_WIRE_CHAIN_BELOW); /* and a value */
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 20, 1); /* reserved */
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 24, 0); /* known, of no term */
	ASSERT_REFUSED_WITH(chain_told, WL_WIRE_CHAIN_TOLD_BYTES, 40, 0); /* nothing is kept */
}

static void mend_messages_have_the_documented_layout_and_limits(void)
{
	const struct wl_wire_mend_ask ask = {.index = 9,
					     .chain = 4,
					     .first = 7,
					     .bytes = 4096,
					     .offset = 512};
	struct wl_wire_mend_part part = {
		.index = 9,
		.chain = 4,
		.first = 7,
		.verdict = WL_WIRE_MEND_HAVE,
		.total = 100,
		.offset = 90,
		.bytes = 10,
	};
	struct wl_wire_mend_part told;

	CU_ASSERT_EQUAL(wl_wire_encode_mend_ask(bytes, &ask), 32);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 9);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 7);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 24), 4096);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 28), 512);
	ASSERT_ONLY_SIZE(mend_ask, WL_WIRE_MEND_ASK_BYTES);
	ASSERT_REFUSED_WITH(mend_ask, WL_WIRE_MEND_ASK_BYTES, 0, 6); /* before the first one */
	ASSERT_REFUSED_WITH(mend_ask, WL_WIRE_MEND_ASK_BYTES, 16, 0); /* no first one */
	ASSERT_REFUSED_WITH(mend_ask, WL_WIRE_MEND_ASK_BYTES, 25, 0); /* nothing is wanted */
	ASSERT_REFUSED_WITH(mend_ask, WL_WIRE_MEND_ASK_BYTES, 27, 1); /* more than an entry */

	CU_ASSERT_EQUAL(wl_wire_encode_mend_part(bytes, &part), WL_WIRE_MEND_PART_HEADER_BYTES);
	CU_ASSERT_EQUAL(WL_WIRE_MEND_PART_HEADER_BYTES, 40);
	memset(bytes + 40, 0x77, 10);
	CU_ASSERT_TRUE(wl_wire_decode_mend_part(bytes, 50, &told));
	CU_ASSERT_PTR_EQUAL(told.part, bytes + 40);
	CU_ASSERT_EQUAL(told.offset, 90);
	ASSERT_ONLY_SIZE(mend_part, 50);
	ASSERT_REFUSED_WITH(mend_part, 50, 24, WL_WIRE_MEND_NEVER); /* and here it is */
	ASSERT_REFUSED_WITH(mend_part, 50, 24, 0);
	ASSERT_REFUSED_WITH(mend_part, 50, 24, 5);
	ASSERT_REFUSED_WITH(mend_part, 50, 28, 99); /* less than the part */
	ASSERT_REFUSED_WITH(mend_part, 50, 32, 91); /* beyond the end */
	ASSERT_REFUSED_WITH(mend_part, 50, 36, 9); /* not what follows */

	part.verdict = WL_WIRE_MEND_UNKNOWN;
	part.total = part.offset = part.bytes = 0;
	wl_wire_encode_mend_part(bytes, &part);
	ASSERT_ONLY_SIZE(mend_part, 40);
	ASSERT_REFUSED_WITH(mend_part, 40, 24, WL_WIRE_MEND_HAVE); /* and nothing follows */
	ASSERT_REFUSED_WITH(mend_part, 40, 28, 1);
}

static void chain_has_the_documented_layout_and_limits(void)
{
	const struct wl_wire_chain chain = {.index = 3, .chain = 4, .asks = true};

	CU_ASSERT_EQUAL(wl_wire_encode_chain(bytes, &chain), 24);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 16), 1);
	ASSERT_ONLY_SIZE(chain, WL_WIRE_CHAIN_BYTES);
	ASSERT_REFUSED_WITH(chain, WL_WIRE_CHAIN_BYTES, 0, 0); /* index */
	ASSERT_REFUSED_WITH(chain, WL_WIRE_CHAIN_BYTES, 16, 2);
	ASSERT_REFUSED_WITH(chain, WL_WIRE_CHAIN_BYTES, 20, 1); /* reserved */
}

static void vote_has_the_documented_layout_and_limits(void)
{
	struct wl_wire_vote vote = {.term = 3,
				    .last = {.term = 2, .index = 9},
				    .flags = WL_WIRE_VOTE_TRANSFER,
				    .round = 0x01020304,
				    .incarnation = 5,
				    .caught_up_boot = 6};

	CU_ASSERT_EQUAL(wl_wire_encode_vote(bytes, &vote), WL_WIRE_VOTE_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 24), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 28), 0x01020304);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 32), 5);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 40), 6);
	ASSERT_ONLY_SIZE(vote, WL_WIRE_VOTE_BYTES);
	ASSERT_REFUSED_WITH(vote, WL_WIRE_VOTE_BYTES, 0, 0);
	ASSERT_REFUSED_WITH(vote, WL_WIRE_VOTE_BYTES, 8,
			    3); /* a candidate's log is of older terms */
	ASSERT_REFUSED_WITH(vote, WL_WIRE_VOTE_BYTES, 24, 2);
}

static void vote_reply_has_the_documented_layout_and_limits(void)
{
	struct wl_wire_vote_reply reply = {.term = 3,
					   .asked_term = 4,
					   .granted = 1,
					   .round = 0x01020304,
					   .incarnation = 5,
					   .caught_up_boot = 6};

	CU_ASSERT_EQUAL(wl_wire_encode_vote_reply(bytes, &reply), WL_WIRE_VOTE_REPLY_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 4);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 16), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 20), 0x01020304);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 5);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 32), 6);
	ASSERT_ONLY_SIZE(vote_reply, WL_WIRE_VOTE_REPLY_BYTES);
	ASSERT_REFUSED_WITH(vote_reply, WL_WIRE_VOTE_REPLY_BYTES, 16, 2);
}

static void timeout_now_has_the_documented_layout_and_limits(void)
{
	struct wl_wire_timeout_now now = {.term = 3, .last = {.term = 3, .index = 9}};

	CU_ASSERT_EQUAL(wl_wire_encode_timeout_now(bytes, &now), WL_WIRE_TIMEOUT_NOW_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	ASSERT_REFUSED_WITH(timeout_now, WL_WIRE_TIMEOUT_NOW_BYTES, 24, 2);
	ASSERT_REFUSED_WITH(timeout_now, WL_WIRE_TIMEOUT_NOW_BYTES, 28, 1);
	ASSERT_ONLY_SIZE(timeout_now, WL_WIRE_TIMEOUT_NOW_BYTES);
	ASSERT_REFUSED_WITH(timeout_now, WL_WIRE_TIMEOUT_NOW_BYTES, 0, 0);
	ASSERT_REFUSED_WITH(timeout_now, WL_WIRE_TIMEOUT_NOW_BYTES, 8, 4);
}

WL_SUITE(wire)
{
	WL_TEST(hello_is_a_nonce),
	WL_TEST(keepalive_is_a_nonce_and_a_challenge),
	WL_TEST(greeting_says_what_was_seen_and_each_fact_in_order),
	WL_TEST(path_probe_says_its_own_size_and_the_echo_repeats_it),
	WL_TEST(clients_probe_asks_for_a_size_and_says_what_may_be_sent),
	WL_TEST(hello_reply_has_the_documented_layout),
	WL_TEST(hello_reply_carries_every_member),
	WL_TEST(hello_reply_with_impossible_fields_is_refused),
	WL_TEST(append_has_the_documented_layout),
	WL_TEST(append_without_images_is_a_heartbeat),
	WL_TEST(append_with_impossible_fields_is_refused),
	WL_TEST(fragment_of_an_image_lies_inside_it),
	WL_TEST(acknowledgement_has_the_documented_layout_and_limits),
	WL_TEST(propose_has_the_documented_layout_and_limits),
	WL_TEST(base_messages_have_the_documented_layout_and_limits),
	WL_TEST(status_messages_have_the_documented_layout_and_limits),
	WL_TEST(comparing_messages_have_the_documented_layout_and_limits),
	WL_TEST(mend_messages_have_the_documented_layout_and_limits),
	WL_TEST(chain_has_the_documented_layout_and_limits),
	WL_TEST(vote_has_the_documented_layout_and_limits),
	WL_TEST(vote_reply_has_the_documented_layout_and_limits),
	WL_TEST(timeout_now_has_the_documented_layout_and_limits),
};
