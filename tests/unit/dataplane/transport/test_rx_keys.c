/* SPDX-License-Identifier: BSD-3-Clause */
/* One key takes the place of another: what is believed of frames meanwhile, and afterwards (base/keys.h). */
#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/transport/rx_fixture.h"

static uint8_t secrets[2][WL_AUTH_SECRET_BYTES] = {"sixteen bytes .", "the next secret"};
static struct wl_auth both;

/* rx holds both; `auth` seals with the first one, as senders do that have not heard of the other. */
static void begin_with_both(enum wl_keys_stage stage)
{
	begin();
	CU_ASSERT_EQUAL_FATAL(wl_auth_init_all(&both, secrets, 2), 0);
	rx.auth = &both;
	rx.keys = (struct wl_keys){.index = 7,
				   .before = both.held.id[0],
				   .now = both.held.id[1],
				   .stage = stage};
}

static void end_with_both(void)
{
	wl_auth_fini(&both);
	end();
}

/* `header` again, under the other key. */
static enum wl_frame_verdict accept_under(unsigned which)
{
	uint8_t *datagram = bytes + WL_FRAME_ENVELOPE_BYTES;
	size_t size;
	struct wl_auth_key key;

	make_frame();
	size = frame.size - WL_FRAME_ENVELOPE_BYTES;
	wl_auth_derive_of(&both, both.held.id[which], header.sender, header.sender_boot, &key);
	wl_auth_seal(&both, &key, datagram, size);
	close_again(size);
	return accept_frame();
}

static void both_are_taken_and_whoever_speaks_with_the_newer_keeps_to_it(void)
{
	begin_with_both(WL_KEYS_SEND);
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	CU_ASSERT_EQUAL(rx.peers[2].key.id, both.held.id[0]);
	header.sequence++;
	CU_ASSERT_EQUAL(accept_under(1), WL_FRAME_OK);
	CU_ASSERT_EQUAL(rx.peers[2].key.id, both.held.id[1]);
	header.sequence++;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_REPLAYED);
	CU_ASSERT_EQUAL(accept_under(1), WL_FRAME_OK);
	end_with_both();
}

static void frame_that_was_taken_is_not_taken_again_under_the_other_key(void)
{
	begin_with_both(WL_KEYS_SEND);
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OK);
	CU_ASSERT_EQUAL(accept_under(1), WL_FRAME_REPLAYED);
	CU_ASSERT_EQUAL(rx.peers[2].key.id, both.held.id[0]);
	end_with_both();
}

static void the_old_one_is_refused_by_its_id_alone(void)
{
	begin_with_both(WL_KEYS_SEND);
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OK);
	rx.keys.stage = WL_KEYS_REFUSE;
	header.sequence++;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OTHER_KEY);
	CU_ASSERT_EQUAL(counters.count[WL_COUNTER_tags_checked], 1);
	CU_ASSERT_EQUAL(dropped(WL_FRAME_OTHER_KEY), 1);
	CU_ASSERT_EQUAL(rx.claims.refused[2].why, WL_FRAME_OTHER_KEY);
	CU_ASSERT_EQUAL(rx.claims.refused[2].key_id, both.held.id[0]);
	CU_ASSERT_EQUAL(accept_under(1), WL_FRAME_OK);
	end_with_both();
}

/* Recorded under the old one, played behind the change: whatever boot it names. */
static void nothing_of_before_comes_back_behind_the_change(void)
{
	begin_with_both(WL_KEYS_SEND);
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OK);
	rx.keys.stage = WL_KEYS_REFUSE;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OTHER_KEY);
	header.sender_boot += (uint64_t)1 << 32;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OTHER_KEY);
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OTHER_KEY);
	end_with_both();
}

static void flood_that_names_the_other_key_has_a_strangers_share(void)
{
	begin_with_both(WL_KEYS_SEND);
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OK);
	header.sequence++;
	make_frame();
	wl_store_u32(bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_KEY_OFFSET, both.held.id[1]);
	close_again(frame.size - WL_FRAME_ENVELOPE_BYTES);
	wl_rx_begin_turn(&rx);
	for (unsigned at = 0; at < WL_STRANGERS_OF_NODE; at++)
		CU_ASSERT_EQUAL(accept_in_turn(), WL_FRAME_FORGED);
	CU_ASSERT_EQUAL(accept_in_turn(), WL_FRAME_CROWDED);
	CU_ASSERT_EQUAL(rx.peers[2].key.id, both.held.id[0]);
	end_with_both();
}

static void client_that_asks_under_the_refused_one_is_told_and_nobody_else(void)
{
	begin_with_both(WL_KEYS_REFUSE);
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OK);
	CU_ASSERT_TRUE(message.key_refused);
	CU_ASSERT_EQUAL(message.hello_key, both.held.id[0]);
	header.sequence++;
	CU_ASSERT_EQUAL(accept_under(1), WL_FRAME_OK);
	CU_ASSERT_FALSE(message.key_refused);
	header.type = WL_WIRE_KEEPALIVE;
	header.destination_boot = OUR_BOOT;
	header.sequence++;
	CU_ASSERT_EQUAL(accept_under(0), WL_FRAME_OTHER_KEY);
	end_with_both();
}

WL_SUITE(rx_keys)
{
	WL_TEST(both_are_taken_and_whoever_speaks_with_the_newer_keeps_to_it),
	WL_TEST(frame_that_was_taken_is_not_taken_again_under_the_other_key),
	WL_TEST(the_old_one_is_refused_by_its_id_alone),
	WL_TEST(nothing_of_before_comes_back_behind_the_change),
	WL_TEST(flood_that_names_the_other_key_has_a_strangers_share),
	WL_TEST(client_that_asks_under_the_refused_one_is_told_and_nobody_else),
};
