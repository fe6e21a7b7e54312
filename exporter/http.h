/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP side of the exporter: GET and HEAD of /metrics, / says where that is; everything else is 404 or 405. libmicrohttpd reads and writes on a
 * thread of its own; the pages are made by a function that is given, at most ten times a second: who asks more often gets the last one.
 * At most WL_HTTP_CONNECTIONS_MAX connections, a quiet one ends after ten seconds.
 *
 * Owner: who opened it. Thread: open, close [main]; `make` runs on the thread of libmicrohttpd, one at a time.
 */
#ifndef WL_EXPORTER_HTTP_H
#define WL_EXPORTER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define WL_HTTP_CONNECTIONS_MAX 64u
#define WL_HTTP_PAGE_FRESH_MS 100

struct wl_http_config {
	const struct sockaddr *address;
	/* A page, by malloc, and its bytes; NULL: no memory. */
	char *(*make)(void *context, bool openmetrics, size_t *bytes);
	void *context;
};

struct wl_http;

/* NULL with errno. *port: that it listens on. */
struct wl_http *wl_http_open(const struct wl_http_config *config, uint16_t *port);
void wl_http_close(struct wl_http *http);

#endif
