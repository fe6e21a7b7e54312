/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The weather of one run: drawn from the seed, each kind of fault off with a chance of one half; then faults happen at
 * random times until they are told to stop, and everything heals. Never more is destroyed than the
 * promises allow: the drives of a majority stay as the drives left them.
 */
#ifndef WL_TESTS_SIM_FAULTS_H
#define WL_TESTS_SIM_FAULTS_H

#include "tests/sim/node.h"

struct sim_faults {
	struct sim_cluster *cluster;
	struct sim_random random;
	bool active;
	bool crashes, crash_all, stalls, cuts, one_way, loss, duplicates, reorder, flips, slow_disk, hung_disk,
		clock_drift, wall_steps, full_disk;
	uint64_t interval_ns;
	uint64_t happened;
};

void sim_faults_init(struct sim_faults *faults, struct sim_cluster *cluster);
/* Ends all of them: starts every node, heals every link and drive. */
void sim_faults_heal(struct sim_faults *faults);

#endif
