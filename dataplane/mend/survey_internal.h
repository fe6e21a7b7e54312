/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the parts of the survey: survey.c walks, survey_take.c takes whole chunks and their entries, survey_doubt.c looks at what is no
 * next chunk, survey_end.c closes holes and judges the end, survey_read.c fills the window. Not for other modules.
 *
 * Pure. As survey.h says.
 */
#ifndef WL_DATAPLANE_MEND_SURVEY_INTERNAL_H
#define WL_DATAPLANE_MEND_SURVEY_INTERNAL_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/mend/survey.h"

#define WL_SURVEY_NOWHERE UINT64_MAX
#define WL_SURVEY_BOUNDARY_BYTES ((uint64_t)WL_LOG_RING_BYTES_MIN)

WL_STATIC_CHECK(WL_SEGMENT_BYTES_MIN % WL_LOG_RING_BYTES_MIN == 0);
WL_STATIC_CHECK(WL_SURVEY_STRIPES_MAX % 2 == 0); /* two neighbours become one */

struct wl_survey_chain {
	uint64_t index;
	uint64_t term;
	uint64_t chain;
};

/* ---- survey_read.c */
/* True: the bytes are in the window, or are known not to be readable. Otherwise asks for them, and the caller returns. */
bool wl_survey_has(struct wl_survey *survey, uint64_t offset, uint64_t bytes);
const uint8_t *wl_survey_bytes(const struct wl_survey *survey, uint64_t offset);
/* One of the blocks could not be read. */
bool wl_survey_is_bad(const struct wl_survey *survey, uint64_t offset, uint64_t bytes);
/* What is behind it is not looked at: the end of the segments, or the limit. */
uint64_t wl_survey_stream_end(const struct wl_survey *survey);

/* ---- survey.c */
void wl_survey_refuse(struct wl_survey *survey, enum wl_recovery_damage_kind kind, uint64_t begin,
		      uint64_t end);
/* Where a chunk may stand that follows what ends at `from`: there, or behind the boundary next to it. */
bool wl_survey_may_follow(const struct wl_survey *survey, uint64_t from, uint64_t at);
/* It names what was taken last as the chunk before it. */
bool wl_survey_follows(const struct wl_survey *survey, const struct wl_chunk_header *header);
void wl_survey_begin_spot(struct wl_survey_spot *spot, uint64_t offset);
/* An entry of that index stands there. */
void wl_survey_note_seen(struct wl_survey *survey, uint64_t offset, uint64_t index);
bool wl_survey_is_ours(const struct wl_survey *survey, const struct wl_entry_header *header);

/* ---- survey_take.c */
/* A whole chunk that follows what was taken last, or the newest hole. */
void wl_survey_take(struct wl_survey *survey, const struct wl_chunk_header *header);
void wl_survey_keep_chain(struct wl_survey *survey, uint64_t index, uint64_t term, uint64_t chain);
const struct wl_survey_chain *wl_survey_find_chain(const struct wl_survey *survey, uint64_t index);

/* ---- survey_doubt.c */
/* What stands at survey->at is not the next chunk. Goes on behind it. */
void wl_survey_pass_bad(struct wl_survey *survey);
void wl_survey_pass_bytes(struct wl_survey *survey);
void wl_survey_pass_stray(struct wl_survey *survey, const struct wl_chunk_header *header,
			  bool has_tag);
void wl_survey_pass_damaged(struct wl_survey *survey, const struct wl_chunk_header *header,
			    bool has_tag);
/* Whole, with a tag, and it belongs to nothing that was taken: what a cut left. */
void wl_survey_pass_remains(struct wl_survey *survey, uint64_t bytes);

/* ---- survey_end.c */
struct wl_survey_hole *wl_survey_add_hole(struct wl_survey *survey, enum wl_survey_hole_kind kind,
					  uint64_t begin, uint64_t end);
/* The newest one in which chunks are missing, or NULL. */
struct wl_survey_hole *wl_survey_last_chunks(struct wl_survey *survey);
void wl_survey_finish(struct wl_survey *survey);
/* All that was asked for was looked over. */
bool wl_survey_may_stop(const struct wl_survey *survey);

#endif
