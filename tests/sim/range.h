/* SPDX-License-Identifier: BSD-3-Clause */
/* Many seeds, in worker processes: a run that fails takes its process with it, and nothing else. */
#ifndef WL_TESTS_SIM_RANGE_H
#define WL_TESTS_SIM_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/run.h"

struct sim_range {
	uint64_t first, last;
	unsigned jobs;
	unsigned failures_max; /* stops after so many */
	uint64_t seconds_max; /* 0: no limit; what is left is said */
	bool quiet; /* no progress, no closing line */
	void (*shape)(struct sim_plan *plan); /* NULL, or what changes the plan of each seed */
	const char *program; /* for the command that replays */
};

struct sim_range_result {
	uint64_t seeds, failures, events;
	uint64_t first_failure; /* a seed; 0: none */
	double seconds;
	char rule[32]; /* of the first failure */
};

void sim_range_run(const struct sim_range *range, struct sim_range_result *result);
/* One plan in a child process, silent. True: it failed, and `rule` (32 bytes) says how. */
bool sim_range_fails(const struct sim_plan *plan, char *rule);

#endif
