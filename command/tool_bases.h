/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both bases of a journal of a node that does not run: is each whole, does it stand in the log that is there, and is its state what the
 * log makes: of the older base and the entries between, or of all entries from the origin.
 *
 * The caller owns the struct. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_BASES_H
#define WL_COMMAND_TOOL_BASES_H

#include "command/tool_journal.h"

enum wl_tool_base_state {
	WL_TOOL_BASE_NOT_COMPARED, /* what it was made of was given up, or cannot be read */
	WL_TOOL_BASE_SAME,
	WL_TOOL_BASE_DIFFERS, /* the entries make another state, or the log has another entry there */
};

struct wl_tool_base {
	enum wl_base_verdict verdict;
	struct wl_base_header header; /* where the verdict is OK */
	enum wl_tool_base_state state;
	uint64_t made_from; /* index of the base that it was compared from; 0: from the origin */
	uint64_t state_digest; /* of its state */
};

struct wl_tool_bases {
	struct wl_tool_base places[WL_BASE_PLACES];
};

/* `journal` is open, from_begin. 0, or NO_MEMORY. Reads the entries from the older base on, or all where nothing was given up. */
int wl_tool_bases_look(struct wl_tool_bases *bases, struct wl_tool_journal *journal);
const char *wl_tool_base_state_name(enum wl_tool_base_state state);

#endif
