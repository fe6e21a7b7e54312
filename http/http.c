/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTION_BYTES 16384u
#define QUIET_S 5u
/* Who waits to be taken in. Of a crowd that has gone no more than these are left, each of which is found out by its silence. */
#define BACKLOG 64u
#define TYPE_TEXT "text/plain; charset=utf-8"

struct open_stream {
	struct wl_http *http;
	struct wl_http_stream stream;
	struct MHD_Connection *connection;
	bool sleeps; /* suspended until there is something to read */
	struct open_stream *next;
};

struct wl_http {
	struct wl_http_config config;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; /* of what follows; never taken by who holds a stream's own lock */
	struct open_stream *streams;
	bool closes;
};

/* ---- streams ------------------------------------------------------------------------------------ */

/* Between `read` and the suspension nobody can wake it: both are under the lock. */
static ssize_t read_stream(void *context, uint64_t offset, char *to, size_t room)
{
	struct open_stream *open = context;
	ssize_t bytes;

	(void)offset;
	pthread_mutex_lock(&open->http->lock);
	bytes = open->http->closes ? -1 : open->stream.read(open->stream.stream, to, room);
	if (bytes == 0) {
		open->sleeps = true;
		MHD_suspend_connection(open->connection);
	}
	pthread_mutex_unlock(&open->http->lock);
	return bytes < 0 ? MHD_CONTENT_READER_END_OF_STREAM : bytes;
}

static void end_stream(void *context)
{
	struct open_stream *open = context;
	struct open_stream **at = &open->http->streams;

	pthread_mutex_lock(&open->http->lock);
	while (*at != open)
		at = &(*at)->next;
	*at = open->next;
	pthread_mutex_unlock(&open->http->lock);
	open->stream.gone(open->stream.stream);
	free(open);
}

void wl_http_wake(struct wl_http *http)
{
	pthread_mutex_lock(&http->lock);
	for (struct open_stream *open = http->streams; open != NULL; open = open->next) {
		if (open->sleeps)
			MHD_resume_connection(open->connection);
		open->sleeps = false;
	}
	pthread_mutex_unlock(&http->lock);
}

static struct MHD_Response *respond_with_stream(struct wl_http *http,
						struct MHD_Connection *connection,
						const struct wl_http_stream *stream)
{
	struct open_stream *open = malloc(sizeof(*open));
	struct MHD_Response *response;

	if (open == NULL) {
		stream->gone(stream->stream);
		return NULL;
	}
	*open = (struct open_stream){http, *stream, connection, false, NULL};
	pthread_mutex_lock(&http->lock);
	open->next = http->streams;
	http->streams = open;
	pthread_mutex_unlock(&http->lock);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CONNECTION_BYTES,
						     read_stream, open, end_stream);
	if (response == NULL)
		end_stream(open);
	return response;
}

/* ---- answers ------------------------------------------------------------------------------------ */

void wl_http_say(struct wl_http_reply *reply, unsigned status, const char *words)
{
	*reply = (struct wl_http_reply){.status = status,
					.type = TYPE_TEXT,
					.body = words,
					.bytes = strlen(words)};
}

static enum MHD_Result respond(struct wl_http *http, struct MHD_Connection *connection,
			       const struct wl_http_reply *reply)
{
	struct MHD_Response *response =
		reply->stream.read != NULL
			? respond_with_stream(http, connection, &reply->stream)
			: MHD_create_response_from_buffer(reply->bytes,
							  (void *)(uintptr_t)reply->body,
							  MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	for (size_t at = 0; http->config.headers && http->config.headers[at][0]; at++)
		MHD_add_response_header(response, http->config.headers[at][0],
					http->config.headers[at][1]);
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/* wide: MHD_AccessHandlerCallback */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_bytes, void **request)
{
	static int seen;
	struct wl_http *http = context;
	struct wl_http_reply reply = {0};
	struct wl_http_request asked = {
		.path = url,
		.accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						      MHD_HTTP_HEADER_ACCEPT),
		.host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						    MHD_HTTP_HEADER_HOST),
	};

	(void)version, (void)upload;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		wl_http_say(&reply, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
		return respond(http, connection, &reply);
	}
	/* The first call is for the headers alone; the response is made at the second. */
	if (*request == NULL) {
		*request = &seen;
		return MHD_YES;
	}
	if (*upload_bytes != 0) {
		*upload_bytes = 0;
		return MHD_YES;
	}
	http->config.get(http->config.context, &asked, &reply);
	return respond(http, connection, &reply);
}

/* ---- the server --------------------------------------------------------------------------------- */

struct wl_http *wl_http_open(const struct wl_http_config *config, uint16_t *port)
{
	struct wl_http *http = calloc(1, sizeof(*http));
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	const union MHD_DaemonInfo *info;

	if (http == NULL)
		return NULL;
	http->config = *config;
	pthread_mutex_init(&http->lock, NULL);
	if (config->address->sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR,
					config->address, MHD_OPTION_CONNECTION_LIMIT,
					config->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
					QUIET_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
					(size_t)CONNECTION_BYTES,
					MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
					MHD_OPTION_LISTEN_BACKLOG_SIZE, BACKLOG, MHD_OPTION_END);
	if (http->daemon == NULL) {
		pthread_mutex_destroy(&http->lock);
		free(http);
		return NULL;
	}
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
	*port = info != NULL ? info->port : 0;
	return http;
}

void wl_http_close(struct wl_http *http)
{
	pthread_mutex_lock(&http->lock);
	http->closes = true;
	pthread_mutex_unlock(&http->lock);
	wl_http_wake(http); /* a connection that sleeps could not be ended */
	MHD_stop_daemon(http->daemon);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

bool wl_http_parse_address(const char *text, struct sockaddr_storage *address)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST,
				       .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(text, ':');
	struct addrinfo *found = NULL;
	char host[64];
	size_t length;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return false;
	length = (size_t)(colon - text);
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (getaddrinfo(host[0] != '\0' ? host : NULL, colon + 1, &hints, &found) != 0)
		return false;
	memcpy(address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}
