/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <time.h>

#include "dataplane/host/idle.h"

void wl_idle_rest(struct wl_idler *idler, unsigned work_done)
{
	struct timespec pause = {0, 0};
	uint64_t ns;

	if (work_done > 0) {
		idler->empty_turns = 0;
		return;
	}
	if (idler->empty_turns < UINT32_MAX)
		idler->empty_turns++;
	switch (wl_idle_pause(idler, &ns)) {
	case WL_IDLE_PAUSE:
		__builtin_ia32_pause();
		break;
	case WL_IDLE_GIVE_WAY:
		sched_yield();
		break;
	case WL_IDLE_SLEEP:
		pause.tv_nsec = (long)ns;
		nanosleep(&pause, NULL);
		break;
	}
}
