/* SPDX-License-Identifier: BSD-3-Clause */
/* What `wirelog tail` is asked for on its command line. Thread: any. */
#ifndef WL_COMMAND_TOOL_TAIL_OPTIONS_H
#define WL_COMMAND_TOOL_TAIL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "command/tool_cluster.h"
#include "command/tool_print_record.h"
#include "command/tool_tail_archive.h"
#include "wirelog/wirelog.h"

struct wl_tail_options {
	struct wl_tool_cluster cluster;
	enum wirelog_from from; /* 0: the last ten */
	uint64_t value;
	uint64_t count; /* 0: no limit */
	uint32_t node;
	bool follow;
	const char *consumer; /* NULL: none */
	bool existing;
	const char *cursor_file; /* NULL: none */
	enum wl_print_format format;
	struct wl_tail_archive archive; /* count 0: nodes are asked */
};

/* Zeroed options. Ends the program where the words make no sense, or ask for help. */
void wl_tail_options_parse(struct wl_tail_options *options, int argc, char **argv);

#endif
