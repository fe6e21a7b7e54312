/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nodes of a cluster as each says of itself over the wire to a client of it: from a machine where none of them runs, with an endpoint
 * and a key that may read.
 *
 * Thread: any, one at a time.
 */
#ifndef WL_COMMAND_TOOL_STATUS_WIRE_H
#define WL_COMMAND_TOOL_STATUS_WIRE_H

#include <jansson.h>
#include <stddef.h>

#include "command/tool_cluster.h"
#include "command/tool_status_table.h"

/*
 * A row for each member of the journals, in the order of the nodes; who says nothing within 0.8 s of its question has one without status.
 * 0; else it was told to the user: the exit code. *said: what the rows point into, the caller's to json_decref.
 */
int wl_tool_status_wire_ask(struct wl_tool_cluster *cluster,
			    struct wl_status_row rows[WIRELOG_NODES_MAX], size_t *count,
			    json_t **said);

#endif
