/* SPDX-License-Identifier: BSD-3-Clause */
/* What admin.sock is asked about features. [wl-admin] */
#ifndef WL_CONTROL_NODE_STATS_FINALIZE_THREAD_H
#define WL_CONTROL_NODE_STATS_FINALIZE_THREAD_H

#include <jansson.h>
#include <stddef.h>

/* SET,JOURNAL,ENTRY: what is to be in force, as a number, behind the entry that put in force what is. NULL: `error` says why not, and names
 * each member that has not declared it. */
json_t *wl_stats_answer_finalize(void *context, const char *parameter, char *error,
				 size_t error_bytes);

#endif
