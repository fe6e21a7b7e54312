/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mending, as a part of wl-base: drives who mends each journal (dataplane/worker/mender.h) over its medium, and tells of it in the log. A
 * journal whose start found damage is dormant meanwhile; in one that runs a damaged place is written anew beside its worker. What peers
 * lack is read here for them, too. Nothing of a dormant journal waits for base.rate: it is not there until it is whole.
 *
 * Thread: wl-base's, where nothing else is said.
 */
#ifndef WL_CONTROL_NODE_MEND_THREAD_H
#define WL_CONTROL_NODE_MEND_THREAD_H

#include "control/node/node_thread.h"
#include "dataplane/worker/mender.h"

/* After recovery. False: no memory. [init] */
bool wl_mend_thread_open(struct wl_node *node);
/* wl-base has ended. [init] */
void wl_mend_thread_close(struct wl_node *node);
/* One thing for one journal; `running`: NULL for a dormant one. Returns the bytes that were read or written; *did is raised when there was
 * something to do. */
uint64_t wl_mend_thread_serve(struct wl_node *node, uint32_t journal,
			      struct wl_store_reader *reader,
			      const struct wl_mender_running *running, bool *did);
/* Something was asked, answered or mended lately: who waits for it should not wait long. */
bool wl_mend_thread_is_busy(const struct wl_node *node, uint64_t now_ns);

/* [any] Damage was found in a journal that runs, at or behind this place of its stream and below what is durable: it is mended soon. Costs one
 * atomic store; of several that were not begun yet the lowest counts, and all behind it is looked at. Of a dormant one: nothing. */
void wl_mend_thread_request(struct wl_node *node, uint32_t journal, uint64_t offset);

#endif
