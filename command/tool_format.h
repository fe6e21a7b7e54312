/* SPDX-License-Identifier: BSD-3-Clause */
/* Times, durations and counts as people read them. [any] */
#ifndef WL_COMMAND_TOOL_FORMAT_H
#define WL_COMMAND_TOOL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define WL_TOOL_TIME_BYTES 40u

/* "2026-03-04T05:06:07.250000000Z". */
void wl_tool_format_time(uint64_t time_ns, char text[WL_TOOL_TIME_BYTES]);

/* "850 ns", "12.3 us", "4.56 ms", "7.89 s": three figures. */
void wl_tool_format_duration(uint64_t duration_ns, char *text, size_t size);

/* "1,234,567". */
void wl_tool_format_count(uint64_t count, char text[32]);

#endif
