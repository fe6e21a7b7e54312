/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A running node meets nodes that its file names only now: links to them are opened, workers take their frames and greet them, clients are
 * told of them, control looks for them behind the Ethernet link. Whether they are members is the log's to say (`wirelog member add`).
 *
 * Who does what: links and peers belong to the workers' threads, so each does it between two of its turns (worker_thread.h, errands); the
 * neighbours are control's (mailbox, MEET).
 *
 * Thread: [wl-admin]
 */
#ifndef WL_CONTROL_NODE_JOIN_THREAD_H
#define WL_CONTROL_NODE_JOIN_THREAD_H

#include "control/node/node_thread.h"

/*
 * `next` names the `joining` nodes, which the node does not know, and the links to them. False with a sentence: a link cannot be opened, or
 * a worker did not come to it; none of them is met then.
 */
bool wl_join_nodes(struct wl_node *node, const struct wl_config *next, wl_members joining,
		   char *error, size_t error_bytes);

#endif
