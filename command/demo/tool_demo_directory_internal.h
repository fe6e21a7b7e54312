/* SPDX-License-Identifier: BSD-3-Clause */
/* What choosing a demo's directory and filling it have in common. Thread: any. */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_DIRECTORY_INTERNAL_H
#define WL_COMMAND_DEMO_TOOL_DEMO_DIRECTORY_INTERNAL_H

#include <stdbool.h>

#include "command/demo/tool_demo_directory_file.h"

#define WL_DEMO_MARK ".wirelog-demo"

/* Returns `status`, with a sentence in `reason` (WL_DEMO_REASON_BYTES). */
int wl_demo_directory_say(char *reason, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* False: it is too long. */
bool wl_demo_directory_join(char path[WL_WHERE_PATH_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Where this command stands. False: not known. */
bool wl_demo_directory_own(char path[WL_WHERE_PATH_BYTES]);

#endif
