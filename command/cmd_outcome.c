/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog outcome`: what became of an append, of whomever it was; with --fence made certain. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_option.h"
#include "command/tool_question.h"

enum { KEY_FENCE = 0x100 };

struct options {
	struct wl_tool_question question;
	bool json;
};

static const struct argp_option option_table[] = {
	{"fence", KEY_FENCE, NULL, 0,
	 "what is not committed by then never will be: the session's sequences up to this one are spent",
	 0},
	{"json", 'j', NULL, 0, "the answer as JSON", 0},
	WL_TOOL_QUESTION_OPTION_TIMEOUT,
	{0},
};

/* As it is printed everywhere: hexadecimal digits. */
static uint64_t parse_session(const char *text, const struct argp_state *state)
{
	uint64_t session;
	char *behind;

	errno = 0;
	session = strtoull(text, &behind, 16);
	if (errno != 0 || behind == text || *behind != '\0' || text[0] == '-' || session == 0)
		argp_error(
			state,
			"'%s' is no session: hexadecimal digits, as `wirelog append` and `wirelog tail "
			"--format json` print them",
			text);
	return session;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	struct wl_tool_question *question = &options->question;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &question->cluster;
		return 0;
	case KEY_FENCE:
		question->fence = 1;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case WL_TOOL_QUESTION_KEY_TIMEOUT:
		wl_tool_question_parse_timeout(question, argument, state);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			question->session = parse_session(argument, state);
		else if (state->arg_num == 1)
			question->sequence =
				wl_tool_option_number(state, "SEQUENCE", argument, 1, INT64_MAX);
		else
			argp_error(state, "'%s' is one word too many", argument);
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num != 2)
			argp_error(state, "which append? SESSION SEQUENCE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *name_of(enum wirelog_fate fate)
{
	static const char *const names[] = {
		[WIRELOG_FATE_COMMITTED] = "committed", [WIRELOG_FATE_NEVER] = "never",
		[WIRELOG_FATE_EXPIRED] = "expired",	[WIRELOG_FATE_PENDING] = "pending",
		[WIRELOG_FATE_UNKNOWN] = "unknown",
	};

	return names[fate];
}

static int exit_code_of(enum wirelog_fate fate)
{
	if (fate == WIRELOG_FATE_COMMITTED)
		return EX_OK;
	return fate == WIRELOG_FATE_NEVER || fate == WIRELOG_FATE_EXPIRED ? EX_DATAERR
									  : EX_TEMPFAIL;
}

static void print(const struct wirelog_event *answer, bool json)
{
	if (json)
		printf("{\"session\": \"%016" PRIx64 "\", \"sequence\": %" PRIu64
		       ", \"outcome\": \"%s\", \"number\": %" PRIu64 ", \"node\": %u}\n",
		       answer->session, answer->sequence, name_of(answer->fate), answer->number,
		       answer->node);
	else if (answer->fate == WIRELOG_FATE_COMMITTED)
		printf("committed %" PRIu64 "\n", answer->number);
	else
		printf("%s\n", name_of(answer->fate));
}

int wl_cmd_outcome(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_argp, 0, NULL, 20}, {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "SESSION SEQUENCE",
		.doc = "Prints what became of an append, also of an application that is gone: `committed N` (its number), `never` "
		       "(a fence has spent its sequence: it is not in the log, and never will be), `expired` (likewise), `pending` "
		       "(it may still come), or `unknown` (the session was forgotten, or what became of so old an append; the records "
		       "in the log carry session and sequence).\vWith --fence it is not `pending`. An application that still runs has "
		       "its appends up to there refused (FENCED): fence only those that are gone.\n\n"
		       "Exit code 0: committed. 65: never, or expired. 75: pending, or unknown; nobody leads; of a fence, the log is full. 69: nobody "
		       "answers. 64: so far ahead of the session that nobody sent it; there is no fence for that.",
		.children = children,
	};
	static struct options options;
	struct wirelog_event answer;
	int result;

	wl_tool_option_parse(&argp, "wirelog outcome", argc, argv, &options);
	result = wl_tool_question_put(&options.question, &answer);
	if (result != 0)
		return result;
	print(&answer, options.json);
	return fflush(stdout) != 0 ? EX_IOERR : exit_code_of(answer.fate);
}
