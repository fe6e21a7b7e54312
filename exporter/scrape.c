/* SPDX-License-Identifier: BSD-3-Clause */
#include "exporter/scrape.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void refresh(struct wl_scrape *scrape, bool openmetrics)
{
	if (scrape->pages[openmetrics].text != NULL &&
	    now_ms() - scrape->pages[openmetrics].made_ms < WL_SCRAPE_FRESH_MS)
		return;
	free(scrape->pages[openmetrics].text);
	scrape->pages[openmetrics].text =
		scrape->make(scrape->context, openmetrics, &scrape->pages[openmetrics].bytes);
	scrape->pages[openmetrics].made_ms = now_ms();
}

void wl_scrape_get(void *context, const struct wl_http_request *request,
		   struct wl_http_reply *reply)
{
	struct wl_scrape *scrape = context;
	bool openmetrics = request->accept != NULL &&
			   strstr(request->accept, "application/openmetrics-text") != NULL;

	if (strcmp(request->path, "/") == 0) {
		wl_http_say(reply, 200, "wirelog-exporter: /metrics\n");
		return;
	}
	if (strcmp(request->path, "/metrics") != 0) {
		wl_http_say(reply, 404, "there is /metrics\n");
		return;
	}
	refresh(scrape, openmetrics);
	if (scrape->pages[openmetrics].text == NULL) {
		wl_http_say(reply, 500, "no memory\n");
		return;
	}
	reply->status = 200;
	reply->type = openmetrics ? TYPE_OPENMETRICS : TYPE_TEXT;
	reply->body = scrape->pages[openmetrics].text;
	reply->bytes = scrape->pages[openmetrics].bytes;
}

void wl_scrape_fini(struct wl_scrape *scrape)
{
	for (unsigned at = 0; at < 2; at++)
		free(scrape->pages[at].text);
}
