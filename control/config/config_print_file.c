/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "control/config/config.h"

void wl_config_print_problems(const char *path, const struct wl_config_problems *problems)
{
	for (uint32_t at = 0; at < problems->count; at++) {
		const struct wl_config_problem *problem = &problems->item[at];

		fprintf(stderr, "%s:%u:%u: %s%s%s [%s]\n", path, problem->line, problem->column,
			problem->key, problem->key[0] != '\0' ? ": " : "", problem->text,
			wirelog_status_name(problem->status));
	}
}
