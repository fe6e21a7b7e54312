/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cluster from one node: what it says of itself to the others that ask, and what they say, for who asks it (worker/status_lane.h).
 *
 * Each answer was made after it was asked for: somebody who stops nodes one after the other may go by it.
 *
 * Thread: tell [wl-watch]; is_asked [any but workers]; the answer [wl-stats].
 */
#ifndef WL_CONTROL_NODE_CLUSTER_STATUS_THREAD_H
#define WL_CONTROL_NODE_CLUSTER_STATUS_THREAD_H

#include <jansson.h>

#include "control/node/node_thread.h"
#include "control/report/status_json.h"

/* Another node waits for a word of this one. */
bool wl_cluster_status_is_asked(const struct wl_node *node);
/* Says it, when it is asked. `facts` were gathered after is_asked; NULL: no memory, and who asks hears nothing. */
void wl_cluster_status_tell(struct wl_node *node, const struct wl_status_facts *facts);

/*
 * "": asks every other node of this node's file, and says which round that is; "ROUND": how far that one has come. The answer:
 * {"round", "complete", "node", "nodes": [{"node", "answered", "status": status_brief_json.c, or null}]}; complete when all have answered, or
 * 0.8 s after the round began. While one is under way the next waits for it.
 */
json_t *wl_stats_answer_cluster(void *context, const char *parameter, char *error,
				size_t error_bytes);

#endif
