/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/stats_socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/report/asker_file.h"
#include "control/report/report_file.h"
#include "control/report/stats_stream.h"
#include "dataplane/base/check.h"
#include "dataplane/host/clock.h"
#include "wirelog/status.h"

/* Twenty dashboards that begin at once are common; behind it a connect that does not wait is refused. */
#define BACKLOG 64
#define ERROR_BYTES 256
#define PARAMETER_BYTES 128 /* that a line of the log has */
#define LINE_BYTES (PARAMETER_BYTES + 2 * ERROR_BYTES)
#define ACCEPT_PAUSE_MS 100 /* after one that failed: what is missing does not come back at once */

struct connection {
	int fd; /* -1: somebody else's by now */
	struct wl_asker asker;
	uint64_t used; /* order of last use */
	struct wl_stats_stream stream;
};

struct wl_stats_socket {
	struct wl_stats_socket_config config;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t device; /* of the socket's file, which is removed if it still is that one */
	ino_t inode;
	int listener, wake;
	gid_t group; /* where the configuration has one */
	const char *streamable[WL_STATS_COMMANDS_MAX + 1]; /* names; NULL at the end */
	struct connection connections[WL_STATS_CONNECTIONS_MAX];
	unsigned connection_count;
	uint64_t clock;
	_Atomic uint64_t refused, accept_failed;
	bool accept_fails; /* and that was said */
	_Atomic bool ending;
	pthread_t thread;
};

/* ---- one request -------------------------------------------------------------------------------- */

static const char *name_of(const struct wl_stats_socket *stats)
{
	return stats->config.admin ? WL_ADMIN_SOCKET_NAME : WL_STATS_SOCKET_NAME;
}

/* A request is on one of the two sockets. */
static bool is_served(const struct wl_stats_socket *stats, const struct wl_stats_command *command)
{
	return stats->config.admin == (command->kind >= WL_STATS_COSTS);
}

static json_t *list_commands(const struct wl_stats_socket *stats)
{
	json_t *list = json_array();

	json_array_append_new(list, json_string("/"));
	for (const struct wl_stats_command *at = stats->config.commands; at->name; at++)
		if (is_served(stats, at))
			json_array_append_new(list, json_string(at->name));
	if (stats->streamable[0])
		json_array_append_new(list, json_string(WL_STATS_STREAM));
	return list;
}

/* What stands between quotes in the log; control characters are report_file.c's. */
static const char *without_quotes(const char *from, char *to, size_t to_bytes)
{
	size_t used = 0;

	for (; *from != '\0' && used + 1 < to_bytes; from++)
		to[used++] = *from == '"' ? '\'' : *from;
	to[used] = '\0';
	return to;
}

/* `value`: the answer; NULL: `error`, or the connection was taken. What is answered "taken": false, "begun": false was refused as well. */
static bool is_refused(const struct connection *connection, const json_t *value)
{
	if (!value)
		return connection->fd >= 0;
	return json_is_false(json_object_get(value, "taken")) ||
	       json_is_false(json_object_get(value, "begun"));
}

/* One line for each change, before it is answered. At the wrong socket a member of the group may ask as often as it likes: those lines are limited. */
static void say_who_asked(const struct wl_stats_socket *stats, const struct connection *connection,
			  const struct wl_stats_command *command, const char *parameter,
			  const char *error)
{
	const struct wl_asker *asker = &connection->asker;
	char asked[PARAMETER_BYTES], sentence[ERROR_BYTES], user[WL_ASKER_USER_BYTES];
	char refusal[ERROR_BYTES + 16] = "", line[LINE_BYTES];

	if (error)
		snprintf(refusal, sizeof(refusal), " error=\"%s\"",
			 without_quotes(error, sentence, sizeof(sentence)));
	wl_asker_user(WL_ASKER_USERS, asker->uid, user);
	without_quotes(parameter, asked, sizeof(asked));
	snprintf(line, sizeof(line),
		 "verb=%s parameter=\"%s\" uid=%u gid=%u user=%s pid=%d socket=%s result=%s%s",
		 command->name + strlen(WL_STATS_REQUESTS), asked, asker->uid, asker->gid, user,
		 (int)asker->pid, name_of(stats), error ? "refused" : "taken", refusal);
	if (stats->config.admin)
		wl_report_each(WL_REPORT_NOTICE, "admin", "%s", line);
	else
		wl_report(WL_REPORT_NOTICE, "admin", "%s", line);
}

/* The value of an answer; NULL: `error`, or the connection is somebody else's. */
static json_t *serve_command(const struct wl_stats_socket *stats, struct connection *connection,
			     const struct wl_stats_command *command, const char *parameter,
			     char error[ERROR_BYTES])
{
	json_t *value = NULL;
	bool refused;

	snprintf(error, ERROR_BYTES, "no answer could be made");
	if (is_served(stats, command))
		value = command->take ? command->take(stats->config.context, &connection->fd,
						      parameter, error, ERROR_BYTES)
				      : command->answer(stats->config.context, parameter, error,
							ERROR_BYTES);
	else if (stats->config.admin)
		snprintf(error, ERROR_BYTES,
			 "%s changes nothing: ask it at " WL_STATS_SOCKET_NAME
			 " in the same directory",
			 command->name);
	else
		snprintf(error, ERROR_BYTES,
			 "%s is not for " WL_STATS_SOCKET_NAME
			 ", where nothing is changed: ask it at " WL_ADMIN_SOCKET_NAME
			 " in the same directory, as the node's user or root",
			 command->name);
	refused = is_refused(connection, value);
	if (command->kind == WL_STATS_CHANGES)
		say_who_asked(stats, connection, command, parameter,
			      !refused ? NULL
			      : value  ? "its answer says why"
				       : error);
	return value;
}

static const struct wl_stats_command *find(const struct wl_stats_socket *stats, const char *name)
{
	for (const struct wl_stats_command *at = stats->config.commands; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

/* NULL: nothing can be said, or somebody else says it. */
static json_t *answer_to(const struct wl_stats_socket *stats, struct connection *connection,
			 char *request)
{
	char *comma = strchr(request, ',');
	const char *parameter = comma ? comma + 1 : "";
	const struct wl_stats_command *command;
	char error[ERROR_BYTES];
	json_t *value;

	if (comma)
		*comma = '\0';
	if (strcmp(request, "/") == 0)
		return json_pack("{s:o}", "/", list_commands(stats));
	command = find(stats, request);
	if (!command)
		return json_pack("{s:s}", "error", "there is no such request; \"/\" lists them");
	value = serve_command(stats, connection, command, parameter, error);
	if (connection->fd < 0)
		return NULL;
	if (!value && !is_served(stats, command) && !stats->config.admin)
		return json_pack("{s:s, s:s}", "error", error, "code",
				 wirelog_status_name(WIRELOG_NOT_ALLOWED));
	if (!value)
		return json_pack("{s:s}", "error", error);
	return json_pack("{s:o}", request, value);
}

/* Takes `answer`. False: the reader does not read, or is somebody else's; its connection ends here. */
static bool send_answer(int fd, json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	bool sent = text && send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;

	free(text);
	json_decref(answer);
	return sent;
}

/* The next packet of a stream; answer_to cuts the request apart, so it gets a copy. */
static bool send_next(const struct wl_stats_socket *stats, struct connection *connection)
{
	char request[WL_STATS_STREAM_REQUEST_BYTES];

	strcpy(request, connection->stream.request);
	return send_answer(connection->fd, answer_to(stats, connection, request));
}

/* Nothing is answered but what goes wrong: the packets of the stream come by themselves. */
static bool begin_stream(const struct wl_stats_socket *stats, struct connection *connection,
			 const char *text)
{
	char error[256];

	return wl_stats_stream_begin(&connection->stream, stats->streamable, text, error,
				     sizeof(error)) ||
	       send_answer(connection->fd, json_pack("{s:s}", "error", error));
}

/* As send_answer. */
static bool serve(const struct wl_stats_socket *stats, struct connection *connection)
{
	char request[WL_STATS_REQUEST_BYTES_MAX + 1];
	int fd = connection->fd;
	ssize_t got = recv(fd, request, WL_STATS_REQUEST_BYTES_MAX + 1, MSG_DONTWAIT);
	size_t name = strlen(WL_STATS_STREAM);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0 || got > (ssize_t)WL_STATS_REQUEST_BYTES_MAX)
		return false;
	request[got] = '\0';
	request[strcspn(request, "\r\n")] = '\0';
	connection->stream = (struct wl_stats_stream){0};
	if (strncmp(request, WL_STATS_STREAM, name) == 0 &&
	    (request[name] == ',' || request[name] == '\0'))
		return begin_stream(stats, connection, request + name + (request[name] == ','));
	return send_answer(fd, answer_to(stats, connection, request));
}

/* ---- connections -------------------------------------------------------------------------------- */

static void drop(struct wl_stats_socket *stats, unsigned at)
{
	if (stats->connections[at].fd >= 0)
		close(stats->connections[at].fd);
	stats->connections[at] = stats->connections[--stats->connection_count];
}

/* The file's mode lets nobody else come so far, unless somebody changed it. */
static bool is_allowed(const struct wl_stats_socket *stats, int fd, struct wl_asker *asker)
{
	char user[WL_ASKER_USER_BYTES];

	if (!wl_asker_of(fd, asker))
		return false;
	if (asker->uid == geteuid() || asker->uid == 0 ||
	    (stats->config.group && wl_asker_is_in(fd, asker, stats->group)))
		return true;
	if (stats->config.admin)
		wl_report(WL_REPORT_WARNING, "admin_stranger", "uid=%u gid=%u user=%s pid=%d",
			  asker->uid, asker->gid, wl_asker_user(WL_ASKER_USERS, asker->uid, user),
			  (int)asker->pid);
	return false;
}

/* With no descriptor or memory left the listener stays ready and nothing can be taken from it: it is left alone for a while. */
static void look_into(struct wl_stats_socket *stats, int error)
{
	if (error == EAGAIN || error == EINTR || error == ECONNABORTED)
		return;
	atomic_fetch_add_explicit(&stats->accept_failed, 1, memory_order_relaxed);
	if (!stats->accept_fails)
		wl_report(
			WL_REPORT_WARNING, "stats_socket",
			"socket=%s error=\"%s\" fix=\"raise the limit of open files (LimitNOFILE=)\"",
			name_of(stats), strerror(error));
	stats->accept_fails = true;
}

static void accept_one(struct wl_stats_socket *stats)
{
	int fd = accept4(stats->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int room = (int)WL_STATS_ANSWER_BYTES_MAX;
	unsigned oldest = 0;
	struct wl_asker asker;

	if (fd < 0) {
		look_into(stats, errno);
		return;
	}
	if (stats->accept_fails)
		wl_report(WL_REPORT_NOTICE, "stats_socket", "socket=%s error=none", name_of(stats));
	stats->accept_fails = false;
	if (!is_allowed(stats, fd, &asker)) {
		atomic_fetch_add_explicit(&stats->refused, 1, memory_order_relaxed);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (stats->connection_count == WL_STATS_CONNECTIONS_MAX) {
		for (unsigned at = 1; at < stats->connection_count; at++)
			if (stats->connections[at].used < stats->connections[oldest].used)
				oldest = at;
		drop(stats, oldest);
	}
	stats->connections[stats->connection_count++] =
		(struct connection){.fd = fd, .asker = asker, .used = ++stats->clock};
}

/* Until something is due; -1: until somebody asks. */
static int wait_ms(const struct wl_stats_socket *stats)
{
	int ms = stats->accept_fails ? ACCEPT_PAUSE_MS : -1;

	for (unsigned at = 0; at < stats->connection_count; at++)
		ms = wl_stats_stream_wait_ms(&stats->connections[at].stream, wl_clock_kernel_ns(),
					     ms);
	return ms;
}

/* A request that is there, or a packet that is due. False: the connection ends. */
static bool turn(struct wl_stats_socket *stats, struct connection *connection, short events)
{
	if (events != 0) {
		connection->used = ++stats->clock;
		if (!serve(stats, connection))
			return false;
	}
	if (!wl_stats_stream_is_due(&connection->stream, wl_clock_kernel_ns()))
		return true;
	connection->used = ++stats->clock;
	return send_next(stats, connection);
}

static void *serve_all(void *argument)
{
	struct wl_stats_socket *stats = argument;
	struct pollfd polled[2 + WL_STATS_CONNECTIONS_MAX];
	int ready;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!atomic_load(&stats->ending)) {
		unsigned count = stats->connection_count;
		bool pause = stats->accept_fails;

		polled[0] = (struct pollfd){.fd = stats->wake, .events = POLLIN};
		polled[1] = (struct pollfd){.fd = pause ? -1 : stats->listener, .events = POLLIN};
		for (unsigned at = 0; at < count; at++)
			polled[2 + at] =
				(struct pollfd){.fd = stats->connections[at].fd, .events = POLLIN};
		ready = poll(polled, 2 + count, wait_ms(stats));
		if (ready < 0 && errno != EINTR)
			break;
		/* From the end: dropping one moves the last into its place. */
		for (unsigned at = count; at-- > 0;)
			if (!turn(stats, &stats->connections[at], polled[2 + at].revents))
				drop(stats, at);
		/* After a pause it is tried without being asked: nothing else says that there is room again. */
		if ((polled[1].revents & POLLIN) != 0 || (pause && ready == 0))
			accept_one(stats);
	}
	return NULL;
}

/* ---- open, close -------------------------------------------------------------------------------- */

static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens;

	if (fd < 0)
		return false;
	listens = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		  errno == EAGAIN;
	close(fd);
	return listens;
}

/* A listening socket, or -1 with errno. Created with mode 0600 from the first moment on; nobody can connect before it listens. */
static int listen_at(const char *path, const gid_t *group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat stat;
	mode_t mask;
	bool bound;
	int error;

	if (fd < 0)
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &stat) == 0) {
		if (!S_ISSOCK(stat.st_mode) || somebody_listens(&address)) {
			errno = EADDRINUSE;
			goto close_socket;
		}
		unlink(path);
	}
	mask = umask(0177);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	umask(mask);
	if (bound && (!group || (chown(path, (uid_t)-1, *group) == 0 && chmod(path, 0660) == 0)) &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	if (bound)
		unlink(path);
	errno = error;
close_socket:
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Somebody else's socket may stand there by now. */
static void remove_file(const struct wl_stats_socket *stats)
{
	struct stat file;

	if (lstat(stats->path, &file) == 0 && file.st_dev == stats->device &&
	    file.st_ino == stats->inode)
		unlink(stats->path);
}

/* In the order of the table: without a name the first one is streamed. */
static void list_streamable(struct wl_stats_socket *stats)
{
	unsigned count = 0, streamed = 0;

	for (const struct wl_stats_command *at = stats->config.commands; at->name; at++) {
		WL_CHECK(++count <= WL_STATS_COMMANDS_MAX);
		WL_CHECK((at->take != NULL) != (at->answer != NULL));
		WL_CHECK(strncmp(at->name, WL_STATS_REQUESTS, strlen(WL_STATS_REQUESTS)) == 0);
		if (at->kind == WL_STATS_STREAMED && is_served(stats, at))
			stats->streamable[streamed++] = at->name;
	}
}

int wl_stats_socket_open(struct wl_stats_socket **out, const struct wl_stats_socket_config *config,
			 char *reason, size_t reason_bytes)
{
	struct wl_stats_socket *stats = calloc(1, sizeof(*stats));
	struct stat file;

	*out = NULL;
	if (!stats)
		return WIRELOG_NO_MEMORY;
	if (strlen(config->path) >= sizeof(stats->path)) {
		snprintf(reason, reason_bytes, "socket %s: the path is too long", config->path);
		goto free_stats;
	}
	stats->config = *config;
	list_streamable(stats);
	strcpy(stats->path, config->path);
	if (config->group)
		stats->group = *config->group;
	stats->listener = listen_at(stats->path, config->group);
	if (stats->listener < 0) {
		snprintf(reason, reason_bytes, "socket %s: %s", config->path, strerror(errno));
		goto free_stats;
	}
	if (lstat(stats->path, &file) == 0) {
		stats->device = file.st_dev;
		stats->inode = file.st_ino;
	}
	stats->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* The first request may be served before this returns. */
	*out = stats;
	if (stats->wake < 0 || pthread_create(&stats->thread, NULL, serve_all, stats) != 0) {
		snprintf(reason, reason_bytes, "socket %s: no thread could be made", config->path);
		goto close_listener;
	}
	pthread_setname_np(stats->thread, config->admin ? "wl-admin" : "wl-stats");
	return 0;

close_listener:
	*out = NULL;
	if (stats->wake >= 0)
		close(stats->wake);
	close(stats->listener);
	remove_file(stats);
free_stats:
	free(stats);
	return WIRELOG_RUN_DIRECTORY;
}

void wl_stats_socket_close(struct wl_stats_socket *stats)
{
	uint64_t one = 1;

	if (!stats)
		return;
	atomic_store(&stats->ending, true);
	if (write(stats->wake, &one, sizeof(one)) < 0)
		pthread_cancel(stats->thread);
	pthread_join(stats->thread, NULL);
	while (stats->connection_count > 0)
		drop(stats, 0);
	close(stats->listener);
	close(stats->wake);
	remove_file(stats);
	free(stats);
}

uint64_t wl_stats_socket_refused(const struct wl_stats_socket *stats)
{
	return !stats ? 0 : atomic_load_explicit(&stats->refused, memory_order_relaxed);
}

uint64_t wl_stats_socket_accept_failed(const struct wl_stats_socket *stats)
{
	return !stats ? 0 : atomic_load_explicit(&stats->accept_failed, memory_order_relaxed);
}
