/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes answered to /wirelog/status, as a table for people: one line for each node and journal, then a
 * line for each thing that is under way (tool_status_progress.h), and for each that somebody should know (insecure, degraded, chain values that differ).
 *
 * Missing members are shown as '-': a node of another version may not have them.
 */
#ifndef WL_COMMAND_TOOL_STATUS_TABLE_H
#define WL_COMMAND_TOOL_STATUS_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct wl_status_row {
	const char *run_directory; /* NULL: it was asked over the wire */
	uint32_t node, asked_by; /* over the wire: which, and by whom; else 0 */
	const char *reason; /* one word, where status is NULL */
	const json_t *status; /* NULL: the node did not answer */
	const json_t
		*before; /* what it said the last time: how fast it goes is shown; NULL: nothing */
};

void wl_status_table_print(FILE *out, const struct wl_status_row *rows, size_t count);

#endif
