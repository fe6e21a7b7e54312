/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One question to several nodes at the same time: one that hangs costs its own time, and not that of those behind it.
 *
 * Thread: any; a thread for each node but the first while the call lasts. Limits: WIRELOG_NODES_MAX nodes.
 */
#ifndef WL_COMMAND_TOOL_ASK_ALL_THREAD_H
#define WL_COMMAND_TOOL_ASK_ALL_THREAD_H

#include <jansson.h>
#include <stdint.h>

struct wl_tool_asked {
	const char *run_directory, *request;
	int within_ms; /* 1..WL_STATS_ASK_MS */
	/* What came of it, as wl_stats_socket_ask says; the answer is the caller's to json_decref. */
	int status;
	json_t *answer;
	char reason[512];
};

void wl_tool_ask_all(struct wl_tool_asked *asked, uint32_t count);

#endif
