/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A record as `tail` shows it.
 *
 *	text     number, time, content for people; what is not printable is escaped, ITCH messages are told in words
 *	lines    the bytes and a newline
 *	itch50   two-byte big-endian length, message; a record that is no ITCH 5.0 message is refused
 *	binary   four-byte big-endian length, record
 *	len16    two-byte big-endian length, record
 *	hex      hexadecimal digits and a newline
 *	json     one object a line; the bytes as "text" where all are printable ASCII, else as "hex"
 *
 * What `append --format F` read, `tail --format F` writes: itch50, binary, len16 and lines give the same bytes back.
 * Thread: any, one at a time for one FILE.
 */
#ifndef WL_COMMAND_TOOL_PRINT_RECORD_H
#define WL_COMMAND_TOOL_PRINT_RECORD_H

#include <stdbool.h>
#include <stdio.h>

#include "wirelog/wirelog.h"

enum wl_print_format {
	WL_PRINT_TEXT,
	WL_PRINT_LINES,
	WL_PRINT_ITCH50,
	WL_PRINT_BINARY,
	WL_PRINT_LEN16,
	WL_PRINT_HEX,
	WL_PRINT_JSON,
};

/* False for a name that is none of these; "len32" is binary. */
bool wl_print_record_format(const char *name, enum wl_print_format *format);

/* 0, INPUT_MALFORMED: the record cannot be written in this format (nothing was), or OUTPUT_FAILED. */
int wl_print_record(FILE *out, enum wl_print_format format, const struct wirelog_record *record);

#endif
