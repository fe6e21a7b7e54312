/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of a source into a journal, as fast as the cluster takes them or at a rate: what `wirelog append`
 * does between its options and its report.
 *
 *	fill     offers records until the window is full, the source has none now, or the next is not due yet
 *	poll     the library sends, receives and calls back; each answer goes into a histogram
 *	settle   nothing more to offer: until every record has its answer
 *
 * Nothing is allocated for a record. The clock is read anew for each burst of offers and, after every wait, at the first answer
 * that it brought: what a turn waited is part of a latency. The latency of a record is counted from its offer; with a rate from when it
 * was due, so that a stall of the cluster is seen by every record that it held up.
 *
 * The caller owns the struct (it is large: put it in static memory). One thread.
 */
#ifndef WL_COMMAND_TOOL_APPEND_H
#define WL_COMMAND_TOOL_APPEND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/hlog_file.h"
#include "command/record_source_file.h"
#include "command/tool_progress.h"
#include "command/tool_stages.h"
#include "dataplane/base/histogram.h"
#include "dataplane/host/clock.h"
#include "wirelog/wirelog.h"

#define WL_APPEND_LATENCY_MAX_NS WL_TOOL_STAGES_HIGHEST_NS
#define WL_APPEND_REASON_BYTES 512u
#define WL_APPEND_STATUSES 100 /* numbers of codes that an answer can have */

struct wl_append_plan {
	const char *path; /* "-": standard input */
	enum wl_record_format format;
	enum wirelog_level level;
	uint64_t skip, limit; /* records; limit 0: all */
	uint64_t rate; /* records a second; 0: as fast as they are taken */
	uint64_t lifetime_ns; /* not_after = offer + this; 0: none */
	uint64_t not_after_ns; /* UNIX time; 0: none */
	uint32_t outstanding;
	uint64_t timeout_ns; /* of one append, until its outcome counts as unknown */
	bool keep_going; /* also when a record was refused */
	bool tell_session; /* before anything is appended: on standard error */
	bool tell; /* progress, changes of leader: on standard error */
	const char *hlog; /* file for a histogram each second; NULL: none */
	/* Set by a signal's handler: offers nothing more, waits for what is outstanding. */
	const volatile sig_atomic_t *interrupted;
};

/* A record that has no answer yet; the tag of its append. */
struct wl_append_flight {
	uint64_t since_ns; /* offered, or due */
	uint64_t offered_ns;
	size_t bytes;
	struct wl_append_flight *next; /* of those that are not in use */
};

struct wl_append {
	const struct wl_append_plan *plan;
	struct wirelog *log;
	struct wl_record_source source;
	struct wl_clock clock;
	struct wl_tool_progress progress;

	/* the record that could not be offered yet; bytes of the source */
	const uint8_t *held;
	size_t held_bytes;
	bool is_over; /* nothing more will be offered */

	struct wl_append_flight *flights; /* plan->outstanding of them */
	struct wl_append_flight *idle; /* the first that is not in use */

	uint64_t offered, acknowledged;
	uint64_t bytes; /* of what was acknowledged */
	uint64_t failed[WL_APPEND_STATUSES]; /* by -status */
	uint64_t first_number, last_number, session;
	enum wirelog_level level; /* the lowest that an answer named */
	uint64_t started_ns, answered_ns, ended_ns; /* answered: the last acknowledgement */
	uint64_t now_ns; /* 0: read the clock when it is needed */
	uint64_t tend_ns;
	uint32_t leader;

	struct wl_histogram latency;
	struct wl_tool_stages stages;
	struct wl_histogram interval; /* since the last line of the hlog */
	struct wl_hlog_file hlog;
	bool hlog_open;
	uint64_t interval_ns;
	_Atomic uint64_t latency_counters[WL_HISTOGRAM_COUNTERS(WL_APPEND_LATENCY_MAX_NS)];
	_Atomic uint64_t interval_counters[WL_HISTOGRAM_COUNTERS(WL_APPEND_LATENCY_MAX_NS)];

	int status; /* why it ended, where not because all is done */
	char reason[WL_APPEND_REASON_BYTES];
};

/*
 * Opens the source and reads its first record where that does not wait, so that a file which is not what it was said to be
 * is refused before a cluster is troubled. 0 or a negative enum wirelog_status with a reason. Close in either case.
 */
int wl_append_open(struct wl_append *append, const struct wl_append_plan *plan);

/*
 * Connects and appends until everything has its answer. `options` names the cluster. 0: every record was acknowledged;
 * else the first thing that went wrong, with a reason; counts are valid in either case.
 */
int wl_append_run(struct wl_append *append, const struct wirelog_options *options);

void wl_append_close(struct wl_append *append);

#endif
