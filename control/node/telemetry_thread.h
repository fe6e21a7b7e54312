/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node's numbers at DPDK's own telemetry socket (dpdk_telemetry): those of /wirelog/metrics, flat, by groups. Read as wl-stats reads them,
 * on a thread of DPDK's; nothing is asked of a worker.
 */
#ifndef WL_CONTROL_NODE_TELEMETRY_THREAD_H
#define WL_CONTROL_NODE_TELEMETRY_THREAD_H

#include "control/node/node_thread.h"

/* Where the configuration wants it; after the stats socket. 0 or EAL_FAILED. [init] */
int wl_node_telemetry_open(struct wl_node *node, char *reason, size_t reason_bytes);
void wl_node_telemetry_close(void);

#endif
