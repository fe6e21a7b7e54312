/* SPDX-License-Identifier: BSD-3-Clause */
/* Steering in software without frames of any device: handles are numbers. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/nic/steer.h"
#include "dataplane/wire/frame.h"
#include "tests/unit/runner.h"

#define UDP_PORT 7700u
#define WORKERS 3u
#define ROOM 128u

static struct wl_steer *steer;

static void begin(uint32_t owner)
{
	if (!steer)
		steer = aligned_alloc(_Alignof(struct wl_steer), sizeof(*steer));
	CU_ASSERT_PTR_NOT_NULL_FATAL(steer);
	wl_steer_init(steer, owner, WORKERS, UDP_PORT);
}

static uint64_t of(const _Atomic uint64_t *counter)
{
	return atomic_load(counter);
}

static void *handle(uintptr_t number)
{
	return (void *)number;
}

/* A whole frame to that UDP port. Returns its bytes. */
static size_t make_frame(uint8_t frame[ROOM], uint16_t udp_port)
{
	struct wl_address from = {.ipv4 = 0x0a000001, .udp_port = 9};
	struct wl_address to = {.ipv4 = 0x0a000002, .udp_port = udp_port};

	memset(frame, 0, ROOM);
	wl_frame_close_envelope(frame, &from, &to, 16);
	return WL_FRAME_ENVELOPE_BYTES + 16;
}

static void a_frame_goes_to_the_worker_of_its_port(void)
{
	uint8_t frame[ROOM];

	begin(1);
	for (uint16_t worker = 0; worker < WORKERS; worker++) {
		size_t bytes = make_frame(frame, (uint16_t)(UDP_PORT + worker));

		CU_ASSERT_EQUAL(wl_steer_sort(steer, frame, bytes), worker);
	}
	CU_ASSERT_EQUAL(of(&steer->counters.strange), 0);
}

static void udp_to_a_port_of_no_worker_is_counted_and_the_owner_s(void)
{
	static const uint16_t ports[] = {0, UDP_PORT - 1, UDP_PORT + WORKERS, UINT16_MAX};
	uint8_t frame[ROOM];

	begin(1);
	for (unsigned at = 0; at < 4; at++) {
		size_t bytes = make_frame(frame, ports[at]);

		CU_ASSERT_EQUAL(wl_steer_sort(steer, frame, bytes), 1);
		CU_ASSERT_EQUAL(of(&steer->counters.strange), at + 1);
	}
}

/* What has no UDP port to be believed is the owner's: it answers ARP and ICMP, and drops and counts the rest. */
static void what_is_no_plain_udp_is_the_owner_s(void)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{12, 0x81}, /* a VLAN tag */
		{13, 0x06}, /* ARP */
		{14, 0x46}, /* with IPv4 options */
		{14, 0x60}, /* IPv6 */
		{23, 1}, /* ICMP */
		{20, 0x20}, /* the first of several fragments */
		{21, 0x10}, /* a later one */
	};
	uint8_t frame[ROOM];

	begin(0);
	for (size_t at = 0; at < sizeof(changes) / sizeof(changes[0]); at++) {
		size_t bytes = make_frame(frame, UDP_PORT + 2);

		frame[changes[at].at] = changes[at].value;
		CU_ASSERT_EQUAL(wl_steer_sort(steer, frame, bytes), 0);
	}
	/* Not all of the headers. */
	make_frame(frame, UDP_PORT + 2);
	for (size_t bytes = 0; bytes < WL_FRAME_ENVELOPE_BYTES; bytes++) {
		uint8_t *cut = malloc(bytes + 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
		memcpy(cut, frame, bytes);
		CU_ASSERT_EQUAL(wl_steer_sort(steer, cut, bytes), 0);
		free(cut);
	}
	CU_ASSERT_EQUAL(of(&steer->counters.strange), 0);
}

static void frames_are_taken_in_order_by_the_worker_they_are_for(void)
{
	void *taken[64];
	uintptr_t next[WORKERS] = {0};

	begin(0);
	for (unsigned round = 0; round < 200; round++) {
		for (uintptr_t number = 1; number <= 30; number++)
			for (uint32_t worker = 1; worker < WORKERS; worker++)
				CU_ASSERT_TRUE(wl_steer_give(
					steer, worker,
					handle((round * 30 + number) * WORKERS + worker)));
		for (uint32_t worker = 1; worker < WORKERS; worker++) {
			unsigned count = wl_steer_take(steer, worker, taken, 64);

			CU_ASSERT_EQUAL(count, 30);
			for (unsigned at = 0; at < count; at++)
				CU_ASSERT_EQUAL((uintptr_t)taken[at],
						++next[worker] * WORKERS + worker);
		}
	}
	CU_ASSERT_EQUAL(of(&steer->counters.over), 200 * 30 * (WORKERS - 1));
	CU_ASSERT_EQUAL(of(&steer->counters.dropped), 0);
}

static void a_full_ring_refuses_and_counts_and_keeps_what_it_has(void)
{
	void *taken[WL_STEER_SLOTS + 8];

	begin(0);
	for (uintptr_t number = 1; number <= WL_STEER_SLOTS + 5; number++)
		CU_ASSERT_EQUAL(wl_steer_give(steer, 1, handle(number)), number <= WL_STEER_SLOTS);
	CU_ASSERT_EQUAL(of(&steer->counters.over), WL_STEER_SLOTS);
	CU_ASSERT_EQUAL(of(&steer->counters.dropped), 5);
	/* It is that worker's alone. */
	CU_ASSERT_TRUE(wl_steer_give(steer, 2, handle(7)));
	CU_ASSERT_EQUAL(wl_steer_take(steer, 1, taken, WL_STEER_SLOTS + 8), WL_STEER_SLOTS);
	CU_ASSERT_EQUAL((uintptr_t)taken[0], 1);
	CU_ASSERT_EQUAL((uintptr_t)taken[WL_STEER_SLOTS - 1], WL_STEER_SLOTS);
	CU_ASSERT_TRUE(wl_steer_give(steer, 1, handle(8)));
}

static void what_others_send_is_collected_from_all_in_turn(void)
{
	void *mine[WL_STEER_SLOTS + 3], *collected[8];
	unsigned from[WORKERS] = {0};

	begin(0);
	for (uintptr_t at = 0; at < WL_STEER_SLOTS + 3; at++)
		mine[at] = handle(at + 1);
	/* What it has no place for stays with who sends. */
	CU_ASSERT_EQUAL(wl_steer_send(steer, 1, mine, WL_STEER_SLOTS + 3), WL_STEER_SLOTS);
	mine[0] = handle(99999);
	CU_ASSERT_EQUAL(wl_steer_send(steer, 2, mine, 1), 1);
	for (unsigned round = 0; round < WORKERS; round++) {
		unsigned count = wl_steer_collect(steer, collected, 8);

		for (unsigned at = 0; at < count; at++)
			from[(uintptr_t)collected[at] == 99999 ? 2 : 1]++;
	}
	/* Who has little to send does not wait for who has much. */
	CU_ASSERT_EQUAL(from[2], 1);
	CU_ASSERT_EQUAL(from[1], 23);
	CU_ASSERT_EQUAL(of(&steer->counters.back), 24);
}

static void nothing_is_left_behind_a_drain(void)
{
	void *handles[4];
	unsigned drained = 0, count;

	begin(2);
	for (uintptr_t number = 1; number <= 5; number++) {
		handles[0] = handle(number);
		CU_ASSERT_TRUE(wl_steer_give(steer, 0, handle(number)));
		CU_ASSERT_EQUAL(wl_steer_send(steer, 1, handles, 1), 1);
	}
	while ((count = wl_steer_drain(steer, handles, 4)) != 0)
		drained += count;
	CU_ASSERT_EQUAL(drained, 10);
	CU_ASSERT_EQUAL(wl_steer_take(steer, 0, handles, 4), 0);
	CU_ASSERT_EQUAL(wl_steer_collect(steer, handles, 4), 0);
}

WL_SUITE(steer)
{
	WL_TEST(a_frame_goes_to_the_worker_of_its_port),
	WL_TEST(udp_to_a_port_of_no_worker_is_counted_and_the_owner_s),
	WL_TEST(what_is_no_plain_udp_is_the_owner_s),
	WL_TEST(frames_are_taken_in_order_by_the_worker_they_are_for),
	WL_TEST(a_full_ring_refuses_and_counts_and_keeps_what_it_has),
	WL_TEST(what_others_send_is_collected_from_all_in_turn),
	WL_TEST(nothing_is_left_behind_a_drain),
};
