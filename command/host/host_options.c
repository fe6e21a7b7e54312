/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/host_options.h"

enum { KEY_ROOT = 0x300, KEY_USER, KEY_PROFILES };

static const struct argp_option option_table[] = {
	{"root", KEY_ROOT, "DIR", 0, "look at a copy of /sys, /proc, /etc, /dev and /run below DIR",
	 0},
	{"user", KEY_USER, "NAME", 0, "who the node runs as (default: the unit's user)", 0},
	{"profiles", KEY_PROFILES, "DIR", 0, "profiles of NICs (default: drivers-config/nic)", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct wl_host_options *options = state->input;

	switch (key) {
	case KEY_ROOT:
		options->root = argument;
		return 0;
	case KEY_USER:
		options->user = argument;
		return 0;
	case KEY_PROFILES:
		options->profiles = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp wl_host_options_argp = {.options = option_table, .parser = parse_option};
