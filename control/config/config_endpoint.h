/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where clients find a node's workers. cluster.nodes[].client_endpoint is that of worker 0. Worker N has a port of its
 * own, and over memif a socket of its own:
 *
 *	udp:ADDRESS:PORT, dpdk:ADDRESS:PORT	PORT + N
 *	memif:SOCKET				SOCKET.N
 *
 * A journal belongs to one worker, the same on all nodes: its clients are told the endpoints of that one.
 *
 * Pure. [init]
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_ENDPOINT_H
#define WL_CONTROL_CONFIG_CONFIG_ENDPOINT_H

#include "control/config/config_value.h"

/* Writes the endpoint of `worker` to `to` (WIRELOG_ENDPOINT_BYTES_MAX); "" stays "". False: it has no room there. */
bool wl_config_endpoint_of_worker(const char *endpoint, uint32_t worker, char *to);
/* The same for what clients of a journal are told of a node; "": nothing, which is so where a worker but the first has
 * a socket of another name. */
void wl_config_endpoint_told(const struct wl_config *config, uint32_t journal,
			     const struct wl_config_node *node, char *to);
/* There is room for the endpoints of all workers. */
void wl_config_check_endpoints(const struct wl_config *config, struct wl_config_problems *problems);

#endif
