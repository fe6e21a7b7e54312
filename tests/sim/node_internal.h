/* SPDX-License-Identifier: BSD-3-Clause */
/* What node.c and node_start.c share. */
#ifndef WL_TESTS_SIM_NODE_INTERNAL_H
#define WL_TESTS_SIM_NODE_INTERNAL_H

#include "tests/sim/node.h"

void sim_node_wake_worker(void *node);
void sim_node_wake_agent(struct sim_node *node);
/* The superblock as the agent sees it (wl_agent_ops). */
bool sim_node_submit_record(void *node, struct wl_superblock *record);
int sim_node_reap_record(void *node);
void sim_node_log(void *node, const struct wl_agent_line *line);
/* The newest record of a drive, with one boot more counted in it, durable. False: the copies are of no use. */
bool sim_node_count_start(struct sim_cluster *cluster, struct sim_node *node,
			  struct wl_superblock *record);

#endif
