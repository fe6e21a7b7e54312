/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run of one plan, in three phases (FAULTS section 3): safety, while faults happen; liveness, when a core of the
 * nodes is well and the rest stays frozen in its faults; convergence, when all is well.
 */
#ifndef WL_TESTS_SIM_RUN_H
#define WL_TESTS_SIM_RUN_H

#include "tests/sim/plan/plan.h"

#define SIM_EVENTS_MAX 30000000u /* of one run: more is a livelock */

struct sim_result {
	uint64_t hash; /* of everything that happened */
	uint64_t events, faults, acknowledged, committed, elections;
	uint64_t liveness_ns; /* from the healing of the core to the next acknowledgement */
};

struct sim_view { /* of a run that goes on */
	uint64_t now_ns, acknowledged, term, committed;
};

struct sim_watch {
	uint64_t every_ns;
	/* NULL, or what is wrong. */
	const char *(*look)(void *context, const struct sim_view *view);
	void *context;
	const char *rule; /* that is broken then */
};

/* What a run ended with, when it did not end well: the last thing that is said on stderr before exit(1). */
struct sim_options {
	FILE *trace; /* may be NULL */
	bool quiet; /* a violation is not printed */
	char *rule; /* NULL, or 32 bytes: the rule that was broken */
	const char *replay; /* the command that replays it */
	const struct sim_watch *watch; /* NULL, or who looks at the phase of faults */
};

/* Ends the process with 1 when something does not hold. */
void sim_run(const struct sim_plan *plan, const struct sim_options *options,
	     struct sim_result *result);

#endif
