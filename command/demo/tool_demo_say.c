/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_say.h"

#include <stdarg.h>
#include <stdio.h>

#include "command/tool_format.h"
#include "dataplane/host/clock.h"

#define TEXTS 8u

static uint64_t began_ns;

void wl_demo_say_begin(void)
{
	began_ns = wl_clock_kernel_ns();
}

void wl_demo_say(const char *format, ...)
{
	va_list arguments;

	printf("%6.1f s  ", (double)(wl_clock_kernel_ns() - began_ns) / 1e9);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

const char *wl_demo_say_count(uint64_t count)
{
	static char texts[TEXTS][32];
	static unsigned next;
	char *text = texts[next++ % TEXTS];

	wl_tool_format_count(count, text);
	return text;
}

const char *wl_demo_say_duration(uint64_t duration_ns)
{
	static char texts[TEXTS][32];
	static unsigned next;
	char *text = texts[next++ % TEXTS];

	wl_tool_format_duration(duration_ns, text, sizeof(texts[0]));
	return text;
}
