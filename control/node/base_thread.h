/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wl-base: drives the base makers of all journals (dataplane/state/base_maker.h) beside the workers. It reads the medium through a
 * reader of its own, writes bases through the store, answers what other nodes ask about entries on it (chain_lane.h), and spends base.rate
 * bytes a second on all that, more while it falls behind, over all journals
 * together. What it finds and makes it tells the journal's worker through the exchange, and the log.
 *
 * A maker that stopped begins anew a minute later: what could not be read may have been the medium's mood, and after a base of its own that a
 * majority made otherwise it goes on from the one before.
 *
 * Thread: start and stop [init]; in between its own.
 */
#ifndef WL_CONTROL_NODE_BASE_THREAD_H
#define WL_CONTROL_NODE_BASE_THREAD_H

#include "control/node/node_thread.h"

/* After recovery. 0, or a negative enum wirelog_status with one sentence in `reason`. */
int wl_base_thread_start(struct wl_node *node, char *reason, size_t reason_bytes);
/* Waits for the operation that is under way. Before the store is closed; nothing where it was not started. */
void wl_base_thread_stop(struct wl_node *node);

#endif
