/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the daemon is that was built or installed together with this command. */
#ifndef WL_COMMAND_TOOL_DAEMON_H
#define WL_COMMAND_TOOL_DAEMON_H

#include <limits.h>

/*
 * Beside this command (a build directory), in ../sbin (an installation), else plain "wirelogd", for execvp or
 * posix_spawnp to look up in PATH. Never the current directory.
 */
void wl_tool_daemon_find(char path[PATH_MAX]);

#endif
