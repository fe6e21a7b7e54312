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
		sched_yield();
		break;
	}
}
