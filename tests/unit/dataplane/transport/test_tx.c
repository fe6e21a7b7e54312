/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/tx.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

#define MTU 1500u
#define SENT_MAX 1024u
#define OVERHEAD (WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES)

/* A port that lends `buffers` frames and takes `takes` of each burst. */
struct fake_port {
	struct wl_port port;
	struct wl_link_info info[2];
	unsigned buffers, takes;
	unsigned out; /* lent and not given back */
	unsigned bursts, sent_count;
	uint8_t sent[SENT_MAX][MTU + WL_ETHER_BYTES];
	uint16_t sent_size[SENT_MAX], sent_link[SENT_MAX];
};

static struct fake_port fake;
static struct wl_counters counters;
static struct wl_auth auth;
static struct wl_tx tx;

static unsigned fake_alloc(struct wl_port *port, uint16_t link, struct wl_frame *frames,
			   unsigned count)
{
	struct fake_port *own = (struct fake_port *)port;
	unsigned given = 0;

	while (given < count && own->buffers != 0) {
		frames[given].bytes = malloc(MTU + WL_ETHER_BYTES);
		frames[given].handle = frames[given].bytes;
		frames[given].size = MTU + WL_ETHER_BYTES;
		frames[given++].link = link;
		own->buffers--;
		own->out++;
	}
	return given;
}

static void fake_drop(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct fake_port *own = (struct fake_port *)port;

	for (unsigned at = 0; at < count; at++)
		free(frames[at].handle);
	own->buffers += count;
	own->out -= count;
}

static unsigned fake_burst(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct fake_port *own = (struct fake_port *)port;
	unsigned taken = count < own->takes ? count : own->takes;

	own->bursts++;
	for (unsigned at = 0; at < taken && own->sent_count < SENT_MAX; at++, own->sent_count++) {
		memcpy(own->sent[own->sent_count], frames[at].bytes, frames[at].size);
		own->sent_size[own->sent_count] = frames[at].size;
		own->sent_link[own->sent_count] = frames[at].link;
		if (frames[at].link != frames[0].link)
			CU_FAIL("a burst has frames of two links");
	}
	fake_drop(port, frames, taken);
	return taken;
}

static const struct wl_link_info *fake_link(const struct wl_port *port, uint16_t link)
{
	return &((const struct fake_port *)port)->info[link];
}

static const struct wl_port_ops ops = {.name = "fake",
				       .alloc = fake_alloc,
				       .tx_burst = fake_burst,
				       .tx_drop = fake_drop,
				       .link = fake_link};

static const struct wl_tx_to peer = {
	.address = {.mac = {2, 0, 0, 0, 0, 2}, .link = 1, .ipv4 = 0x0a000002, .udp_port = 7701},
	.identity = 0x200,
	.boot_id = 77,
};

static void begin(void)
{
	static const uint8_t secret[WL_AUTH_SECRET_BYTES] = {9};

	memset(&fake, 0, sizeof(fake));
	memset(&counters, 0, sizeof(counters));
	fake.port.ops = &ops;
	fake.port.link_count = 2;
	for (unsigned link = 0; link < 2; link++)
		fake.info[link] = (struct wl_link_info){.mac = {2, 0, 0, 0, 1, (uint8_t)link},
							.mtu = MTU,
							.ipv4 = 0x0a000001};
	fake.buffers = SENT_MAX;
	fake.takes = SENT_MAX;
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	wl_tx_init(&tx, &fake.port, &auth, &counters);
	tx.cluster = 0x1234;
	tx.identity = 0x100;
	tx.boot_id = 55;
	tx.udp_port = 7700;
	wl_tx_derive_key(&tx);
}

static void end(void)
{
	CU_ASSERT_EQUAL(fake.out, 0); /* every buffer came back */
	wl_auth_fini(&auth);
}

static bool send(enum wl_tx_class class, size_t bytes)
{
	uint8_t *payload = wl_tx_open(&tx, &peer, 31, 3, class);

	if (!payload)
		return false;
	memset(payload, 0x5a, bytes);
	wl_tx_close(&tx, bytes);
	return true;
}

static void frame_leaves_whole_and_authentic(void)
{
	const struct wl_address to = {.ipv4 = 0x0a000002, .udp_port = 7701};
	struct wl_address from;
	struct wl_frame_header header;
	size_t size;

	begin();
	CU_ASSERT_TRUE(send(WL_TX_DATA, 100));
	CU_ASSERT_EQUAL(fake.sent_count, 0); /* not before the turn ends */
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 1);

	CU_ASSERT_EQUAL(fake.sent_link[0], 1);
	CU_ASSERT_EQUAL(fake.sent_size[0], OVERHEAD + 100);
	CU_ASSERT_EQUAL_FATAL(wl_frame_open_envelope(fake.sent[0], fake.sent_size[0], &to, &from,
						     &size),
			      WL_FRAME_OK);
	CU_ASSERT_EQUAL(from.ipv4, 0x0a000001);
	CU_ASSERT_EQUAL(from.udp_port, 7700);
	CU_ASSERT_EQUAL(from.mac[5], 1);
	CU_ASSERT_EQUAL_FATAL(wl_frame_decode_header(fake.sent[0] + WL_FRAME_ENVELOPE_BYTES, size,
						     &header),
			      WL_FRAME_OK);
	CU_ASSERT_EQUAL(header.type, 31);
	CU_ASSERT_EQUAL(header.journal, 3);
	CU_ASSERT_EQUAL(header.cluster, 0x1234);
	CU_ASSERT_EQUAL(header.sender, 0x100);
	CU_ASSERT_EQUAL(header.sender_boot, 55);
	CU_ASSERT_EQUAL(header.destination, 0x200);
	CU_ASSERT_EQUAL(header.destination_boot, 77);
	CU_ASSERT_EQUAL(header.sequence, 1);
	CU_ASSERT_TRUE(wl_auth_verify(&auth, &tx.own[WL_RIGHT_CLUSTER][0],
				      fake.sent[0] + WL_FRAME_ENVELOPE_BYTES, size));
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_frames), 1);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_bytes), OVERHEAD + 100);
	end();
}

/* A client is answered under its own key; a node under what nodes send with, or under a newer one that it spoke with. */
static void key_of_a_frame_is_its_receivers_or_the_newer_one(void)
{
	static uint8_t secrets[2][WL_AUTH_SECRET_BYTES] = {{9}, {8}};
	struct wl_tx_to node = {.identity = 0x200}, client = {.identity = WL_IDENTITY_CLIENT | 5};
	struct wl_auth both;

	begin();
	CU_ASSERT_EQUAL_FATAL(wl_auth_init_all(&both, secrets, 2), 0);
	tx.auth = &both;
	wl_tx_derive_key(&tx);
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &node), &tx.own[WL_RIGHT_CLUSTER][0]);
	node.key_id = client.key_id = both.held.id[1];
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &node),
			    &tx.own[WL_RIGHT_CLUSTER][1]); /* it is ahead of us */
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &client), &tx.own[WL_RIGHT_CLUSTER][1]);
	tx.keys = (struct wl_keys){1, both.held.id[0], both.held.id[1], WL_KEYS_SEND, 0};
	node.key_id = client.key_id = both.held.id[0];
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &node),
			    &tx.own[WL_RIGHT_CLUSTER][1]); /* it lags behind, and holds it */
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &client), &tx.own[WL_RIGHT_CLUSTER][0]);
	client.key_id = both.id[WL_RIGHT_READ][0];
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &client), &tx.own[WL_RIGHT_READ][0]);
	client.key_id = both.id[WL_RIGHT_APPEND][1];
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &client), &tx.own[WL_RIGHT_APPEND][1]);
	client.key_id = both.held.id[0];
	client.key_id = 77; /* of a file that is gone */
	CU_ASSERT_PTR_EQUAL(wl_tx_key_for(&tx, &client), &tx.own[WL_RIGHT_CLUSTER][1]);
	wl_auth_fini(&both);
	end();
}

static void sequence_never_repeats_also_over_frames_that_were_dropped(void)
{
	struct wl_frame_header header;

	begin();
	fake.takes = 0;
	send(WL_TX_DATA, 1);
	wl_tx_flush(&tx);
	fake.takes = SENT_MAX;
	send(WL_TX_DATA, 1);
	wl_tx_flush(&tx);
	CU_ASSERT_EQUAL_FATAL(wl_frame_decode_header(fake.sent[0] + WL_FRAME_ENVELOPE_BYTES,
						     WL_FRAME_HEADER_BYTES + 1, &header),
			      WL_FRAME_OK);
	CU_ASSERT_EQUAL(header.sequence, 2);
	end();
}

static void room_is_what_the_mtu_leaves(void)
{
	begin();
	CU_ASSERT_EQUAL(wl_tx_room(&tx, 1), 1500 - 20 - 8 - 72);
	CU_ASSERT_PTR_NOT_NULL(wl_tx_open(&tx, &peer, 31, 3, WL_TX_DATA));
	CU_ASSERT_EQUAL(wl_tx_open_room(&tx), 1400);
	wl_tx_close(&tx, 1400);
	wl_tx_flush(&tx);
	CU_ASSERT_EQUAL(fake.sent_size[0], MTU + WL_ETHER_BYTES);
	/* A buffer smaller than the MTU is the limit then. */
	fake.info[1].mtu = 9000;
	CU_ASSERT_PTR_NOT_NULL(wl_tx_open(&tx, &peer, 31, 3, WL_TX_DATA));
	CU_ASSERT_EQUAL(wl_tx_open_room(&tx), 1400);
	wl_tx_abandon(&tx);
	end();
}

static void payload_larger_than_the_buffer_is_a_mistake_of_the_caller(void)
{
	begin();
	CU_ASSERT_PTR_NOT_NULL(wl_tx_open(&tx, &peer, 31, 3, WL_TX_DATA));
	WL_ASSERT_STOPS(wl_tx_close(&tx, wl_tx_open_room(&tx) + 1));
	wl_tx_abandon(&tx);
	WL_ASSERT_STOPS(wl_tx_abandon(&tx));
	WL_ASSERT_STOPS(wl_tx_open_room(&tx));
	end();
}

static void abandoned_frame_gives_its_buffer_back_and_no_sequence_away(void)
{
	begin();
	CU_ASSERT_PTR_NOT_NULL(wl_tx_open(&tx, &peer, 31, 3, WL_TX_DATA));
	CU_ASSERT_EQUAL(fake.out, 1);
	wl_tx_abandon(&tx);
	CU_ASSERT_EQUAL(fake.out, 0);
	CU_ASSERT_EQUAL(tx.sequence, 0);
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 0);
	end();
}

static void link_that_takes_nothing_costs_its_frames_and_a_count(void)
{
	begin();
	fake.takes = 3;
	for (unsigned frames = 0; frames < 10; frames++)
		send(WL_TX_DATA, 10);
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 10); /* it took them in portions */
	fake.takes = 0;
	for (unsigned frames = 0; frames < 10; frames++)
		send(WL_TX_DATA, 10);
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 0);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_link_full), 10);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_frames), 10);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_bytes), 10 * (OVERHEAD + 10));
	end();
}

static void link_that_takes_nothing_keeps_the_newest_reserved_frames_for_the_next_burst(void)
{
	begin();
	fake.takes = 0;
	for (unsigned frames = 0; frames < WL_TX_RESERVE + 4; frames++) {
		send(WL_TX_DATA, 10);
		send(WL_TX_RESERVED, frames + 1);
	}
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 0);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_link_full), WL_TX_RESERVE + 8);
	CU_ASSERT_EQUAL(fake.out, WL_TX_RESERVE);

	send(WL_TX_DATA, 100);
	fake.takes = SENT_MAX;
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), WL_TX_RESERVE + 1);
	CU_ASSERT_EQUAL(fake.sent_size[0], OVERHEAD + 5);
	CU_ASSERT_EQUAL(fake.sent_size[WL_TX_RESERVE - 1], OVERHEAD + WL_TX_RESERVE + 4);
	CU_ASSERT_EQUAL(fake.sent_size[WL_TX_RESERVE], OVERHEAD + 100);
	end();
}

static void reserved_frame_is_kept_for_a_while_and_not_beyond_a_view(void)
{
	begin();
	fake.takes = 0;
	wl_tx_begin_turn(&tx, 1000);
	send(WL_TX_RESERVED, 1);
	wl_tx_flush(&tx);
	wl_tx_begin_turn(&tx, 1000 + WL_TX_KEEP_NS);
	wl_tx_flush(&tx);
	CU_ASSERT_EQUAL(fake.out, 1);
	wl_tx_begin_turn(&tx, 1001 + WL_TX_KEEP_NS);
	CU_ASSERT_EQUAL(fake.out, 0);
	send(WL_TX_RESERVED, 1);
	wl_tx_flush(&tx);
	CU_ASSERT_EQUAL(fake.out, 1);
	wl_tx_forget(&tx);
	CU_ASSERT_EQUAL(fake.out, 0);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_link_full), 2);
	end();
}

static void reserved_frame_takes_the_buffer_of_the_newest_data_frame(void)
{
	begin();
	fake.buffers = 3;
	CU_ASSERT_TRUE(send(WL_TX_DATA, 1));
	CU_ASSERT_TRUE(send(WL_TX_DATA, 2));
	CU_ASSERT_TRUE(send(WL_TX_RESERVED, 3));
	CU_ASSERT_FALSE(send(WL_TX_DATA, 4));
	CU_ASSERT_TRUE(send(WL_TX_RESERVED, 5));
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 3);
	CU_ASSERT_EQUAL(fake.sent_size[0], OVERHEAD + 1);
	CU_ASSERT_EQUAL(fake.sent_size[1], OVERHEAD + 3);
	CU_ASSERT_EQUAL(fake.sent_size[2], OVERHEAD + 5);
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_no_buffer), 1);
	end();
}

static void full_queue_leaves_at_once_and_the_last_places_are_for_reserved_frames(void)
{
	begin();
	for (unsigned frames = 0; frames < WL_TX_QUEUE - WL_TX_RESERVE; frames++)
		send(WL_TX_DATA, 1);
	CU_ASSERT_EQUAL(fake.bursts, 0);
	for (unsigned frames = 0; frames < WL_TX_RESERVE; frames++)
		send(WL_TX_RESERVED, 1);
	CU_ASSERT_EQUAL(fake.bursts, 0);
	send(WL_TX_DATA, 1);
	CU_ASSERT_EQUAL(fake.bursts, 1);
	CU_ASSERT_EQUAL(fake.sent_count, WL_TX_QUEUE);
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 1);
	end();
}

static void frame_without_a_buffer_or_a_link_is_counted_and_not_opened(void)
{
	struct wl_tx_to nowhere = peer, nobody = peer;

	begin();
	nowhere.address.link = 2;
	nobody.identity = 0;
	CU_ASSERT_PTR_NULL(wl_tx_open(&tx, &nowhere, 31, 3, WL_TX_DATA));
	CU_ASSERT_PTR_NULL(wl_tx_open(&tx, &nobody, 31, 3, WL_TX_DATA));
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_no_address), 2);
	fake.buffers = 0;
	CU_ASSERT_PTR_NULL(wl_tx_open(&tx, &peer, 31, 3, WL_TX_DATA));
	CU_ASSERT_EQUAL(wl_count_get(&counters, WL_COUNTER_tx_no_buffer), 1);
	CU_ASSERT_FALSE(tx.is_open);
	end();
}

static void raw_frame_of_the_slow_path_leaves_as_it_is(void)
{
	static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6};
	static const uint8_t giant[MTU + WL_ETHER_BYTES + 1];

	begin();
	CU_ASSERT_TRUE(wl_tx_raw(&tx, 0, arp, sizeof(arp)));
	CU_ASSERT_FALSE(wl_tx_raw(&tx, 2, arp, sizeof(arp)));
	CU_ASSERT_FALSE(wl_tx_raw(&tx, 0, giant, sizeof(giant)));
	CU_ASSERT_EQUAL(wl_tx_flush(&tx), 1);
	CU_ASSERT_EQUAL(fake.sent_size[0], sizeof(arp));
	CU_ASSERT_EQUAL(memcmp(fake.sent[0], arp, sizeof(arp)), 0);
	CU_ASSERT_EQUAL(tx.sequence, 0);
	end();
}

WL_SUITE(tx)
{
	WL_TEST(frame_leaves_whole_and_authentic),
	WL_TEST(key_of_a_frame_is_its_receivers_or_the_newer_one),
	WL_TEST(sequence_never_repeats_also_over_frames_that_were_dropped),
	WL_TEST(room_is_what_the_mtu_leaves),
	WL_TEST(payload_larger_than_the_buffer_is_a_mistake_of_the_caller),
	WL_TEST(abandoned_frame_gives_its_buffer_back_and_no_sequence_away),
	WL_TEST(link_that_takes_nothing_costs_its_frames_and_a_count),
	WL_TEST(link_that_takes_nothing_keeps_the_newest_reserved_frames_for_the_next_burst),
	WL_TEST(reserved_frame_is_kept_for_a_while_and_not_beyond_a_view),
	WL_TEST(reserved_frame_takes_the_buffer_of_the_newest_data_frame),
	WL_TEST(full_queue_leaves_at_once_and_the_last_places_are_for_reserved_frames),
	WL_TEST(frame_without_a_buffer_or_a_link_is_counted_and_not_opened),
	WL_TEST(raw_frame_of_the_slow_path_leaves_as_it_is),
};
