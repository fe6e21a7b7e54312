/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much room there is. Segments are asked for early enough that the kept room always stands in segments that are
 * there: a device that gets full between two requests cannot take it away.
 */
#include "dataplane/log/log_internal.h"

/* What wl_log_keeps_room leaves for the headers of the segments that the kept blocks may stand in. */
WL_STATIC_CHECK((WL_LOG_KEPT_BYTES / WL_SEGMENT_BYTES_MIN + 2) * WL_BLOCK_BYTES <=
		WL_SEGMENT_BYTES_MIN);
WL_STATIC_CHECK(WL_LOG_KEPT_FOR_TERMS < WL_LOG_KEPT_ELECTIONS);

/* Blocks of the stream behind `offset`, headers of segments apart. */
static uint64_t blocks_behind(const struct wl_log *log, uint64_t offset)
{
	uint64_t segment_bytes = log->config.segment_bytes;
	uint64_t end = log->segments_ready * segment_bytes, headers, blocks;

	if (offset >= end)
		return 0;
	headers = log->segments_ready - wl_align_up(offset, segment_bytes) / segment_bytes;
	blocks = (end - wl_align_up(offset, WL_BLOCK_BYTES)) / WL_BLOCK_BYTES;
	WL_CHECK(blocks >= headers);
	return blocks - headers;
}

bool wl_log_keeps_room(const struct wl_log *log, uint64_t end, uint32_t kept)
{
	WL_CHECK(kept <= WL_LOG_KEPT_ELECTIONS);
	/* The usual case, without a division: room for that many headers, too. */
	if (wl_likely(end + WL_LOG_KEPT_BYTES + WL_SEGMENT_BYTES_MIN <=
		      log->segments_ready * log->config.segment_bytes))
		return true;
	return blocks_behind(log, end) >= kept;
}

enum wl_log_result wl_log_await_segment(struct wl_log *log)
{
	if (!wl_log_can_grow(log))
		log->no_space = true;
	log->segment_awaited = !log->no_space;
	return log->no_space ? WL_LOG_NO_SPACE : WL_LOG_NO_SEGMENT;
}

uint64_t wl_log_terms_left(const struct wl_log *log)
{
	WL_CHECK(log->term_count <= WL_LOG_TERMS_MAX);
	return WL_LOG_TERMS_MAX - log->term_count;
}

uint64_t wl_log_elections_left(const struct wl_log *log)
{
	uint64_t blocks = blocks_behind(log, log->append_offset), terms = wl_log_terms_left(log);

	return blocks < terms ? blocks : terms;
}

bool wl_log_may_start_term(const struct wl_log *log)
{
	return wl_log_elections_left(log) != 0 ||
	       (wl_log_can_grow(log) && wl_log_terms_left(log) != 0);
}

uint64_t wl_log_record_room(const struct wl_log *log)
{
	uint64_t blocks = blocks_behind(log, log->append_offset);

	return blocks > WL_LOG_KEPT_ELECTIONS ? (blocks - WL_LOG_KEPT_ELECTIONS) * WL_BLOCK_BYTES
					      : 0;
}

bool wl_log_can_grow(const struct wl_log *log)
{
	return !log->cannot_grow &&
	       (log->segments_ready + 1 - log->first_segment) * log->config.segment_bytes <=
		       log->config.bytes_max;
}

bool wl_log_is_full(const struct wl_log *log)
{
	uint64_t least = WL_LOG_SLACK_BYTES + wl_log_entry_cost(log->config.entry_bytes_target);

	return log->no_space || (!wl_log_can_grow(log) && wl_log_record_room(log) < least);
}
