/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/raft/seam.h"
#include "tests/unit/runner.h"

static struct wl_seam seam;
static void *memory;

static void start(void)
{
	memory = aligned_alloc(64, (wl_seam_memory_bytes() + 63) / 64 * 64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	wl_seam_init(&seam, memory);
}

static void end(void)
{
	free(memory);
	memory = NULL;
}

static void four_rings_are_apart(void)
{
	struct wl_seam_message message = {.verb = WL_SEAM_FENCE, .journal = 1};
	struct wl_punt punt = {.node = 1};
	unsigned count = 0;

	start();
	for (unsigned i = 0; i < WL_SEAM_SLOTS; i++) {
		message.view.epoch = i;
		message.verb = WL_SEAM_FENCE;
		count += wl_ring_push(&seam.down, &message);
		message.verb = WL_SEAM_FENCED;
		count += wl_ring_push(&seam.up, &message);
	}
	for (unsigned i = 0; i < WL_PUNT_SLOTS; i++) {
		memset(punt.data, (int)i, sizeof(punt.data));
		punt.node = 1;
		count += wl_ring_push(&seam.punt_down, &punt);
		punt.node = 2;
		count += wl_ring_push(&seam.punt_up, &punt);
	}
	CU_ASSERT_EQUAL(count, 2 * (WL_SEAM_SLOTS + WL_PUNT_SLOTS));
	count = 0;
	for (unsigned i = 0; i < WL_SEAM_SLOTS; i++) {
		count += wl_ring_pop(&seam.down, &message) && message.verb == WL_SEAM_FENCE &&
			 message.view.epoch == i;
		count += wl_ring_pop(&seam.up, &message) && message.verb == WL_SEAM_FENCED &&
			 message.view.epoch == i;
	}
	for (unsigned i = 0; i < WL_PUNT_SLOTS; i++) {
		count += wl_ring_pop(&seam.punt_down, &punt) && punt.node == 1 &&
			 punt.data[WL_PUNT_BYTES_MAX - 1] == i;
		count += wl_ring_pop(&seam.punt_up, &punt) && punt.node == 2 && punt.data[0] == i;
	}
	CU_ASSERT_EQUAL(count, 2 * (WL_SEAM_SLOTS + WL_PUNT_SLOTS));
	end();
}

static void full_ring_refuses_the_message(void)
{
	struct wl_seam_message message = {.verb = WL_SEAM_FOLLOW};

	start();
	for (unsigned i = 0; i < WL_SEAM_SLOTS; i++)
		CU_ASSERT(wl_ring_push(&seam.down, &message));
	CU_ASSERT_FALSE(wl_ring_push(&seam.down, &message));
	end();
}

static void signs_of_life_have_their_own_cache_lines(void)
{
	size_t worker = offsetof(struct wl_seam, worker_turn_ns);
	size_t control = offsetof(struct wl_seam, control_turn_ns);

	CU_ASSERT(control - worker >= 64);
	CU_ASSERT(worker - offsetof(struct wl_seam, punt_up) >= sizeof(struct wl_ring));
}

static void every_verb_role_and_reason_has_a_name(void)
{
	static const enum wl_seam_verb verbs[] = {
		WL_SEAM_FENCE,	      WL_SEAM_LEAD,	      WL_SEAM_FOLLOW,
		WL_SEAM_HAND_OVER,    WL_SEAM_NEIGHBOUR,      WL_SEAM_STOP,
		WL_SEAM_RESUME,	      WL_SEAM_FENCED,	      WL_SEAM_SAW_TERM,
		WL_SEAM_LEADER_HEARD, WL_SEAM_TERM_COMMITTED, WL_SEAM_HAND_OVER_READY,
		WL_SEAM_STALLED,      WL_SEAM_POISONED,	      WL_SEAM_STOPPED,
		WL_SEAM_PEER_BOOT,    WL_SEAM_OUTLIVED,	      WL_SEAM_IN_STEP,
		WL_SEAM_DIVERGED,
	};

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		for (unsigned k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(wl_seam_verb_name(verbs[i]),
						   wl_seam_verb_name(verbs[k]));
	CU_ASSERT_STRING_EQUAL(wl_seam_verb_name((enum wl_seam_verb)200), "unknown");
	CU_ASSERT_STRING_EQUAL(wl_role_name(WL_ROLE_LEADER), "leader");
	CU_ASSERT_STRING_EQUAL(wl_role_name((enum wl_role)9), "unknown");
	for (int reason = WL_STALL_DISK; reason <= WL_STALL_CONTROL; reason++)
		CU_ASSERT_STRING_NOT_EQUAL(wl_stall_reason_name((enum wl_stall_reason)reason),
					   "unknown");
	CU_ASSERT_STRING_EQUAL(wl_stall_reason_name((enum wl_stall_reason)0), "unknown");
}

#define ROUNDS 20000u

/* The worker's side of the fence: its tail moves only between FOLLOW and FENCE. */
static void *work(void *context)
{
	uint64_t tail = 0, epoch = 0, turn = 0;
	bool fenced = true;

	(void)context;
	for (;;) {
		struct wl_seam_message message;

		while (wl_ring_pop(&seam.down, &message)) {
			if (message.verb == WL_SEAM_STOP)
				return NULL;
			if (message.view.epoch <= epoch)
				continue;
			epoch = message.view.epoch;
			fenced = message.verb == WL_SEAM_FENCE;
			if (!fenced)
				continue;
			message.verb = WL_SEAM_FENCED;
			message.tail.index = tail;
			while (!wl_ring_push(&seam.up, &message))
				sched_yield();
		}
		if (!fenced)
			tail++;
		atomic_store_explicit(&seam.worker_turn_ns, ++turn, memory_order_relaxed);
		sched_yield();
	}
}

static void fence_and_follow_between_two_threads_stay_in_step(void)
{
	struct wl_seam_message message = {.verb = WL_SEAM_FENCE};
	uint64_t tail = 0, epoch = 0;
	unsigned wrong = 0;
	pthread_t worker;

	start();
	CU_ASSERT_EQUAL_FATAL(pthread_create(&worker, NULL, work, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		message =
			(struct wl_seam_message){.verb = WL_SEAM_FENCE, .view = {.epoch = ++epoch}};
		while (!wl_ring_push(&seam.down, &message))
			sched_yield();
		while (!wl_ring_pop(&seam.up, &message))
			sched_yield();
		wrong += message.verb != WL_SEAM_FENCED || message.view.epoch != epoch ||
			 message.tail.index < tail;
		tail = message.tail.index;
		/* Fenced again at once: the tail must be where it was. */
		message =
			(struct wl_seam_message){.verb = WL_SEAM_FENCE, .view = {.epoch = ++epoch}};
		wrong += !wl_ring_push(&seam.down, &message);
		while (!wl_ring_pop(&seam.up, &message))
			sched_yield();
		wrong += message.tail.index != tail || message.view.epoch != epoch;
		message = (struct wl_seam_message){.verb = WL_SEAM_FOLLOW,
						   .view = {.epoch = ++epoch}};
		wrong += !wl_ring_push(&seam.down, &message);
	}
	message = (struct wl_seam_message){.verb = WL_SEAM_STOP};
	wrong += !wl_ring_push(&seam.down, &message);
	pthread_join(worker, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(atomic_load(&seam.worker_turn_ns) > 0);
	end();
}

WL_SUITE(seam)
{
	WL_TEST(four_rings_are_apart),
	WL_TEST(full_ring_refuses_the_message),
	WL_TEST(signs_of_life_have_their_own_cache_lines),
	WL_TEST(every_verb_role_and_reason_has_a_name),
	WL_TEST(fence_and_follow_between_two_threads_stay_in_step),
};
