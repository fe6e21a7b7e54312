/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control loop, on the main thread (wl-control): the agent's turns, what workers publish,
 * the operator's requests, systemd's watchdog. Sleeps at most a millisecond at a time, and never spins or yields.
 */
#ifndef WL_CONTROL_NODE_LOOP_THREAD_H
#define WL_CONTROL_NODE_LOOP_THREAD_H

#include "control/node/node_thread.h"

/* Makes the agent; the views of its first turn wait in the rings for the workers. [init] */
int wl_loop_open(struct wl_node *node, char *reason, size_t reason_bytes);
/* Returns when everything has stopped, or its time was over: then a worker may still be `running`. [control] */
void wl_loop_run(struct wl_node *node);

#endif
