/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One question to a journal, by the client library, and its answer (wirelog.h, "Questions to the journal"): what `wirelog end` and
 * `wirelog outcome` share.
 */
#ifndef WL_COMMAND_TOOL_QUESTION_H
#define WL_COMMAND_TOOL_QUESTION_H

#include <argp.h>
#include <stdint.h>

#include "command/tool_cluster.h"

#define WL_TOOL_QUESTION_TIMEOUT_NS UINT64_C(10000000000)

struct wl_tool_question {
	struct wl_tool_cluster cluster; /* a child of argp's */
	uint64_t timeout_ns;
	uint32_t node; /* that is asked; 0: any */
	uint64_t session, sequence; /* 0: how far is the journal? */
	int fence;
};

#define WL_TOOL_QUESTION_KEY_TIMEOUT 0x180
#define WL_TOOL_QUESTION_OPTION_TIMEOUT                                                 \
	{                                                                               \
		"timeout", WL_TOOL_QUESTION_KEY_TIMEOUT, "DURATION", 0,                 \
			"without an answer for so long it is an error (default 10s)", 0 \
	}
void wl_tool_question_parse_timeout(struct wl_tool_question *question, const char *text,
				    const struct argp_state *state);

/* Connects, asks, waits. 0 and *answer; else it was told to the user: the exit code. */
int wl_tool_question_put(struct wl_tool_question *question, struct wirelog_event *answer);

#endif
