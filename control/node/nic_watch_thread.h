/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads once a second, on wl-watch, what the devices behind the configured links have counted, and keeps it for who asks: no worker
 * does, and no question reaches a driver.
 *
 * Owner: the node. Thread: open, close [init]; look is wl-watch's; count, copy [any but workers].
 */
#ifndef WL_CONTROL_NODE_NIC_WATCH_THREAD_H
#define WL_CONTROL_NODE_NIC_WATCH_THREAD_H

#include "control/node/node_thread.h"
#include "control/report/link_status.h"

/* 0 or NO_MEMORY with a sentence. */
int wl_nic_watch_open(struct wl_node *node, char *reason, size_t reason_bytes);
void wl_nic_watch_close(struct wl_node *node);
void wl_nic_watch_look(struct wl_node *node);
/* Of all workers; it does not change. */
uint32_t wl_nic_watch_count(const struct wl_node *node);
void wl_nic_watch_copy(struct wl_node *node, struct wl_status_link *links);

#endif
