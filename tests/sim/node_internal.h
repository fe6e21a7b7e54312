/* SPDX-License-Identifier: BSD-3-Clause */
/* What node.c and node_start.c share. */
#ifndef WL_TESTS_SIM_NODE_INTERNAL_H
#define WL_TESTS_SIM_NODE_INTERNAL_H

#include "tests/sim/node.h"

void sim_node_wake_worker(void *core);
/* Every worker. */
void sim_node_wake_workers(struct sim_node *node);
void sim_node_wake_agent(struct sim_node *node);
/* The superblock as the agent sees it (wl_agent_ops). */
bool sim_node_submit_record(void *node, struct wl_superblock *record);
int sim_node_reap_record(void *node);

#endif
