/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a journal's medium does wrong, told as it begins, now and then while it lasts, and when it ends: one line each, with
 * the system's word, the place, and a code of its own. The worker only publishes numbers; this turns them into lines.
 *
 * Pure. Owner: control, one for each journal. Thread: [control].
 */
#ifndef WL_CONTROL_REPORT_STORAGE_WATCH_H
#define WL_CONTROL_REPORT_STORAGE_WATCH_H

#include "dataplane/worker/published.h"

#define WL_STORAGE_AGAIN_NS 30000000000u /* what lasts is said again */
#define WL_STORAGE_SILENT_NS 1000000000u /* a write under way for so long: the drive hangs */
#define WL_STORAGE_READS_QUIET_NS 10000000000u /* without one that failed: they are over */

enum wl_storage_trouble {
	WL_STORAGE_WRITE_FAILED, /* for good: the node has left the quorum */
	WL_STORAGE_SEGMENT_FAILED, /* the next segment cannot be made: asked for again */
	WL_STORAGE_FULL, /* the same, for want of room on the device */
	WL_STORAGE_OPEN_FAILED, /* one that is there cannot be opened, and a write waits for it: tried again */
	WL_STORAGE_SILENT, /* a durable write does not come back */
	WL_STORAGE_MAKER_SILENT, /* what is to be appended waits for a segment, and that is not ready */
	WL_STORAGE_READS_FAIL,
	WL_STORAGE_TROUBLES,
};

struct wl_storage_line {
	enum wl_storage_trouble trouble;
	bool begins, ends; /* neither: it lasts */
	int error; /* errno; 0: none */
	uint64_t offset; /* in the stream */
	uint64_t count; /* of failed reads; milliseconds of silence */
};

struct wl_storage_watch {
	struct {
		bool on;
		uint64_t said_ns;
	} troubles[WL_STORAGE_TROUBLES];
	uint64_t reads_failed, read_failed_ns;
};

/* The lines that are due; at most one for each kind. Returns how many. */
unsigned wl_storage_watch_look(struct wl_storage_watch *watch,
			       const struct wl_storage_status *status, uint64_t now_ns,
			       struct wl_storage_line lines[WL_STORAGE_TROUBLES]);
/* "write_failed"; static text. */
const char *wl_storage_trouble_name(enum wl_storage_trouble trouble);
/* The code whose fix helps. */
int wl_storage_trouble_code(enum wl_storage_trouble trouble);

#endif
