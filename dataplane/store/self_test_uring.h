/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A question asked once at start: does a poller, idling the way it is going to, hold up the disk's
 * completions on its core? Some dozens of durable 4 KiB writes to the data directory, first waited
 * for asleep, then polled for on the worker's core. Where the second takes much longer (a spinning
 * poller on the CPU that serves the disk was measured at 4 ms a write instead of 0.09), the caller
 * chooses `yield`, by wl_idle_facts.core_serves_disk.
 *
 * Owner: the caller. Thread: [init]; it starts one and waits for it, 50 ms, or what two writes take.
 * Leaves nothing behind: its file has no name.
 */
#ifndef WL_DATAPLANE_STORE_SELF_TEST_URING_H
#define WL_DATAPLANE_STORE_SELF_TEST_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/host/idle.h"

struct wl_self_test_config {
	const char *directory; /* of the data */
	uint16_t core; /* of the worker, or WL_CORE_ANY */
	enum wl_idle idle; /* as it would run; AUTO is tested as SPIN */
	uint32_t worker; /* for the sentence */
};

struct wl_self_test_result {
	uint32_t asleep_writes, polling_writes;
	uint64_t asleep_median_ns, asleep_mean_ns, asleep_max_ns;
	uint64_t polling_median_ns, polling_mean_ns, polling_max_ns;
	uint16_t disk_core; /* that served the test's interrupts; WL_CORE_ANY: not known */
	bool shares; /* the poller shares its CPU with disk completions, and it hurts */
	char verdict[256];
};

/* 0, or URING_UNAVAILABLE, URING_FAILED, STORE_UNREADABLE, STORE_NO_DIRECT, STORE_FULL, EAL_CORES
 * with a sentence in `reason`. */
int wl_self_test_disk(const struct wl_self_test_config *config, struct wl_self_test_result *result,
		      char *reason, size_t reason_bytes);

/*
 * The finding from the figures; pure. A poller in the way makes all writes slow, or some of them by
 * whole scheduler ticks: the median shows the one, the mean the other.
 */
bool wl_self_test_shares(const struct wl_self_test_result *result);

#endif
