/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the next start of a node that does not run would read of its first journal, what it would say of it, and the record
 * in the middle of that: who damages this one is sure to be found out.
 *
 * The caller owns the struct. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_START_READS_H
#define WL_COMMAND_TOOL_START_READS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/tool_journal.h"
#include "command/tool_place.h"

struct wl_tool_start_reads {
	uint64_t begin,
		end; /* stream offsets: from the chunk of the newest base, or where the log begins, to where it ends */
	bool damaged; /* it would take no part until that is mended; not a torn tail, which it cuts away */
	uint64_t damage_begin, damage_end; /* stream offsets */
	/* Of the record; number 0: there is none behind the middle. */
	uint64_t number, bytes;
	struct wl_verify_place place; /* of its payload */
};

/* `path`: a data directory or device. 0, or a negative enum wirelog_status with a sentence. */
int wl_tool_start_reads_look(struct wl_tool_start_reads *found, const char *path, char *reason,
			     size_t reason_bytes);
/* The same of a journal that is open, and not from_begin. `store` NULL: a directory. */
void wl_tool_start_reads_of(struct wl_tool_start_reads *found, struct wl_tool_journal *journal,
			    struct wl_store *store);

#endif
