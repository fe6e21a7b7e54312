/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing: chunks leave in stream order, at most WL_WRITES_IN_FLIGHT_MAX at once, and come back in
 * any order; durable moves over the contiguous front of those that came back. While all write slots
 * are taken the open chunk goes on collecting: that is the whole of group commit, no timer.
 *
 * A chunk's header is filled when it leaves, so that its watermark is as new as it can be. One whose segment could not be
 * opened comes back before a byte of it was written, and leaves again: that is no failed write, and poisons nobody.
 */
#include <errno.h>

#include "dataplane/base/crc.h"
#include "dataplane/log/log_internal.h"

#define SEGMENTS_AHEAD 2u

/* WL_DISK_FILES leans on it (base/limits.h). */
WL_STATIC_CHECK(1 + SEGMENTS_AHEAD < WL_DISK_FILES);

static void fill_header(struct wl_log *log, const struct wl_log_chunk *chunk, uint8_t *at)
{
	struct wl_chunk_header header = {
		.binding = wl_chunk_binding(log->config.cluster, log->config.node,
					    log->config.journal),
		.offset = chunk->begin,
		.previous = chunk->previous,
		.durable = log->durable_offset,
		.bytes = (uint32_t)(chunk->end - chunk->begin),
		.used = (uint32_t)(chunk->used - chunk->begin),
	};

	/* What a start refuses is never written. */
	WL_CHECK(header.durable <= header.offset);
	WL_CHECK(header.previous == WL_CHUNK_NONE || header.previous < header.offset);
	WL_CHECK(header.used > WL_CHUNK_HEADER_BYTES && header.used <= header.bytes);
	WL_CHECK(header.bytes <= WL_CHUNK_BYTES_MAX);
	header.body_crc =
		wl_crc32c(at + WL_CHUNK_HEADER_BYTES, header.bytes - WL_CHUNK_HEADER_BYTES);
	/* The first sector is never zero: it holds this header. */
	header.zero_sectors =
		wl_chunk_zero_sectors(at + WL_SECTOR_BYTES, header.bytes - WL_SECTOR_BYTES);
	wl_chunk_encode_header(at, &header, log->config.chunk_key);
}

static void hand_out(struct wl_log *log, struct wl_log_chunk *chunk,
		     struct wl_disk_request *request)
{
	uint8_t *at = log->ring + chunk->begin % log->config.ring_bytes;

	WL_CHECK(chunk->state == WL_LOG_CHUNK_CLOSED);
	WL_CHECK(log->writes_in_flight < WL_WRITES_IN_FLIGHT_MAX);
	/* Whole blocks of a segment that is there, which nothing in the ring took the place of. */
	WL_CHECK(chunk->begin % WL_BLOCK_BYTES == 0 && chunk->end % WL_BLOCK_BYTES == 0);
	WL_CHECK(chunk->begin % log->config.segment_bytes != 0);
	WL_CHECK(chunk->end <= log->segments_ready * log->config.segment_bytes);
	WL_CHECK(chunk->begin / WL_LOG_BOUNDARY_BYTES == (chunk->end - 1) / WL_LOG_BOUNDARY_BYTES);
	WL_CHECK(chunk->end <= log->ring_end);
	WL_CHECK(log->ring_end <= chunk->begin + log->config.ring_bytes);
	fill_header(log, chunk, at);
	chunk->state = WL_LOG_CHUNK_IN_FLIGHT;
	log->writes_in_flight++;
	*request = (struct wl_disk_request){
		.verb = WL_DISK_WRITE,
		.journal = log->config.journal,
		.offset = chunk->begin,
		.buffer = at,
		.bytes = (uint32_t)(chunk->end - chunk->begin),
		.cookie =
			chunk->begin, /* the stream never moves back: no write of other bytes ever has it */
	};
}

static bool wants_segment(const struct wl_log *log)
{
	uint64_t kept = log->append_offset + WL_LOG_KEPT_BYTES + WL_LOG_SLACK_BYTES;
	uint64_t wanted = kept / log->config.segment_bytes + 1 + SEGMENTS_AHEAD;
	uint64_t allowed = log->first_segment + log->config.bytes_max / log->config.segment_bytes;

	if (log->segment_asked || log->segment_refused)
		return false;
	return log->segments_ready < (wanted < allowed ? wanted : allowed);
}

static void ask_segment(struct wl_log *log, struct wl_disk_request *request)
{
	WL_CHECK(log->segments_ready >= log->first_segment);
	log->segment_asked = true;
	*request = (struct wl_disk_request){
		.verb = WL_DISK_PREPARE,
		.journal = log->config.journal,
		.offset = log->segments_ready * log->config.segment_bytes,
		.cookie = ++log->segment_asks,
	};
}

static unsigned cut_chunks(struct wl_log *log, struct wl_disk_request *requests, unsigned max)
{
	unsigned count = 0;

	for (uint32_t place = 0; place < log->chunk_count && count < max; place++) {
		struct wl_log_chunk *chunk = wl_log_chunk_at(log, place);

		if (chunk->state > WL_LOG_CHUNK_CLOSED)
			continue;
		if (log->writes_in_flight == WL_WRITES_IN_FLIGHT_MAX)
			break;
		if (chunk->state == WL_LOG_CHUNK_OPEN) {
			if (log->entry_open || wl_log_chunk_is_empty(chunk))
				break;
			wl_log_close_chunk(log);
		}
		hand_out(log, chunk, &requests[count++]);
	}
	return count;
}

unsigned wl_log_cut_writes(struct wl_log *log, struct wl_disk_request *requests, unsigned max)
{
	unsigned count = 0;

	if (log->poisoned)
		return 0;
	if (!log->write_refused)
		count = cut_chunks(log, requests, max);
	if (count < max && wants_segment(log))
		ask_segment(log, &requests[count++]);
	return count;
}

static void release_written(struct wl_log *log)
{
	while (log->chunk_count) {
		const struct wl_log_chunk *first = wl_log_chunk_at(log, 0);

		if (first->state != WL_LOG_CHUNK_WRITTEN)
			return;
		/* L7, and what is durable stays so. */
		WL_CHECK(first->begin >= log->durable_offset && first->end > first->begin);
		WL_CHECK_MSG(first->last_index >= log->durable.index,
			     "the chunk's last entry %llu, durable %llu",
			     (unsigned long long)first->last_index,
			     (unsigned long long)log->durable.index);
		WL_CHECK(first->last_index <= log->tail.index);
		log->durable_offset = first->end;
		log->durable.index = first->last_index;
		WL_CHECK(wl_log_term_at(log, first->last_index, &log->durable.term) ==
			 WL_LOG_KNOWN);
		log->chunk_first = (log->chunk_first + 1) % WL_CHUNKS_MAX;
		log->chunk_count--;
	}
}

/* A short write has no word of the system's. */
static int error_of(const struct wl_disk_completion *completion)
{
	return completion->error != 0 ? completion->error : EIO;
}

static void poison(struct wl_log *log, const struct wl_disk_completion *completion)
{
	if (!log->poisoned) {
		log->write_error = error_of(completion);
		log->write_error_offset = completion->offset;
	}
	log->poisoned = true;
}

static void come_back(struct wl_log *log, struct wl_log_chunk *chunk,
		      const struct wl_disk_completion *completion)
{
	chunk->state = WL_LOG_CHUNK_CLOSED;
	chunk->came_back = true;
	log->write_refused = true;
	log->open_error = error_of(completion);
	log->open_error_offset = completion->offset;
}

static void on_chunk_written(struct wl_log *log, const struct wl_disk_completion *completion)
{
	struct wl_log_chunk *chunk = NULL;

	for (uint32_t place = 0; place < log->chunk_count; place++) {
		chunk = wl_log_chunk_at(log, place);
		if (chunk->begin == completion->cookie)
			break;
		chunk = NULL;
	}
	/* One that came twice, or belongs to nothing that is under way, proves nothing. */
	if (!chunk || chunk->state != WL_LOG_CHUNK_IN_FLIGHT || completion->offset != chunk->begin)
		return;
	WL_CHECK(log->writes_in_flight != 0);
	log->writes_in_flight--;
	if (completion->status == WL_DISK_NOT_BEGUN) {
		come_back(log, chunk, completion);
		return;
	}
	chunk->state = WL_LOG_CHUNK_WRITTEN;
	/* Nothing is believed behind a failed write, not even a write that says it succeeded. */
	if (completion->status != WL_DISK_OK || completion->bytes != chunk->end - chunk->begin)
		poison(log, completion);
	if (log->poisoned)
		return;
	if (chunk->came_back)
		log->open_error = 0;
	release_written(log);
}

static void on_prepared(struct wl_log *log, const struct wl_disk_completion *completion)
{
	if (!log->segment_asked || completion->cookie != log->segment_asks ||
	    completion->offset != log->segments_ready * log->config.segment_bytes)
		return;
	log->segment_asked = false;
	log->segment_awaited = false;
	if (completion->status == WL_DISK_OK) {
		log->segments_ready++;
		log->no_space = false;
		log->cannot_grow = false;
		log->segment_error = 0;
	} else {
		log->segment_error = completion->status == WL_DISK_NO_SPACE ? ENOSPC
									    : error_of(completion);
		log->segment_error_offset = completion->offset;
		log->segment_refused = true;
		log->cannot_grow = true;
	}
}

void wl_log_on_written(struct wl_log *log, const struct wl_disk_completion *completion)
{
	if (completion->verb == WL_DISK_WRITE)
		on_chunk_written(log, completion);
	else if (completion->verb == WL_DISK_PREPARE)
		on_prepared(log, completion);
}

void wl_log_note_read_failed(struct wl_log *log, const struct wl_disk_completion *completion)
{
	log->reads_failed++;
	log->read_error = error_of(completion);
	log->read_error_offset = completion->offset;
}

void wl_log_retry_space(struct wl_log *log)
{
	log->segment_refused = false;
}

void wl_log_retry_writes(struct wl_log *log)
{
	log->write_refused = false;
}
