/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog capture`: frames of this node's workers to whoever asked for them on the stats socket (docs/OPERATIONS.md, "What is on the
 * wire"). One capture at a time. Its thread (wl-capture) takes the connection over, makes the memory, has each worker copy frames into it
 * (worker/tap.h), and hands on what is there every few milliseconds, until the asker says a word or goes, or the node ends. An asker that
 * does not read costs frames of its capture, which are counted, and nothing else.
 *
 * Owner: the node. Thread: take [wl-admin]; close [init], when wl-admin has ended.
 */
#ifndef WL_CONTROL_NODE_CAPTURE_THREAD_H
#define WL_CONTROL_NODE_CAPTURE_THREAD_H

#include "control/node/node_thread.h"

/* As a function of struct wl_stats_taker. {"begun", "code", "reason"}: "code" and "reason" say why not. */
json_t *wl_capture_take(void *node, int *connection, const char *parameter, char *error,
			size_t error_bytes);
/* Its asker is told that the node ends. */
void wl_capture_close(struct wl_node *node);

#endif
