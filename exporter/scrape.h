/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the exporter answers to HTTP: /metrics in the format that is asked for, / says where that is. Pages are made by a function that is
 * given, at most ten times a second: who asks more often gets the last one.
 *
 * Owner: the caller. Thread: that of the HTTP server.
 */
#ifndef WL_EXPORTER_SCRAPE_H
#define WL_EXPORTER_SCRAPE_H

#include "http/http.h"

#define WL_SCRAPE_CONNECTIONS_MAX 64u
#define WL_SCRAPE_FRESH_MS 100

struct wl_scrape {
	/* A page, by malloc, and its bytes; NULL: no memory. */
	char *(*make)(void *context, bool openmetrics, size_t *bytes);
	void *context;
	struct {
		char *text;
		size_t bytes;
		int64_t made_ms;
	} pages[2]; /* by format */
};

/* get of struct wl_http_config; `context` is a struct wl_scrape. */
void wl_scrape_get(void *context, const struct wl_http_request *request,
		   struct wl_http_reply *reply);
void wl_scrape_fini(struct wl_scrape *scrape);

#endif
