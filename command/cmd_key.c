/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog key FILE` makes a cluster's key, `wirelog key give` what clients are given of it. And `wirelog key id`, `list` and
 * `rotate`, which change the key of a cluster that runs.
 */
#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_key_file.h"
#include "command/tool_key_rotate.h"
#include "command/tool_keys.h"
#include "command/tool_option.h"

enum { KEY_JSON = 0x100, KEY_FORCE };

enum verb { VERB_MAKE, VERB_ID, VERB_LIST, VERB_ROTATE, VERB_GIVE };

struct options {
	struct wl_tool_ask ask;
	enum verb verb;
	const char *file; /* id, rotate, give: that is read */
	const char *right, *new_file; /* give */
	bool json, force;
};

static const struct argp_option option_table[] = {
	{"json", KEY_JSON, NULL, 0,
	 "of id and list, and behind rotate what is then in force, as JSON", 0},
	{"force", KEY_FORCE, NULL, 0,
	 "rotate: go on without members that lack the new key or are not heard, and without clients",
	 0},
	WL_TOOL_ASK_OPTION_SECONDS,
	{0},
};

static bool take_verb(struct options *options, const char *word)
{
	static const char *const verbs[] =
		{[VERB_ID] = "id", [VERB_LIST] = "list", [VERB_ROTATE] = "rotate", [VERB_GIVE] = "give"};

	for (unsigned verb = VERB_ID; verb <= VERB_GIVE; verb++) {
		if (strcmp(word, verbs[verb]) == 0) {
			options->verb = (enum verb)verb;
			return true;
		}
	}
	return false;
}

static void check_words(const struct argp_state *state, const struct options *options)
{
	if (options->file == NULL && (options->verb == VERB_MAKE || options->verb == VERB_ID))
		argp_error(state, "which file?");
	if (options->force && options->verb != VERB_ROTATE)
		argp_error(state, "--force belongs to rotate");
	if (options->json && (options->verb == VERB_MAKE || options->verb == VERB_GIVE))
		argp_error(state, "--json belongs to id, list and rotate");
	if (options->verb != VERB_GIVE)
		return;
	if (!options->new_file)
		argp_error(state, "which right, of which key, into which file?");
	if (strcmp(options->right, "append") != 0 && strcmp(options->right, "read") != 0)
		argp_error(state, "'%s' is no right: append, or read", options->right);
}

/* False: one too many. */
static bool take_word(struct options *options, const char *word)
{
	const char **place = &options->file;

	if (options->verb == VERB_GIVE && !options->right)
		place = &options->right;
	else if (options->verb == VERB_GIVE && options->file)
		place = &options->new_file;
	if (*place || options->verb == VERB_LIST)
		return false;
	*place = word;
	return true;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_FORCE:
		options->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0 && take_verb(options, argument))
			return 0;
		if (!take_word(options, argument))
			argp_error(state, "'%s' is one word too many", argument);
		return 0;
	case ARGP_KEY_END:
		check_words(state, options);
		return 0;
	default:
		return wl_tool_ask_parse_option(key, argument, state, &options->ask);
	}
}

static int print_ids(const struct options *options)
{
	char text[WL_TOOL_KEYS_TEXT_BYTES];
	struct wl_keys_held held;
	int result = wl_tool_keys_read_file(options->file, &held);
	json_t *all = json_array();

	for (uint32_t at = 0; result == 0 && at < held.count; at++) {
		if (options->json)
			json_array_append_new(all,
					      json_string(wl_tool_keys_text(held.id[at], text)));
		else
			printf("%s\n", wl_tool_keys_text(held.id[at], text));
	}
	if (result == 0 && options->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return result;
}

static int list(const struct options *options)
{
	struct wl_tool_keys keys;
	int result = wl_tool_keys_look(&options->ask, &keys);

	if (result == 0 && options->json)
		wl_tool_keys_print_json(&keys);
	else if (result == 0)
		wl_tool_keys_print(&keys);
	return result;
}

static int ask(struct options *options)
{
	const struct wl_tool_key_rotate rotate = {
		.ask = &options->ask,
		.file = options->file,
		.force = options->force,
		.quiet = options->json,
	};
	int result = wl_tool_ask_choose(&options->ask);

	if (result == 0 && options->verb == VERB_ROTATE)
		result = wl_tool_key_rotate(&rotate);
	if (result == 0 && (options->verb == VERB_LIST || options->json))
		result = list(options);
	return result;
}

int wl_cmd_key(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "FILE\ngive append|read FILE NEW_FILE\nid FILE\nlist\nrotate [FILE]",
		.doc = "A cluster's keys. With FILE alone: makes one, 32 hexadecimal digits, mode 0400; a file that exists is left "
		       "alone. Copy it, in secret, to every node (security.key_file). give: NEW_FILE gets what a client needs that "
		       "may append and read, or only read, and neither act as a node nor change the cluster; nobody comes from "
		       "it to the cluster's key. id: which keys a file holds, by "
		       "ids that tell nothing of them. list: which key is in force, and who of the members holds and uses which. "
		       "rotate: another key takes the place of the one in force, without a stop: the last one of FILE, or "
		       "of the file of the node that is asked. All members must hold it; then they send with it, and when "
		       "all were heard with it, and no client speaks with the old one, that is refused. It goes on where it was "
		       "stopped.\vA file of that name is written as ./list. See docs/OPERATIONS.md, \"Rotate the key\".",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog key", argc, argv, &options);
	if (options.verb == VERB_MAKE)
		return wl_tool_key_file_make(options.file);
	if (options.verb == VERB_GIVE)
		return wl_tool_key_file_give(options.right[0] == 'r' ? WL_RIGHT_READ
								     : WL_RIGHT_APPEND,
					     options.file, options.new_file);
	return options.verb == VERB_ID ? print_ids(&options) : ask(&options);
}
