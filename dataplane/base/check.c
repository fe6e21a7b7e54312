/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Written by [init] only, read by a thread that is about to stop the process. */
static wl_check_hook *check_hook = wl_check_print;
static void *check_context;

static _Thread_local int check_depth;

void wl_check_set_hook(wl_check_hook *hook, void *context)
{
	check_hook = hook ? hook : wl_check_print;
	check_context = context;
	check_depth = 0;
}

void wl_check_print(void *context, const struct wl_check_failure *failure)
{
	(void)context;
	fprintf(stderr, "wirelog: impossible state at %s:%d in %s: %s%s%s\n", failure->file,
		failure->line, failure->function, failure->expression, failure->text[0] ? ": " : "",
		failure->text);
	fflush(stderr);
}

void wl_check_fail(const char *file, int line, const char *function, const char *expression,
		   const char *format, ...)
{
	char text[WL_CHECK_TEXT_BYTES_MAX];
	struct wl_check_failure failure = {
		.file = file,
		.line = line,
		.function = function,
		.expression = expression,
		.text = text,
	};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	/* A second failure on this thread comes from the hook itself: nothing left to tell. */
	if (check_depth++ == 0)
		check_hook(check_context, &failure);
	abort();
}
