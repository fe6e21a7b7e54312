/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

void wl_tool_format_time(uint64_t time_ns, char text[WL_TOOL_TIME_BYTES])
{
	time_t seconds = (time_t)(time_ns / SECOND_NS);
	struct tm tm;
	size_t length;

	gmtime_r(&seconds, &tm);
	length = strftime(text, WL_TOOL_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, WL_TOOL_TIME_BYTES - length, ".%09" PRIu64 "Z",
		 time_ns % SECOND_NS);
}

void wl_tool_format_duration(uint64_t duration_ns, char *text, size_t size)
{
	static const char *const units[] = {"us", "ms", "s"};
	double value = (double)duration_ns;
	size_t unit = 0;

	if (duration_ns < 1000) {
		snprintf(text, size, "%" PRIu64 " ns", duration_ns);
		return;
	}
	/* 999.5 would be printed as 1000 of the smaller unit. */
	for (value /= 1000; value >= 999.5 && unit < 2; unit++)
		value /= 1000;
	snprintf(text, size, "%.*f %s",
		 value < 9.995	 ? 2
		 : value < 99.95 ? 1
				 : 0,
		 value, units[unit]);
}

void wl_tool_format_count(uint64_t count, char text[32])
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int at = 0; at < length; at++) {
		if (at > 0 && (length - at) % 3 == 0)
			*text++ = ',';
		*text++ = digits[at];
	}
	*text = '\0';
}
