/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/host_config_file.h"

#include <stdio.h>

int wl_host_config_load(const char *path, struct wl_config *config)
{
	static struct wl_config_problems problems;
	int status = wl_config_load(path, config, &problems);

	if (status == 0)
		return 0;
	for (uint32_t at = 0; at < problems.count; at++) {
		const struct wl_config_problem *problem = &problems.item[at];

		fprintf(stderr, "%s:%u:%u: %s%s%s [%s]\n", path, problem->line, problem->column,
			problem->key, problem->key[0] != '\0' ? ": " : "", problem->text,
			wirelog_status_name(problem->status));
	}
	return wirelog_status_exit_code(status);
}
