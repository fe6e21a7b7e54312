/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a drive does to the data of a node that is down: a bit that turns, or all of it gone. Thread: any.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_HARM_FILE_H
#define WL_COMMAND_DEMO_TOOL_DEMO_HARM_FILE_H

#include <stdint.h>

/* Turns the lowest bit of that byte; again: as it was. 0 or a negative errno. */
int wl_demo_harm_turn_bit(const char *path, uint64_t byte);
/* The directory and all in it; follows no link, leaves no file system. 0 or a negative errno. */
int wl_demo_harm_remove(const char *directory);

#endif
