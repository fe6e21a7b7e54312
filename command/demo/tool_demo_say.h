/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How `wirelog demo --run` speaks: lines that begin with the time since it began, counts and durations as text.
 * Texts are one of eight static ones in turn: for one line. Thread: the main one.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_SAY_H
#define WL_COMMAND_DEMO_TOOL_DEMO_SAY_H

#include <stdint.h>

/* From now on lines tell the time since this call. */
void wl_demo_say_begin(void);
/* "   1.2 s  text", at once. */
void wl_demo_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *wl_demo_say_count(uint64_t count);
const char *wl_demo_say_duration(uint64_t duration_ns);

#endif
