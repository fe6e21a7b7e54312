/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <time.h>

#include "dataplane/idle.h"

/* Spins, then yields, then sleeps twice as long each time. */
static void back_off(const struct wl_idler *idler)
{
	uint32_t turns = idler->empty_turns;
	uint64_t ns_max = idler->sleep_ns_max != 0 ? idler->sleep_ns_max : WL_IDLE_BACKOFF_NS_MAX;
	struct timespec pause = {0, 0};
	uint32_t doublings;
	uint64_t ns;

	if (turns <= WL_IDLE_BACKOFF_SPINS) {
		__builtin_ia32_pause();
		return;
	}
	if (turns <= WL_IDLE_BACKOFF_SPINS + WL_IDLE_BACKOFF_YIELDS) {
		sched_yield();
		return;
	}
	doublings = turns - WL_IDLE_BACKOFF_SPINS - WL_IDLE_BACKOFF_YIELDS - 1;
	ns = (uint64_t)WL_IDLE_BACKOFF_NS_MIN << (doublings < 20 ? doublings : 20);
	pause.tv_nsec = (long)(ns < ns_max ? ns : ns_max);
	nanosleep(&pause, NULL);
}

/*
 * Yields, and takes a nap of the shortest kind now and then. Threads that only yield look busy to the scheduler and share
 * the core among themselves: the kernel's own workers, which complete this node's durable writes, were seen to wait
 * for seconds beside three of them (Linux 6.18).
 */
static void yield(const struct wl_idler *idler)
{
	struct timespec nap = {0, 1};

	if (idler->empty_turns % WL_IDLE_YIELDS_BEFORE_NAP != 0)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}

void wl_idle_rest(struct wl_idler *idler, unsigned work_done)
{
	if (work_done > 0) {
		idler->empty_turns = 0;
		return;
	}
	if (idler->empty_turns < UINT32_MAX)
		idler->empty_turns++;
	switch (idler->idle) {
	case WL_IDLE_SPIN:
		__builtin_ia32_pause();
		break;
	case WL_IDLE_BACKOFF:
		back_off(idler);
		break;
	case WL_IDLE_AUTO:
	case WL_IDLE_YIELD:
		yield(idler);
		break;
	}
}
