/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_tail_options.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/tool_option.h"
#include "command/tool_parse.h"
#include "dataplane/base/consumer_name.h"

#define SECOND_NS UINT64_C(1000000000)

enum {
	KEY_FROM_TIME = 0x100,
	KEY_NODE,
	KEY_CONSUMER,
	KEY_EXISTING,
	KEY_CURSOR,
	KEY_ARCHIVE,
	KEY_TO,
};

static const struct argp_option option_table[] = {
	{"from", 'n', "N", 0, "first record's number, or `live`: what is committed from now on", 0},
	{"from-time", KEY_FROM_TIME, "TIME", 0,
	 "first record of that time or later: 2026-03-04T05:06:07Z, @1772600767, or 5m (ago)", 0},
	{"count", 'c', "N", 0, "end after N records", 0},
	{"follow", 'F', NULL, 0, "do not end at the last record, wait for more", 0},
	{"consumer", KEY_CONSUMER, "NAME", 0,
	 "begin at this consumer's checkpoint, and move it behind what was written; it is made where it is not there, at "
	 "--from, or at the first record",
	 0},
	{"existing", KEY_EXISTING, NULL, 0, "with --consumer: only where the checkpoint is there",
	 0},
	{"cursor", KEY_CURSOR, "FILE", 0,
	 "go on where FILE says, if the journal has still what was read by then (else DIVERGED, OTHER_HISTORY), and keep there where it ended; "
	 "FILE is made where it is not there, at --from, or at the first record",
	 0},
	{"archive", KEY_ARCHIVE, "DIR", 0,
	 "read from this archive, or from several of the same journal: no node is asked; from its first record without "
	 "--from",
	 0},
	{"to", KEY_TO, "N", 0, "with --archive: the last record's number", 0},
	{"node", KEY_NODE, "N", 0, "read from this node (default: from any)", 0},
	{"format", 'f', "FORMAT", 0,
	 "text (default: number, time, content), lines, itch50, binary (four-byte length), len16, hex, json",
	 0},
	{0},
};

static void parse_from(struct wl_tail_options *options, const char *text, struct argp_state *state)
{
	if (strcmp(text, "live") == 0 || strcmp(text, "now") == 0) {
		options->from = WIRELOG_FROM_NOW;
		options->follow = true;
		return;
	}
	options->from = WIRELOG_FROM_NUMBER;
	options->value = wl_tool_option_number(state, "--from", text, 1, INT64_MAX);
}

static void parse_from_time(struct wl_tail_options *options, const char *text,
			    struct argp_state *state)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	options->from = WIRELOG_FROM_TIME;
	if (!wl_tool_parse_time(text, (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec,
				&options->value))
		argp_error(
			state,
			"--from-time: '%s' is not a time (2026-03-04T05:06:07Z, @1772600767, 5m)",
			text);
}

static void check_consumer(const struct wl_tail_options *options, struct argp_state *state)
{
	char name[WL_CONSUMER_NAME_BYTES] = {0};

	if (!options->consumer) {
		if (options->existing)
			argp_error(state, "--existing belongs to --consumer");
		return;
	}
	snprintf(name, sizeof(name), "%s", options->consumer);
	if (strlen(options->consumer) >= sizeof(name) || !wl_consumer_name_is_valid(name))
		argp_error(state, "'%s' is no name: 1 to 31 of A-Z a-z 0-9 . _ -",
			   options->consumer);
	if (options->from == WIRELOG_FROM_TIME)
		argp_error(state, "a consumer begins at a number or `live`, not at a time");
}

static void check_cursor(const struct wl_tail_options *options, struct argp_state *state)
{
	if (options->cursor_file && (options->consumer || options->archive.count != 0 ||
				     options->from == WIRELOG_FROM_TIME))
		argp_error(state, "--cursor goes with --from alone: it is a place of its own");
}

static void check_archive(struct wl_tail_options *options, struct argp_state *state)
{
	struct wl_tail_archive *archive = &options->archive;

	if (archive->count == 0) {
		if (archive->to != 0)
			argp_error(state, "--to belongs to --archive");
		return;
	}
	if (options->consumer || options->follow || options->node != 0)
		argp_error(state, "an archive has no consumers, no nodes, and nothing to --follow");
	archive->journal = options->cluster.journal;
	archive->from = options->from == WIRELOG_FROM_NUMBER ? options->value : 0;
	archive->from_time_ns = options->from == WIRELOG_FROM_TIME ? options->value : 0;
	archive->records_max = options->count;
	archive->format = options->format;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct wl_tail_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case 'n':
		parse_from(options, argument, state);
		return 0;
	case KEY_FROM_TIME:
		parse_from_time(options, argument, state);
		return 0;
	case 'c':
		options->count = wl_tool_option_number(state, "--count", argument, 1, INT64_MAX);
		return 0;
	case 'F':
		options->follow = true;
		return 0;
	case KEY_NODE:
		options->node = (uint32_t)wl_tool_option_number(state, "--node", argument, 1,
								WIRELOG_NODES_MAX);
		return 0;
	case KEY_CONSUMER:
		options->consumer = argument;
		return 0;
	case KEY_ARCHIVE:
		if (options->archive.count == WL_TAIL_ARCHIVES_MAX)
			argp_error(state, "--archive: at most %u", WL_TAIL_ARCHIVES_MAX);
		options->archive.directories[options->archive.count++] = argument;
		return 0;
	case KEY_TO:
		options->archive.to = wl_tool_option_number(state, "--to", argument, 1, INT64_MAX);
		return 0;
	case KEY_CURSOR:
		options->cursor_file = argument;
		return 0;
	case KEY_EXISTING:
		options->existing = true;
		return 0;
	case 'f':
		if (!wl_print_record_format(argument, &options->format))
			argp_error(
				state,
				"--format: '%s' is none of text, lines, itch50, binary, len16, hex, json",
				argument);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	case ARGP_KEY_END:
		check_consumer(options, state);
		check_cursor(options, state);
		check_archive(options, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void wl_tail_options_parse(struct wl_tail_options *options, int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_argp, 0, NULL, 20}, {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Writes committed records to standard output: without --from the last ten. Ends at the last "
		       "committed record unless told to --follow.\vExit code 0: all that was asked for was written. "
		       "65: some of it is gone from the log, or missing in the archive (what is there was written), a record does not fit the "
		       "format, the checkpoint was dropped (CHECKPOINT_DROPPED), or the journal has another past than the cursor (DIVERGED, OTHER_HISTORY). 69: the path to the node carries too little (PATH_MTU). 75: a record did not come in time.",
		.children = children,
	};

	wl_tool_option_parse(&argp, "wirelog tail", argc, argv, options);
}
