/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of commands that look at a host: which one, for whom, by which profiles. Platform. Thread: the command's. */
#ifndef WL_COMMAND_HOST_HOST_OPTIONS_H
#define WL_COMMAND_HOST_HOST_OPTIONS_H

#include <argp.h>

struct wl_host_options { /* NULL: the default. Of argv, or the caller's */
	const char *root, *user, *profiles;
};

/* A child of a command's argp; its input is a struct wl_host_options. */
extern const struct argp wl_host_options_argp;

#endif
