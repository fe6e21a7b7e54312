/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads once a second, on wl-watch, what the devices behind the configured links have counted, and keeps it for who asks: no worker
 * does, and no question reaches a driver.
 *
 * Owner: the node. Thread: open, close [init]; look is wl-watch's; add is wl-admin's; count, copy [any but workers].
 */
#ifndef WL_CONTROL_NODE_NIC_WATCH_THREAD_H
#define WL_CONTROL_NODE_NIC_WATCH_THREAD_H

#include "control/node/node_thread.h"
#include "control/report/link_status.h"

/* 0 or NO_MEMORY with a sentence. */
int wl_nic_watch_open(struct wl_node *node, char *reason, size_t reason_bytes);
void wl_nic_watch_close(struct wl_node *node);
void wl_nic_watch_look(struct wl_node *node);
/* A link that was opened while the node runs, at that place in the worker's port. `link` stays until close. Without memory it is not
 * watched, nothing else. */
void wl_nic_watch_add(struct wl_node *node, uint32_t worker, const struct wl_config_link *link,
		      uint16_t place);
/* Links of all workers; there may be more a moment later. */
uint32_t wl_nic_watch_count(const struct wl_node *node);
/* What was seen of the first `max` of them, in the order in which they were added. */
void wl_nic_watch_copy(const struct wl_node *node, struct wl_status_link *links, uint32_t max);
/* Which link is at that place in the worker's port? False: none that is watched, as those of clients over memif. [any but workers] */
bool wl_nic_watch_find(const struct wl_node *node, uint32_t worker, uint16_t place,
		       struct wl_config_link *link);

#endif
