/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a poller does when a turn found nothing to do. Two pollers that spin on one core hand it to
 * each other in scheduler ticks (milliseconds a turn); with sched_yield in microseconds. So: spin
 * where each poller has a core to itself, yield where they share (with a nap of some 50 us after each 128 empty turns,
 * for the kernel's threads), backoff where the machine is wanted by others and latency is not.
 *
 * wl_idle_choose is pure. wl_idle_rest (idle_thread.c) runs on the poller's own thread and owns
 * nothing but its counter. It waits for no event and takes no lock.
 */
#ifndef WL_DATAPLANE_IDLE_H
#define WL_DATAPLANE_IDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wl_idle {
	WL_IDLE_AUTO = 0, /* a wish, never a choice */
	WL_IDLE_SPIN,
	WL_IDLE_YIELD,
	WL_IDLE_BACKOFF,
};

struct wl_idle_facts {
	enum wl_idle wish;
	uint32_t cores; /* that the pollers may run on */
	uint32_t pollers; /* that share these cores, those of other local nodes and clients included */
	uint32_t other_threads; /* of this process that need a core now and then: control */
	bool core_serves_disk; /* the self-test's finding for this poller's core */
};

/* The strategy, and one sentence why. A wish is always followed; the sentence then warns. */
enum wl_idle wl_idle_choose(const struct wl_idle_facts *facts, char *reason, size_t reason_bytes);
const char *wl_idle_name(enum wl_idle idle);
/* WL_IDLE_AUTO .. WL_IDLE_BACKOFF, or -1. */
int wl_idle_by_name(const char *name);

#define WL_IDLE_YIELDS_BEFORE_NAP 128u
#define WL_IDLE_BACKOFF_SPINS 64u
#define WL_IDLE_BACKOFF_YIELDS 64u
#define WL_IDLE_BACKOFF_NS_MIN 1000u
#define WL_IDLE_BACKOFF_NS_MAX 200000u

struct wl_idler {
	enum wl_idle idle;
	uint32_t empty_turns;
	uint64_t sleep_ns_max; /* backoff; 0: WL_IDLE_BACKOFF_NS_MAX */
};

/* At the end of each turn, with what the turn did. [worker] */
void wl_idle_rest(struct wl_idler *idler, unsigned work_done);

#endif
