/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members that change while the demo runs: leadership is handed over, a fourth node joins, and takes another one's place if it is to.
 *
 * The caller owns the struct. Functions return 0 or a negative enum wirelog_status with a sentence, as those of tool_demo_nodes.h do.
 * Thread: the main one.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_GROWS_H
#define WL_COMMAND_DEMO_TOOL_DEMO_GROWS_H

#include "command/demo/tool_demo_nodes.h"

struct wl_demo_grows {
	unsigned from, to; /* nodes: who gave leadership away, and who led next; 0: none yet */
	uint64_t handed_over_ns; /* from the wish until an append was acknowledged by the next leader */
	uint64_t appended; /* records, meanwhile and around it */
	unsigned gone; /* node that was replaced; 0: none */
	uint64_t took_ns; /* from the start of node 4 until the new list was committed */
};

/* While the messages of `path` are appended, again and again until it happened: whoever is best is to lead. */
int wl_demo_grows_hand_over(struct wl_demo_grows *grows, struct wl_demo_nodes *nodes,
			    const char *path, char *reason);

/* False: the configurations that it was made from have no node 4. */
bool wl_demo_grows_is_possible(const struct wl_demo_nodes *nodes);
/* Node 4 is named in the files of the others, which read them again; then it is started. It is no member yet. */
int wl_demo_grows_begin(struct wl_demo_nodes *nodes, char *reason);
/* It gets a vote once it has everything. */
int wl_demo_grows_join(struct wl_demo_nodes *nodes, char *reason);
/* The same, in the place of a follower, which is stopped then. */
int wl_demo_grows_replace(struct wl_demo_grows *grows, struct wl_demo_nodes *nodes,
			  struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason);

#endif
