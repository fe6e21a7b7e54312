/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog limit`: the limits of a journal, which are a part of what all nodes agree on; shows them, or sets one. Asked of a node on this machine
 * as `wirelog trim` does. A node's file says the first limits of a journal and no later ones.
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
#include "command/tool_parse.h"
#include "command/tool_refuse.h"
#include "dataplane/base/journal_limits.h"
#include "wirelog/status.h"

enum { KEY_JSON = 0x100 };

enum verb { VERB_NONE, VERB_LIST, VERB_SET };

struct options {
	struct wl_tool_ask ask;
	enum verb verb;
	bool json;
	enum wl_journal_limit limit; /* WL_LIMITS: not given */
	bool has_value;
	uint64_t value; /* as it is told */
	uint64_t entry; /* of the limits that are to change */
};

static const struct argp_option option_table[] = {
	{"json", KEY_JSON, NULL, 0, "print the limits as JSON; behind set, as they are then", 0},
	WL_TOOL_ASK_OPTION_JOURNAL,
	WL_TOOL_ASK_OPTION_SECONDS,
	{0},
};

/* ---- words --------------------------------------------------------------------------------------- */

/* "16MiB": as the configuration spells it. */
static bool parse_size(const char *text, uint64_t *bytes)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
	size_t digits = strspn(text, "0123456789");
	char number[24];

	for (size_t at = 0; at < sizeof(units) / sizeof(units[0]); at++) {
		if (strcmp(text + digits, units[at].unit) != 0 || digits >= sizeof(number))
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)digits, text);
		if (!wl_tool_parse_number(number, bytes) || *bytes > UINT64_MAX >> units[at].shift)
			return false;
		*bytes <<= units[at].shift;
		return true;
	}
	return wl_tool_parse_number(text, bytes);
}

/* "7d", or a number of seconds. */
static bool parse_seconds(const char *text, uint64_t *seconds)
{
	uint64_t ns;

	if (!wl_tool_parse_duration(text, &ns))
		return wl_tool_parse_number(text, seconds);
	*seconds = ns / 1000000000;
	return ns % 1000000000 == 0;
}

static void take_value(const struct argp_state *state, struct options *options, const char *word)
{
	const char *unit = wl_journal_limit_unit(options->limit);
	uint64_t kept, range[2];
	bool read;

	if (strcmp(unit, "bytes") == 0)
		read = parse_size(word, &options->value);
	else if (strcmp(unit, "seconds") == 0)
		read = parse_seconds(word, &options->value);
	else
		read = wl_tool_parse_number(word, &options->value);
	if (!read)
		argp_error(state, "'%s' is no number of %s", word, unit);
	if (!wl_journal_limit_take(options->limit, options->value, &kept, range))
		argp_error(state, "%s is %" PRIu64 " to %" PRIu64 " %s",
			   wl_journal_limit_name(options->limit), range[0], range[1], unit);
	options->has_value = true;
}

static void take_word(const struct argp_state *state, struct options *options, const char *word)
{
	if (options->verb == VERB_NONE) {
		options->verb = strcmp(word, "list") == 0  ? VERB_LIST
				: strcmp(word, "set") == 0 ? VERB_SET
							   : VERB_NONE;
		if (options->verb == VERB_NONE)
			argp_error(state, "'%s' is not list or set", word);
		return;
	}
	if (options->verb == VERB_LIST || options->has_value) {
		argp_error(state, "'%s' is one word too many", word);
		return;
	}
	if (options->limit != WL_LIMITS) {
		take_value(state, options, word);
		return;
	}
	options->limit = wl_journal_limit_find(word);
	if (options->limit == WL_LIMITS)
		argp_error(state, "'%s' is no limit of a journal: `wirelog limit list` names them",
			   word);
}

static void check_words(const struct argp_state *state, const struct options *options)
{
	if (options->verb == VERB_NONE)
		argp_error(state, "list or set?");
	if (options->verb == VERB_SET && !options->has_value)
		argp_error(state, "set which limit to what? set NAME VALUE");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_INIT:
		options->limit = WL_LIMITS;
		break;
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

static const json_t *limits_of(const struct wl_tool_view *view)
{
	return json_object_get(view->journal, "limits");
}

static const json_t *find(const struct wl_tool_view *view, enum wl_journal_limit limit)
{
	const json_t *list = json_object_get(limits_of(view), "list"), *item;
	size_t at;

	json_array_foreach(list, at, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));

		if (name != NULL && strcmp(name, wl_journal_limit_name(limit)) == 0)
			return item;
	}
	return NULL;
}

/* Ours, or somebody else's: other limits are there. */
static bool is_changed(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;

	return wl_tool_ask_number(limits_of(view), "entry") > options->entry;
}

static bool is_set(const struct wl_tool_view *view, const void *wanted)
{
	const struct options *options = wanted;

	return wl_tool_ask_number(limits_of(view), "entry") != 0 &&
	       wl_tool_ask_number(find(view, options->limit), "value") == options->value;
}

static void print_list(const struct wl_tool_view *view)
{
	uint64_t entry = wl_tool_ask_number(limits_of(view), "entry");

	printf("%-18s %20s %20s  %s\n", "LIMIT", "VALUE", "FILE", "UNIT");
	for (unsigned limit = 0; limit < WL_LIMITS; limit++) {
		const json_t *item = find(view, (enum wl_journal_limit)limit);
		uint64_t value = wl_tool_ask_number(item, "value"),
			 file = wl_tool_ask_number(item, "file");
		char told[24] = "-";

		if (entry != 0)
			snprintf(told, sizeof(told), "%" PRIu64, value);
		printf("%-18s %20s %20" PRIu64 "  %s%s\n",
		       wl_journal_limit_name((enum wl_journal_limit)limit), told, file,
		       wl_journal_limit_unit((enum wl_journal_limit)limit),
		       entry != 0 && value != file ? "  the file differs" : "");
	}
	if (entry != 0)
		printf("as entry %" PRIu64 " says, on all nodes\n", entry);
	else
		printf("none are committed yet: the first leader proposes those of its file\n");
}

static void print_json(const struct wl_tool_view *view)
{
	json_dumpf(limits_of(view), stdout, JSON_INDENT(2));
	putchar('\n');
}

/* ---- what is asked ------------------------------------------------------------------------------- */

static int set(const struct options *options)
{
	char request[128];
	int result;

	if (wl_tool_ask_is_done(&options->ask, is_set, options)) {
		if (!options->json)
			printf("%s was %" PRIu64 " before\n", wl_journal_limit_name(options->limit),
			       options->value);
		return 0;
	}
	snprintf(request, sizeof(request), "/wirelog/limit_set,%s,%" PRIu64 ",%u,%" PRIu64,
		 wl_journal_limit_name(options->limit), options->value, options->ask.journal,
		 options->entry);
	result = wl_tool_ask_wait(&options->ask, request, is_changed, options);
	if (result == 0 && !wl_tool_ask_is_done(&options->ask, is_set, options))
		return wl_tool_refuse(WIRELOG_TIMED_OUT,
				      "somebody else set a limit at the same time: look at "
				      "`wirelog limit list`, and ask again");
	return result;
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

	options->entry = wl_tool_ask_number(limits_of(&view), "entry");
	json_decref(view.status);
	return result == 0 ? set(options) : result;
}

static int run(struct options *options)
{
	int result = wl_tool_ask_choose(&options->ask);

	if (result == 0 && options->verb == VERB_SET)
		result = change(options);
	if (result == 0 && (options->verb == VERB_LIST || options->json))
		result = list(options);
	return result;
}

int wl_cmd_limit(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "list\nset NAME VALUE",
		.doc = "Limits of a journal, the same on all nodes: what retention trims (retention.bytes, retention.age, "
		       "retention.records), what a consumer may hold back of it (retention.hold), and how many clients are "
		       "remembered (limits.sessions). A node's file says the first ones; then they are changed here. Bytes are "
		       "written as 16MiB, times as 7d, or as a number of seconds; of retention 0 is no limit. Any node on this "
		       "machine may be asked; it passes it on to the leader.\vDone when a majority has it durably "
		       "(docs/OPERATIONS.md, \"A log that lives\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog limit", argc, argv, &options);
	return run(&options);
}
