/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/stats_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

struct bed {
	char directory[64], path[96], reason[256];
	struct wl_stats_socket *stats;
};

static json_t *answer_echo(void *context, const char *parameter, char *error, size_t error_bytes)
{
	int *calls = context;

	(*calls)++;
	if (strcmp(parameter, "bad") == 0) {
		snprintf(error, error_bytes, "bad was asked for");
		return NULL;
	}
	return json_pack("{s:s}", "parameter", parameter);
}

static json_t *answer_large(void *context, const char *parameter, char *error, size_t error_bytes)
{
	json_t *list = json_array();

	(void)context, (void)parameter, (void)error, (void)error_bytes;
	for (int at = 0; at < 5000; at++)
		json_array_append_new(list, json_integer(100000 + at));
	return list;
}

static int taken = -1;

static json_t *take(void *context, int *connection, const char *parameter, char *error,
		    size_t error_bytes)
{
	(void)context;
	if (strcmp(parameter, "busy") == 0)
		return json_pack("{s:b}", "begun", 0);
	if (strcmp(parameter, "bad") == 0) {
		snprintf(error, error_bytes, "bad was asked for");
		return NULL;
	}
	taken = *connection;
	*connection = -1;
	send(taken, "{\"mine\":1}", 10, MSG_NOSIGNAL);
	return NULL;
}

static json_t *answer_file(void *context, const char *parameter, char *error, size_t error_bytes)
{
	(void)context, (void)error, (void)error_bytes;
	return json_pack("{s:b}", "taken", strcmp(parameter, "wrong") != 0);
}

static const struct wl_stats_command commands[] = {
	{"/wirelog/echo", WL_STATS_STREAMED, answer_echo, NULL},
	{"/wirelog/large", WL_STATS_STREAMED, answer_large, NULL},
	{"/wirelog/told", WL_STATS_TOLD, answer_echo, NULL},
	{"/wirelog/search", WL_STATS_COSTS, answer_echo, NULL},
	{"/wirelog/act", WL_STATS_CHANGES, answer_echo, NULL},
	{"/wirelog/file", WL_STATS_CHANGES, answer_file, NULL},
	{"/wirelog/take", WL_STATS_CHANGES, NULL, take},
	{NULL, WL_STATS_TOLD, NULL, NULL},
};
static int calls;

static void set_up_one(struct bed *bed, bool admin)
{
	struct wl_stats_socket_config config = {.path = bed->path,
						.commands = commands,
						.admin = admin,
						.context = &calls};

	calls = 0;
	strcpy(bed->directory, "/tmp/wirelog-stats-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(bed->directory));
	snprintf(bed->path, sizeof(bed->path), "%s/%s", bed->directory,
		 admin ? WL_ADMIN_SOCKET_NAME : WL_STATS_SOCKET_NAME);
	CU_ASSERT_EQUAL_FATAL(
		wl_stats_socket_open(&bed->stats, &config, bed->reason, sizeof(bed->reason)), 0);
}

static void set_up(struct bed *bed)
{
	set_up_one(bed, false);
}

static void tear_down(struct bed *bed)
{
	wl_stats_socket_close(bed->stats);
	rmdir(bed->directory);
}

static int connect_with(const struct bed *bed, int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, bed->path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static int connect_to(const struct bed *bed)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (connect_with(bed, fd) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The answer, or NULL after two seconds or the end of the connection. */
static json_t *ask(int fd, const char *request)
{
	static char text[WL_STATS_ANSWER_BYTES_MAX];
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	ssize_t got;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 || poll(&polled, 1, 2000) != 1)
		return NULL;
	got = recv(fd, text, sizeof(text), 0);
	return got > 0 ? json_loadb(text, (size_t)got, 0, NULL) : NULL;
}

static void a_request_is_answered_under_its_own_name(void)
{
	struct bed bed;
	json_t *answer;
	int fd;

	set_up(&bed);
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/echo,2,0");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(
				       json_object_get(answer, "/wirelog/echo"), "parameter")),
			       "2,0");
	json_decref(answer);
	answer = ask(fd, "/wirelog/echo\n");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(
				       json_object_get(answer, "/wirelog/echo"), "parameter")),
			       "");
	json_decref(answer);
	CU_ASSERT_EQUAL(calls, 2);
	close(fd);
	tear_down(&bed);
}

static void a_connection_that_is_taken_is_somebody_elses(void)
{
	struct bed bed;
	json_t *answer;
	char text[16];
	int fd;

	set_up_one(&bed, true);
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/take,busy");
	CU_ASSERT(
		json_is_false(json_object_get(json_object_get(answer, "/wirelog/take"), "begun")));
	json_decref(answer);
	answer = ask(fd, "/wirelog/take,bad");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(answer, "error")),
			       "bad was asked for");
	json_decref(answer);
	answer = ask(fd, "/wirelog/stream,100,/wirelog/take");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "error"));
	json_decref(answer);
	answer = ask(fd, "/wirelog/stream,100");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "error"));
	json_decref(answer);
	answer = ask(fd, "/wirelog/take,it");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "mine"));
	json_decref(answer);
	/* Nobody answers there any more but who took it, also behind the socket's end. */
	CU_ASSERT_PTR_NULL(ask(fd, "/wirelog/echo,1"));
	CU_ASSERT_EQUAL(recv(taken, text, sizeof(text), MSG_DONTWAIT), 15);
	wl_stats_socket_close(bed.stats);
	CU_ASSERT_EQUAL(send(taken, "more", 4, MSG_NOSIGNAL), 4);
	CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), MSG_DONTWAIT), 4);
	close(taken);
	close(fd);
	rmdir(bed.directory);
}

static void what_is_not_known_is_answered_with_an_error(void)
{
	static const char *const requests[] = {"/wirelog/nothing", "", "status",
					       "/wirelog/echo,bad", "/wirelog"};
	struct bed bed;
	int fd;

	set_up(&bed);
	fd = connect_to(&bed);
	for (unsigned at = 0; at < sizeof(requests) / sizeof(requests[0]); at++) {
		json_t *answer;

		if (requests[at][0] == '\0')
			continue; /* an empty packet is how the other side says goodbye */
		answer = ask(fd, requests[at]);
		CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "error"));
		CU_ASSERT_EQUAL(json_object_size(answer), 1);
		json_decref(answer);
	}
	close(fd);
	tear_down(&bed);
}

static void each_socket_lists_what_it_serves(void)
{
	for (int admin = 0; admin <= 1; admin++) {
		const char *const only = admin ? "/wirelog/take" : "/wirelog/stream";
		size_t at, found = 0;
		json_t *answer, *name;
		struct bed bed;
		int fd;

		set_up_one(&bed, admin);
		fd = connect_to(&bed);
		answer = ask(fd, "/");
		CU_ASSERT_EQUAL(json_array_size(json_object_get(answer, "/")), 5);
		json_array_foreach(json_object_get(answer, "/"), at, name)
			found += strcmp(json_string_value(name), only) == 0;
		CU_ASSERT_EQUAL(found, 1);
		json_decref(answer);
		close(fd);
		tear_down(&bed);
	}
}

/* What the log says meanwhile; it goes to standard error as long as it is not open. */
struct overheard {
	int before;
	FILE *file;
	char text[16384];
};

static void overhear(struct overheard *overheard)
{
	fflush(stderr);
	overheard->before = dup(STDERR_FILENO);
	overheard->file = tmpfile();
	CU_ASSERT_PTR_NOT_NULL_FATAL(overheard->file);
	dup2(fileno(overheard->file), STDERR_FILENO);
}

static void end_overhearing(struct overheard *overheard)
{
	size_t got;

	dup2(overheard->before, STDERR_FILENO);
	close(overheard->before);
	rewind(overheard->file);
	got = fread(overheard->text, 1, sizeof(overheard->text) - 1, overheard->file);
	overheard->text[got] = '\0';
	fclose(overheard->file);
}

static unsigned count_in(const char *text, const char *wanted)
{
	unsigned count = 0;

	for (; (text = strstr(text, wanted)) != NULL; text++)
		count++;
	return count;
}

static void expect_error(int fd, const char *request, const char *part, const char *code)
{
	json_t *answer = ask(fd, request);
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *told = json_string_value(json_object_get(answer, "code"));

	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, part));
	CU_ASSERT_EQUAL(told != NULL, code != NULL);
	CU_ASSERT(code == NULL || (told != NULL && strcmp(told, code) == 0));
	json_decref(answer);
}

static void the_stats_socket_changes_nothing_and_says_where_that_is_asked(void)
{
	struct overheard heard;
	struct bed bed;
	json_t *answer;
	int fd;

	set_up(&bed);
	fd = connect_to(&bed);
	overhear(&heard);
	expect_error(fd, "/wirelog/act,1", "admin.sock", "NOT_ALLOWED");
	expect_error(fd, "/wirelog/take,1", "admin.sock", "NOT_ALLOWED");
	expect_error(fd, "/wirelog/search,1", "admin.sock", "NOT_ALLOWED");
	answer = ask(fd, "/wirelog/told,1");
	end_overhearing(&heard);
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "/wirelog/told"));
	json_decref(answer);
	CU_ASSERT_EQUAL(calls, 1);
	/* Of what would have changed something, and of nothing else. */
	CU_ASSERT_EQUAL(count_in(heard.text, " admin verb="), 2);
	CU_ASSERT_EQUAL(count_in(heard.text, "socket=stats.sock result=refused"), 2);
	close(fd);
	tear_down(&bed);
}

static void a_change_is_a_line_that_says_who_asked(void)
{
	char who[128];
	struct overheard heard;
	struct bed bed;
	int fd;

	set_up_one(&bed, true);
	fd = connect_to(&bed);
	overhear(&heard);
	json_decref(ask(fd, "/wirelog/act,2,\"x\"\001y"));
	json_decref(ask(fd, "/wirelog/act,bad"));
	json_decref(ask(fd, "/wirelog/file,wrong"));
	json_decref(ask(fd, "/wirelog/file,right"));
	json_decref(ask(fd, "/wirelog/search,1"));
	expect_error(fd, "/wirelog/told", "stats.sock", NULL);
	expect_error(fd, "/wirelog/nothing", "no such request", NULL);
	end_overhearing(&heard);
	CU_ASSERT_EQUAL(count_in(heard.text, "\n"), 4);
	snprintf(who, sizeof(who), "uid=%u gid=%u user=", geteuid(), getegid());
	CU_ASSERT_EQUAL(count_in(heard.text, who), 4);
	snprintf(who, sizeof(who), " pid=%d socket=admin.sock result=", (int)getpid());
	CU_ASSERT_EQUAL(count_in(heard.text, who), 4);
	CU_ASSERT_EQUAL(count_in(heard.text, "verb=act parameter=\"2,'x'?y\" "), 1);
	CU_ASSERT_EQUAL(count_in(heard.text, "result=taken"), 2);
	CU_ASSERT_EQUAL(count_in(heard.text, "result=refused error=\"bad was asked for\""), 1);
	CU_ASSERT_EQUAL(count_in(heard.text, "verb=file parameter=\"wrong\" "), 1);
	CU_ASSERT_EQUAL(count_in(heard.text, "result=refused error=\"its answer says why\""), 1);
	close(fd);
	tear_down(&bed);
}

/* A thousand that come and say half a word, nothing, or rubbish; the next one is served. */
static void a_flood_of_connections_costs_nobody_else_anything(void)
{
	static const char *const says[] = {"", "/wirelog/", "/wirelog/ac", "\377\376,,,"};
	struct bed bed;
	json_t *answer;
	int fd;

	set_up_one(&bed, true);
	for (unsigned at = 0; at < 1000; at++) {
		const char *text = says[at % 4];

		fd = connect_to(&bed);
		CU_ASSERT(fd >= 0);
		if (text[0] != '\0')
			send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
	}
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/search,1");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "/wirelog/search"));
	json_decref(answer);
	CU_ASSERT_EQUAL(calls, 1);
	close(fd);
	tear_down(&bed);
}

static void an_oversized_request_ends_its_connection_only(void)
{
	static char large[4096];
	struct bed bed;
	json_t *answer;
	int fd, other;

	set_up(&bed);
	memset(large, 'x', sizeof(large) - 1);
	fd = connect_to(&bed);
	other = connect_to(&bed);
	CU_ASSERT_PTR_NULL(ask(fd, large));
	answer = ask(other, "/wirelog/echo");
	CU_ASSERT_PTR_NOT_NULL(answer);
	json_decref(answer);
	close(fd);
	close(other);
	tear_down(&bed);
}

static void a_reader_that_does_not_read_holds_nobody_up(void)
{
	struct bed bed;
	json_t *answer;
	int hangs, fd, one = 2048;

	set_up(&bed);
	hangs = connect_to(&bed);
	setsockopt(hangs, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one));
	fcntl(hangs, F_SETFL, O_NONBLOCK);
	for (int at = 0; at < 2000; at++)
		if (send(hangs, "/wirelog/large", 14, MSG_NOSIGNAL) < 0)
			break;
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/echo");
	CU_ASSERT_PTR_NOT_NULL(answer);
	json_decref(answer);
	close(fd);
	close(hangs);
	tear_down(&bed);
}

static void more_connections_than_there_is_room_for_push_out_the_idle_ones(void)
{
	struct bed bed;
	int fds[WL_STATS_CONNECTIONS_MAX + 8];
	unsigned count = sizeof(fds) / sizeof(fds[0]);
	json_t *answer;

	set_up(&bed);
	for (unsigned at = 0; at < count; at++) {
		fds[at] = connect_to(&bed);
		answer = ask(fds[at], "/wirelog/echo");
		CU_ASSERT_PTR_NOT_NULL(answer);
		json_decref(answer);
	}
	answer = ask(fds[0], "/wirelog/echo");
	CU_ASSERT_PTR_NULL(answer);
	answer = ask(fds[count - 1], "/wirelog/echo");
	CU_ASSERT_PTR_NOT_NULL(answer);
	json_decref(answer);
	for (unsigned at = 0; at < count; at++)
		close(fds[at]);
	tear_down(&bed);
}

static void the_socket_is_for_its_owner(void)
{
	struct bed bed;
	struct stat stat;

	set_up(&bed);
	CU_ASSERT_EQUAL(lstat(bed.path, &stat), 0);
	CU_ASSERT_EQUAL(stat.st_mode & 0777, 0600);
	tear_down(&bed);
}

static void a_socket_in_use_is_refused_and_a_left_over_one_is_replaced(void)
{
	struct wl_stats_socket_config config = {.commands = commands, .context = &calls};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct wl_stats_socket *second;
	struct bed bed;
	int fd;

	set_up(&bed);
	config.path = bed.path;
	CU_ASSERT_EQUAL(wl_stats_socket_open(&second, &config, bed.reason, sizeof(bed.reason)),
			WIRELOG_RUN_DIRECTORY);
	CU_ASSERT_PTR_NULL(second);
	wl_stats_socket_close(bed.stats);
	/* As a killed process leaves it: bound, nobody listens. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	strcpy(address.sun_path, bed.path);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	CU_ASSERT_EQUAL(wl_stats_socket_open(&bed.stats, &config, bed.reason, sizeof(bed.reason)),
			0);
	tear_down(&bed);
	CU_ASSERT_NOT_EQUAL(access(bed.path, F_OK), 0);
}

/* The one who asks has the last descriptor; the node has none left for the connection. */
static void without_descriptors_it_waits_and_counts_and_then_serves(void)
{
	struct rlimit before, none;
	struct bed bed;
	json_t *answer;
	uint64_t failed = 0;
	int fd;

	set_up(&bed);
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/echo");
	CU_ASSERT_PTR_NOT_NULL(answer);
	json_decref(answer);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	/* No connection may have the lowest number that is free. */
	close(fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	none.rlim_cur = (rlim_t)fd + 1;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	usleep(20000); /* the other connection's descriptor is given back */
	CU_ASSERT_EQUAL(connect_with(&bed, fd), 0);
	for (int turn = 0; turn < 1000 && failed < 3; turn++) {
		failed = wl_stats_socket_accept_failed(bed.stats);
		usleep(5000);
	}
	setrlimit(RLIMIT_NOFILE, &before);
	CU_ASSERT(failed >= 1);
	CU_ASSERT(failed < 50);
	answer = ask(fd, "/wirelog/echo");
	CU_ASSERT_PTR_NOT_NULL(answer);
	json_decref(answer);
	close(fd);
	tear_down(&bed);
}

static void a_file_that_is_not_its_own_is_left(void)
{
	struct bed bed;
	FILE *other;

	set_up(&bed);
	unlink(bed.path);
	other = fopen(bed.path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	fclose(other);
	wl_stats_socket_close(bed.stats);
	CU_ASSERT_EQUAL(unlink(bed.path), 0);
	rmdir(bed.directory);
}

static json_t *next_packet(int fd)
{
	static char text[WL_STATS_ANSWER_BYTES_MAX];
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	ssize_t got = poll(&polled, 1, 2000) == 1 ? recv(fd, text, sizeof(text), 0) : 0;

	return got > 0 ? json_loadb(text, (size_t)got, 0, NULL) : NULL;
}

static void a_stream_is_told_again_and_again_until_something_else_is_asked(void)
{
	struct bed bed;
	json_t *answer;
	int fd;

	set_up(&bed);
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/stream,10,/wirelog/echo,7");
	for (int packet = 0; packet < 5; packet++) {
		CU_ASSERT_STRING_EQUAL(
			json_string_value(json_object_get(json_object_get(answer, "/wirelog/echo"),
							  "parameter")),
			"7");
		json_decref(answer);
		answer = next_packet(fd);
	}
	json_decref(answer);
	send(fd, "/", 1, MSG_NOSIGNAL);
	/* What was under way comes first. */
	while ((answer = next_packet(fd)) != NULL && !json_object_get(answer, "/"))
		json_decref(answer);
	CU_ASSERT_PTR_NOT_NULL(answer);
	json_decref(answer);
	CU_ASSERT(recv(fd, &(char){0}, 1, MSG_DONTWAIT) < 0);
	close(fd);
	tear_down(&bed);
}

static void a_stream_of_what_acts_is_refused(void)
{
	struct bed bed;
	json_t *answer;
	int fd;

	set_up(&bed);
	fd = connect_to(&bed);
	answer = ask(fd, "/wirelog/stream,10,/wirelog/act");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "error"));
	json_decref(answer);
	answer = ask(fd, "/wirelog/stream");
	CU_ASSERT_PTR_NOT_NULL(json_object_get(answer, "error"));
	json_decref(answer);
	CU_ASSERT_EQUAL(calls, 0);
	close(fd);
	tear_down(&bed);
}

static void who_does_not_read_its_stream_loses_it_and_nobody_else_does(void)
{
	static const char request[] = "/wirelog/stream,10,/wirelog/large";
	struct bed bed;
	json_t *answer = NULL;
	int deaf, fd;
	struct pollfd polled = {.events = 0};

	set_up(&bed);
	deaf = connect_to(&bed);
	fd = connect_to(&bed);
	send(deaf, request, strlen(request), MSG_NOSIGNAL);
	polled.fd = deaf;
	for (int packet = 0; packet < 3000 && (polled.revents & POLLHUP) == 0; packet++) {
		json_decref(answer);
		answer = ask(fd, "/wirelog/echo,1");
		CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
		poll(&polled, 1, 10);
	}
	CU_ASSERT((polled.revents & POLLHUP) != 0);
	json_decref(answer);
	close(deaf);
	close(fd);
	tear_down(&bed);
}

/* What another user of the group may ask only another user can show: tests/e2e/test_stats_group.sh. */
static void a_group_gets_the_file_and_nobody_else(void)
{
	gid_t group = getegid();
	struct wl_stats_socket_config config = {.commands = commands, .group = &group};
	struct bed bed;
	struct stat file;

	set_up(&bed);
	CU_ASSERT_EQUAL(lstat(bed.path, &file), 0);
	CU_ASSERT_EQUAL(file.st_mode & 07777, 0600);
	wl_stats_socket_close(bed.stats);
	config.path = bed.path;
	CU_ASSERT_EQUAL_FATAL(
		wl_stats_socket_open(&bed.stats, &config, bed.reason, sizeof(bed.reason)), 0);
	CU_ASSERT_EQUAL(lstat(bed.path, &file), 0);
	CU_ASSERT_EQUAL(file.st_mode & 07777, 0660);
	CU_ASSERT_EQUAL(file.st_gid, group);
	tear_down(&bed);
}

WL_SUITE(stats_socket)
{
	WL_TEST(a_group_gets_the_file_and_nobody_else),
	WL_TEST(a_stream_is_told_again_and_again_until_something_else_is_asked),
	WL_TEST(a_stream_of_what_acts_is_refused),
	WL_TEST(who_does_not_read_its_stream_loses_it_and_nobody_else_does),
	WL_TEST(without_descriptors_it_waits_and_counts_and_then_serves),
	WL_TEST(a_file_that_is_not_its_own_is_left),
	WL_TEST(a_request_is_answered_under_its_own_name),
	WL_TEST(a_connection_that_is_taken_is_somebody_elses),
	WL_TEST(what_is_not_known_is_answered_with_an_error),
	WL_TEST(each_socket_lists_what_it_serves),
	WL_TEST(the_stats_socket_changes_nothing_and_says_where_that_is_asked),
	WL_TEST(a_change_is_a_line_that_says_who_asked),
	WL_TEST(a_flood_of_connections_costs_nobody_else_anything),
	WL_TEST(an_oversized_request_ends_its_connection_only),
	WL_TEST(a_reader_that_does_not_read_holds_nobody_up),
	WL_TEST(more_connections_than_there_is_room_for_push_out_the_idle_ones),
	WL_TEST(the_socket_is_for_its_owner),
	WL_TEST(a_socket_in_use_is_refused_and_a_left_over_one_is_replaced),
};
