/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog tune CONFIG`: makes this host what a node needs. Shows it; --apply does it, --undo takes it back. */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/host/host_config_file.h"
#include "command/host/host_options.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tune/tune_apply.h"

enum { KEY_APPLY = 0x100, KEY_UNDO, KEY_FORCE, KEY_START };

struct options {
	struct wl_host_options host;
	const char *config;
	bool apply, undo;
	struct wl_tune_wish wish;
};

static const struct argp_option option_table[] = {
	{"apply", KEY_APPLY, NULL, 0, "do it (root); without this the plan is shown", 0},
	{"undo", KEY_UNDO, NULL, 0, "restore what --apply changed (root)", 0},
	{"start", KEY_START, NULL, 0, "start the node, now and at each boot, when all is done", 0},
	{"force", KEY_FORCE, NULL, 0,
	 "also take a NIC that carries addresses; one with the default route is never taken", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->host;
		return 0;
	case KEY_APPLY:
		options->apply = true;
		return 0;
	case KEY_UNDO:
		options->undo = true;
		return 0;
	case KEY_START:
		options->wish.start = true;
		return 0;
	case KEY_FORCE:
		options->wish.force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->config = argument;
		return 0;
	case ARGP_KEY_END:
		if (options->apply && options->undo)
			argp_error(state, "--apply or --undo, not both");
		if (options->host.root != NULL && (options->apply || options->undo))
			argp_error(state, "--root is for a plan alone");
		if (!options->undo && options->config == NULL)
			argp_error(state, "for which CONFIG?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int undo(struct wl_tune_do *tune)
{
	unsigned failed;

	if (json_array_size(tune->record) == 0) {
		puts("nothing to undo");
		return EX_OK;
	}
	failed = wl_tune_do_undo(tune, 0);
	if (failed > 0)
		return wl_tool_refuse(
			WIRELOG_TUNE_FAILED,
			"%u changes were not taken back, the last because of: %s; they "
			"stay in %s",
			failed, tune->reason, WL_TUNE_RECORD);
	puts("restored");
	return EX_OK;
}

static void find_tuned(const char *root, struct wl_tune_wish *wish)
{
	wish->has_tuned = wl_host_is_there(root, "/usr/sbin/tuned-adm");
	wl_host_read_line(root, "/etc/tuned/active_profile", wish->tuned_profile,
			  sizeof(wish->tuned_profile));
}

static int carry_out(struct wl_tune_do *tune, const struct wl_tune_plan *plan,
		     const struct options *options)
{
	unsigned open;
	int status;

	if (plan->refusal_count > 0) {
		for (unsigned at = 1; at < plan->refusal_count; at++)
			fprintf(stderr, "wirelog: %s\n", plan->refusals[at]);
		return wl_tool_refuse(WIRELOG_TUNE_REFUSED, "%s", plan->refusals[0]);
	}
	open = wl_tune_show(stdout, tune, plan);
	if (open == 0) {
		puts("nothing to do");
		return EX_OK;
	}
	if (!options->apply) {
		puts("nothing was changed: --apply does it");
		return EX_OK;
	}
	fflush(stdout);
	status = wl_tune_apply(tune, plan);
	if (status != 0)
		return wl_tool_refuse(status, "%s", tune->reason);
	printf("done; `wirelog tune --undo` restores what was before (%s), `wirelog doctor %s` says what "
	       "is left\n",
	       WL_TUNE_RECORD, options->config);
	return EX_OK;
}

static int plan_and_do(struct wl_tune_do *tune, struct options *options)
{
	static struct wl_config config;
	static struct wl_nic_families families;
	static struct wl_host_facts facts;
	static struct wl_tune_plan plan;
	struct wl_host_ask ask = {.root = tune->root,
				  .user = options->host.user,
				  .config = &config,
				  .families = &families};
	char reason[400];
	int code = wl_host_config_load(options->config, &config);

	if (code != 0)
		return code;
	if (!wl_nic_families_load(&families, options->host.profiles, reason, sizeof(reason)))
		return wl_tool_refuse(WIRELOG_CONFIG_SYNTAX, "%s", reason);
	find_tuned(tune->root, &options->wish);
	wl_host_facts_read(&ask, &facts);
	wl_tune_plan_make(&plan, &facts, &options->wish);
	return carry_out(tune, &plan, options);
}

int wl_cmd_tune(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_host_options_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.children = children,
		.options = option_table,
		.parser = parse_option,
		.args_doc = "CONFIG\n--undo",
		.doc = "Makes this host what the node of CONFIG needs: hugepages on the NIC's NUMA node, vfio and the NIC's binding, "
		       "governor, rules of udev for NIC and drive, owner of the key, the unit's drop-in; all of it also after a "
		       "boot. Everything is planned first, and a plan that cannot be carried out changes nothing. Without --apply "
		       "the plan is shown.\v"
		       "What was there before is in a record before it is changed. A change that fails takes back what this run "
		       "did. A NIC that is a port of a bridge or bond, has a VLAN or carries the default route is refused; mlx5 "
		       "is never unbound. Isolated cores and the IOMMU are parameters of the boot: told, not set.\n\n"
		       "Exit code 0: shown, or done. 66 and 78: CONFIG is wrong. 69: refused, nothing was changed. 74: a change "
		       "failed, and was taken back. 77: not root.",
	};
	struct options options = {0};
	struct wl_tune_do tune = {.root = "", .told = stdout, .run = wl_tune_do_run_command};
	int code;

	wl_tool_option_parse(&argp, "wirelog tune", argc, argv, &options);
	if (options.host.root != NULL)
		tune.root = options.host.root;
	if ((options.apply || options.undo) && geteuid() != 0) {
		fprintf(stderr, "wirelog: tune changes the system: run it as root; without --apply "
				"it shows its plan\n");
		return EX_NOPERM;
	}
	/* The plan asks no record; who may not read it may still see the plan. */
	if ((options.apply || options.undo) && !wl_tune_do_open(&tune))
		return wl_tool_refuse(WIRELOG_TUNE_REFUSED, "%s", tune.reason);
	code = options.undo ? undo(&tune) : plan_and_do(&tune, &options);
	wl_tune_do_close(&tune);
	return code;
}
