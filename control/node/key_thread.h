/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key file, read at the start and again by `wirelog config reload`. Which of its keys are in force is for the log to say (base/keys.h);
 * what it holds goes to control, and from there to all workers. What was read before stays until the process ends: a worker may be in
 * the middle of it.
 *
 * Thread: read [init, wl-admin], reload [wl-admin], forget [init].
 */
#ifndef WL_CONTROL_NODE_KEY_THREAD_H
#define WL_CONTROL_NODE_KEY_THREAD_H

#include "control/node/node_thread.h"

/* 0, or KEY_MISSING, KEY_UNSAFE, NO_MEMORY with a sentence. */
int wl_node_read_keys(const char *path, struct wl_auth *auth, char *reason, size_t reason_bytes);
/* 1: it holds other keys now, and the workers were told; 0: the same; negative: a status, with a sentence in `reason`. */
int wl_node_reload_keys(struct wl_node *node, char *reason, size_t reason_bytes);
void wl_node_forget_keys(struct wl_node *node);

#endif
