/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog consumer`: which checkpoints hold records back, and how far they are; sets one, or deletes it. Asked of a node on this machine as
 * `wirelog trim` does.
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
#include "dataplane/base/consumer_name.h"
#include "wirelog/status.h"

enum { KEY_TO = 0x100, KEY_EXISTING, KEY_JSON };

enum verb { VERB_NONE, VERB_LIST, VERB_SET, VERB_DELETE };

struct options {
	struct wl_tool_ask ask;
	enum verb verb;
	char name[WL_CONSUMER_NAME_BYTES];
	uint64_t to; /* 0: not given */
	bool existing, json;
	uint64_t made; /* index of the entry that made the checkpoint which is meant; 0: any */
};

static const struct argp_option option_table[] = {
	{"to", KEY_TO, "N", 0, "set: N is the first record that the consumer has not consumed", 0},
	{"existing", KEY_EXISTING, NULL, 0,
	 "set: only where the checkpoint is there; else it is made", 0},
	{"json", KEY_JSON, NULL, 0, "print the list as JSON; of a change, as it is then", 0},
	WL_TOOL_ASK_OPTION_JOURNAL,
	WL_TOOL_ASK_OPTION_SECONDS,
	{0},
};

static void take_word(const struct argp_state *state, struct options *options, const char *word)
{
	static const char *const verbs[] =
		{[VERB_LIST] = "list", [VERB_SET] = "set", [VERB_DELETE] = "delete"};

	if (options->verb == VERB_NONE) {
		for (unsigned verb = VERB_LIST; verb <= VERB_DELETE; verb++)
			if (strcmp(word, verbs[verb]) == 0)
				options->verb = (enum verb)verb;
		if (options->verb == VERB_NONE)
			argp_error(state, "'%s' is not list, set or delete", word);
		return;
	}
	if (options->verb == VERB_LIST || options->name[0] != '\0')
		argp_error(state, "'%s' is one word too many", word);
	snprintf(options->name, sizeof(options->name), "%s", word);
	if (strlen(word) >= sizeof(options->name) || !wl_consumer_name_is_valid(options->name))
		argp_error(state, "'%s' is no name: 1 to 31 of A-Z a-z 0-9 . _ -", word);
}

static void check_words(const struct argp_state *state, const struct options *options)
{
	if (options->verb == VERB_NONE)
		argp_error(state, "list, set or delete?");
	if (options->verb != VERB_LIST && options->name[0] == '\0')
		argp_error(state, "which consumer?");
	if (options->verb == VERB_SET && options->to == 0)
		argp_error(state, "set it to which record? --to N");
	if (options->verb != VERB_SET && (options->to != 0 || options->existing))
		argp_error(state, "--to and --existing belong to set");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_TO:
		options->to = wl_tool_option_number(state, "--to", argument, 1, INT64_MAX);
		return 0;
	case KEY_EXISTING:
		options->existing = true;
		return 0;
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

/* NULL: there is none of that name. */
static const json_t *find(const struct wl_tool_view *view, const char *name)
{
	const json_t *consumers = json_object_get(view->journal, "consumers");

	for (size_t at = 0; at < json_array_size(consumers); at++) {
		const json_t *consumer = json_array_get(consumers, at);
		const char *is = json_string_value(json_object_get(consumer, "name"));

		if (is != NULL && strcmp(is, name) == 0)
			return consumer;
	}
	return NULL;
}

static bool is_set(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;
	const json_t *consumer = find(view, options->name);

	return consumer != NULL && wl_tool_ask_number(consumer, "number") >= options->to &&
	       (options->made == 0 || wl_tool_ask_number(consumer, "made") == options->made);
}

static bool is_deleted(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;
	const json_t *consumer = find(view, options->name);

	return view->journal != NULL &&
	       (consumer == NULL || wl_tool_ask_number(consumer, "made") != options->made);
}

static void print_list(const struct wl_tool_view *view)
{
	const json_t *consumers = json_object_get(view->journal, "consumers");

	printf("%-31s %12s %12s\n", "CONSUMER", "NUMBER", "BEHIND");
	for (size_t at = 0; at < json_array_size(consumers); at++) {
		const json_t *consumer = json_array_get(consumers, at);

		printf("%-31s %12lu %12lu%s\n",
		       json_string_value(json_object_get(consumer, "name")),
		       (unsigned long)wl_tool_ask_number(consumer, "number"),
		       (unsigned long)wl_tool_ask_number(consumer, "behind_records"),
		       json_is_true(json_object_get(consumer, "lowest")) ? "  the lowest" : "");
	}
	printf("the lowest holds back %lu bytes of what retention would trim\n",
	       (unsigned long)wl_tool_ask_number(view->journal, "held_bytes"));
}

static void print_json(const struct wl_tool_view *view)
{
	json_t *list = json_pack("{s:O?, s:O?}", "consumers",
				 json_object_get(view->journal, "consumers"), "held_bytes",
				 json_object_get(view->journal, "held_bytes"));

	json_dumpf(list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(list);
}

/* ---- what is asked ------------------------------------------------------------------------------- */

static int set(struct options *options)
{
	char request[128];

	if (options->existing && options->made == 0)
		return wl_tool_refuse(WIRELOG_CHECKPOINT_DROPPED,
				      "journal %u has no checkpoint of '%s' (any more)",
				      options->ask.journal, options->name);
	if (!options->existing)
		options->made = 0;
	if (options->made != 0)
		snprintf(request, sizeof(request), "/wirelog/consumer_set,%s,%lu,%u,%lu",
			 options->name, (unsigned long)options->to, options->ask.journal,
			 (unsigned long)options->made);
	else
		snprintf(request, sizeof(request), "/wirelog/consumer_set,%s,%lu,%u", options->name,
			 (unsigned long)options->to, options->ask.journal);
	if (wl_tool_ask_is_done(&options->ask, is_set, options))
		return 0;
	return wl_tool_ask_wait(&options->ask, request, is_set, options);
}

static int delete (const struct options *options)
{
	char request[128];

	if (options->made == 0)
		return wl_tool_refuse(WIRELOG_INVALID_ARGUMENT, "journal %u has no consumer '%s'",
				      options->ask.journal, options->name);
	snprintf(request, sizeof(request), "/wirelog/consumer_delete,%s,%u", options->name,
		 options->ask.journal);
	return wl_tool_ask_wait(&options->ask, request, is_deleted, options);
}

static int list(const struct options *options)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_look(options->ask.directory, options->ask.journal, &view);

	if (result == 0 && options->json)
		print_json(&view);
	else if (result == 0)
		print_list(&view);
	json_decref(view.status);
	return result;
}

static int change(struct options *options)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_look(options->ask.directory, options->ask.journal, &view);

	options->made = wl_tool_ask_number(find(&view, options->name), "made");
	json_decref(view.status);
	if (result != 0)
		return result;
	return options->verb == VERB_SET ? set(options) : delete (options);
}

static int run(struct options *options)
{
	int result = wl_tool_ask_choose(&options->ask);

	if (result == 0 && options->verb != VERB_LIST)
		result = change(options);
	if (result == 0 && (options->verb == VERB_LIST || options->json))
		result = list(options);
	return result;
}

int wl_cmd_consumer(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "list\nset NAME --to N\ndelete NAME",
		.doc = "Checkpoints of consumers: no trim passes the lowest one, so a consumer that was away finds "
		       "the records that it has not consumed. A checkpoint moves forward only. Any node on this machine "
		       "may be asked; it passes it on to the leader.\vDone when a majority has it durably. What one may "
		       "hold back of what retention trims is limited by retention.hold (docs/OPERATIONS.md, \"A log that "
		       "lives\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog consumer", argc, argv, &options);
	return run(&options);
}
