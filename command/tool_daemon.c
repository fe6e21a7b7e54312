/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_daemon.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void wl_tool_daemon_find(char path[PATH_MAX])
{
	static const char *const beside[] = {"wirelogd", "../sbin/wirelogd"};
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	for (size_t at = 0; length > 0 && at < sizeof(beside) / sizeof(beside[0]); at++) {
		own[length] = '\0';
		*(strrchr(own, '/') + 1) = '\0';
		if ((size_t)snprintf(path, PATH_MAX, "%s%s", own, beside[at]) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return;
	}
	strcpy(path, "wirelogd");
}
