/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The windows of latency (report/windows.h) of a node's journals, and the answer that is made of them.
 *
 * Owner: the node. Thread: open, close [init]; take is wl-watch's, once a second; json [any but workers].
 */
#ifndef WL_CONTROL_NODE_LATENCY_THREAD_H
#define WL_CONTROL_NODE_LATENCY_THREAD_H

#include <jansson.h>

#include "control/node/node_thread.h"

/* 0 or NO_MEMORY with a sentence. */
int wl_latency_open(struct wl_node *node, char *reason, size_t reason_bytes);
void wl_latency_close(struct wl_node *node);
void wl_latency_take(struct wl_node *node, uint64_t now_ns);
/*
 * {"seconds", "journals": [{"turn": {"count", "p50_ns", ..., "max_ns", "hdr"}, ...}]} of the last 1..WL_WINDOWS_SECONDS_MAX seconds; "hdr"
 * (histogram_text_memory.h) where `with_text`. NULL: no memory.
 */
json_t *wl_latency_json(struct wl_node *node, uint32_t seconds, bool with_text);

#endif
