/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog doctor --bundle FILE`: one archive of what somebody else needs to look into a trouble. Key files are never opened, and values of
 * the configuration file that may be a secret are left out. What could not be had stands in MISSING. Platform. Thread: the command's.
 */
#ifndef WL_COMMAND_DOCTOR_BUNDLE_FILE_H
#define WL_COMMAND_DOCTOR_BUNDLE_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "command/tool_cluster.h"

struct wl_bundle_ask {
	const char *path; /* must not exist */
	const char *root; /* of the host's files; "" */
	const char *config; /* its path; NULL: none */
	const json_t *report; /* the doctor's; NULL: none could be made */
	const struct wl_tool_cluster *cluster; /* found */
};

/* 0, or an exit code, told to the user. Nothing is left of one that failed. */
int wl_bundle_write(const struct wl_bundle_ask *ask);

/* A line of a configuration file without what may be secret, in place: "key_file: /x" -> "key_file: (left out)". */
void wl_bundle_clean_line(char *line, size_t bytes);

#endif
