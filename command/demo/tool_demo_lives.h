/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's chapter about a log that lives. The day is appended once more, all but the newest records are trimmed, every node gives up the segments that held them, and one that is killed
 * then starts from its base: it reads the end of the log and not all of it.
 *
 * The caller owns the struct. Functions return 0 or a negative enum wirelog_status with a sentence, as those of tool_demo_nodes.h do.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_LIVES_H
#define WL_COMMAND_DEMO_TOOL_DEMO_LIVES_H

#include "command/demo/tool_demo_nodes.h"

/* With fewer there is no segment that lies before two bases. */
#define WL_DEMO_LIVES_MESSAGES 500000u
#define WL_DEMO_LIVES_PERCENT 90u /* of the records are trimmed */

struct wl_demo_lives {
	uint64_t number; /* first record that is promised to be kept; 0: the day was too short for this chapter */
	uint64_t segments[WL_DEMO_NODES_MAX]; /* given up */
	unsigned restarted; /* the node that was killed */
	uint64_t base_index; /* entry of the base that it started from; 0: none */
	uint64_t read_bytes, log_bytes, took_ns; /* what its start read, of how much */
};

/* The day, `messages` in the file `path`, once more: behind it two bases stand close to the end of the log, whatever happened before. */
int wl_demo_lives_append(const struct wl_demo_nodes *nodes, const char *path, uint64_t messages,
			 char *reason);
/* So many are committed by now. Until each node has given up a segment at least. */
int wl_demo_lives_trim(struct wl_demo_lives *lives, struct wl_demo_nodes *nodes, uint64_t messages,
		       char *reason);
/* SIGKILL to `node`, and a start; until it is in step with the others: `facts`. */
int wl_demo_lives_restart(struct wl_demo_lives *lives, struct wl_demo_nodes *nodes, unsigned node,
			  struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason);

#endif
