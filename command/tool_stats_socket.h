/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One question to a node's stats socket, RUN_DIRECTORY/stats.sock (docs/OPERATIONS.md, "Stats socket"): a
 * packet out, a packet of JSON back, at most WL_STATS_ASK_MS altogether, however the node behaves.
 *
 * Thread: any; the reason belongs to the calling thread.
 */
#ifndef WL_COMMAND_TOOL_STATS_SOCKET_H
#define WL_COMMAND_TOOL_STATS_SOCKET_H

#include <jansson.h>

#define WL_STATS_ASK_MS 2000

/*
 * `request` as "/wirelog/status" or "/wirelog/transfer,2". On 0 *answer is what stands under the request's
 * name, the caller's to json_decref; else it is NULL and the result is
 *	NOT_RUNNING      nobody listens there
 *	TIMED_OUT        the node has the socket and does not answer
 *	INVALID_ARGUMENT the node refused the request: the reason is its own sentence
 *	NO_MEMORY, INTERNAL (the answer is not the JSON that it should be)
 */
int wl_stats_socket_ask(const char *run_directory, const char *request, json_t **answer);

/* One sentence about the last failure of wl_stats_socket_ask in this thread. */
const char *wl_stats_socket_reason(void);

#endif
