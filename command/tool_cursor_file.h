/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a reader stands (wirelog_cursor), as one line in a file: history, next number, newest record whose chain value is known, that value.
 * It is written beside the file and renamed, so there is the old one or the new one. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_CURSOR_FILE_H
#define WL_COMMAND_TOOL_CURSOR_FILE_H

#include "wirelog/wirelog.h"

/* 1: it is there; 0: it is not there yet; an exit code, and why was said, when it holds something else or cannot be read. */
int wl_cursor_file_read(const char *path, struct wirelog_cursor *cursor);
/* 0, or OUTPUT_FAILED with errno set. */
int wl_cursor_file_write(const char *path, const struct wirelog_cursor *cursor);

#endif
