/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small HTTP server, of wirelog-exporter and wirelog-web: GET and HEAD alone, what is answered is said by a function that is given. libmicrohttpd
 * reads and writes on a thread of its own. At most `connections_max` connections, a quiet one ends after five seconds, and whoever takes
 * nothing of what is written to it for so long as well.
 *
 * Owner: who opened it. Thread: open, close [main]; wake [any]; the functions run on the thread of libmicrohttpd, one at a time.
 */
#ifndef WL_HTTP_HTTP_H
#define WL_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* A body without end: read again and again. */
struct wl_http_stream {
	/* So many bytes; 0: none for now, wl_http_wake says when; -1: it is over. Never waits. */
	ssize_t (*read)(void *stream, char *to, size_t room);
	void (*gone)(void *stream); /* the last call, whoever ended it */
	void *stream;
};

struct wl_http_reply {
	unsigned status; /* 200, 404, ... */
	const char *type;
	const void *body; /* copied when the function has returned */
	size_t bytes;
	struct wl_http_stream stream; /* instead of a body, where read is not NULL */
};

struct wl_http_request {
	const char *path;
	const char *accept, *host; /* NULL: there was none */
};

struct wl_http_config {
	const struct sockaddr *address;
	unsigned connections_max;
	const char *const (*headers)[2]; /* name, value; of each answer; ends with NULL; or NULL */
	void (*get)(void *context, const struct wl_http_request *request,
		    struct wl_http_reply *reply);
	void *context;
};

struct wl_http;

/* NULL with errno. *port: that it listens on. */
struct wl_http *wl_http_open(const struct wl_http_config *config, uint16_t *port);
/* Streams are told that they are gone. */
void wl_http_close(struct wl_http *http);
/* Streams that had nothing are read again. */
void wl_http_wake(struct wl_http *http);

/* A reply of one line of text. */
void wl_http_say(struct wl_http_reply *reply, unsigned status, const char *words);

/* "127.0.0.1:9746", "[::1]:9746", ":9746" (everywhere); numbers alone. */
bool wl_http_parse_address(const char *text, struct sockaddr_storage *address);

#endif
