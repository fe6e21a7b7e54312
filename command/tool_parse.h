/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers, durations and times as people write them on a command line. Pure but for the local time zone
 * (tzset). False: the text is none of them; the target is untouched then.
 */
#ifndef WL_COMMAND_TOOL_PARSE_H
#define WL_COMMAND_TOOL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number, decimal, with an optional k, M or G (thousands). */
bool wl_tool_parse_number(const char *text, uint64_t *number);

/* "250us", "5ms", "1.5s", "2m", "1h", "3d"; a number without a unit is refused. */
bool wl_tool_parse_duration(const char *text, uint64_t *duration_ns);

/*
 * A point in time, as UNIX nanoseconds: "2026-03-04T05:06:07.25Z" (or +01:00; without a zone it is local
 * time; a blank for the T; the time of day may be left out), "@1772600767.25" (UNIX seconds), or a duration:
 * "5m" is five minutes before `now_ns`, "+5m" after it.
 */
bool wl_tool_parse_time(const char *text, uint64_t now_ns, uint64_t *time_ns);

#endif
