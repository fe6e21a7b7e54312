/* SPDX-License-Identifier: BSD-3-Clause */
/* Answer of the stats socket to `wirelog why`: where the time of one record went. Reads what the worker keeps, asks it nothing. [wl-stats] */
#ifndef WL_CONTROL_NODE_STATS_WHY_THREAD_H
#define WL_CONTROL_NODE_STATS_WHY_THREAD_H

#include <jansson.h>
#include <stddef.h>

/* "NUMBER" or "NUMBER,JOURNAL": control/report/anatomy_json.h. `node`: struct wl_node. */
json_t *wl_stats_answer_why(void *node, const char *parameter, char *error, size_t error_bytes);

#endif
