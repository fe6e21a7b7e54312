/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that want a reset, and those that are pulled out, while the node runs (port_device_dpdk.h): the workers let go of the
 * device between two turns, it is reset or given back, and they take it up again. Told by the name that the configuration gives the link.
 *
 * Thread: wl-watch, which alone talks to devices. It is told that the node ends by its own end.
 */
#ifndef WL_CONTROL_NODE_NIC_MEND_THREAD_H
#define WL_CONTROL_NODE_NIC_MEND_THREAD_H

#include "control/node/node_thread.h"

/* Some times a second. A device may take seconds. */
void wl_nic_mend_tend(struct wl_node *node);
/* Configured links of a worker whose device is gone. [any] */
uint32_t wl_nic_mend_gone(const struct wl_node *node, uint32_t worker);

#endif
