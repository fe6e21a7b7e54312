/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints what the dissector for Wireshark (wirelog.lua beside this file) knows of the protocol, as tables of Lua: made from the tables
 * that the encoders are made from, so that it decodes what this version sends. `make dissector` puts the two together.
 */
#include <stdio.h>

#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"
#include "wirelog/status.h"

/* clang-format off */
#define MESSAGE(NAME, name, number, layout, from, to, right, server, answer) \
	printf("\t[%d] = {name = \"" #NAME "\", layout = \"" #layout "\"},\n", number);

#define FIELD(type, name, unit, range, what) \
	printf("\t\t{name = \"" #name "\", type = \"" #type "\", unit = \"" #unit \
	       "\", bytes = %d},\n", WL_WIRE_BYTES_##type);
#define RESERVED(size) printf("\t\t{type = \"zero\", bytes = %d},\n", size);
#define LAYOUT(kind, SIZE, layout) \
	printf("\t" #layout " = {\n"); \
	WL_WIRE_FIELDS_##layout(FIELD, RESERVED, WL_WIRE_NOTHING) \
	printf("\t},\n");
/* clang-format on */

#define STATUS(name, number, exit, cause, fix) printf("\t[%d] = \"" #name "\",\n", -(number));

int main(void)
{
	printf("-- SPDX-License-Identifier: BSD-3-Clause\n"
	       "-- Made by `make dissector`; scripts/dissector has its sources.\n"
	       "local VERSION = %u\n"
	       "local HEADER_BYTES = %u\n",
	       WL_FRAME_VERSION, WL_FRAME_HEADER_BYTES);
	printf("local MESSAGES = {\n");
	WL_WIRE_MESSAGES(MESSAGE)
	printf("}\nlocal LAYOUTS = {\n");
	WL_WIRE_LAYOUTS(LAYOUT)
	printf("}\n");
	printf("local STATUSES = {\n");
	WIRELOG_STATUS_LIST(STATUS)
	printf("}\n");
	return 0;
}
