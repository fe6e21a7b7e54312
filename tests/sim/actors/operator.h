/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operators: they look at the status of nodes as `wirelog status` does, through the daemon's own JSON, and compare what
 * it says with what is so. They ask for transfers and stops. Nothing that they read may change a run.
 */
#ifndef WL_TESTS_SIM_ACTORS_OPERATOR_H
#define WL_TESTS_SIM_ACTORS_OPERATOR_H

#include "tests/sim/server/node.h"

#define SIM_OPERATOR_COUNTERS (WL_COUNTERS + WL_FRAME_VERDICTS)

struct sim_operator {
	struct sim_cluster *cluster;
	struct sim_random random;
	uint64_t interval_ns, generation; /* of looking around; 0: not */
	uint64_t looked;
	/* as last seen, of the boot it belongs to */
	uint64_t boot_seen[WIRELOG_NODES_MAX + 1];
	uint64_t counter_seen[WIRELOG_NODES_MAX + 1][SIM_WORKERS_MAX][SIM_OPERATOR_COUNTERS];
	uint64_t commit_seen[WIRELOG_NODES_MAX + 1][SIM_JOURNALS_MAX];
	uint64_t term_seen[WIRELOG_NODES_MAX + 1][SIM_JOURNALS_MAX];
};

void sim_operator_init(struct sim_operator *operator_, struct sim_cluster *cluster);
/* Looks at one node's four answers; "status" when one does not hold. */
void sim_operator_ask(struct sim_operator *operator_, unsigned number);
/* Looks at some node, this often. */
void sim_operator_watch(struct sim_operator *operator_, uint64_t interval_ns);
/* wl_agent_transfer of the last journal: what is refused and what is not is known beforehand. */
void sim_operator_transfer(struct sim_operator *operator_, unsigned number, uint32_t target);

#endif
