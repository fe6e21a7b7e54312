/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places where the simulator's mutant build puts a known bug of some Raft system (tests/sim/mutants/), to see
 * whether the simulator finds it. Here, in every other build, the answer is the constant false.
 */
#ifndef WL_DATAPLANE_BASE_MUTANT_H
#define WL_DATAPLANE_BASE_MUTANT_H

#define WL_MUTANT(name) 0

#endif
