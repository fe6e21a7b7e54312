/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command says of a path that does not carry full frames, and when it does again. */
#ifndef WL_COMMAND_TOOL_PATH_H
#define WL_COMMAND_TOOL_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "wirelog/wirelog.h"

/* The sentence of a WIRELOG_EVENT_PATH_MTU, without a line's end. */
void wl_tool_path_describe(const struct wirelog_event *event, char *text, size_t bytes);
/* Frames of the least MTU do not pass: nothing can be appended or read there. */
bool wl_tool_path_is_unusable(const struct wirelog_event *event);

#endif
