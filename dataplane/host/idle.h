/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a poller does when a turn found nothing to do. Two pollers that spin on one core hand it to
 * each other in scheduler ticks (milliseconds a turn); with sched_yield in microseconds. So: spin
 * where each poller has a core to itself, yield where they share (with a nap of some 50 us after each 128 empty turns,
 * for the kernel's threads), backoff where the machine is wanted by others and latency is not.
 *
 * Where for a while nothing but heartbeats came, yield and backoff nap, longer and longer up to half a millisecond: a node
 * that nobody uses costs next to nothing, and its first append waits for one nap of the leader and one of a follower. spin
 * never naps.
 *
 * A turn that found only frames which are not believed is one without work: a flood does not keep a poller on a core that others
 * need. It does not nap then, so that the flood does not fill what its peers' frames come through.
 *
 * wl_idle_choose and wl_idle_pause are pure. wl_idle_rest (idle_thread.c) runs on the poller's own thread and owns
 * nothing but its counter. It waits for no event and takes no lock.
 */
#ifndef WL_DATAPLANE_HOST_IDLE_H
#define WL_DATAPLANE_HOST_IDLE_H

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

/* Quiet for so long: a nap each time that there is nothing to do, twice as long after each further span. */
#define WL_IDLE_QUIET_NS 50000000u
#define WL_IDLE_NAP_NS_MIN 62500u
#define WL_IDLE_NAP_NS_MAX 500000u
/* Between what comes in one burst (a heartbeat and the answer to it) a quiet worker does not nap. */
#define WL_IDLE_NAP_AFTER_TURNS 8u

struct wl_idler {
	enum wl_idle idle;
	bool sleeps_only; /* backoff without spinning and yielding: control */
	uint32_t empty_turns;
	uint64_t sleep_ns_max; /* backoff; 0: WL_IDLE_BACKOFF_NS_MAX */
	uint64_t activity, active_ns, quiet_ns; /* of wl_idle_heed; without it nobody is quiet */
	bool besieged; /* frames come that are not believed: who sleeps loses those among them that are */
};

enum wl_idle_how {
	WL_IDLE_PAUSE, /* an instruction */
	WL_IDLE_GIVE_WAY, /* sched_yield */
	WL_IDLE_SLEEP,
};

/* How to rest after `empty_turns` turns without work; *ns: how long to sleep. */
enum wl_idle_how wl_idle_pause(const struct wl_idler *idler, uint64_t *ns);
/* `activity` grows with what is done for clients and the log, heartbeats left out. Before wl_idle_rest. [worker] */
void wl_idle_heed(struct wl_idler *idler, uint64_t activity, uint64_t now_ns);
/* At the end of each turn, with what the turn did. [worker] */
void wl_idle_rest(struct wl_idler *idler, unsigned work_done);

#endif
