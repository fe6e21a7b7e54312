/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog upgrade`: which build each node runs, which features it declared and which are in force; and `finalize`, the operator's word that all
 * of them may be used from now on. Asked of a node on this machine as `wirelog trim` does.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "dataplane/base/features.h"
#include "wirelog/status.h"

enum { KEY_JSON = 0x100 };

struct options {
	struct wl_tool_ask ask;
	bool finalize, verb_known, one_journal, json;
	wl_features wanted; /* of the journal that is asked for now */
	uint64_t entry; /* that put in force what was */
};

static const struct argp_option option_table[] = {
	{"journal", WL_TOOL_ASK_KEY_JOURNAL, "N", 0,
	 "this journal only (default: all of them, one after the other)", 0},
	WL_TOOL_ASK_OPTION_SECONDS,
	{"json", KEY_JSON, NULL, 0, "print it as JSON; behind finalize, as it is then", 0},
	{0},
};

static void take_word(const struct argp_state *state, struct options *options, const char *word)
{
	if (options->verb_known)
		argp_error(state, "'%s' is one word too many", word);
	options->finalize = strcmp(word, "finalize") == 0;
	options->verb_known = true;
	if (!options->finalize && strcmp(word, "list") != 0)
		argp_error(state, "'%s' is not list or finalize", word);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case WL_TOOL_ASK_KEY_JOURNAL:
		options->one_journal = true;
		break;
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		take_word(state, options, argument);
		return 0;
	default:
		break;
	}
	return wl_tool_ask_parse_option(key, argument, state, &options->ask);
}

/* ---- what a node says ---------------------------------------------------------------------------- */

static const json_t *features_of(const struct wl_tool_view *view)
{
	return json_object_get(view->journal, "features");
}

static wl_features supported_by(const struct wl_tool_view *view)
{
	return wl_tool_ask_number(json_object_get(view->journal, "build"), "set");
}

static bool is_done(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;

	return wl_features_have(wl_tool_ask_number(features_of(view), "set"), options->wanted);
}

/* Of the asked node itself, and of each peer: the same words. */
static void print_build(uint64_t node, const char *version, bool heard, wl_features declared)
{
	char names[WL_FEATURES_TEXT_BYTES];

	printf("%5" PRIu64 "  %-12s %-6s %s\n", node, version != NULL ? version : "-",
	       heard ? "yes" : "no", wl_features_text(declared, names));
}

static void print_nodes(const struct wl_tool_view *view)
{
	const json_t *peers = json_object_get(view->journal, "peers"), *peer;
	uint64_t self = wl_tool_ask_number(view->status, "node");
	bool told = false;
	size_t at;

	printf("%5s  %-12s %-6s %s\n", "NODE", "BUILD", "HEARD", "DECLARED");
	json_array_foreach(peers, at, peer)
	{
		uint64_t node = wl_tool_ask_number(peer, "node");
		const char *version = json_string_value(json_object_get(peer, "version"));

		if (node > self && !told)
			print_build(self,
				    json_string_value(json_object_get(view->status, "version")),
				    true, supported_by(view));
		told = told || node > self;
		print_build(node, version, version != NULL,
			    wl_tool_ask_number(peer, "declared_set"));
	}
	if (!told)
		print_build(self, json_string_value(json_object_get(view->status, "version")), true,
			    supported_by(view));
}

static void print_journal(const struct wl_tool_view *view, uint32_t journal)
{
	wl_features in_force = wl_tool_ask_number(features_of(view), "set");
	wl_features waits = supported_by(view) & ~in_force;
	uint64_t entry = wl_tool_ask_number(features_of(view), "entry");
	char names[WL_FEATURES_TEXT_BYTES];

	printf("journal %u: in force: %s", journal, wl_features_text(in_force, names));
	if (entry != 0)
		printf(", by entry %" PRIu64, entry);
	if (waits != 0)
		printf("; not yet: %s", wl_features_text(waits, names));
	putchar('\n');
}

/* One object for a journal: its features, and each node's build as the asked node knows it. */
static json_t *journal_json(const struct wl_tool_view *view, uint32_t journal)
{
	const json_t *peers = json_object_get(view->journal, "peers"), *peer;
	json_t *nodes = json_array();
	size_t at;

	json_array_append_new(
		nodes,
		json_pack("{s:O, s:O, s:b, s:O}", "node", json_object_get(view->status, "node"),
			  "version", json_object_get(view->status, "version"), "heard", 1,
			  "declared",
			  json_object_get(json_object_get(view->journal, "build"), "features")));
	json_array_foreach(peers, at, peer)
	{
		const json_t *version = json_object_get(peer, "version");

		json_array_append_new(nodes,
				      json_pack("{s:O, s:O, s:b, s:O}", "node",
						json_object_get(peer, "node"), "version", version,
						"heard", json_is_string(version), "declared",
						json_object_get(peer, "declared")));
	}
	return json_pack("{s:i, s:O, s:o}", "journal", (int)journal, "features", features_of(view),
			 "nodes", nodes);
}

/* ---- what is asked ------------------------------------------------------------------------------- */

static int list_one(struct options *options, json_t *all, bool first)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_choose(&options->ask);

	if (result != 0)
		return result;
	result = wl_tool_ask_look(options->ask.directory, options->ask.journal, &view);
	if (result == 0 && features_of(&view) == NULL)
		result = wl_tool_refuse(WIRELOG_FEATURE_UNKNOWN,
					"the node that was asked runs a build without features");
	if (result == 0 && all != NULL) {
		json_array_append_new(all, journal_json(&view, options->ask.journal));
	} else if (result == 0) {
		if (first)
			print_nodes(&view);
		print_journal(&view, options->ask.journal);
	}
	json_decref(view.status);
	return result;
}

/* All that the asked node's build has: a member that lacks some of it is named by the node, and nothing is asked of the leader. */
static int finalize_one(struct options *options)
{
	struct wl_tool_view view;
	char request[96];
	int result = wl_tool_ask_choose(&options->ask);

	if (result != 0)
		return result;
	result = wl_tool_ask_look(options->ask.directory, options->ask.journal, &view);
	options->wanted = supported_by(&view);
	options->entry = wl_tool_ask_number(features_of(&view), "entry");
	json_decref(view.status);
	if (result != 0)
		return result;
	if (options->wanted == 0)
		return wl_tool_refuse(WIRELOG_FEATURE_UNKNOWN,
				      "the node that was asked runs a build without features");
	if (wl_tool_ask_is_done(&options->ask, is_done, options))
		return 0;
	snprintf(request, sizeof(request), "/wirelog/finalize,%" PRIu64 ",%u,%" PRIu64,
		 options->wanted, options->ask.journal, options->entry);
	return wl_tool_ask_wait(&options->ask, request, is_done, options);
}

static int run(struct options *options)
{
	json_t *all = options->json ? json_array() : NULL;
	uint32_t count = 1, first = options->ask.journal;
	int result = options->one_journal ? 0 : wl_tool_ask_count_journals(&options->ask, &count);

	for (uint32_t at = 0; at < count && result == 0; at++) {
		options->ask.journal = first + at;
		if (options->finalize)
			result = finalize_one(options);
		if (result == 0)
			result = list_one(options, all, at == 0);
	}
	if (all != NULL && result == 0) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return result;
}

int wl_cmd_upgrade(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[list]\nfinalize",
		.doc = "Which build each node runs, which features each has declared, and which are in force. Builds are "
		       "replaced node by node; a node may go back to the build before until finalize puts in force what "
		       "all have. From then on a build that lacks it does not start on these data. Refused while a member, "
		       "be it away, has not declared it: it is named. Any node on this machine may be asked; it passes it "
		       "on to the leader.\vDone when it is committed in each journal; done again it changes nothing "
		       "(docs/OPERATIONS.md, \"Another build\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog upgrade", argc, argv, &options);
	return run(&options);
}
