/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog stop`: ends one node, when the others can spare it. */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_cluster.h"
#include "command/tool_health.h"
#include "command/tool_option.h"
#include "command/tool_others.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"

#define SECONDS_DEFAULT 10u
#define SECONDS_MAX 3600u
#define LOOK_NS 20000000u

enum { KEY_FORCE = 0x100, KEY_TIMEOUT };

struct options {
	struct wl_tool_cluster cluster;
	struct wl_tool_allowed allowed;
	const char *directory;
	unsigned seconds;
	bool force, json;
};

static const struct argp_option option_table[] = {
	{"force", KEY_FORCE, NULL, 0, "also when the others cannot go on without it", 0},
	{"timeout", KEY_TIMEOUT, "S", 0, "so many seconds for it to end (default 10)", 0},
	{"json", 'j', NULL, 0, "print what came of it as JSON", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		options->seconds = SECONDS_DEFAULT;
		state->child_inputs[0] = &options->cluster;
		return 0;
	case KEY_FORCE:
		options->force = true;
		return 0;
	case KEY_TIMEOUT:
		options->seconds = (unsigned)wl_tool_option_number(state, "--timeout", argument, 1,
								   SECONDS_MAX);
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* One alone: whoever means the demo's three says so with another word. */
static int choose(struct options *options)
{
	int result = wl_tool_cluster_find_run_directories(&options->cluster);

	if (result != 0)
		return result;
	if (options->cluster.run_directory_count != 1) {
		wl_tool_refuse(
			WIRELOG_INVALID_ARGUMENT,
			"%u nodes are known on this machine: --run-directory says which of them "
			"(`wirelog demo stop` ends the demo)",
			options->cluster.run_directory_count);
		return WIRELOG_INVALID_ARGUMENT;
	}
	options->directory = options->cluster.run_directories[0];
	return 0;
}

/* ---- can the others spare it? ------------------------------------------------------------------- */

/* What this node and the others say; the caller's to json_decref. */
static json_t *judge(const struct options *options, json_t *status)
{
	struct wl_status_row rows[WIRELOG_NODES_MAX + 1] = {
		{.run_directory = options->directory, .status = status},
	};
	json_t *others, *health;
	size_t count = wl_tool_others_add(rows, 1, sizeof(rows) / sizeof(rows[0]), &others);

	health = wl_tool_health_json(rows, count, &options->allowed);
	json_decref(others);
	return health;
}

static bool may_stop(const struct options *options, json_t *status)
{
	json_t *health = options->force ? NULL : judge(options, status);
	bool may = options->force || wl_tool_health_level(health) != WL_TOOL_UNSAFE;

	if (!may) {
		wl_tool_health_print(stderr, health);
		fprintf(stderr, "wirelog: not stopped: the others cannot spare it, or one does not "
				"answer. Mend that first; --force stops it all the same\n");
	}
	json_decref(health);
	return may;
}

/* ---- its end ------------------------------------------------------------------------------------ */

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* It answers no more, and has taken its pid file away: that comes last. */
static bool has_ended(const char *directory)
{
	char path[4096];
	json_t *answer;
	bool answers = wl_stats_socket_ask(directory, "/wirelog/config", &answer) == 0;

	json_decref(answer);
	snprintf(path, sizeof(path), "%s/wirelogd.pid", directory);
	return !answers && access(path, F_OK) != 0;
}

static int wait_for_end(const struct options *options, int node, double began)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};

	while (!has_ended(options->directory)) {
		if (seconds_now() - began > options->seconds)
			return wl_tool_refuse(WIRELOG_TIMED_OUT,
					      "node %d was told to end, and has not within %u s",
					      node, options->seconds);
		nanosleep(&pause, NULL);
	}
	if (options->json)
		printf("{\"node\": %d, \"ended\": true, \"took_ms\": %.0f}\n", node,
		       (seconds_now() - began) * 1e3);
	else
		printf("node %d has ended\n", node);
	return 0;
}

static int stop(const struct options *options, json_t *status)
{
	int node = (int)json_integer_value(json_object_get(status, "node"));
	double began = seconds_now();
	json_t *answer;
	int result;

	if (!may_stop(options, status))
		return WL_TOOL_HEALTH_EXIT_UNSAFE;
	result = wl_stats_socket_change(options->directory, "/wirelog/stop", &answer);
	json_decref(answer);
	if (result != 0)
		return wl_tool_refuse(result, "%s", wl_stats_socket_reason());
	return wait_for_end(options, node, began);
}

int wl_cmd_stop(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Ends the node on this machine, as SIGTERM does: what it leads is handed over, what is under way is "
		       "written. Before that the whole cluster is looked at, as `wirelog status --cluster` does: where one more "
		       "node that is missing stops a journal, it says so and stops nothing.\vExit code 0 when it has ended, 2 "
		       "when it was not stopped since the others cannot spare it. A service manager that was told to start it "
		       "again when it fails does not: it has not failed.",
		.children = wl_tool_ask_children,
	};
	static struct options options;
	json_t *status;
	int result;

	wl_tool_option_parse(&argp, "wirelog stop", argc, argv, &options);
	result = choose(&options);
	if (result != 0)
		return wirelog_status_exit_code(result);
	result = wl_stats_socket_ask(options.directory, "/wirelog/status", &status);
	if (result != 0)
		return wl_tool_refuse(result, "%s", wl_stats_socket_reason());
	result = stop(&options, status);
	json_decref(status);
	return result;
}
