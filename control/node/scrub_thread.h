/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scrub (dataplane/mend/scrub.h), as a part of wl-base: reads what each journal keeps once in storage.scrub, when nothing else is to be done
 * there, and hands what it finds to who mends (mend_thread.h).
 *
 * Thread: wl-base's, where nothing else is said.
 */
#ifndef WL_CONTROL_NODE_SCRUB_THREAD_H
#define WL_CONTROL_NODE_SCRUB_THREAD_H

#include "control/node/node_thread.h"
#include "dataplane/worker/scrub_picture.h"

/* After recovery. False: no memory. [init] */
bool wl_scrub_thread_open(struct wl_node *node);
/* wl-base has ended. [init] */
void wl_scrub_thread_close(struct wl_node *node);
/* One read for a journal that runs, if one is due. Returns its bytes; 0: nothing was to be done. */
uint64_t wl_scrub_thread_serve(struct wl_node *node, uint32_t journal,
			       struct wl_store_reader *reader, const struct wl_scrub_now *now);

#endif
