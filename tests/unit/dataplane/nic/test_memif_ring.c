/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both ends of both rings over one piece of memory; and one end of ours with a hand that writes into that memory what
 * no honest end would.
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/nic/memif_message.h"
#include "dataplane/nic/memif_ring.h"
#include "tests/unit/runner.h"

#define LOG2 3u
#define SLOTS (1u << LOG2)
#define BUFFER_BYTES 64u
#define RING_BYTES (WL_MEMIF_RING_HEADER_BYTES + (WL_MEMIF_DESCRIPTOR_BYTES << LOG2))
#define REGION_BYTES (2 * RING_BYTES + 2 * SLOTS * BUFFER_BYTES)

static struct {
	uint8_t region[REGION_BYTES];
	uint8_t beyond[256];
} memory __attribute__((aligned(64)));
static struct wl_memif_ring client_tx, client_rx, server_rx, server_tx;
static struct wl_memif_place places[2 * SLOTS];
/* The two rings, as each end sees them. */
static const struct wl_memif_ring_shape sent = {0, BUFFER_BYTES, LOG2, true};
static const struct wl_memif_ring_shape taken = {0, BUFFER_BYTES, LOG2, false};
static const struct wl_memif_ring_shape answered = {RING_BYTES, BUFFER_BYTES, LOG2, true};
static const struct wl_memif_ring_shape heard = {RING_BYTES, BUFFER_BYTES, LOG2, false};

static void connect_ends(void)
{
	memset(&memory, 0, sizeof(memory));
	wl_memif_ring_make(&client_tx, memory.region, REGION_BYTES, &sent, 2 * RING_BYTES);
	wl_memif_ring_make(&client_rx, memory.region, REGION_BYTES, &heard,
			   2 * RING_BYTES + SLOTS * BUFFER_BYTES);
	CU_ASSERT_TRUE(wl_memif_ring_open(&server_rx, memory.region, REGION_BYTES, &taken));
	CU_ASSERT_TRUE(wl_memif_ring_open(&server_tx, memory.region, REGION_BYTES, &answered));
	wl_memif_ring_start(&client_rx);
	wl_memif_ring_start(&client_tx);
}

static unsigned send_numbers(struct wl_memif_ring *ring, uint8_t first, unsigned count)
{
	unsigned room = wl_memif_ring_take(ring, places, count);

	for (unsigned at = 0; at < room; at++) {
		uint8_t frame[BUFFER_BYTES];

		memset(frame, (int)(first + at), sizeof(frame));
		CU_ASSERT_TRUE(
			wl_memif_ring_fill(ring, &places[at], frame, 14 + (first + at) % 50));
	}
	wl_memif_ring_publish(ring);
	return room;
}

static unsigned receive_numbers(struct wl_memif_ring *ring, uint8_t first, unsigned max)
{
	unsigned count = wl_memif_ring_take(ring, places, max);

	for (unsigned at = 0; at < count; at++) {
		CU_ASSERT_EQUAL(places[at].size, 14 + (first + at) % 50);
		CU_ASSERT_EQUAL(places[at].bytes[0], (uint8_t)(first + at));
		CU_ASSERT_EQUAL(places[at].bytes[places[at].size - 1], (uint8_t)(first + at));
	}
	wl_memif_ring_publish(ring);
	return count;
}

static void check_round_trips(struct wl_memif_ring *from, struct wl_memif_ring *to)
{
	uint8_t number = 0;

	/* Far beyond 65,536, where the indexes come round. Numbers begin anew before a byte does. */
	for (unsigned round = 0; round < 30000; round++) {
		unsigned count = round % 7;

		CU_ASSERT_EQUAL(send_numbers(from, number, count), count);
		CU_ASSERT_EQUAL(receive_numbers(to, number, SLOTS), count);
		number = (uint8_t)(number < 200 ? number + count : 0);
	}
	CU_ASSERT_FALSE(from->broken || to->broken);
}

static void frames_reach_the_server(void)
{
	connect_ends();
	check_round_trips(&client_tx, &server_rx);
}

static void frames_reach_the_client(void)
{
	connect_ends();
	check_round_trips(&server_tx, &client_rx);
}

static void a_full_ring_takes_no_more(void)
{
	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 2 * SLOTS), SLOTS);
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 1), 0);
	CU_ASSERT_EQUAL(send_numbers(&server_tx, 0, 2 * SLOTS), SLOTS);
	CU_ASSERT_EQUAL(send_numbers(&server_tx, 0, 1), 0);

	CU_ASSERT_EQUAL(receive_numbers(&server_rx, 0, 3), 3);
	CU_ASSERT_EQUAL(receive_numbers(&client_rx, 0, 3), 3);

	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 2 * SLOTS), 3);
	CU_ASSERT_EQUAL(send_numbers(&server_tx, 0, 2 * SLOTS), 3);
}

static void a_client_that_was_not_taken_gives_no_room(void)
{
	memset(&memory, 0, sizeof(memory));
	wl_memif_ring_make(&client_rx, memory.region, REGION_BYTES, &heard, 2 * RING_BYTES);
	CU_ASSERT_TRUE(wl_memif_ring_open(&server_tx, memory.region, REGION_BYTES, &answered));
	CU_ASSERT_EQUAL(wl_memif_ring_ready(&server_tx), 0);

	wl_memif_ring_start(&client_rx);
	CU_ASSERT_EQUAL(wl_memif_ring_ready(&server_tx), SLOTS);
}

static void a_ring_without_its_cookie_is_none(void)
{
	connect_ends();
	memory.region[0] ^= 1;
	CU_ASSERT_FALSE(wl_memif_ring_open(&server_rx, memory.region, REGION_BYTES, &taken));
}

static void a_wild_index_breaks_the_ring_of_either_end(void)
{
	struct {
		struct wl_memif_ring *ring;
		uint32_t index;
	} cases[] = {
		{&server_rx, 6},
		{&server_tx, RING_BYTES + 6},
		{&client_tx, 64},
		{&client_rx, RING_BYTES + 64},
	};

	for (unsigned at = 0; at < 4; at++) {
		struct wl_memif_ring *ring = cases[at].ring;
		uint8_t *index = memory.region + cases[at].index;
		uint16_t honest;

		connect_ends();
		honest = wl_load_u16(index);
		wl_store_u16(index, (uint16_t)(honest + 2 * SLOTS + 1));
		CU_ASSERT_EQUAL(wl_memif_ring_take(ring, places, SLOTS), 0);
		CU_ASSERT_TRUE(ring->broken);
		/* It stays broken, also when the lie is taken back. */
		wl_store_u16(index, honest);
		CU_ASSERT_EQUAL(wl_memif_ring_take(ring, places, SLOTS), 0);
	}
}

static void put_descriptor(uint32_t ring, uint16_t flags, uint16_t region, uint32_t length,
			   uint32_t offset)
{
	uint8_t *descriptor = memory.region + ring + WL_MEMIF_RING_HEADER_BYTES;

	wl_store_u16(descriptor, flags);
	wl_store_u16(descriptor + 2, region);
	wl_store_u32(descriptor + 4, length);
	wl_store_u32(descriptor + 8, offset);
}

static void a_descriptor_that_leaves_the_region_breaks_the_servers_rings(void)
{
	static const struct {
		uint16_t region;
		uint32_t length, offset;
	} cases[] = {
		{1, 14, 0},	    {0, 14, REGION_BYTES - 13}, {0, 14, REGION_BYTES},
		{0, UINT32_MAX, 0}, {0, 14, UINT32_MAX},	{0, UINT32_MAX, UINT32_MAX},
	};

	for (unsigned at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		connect_ends();
		CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 1), 1);
		put_descriptor(0, 0, cases[at].region, cases[at].length, cases[at].offset);
		CU_ASSERT_EQUAL(wl_memif_ring_take(&server_rx, places, SLOTS), 0);
		CU_ASSERT_TRUE(server_rx.broken);

		put_descriptor(RING_BYTES, 0, cases[at].region, cases[at].length, cases[at].offset);
		CU_ASSERT_EQUAL(wl_memif_ring_take(&server_tx, places, SLOTS), 0);
		CU_ASSERT_TRUE(server_tx.broken);
	}
}

static void the_last_byte_of_the_region_is_in_it(void)
{
	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 1), 1);
	put_descriptor(0, 0, 0, 14, REGION_BYTES - 14);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_rx, places, SLOTS), 1);
	CU_ASSERT_PTR_EQUAL(places[0].bytes, memory.region + REGION_BYTES - 14);
	CU_ASSERT_EQUAL(places[0].size, 14);
}

/* A server that lies about places hits nothing: the client knows its own buffers. */
static void a_client_reads_and_writes_its_own_buffers_only(void)
{
	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&server_tx, 7, 1), 1);
	put_descriptor(RING_BYTES, 0, 9, 14 + 7, UINT32_MAX - 100);
	CU_ASSERT_EQUAL(receive_numbers(&client_rx, 7, 1), 1);
	put_descriptor(0, 0, 9, 64, UINT32_MAX - 100);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&client_tx, places, 1), 1);
	CU_ASSERT_PTR_EQUAL(places[0].bytes, memory.region + 2 * RING_BYTES);

	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&server_tx, 7, 1), 1);
	put_descriptor(RING_BYTES, 0, 0, BUFFER_BYTES + 1, 0);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&client_rx, places, 1), 0);
	CU_ASSERT_TRUE(client_rx.broken);
}

static void room_that_is_too_small_breaks_the_ring_and_nothing_is_written(void)
{
	uint8_t frame[BUFFER_BYTES];

	memset(frame, 0xee, sizeof(frame));
	connect_ends();
	put_descriptor(RING_BYTES, 0, 0, 20, REGION_BYTES - 20);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_tx, places, 1), 1);
	CU_ASSERT_FALSE(wl_memif_ring_fill(&server_tx, &places[0], frame, 21));
	CU_ASSERT_TRUE(server_tx.broken);
	CU_ASSERT_EQUAL(memory.region[REGION_BYTES - 20], 0);
	CU_ASSERT_EQUAL(memory.beyond[0], 0);
}

static void what_was_checked_is_not_read_again(void)
{
	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 3, 1), 1);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_rx, places, 1), 1);
	put_descriptor(0, 0, 5, UINT32_MAX, UINT32_MAX);
	CU_ASSERT_EQUAL(places[0].size, 14 + 3);
	CU_ASSERT_PTR_EQUAL(places[0].bytes, memory.region + 2 * RING_BYTES);

	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_tx, places, 1), 1);
	put_descriptor(RING_BYTES, 0, 5, 0, UINT32_MAX);
	CU_ASSERT_TRUE(wl_memif_ring_fill(&server_tx, &places[0], memory.beyond, BUFFER_BYTES));
	CU_ASSERT_FALSE(server_tx.broken);
}

static void frames_in_pieces_and_too_long_ones_are_left_out(void)
{
	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 4), 4);
	put_descriptor(0, 1, 0, 20, 2 * RING_BYTES);
	/* The piece's end comes in another burst. */
	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_rx, places, 1), 1);
	CU_ASSERT_EQUAL(places[0].size, 0);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_rx, places, 8), 3);
	CU_ASSERT_EQUAL(places[0].size, 0);
	CU_ASSERT_EQUAL(places[1].size, 16);
	CU_ASSERT_EQUAL(places[2].size, 17);

	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 2), 2);
	put_descriptor(0, 0, 0, BUFFER_BYTES + 1, 2 * RING_BYTES);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&server_rx, places, 8), 2);
	CU_ASSERT_EQUAL(places[0].size, 0);
	CU_ASSERT_EQUAL(places[1].size, 15);
	CU_ASSERT_FALSE(server_rx.broken);
}

static void a_broken_ring_tells_the_other_end_nothing_more(void)
{
	connect_ends();
	CU_ASSERT_EQUAL(send_numbers(&client_tx, 0, 2), 2);
	CU_ASSERT_EQUAL(receive_numbers(&server_rx, 0, 1), 1);
	server_rx.broken = true;
	server_rx.next++;
	wl_memif_ring_publish(&server_rx);
	CU_ASSERT_EQUAL(wl_load_u16(memory.region + 64), 1);
}

static void a_ring_that_is_not_connected_has_nothing(void)
{
	struct wl_memif_ring none = {0};

	CU_ASSERT_EQUAL(wl_memif_ring_ready(&none), 0);
	CU_ASSERT_EQUAL(wl_memif_ring_take(&none, places, 8), 0);
}

WL_SUITE(memif_ring)
{
	WL_TEST(frames_reach_the_server),
	WL_TEST(frames_reach_the_client),
	WL_TEST(a_full_ring_takes_no_more),
	WL_TEST(a_client_that_was_not_taken_gives_no_room),
	WL_TEST(a_ring_without_its_cookie_is_none),
	WL_TEST(a_wild_index_breaks_the_ring_of_either_end),
	WL_TEST(a_descriptor_that_leaves_the_region_breaks_the_servers_rings),
	WL_TEST(the_last_byte_of_the_region_is_in_it),
	WL_TEST(a_client_reads_and_writes_its_own_buffers_only),
	WL_TEST(room_that_is_too_small_breaks_the_ring_and_nothing_is_written),
	WL_TEST(what_was_checked_is_not_read_again),
	WL_TEST(frames_in_pieces_and_too_long_ones_are_left_out),
	WL_TEST(a_broken_ring_tells_the_other_end_nothing_more),
	WL_TEST(a_ring_that_is_not_connected_has_nothing),
};
