/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node's stats socket: a Unix SEQPACKET socket for the node's user and root, and with mode 0660 for a group, whose members are answered what
 * changes nothing. Served by a thread of its own (wl-stats). In the style of DPDK's telemetry: a request is one packet "/wirelog/status" or
 * "/wirelog/transfer,2", the answer one packet of JSON, {"/wirelog/status": ...}; an unknown one is answered {"error": ...}. "/wirelog/stream,100" is answered every 100 ms.
 *
 * A reader that hangs costs its connection and nothing else: no call here waits for a peer. At most
 * WL_STATS_CONNECTIONS_MAX connections; one more pushes out the one that was idle longest.
 *
 * Owner: who opened it. Thread: open, close [init]; the answer function runs on wl-stats.
 */
#ifndef WL_CONTROL_REPORT_STATS_SOCKET_H
#define WL_CONTROL_REPORT_STATS_SOCKET_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WL_STATS_CONNECTIONS_MAX 32
#define WL_STATS_REQUEST_BYTES_MAX 1024u
#define WL_STATS_ANSWER_BYTES_MAX (1u << 20)
#define WL_STATS_SOCKET_NAME "stats.sock" /* in the run directory */

struct wl_stats_command {
	const char *name; /* "/wirelog/status" */
	/* The value of the answer, or NULL with a sentence in `error`. `parameter` is "" when there is none. */
	json_t *(*answer)(void *context, const char *parameter, char *error, size_t error_bytes);
};

struct wl_stats_socket_config {
	const char *path;
	const struct wl_stats_command *commands; /* ends at the first without a name; "/" is added */
	const char *const *
		streamable; /* names of commands that change nothing (stats_stream.h); NULL at the end, or none */
	const char *const *
		readable; /* likewise, those that a member of `group` may ask; those that are streamable, too */
	const gid_t *group; /* NULL: none */
	void *context;
};

struct wl_stats_socket;

/* 0, or RUN_DIRECTORY, NO_MEMORY with a sentence. A socket that nobody listens on any more is replaced. */
int wl_stats_socket_open(struct wl_stats_socket **stats,
			 const struct wl_stats_socket_config *config, char *reason,
			 size_t reason_bytes);
void wl_stats_socket_close(struct wl_stats_socket *stats);
/* Connections refused because another user asked. [any] */
uint64_t wl_stats_socket_refused(const struct wl_stats_socket *stats);
/* Connections that found no descriptor or memory; tried again ten times a second. [any] */
uint64_t wl_stats_socket_accept_failed(const struct wl_stats_socket *stats);

#endif
