/* SPDX-License-Identifier: BSD-3-Clause */
#include "exporter/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define CONNECTION_BYTES 16384u
#define QUIET_S 10u

struct page {
	char *text;
	size_t bytes;
	int64_t made_ms;
};

struct wl_http {
	struct wl_http_config config;
	struct MHD_Daemon *daemon;
	struct page pages[2]; /* by format */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct page *page_of(struct wl_http *http, bool openmetrics)
{
	struct page *page = &http->pages[openmetrics];

	if (page->text != NULL && now_ms() - page->made_ms < WL_HTTP_PAGE_FRESH_MS)
		return page;
	free(page->text);
	page->text = http->config.make(http->config.context, openmetrics, &page->bytes);
	page->made_ms = now_ms();
	return page;
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
			       const char *text, size_t bytes)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		bytes, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *words)
{
	return respond(connection, status, "text/plain; charset=utf-8", words, strlen(words));
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_bytes, void **request)
{
	static int seen;
	struct wl_http *http = context;
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool openmetrics = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
	const struct page *page;

	(void)version, (void)upload;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
	/* The first call is for the headers alone; the response is made at the second. */
	if (*request == NULL) {
		*request = &seen;
		return MHD_YES;
	}
	if (*upload_bytes != 0) {
		*upload_bytes = 0;
		return MHD_YES;
	}
	if (strcmp(url, "/") == 0)
		return say(connection, MHD_HTTP_OK, "wirelog-exporter: /metrics\n");
	if (strcmp(url, "/metrics") != 0)
		return say(connection, MHD_HTTP_NOT_FOUND, "there is /metrics\n");
	page = page_of(http, openmetrics);
	if (page->text == NULL)
		return say(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	return respond(connection, MHD_HTTP_OK, openmetrics ? TYPE_OPENMETRICS : TYPE_TEXT,
		       page->text, page->bytes);
}

struct wl_http *wl_http_open(const struct wl_http_config *config, uint16_t *port)
{
	struct wl_http *http = calloc(1, sizeof(*http));
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL;
	const union MHD_DaemonInfo *info;

	if (http == NULL)
		return NULL;
	http->config = *config;
	if (config->address->sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR,
					config->address, MHD_OPTION_CONNECTION_LIMIT,
					WL_HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
					QUIET_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
					(size_t)CONNECTION_BYTES,
					MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	if (http->daemon == NULL) {
		free(http);
		return NULL;
	}
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
	*port = info != NULL ? info->port : 0;
	return http;
}

void wl_http_close(struct wl_http *http)
{
	MHD_stop_daemon(http->daemon);
	for (unsigned at = 0; at < 2; at++)
		free(http->pages[at].text);
	free(http);
}
