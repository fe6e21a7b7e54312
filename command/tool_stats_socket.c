/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_stats_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wirelog/status.h"

#define STATS_NAME "stats.sock"
#define ADMIN_NAME "admin.sock"
#define ANSWER_BYTES_MAX (1u << 20)

static _Thread_local char last_reason[512];
static _Thread_local bool nobody_listened; /* at the socket that was asked last */

const char *wl_stats_socket_reason(void)
{
	return last_reason;
}

__attribute__((format(printf, 2, 3))) static int fail(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(last_reason, sizeof(last_reason), format, arguments);
	va_end(arguments);
	return status;
}

static _Thread_local int patience_ms = WL_STATS_ASK_MS;

void wl_stats_socket_wait_at_most(int milliseconds)
{
	patience_ms = milliseconds;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A full backlog answers EAGAIN at once; there is nothing to poll for, so rest and try again. */
static int connect_until(int fd, const struct sockaddr_un *address, int64_t deadline_ms)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
		if (errno == EINTR)
			continue;
		nobody_listened = errno == ENOENT || errno == ECONNREFUSED;
		if (errno != EAGAIN)
			return fail(errno == EACCES ? WIRELOG_NOT_ALLOWED : WIRELOG_NOT_RUNNING,
				    "%s: %s", address->sun_path, strerror(errno));
		if (now_ms() >= deadline_ms)
			return fail(WIRELOG_TIMED_OUT, "%s: the node takes no connection",
				    address->sun_path);
		poll(NULL, 0, 20);
	}
	return 0;
}

static int wait_until(int fd, short events, int64_t deadline_ms)
{
	struct pollfd wanted = {.fd = fd, .events = events};
	int64_t left;

	while ((left = deadline_ms - now_ms()) > 0) {
		int ready = poll(&wanted, 1, (int)left);

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return fail(WIRELOG_INTERNAL, "poll: %s", strerror(errno));
	}
	return fail(WIRELOG_TIMED_OUT, "the node did not answer within %d ms", patience_ms);
}

static int exchange(int fd, const char *request, char *text, int64_t deadline_ms)
{
	int status = wait_until(fd, POLLOUT, deadline_ms);
	ssize_t size;

	if (status != 0)
		return status;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return fail(WIRELOG_NOT_RUNNING, "the node closed the connection: %s",
			    strerror(errno));
	status = wait_until(fd, POLLIN, deadline_ms);
	if (status != 0)
		return status;
	size = recv(fd, text, ANSWER_BYTES_MAX, 0);
	if (size <= 0)
		return fail(WIRELOG_NOT_RUNNING, "the node closed the connection");
	text[size] = '\0';
	return 0;
}

/* The answer stands under the request's name, without its parameter. */
static int unwrap(const char *request, const char *text, json_t **answer)
{
	json_t *whole = json_loads(text, 0, NULL);
	const char *refused = json_string_value(json_object_get(whole, "error"));
	const char *code = json_string_value(json_object_get(whole, "code"));
	char name[128];
	int status = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(request, ","), request);
	*answer = json_incref(json_object_get(whole, name));
	if (refused != NULL)
		status = fail(code != NULL && strcmp(code, "NOT_ALLOWED") == 0
				      ? WIRELOG_NOT_ALLOWED
				      : WIRELOG_INVALID_ARGUMENT,
			      "%s", refused);
	else if (*answer == NULL)
		status = fail(WIRELOG_INTERNAL,
			      "the node's answer to %s is not the JSON that was expected", name);
	json_decref(whole);
	return status;
}

static int ask(int fd, const struct sockaddr_un *address, const char *request, json_t **answer)
{
	int64_t deadline_ms = now_ms() + patience_ms;
	char *text = malloc(ANSWER_BYTES_MAX + 1);
	int status;

	if (text == NULL)
		return fail(WIRELOG_NO_MEMORY, "no memory for the answer");
	status = connect_until(fd, address, deadline_ms);
	if (status == 0)
		status = exchange(fd, request, text, deadline_ms);
	if (status == 0)
		status = unwrap(request, text, answer);
	free(text);
	return status;
}

static int begin(const char *run_directory, const char *name, const char *request, json_t **answer,
		 int *connection)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length =
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", run_directory, name);
	int fd, status;

	*answer = NULL;
	*connection = -1;
	nobody_listened = false;
	if (length >= (int)sizeof(address.sun_path))
		return fail(WIRELOG_NOT_RUNNING, "%s: longer than a socket's path may be",
			    run_directory);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(WIRELOG_INTERNAL, "socket: %s", strerror(errno));
	status = ask(fd, &address, request, answer);
	if (status == 0)
		*connection = fd;
	else
		close(fd);
	return status;
}

/* Nobody listens at admin.sock. Where somebody does at stats.sock, that one is of a build that took changes there. */
static int look_for_older(const char *run_directory)
{
	char reason[sizeof(last_reason)];
	json_t *list;
	int connection, status;

	strcpy(reason, last_reason);
	status = begin(run_directory, STATS_NAME, "/", &list, &connection);
	json_decref(list);
	if (status != 0)
		return fail(WIRELOG_NOT_RUNNING, "%s", reason);
	close(connection);
	return fail(WIRELOG_VERSION_MISMATCH,
		    "%.380s/" ADMIN_NAME
		    " is not there, and the node runs: its build has none. Ask with its own "
		    "`wirelog`, or start it with this build",
		    run_directory);
}

int wl_stats_socket_begin(const char *run_directory, const char *request, json_t **answer,
			  int *connection)
{
	int status = begin(run_directory, ADMIN_NAME, request, answer, connection);

	return nobody_listened ? look_for_older(run_directory) : status;
}

int wl_stats_socket_ask(const char *run_directory, const char *request, json_t **answer)
{
	int connection;
	int status = begin(run_directory, STATS_NAME, request, answer, &connection);

	if (status == 0)
		close(connection);
	return status;
}

int wl_stats_socket_change(const char *run_directory, const char *request, json_t **answer)
{
	int connection;
	int status = wl_stats_socket_begin(run_directory, request, answer, &connection);

	if (status == 0)
		close(connection);
	return status;
}
