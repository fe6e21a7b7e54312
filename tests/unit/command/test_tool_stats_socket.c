/* SPDX-License-Identifier: BSD-3-Clause */
/* The question's side against the daemon's own stats socket. */
#include "command/tool_stats_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/report/stats_socket.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static char directory[64], path[96];

static json_t *echo(void *context, const char *parameter, char *error, size_t error_bytes)
{
	(void)context;
	if (strcmp(parameter, "bad") == 0) {
		snprintf(error, error_bytes, "bad is refused");
		return NULL;
	}
	return json_pack("{s:s}", "parameter", parameter);
}

static json_t *large(void *context, const char *parameter, char *error, size_t error_bytes)
{
	json_t *list = json_array();

	(void)context, (void)parameter, (void)error, (void)error_bytes;
	for (int at = 0; at < 20000; at++)
		json_array_append_new(list, json_integer(1000000 + at));
	return list;
}

static void make_directory(void)
{
	strcpy(directory, "/tmp/wirelog-test-stats-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/stats.sock", directory);
}

static void remove_directory(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static const struct wl_stats_command commands[] = {
	{"/wirelog/echo", WL_STATS_TOLD, echo, NULL},
	{"/wirelog/large", WL_STATS_TOLD, large, NULL},
	{"/wirelog/act", WL_STATS_CHANGES, echo, NULL},
	{NULL, WL_STATS_TOLD, NULL, NULL},
};

static struct wl_stats_socket *open_node(void)
{
	struct wl_stats_socket_config config = {.path = path, .commands = commands};
	struct wl_stats_socket *node = NULL;
	char reason[256];

	make_directory();
	CU_ASSERT_EQUAL_FATAL(wl_stats_socket_open(&node, &config, reason, sizeof(reason)), 0);
	return node;
}

static void answer_is_what_stands_under_the_name(void)
{
	struct wl_stats_socket *node = open_node();
	json_t *answer = NULL;

	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/echo,2", &answer), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(answer, "parameter")), "2");
	json_decref(answer);
	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/large", &answer), 0);
	CU_ASSERT_EQUAL(json_array_size(answer), 20000);
	json_decref(answer);
	wl_stats_socket_close(node);
	remove_directory();
}

static void refusal_is_told_with_the_nodes_own_sentence(void)
{
	struct wl_stats_socket *node = open_node();
	json_t *answer = NULL;

	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/echo,bad", &answer),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_PTR_NULL(answer);
	CU_ASSERT_PTR_NOT_NULL(strstr(wl_stats_socket_reason(), "bad is refused"));
	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/nothing", &answer),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_PTR_NULL(answer);
	wl_stats_socket_close(node);
	remove_directory();
}

static void a_change_is_asked_at_the_other_socket(void)
{
	struct wl_stats_socket *node = open_node(), *admin = NULL;
	char admin_path[128], reason[256];
	struct wl_stats_socket_config config = {.path = admin_path,
						.commands = commands,
						.admin = true};
	json_t *answer = NULL;

	/* A build that has none. */
	CU_ASSERT_EQUAL(wl_stats_socket_change(directory, "/wirelog/act,2", &answer),
			WIRELOG_VERSION_MISMATCH);
	CU_ASSERT_PTR_NULL(answer);
	CU_ASSERT_PTR_NOT_NULL(strstr(wl_stats_socket_reason(), "admin.sock is not there"));
	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/act,2", &answer),
			WIRELOG_NOT_ALLOWED);
	CU_ASSERT_PTR_NOT_NULL(strstr(wl_stats_socket_reason(), "admin.sock"));

	snprintf(admin_path, sizeof(admin_path), "%s/admin.sock", directory);
	CU_ASSERT_EQUAL_FATAL(wl_stats_socket_open(&admin, &config, reason, sizeof(reason)), 0);
	CU_ASSERT_EQUAL(wl_stats_socket_change(directory, "/wirelog/act,2", &answer), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(answer, "parameter")), "2");
	json_decref(answer);
	wl_stats_socket_close(node);
	wl_stats_socket_close(admin);
	CU_ASSERT_EQUAL(wl_stats_socket_change(directory, "/wirelog/act,2", &answer),
			WIRELOG_NOT_RUNNING);
	CU_ASSERT_PTR_NOT_NULL(strstr(wl_stats_socket_reason(), "admin.sock"));
	remove_directory();
}

static void node_that_is_gone_is_not_running(void)
{
	json_t *answer = NULL;

	make_directory();
	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/status", &answer),
			WIRELOG_NOT_RUNNING);
	CU_ASSERT_PTR_NULL(answer);
	remove_directory();
}

static void node_that_hangs_costs_a_bounded_time(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	json_t *answer = NULL;

	make_directory();
	strcpy(address.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
	CU_ASSERT_EQUAL(wl_stats_socket_ask(directory, "/wirelog/status", &answer),
			WIRELOG_TIMED_OUT);
	CU_ASSERT_PTR_NULL(answer);
	close(listener);
	remove_directory();
}

WL_SUITE(tool_stats_socket)
{
	WL_TEST(answer_is_what_stands_under_the_name),
	WL_TEST(refusal_is_told_with_the_nodes_own_sentence),
	WL_TEST(a_change_is_asked_at_the_other_socket),
	WL_TEST(node_that_is_gone_is_not_running),
	WL_TEST(node_that_hangs_costs_a_bounded_time),
};
