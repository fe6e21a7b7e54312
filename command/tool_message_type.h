/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of messages of the protocol (docs/WIRE.md, section 5). */
#ifndef WL_COMMAND_TOOL_MESSAGE_TYPE_H
#define WL_COMMAND_TOOL_MESSAGE_TYPE_H

#include <stddef.h>
#include <stdint.h>

/* The number of a name, whatever its case; 0: there is none. `bytes` of the text count. */
uint8_t wl_tool_message_type(const char *text, size_t bytes);
/* All of them, with a blank between two. Static text. */
const char *wl_tool_message_type_names(void);

#endif
