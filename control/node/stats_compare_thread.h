/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers of the stats socket to who compares the logs of a cluster (`wirelog verify --cluster`): one question begins, and what was said of
 * the last one. Asking is an event of the workers, so nobody waits here for other nodes.
 *
 * Thread: compare [wl-admin], compared [wl-stats].
 */
#ifndef WL_CONTROL_NODE_STATS_COMPARE_THREAD_H
#define WL_CONTROL_NODE_STATS_COMPARE_THREAD_H

#include <jansson.h>

#include "control/node/node_thread.h"

/* "INDEX" or "INDEX,JOURNAL": which chain value has each node behind that entry? {"begun": true, "journal", "index"} */
json_t *wl_stats_answer_compare(void *node, const char *parameter, char *error, size_t error_bytes);
/* "" or "JOURNAL": {"journal", "index", "round", "complete", "nodes": [{"node", "verdict", "term", "chain", "first", "commit"}]} */
json_t *wl_stats_answer_compared(void *node, const char *parameter, char *error,
				 size_t error_bytes);

#endif
