/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of an append goes, seen from the leader: from the turn in which it came to its seal (turn), and from there until its entry
 * was handed to the link for as many peers as a majority needs (send), durable here (disk), known to be in a majority's memory (peer) and
 * durable at those peers, whatever the own drive does (peer_disk), committed (commit), and answered (answer). All begin at the seal, and
 * drive and peers work at the same time: they do not add up.
 * One sample an entry, nanoseconds, in HdrHistograms that others may read. Pure. [worker]
 */
#ifndef WL_DATAPLANE_WORKER_STAGES_H
#define WL_DATAPLANE_WORKER_STAGES_H

#include "dataplane/base/histogram.h"

enum wl_stage {
	WL_STAGE_TURN, /* rx to sealed: the turn in which it came */
	WL_STAGE_SEND,
	WL_STAGE_DISK,
	WL_STAGE_PEER,
	WL_STAGE_PEER_DISK,
	WL_STAGE_COMMIT,
	WL_STAGE_ANSWER, /* the last of its answers has left that wait for the commit, or for less */
	WL_STAGES,
};

#define WL_STAGES_ENTRIES 8192u /* entries timed at once */

struct wl_stages {
	uint64_t sealed_ns[WL_STAGES_ENTRIES];
	uint64_t through[WL_STAGES]; /* index up to which a stage was recorded */
	uint64_t sealed_through;
	struct wl_histogram *histogram[WL_STAGES];
};

/* The next entry that this node leads was sealed at now_ns. */
void wl_stages_sealed(struct wl_stages *stages, uint64_t index, uint64_t now_ns);
/* A stage behind WL_STAGE_TURN has reached `index`. */
void wl_stages_reached(struct wl_stages *stages, enum wl_stage stage, uint64_t index,
		       uint64_t now_ns);
/* Another leadership: what was sealed before is not timed any more. */
void wl_stages_forget(struct wl_stages *stages, uint64_t tail);
const char *wl_stage_name(enum wl_stage stage);

#endif
