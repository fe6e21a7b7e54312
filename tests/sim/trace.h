/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happened, one line an event, for people: frames as they leave, faults, lives of nodes, views, commits.
 * Off unless a file was given; it changes nothing in a run.
 */
#ifndef WL_TESTS_SIM_TRACE_H
#define WL_TESTS_SIM_TRACE_H

#include "dataplane/raft/plane.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sim_trace {
	FILE *file; /* NULL: off */
	const uint64_t *now_ns;
};

void sim_trace_say(const struct sim_trace *trace, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What one side of a node's plane has told the other since `said`, which moves on. */
void sim_trace_plane(const struct sim_trace *trace, unsigned node, const char *way,
		     const struct wl_ring *ring, uint64_t *said);
/* A frame that leaves station `from`. `fate`: "", "lost", ... */
void sim_trace_frame(const struct sim_trace *trace, unsigned from, unsigned to,
		     const uint8_t *bytes, size_t size, const char *fate);

#endif
