/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links that carry nothing, told by the name that the configuration gives them: when it begins, now and then while it lasts, and
 * when it ends. The worker looks at its links and opens an interface that was made anew (port_dpdk.c); here it becomes lines.
 * Links of memif come and go with who is at their other end, and are not told.
 */
#ifndef WL_CONTROL_NODE_LINK_WATCH_THREAD_H
#define WL_CONTROL_NODE_LINK_WATCH_THREAD_H

#include "control/node/node_thread.h"

/* About once a second. [control] */
void wl_link_watch_tend(struct wl_node *node, uint64_t now_ns);
/* How many of a worker's configured links are down. [any] */
uint32_t wl_link_watch_down(const struct wl_node *node, uint32_t worker);

#endif
