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

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_option.h"
#include "wirelog/status.h"

enum { KEY_TO = 0x100, KEY_JSON };

struct options {
	struct wl_tool_ask ask;
	uint64_t to; /* 0: not given */
	bool json;
};

static const struct argp_option option_table[] = {
	{"to", KEY_TO, "N", 0, "records below number N may be forgotten; N and later ones are kept",
	 0},
	{"json", KEY_JSON, NULL, 0, "print what came of it as JSON, an object for each node", 0},
	WL_TOOL_ASK_OPTION_JOURNAL,
	WL_TOOL_ASK_OPTION_SECONDS,
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_TO:
		/* Nothing is below 1. */
		options->to = wl_tool_option_number(state, "--to", argument, 2, INT64_MAX);
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	case ARGP_KEY_END:
		if (options->to == 0)
			argp_error(state, "trim to which record? --to N");
		return 0;
	default:
		break;
	}
	return wl_tool_ask_parse_option(key, argument, state, &options->ask);
}

static const json_t *first_number(const struct wl_tool_view *view)
{
	return json_object_get(json_object_get(view->journal, "begin"), "number");
}

/* `view`: NULL where there was no answer. */
static void print_node(const struct options *options, const char *directory,
		       const struct wl_tool_view *view)
{
	if (view == NULL)
		printf("%s: no answer\n", directory);
	else
		printf("node %lu: journal %u is trimmed to record %lu; its medium has records from %lu on, "
		       "the last committed one is %lu\n",
		       (unsigned long)wl_tool_ask_number(view->status, "node"),
		       options->ask.journal,
		       (unsigned long)wl_tool_ask_number(view->journal, "trim_number"),
		       (unsigned long)json_integer_value(first_number(view)),
		       (unsigned long)wl_tool_ask_number(view->journal, "commit_number"));
}

static json_t *node_json(const struct options *options, const char *directory,
			 const struct wl_tool_view *view)
{
	if (view == NULL)
		return json_pack("{s:s, s:b}", "run_directory", directory, "answers", 0);
	return json_pack("{s:s, s:b, s:O?, s:i, s:O?, s:O?, s:O?}", "run_directory", directory,
			 "answers", 1, "node", json_object_get(view->status, "node"), "journal",
			 (int)options->ask.journal, "trim_number",
			 json_object_get(view->journal, "trim_number"), "first_number",
			 first_number(view), "commit_number",
			 json_object_get(view->journal, "commit_number"));
}

static void tell(const struct options *options)
{
	json_t *nodes = options->json ? json_array() : NULL;

	for (uint32_t at = 0; at < options->ask.cluster.run_directory_count; at++) {
		const char *directory = options->ask.cluster.run_directories[at];
		struct wl_tool_view view, *said = &view;

		if (wl_tool_ask_look(directory, options->ask.journal, &view) != 0)
			said = NULL;
		if (nodes != NULL)
			json_array_append_new(nodes, node_json(options, directory, said));
		else
			print_node(options, directory, said);
		json_decref(view.status);
	}
	if (nodes != NULL) {
		json_dumpf(nodes, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(nodes);
}

static bool is_trimmed(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;

	return wl_tool_ask_number(view->journal, "trim_number") >= options->to;
}

static int run(struct options *options)
{
	int result = wl_tool_ask_choose(&options->ask);
	char request[80];

	snprintf(request, sizeof(request), "/wirelog/trim,%lu,%u", (unsigned long)options->to,
		 options->ask.journal);
	if (result == 0 && !wl_tool_ask_is_done(&options->ask, is_trimmed, options))
		result = wl_tool_ask_wait(&options->ask, request, is_trimmed, options);
	else if (result == 0 && !options->json)
		printf("records below %lu were trimmed before\n", (unsigned long)options->to);
	if (result == 0)
		tell(options);
	return result;
}

int wl_cmd_trim(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "--to N",
		.doc = "Has all records below number N of a journal forgotten, on all nodes and for good: readers that "
		       "want them are told that they are TRIMMED. Any node on this machine may be asked; it passes it "
		       "on to the leader.\vDone when a majority has it durably. A node gives the room back in whole "
		       "segments, when bases stand above them (docs/OPERATIONS.md, \"A log that lives\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog trim", argc, argv, &options);
	return run(&options);
}
