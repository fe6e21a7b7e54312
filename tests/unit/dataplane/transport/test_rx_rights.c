/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients' keys: what is taken of who has one, whatever it says, and for whom (base/keys.h, wire/messages.h). */
#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/transport/rx_fixture.h"

static uint8_t secrets[2][WL_AUTH_SECRET_BYTES] = {"sixteen bytes .", "the next secret"};
static struct wl_auth both;

static void begin_with_both(enum wl_keys_stage stage)
{
	begin();
	CU_ASSERT_EQUAL_FATAL(wl_auth_init_all(&both, secrets, 2), 0);
	rx.auth = &both;
	if (stage != WL_KEYS_NONE)
		rx.keys = (struct wl_keys){7, both.held.id[0], both.held.id[1], stage, 0};
}

static void end_with_both(void)
{
	wl_auth_fini(&both);
	end();
}

/* `header`, by who has what was given of a secret, and no more: it makes its keys of that. */
static enum wl_frame_verdict accept_given(enum wl_right right, unsigned at)
{
	uint8_t *datagram = bytes + WL_FRAME_ENVELOPE_BYTES;
	uint8_t given[WL_AUTH_SECRET_BYTES];
	struct wl_auth theirs;
	struct wl_auth_key key;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(wl_auth_give(secrets[at], right, given), 0);
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&theirs, given), 0);
	make_frame();
	size = frame.size - WL_FRAME_ENVELOPE_BYTES;
	wl_auth_derive(&theirs, header.sender, header.sender_boot, &key);
	wl_auth_seal(&theirs, &key, datagram, size);
	wl_auth_fini(&theirs);
	close_again(size);
	return accept_frame();
}

/* A client that said the challenge has a place. */
static void meet_client(enum wl_right right)
{
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	header.type = WL_WIRE_KEEPALIVE;
	CU_ASSERT_EQUAL(accept_given(right, 0), WL_FRAME_OK);
	header.sequence++;
}

static bool is_enough(enum wl_right right, uint8_t type)
{
	switch (type) {
	case WL_WIRE_OPEN_SESSION:
	case WL_WIRE_CLIENT_APPEND:
	case WL_WIRE_OUTCOME_ASK:
		return right >= WL_RIGHT_APPEND;
	default:
		return true;
	}
}

static void each_message_needs_its_right(void)
{
	for (unsigned right = 0; right < WL_RIGHTS; right++) {
		for (unsigned type = 0; type < 256; type++) {
			enum wl_frame_verdict wanted = WL_FRAME_OK;

			begin_with_both(WL_KEYS_NONE);
			meet_client((enum wl_right)right);
			header.type = (uint8_t)type;
			header.destination_boot = type == WL_WIRE_HELLO ? 0 : OUR_BOOT;
			if (!wl_wire_may_say(WL_WIRE_CLIENT, WL_WIRE_NODE, (uint8_t)type))
				wanted = WL_FRAME_UNKNOWN_TYPE;
			else if (!is_enough((enum wl_right)right, (uint8_t)type))
				wanted = WL_FRAME_NOT_PERMITTED;
			CU_ASSERT_EQUAL(accept_given((enum wl_right)right, 0), wanted);
			CU_ASSERT_EQUAL(dropped(wanted), wanted != WL_FRAME_OK);
			end_with_both();
		}
	}
}

/* Not even looked at: what it names is no key of a node. */
static void nobody_is_a_node_by_a_clients_key(void)
{
	for (unsigned right = 0; right < WL_RIGHT_CLUSTER; right++) {
		for (unsigned type = 0; type < 256; type++) {
			begin_with_both(WL_KEYS_NONE);
			header.type = (uint8_t)type;
			header.destination_boot = type == WL_WIRE_HELLO ? 0 : OUR_BOOT;
			CU_ASSERT_EQUAL(accept_given((enum wl_right)right, 0),
					WL_FRAME_NOT_PERMITTED);
			CU_ASSERT_EQUAL(counters.count[WL_COUNTER_tags_checked], 0);
			CU_ASSERT_EQUAL(rx.peers[2].boot_id, 0);
			end_with_both();
		}
	}
	begin_with_both(WL_KEYS_NONE); /* by the cluster's it is one */
	CU_ASSERT_EQUAL(accept_new(), WL_FRAME_OK);
	end_with_both();
}

/* Neither less nor more: a reader could say goodbye for an application, one that appends read for an operator. */
static void place_of_a_client_is_for_the_right_that_it_came_with(void)
{
	for (unsigned mine = 0; mine < WL_RIGHTS; mine++) {
		for (unsigned other = 0; other < WL_RIGHTS; other++) {
			begin_with_both(WL_KEYS_NONE);
			meet_client((enum wl_right)mine);
			header.type = WL_WIRE_GOODBYE;
			CU_ASSERT_EQUAL(accept_given((enum wl_right)other, 0),
					mine == other ? WL_FRAME_OK : WL_FRAME_NOT_PERMITTED);
			CU_ASSERT_EQUAL(clients[0].key.id, both.id[mine][0]);
			end_with_both();
		}
	}
}

static void what_follows_from_a_secret_changes_with_it(void)
{
	begin_with_both(WL_KEYS_SEND);
	meet_client(WL_RIGHT_READ);
	header.type = WL_WIRE_CREDIT;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_READ, 1), WL_FRAME_OK);
	header.sequence++;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_READ, 0), WL_FRAME_REPLAYED);
	CU_ASSERT_EQUAL(clients[0].key.id, both.id[WL_RIGHT_READ][1]);
	rx.keys.stage = WL_KEYS_REFUSE;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_READ, 0), WL_FRAME_OTHER_KEY);
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_READ, 1), WL_FRAME_OK);
	header.sequence++;
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	header.sender_boot = CLIENT_BOOT + 1;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_READ, 0), WL_FRAME_OK);
	CU_ASSERT_TRUE(message.key_refused);
	CU_ASSERT_EQUAL(message.hello_key, both.id[WL_RIGHT_READ][0]);
	end_with_both();
}

/* Its window would be pushed beyond all that it says itself. */
static void who_asks_under_a_refused_key_moves_nobodys_window(void)
{
	begin_with_both(WL_KEYS_SEND);
	header.sender = CLIENT;
	header.sender_boot = CLIENT_BOOT;
	header.type = WL_WIRE_KEEPALIVE;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_APPEND, 1), WL_FRAME_OK);
	rx.keys.stage = WL_KEYS_REFUSE;
	header.type = WL_WIRE_HELLO;
	header.destination_boot = 0;
	header.sequence = 100000;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_READ, 0), WL_FRAME_OK);
	CU_ASSERT_TRUE(message.key_refused);
	header.type = WL_WIRE_CLIENT_APPEND;
	header.destination_boot = OUR_BOOT;
	header.sequence = 2;
	CU_ASSERT_EQUAL(accept_given(WL_RIGHT_APPEND, 1), WL_FRAME_OK);
	end_with_both();
}

WL_SUITE(rx_rights)
{
	WL_TEST(who_asks_under_a_refused_key_moves_nobodys_window),
	WL_TEST(each_message_needs_its_right),
	WL_TEST(nobody_is_a_node_by_a_clients_key),
	WL_TEST(place_of_a_client_is_for_the_right_that_it_came_with),
	WL_TEST(what_follows_from_a_secret_changes_with_it),
};
