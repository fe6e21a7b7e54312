/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog end`: the number of the last committed record, made sure of by a majority behind the question. */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_option.h"
#include "command/tool_question.h"

enum { KEY_NODE = 0x100 };

struct options {
	struct wl_tool_question question;
	bool json;
};

static const struct argp_option option_table[] = {
	{"node", KEY_NODE, "N", 0, "ask this node (default: the leader); it asks the leader itself",
	 0},
	{"json", 'j', NULL, 0, "the answer as JSON", 0},
	WL_TOOL_QUESTION_OPTION_TIMEOUT,
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->question.cluster;
		return 0;
	case KEY_NODE:
		options->question.node = (uint32_t)wl_tool_option_number(state, "--node", argument,
									 1, WIRELOG_NODES_MAX);
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case WL_TOOL_QUESTION_KEY_TIMEOUT:
		wl_tool_question_parse_timeout(&options->question, argument, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int wl_cmd_end(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_argp, 0, NULL, 20}, {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Prints the number of the last committed record; 0: there is none. Nothing is missing that was "
		       "acknowledged before the question was put, to anybody: the leader makes sure of a majority first. "
		       "Whoever has read up to this number has read all that was there when it began to ask.\vExit code "
		       "0: it is printed. 69: nobody answers, or the node that is asked does not. 75: nobody leads, or a leader that "
		       "can make sure of no majority.",
		.children = children,
	};
	static struct options options;
	struct wirelog_event answer;
	int result;

	wl_tool_option_parse(&argp, "wirelog end", argc, argv, &options);
	result = wl_tool_question_put(&options.question, &answer);
	if (result != 0)
		return result;
	if (options.json)
		printf("{\"number\": %" PRIu64 ", \"node\": %u, \"term\": %" PRIu64 "}\n",
		       answer.number, answer.node, answer.term);
	else
		printf("%" PRIu64 "\n", answer.number);
	return fflush(stdout) != 0 ? EX_IOERR : EX_OK;
}
