/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog readmit`: the data that a member has now are the ones that its vote and its acknowledgements stand for; those before them are given
 * up. A leader does this by itself when the node has caught up; by hand it need not wait for that. Asked as `wirelog trim` is.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_option.h"
#include "dataplane/base/change.h"
#include "wirelog/status.h"

enum { KEY_JSON = 0x100 };

struct options {
	struct wl_tool_ask ask;
	uint32_t node; /* 0: not given */
	bool json;
};

static const struct argp_option option_table[] = {
	WL_TOOL_ASK_OPTION_JOURNAL,
	WL_TOOL_ASK_OPTION_SECONDS,
	{"json", KEY_JSON, NULL, 0, "what the node that was asked says then, as JSON", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->node != 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->node = (uint32_t)wl_tool_option_number(state, "NODE", argument, 1,
								WIRELOG_NODES_MAX);
		return 0;
	case ARGP_KEY_END:
		if (options->node == 0)
			argp_error(state, "readmit which node?");
		return 0;
	default:
		break;
	}
	return wl_tool_ask_parse_option(key, argument, state, &options->ask);
}

/* Of the member: which data the list names, and which ones it has. NULL: it is none. */
static const json_t *data_of(const struct wl_tool_view *view, uint32_t node)
{
	const json_t *data = json_object_get(json_object_get(view->journal, "members"), "data");

	for (size_t at = 0; at < json_array_size(data); at++) {
		const json_t *one = json_array_get(data, at);

		if (wl_tool_ask_number(one, "node") == node)
			return one;
	}
	return NULL;
}

static bool is_readmitted(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;
	const json_t *members = json_object_get(view->journal, "members");
	const json_t *one = data_of(view, options->node);
	const json_t *named = json_object_get(one, "named");

	return json_is_true(json_object_get(members, "committed")) && json_is_string(named) &&
	       json_equal(named, json_object_get(one, "present"));
}

static void tell(const struct options *options, bool before)
{
	struct wl_tool_view view;
	const json_t *one;

	if (wl_tool_ask_look(options->ask.directory, options->ask.journal, &view) == 0 &&
	    (one = data_of(&view, options->node)) != NULL && options->json) {
		json_dumpf(one, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("journal %u: the list %s the data that node %u has\n", options->ask.journal,
		       before ? "named" : "names", options->node);
	}
	json_decref(view.status);
}

static int run(struct options *options)
{
	int result = wl_tool_ask_choose(&options->ask);
	char request[80];
	bool before;

	if (result != 0)
		return result;
	snprintf(request, sizeof(request), "/wirelog/member,%u,%u,0,%u",
		 (unsigned)WL_CHANGE_READMIT, options->node, options->ask.journal);
	before = wl_tool_ask_is_done(&options->ask, is_readmitted, options);
	if (!before)
		result = wl_tool_ask_wait(&options->ask, request, is_readmitted, options);
	if (result == 0)
		tell(options, before);
	return result;
}

int wl_cmd_readmit(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "NODE",
		.doc = "Has the data that a member has now counted in place of those that it had: its disk was wiped or "
		       "replaced, or is an old image. A leader does so by itself when the node has caught up; by hand it "
		       "need not wait. The other voters must be a majority of all without that node. Any node on this "
		       "machine may be asked; it passes it on to the leader.\vDone when the list of members that names "
		       "the new data is committed. The node votes from then on as soon as it has everything "
		       "(docs/OPERATIONS.md, \"A node whose data are gone\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog readmit", argc, argv, &options);
	return run(&options);
}
