/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leadership of a journal is asked for: begun at once by a node that leads, passed on by any other. What can be told of a slip is told here;
 * whether it came to that is seen in the status (`leader`, `term`). Thread: wl-admin.
 */
#ifndef WL_CONTROL_NODE_STATS_TRANSFER_THREAD_H
#define WL_CONTROL_NODE_STATS_TRANSFER_THREAD_H

#include <jansson.h>
#include <stddef.h>

/* "" | NODE | NODE,JOURNAL; node 0: whoever is best. NULL: `error` says why. */
json_t *wl_stats_answer_transfer(void *context, const char *parameter, char *error,
				 size_t error_bytes);

#endif
