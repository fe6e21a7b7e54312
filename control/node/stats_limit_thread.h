/* SPDX-License-Identifier: BSD-3-Clause */
/* What admin.sock is asked about limits of journals. [wl-admin] */
#ifndef WL_CONTROL_NODE_STATS_LIMIT_THREAD_H
#define WL_CONTROL_NODE_STATS_LIMIT_THREAD_H

#include <jansson.h>
#include <stddef.h>

/* NAME,VALUE,JOURNAL,ENTRY: as it is told (base/journal_limits.h), of the limits that this entry said. NULL: `error` says why not. */
json_t *wl_stats_answer_limit_set(void *context, const char *parameter, char *error,
				  size_t error_bytes);

#endif
