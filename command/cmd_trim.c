/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog trim`: asks a node on this machine, the journal's leader if it is here, to have all records below a number forgotten, and waits
 * until that is committed. What a node has on its medium it gives up by whole segments, and later: when two proven bases stand above
 * them. So both numbers are printed.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "command/commands.h"
#include "command/tool_cluster.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "wirelog/status.h"

#define POLL_NS 50000000
#define POLLS_PER_SECOND 20u
#define SECONDS_DEFAULT 10u
#define SECONDS_MAX 3600u

enum { KEY_TO = 0x100, KEY_JOURNAL, KEY_SECONDS };

struct options {
	struct wl_tool_cluster cluster;
	uint64_t to; /* 0: not given */
	uint32_t journal;
	uint32_t seconds;
};

static const struct argp_option option_table[] = {
	{"to", KEY_TO, "N", 0, "records below number N may be forgotten; N and later ones are kept",
	 0},
	{"journal", KEY_JOURNAL, "N", 0, "which journal (default 0)", 0},
	{"timeout", KEY_SECONDS, "S", 0, "so many seconds for a majority to commit it (default 10)",
	 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case KEY_TO:
		/* Nothing is below 1. */
		options->to = wl_tool_option_number(state, "--to", argument, 2, INT64_MAX);
		return 0;
	case KEY_JOURNAL:
		options->journal = wl_tool_option_journal(state, argument);
		return 0;
	case KEY_SECONDS:
		options->seconds = (uint32_t)wl_tool_option_number(state, "--timeout", argument, 1,
								   SECONDS_MAX);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	case ARGP_KEY_END:
		if (options->to == 0)
			argp_error(state, "trim to which record? --to N");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- what nodes say ----------------------------------------------------------------------------- */

static uint64_t number_of(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

/* One journal of one node, as it stands in its status; owned by the caller. */
struct view {
	json_t *status, *journal; /* journal: inside status; NULL: the node does not have it */
};

static int look(const char *directory, uint32_t journal, struct view *view)
{
	int result = wl_stats_socket_ask(directory, "/wirelog/status", &view->status);

	view->journal = json_array_get(json_object_get(view->status, "journals"), journal);
	return result;
}

static bool is(const struct view *view, const char *state)
{
	return json_is_true(json_object_get(view->journal, state));
}

/* Takes appends: a leader that is silent hears no majority, and nobody else may lead meanwhile. */
static bool leads(const struct view *view)
{
	const char *role = json_string_value(json_object_get(view->journal, "role"));

	return role != NULL && strcmp(role, "leader") == 0 && is(view, "ready") &&
	       !is(view, "silent");
}

/* How good it is to ask this node: 3 it leads, 2 it knows who does, 1 it has the journal. */
static int worth_of(const struct view *view)
{
	if (view->journal == NULL)
		return 0;
	if (leads(view))
		return 3;
	return number_of(view->journal, "leader") != 0 && !is(view, "silent") ? 2 : 1;
}

/* Whom to ask: *directory. 0, or a code that was told. */
static int choose(const struct options *options, const char **directory)
{
	char reason[512] = "";
	int best = -1, failed = 0;

	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++) {
		const char *asked = options->cluster.run_directories[at];
		struct view view;
		int result = look(asked, options->journal, &view), worth = worth_of(&view);

		json_decref(view.status);
		if (result != 0 && failed == 0) {
			failed = result;
			snprintf(reason, sizeof(reason), "%s", wl_stats_socket_reason());
		}
		if (result == 0 && worth > best) {
			best = worth;
			*directory = asked;
		}
	}
	if (best < 0)
		return wl_tool_refuse(failed, "%s", reason);
	if (best == 0)
		return wl_tool_refuse(WIRELOG_JOURNAL_UNKNOWN,
				      "journal %u: the nodes here do not have it",
				      options->journal);
	if (best == 1)
		return wl_tool_refuse(WIRELOG_NO_LEADER,
				      "nobody leads journal %u now, so nothing can be trimmed",
				      options->journal);
	return 0;
}

/* ---- asking and waiting ------------------------------------------------------------------------- */

static int ask(const struct options *options, const char *directory)
{
	char request[80];
	json_t *answer;
	int result;

	snprintf(request, sizeof(request), "/wirelog/trim,%lu,%u", (unsigned long)options->to,
		 options->journal);
	result = wl_stats_socket_ask(directory, request, &answer);
	json_decref(answer);
	return result == 0 ? 0 : wl_tool_refuse(result, "%s", wl_stats_socket_reason());
}

static bool is_done(const struct options *options, const char *directory)
{
	struct view view;
	bool done = look(directory, options->journal, &view) == 0 &&
		    number_of(view.journal, "trim_number") >= options->to;

	json_decref(view.status);
	return done;
}

/* A node forgets what it was asked after a while, and a leader may be lost with it: asked again once a second. */
static int wait_for(const struct options *options, const char *directory)
{
	const struct timespec poll = {.tv_nsec = POLL_NS};

	for (uint32_t at = 0; at < options->seconds * POLLS_PER_SECOND; at++) {
		int result = at % POLLS_PER_SECOND == 0 ? ask(options, directory) : 0;

		if (result != 0)
			return result;
		nanosleep(&poll, NULL);
		if (is_done(options, directory))
			return 0;
	}
	return wl_tool_refuse(WIRELOG_TIMED_OUT,
			      "no majority has committed it within %u seconds; it may still be",
			      options->seconds);
}

static void tell(const struct options *options)
{
	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++) {
		const char *directory = options->cluster.run_directories[at];
		struct view view;

		if (look(directory, options->journal, &view) != 0)
			printf("%s: no answer\n", directory);
		else
			printf("node %lu: journal %u is trimmed to record %lu; its medium has records from %lu on, "
			       "the last committed one is %lu\n",
			       (unsigned long)number_of(view.status, "node"), options->journal,
			       (unsigned long)number_of(view.journal, "trim_number"),
			       (unsigned long)number_of(json_object_get(view.journal, "begin"),
							"number"),
			       (unsigned long)number_of(view.journal, "commit_number"));
		json_decref(view.status);
	}
}

static int run(struct options *options)
{
	const char *directory = NULL;
	int result = wl_tool_cluster_find_run_directories(&options->cluster);

	if (result != 0)
		return wirelog_status_exit_code(result);
	result = choose(options, &directory);
	if (result == 0 && is_done(options, directory))
		printf("records below %lu were trimmed before\n", (unsigned long)options->to);
	else if (result == 0)
		result = wait_for(options, directory);
	if (result == 0)
		tell(options);
	return result;
}

int wl_cmd_trim(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_run_directory_argp, 0, NULL,
						      20},
						     {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "--to N",
		.doc = "Has all records below number N of a journal forgotten, on all nodes and for good: readers that "
		       "want them are told that they are TRIMMED. Any node on this machine may be asked; it passes it "
		       "on to the leader.\vDone when a majority has it durably. A node gives the room back in whole "
		       "segments, when bases stand above them (docs/OPERATIONS.md, \"A log that lives\").",
		.children = children,
	};
	static char name[] = "wirelog trim";
	static struct options options = {.seconds = SECONDS_DEFAULT};

	argv[0] = name;
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return run(&options);
}
