/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog doctor [CONFIG]`: is this host what a node needs? Looks, and changes nothing. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/doctor/bundle_file.h"
#include "command/doctor/doctor_report.h"
#include "command/host/host_config_file.h"
#include "command/host/host_options.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"

enum { KEY_JSON = 0x100, KEY_BUNDLE };

struct options {
	struct wl_host_options host;
	struct wl_tool_cluster cluster; /* for a bundle */
	const char *config, *bundle; /* bundle: NULL, none */
	bool json;
};

static const struct argp_option option_table[] = {
	{"json", KEY_JSON, NULL, 0, "all checks as JSON", 0},
	{"bundle", KEY_BUNDLE, "FILE", 0,
	 "write a tar archive instead: this, the nodes' status, histories, events and logs, the configuration without secrets, the host's facts",
	 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->host;
		state->child_inputs[1] = &options->cluster;
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_BUNDLE:
		options->bundle = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->config = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int write_bundle(struct options *options, const struct wl_doctor_answer *answers)
{
	struct wl_bundle_ask ask = {
		.path = options->bundle,
		.root = options->host.root ? options->host.root : "",
		.config = options->config,
		.cluster = &options->cluster,
	};
	int code = wl_tool_cluster_find_run_directories(&options->cluster);
	json_t *report;

	if (code != 0)
		return wirelog_status_exit_code(code);
	report = wl_doctor_report_json(answers);
	ask.report = report;
	code = wl_bundle_write(&ask);
	json_decref(report);
	return code;
}

static int examine(struct options *options, const struct wl_config *config,
		   const struct wl_nic_families *families)
{
	static struct wl_host_facts facts;
	struct wl_host_ask ask = {.root = options->host.root ? options->host.root : "",
				  .user = options->host.user,
				  .config = config,
				  .families = families};
	struct wl_doctor_answer *answers = calloc(wl_doctor_check_count, sizeof(*answers));
	int code;

	if (answers == NULL)
		return wl_tool_refuse(WIRELOG_NO_MEMORY, NULL);
	wl_host_facts_read(&ask, &facts);
	for (size_t at = 0; at < wl_doctor_check_count; at++)
		wl_doctor_checks[at].look(&facts, &answers[at]);
	if (options->bundle) {
		code = write_bundle(options, answers);
		free(answers);
		return code;
	}
	if (options->json) {
		json_t *report = wl_doctor_report_json(answers);

		json_dumpf(report, stdout, JSON_INDENT(2));
		fputc('\n', stdout);
		json_decref(report);
	} else {
		wl_doctor_report_print(stdout, answers);
	}
	code = wl_doctor_exit_code(answers);
	free(answers);
	return code;
}

int wl_cmd_doctor(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_host_options_argp, 0, NULL, 0},
						     {&wl_tool_cluster_run_directory_argp, 0, NULL,
						      20},
						     {0}};
	static const struct argp argp = {
		.children = children,
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[CONFIG]",
		.doc = "Looks whether this host is what the node of CONFIG (default: /etc/wirelog/node.yaml, where it is there) "
		       "needs: cores, clock, memory, vfio, NICs, drive, system. Changes nothing. Each line is a check; what is bad "
		       "says what is required, what comes of it and what to do. `wirelog tune` does most of it.\v"
		       "unsafe: the node does not start, or does not keep what it promises. slow: it works, less well. note: worth "
		       "knowing. ?: could not be read here, and is never taken for good; root sees more. -: nothing asks for it.\n\n"
		       "Exit code 0: well. 1: something is slow. 2: something is unsafe. 66 and 78: CONFIG is wrong.\n\n"
		       "--bundle: FILE must not be there; it gets mode 0600, and names in MISSING what could not be had. Key files are never read. "
		       "Look into it before you send it. Exit code 0: it is written.",
	};
	static struct wl_config config;
	static struct wl_nic_families families;
	static struct options options;
	char reason[400];
	int code;

	wl_tool_option_parse(&argp, "wirelog doctor", argc, argv, &options);
	if (!wl_nic_families_load(&families, options.host.profiles, reason, sizeof(reason)))
		return wl_tool_refuse(WIRELOG_CONFIG_SYNTAX, "%s", reason);
	if (options.config == NULL && options.host.root == NULL &&
	    access(WL_HOST_CONFIG_USUAL, R_OK) == 0)
		options.config = WL_HOST_CONFIG_USUAL;
	if (options.config == NULL)
		return examine(&options, NULL, &families);
	code = wl_host_config_load(options.config, &config);
	return code != 0 ? code : examine(&options, &config, &families);
}
