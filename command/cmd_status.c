/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog status`: asks the stats socket of every node whose run directory is known.
 *
 * --json: one run directory gives that node's object as it is, several give an array of them in the order in which they
 * were asked; for a node that does not answer {"run_directory": ..., "error": CODE, "reason": ...}.
 *
 * --cluster with endpoints: the nodes themselves, over the wire (tool_status_wire.h).
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_ask_all_thread.h"
#include "command/tool_cluster.h"
#include "command/tool_health.h"
#include "command/tool_interrupt.h"
#include "command/tool_option.h"
#include "command/tool_others.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "command/tool_status_table.h"
#include "command/tool_status_wire.h"

enum { KEY_CHECK = 0x100, KEY_WATCH, KEY_CLUSTER_VIEW, KEY_ALLOW };

#define WATCH_S_MAX 86400u
#define CLUSTER_MS 800 /* for a node, with --cluster: a silent one is told within a second */

struct options {
	struct wl_tool_cluster cluster;
	bool json, check, cluster_view;
	struct wl_tool_allowed allowed;
	unsigned watch_s; /* asked again so often, until interrupted; 0: once */
	const char *request;
};

/* What one node said. */
struct answer {
	json_t *json;
	int status;
	char reason[512];
};

static const struct argp_option option_table[] = {
	{"json", 'j', NULL, 0, "everything that the nodes know, as JSON", 0},
	{"request", 'r', "NAME", 0,
	 "ask for another part: counters, latency, config (implies --json; default: status)", 0},
	{"check", KEY_CHECK, NULL, 0,
	 "end with 0 when every node answers and is healthy, 1 when one is degraded, 2 when one is unsafe or does not answer",
	 0},
	{"allow", KEY_ALLOW, "REASON", 0,
	 "a reason that does not count for --check and --cluster; may be repeated", 0},
	{"cluster", KEY_CLUSTER_VIEW, NULL, 0,
	 "health of the whole cluster: who leads, who is behind, what is wrong and since when; nodes without a run directory here are asked over the wire, by one that has; with --endpoints all are, as an application reaches them (with --json: as an object)",
	 0},
	{"watch", KEY_WATCH, "SECONDS", OPTION_ARG_OPTIONAL,
	 "show the table again every so many seconds (1), with how fast records are committed, until interrupted",
	 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	static const char *const requests[] = {"status", "counters", "latency", "config"};
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		state->child_inputs[1] = &options->cluster;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'r':
		/* Only questions: transfer and stop are not for a command that is called status. */
		for (size_t at = 0; at < sizeof(requests) / sizeof(requests[0]); at++)
			if (strcmp(argument, requests[at]) == 0)
				options->request = argument;
		if (options->request != argument)
			argp_error(state, "--request: there are status, counters, latency, config");
		options->json = true;
		return 0;
	case KEY_CHECK:
		options->check = true;
		return 0;
	case KEY_CLUSTER_VIEW:
		options->cluster_view = true;
		return 0;
	case KEY_ALLOW:
		if (options->allowed.count == WL_TOOL_ALLOWED_MAX)
			argp_error(state, "--allow: at most %u", WL_TOOL_ALLOWED_MAX);
		options->allowed.reasons[options->allowed.count++] = argument;
		return 0;
	case KEY_WATCH:
		options->watch_s = argument ? (unsigned)strtoul(argument, NULL, 10) : 1;
		if (options->watch_s == 0 || options->watch_s > WATCH_S_MAX)
			argp_error(state, "--watch: from 1 to %u seconds", WATCH_S_MAX);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static size_t ask_all(const struct options *options, struct answer answers[WIRELOG_NODES_MAX])
{
	struct wl_tool_asked asked[WIRELOG_NODES_MAX];
	uint32_t count = options->cluster.run_directory_count;
	char request[64];
	size_t answered = 0;

	snprintf(request, sizeof(request), "/wirelog/%s", options->request);
	for (uint32_t at = 0; at < count; at++)
		asked[at] = (struct wl_tool_asked){
			.run_directory = options->cluster.run_directories[at],
			.request = request,
			.within_ms = options->cluster_view ? CLUSTER_MS : WL_STATS_ASK_MS,
		};
	wl_tool_ask_all(asked, count);
	for (uint32_t at = 0; at < count; at++) {
		answers[at].status = asked[at].status;
		answers[at].json = asked[at].answer;
		snprintf(answers[at].reason, sizeof(answers[at].reason), "%s", asked[at].reason);
		answered += asked[at].status == 0;
	}
	return answered;
}

static int print_json(const struct options *options, const struct answer *answers)
{
	uint32_t count = options->cluster.run_directory_count;
	json_t *all = json_array();
	int result;

	for (uint32_t at = 0; at < count; at++)
		json_array_append_new(
			all, answers[at].json != NULL
				     ? json_incref(answers[at].json)
				     : json_pack("{s:s, s:s, s:s}", "run_directory",
						 options->cluster.run_directories[at], "error",
						 wirelog_status_name(answers[at].status), "reason",
						 answers[at].reason));
	result = json_dumpf(count == 1 ? json_array_get(all, 0) : all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return result == 0 ? EX_OK : EX_IOERR;
}

static void fill_rows(const struct options *options, const struct answer *answers,
		      const struct answer *before, struct wl_status_row rows[WIRELOG_NODES_MAX])
{
	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++)
		rows[at] = (struct wl_status_row){
			.run_directory = options->cluster.run_directories[at],
			.reason = wirelog_status_name(answers[at].status),
			.status = answers[at].json,
			.before = before ? before[at].json : NULL,
		};
}

static void print_table(const struct options *options, const struct answer *answers,
			const struct answer *before)
{
	struct wl_status_row rows[WIRELOG_NODES_MAX];

	fill_rows(options, answers, before, rows);
	wl_status_table_print(stdout, rows, options->cluster.run_directory_count);
}

/* With --cluster those too that have no run directory here. */
static json_t *judge(const struct options *options, const struct answer *answers)
{
	struct wl_status_row rows[2 * WIRELOG_NODES_MAX];
	size_t count = options->cluster.run_directory_count;
	json_t *others = NULL, *health;

	fill_rows(options, answers, NULL, rows);
	if (options->cluster_view)
		count = wl_tool_others_add(rows, count, sizeof(rows) / sizeof(rows[0]), &others);
	health = wl_tool_health_json(rows, count, &options->allowed);
	json_decref(others);
	return health;
}

static int print_cluster(const struct options *options, const json_t *health)
{
	int result = 0;

	if (options->json) {
		result = json_dumpf(health, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		wl_tool_health_print(stdout, health);
	}
	return result == 0 ? EX_OK : EX_IOERR;
}

static void forget(const struct options *options, struct answer *answers)
{
	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++)
		json_decref(answers[at].json);
	memset(answers, 0, WIRELOG_NODES_MAX * sizeof(*answers));
}

/* A node that does not answer is shown as one; what it will say next is compared with nothing. */
static int watch(const struct options *options)
{
	struct answer answers[2][WIRELOG_NODES_MAX] = {0};
	bool screen = isatty(STDOUT_FILENO) != 0;
	unsigned now = 0;

	wl_interrupt_catch();
	for (bool first = true; !wl_interrupted; first = false, now ^= 1) {
		forget(options, answers[now]);
		ask_all(options, answers[now]);
		if (screen)
			printf("\033[H\033[J"); /* home, and all behind it cleared */
		else if (!first)
			putchar('\n');
		print_table(options, answers[now], first ? NULL : answers[now ^ 1]);
		fflush(stdout);
		sleep(options->watch_s); /* a signal ends it */
	}
	forget(options, answers[0]);
	forget(options, answers[1]);
	return EX_OK;
}

static int print(const struct options *options, const struct answer *answers, size_t answered,
		 const json_t *health)
{
	if (options->cluster_view)
		return print_cluster(options, health);
	if (options->json)
		return print_json(options, answers);
	if (answered > 0)
		print_table(options, answers, NULL);
	return EX_OK;
}

/* How it was printed; where that went well, and --check wants it, what the health ends with. */
static int exit_code(const struct options *options, int printed, const json_t *health)
{
	return printed == EX_OK && options->check
		       ? wl_tool_health_exit_code(wl_tool_health_level(health))
		       : printed;
}

static int run_over_the_wire(struct options *options)
{
	struct wl_status_row rows[WIRELOG_NODES_MAX];
	size_t count;
	json_t *said, *health;
	int result = wl_tool_status_wire_ask(&options->cluster, rows, &count, &said);

	if (result != 0)
		return result;
	health = wl_tool_health_json(rows, count, &options->allowed);
	result = exit_code(options, print_cluster(options, health), health);
	json_decref(health);
	json_decref(said);
	return result;
}

static int run(struct options *options)
{
	struct answer answers[WIRELOG_NODES_MAX] = {0};
	int result = wl_tool_cluster_find_run_directories(&options->cluster);
	json_t *health;
	size_t answered;

	if (result != 0)
		return wirelog_status_exit_code(result);
	if (options->watch_s != 0)
		return watch(options);
	answered = ask_all(options, answers);
	health = judge(options, answers);
	result = print(options, answers, answered, health);
	if (answered == 0)
		result = wl_tool_refuse(answers[0].status, "%s", answers[0].reason);
	else
		result = exit_code(options, result, health);
	json_decref(health);
	forget(options, answers);
	return result;
}

int wl_cmd_status(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&wl_tool_cluster_run_directory_argp, 0, NULL, 20},
		{&wl_tool_cluster_by_id_argp, 0, NULL, 20},
		{0},
	};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Says what the nodes on this machine know of themselves: role, term, leader, how far "
		       "the log is in memory, durable and committed, and the chain value by which two logs are "
		       "compared.\vExit code 0 when a node answered, 69 when none did; with --check 1 degraded, 2 unsafe.",
		.children = children,
	};
	static struct options options = {.request = "status"};

	wl_tool_option_parse(&argp, "wirelog status", argc, argv, &options);
	if ((options.check || options.cluster_view) && strcmp(options.request, "status") != 0) {
		fprintf(stderr, "wirelog: --check and --cluster go with --request status\n");
		return EX_USAGE;
	}
	if (options.watch_s != 0 && (options.json || options.check || options.cluster_view)) {
		fprintf(stderr, "wirelog: --watch goes with the table alone\n");
		return EX_USAGE;
	}
	if (options.cluster.endpoints && !options.cluster_view) {
		fprintf(stderr,
			"wirelog: --endpoints goes with --cluster; without it nodes are asked at their run directories\n");
		return EX_USAGE;
	}
	if (options.cluster_view && wl_tool_cluster_names_endpoints(&options.cluster))
		return run_over_the_wire(&options);
	return run(&options);
}
