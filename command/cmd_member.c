/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog member`: who votes and who learns in each journal; makes a node a learner or a voter, takes one out, or puts one in the place of
 * another. Asked of a node on this machine as `wirelog trim` does.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "dataplane/base/change.h"
#include "wirelog/status.h"

enum { KEY_JSON = 0x100 };

#define VERB_LIST 0

struct options {
	struct wl_tool_ask ask;
	bool verb_known, one_journal, json;
	struct wl_change change; /* verb 0: list */
};

static const struct argp_option option_table[] = {
	{"journal", WL_TOOL_ASK_KEY_JOURNAL, "N", 0,
	 "this journal only (default: all of them, one after the other)", 0},
	{"timeout", WL_TOOL_ASK_KEY_SECONDS, "S", 0,
	 "so many seconds for each journal, until it is committed (default 10)", 0},
	{"json", KEY_JSON, NULL, 0, "print the list as JSON; of a change, as it is then", 0},
	{0},
};

static void take_verb(const struct argp_state *state, struct options *options, const char *word)
{
	options->verb_known = true;
	if (strcmp(word, "list") == 0)
		return;
	for (unsigned verb = WL_CHANGE_ADD; verb <= WL_CHANGE_REPLACE; verb++)
		if (strcmp(word, wl_change_verb_text((enum wl_change_verb)verb)) == 0)
			options->change.verb = (enum wl_change_verb)verb;
	if (options->change.verb == VERB_LIST)
		argp_error(state, "'%s' is not list, add, promote, demote, remove or replace",
			   word);
}

static void take_word(const struct argp_state *state, struct options *options, const char *word)
{
	struct wl_change *change = &options->change;
	uint32_t *id = &change->node;

	if (!options->verb_known) {
		take_verb(state, options, word);
		return;
	}
	if (change->node != 0)
		id = &change->by;
	if (change->verb == VERB_LIST || *id != 0 ||
	    (id == &change->by && change->verb != WL_CHANGE_REPLACE))
		argp_error(state, "'%s' is one word too many", word);
	*id = (uint32_t)wl_tool_option_number(state, "NODE", word, 1, WIRELOG_NODES_MAX);
}

static void check_words(const struct argp_state *state, const struct options *options)
{
	const struct wl_change *change = &options->change;

	if (!options->verb_known)
		argp_error(state, "list, add, promote, demote, remove or replace?");
	if (change->verb != VERB_LIST && change->node == 0)
		argp_error(state, "which node?");
	if (change->verb == WL_CHANGE_REPLACE && change->by == 0)
		argp_error(state, "replace it by which node?");
	if (change->by != 0 && change->by == change->node)
		argp_error(state, "a node does not take its own place");
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
	case ARGP_KEY_END:
		check_words(state, options);
		return 0;
	default:
		break;
	}
	return wl_tool_ask_parse_option(key, argument, state, &options->ask);
}

/* ---- what a node says ---------------------------------------------------------------------------- */

static const json_t *members_of(const struct wl_tool_view *view)
{
	return json_object_get(view->journal, "members");
}

static wl_members ids(const json_t *members, const char *name)
{
	const json_t *array = json_object_get(members, name);
	wl_members found = 0;

	for (size_t at = 0; at < json_array_size(array); at++)
		found = wl_members_with(found,
					(uint32_t)json_integer_value(json_array_get(array, at)));
	return found;
}

/* The list is committed, not joint, and what was asked for. */
static bool is_done(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;
	const json_t *members = members_of(view);
	const struct wl_list list = {
		.index = wl_tool_ask_number(members, "entry"),
		.voters = ids(members, "voters"),
		.old = ids(members, "old_voters"),
		.learners = ids(members, "learners"),
	};
	struct wl_list next;
	uint32_t voter;

	return members != NULL && json_is_true(json_object_get(members, "committed")) &&
	       !wl_list_is_joint(&list) &&
	       wl_change_of(&options->change, &list, &next, &voter) == WL_CHANGE_DONE;
}

static const json_t *peer_of(const struct wl_tool_view *view, uint32_t node)
{
	const json_t *peers = json_object_get(view->journal, "peers");

	for (size_t at = 0; at < json_array_size(peers); at++) {
		const json_t *peer = json_array_get(peers, at);

		if (wl_tool_ask_number(peer, "node") == node)
			return peer;
	}
	return NULL;
}

/* What a leader knows of the others; of itself, its own log. */
static uint64_t durable_of(const struct wl_tool_view *view, uint32_t node)
{
	if (wl_tool_ask_number(view->status, "node") == node)
		return wl_tool_ask_number(json_object_get(view->journal, "durable"), "index");
	return wl_tool_ask_number(peer_of(view, node), "durable");
}

static void print_node(const struct wl_tool_view *view, uint32_t journal, uint32_t node)
{
	const json_t *members = members_of(view);
	bool votes = wl_members_has(ids(members, "voters"), node);
	bool voted = wl_members_has(ids(members, "old_voters"), node);
	const char *what = votes   ? "voter"
			   : voted ? "voter until the change is committed"
				   : "learner";

	if (!votes && !voted && !wl_members_has(ids(members, "learners"), node))
		return;
	printf("%7u %5u %12lu  %s%s\n", journal, node, (unsigned long)durable_of(view, node), what,
	       wl_tool_ask_number(view->journal, "leader") == node ? ", leads" : "");
}

static void print_table(const struct wl_tool_view *view, uint32_t journal)
{
	const json_t *members = members_of(view);

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		print_node(view, journal, node);
	if (ids(members, "old_voters") != 0 || !json_is_true(json_object_get(members, "committed")))
		printf("journal %u: a change is under way\n", journal);
}

/* ---- what is asked ------------------------------------------------------------------------------- */

static int change_one(struct options *options)
{
	const struct wl_change *change = &options->change;
	char request[64];
	int result = wl_tool_ask_choose(&options->ask);

	if (result != 0)
		return result;
	snprintf(request, sizeof(request), "/wirelog/member,%u,%u,%u,%u", (unsigned)change->verb,
		 change->node, change->by, options->ask.journal);
	if (wl_tool_ask_is_done(&options->ask, is_done, options))
		return 0;
	return wl_tool_ask_wait(&options->ask, request, is_done, options);
}

static int list_one(struct options *options, json_t *all)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_choose(&options->ask);

	if (result != 0)
		return result;
	result = wl_tool_ask_look(options->ask.directory, options->ask.journal, &view);
	if (result == 0 && all != NULL)
		json_array_append_new(all,
				      json_pack("{s:i, s:O}", "journal", (int)options->ask.journal,
						"members", members_of(&view)));
	else if (result == 0)
		print_table(&view, options->ask.journal);
	json_decref(view.status);
	return result;
}

/* Who is out holds the key as before: by it alone he could say what a member would. Programs read it in the status (`rotation_due`). */
static void say_key_is_due(const struct options *options)
{
	const uint32_t out = options->change.node;

	if (options->change.verb == WL_CHANGE_REMOVE || options->change.verb == WL_CHANGE_REPLACE)
		fprintf(stderr,
			"wirelog: node %u still holds the cluster's key: `wirelog key rotate` is due "
			"(docs/OPERATIONS.md, \"Rotate the key\")\n",
			out);
}

static int run(struct options *options)
{
	json_t *all = options->json ? json_array() : NULL;
	uint32_t count = 1, first = options->ask.journal;
	int result = options->one_journal ? 0 : wl_tool_ask_count_journals(&options->ask, &count);

	if (options->change.verb == VERB_LIST && all == NULL && result == 0)
		printf("%7s %5s %12s  %s\n", "JOURNAL", "NODE", "DURABLE", "IS");
	for (uint32_t at = 0; at < count && result == 0; at++) {
		options->ask.journal = first + at;
		if (options->change.verb != VERB_LIST)
			result = change_one(options);
		if (result == 0 && (options->change.verb == VERB_LIST || all != NULL))
			result = list_one(options, all);
	}
	if (result == 0 && all == NULL)
		say_key_is_due(options);
	if (all != NULL && result == 0) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return result;
}

int wl_cmd_member(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc =
			"list\nadd NODE\npromote NODE\ndemote NODE\nremove NODE\nreplace NODE BY",
		.doc = "Who votes. A node that is added learns: it is sent everything and counts nowhere. It is promoted, "
		       "or put in the place of a voter, when it has everything, has room and was heard just now; until "
		       "then this waits. A leader that is to go hands leadership over first. Any node on this machine may "
		       "be asked; it passes it on to the leader.\vDone when the new list is committed by its own voters, in "
		       "each journal. A change that would stop a journal now, for want of voters that answer, is not begun "
		       "(docs/OPERATIONS.md, \"Members\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog member", argc, argv, &options);
	return run(&options);
}
