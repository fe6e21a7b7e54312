/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the stats socket and admin.sock can be asked, joined to a node.
 *
 * Thread: open, close [init]; answers that only tell run on wl-stats, the others on wl-admin.
 */
#ifndef WL_CONTROL_NODE_STATS_ANSWERS_THREAD_H
#define WL_CONTROL_NODE_STATS_ANSWERS_THREAD_H

#include "control/node/mailbox_thread.h"
#include "control/node/node_thread.h"
#include "control/report/status_json.h"

/* All that a node knows of itself at this moment, and health judged anew. One allocation, the caller's to free; NULL: no memory.
 * [any but workers] */
struct wl_status_facts *wl_stats_answers_gather(struct wl_node *node);

/* "FIRST" or "FIRST,JOURNAL", digits alone: a number that is too large is no other journal's. [any] */
bool wl_stats_answers_parse(const char *text, uint64_t highest, uint64_t *first, uint32_t *journal);

/* False: `error` says so. [wl-stats, wl-admin] */
bool wl_stats_answers_has_journal(const struct wl_node *node, uint32_t journal, char *error,
				  size_t error_bytes);

/*
 * What is committed decides; this is for who asks, so that a slip is told at once. It is asked on behalf of the state that this node has.
 * False: there is no such journal, or its worker has not begun. [wl-stats, wl-admin]
 */
bool wl_stats_answers_read_published(const struct wl_node *node,
				     const struct wl_mailbox_request *request,
				     struct wl_journal_status *status, char *error,
				     size_t error_bytes);
/* Tells the worker, and the asker that it is under way; NULL: `error`. [wl-admin] */
json_t *wl_stats_answers_begin_asking(struct wl_node *node,
				      const struct wl_mailbox_request *request, char *error,
				      size_t error_bytes);

int wl_stats_answers_open(struct wl_node *node, char *reason, size_t reason_bytes);
/* Afterwards nothing is answered. [init] */
void wl_stats_answers_close(struct wl_node *node);

#endif
