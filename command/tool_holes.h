/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All damaged places of one journal of a node that does not run, not only the first, and what is missing in each: the survey that a node
 * makes before it mends itself (dataplane/mend/survey.h). Nothing is changed.
 *
 * Thread: any, one at a time.
 */
#ifndef WL_COMMAND_TOOL_HOLES_H
#define WL_COMMAND_TOOL_HOLES_H

#include <jansson.h>
#include <stdio.h>

#include "command/tool_journal.h"
#include "command/tool_place.h"
#include "dataplane/mend/survey.h"

struct wl_tool_holes {
	bool looked; /* something is damaged, and it was looked at */
	bool refused; /* it is nothing that heals (FOREIGN, CHAIN, a segment of another number) */
	bool end_unknown; /* nobody knows what stood at the end: the node will count nowhere until it has followed a leader */
	uint64_t end_begin; /* from there on */
	uint64_t let_go; /* more holes than are told, before them */
	uint32_t count;
	struct wl_tool_hole {
		struct wl_survey_hole hole;
		struct wl_verify_place begin, end;
	} holes[WL_SURVEY_HOLES_MAX];
};

/* Of a journal that was opened and found damaged; of another one nothing is looked at. `store` may be NULL: a directory. 0 or
 * NO_MEMORY. */
int wl_tool_holes_look(struct wl_tool_holes *holes, const struct wl_tool_journal *journal,
		       struct wl_store *store);
void wl_tool_holes_print(FILE *out, const struct wl_tool_holes *holes);
json_t *wl_tool_holes_json(const struct wl_tool_holes *holes);

#endif
