/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who mends a journal, without I/O: the machine of dataplane/mend between the lanes of the journal's worker and a medium that somebody else
 * drives (control/node/mend_thread.c, the simulator's node_mend.c). It has two tasks, turn by turn:
 *
 *  serve  a peer lacks entries (mend_lane.h): they are looked for in the stream, damaged places included
 *  mend   dormant:  LOAD (the base that a start goes on from) -> MEND -> PROVE: read as a start would -> MENDED; damaged again: from LOAD on
 *         running:  a place was found damaged -> MEND from the mark before it up to what is durable -> nothing
 *
 * A dormant journal that was mended is the start's to open: who drives ends the process and starts it again. Rounds that end with a log that
 * is damaged again, in one process or several, come with a long rest between them from the fourth on: a medium that forgets what it was just
 * given must not keep a node starting, and one whose cable is changed is worth another look. One that gives nothing for a while has forgotten
 * nothing: that is no round, and it is read again after a rest. What is not to be mended is refused, and an end is given up, when WL_MENDER_LOOKS
 * looks in a row, with rests between them, found the same.
 *
 * What is mended may have been packed otherwise than it stood, while a newer base could not be read: then no chunk begins any more where that one
 * says, and a start that reads it again finds damage where there is none. The log is whole from the other base, or from its beginning: the one
 * that no longer fits is removed.
 *
 * Where the entries of a hole were given up by all who had them, a base stands for them: the log ends before the hole then, as where its end is not
 * known (docs/SAFETY.md, rule 18): these data count no more, durably, before a byte of them is given up.
 *
 * Pure. Owner: the thread that drives it.
 */
#ifndef WL_DATAPLANE_WORKER_MENDER_H
#define WL_DATAPLANE_WORKER_MENDER_H

#include "dataplane/mend/mend.h"
#include "dataplane/state/base_load.h"
#include "dataplane/worker/mend_lane.h"

#define WL_MENDER_ROUNDS_MAX 4u
#define WL_MENDER_LOOKS 4u
#define WL_MENDER_REST_NS \
	1000000000u /* everybody was asked, or the medium refused: so much later again */
#define WL_MENDER_LONG_REST_NS UINT64_C(5000000000) /* damaged again, and again: so much later */

enum wl_mender_state {
	WL_MENDER_IDLE = 0, /* nothing to be done; wl_mender_step again in a while */
	WL_MENDER_WANTS_LOAD, /* want.bytes of the base in want.place, at want.offset */
	WL_MENDER_WANTS_READ, /* want.bytes of the stream at want.offset */
	WL_MENDER_WANTS_WRITE, /* want.bytes at want.offset, durable, in place */
	WL_MENDER_WANTS_SEGMENT, /* the segment at want.offset made anew */
	WL_MENDER_WANTS_REMOVE, /* the base in want.place, durably */
};

struct wl_mender_config {
	struct wl_base_identity identity; /* of the journal's bases */
	struct wl_log_config log; /* as the journal's; ring_bytes may be WL_LOG_RING_BYTES_MIN */
	uint32_t sessions_max;
	wl_members members; /* who is asked: without this node */
	bool dormant;
	struct wl_recovery_damage damage; /* dormant: why */
	/* dormant */
	uint64_t first_segment,
		segments; /* on the medium: the lowest, and one behind the highest */
	uint64_t watermark; /* of the superblock */
	struct wl_position commit; /* likewise */
	uint32_t rounds; /* that were made by processes before this one, without a log that opened */
};

/* Of a journal that runs, with each step: what its worker and its base maker know. */
struct wl_mender_running {
	const struct wl_log *log; /* of the base maker: it follows the stream; NULL: none */
	uint64_t begin_offset; /* nothing before it is kept */
	uint64_t durable_offset;
	uint64_t commit;
};

struct wl_mender_want {
	unsigned place;
	uint64_t offset;
	uint32_t bytes;
	uint8_t *buffer;
};

struct wl_mender {
	struct wl_mender_config config;
	struct wl_mend_lanes *lanes;
	enum wl_mender_state state;
	struct wl_mender_want want;
	bool serves; /* `want` is of who serves */
	bool mends; /* of a journal that runs: something was found damaged */
	bool served; /* the last one was: now and then it is the other's turn */

	/* mend */
	uint8_t phase;
	struct wl_mend mend;
	struct wl_base_load load;
	struct wl_state applied;
	struct wl_log log;
	struct wl_recovery recovery;
	uint64_t segments; /* grows when one is made anew */
	uint64_t now_ns, until_ns; /* it rests until then */
	struct wl_recovery_damage
		found; /* dormant: what the last `looks` looks would refuse, or give up */
	uint32_t looks;
	bool has_survey; /* of a dormant one: how far it has come says where entries stand */
	bool asked; /* the lane has our question */
	bool moved_on; /* in this step: there may be more to do at once */
	uint64_t given_up_from; /* ~0: nothing is; zeros go from here on */
	uint64_t zeroed_to;
	struct wl_mend_report report;

	/* serve */
	struct wl_salvage_find find;
	bool finds;
	uint32_t nth; /* part of the stream that is looked through */

	uint8_t *ring, *window, *serve_window, *run;
	void *log_memory, *state_memory, *mend_memory;
};

size_t wl_mender_memory_bytes(const struct wl_mender_config *config);
/* `memory` (aligned to WL_BLOCK_BYTES, touched when used) and `lanes` stay the caller's. */
void wl_mender_init(struct wl_mender *mender, const struct wl_mender_config *config,
		    struct wl_mend_lanes *lanes, void *memory);
/* What is wanted now: mender->state. `running`: NULL for a dormant one. Not while something is wanted. */
enum wl_mender_state wl_mender_step(struct wl_mender *mender,
				    const struct wl_mender_running *running, uint64_t now_ns);
/* What was wanted was done: OK, ABSENT, FAILED; NO_SPACE of a segment. */
void wl_mender_on_done(struct wl_mender *mender, enum wl_disk_status status);

#endif
