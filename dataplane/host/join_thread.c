/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looked at again and again, and not pthread_clockjoin_np: the thread sanitizer of gcc 12 does not see that one, and takes the next thread at
 * that address for the same.
 */
#include "dataplane/host/join_thread.h"

#include <time.h>

#include "dataplane/host/clock.h"

#define LOOK_NS 500000

bool wl_join_within(pthread_t thread, uint64_t patience_ns)
{
	const struct timespec pause = {0, LOOK_NS};
	uint64_t until_ns = wl_clock_kernel_ns() + patience_ns;

	while (pthread_tryjoin_np(thread, NULL) != 0) {
		if (wl_clock_kernel_ns() >= until_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}
