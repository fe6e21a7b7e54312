/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a cluster's servers: written from the plan, read at each start. */
#ifndef WL_TESTS_SIM_SERVER_NODE_CONFIG_H
#define WL_TESTS_SIM_SERVER_NODE_CONFIG_H

#include "tests/sim/server/node.h"

void sim_node_config_init(struct sim_cluster *cluster, unsigned number);
void sim_node_config_fini(struct sim_cluster *cluster, unsigned number);
/* The operator writes the node's file anew, with this mistake (SIM_EDIT_NONE: right). It is read at the next start. */
void sim_node_config_write(struct sim_cluster *cluster, unsigned number, enum sim_config_edit edit);
/* As at each start, and what must come of it: the violation "config" otherwise. The start's status. */
int sim_node_config_read(struct sim_cluster *cluster, unsigned number);
/* What data that exist must refuse a start with that reads this file; 0: they must not. */
int sim_node_config_refusal(const struct sim_config_file *file);
/* `wirelogd --check` on some file that has nothing to do with the cluster, of links of any kind, with this mistake. */
void sim_node_config_check_any(struct sim_cluster *cluster, unsigned number,
			       enum sim_config_edit edit);

#endif
