/* SPDX-License-Identifier: BSD-3-Clause */
/* What admin.sock is asked about keys. [wl-admin] */
#ifndef WL_CONTROL_NODE_STATS_KEY_THREAD_H
#define WL_CONTROL_NODE_STATS_KEY_THREAD_H

#include <jansson.h>
#include <stddef.h>

/* BEFORE,NOW,ENTRY,FORCE: two ids as hexadecimal digits, the entry of the keys that are in force (0: none were said), 1 to go on without
 * members that were not heard. The next stage of that change. NULL: `error` says why not. */
json_t *wl_stats_answer_key_rotate(void *context, const char *parameter, char *error,
				   size_t error_bytes);

#endif
