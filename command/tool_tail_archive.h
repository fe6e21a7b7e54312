/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog tail --archive`: records of an archive to standard output. No node is asked. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_TAIL_ARCHIVE_H
#define WL_COMMAND_TOOL_TAIL_ARCHIVE_H

#include "command/tool_print_record.h"

#define WL_TAIL_ARCHIVES_MAX 8u

struct wl_tail_archive {
	const char *directories[WL_TAIL_ARCHIVES_MAX];
	unsigned count;
	uint32_t journal;
	uint64_t from; /* number of the first record; 0: the first that there is */
	uint64_t from_time_ns; /* or of that time or later; 0: whatever its time */
	uint64_t to; /* number of the last record; 0: the last that there is */
	uint64_t records_max; /* 0: no limit */
	enum wl_print_format format;
};

/* The exit code. */
int wl_tail_archive(const struct wl_tail_archive *options);

#endif
