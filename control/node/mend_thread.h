/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mending, as a part of wl-base: drives the machine of dataplane/mend over the medium of each journal whose start found damage, which is
 * dormant meanwhile, and of a running one where damage was found since. Entries come from our own damaged chunks, then from peers, through
 * the lane of the journal's worker (dataplane/worker/mend_lane.h); what peers lack is read here for them, too.
 *
 * Dormant: when every hole is filled the log is read once more as a start would; then the process starts again (wl_mend_thread_ends).
 * Running: the place is written anew beside the worker, which only reads there.
 *
 * Thread: wl-base's, where nothing else is said.
 */
#ifndef WL_CONTROL_NODE_MEND_THREAD_H
#define WL_CONTROL_NODE_MEND_THREAD_H

#include "control/node/node_thread.h"

/* [any] Damage was found in a journal that runs, at or behind this place of its stream and below what is durable: it is mended soon. Costs one
 * atomic store; of several that were not begun yet the lowest counts, and all behind it is looked at. Of a dormant one: nothing. */
void wl_mend_thread_request(struct wl_node *node, uint32_t journal, uint64_t offset);

#endif
