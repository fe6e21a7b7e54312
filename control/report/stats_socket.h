/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node's two sockets for requests, instances of one: Unix SEQPACKET, in the run directory. stats.sock is for the node's user and root, and with mode 0660
 * for a group; it tells, and changes nothing. admin.sock is for the node's user and root alone, and takes what changes something: each is one line of
 * the log that says who asked. A request is on one of the two; asked at the other it is answered an error that names the right one.
 *
 * Each is served by a thread of its own (wl-stats, wl-admin). In the style of DPDK's telemetry: a request is one packet "/wirelog/status" or
 * "/wirelog/transfer,2", the answer one packet of JSON, {"/wirelog/status": ...}; an unknown one is answered
 * {"error": ...}. "/wirelog/stream,100" is answered every 100 ms.
 *
 * A reader that hangs costs its connection and nothing else: no call here waits for a peer. At most
 * WL_STATS_CONNECTIONS_MAX connections; one more pushes out the one that was idle longest.
 *
 * Owner: who opened it. Thread: open, close [init]; the answer functions run on the socket's thread.
 */
#ifndef WL_CONTROL_REPORT_STATS_SOCKET_H
#define WL_CONTROL_REPORT_STATS_SOCKET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WL_STATS_CONNECTIONS_MAX 32
#define WL_STATS_REQUEST_BYTES_MAX 1024u
#define WL_STATS_ANSWER_BYTES_MAX (1u << 20)
#define WL_STATS_COMMANDS_MAX 48
#define WL_STATS_REQUESTS "/wirelog/" /* begins the name of each */
/* Both in the run directory. */
#define WL_STATS_SOCKET_NAME "stats.sock"
#define WL_ADMIN_SOCKET_NAME "admin.sock"

enum wl_stats_kind {
	WL_STATS_STREAMED, /* tells, and may be streamed (stats_stream.h) */
	WL_STATS_TOLD, /* tells, and one answer is enough */
	/* admin.sock, from here on: */
	WL_STATS_COSTS, /* changes nothing, and puts other nodes or the drive to work; one of many of a command, without a line of its own */
	WL_STATS_CHANGES, /* a line of the log each */
};

struct wl_stats_command {
	const char *name; /* "/wirelog/status" */
	enum wl_stats_kind kind;
	/* The value of the answer, or NULL with a sentence in `error`. `parameter` is "" when there is none. */
	json_t *(*answer)(void *context, const char *parameter, char *error, size_t error_bytes);
	/*
	 * In place of `answer`, of what goes on for as long as somebody reads: as that, or *connection becomes -1. It is whose function this is
	 * from then on, who answers as well, and closes it. It does not wait.
	 */
	json_t *(*take)(void *context, int *connection, const char *parameter, char *error,
			size_t error_bytes);
};

struct wl_stats_socket_config {
	const char *path;
	const struct wl_stats_command *commands; /* of both; ends at the first without a name */
	bool admin; /* it is admin.sock */
	const gid_t *group; /* of stats.sock; NULL: none */
	void *context;
};

struct wl_stats_socket;

/* 0, or RUN_DIRECTORY, NO_MEMORY with a sentence. A socket that nobody listens on any more is replaced. */
int wl_stats_socket_open(struct wl_stats_socket **stats,
			 const struct wl_stats_socket_config *config, char *reason,
			 size_t reason_bytes);
void wl_stats_socket_close(struct wl_stats_socket *stats);
/* Connections refused because another user asked. NULL: 0. [any] */
uint64_t wl_stats_socket_refused(const struct wl_stats_socket *stats);
/* Connections that found no descriptor or memory; tried again ten times a second. [any] */
uint64_t wl_stats_socket_accept_failed(const struct wl_stats_socket *stats);

#endif
