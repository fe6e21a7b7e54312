/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_message_type.h"

#include <string.h>
#include <strings.h>

#include "dataplane/wire/wire.h"

uint8_t wl_tool_message_type(const char *text, size_t bytes)
{
	static const struct {
		const char *name;
		uint8_t number;
	} types[] = {
#define TYPE(NAME, name, number, layout, from, to, right, server, answer) {#NAME, number},
		WL_WIRE_MESSAGES(TYPE)
#undef TYPE
	};

	for (size_t at = 0; at < sizeof(types) / sizeof(types[0]); at++)
		if (strlen(types[at].name) == bytes &&
		    strncasecmp(types[at].name, text, bytes) == 0)
			return types[at].number;
	return 0;
}

const char *wl_tool_message_type_names(void)
{
#define NAME_OF(NAME, name, number, layout, from, to, right, server, answer) " " #NAME
	static const char names[] = WL_WIRE_MESSAGES(NAME_OF);
#undef NAME_OF

	return names + 1;
}
