/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks at the node a few times a second, on a thread of its own (wl-watch), so that nothing that somebody wants to see is
 * done by a worker or by control: judges health (report/health.h), logs what changes, tells systemd.
 *
 * What it reads, workers publish anyway. It may wait for a file system; nobody waits for it but who asks the stats socket.
 *
 * Owner: the node. Thread: open [init]; start after the workers', stop before anything that it reads is closed, the stats socket
 * among it; close after that socket, whose thread judges too; the others [any but workers].
 */
#ifndef WL_CONTROL_NODE_WATCH_THREAD_H
#define WL_CONTROL_NODE_WATCH_THREAD_H

#include "control/node/node_thread.h"
#include "control/report/health.h"

/* 0 or NO_MEMORY, INTERNAL with a sentence. */
int wl_watch_open(struct wl_node *node, char *reason, size_t reason_bytes);
int wl_watch_start(struct wl_node *node, char *reason, size_t reason_bytes);
/* Ends the thread; what it judged stays. */
void wl_watch_stop(struct wl_node *node);
void wl_watch_close(struct wl_node *node);

/* Its next look comes at once. Never waits: a call that comes as it begins to rest may be lost, and then it looks a quarter of a second later. */
void wl_watch_hurry(struct wl_node *node);

/* Judges anew, from what was just gathered; `copy` is what was judged, and facts->health is set to it. */
void wl_watch_judge(struct wl_node *node, struct wl_status_facts *facts, struct wl_health *copy);

#endif
