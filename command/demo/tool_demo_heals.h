/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's last chapter: damage that heals. A bit turns on the disk of a node that is down, where its next start is sure to read: it takes no part
 * until the others have given it what is missing. Then another node's data directory is deleted: it is sent everything, and the list of
 * members names its new data, so that it counts again. Nobody does anything but start them. Tells what happens, as it does.
 *
 * The caller owns the struct. Functions return 0 or a negative enum wirelog_status with a sentence, as those of tool_demo_nodes.h do.
 * Thread: the main one.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_HEALS_H
#define WL_COMMAND_DEMO_TOOL_DEMO_HEALS_H

#include "command/demo/tool_demo_nodes.h"

#define WL_DEMO_HEALS_MESSAGES 20000u /* appended while a node is down */

struct wl_demo_heals {
	const char *day; /* file of WL_DEMO_HEALS_MESSAGES messages */
	unsigned rotten; /* node; 0: none yet */
	uint64_t record; /* whose byte was damaged */
	uint64_t fetched, salvaged; /* entries: from other nodes, from its own damaged chunk */
	uint64_t mended_ns; /* from its start until it had all of it, and all that was appended meanwhile */
	unsigned wiped; /* node */
	char named_before[24], named[24]; /* which data the list means: before, and now */
	uint64_t swapped_ns; /* from its start until it counted */
};

/* All nodes run, and one leads. `heals` has a day and zeros otherwise. */
int wl_demo_heals_mend(struct wl_demo_heals *heals, struct wl_demo_nodes *nodes,
		       struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason);
int wl_demo_heals_swap(struct wl_demo_heals *heals, struct wl_demo_nodes *nodes,
		       struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason);

#endif
