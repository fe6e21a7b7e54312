/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ordinary host beside the nodes: asks for their Ethernet addresses and pings them, and knows what the right answer is to the
 * last byte. A wrong answer breaks a rule; a missing one is counted, for links may lose frames.
 */
#ifndef WL_TESTS_SIM_NETWORK_BYSTANDER_H
#define WL_TESTS_SIM_NETWORK_BYSTANDER_H

#include "tests/sim/network/ether.h"
#include "tests/sim/server/node.h"

struct sim_bystander {
	struct sim_cluster *cluster;
	struct sim_random random;
	uint64_t until_ns;
	bool ticks;
	uint16_t sequence;
	struct sim_echo asked[WIRELOG_NODES_MAX + 1]; /* the newest one of each node */
	uint64_t pings_asked, pings_answered, arps_asked, arps_answered;
};

void sim_bystander_init(struct sim_bystander *bystander, struct sim_cluster *cluster);
/* Asks every node, every few milliseconds, for so long. */
void sim_bystander_begin(struct sim_bystander *bystander, uint64_t for_ns);

#endif
