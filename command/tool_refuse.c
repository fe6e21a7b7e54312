/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_refuse.h"

#include <stdarg.h>
#include <stdio.h>

#include "wirelog/status.h"

int wl_tool_refuse(int status, const char *format, ...)
{
	char sentence[1024] = "";
	va_list arguments;

	if (format != NULL) {
		va_start(arguments, format);
		vsnprintf(sentence, sizeof(sentence), format, arguments);
		va_end(arguments);
	}
	/* What is on standard output so far belongs before it. */
	fflush(stdout);
	fprintf(stderr, "wirelog: %s [%s]\nwirelog: %s\n",
		sentence[0] ? sentence : wirelog_status_cause(status), wirelog_status_name(status),
		wirelog_status_fix(status));
	return wirelog_status_exit_code(status);
}
