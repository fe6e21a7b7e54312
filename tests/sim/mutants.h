/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WL_TESTS_SIM_MUTANTS_H
#define WL_TESTS_SIM_MUTANTS_H

#include <stdint.h>

/* Each mutant in turn (or the one of that name) until a seed finds it; 0 when all were found, else 1. 69: not a mutant build. */
int sim_mutants_run(const char *name, unsigned jobs, uint64_t seconds_each);
/* Switches one on for this process. 0, or 64 when there is no such one. */
int sim_mutants_choose(const char *name);

#endif
