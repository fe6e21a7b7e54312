/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One question to a node, at RUN_DIRECTORY/stats.sock, or at RUN_DIRECTORY/admin.sock what changes something (docs/OPERATIONS.md, "Stats socket"): a
 * packet out, a packet of JSON back, at most WL_STATS_ASK_MS altogether, however the node behaves.
 *
 * Thread: any; the reason belongs to the calling thread.
 */
#ifndef WL_COMMAND_TOOL_STATS_SOCKET_H
#define WL_COMMAND_TOOL_STATS_SOCKET_H

#include <jansson.h>

#define WL_STATS_ASK_MS 2000

/*
 * `request` as "/wirelog/status" or "/wirelog/latency,10". On 0 *answer is what stands under the request's
 * name, the caller's to json_decref; else it is NULL and the result is
 *	NOT_RUNNING      nobody listens there
 *	TIMED_OUT        the node has the socket and does not answer
 *	INVALID_ARGUMENT the node refused the request: the reason is its own sentence
 *	NOT_ALLOWED      this user may not ask it, or not there
 *	NO_MEMORY, INTERNAL (the answer is not the JSON that it should be)
 */
int wl_stats_socket_ask(const char *run_directory, const char *request, json_t **answer);

/* The same of what changes something, or costs the nodes work, at admin.sock. VERSION_MISMATCH: the node runs, and its build has none. */
int wl_stats_socket_change(const char *run_directory, const char *request, json_t **answer);

/*
 * The same as _change of a request that goes on behind its answer: *connection, which does not wait, is the caller's to close. -1 unless 0 is
 * returned.
 */
int wl_stats_socket_begin(const char *run_directory, const char *request, json_t **answer,
			  int *connection);

/* From now on, of this thread: 1..WL_STATS_ASK_MS. */
void wl_stats_socket_wait_at_most(int milliseconds);

/* One sentence about the last failure of these in this thread. */
const char *wl_stats_socket_reason(void);

#endif
