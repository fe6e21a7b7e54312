/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is under way at the nodes, below the table of their status: a line for each follower that is behind, for each journal that is mended, and
 * for each scrub, with how fast it goes and how long it will take.
 */
#ifndef WL_COMMAND_TOOL_STATUS_PROGRESS_H
#define WL_COMMAND_TOOL_STATUS_PROGRESS_H

#include "command/tool_status_table.h"

void wl_status_progress_print(FILE *out, const struct wl_status_row *rows, size_t count);

#endif
