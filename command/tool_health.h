/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes say about their health (docs/OPERATIONS.md, "Health"), put together to a word about all of them. To the reasons that the
 * nodes give themselves come those that only who asks several can know:
 *
 *   no_answer          a node that was asked did not answer
 *   not_reached        nor did one that was asked over the wire; but another one hears it, so it is only the way from here that is missing
 *   no_leader_answers  of a journal no node that answered says that it leads
 *   chains_differ      two nodes have different chain values behind one entry
 *   degraded           a node of an older version: it has no word but this one
 *
 * Pure. [any]
 */
#ifndef WL_COMMAND_TOOL_HEALTH_H
#define WL_COMMAND_TOOL_HEALTH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "command/tool_status_table.h"
#include "wirelog/limits.h"

#define WL_TOOL_ALLOWED_MAX 32u
#define WL_TOOL_HEALTH_EXIT_DEGRADED 1 /* as the plugins of monitoring systems say it */
#define WL_TOOL_HEALTH_EXIT_UNSAFE 2

enum wl_tool_health {
	WL_TOOL_HEALTHY,
	WL_TOOL_DEGRADED,
	WL_TOOL_UNSAFE,
};

struct wl_tool_allowed { /* reasons that do not count */
	const char *reasons[WL_TOOL_ALLOWED_MAX];
	size_t count;
};

/*
 * Of all rows together: {"level", "reasons": [...], "nodes": [{"run_directory", "asked_by", "node", "answered", "level", "journals":
 * [{"journal", "role", "term", "commit", "behind_entries", "behind_ns"}]}]}. Of run_directory and asked_by one is null. A reason is that of a node's own status, with "node" for whom it is
 * about and "said_by". The caller owns it.
 */
json_t *wl_tool_health_json(const struct wl_status_row *rows, size_t count,
			    const struct wl_tool_allowed *allowed);
enum wl_tool_health wl_tool_health_level(const json_t *health);
/* 0, WL_TOOL_HEALTH_EXIT_DEGRADED, WL_TOOL_HEALTH_EXIT_UNSAFE */
int wl_tool_health_exit_code(enum wl_tool_health level);

/* What wl_tool_health_json made, as a table of at most 100 columns and a line or two for each reason. */
void wl_tool_health_print(FILE *out, const json_t *health);

#endif
