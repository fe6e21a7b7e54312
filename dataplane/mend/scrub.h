/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads all that a journal keeps once in a given time, while it runs, and finds what rots before somebody needs it: a survey (survey.h) of one
 * piece after the other, from where the log begins to what is durable. What it finds is handed over to be mended, and looked at again.
 *
 *   RESTS -> a piece is due -> READS -> whole: the next piece
 *                                    -> damaged: wl_scrub_take_found, RESTS for WL_SCRUB_AGAIN_NS, the same piece again; WL_SCRUB_TRIES times, then
 *                                       the next one
 *   the last piece: a pass is over, the next one begins when the time of this one is over
 *
 * Pace: a piece is due when its part of seven eighths of the time has passed; while records flow it is put off by the last eighth, at most.
 *
 * Pure. Owner: the thread that drives it, beside a worker.
 */
#ifndef WL_DATAPLANE_MEND_SCRUB_H
#define WL_DATAPLANE_MEND_SCRUB_H

#include "dataplane/mend/scrub_places.h"
#include "dataplane/mend/survey.h"

#define WL_SCRUB_PIECE_BYTES (4u << 20) /* and what its last chunk needs */
#define WL_SCRUB_WINDOW_BYTES WL_SURVEY_WINDOW_BYTES_MIN
#define WL_SCRUB_AGAIN_NS 1000000000ull
#define WL_SCRUB_TRIES 3u
#define WL_SCRUB_QUIET_NS 100000000u /* nothing was appended for so long: no records flow */

/* Of the journal, as it is now. */
struct wl_scrub_now {
	const struct wl_log
		*log; /* follows the stream: its marks say where to begin; NULL: none as yet */
	uint64_t begin_offset; /* nothing before it is kept */
	uint64_t durable_offset;
	uint64_t ns;
};

struct wl_scrub_report {
	uint64_t position; /* of the stream: read up to here in this pass */
	uint64_t begin, end; /* of this pass */
	uint64_t began_ns; /* this pass; 0: none has begun */
	uint64_t finished_ns; /* the last one that came to its end; 0: none has */
	uint64_t passes; /* that came to their end */
	uint64_t bytes; /* read, in all */
	uint64_t found; /* damaged places, */
	uint64_t mended; /* of which so many were whole when they were looked at again, in this pass or a later one */
	uint64_t open; /* of which so many were damaged when they were looked at last */
};

enum wl_scrub_state {
	WL_SCRUB_RESTS = 0,
	WL_SCRUB_READS, /* wl_scrub_want, perform, wl_scrub_on_read */
};

struct wl_scrub {
	struct wl_log_config log;
	uint64_t period_ns; /* 0: off */
	enum wl_scrub_state state;
	struct wl_survey survey;
	struct wl_scrub_report report;
	uint64_t until_ns; /* it rests until then */
	uint64_t durable_offset, appended_ns; /* as seen last, and when it moved */
	uint64_t piece_end;
	uint64_t found_offset; /* to be handed over; ~0: nothing */
	struct wl_scrub_places places; /* damaged, when they were looked at last */
	uint32_t tries;
	uint8_t *window;
	void *memory;
};

size_t wl_scrub_memory_bytes(void);
/* `window`: WL_SCRUB_WINDOW_BYTES, aligned to WL_BLOCK_BYTES; `memory`: wl_scrub_memory_bytes(), aligned to 64. Both stay the caller's, and are
 * touched when something is read. */
void wl_scrub_init(struct wl_scrub *scrub, const struct wl_log_config *log, uint64_t period_ns,
		   uint8_t *window, void *memory);
/* Another time for a pass, from now on. 0: off. */
void wl_scrub_set_period(struct wl_scrub *scrub, uint64_t period_ns);
/* What it does now. Not while it READS: then the read is wanted first. */
enum wl_scrub_state wl_scrub_step(struct wl_scrub *scrub, const struct wl_scrub_now *now);
/* Next read, into `buffer`: never crosses a segment's end. */
void wl_scrub_want(const struct wl_scrub *scrub, uint64_t *offset, uint8_t **buffer,
		   uint32_t *bytes);
/* OK, FAILED or ABSENT. `now`: as it is behind the read. */
void wl_scrub_on_read(struct wl_scrub *scrub, enum wl_disk_status status,
		      const struct wl_scrub_now *now);
/* True: damage was found, the first of it at *offset; asked once. */
bool wl_scrub_take_found(struct wl_scrub *scrub, uint64_t *offset);

#endif
