/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bounded exhaustive search: every run of a small cluster within bounds, on the daemon's very object files, judged by the oracle
 * after each turn of a worker and at each frame. docs/TESTING.md says what is enumerated and what is reduced.
 *
 *  explore.c         the search: depth first, the limit of depth raised step by step, states that were met are cut off
 *  explore_root.c    where it begins
 *  explore_world.c   the cluster, and what one choice does to it
 *  explore_choice.c  which choices there are in a state, and how they are called
 *  explore_state.c   what of a state matters: its hash
 *  snapshot.c        going back
 */
#ifndef WL_TESTS_SIM_SEARCH_EXPLORE_H
#define WL_TESTS_SIM_SEARCH_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

struct sim_bounds {
	unsigned nodes, values, timeouts, crashes, drops, slow_writes, changes;
	unsigned depth; /* choices of one run, at most */
	uint64_t seconds; /* 0: no limit; the search says where it stopped */
	unsigned jobs;
	const char *path; /* NULL, or the choices of one run, which is replayed */
	const char *trace; /* NULL, or where the replayed run is written down */
	const char *program, *mutant; /* for the command that replays */
};

#define SIM_EXPLORE_DEPTH_MAX 120u

void sim_bounds_default(struct sim_bounds *bounds);
/* 0: the space was searched through, or time was over, and nothing was found; 1: found, and told on stderr. */
int sim_explore(const struct sim_bounds *bounds);

#endif
