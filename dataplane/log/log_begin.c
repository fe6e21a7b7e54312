/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The beginning of the log, and how it moves. A log begins at the first live entry of a segment, so that whole segments can be forgotten.
 * First the memory gives up what it knows of them; then the medium is asked to forget them, oldest first and one at a time: whatever a
 * crash leaves, the segments that are there continue one another.
 */
#include <errno.h>

#include "dataplane/log/log_internal.h"

/* The newest mark that is at or before both; false: there is none. */
static bool find_mark(const struct wl_log *log, uint64_t number, uint64_t offset, uint32_t *found)
{
	uint32_t low = 0, high = log->mark_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct wl_log_mark *mark = wl_log_mark_place(log, middle);

		if (mark->first_number <= number && mark->offset - WL_CHUNK_HEADER_BYTES <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low - 1;
	return low != 0;
}

static uint64_t segment_of_mark(const struct wl_log *log, uint32_t at)
{
	return wl_log_segment_of(log, wl_log_mark_place(log, at)->offset);
}

void wl_log_begin_at_mark(const struct wl_log *log, uint32_t at, struct wl_log_begin *begin)
{
	const struct wl_log_mark *mark = wl_log_mark_place(log, at);

	/* L3: marks are of kept entries. */
	WL_CHECK(mark->index > log->begin.position.index);
	WL_CHECK(mark->offset % WL_BLOCK_BYTES == WL_CHUNK_HEADER_BYTES);
	*begin = (struct wl_log_begin){
		.position.index = mark->index - 1,
		.chain = mark->previous_chain,
		.next_number = mark->first_number,
		.timestamp_ns = mark->previous_timestamp_ns,
		.offset = mark->offset - WL_CHUNK_HEADER_BYTES,
	};
	WL_CHECK(wl_log_term_at(log, begin->position.index, &begin->position.term) == WL_LOG_KNOWN);
}

bool wl_log_find_begin(const struct wl_log *log, uint64_t number, uint64_t keep_offset,
		       struct wl_log_begin *begin)
{
	uint32_t at;

	if (!find_mark(log, number, keep_offset, &at))
		return false;
	/* The first mark of a segment is of its first live entry. */
	while (at != 0 && segment_of_mark(log, at - 1) == segment_of_mark(log, at))
		at--;
	if (at == 0)
		return false;
	wl_log_begin_at_mark(log, at, begin);
	WL_CHECK(begin->position.index > log->begin.position.index);
	WL_CHECK_MSG(begin->offset <= keep_offset, "begins at %llu, all is kept from %llu on",
		     (unsigned long long)begin->offset, (unsigned long long)keep_offset);
	return true;
}

void wl_log_give_up(struct wl_log *log, const struct wl_log_begin *begin)
{
	uint64_t term;

	if (begin->position.index <= log->begin.position.index)
		return;
	WL_CHECK_MSG(begin->position.index <= log->durable.index, "begins at %llu, durable %llu",
		     (unsigned long long)begin->position.index,
		     (unsigned long long)log->durable.index);
	WL_CHECK(begin->offset >= log->begin.offset);
	WL_CHECK(begin->offset <= log->durable_offset);
	WL_CHECK(begin->offset % WL_BLOCK_BYTES == 0);
	WL_CHECK(wl_log_term_at(log, begin->position.index, &term) == WL_LOG_KNOWN);
	WL_CHECK(term == begin->position.term);
	log->begin = *begin;
	wl_log_tables_give_up(log);
}

unsigned wl_log_want_forgets(struct wl_log *log, struct wl_disk_request *requests, unsigned max)
{
	if (max == 0 || log->poisoned || log->forget_asked || log->forget_refused ||
	    log->first_segment >= wl_log_segment_of(log, log->begin.offset))
		return 0;
	log->forget_asked = true;
	requests[0] = (struct wl_disk_request){
		.verb = WL_DISK_FORGET,
		.journal = log->config.journal,
		.offset = log->first_segment * log->config.segment_bytes,
		.cookie = ++log->forget_asks,
	};
	return 1;
}

void wl_log_on_forgotten(struct wl_log *log, const struct wl_disk_completion *completion)
{
	if (!log->forget_asked || completion->cookie != log->forget_asks ||
	    completion->offset != log->first_segment * log->config.segment_bytes)
		return;
	log->forget_asked = false;
	if (completion->status != WL_DISK_OK) {
		log->forget_refused = true;
		log->forget_error = completion->error != 0 ? completion->error : EIO;
		log->forget_error_offset = completion->offset;
		return;
	}
	log->first_segment++;
	/* L13: nothing that is kept was forgotten. */
	WL_CHECK(log->first_segment <= wl_log_segment_of(log, log->begin.offset));
	WL_CHECK(log->first_segment <= log->segments_ready);
	log->forget_error = 0;
	/* What was full has room again. */
	log->segment_refused = false;
}

void wl_log_retry_forgets(struct wl_log *log)
{
	log->forget_refused = false;
}
