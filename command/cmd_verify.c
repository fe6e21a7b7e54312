/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog verify`: options, and the exit code. The work is in tool_verify.c, and for a cluster that runs in tool_compare.c. */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_compare.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_verify.h"

enum { KEY_AT = 0x100, KEY_CLUSTER, KEY_JOURNAL };

struct options {
	const char *path;
	uint64_t chain_index;
	struct wl_compare *compare;
	bool json, quiet, cluster;
};

static const struct argp_option option_table[] = {
	{"at", KEY_AT, "INDEX", 0, "show the chain value behind this entry, too", 0},
	{"cluster", KEY_CLUSTER, NULL, 0,
	 "compare the logs of all nodes, while they run: asked of one node on this machine", 0},
	{"journal", KEY_JOURNAL, "N", 0, "with --cluster: which journal (default 0)", 0},
	{"json", 'j', NULL, 0, "the findings as JSON", 0},
	{"quiet", 'q', NULL, 0, "the exit code only", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->compare->cluster;
		return 0;
	case KEY_CLUSTER:
		options->cluster = true;
		return 0;
	case KEY_JOURNAL:
		options->compare->journal = wl_tool_option_journal(state, argument);
		return 0;
	case KEY_AT:
		options->chain_index =
			wl_tool_option_number(state, "--at", argument, 1, UINT64_MAX);
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->path = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->cluster && options->path == NULL)
			argp_error(state, "which data directory or device? Or --cluster");
		if (options->cluster && (options->path != NULL || options->chain_index != 0))
			argp_error(state, "--cluster takes no directory, and no --at");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_json(json_t *found)
{
	json_dumpf(found, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(found);
}

static int run_cluster(const struct options *options)
{
	int failed = wl_compare_run(options->compare);

	if (failed != 0)
		return failed;
	if (options->json)
		print_json(wl_compare_json(options->compare));
	else if (!options->quiet)
		wl_compare_print(stdout, options->compare);
	return wl_compare_exit_code(options->compare);
}

static int run(const struct options *options)
{
	static struct wl_verify_report report;
	char reason[512];
	int status = wl_verify_store(&report, options->path, options->chain_index, reason,
				     sizeof(reason));

	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	if (options->json) {
		print_json(wl_verify_json(options->path, options->chain_index, &report));
	} else if (!options->quiet) {
		wl_verify_print(stdout, options->path, options->chain_index, &report);
	}
	return wl_verify_is_damaged(&report) ? EX_DATAERR : EX_OK;
}

int wl_cmd_verify(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_run_directory_argp, 0,
						      "With --cluster:", 20},
						     {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "DIRECTORY|DEVICE\n--cluster",
		.doc = "Checks the data of a node that does not run, as the node itself would at its start, and "
		       "changes nothing: ranges, chain values, and damage by kind and place. Two logs with the same "
		       "chain value behind the same entry are the same up to there. "
		       "With --cluster: names the first entry at which the logs of two nodes differ, by what stands "
		       "on their media, while they run.\v"
		       "Exit code 0: clean (a torn tail, which a start cuts away, is clean). 65: damaged, or not "
		       "wirelog's. 66: cannot be opened. 75: its node runs.\n"
		       "With --cluster 0: all nodes compared and equal. 65: two differ, or a medium does not give what it "
		       "must have. 69: equal as far as was compared, and a node was not.",
		.children = children,
	};
	static struct wl_compare compare;
	struct options options = {.compare = &compare};

	wl_tool_option_parse(&argp, "wirelog verify", argc, argv, &options);
	return options.cluster ? run_cluster(&options) : run(&options);
}
