/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL_NS UINT64_C(200000000)
#define LINE_BYTES 512
#define ERASE "\r\033[K"

void wl_tool_progress_init(struct wl_tool_progress *progress, bool wanted)
{
	const char *terminal = getenv("TERM");

	progress->on = wanted && isatty(STDERR_FILENO) && terminal != NULL &&
		       strcmp(terminal, "dumb") != 0;
	progress->shown = false;
	progress->due_ns = 0;
}

/* A line that wraps could not be taken away again. */
static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
		return 79;
	return size.ws_col - 1u < LINE_BYTES - 1 ? size.ws_col - 1u : LINE_BYTES - 1;
}

void wl_tool_progress_show(struct wl_tool_progress *progress, uint64_t now_ns, const char *format,
			   ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	if (!progress->on)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	line[columns()] = '\0';
	fprintf(stderr, ERASE "%s", line);
	fflush(stderr);
	progress->shown = true;
	progress->due_ns = now_ns + INTERVAL_NS;
}

void wl_tool_progress_clear(struct wl_tool_progress *progress)
{
	if (!progress->shown)
		return;
	fputs(ERASE, stderr);
	fflush(stderr);
	progress->shown = false;
}
