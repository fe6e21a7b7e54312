/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/host_config_file.h"

int wl_host_config_load(const char *path, struct wl_config *config)
{
	static struct wl_config_problems problems;
	int status = wl_config_load(path, config, &problems);

	if (status == 0)
		return 0;
	wl_config_print_problems(path, &problems);
	return wirelog_status_exit_code(status);
}
