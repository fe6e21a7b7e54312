/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/raft/plane.h"
#include "tests/unit/runner.h"

static struct wl_plane_rings plane;
static void *memory;

static void start(void)
{
	memory = aligned_alloc(64, (wl_plane_rings_memory_bytes() + 63) / 64 * 64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	wl_plane_rings_init(&plane, memory);
}

static void end(void)
{
	free(memory);
	memory = NULL;
}

static void four_rings_are_apart(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_FENCE, .journal = 1};
	struct wl_punt punt = {.node = 1};
	unsigned count = 0;

	start();
	for (unsigned i = 0; i < WL_PLANE_SLOTS; i++) {
		message.view.number = i;
		message.verb = WL_PLANE_FENCE;
		count += wl_ring_push(&plane.down, &message);
		message.verb = WL_PLANE_FENCED;
		count += wl_ring_push(&plane.up, &message);
	}
	for (unsigned i = 0; i < WL_PUNT_SLOTS; i++) {
		memset(punt.data, (int)i, sizeof(punt.data));
		punt.node = 1;
		count += wl_ring_push(&plane.punt_down, &punt);
		punt.node = 2;
		count += wl_ring_push(&plane.punt_up, &punt);
	}
	CU_ASSERT_EQUAL(count, 2 * (WL_PLANE_SLOTS + WL_PUNT_SLOTS));
	count = 0;
	for (unsigned i = 0; i < WL_PLANE_SLOTS; i++) {
		count += wl_ring_pop(&plane.down, &message) && message.verb == WL_PLANE_FENCE &&
			 message.view.number == i;
		count += wl_ring_pop(&plane.up, &message) && message.verb == WL_PLANE_FENCED &&
			 message.view.number == i;
	}
	for (unsigned i = 0; i < WL_PUNT_SLOTS; i++) {
		count += wl_ring_pop(&plane.punt_down, &punt) && punt.node == 1 &&
			 punt.data[WL_PUNT_BYTES_MAX - 1] == i;
		count += wl_ring_pop(&plane.punt_up, &punt) && punt.node == 2 && punt.data[0] == i;
	}
	CU_ASSERT_EQUAL(count, 2 * (WL_PLANE_SLOTS + WL_PUNT_SLOTS));
	end();
}

static void full_ring_refuses_the_message(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_FOLLOW};

	start();
	for (unsigned i = 0; i < WL_PLANE_SLOTS; i++)
		CU_ASSERT(wl_ring_push(&plane.down, &message));
	CU_ASSERT_FALSE(wl_ring_push(&plane.down, &message));
	end();
}

static void signs_of_life_have_their_own_cache_lines(void)
{
	size_t worker = offsetof(struct wl_plane_rings, worker_turn_ns);
	size_t control = offsetof(struct wl_plane_rings, control_turn_ns);

	CU_ASSERT(control - worker >= 64);
	CU_ASSERT(worker - offsetof(struct wl_plane_rings, punt_up) >= sizeof(struct wl_ring));
}

static void every_verb_role_and_reason_has_a_name(void)
{
	static const enum wl_plane_verb verbs[] = {
		WL_PLANE_FENCE,
		WL_PLANE_LEAD,
		WL_PLANE_FOLLOW,
		WL_PLANE_TRANSFER,
		WL_PLANE_NEIGHBOUR,
		WL_PLANE_STOP,
		WL_PLANE_RESUME,
		WL_PLANE_FENCED,
		WL_PLANE_SAW_TERM,
		WL_PLANE_LEADER_HEARD,
		WL_PLANE_TERM_COMMITTED,
		WL_PLANE_TRANSFER_READY,
		WL_PLANE_STALLED,
		WL_PLANE_POISONED,
		WL_PLANE_STOPPED,
		WL_PLANE_PEER_BOOT,
		WL_PLANE_ROLLED_BACK,
		WL_PLANE_CAUGHT_UP,
		WL_PLANE_DIVERGED,
		WL_PLANE_SET,
		WL_PLANE_ASK,
	};

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		for (unsigned k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(wl_plane_verb_name(verbs[i]),
						   wl_plane_verb_name(verbs[k]));
	CU_ASSERT_STRING_EQUAL(wl_plane_verb_name((enum wl_plane_verb)200), "unknown");
	CU_ASSERT_STRING_EQUAL(wl_plane_role_name(WL_ROLE_LEADER), "leader");
	CU_ASSERT_STRING_EQUAL(wl_plane_role_name((enum wl_role)9), "unknown");
	for (int reason = WL_STALL_DISK; reason <= WL_STALL_CONTROL; reason++)
		CU_ASSERT_STRING_NOT_EQUAL(wl_plane_stall_name((enum wl_stall_reason)reason),
					   "unknown");
	CU_ASSERT_STRING_EQUAL(wl_plane_stall_name((enum wl_stall_reason)0), "unknown");
}

#define ROUNDS 20000u

/* The worker's side of the fence: its tail moves only between FOLLOW and FENCE. */
static void *work(void *context)
{
	uint64_t tail = 0, number = 0, turn = 0;
	bool fenced = true;

	(void)context;
	for (;;) {
		struct wl_plane_message message;

		while (wl_ring_pop(&plane.down, &message)) {
			if (message.verb == WL_PLANE_STOP)
				return NULL;
			if (message.view.number <= number)
				continue;
			number = message.view.number;
			fenced = message.verb == WL_PLANE_FENCE;
			if (!fenced)
				continue;
			message.verb = WL_PLANE_FENCED;
			message.tail.index = tail;
			while (!wl_ring_push(&plane.up, &message))
				sched_yield();
		}
		if (!fenced)
			tail++;
		atomic_store_explicit(&plane.worker_turn_ns, ++turn, memory_order_relaxed);
		sched_yield();
	}
}

static void fence_and_follow_between_two_threads_stay_caught_up(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_FENCE};
	uint64_t tail = 0, number = 0;
	unsigned wrong = 0;
	pthread_t worker;

	start();
	CU_ASSERT_EQUAL_FATAL(pthread_create(&worker, NULL, work, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		message = (struct wl_plane_message){.verb = WL_PLANE_FENCE,
						    .view = {.number = ++number}};
		while (!wl_ring_push(&plane.down, &message))
			sched_yield();
		while (!wl_ring_pop(&plane.up, &message))
			sched_yield();
		wrong += message.verb != WL_PLANE_FENCED || message.view.number != number ||
			 message.tail.index < tail;
		tail = message.tail.index;
		/* Fenced again at once: the tail must be where it was. */
		message = (struct wl_plane_message){.verb = WL_PLANE_FENCE,
						    .view = {.number = ++number}};
		wrong += !wl_ring_push(&plane.down, &message);
		while (!wl_ring_pop(&plane.up, &message))
			sched_yield();
		wrong += message.tail.index != tail || message.view.number != number;
		message = (struct wl_plane_message){.verb = WL_PLANE_FOLLOW,
						    .view = {.number = ++number}};
		wrong += !wl_ring_push(&plane.down, &message);
	}
	message = (struct wl_plane_message){.verb = WL_PLANE_STOP};
	wrong += !wl_ring_push(&plane.down, &message);
	pthread_join(worker, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(atomic_load(&plane.worker_turn_ns) > 0);
	end();
}

WL_SUITE(plane)
{
	WL_TEST(four_rings_are_apart),
	WL_TEST(full_ring_refuses_the_message),
	WL_TEST(signs_of_life_have_their_own_cache_lines),
	WL_TEST(every_verb_role_and_reason_has_a_name),
	WL_TEST(fence_and_follow_between_two_threads_stay_caught_up),
};
