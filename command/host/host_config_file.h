/* SPDX-License-Identifier: BSD-3-Clause */
/* The node's file, for commands that ask what it needs of a host. Platform. Thread: the command's. */
#ifndef WL_COMMAND_HOST_HOST_CONFIG_FILE_H
#define WL_COMMAND_HOST_HOST_CONFIG_FILE_H

#include "control/config/config.h"

#define WL_HOST_CONFIG_USUAL "/etc/wirelog/node.yaml"

/* Reads and checks it. 0, or an exit code: every problem was told on standard error, as `wirelogd --check` does. */
int wl_host_config_load(const char *path, struct wl_config *config);

#endif
