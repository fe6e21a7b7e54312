/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's two clients: one appends an ITCH file in one session and keeps going through whatever happens to the
 * nodes, the other reads all of it back from one node and compares. Both through libwirelog, as an application would.
 *
 *	append   first some records one at a time: what one durable commit takes; then many outstanding: what the
 *	         cluster carries. After each turn of the loop `on_turn` may do something to the nodes.
 *
 * The caller owns the structs (the first is large: static memory). Functions return 0 or a negative enum wirelog_status with a
 * sentence in `reason`. One thread.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_LOAD_H
#define WL_COMMAND_DEMO_TOOL_DEMO_LOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/demo/tool_demo_compare.h"
#include "command/record_source_file.h"
#include "command/tool_progress.h"
#include "command/tool_where_file.h"
#include "dataplane/base/histogram.h"
#include "dataplane/host/clock.h"
#include "wirelog/wirelog.h"

#define WL_DEMO_LATENCY_MAX_NS 100000000000ull
#define WL_DEMO_OUTSTANDING 4096u
#define WL_DEMO_ONE_AT_A_TIME 1000u /* records */
#define WL_DEMO_LOAD_REASON_BYTES 512u

struct wl_demo_load {
	/* from the caller */
	const char *path;
	uint64_t messages; /* that the file holds */
	const volatile sig_atomic_t *interrupted;
	/* Between two turns; 0, or a negative code that ends the run (with its own reason). May be NULL. */
	int (*on_turn)(void *context, struct wl_demo_load *load);
	void *context;
	uint32_t avoid; /* node that was killed: an answer counts as the next one when another leads; 0: none */
	uint64_t avoid_since_ns;

	struct wirelog *log;
	struct wl_record_source source;
	struct wl_clock clock;
	struct wl_tool_progress progress;
	const uint8_t *held;
	size_t held_bytes;
	bool source_ended;

	uint64_t offered, acknowledged, bytes, session;
	uint64_t misnumbered; /* acknowledged under another number than their place in the order */
	int64_t first_sequence;
	uint64_t first_number;
	uint64_t next_answer_ns; /* after avoid_since_ns; 0: none yet */
	uint32_t last_leader; /* whose answer that was */
	uint64_t started_ns, many_since_ns, many_from, ended_ns, answered_ns;
	struct wl_histogram one, many; /* latency of a record, by phase */
	_Atomic uint64_t one_counters[WL_HISTOGRAM_COUNTERS(WL_DEMO_LATENCY_MAX_NS)];
	_Atomic uint64_t many_counters[WL_HISTOGRAM_COUNTERS(WL_DEMO_LATENCY_MAX_NS)];
	int status;
	char reason[WL_DEMO_LOAD_REASON_BYTES];
};

int wl_demo_load_run(struct wl_demo_load *load, const struct wl_where *where);
/* Which node the client knows as leader now; 0: none. */
uint32_t wl_demo_load_leader(const struct wl_demo_load *load);

struct wl_demo_reading {
	/* from the caller */
	const char *path;
	uint32_t node; /* to read from, and no other */
	uint64_t until_number; /* last record that the node has committed */
	const volatile sig_atomic_t *interrupted;
	struct wl_demo_compare *compare; /* initialised */

	struct wl_record_source source;
	struct wirelog *log;
	struct wl_tool_progress progress;
	uint64_t started_ns, ended_ns, heard_ns;
	uint64_t resubscribe_at; /* 0: no need */
	int status;
	char reason[WL_DEMO_LOAD_REASON_BYTES];
};

int wl_demo_load_read(struct wl_demo_reading *reading, const struct wl_where *where);

#endif
