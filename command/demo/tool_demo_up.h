/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From nothing to three nodes that have a leader: what `wirelog demo` and `wirelog demo --run` begin with. Says
 * on standard output what was chosen and why.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_UP_H
#define WL_COMMAND_DEMO_TOOL_DEMO_UP_H

#include "command/demo/tool_demo_nodes.h"

struct wl_demo_plan {
	const char *directory; /* NULL: chosen */
	const char *configurations; /* NULL: found */
	uint64_t messages, seed; /* of the run */
	bool keep; /* the directory, at the end */
	bool page; /* the page and the exporter as well (tool_demo_page.h) */
};

/* How far the way up went, so that the way down takes no more away. */
enum wl_demo_stage {
	WL_DEMO_STAGE_NOTHING,
	WL_DEMO_STAGE_DIRECTORY, /* is ours */
	WL_DEMO_STAGE_NODES, /* some may run */
};

/* 0, DEMO_RUNNING (or an earlier demo that is over: its remains are removed), or what else stands in the way. */
int wl_demo_up_clear(const volatile sig_atomic_t *interrupted, char *reason);

/* `nodes` is initialised. On failure the caller goes down from *stage: wl_demo_up_end. */
int wl_demo_up_begin(struct wl_demo_nodes *nodes, const struct wl_demo_plan *plan,
		     enum wl_demo_stage *stage, unsigned *leader, char *reason);

/* Stops what runs, forgets the demo, removes its directory unless `keep`. Returns how many nodes had to be killed. */
unsigned wl_demo_up_end(struct wl_demo_nodes *nodes, enum wl_demo_stage stage, bool keep);

/* "  name        text", the text broken at blanks. */
void wl_demo_up_print(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
