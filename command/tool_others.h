/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nodes of a cluster that have no run directory here: a node that has asks them over the wire (control/node/cluster_status_thread.h), and
 * each answers for itself, after it was asked.
 *
 * Thread: any, one at a time.
 */
#ifndef WL_COMMAND_TOOL_OTHERS_H
#define WL_COMMAND_TOOL_OTHERS_H

#include <jansson.h>
#include <stddef.h>

#include "command/tool_status_table.h"

/* Every member of every journal, as the rows know them, some of them several times: numbers, the caller's to json_decref. */
json_t *wl_tool_others_members(const struct wl_status_row *rows, size_t count);

/*
 * Behind the `count` rows that were asked at their run directories one for each member of their journals that is none of them, at most up to
 * `most` in all; the number of rows. Where every member is among them, or nobody answered, nobody is asked. Takes up to a second. A member
 * that says nothing has a row without status; but where a run directory did not answer, it may be that one's, and has none.
 * Where rows came in addition all are in the order of the nodes.
 * *asked: what the rows point into, the caller's to json_decref; NULL: nobody was asked.
 */
size_t wl_tool_others_add(struct wl_status_row *rows, size_t count, size_t most, json_t **asked);

#endif
