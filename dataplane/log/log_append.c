/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Appending: a place in the stream for the next bytes, the leader's open entry, a follower's image.
 *
 * A place is decided when it is reserved, for the most that may come: when that could cross a boundary
 * (log_internal.h), the chunk is closed and the next one begins behind it. An empty open entry may still
 * be moved, so that a small entry leaves no hole of a large record's size.
 */
#include "dataplane/base/crc.h"
#include "dataplane/log/log_internal.h"

static uint64_t boundary_behind(uint64_t offset)
{
	return wl_align_up(offset + 1, WL_LOG_BOUNDARY_BYTES);
}

static uint64_t behind_segment_header(const struct wl_log *log, uint64_t offset)
{
	return offset % log->config.segment_bytes == 0 ? offset + WL_BLOCK_BYTES : offset;
}

/* The first place at or behind `from` where a chunk of `bytes` crosses no boundary. */
static uint64_t place_chunk(const struct wl_log *log, uint64_t from, uint64_t bytes)
{
	uint64_t begin = behind_segment_header(log, from);

	WL_CHECK(from % WL_BLOCK_BYTES == 0);
	WL_CHECK(bytes <= WL_CHUNK_BYTES_MAX);
	if (begin + bytes > boundary_behind(begin))
		begin = behind_segment_header(log, boundary_behind(begin));
	WL_CHECK(begin >= from && begin + bytes <= boundary_behind(begin));
	return begin;
}

static bool fits(const struct wl_log_chunk *chunk, uint64_t bytes)
{
	uint64_t used = chunk->used + bytes;

	if (!wl_log_chunk_is_empty(chunk) && chunk->used - chunk->begin >= WL_CHUNK_BYTES_TARGET)
		return false;
	return used <= boundary_behind(chunk->begin) && used - chunk->begin <= WL_CHUNK_BYTES_MAX;
}

static enum wl_log_result segment_for(struct wl_log *log, uint64_t offset)
{
	uint64_t segment = offset / log->config.segment_bytes;

	if (segment < log->segments_ready)
		return WL_LOG_OK;
	return wl_log_await_segment(log);
}

/*
 * What the first entries of terms may need is not for records, whatever may still be had. Control entries may use it, as far as the
 * leader begins them: its last blocks are for terms alone. A follower takes what its leader began.
 */
static uint32_t kept_from(enum wl_entry_kind kind, bool leads)
{
	switch (kind) {
	case WL_ENTRY_RECORDS:
		return WL_LOG_KEPT_ELECTIONS;
	case WL_ENTRY_CONTROL:
		return leads ? WL_LOG_KEPT_FOR_TERMS : 0;
	default:
		return 0;
	}
}

static enum wl_log_result keep(struct wl_log *log, uint32_t kept, uint64_t end)
{
	if (kept == 0 || wl_log_keeps_room(log, end, kept))
		return WL_LOG_OK;
	return wl_log_await_segment(log);
}

void wl_log_close_chunk(struct wl_log *log)
{
	struct wl_log_chunk *chunk = wl_log_open_chunk(log);

	WL_CHECK(chunk && !wl_log_chunk_is_empty(chunk));
	WL_CHECK(chunk->last_index == log->tail.index);
	/* A start finds the chunk by the one before it. */
	WL_CHECK(log->previous_chunk == WL_CHUNK_NONE || log->previous_chunk < chunk->begin);
	chunk->end = wl_align_up(chunk->used, WL_BLOCK_BYTES);
	memset(log->ring + chunk->used % log->config.ring_bytes, WL_CHUNK_PADDING,
	       chunk->end - chunk->used);
	WL_CHECK(chunk->end - chunk->begin <= WL_CHUNK_BYTES_MAX);
	WL_CHECK(chunk->end <= boundary_behind(chunk->begin));
	if (log->ring_end < chunk->end)
		log->ring_end = chunk->end;
	chunk->previous = log->previous_chunk;
	chunk->state = WL_LOG_CHUNK_CLOSED;
	log->previous_chunk = chunk->begin;
	log->append_offset = chunk->end;
}

static enum wl_log_result move_on(struct wl_log *log, struct wl_log_chunk *open, uint32_t kept,
				  uint64_t bytes)
{
	bool reuse = open && wl_log_chunk_is_empty(open);
	uint64_t from = log->append_offset, begin, end;
	enum wl_log_result result;

	if (open)
		from = reuse ? open->begin : wl_align_up(open->used, WL_BLOCK_BYTES);
	begin = place_chunk(log, from, WL_CHUNK_HEADER_BYTES + bytes);
	end = wl_align_up(begin + WL_CHUNK_HEADER_BYTES + bytes, WL_BLOCK_BYTES);
	result = segment_for(log, begin);
	if (result != WL_LOG_OK)
		return result;
	result = keep(log, kept, end);
	if (result != WL_LOG_OK)
		return result;
	if (end > log->durable_offset + log->config.ring_bytes)
		return WL_LOG_NO_ROOM;
	if (!reuse && log->chunk_count == WL_CHUNKS_MAX)
		return WL_LOG_NO_ROOM;
	WL_CHECK(begin >= log->durable_offset);
	WL_CHECK_MSG(end <= log->segments_ready * log->config.segment_bytes,
		     "chunk [%llu, %llu), segments %llu", (unsigned long long)begin,
		     (unsigned long long)end, (unsigned long long)log->segments_ready);
	if (open && !reuse)
		wl_log_close_chunk(log);
	if (!reuse)
		open = wl_log_chunk_at(log, log->chunk_count++);
	*open = (struct wl_log_chunk){
		.begin = begin,
		.used = begin + WL_CHUNK_HEADER_BYTES,
		.last_index = log->tail.index,
		.state = WL_LOG_CHUNK_OPEN,
	};
	log->append_offset = open->used;
	log->ring_end = end > log->ring_end ? end : log->ring_end;
	return WL_LOG_OK;
}

/* Room for `bytes` of an entry at the end of the open chunk, which is opened, or replaced by a new one, where needed; `kept` blocks
 * stay behind it. */
static enum wl_log_result reserve(struct wl_log *log, uint32_t kept, uint64_t bytes)
{
	struct wl_log_chunk *open = wl_log_open_chunk(log);
	enum wl_log_result result;
	uint64_t end;

	WL_CHECK(bytes >= WL_ENTRY_HEADER_BYTES && bytes <= WL_ENTRY_BYTES_MAX);
	WL_CHECK(log->durable.index <= log->tail.index);
	/* A slot that is taken over must not be that of an entry which nothing else remembers. */
	if (wl_unlikely(log->tail.index - log->durable.index >= WL_LOG_ENTRIES_IN_RING - 1))
		return WL_LOG_NO_ROOM;
	if (wl_unlikely(!open || !fits(open, bytes)))
		return move_on(log, open, kept, bytes);
	end = wl_align_up(open->used + bytes, WL_BLOCK_BYTES);
	result = keep(log, kept, end);
	if (wl_unlikely(result != WL_LOG_OK))
		return result;
	if (end > log->durable_offset + log->config.ring_bytes)
		return WL_LOG_NO_ROOM;
	if (log->ring_end < end)
		log->ring_end = end;
	return WL_LOG_OK;
}

static uint64_t least_bytes(const struct wl_log *log, enum wl_entry_kind kind)
{
	switch (kind) {
	case WL_ENTRY_RECORDS:
		return log->config.entry_bytes_target;
	case WL_ENTRY_CONTROL:
		return WL_CONTROL_ENTRY_BYTES_MAX;
	default:
		return WL_ENTRY_HEADER_BYTES + WL_ENTRY_HISTORY_BYTES;
	}
}

/* Whoever begins a journal says which one it is. */
static void put_history(struct wl_log *log)
{
	uint8_t *to = log->ring + (log->open_offset + log->open_bytes) % log->config.ring_bytes;

	wl_store_u64(to, log->config.history);
	log->open_bytes += WL_ENTRY_HISTORY_BYTES;
}

enum wl_log_result wl_log_open_entry(struct wl_log *log, enum wl_entry_kind kind, uint64_t term,
				     uint64_t timestamp_ns, uint64_t commit)
{
	enum wl_log_result result;

	WL_CHECK(!log->entry_open);
	WL_CHECK(kind >= WL_ENTRY_RECORDS && kind <= WL_ENTRY_CONTROL);
	WL_CHECK_MSG(term >= log->tail.term && term != 0, "term %llu, tail's term %llu",
		     (unsigned long long)term, (unsigned long long)log->tail.term);
	WL_CHECK_MSG(commit <= log->tail.index, "commit %llu, tail %llu",
		     (unsigned long long)commit, (unsigned long long)log->tail.index);
	if (log->poisoned)
		return WL_LOG_POISONED;
	if (!wl_log_has_term_room(log, term))
		return WL_LOG_NO_SPACE;
	result = reserve(log, kept_from(kind, true), least_bytes(log, kind));
	if (result != WL_LOG_OK)
		return result;
	log->open_header = (struct wl_entry_header){
		.kind = (uint16_t)kind,
		.journal = log->config.journal,
		.cluster = log->config.cluster,
		.index = log->tail.index + 1,
		.term = term,
		.previous_term = log->tail.term,
		.first_number = log->next_number,
		.previous_chain = log->tail_chain,
		.timestamp_ns = timestamp_ns > log->last_timestamp_ns ? timestamp_ns
								      : log->last_timestamp_ns,
		.commit = commit,
	};
	log->open_offset = wl_log_open_chunk(log)->used;
	log->open_bytes = WL_ENTRY_HEADER_BYTES;
	log->entry_open = true;
	if (kind == WL_ENTRY_TERM_START && log->tail.index == 0 && log->config.history != 0)
		put_history(log);
	return WL_LOG_OK;
}

/* The first record of an entry may be larger than what was reserved for the entry. */
static enum wl_log_result make_room(struct wl_log *log, uint64_t bytes)
{
	enum wl_log_result result;

	if (log->open_bytes + bytes <= log->config.entry_bytes_target)
		return WL_LOG_OK;
	if (log->open_header.record_count != 0)
		return WL_LOG_ENTRY_FULL;
	/* It may be moved: nothing of it stands anywhere yet. */
	WL_CHECK(log->open_bytes == WL_ENTRY_HEADER_BYTES);
	result = reserve(log, WL_LOG_KEPT_ELECTIONS, WL_ENTRY_HEADER_BYTES + bytes);
	log->open_offset = wl_log_open_chunk(log)->used;
	return result;
}

enum wl_log_result wl_log_add_record(struct wl_log *log, const struct wl_record_header *record,
				     const uint8_t *payload, uint64_t *number)
{
	struct wl_entry_header *header = &log->open_header;
	size_t bytes = wl_record_image_bytes(record->bytes);
	enum wl_log_result result;
	uint8_t *to;

	WL_CHECK(log->entry_open);
	WL_CHECK(header->kind == WL_ENTRY_RECORDS && record->kind != WL_RECORD_CONTROL);
	WL_CHECK(record->bytes <= WIRELOG_RECORD_BYTES_MAX);
	if (log->poisoned)
		return WL_LOG_POISONED;
	result = make_room(log, bytes);
	if (result != WL_LOG_OK)
		return result;
	/* Nothing is written beside what was reserved. */
	WL_CHECK(log->open_bytes + bytes <= WL_ENTRY_BYTES_MAX);
	WL_CHECK(log->open_offset + log->open_bytes + bytes <= log->ring_end);
	to = log->ring + (log->open_offset + log->open_bytes) % log->config.ring_bytes;
	memset(to + bytes - 8, 0, 8); /* the padding; the payload may cover it again */
	wl_entry_encode_record(to, record);
	if (record->bytes)
		memcpy(to + WL_RECORD_HEADER_BYTES, payload, record->bytes);
	*number = record->kind == WL_RECORD_DATA ? header->first_number + header->data_count++ : 0;
	header->record_count++;
	log->open_bytes += (uint32_t)bytes;
	return WL_LOG_OK;
}

bool wl_log_entry_is_full(const struct wl_log *log)
{
	/* No record is smaller than a header and eight bytes, empty ones apart. */
	return log->entry_open &&
	       log->open_bytes + WL_RECORD_HEADER_BYTES + 8 > log->config.entry_bytes_target;
}

static void extend_chunk(struct wl_log *log, const struct wl_entry_header *header,
			 const uint8_t *image)
{
	struct wl_log_chunk *chunk = wl_log_open_chunk(log);
	uint64_t offset = chunk->used;

	WL_CHECK(offset + wl_entry_bytes(header) <= log->ring_end);
	chunk->used += wl_entry_bytes(header);
	chunk->last_index = header->index;
	log->append_offset = chunk->used;
	wl_log_take_entry(log, header, wl_entry_chain(image), offset, chunk->begin);
	wl_log_members_take(log, image, header);
}

struct wl_position wl_log_seal_entry(struct wl_log *log)
{
	struct wl_entry_header *header = &log->open_header;
	uint8_t *image = log->ring + log->open_offset % log->config.ring_bytes;

	WL_CHECK(log->entry_open);
	WL_CHECK(wl_log_open_chunk(log)->used == log->open_offset);
	/* What decoders refuse is never made. */
	WL_CHECK(log->open_bytes % 8 == 0);
	WL_CHECK(log->open_bytes >= WL_ENTRY_HEADER_BYTES && log->open_bytes <= WL_ENTRY_BYTES_MAX);
	header->body_bytes = log->open_bytes - WL_ENTRY_HEADER_BYTES;
	header->body_crc = wl_crc32c(image + WL_ENTRY_HEADER_BYTES, header->body_bytes);
	wl_entry_encode_header(image, header);
	log->entry_open = false;
	extend_chunk(log, header, image);
	return log->tail;
}

struct wl_position wl_log_seal_control(struct wl_log *log, const struct wl_control *control)
{
	uint8_t *to = log->ring + (log->open_offset + log->open_bytes) % log->config.ring_bytes;
	struct wl_record_header record;

	WL_CHECK(log->entry_open && log->open_header.kind == WL_ENTRY_CONTROL);
	WL_CHECK(log->open_header.record_count == 0);
	WL_CHECK(control->verb >= WL_CONTROL_TRIM && control->verb <= WL_CONTROL_VERB_LAST);
	if (control->verb == WL_CONTROL_LOSS)
		log->open_header.first_number = control->number;
	wl_control_encode(control, &record, to + WL_RECORD_HEADER_BYTES);
	wl_entry_encode_record(to, &record);
	log->open_header.record_count = 1;
	log->open_bytes = WL_ENTRY_HEADER_BYTES + (uint32_t)wl_record_image_bytes(record.bytes);
	WL_CHECK(log->open_bytes <= WL_CONTROL_ENTRY_BYTES_MAX); /* so much was reserved */
	return wl_log_seal_entry(log);
}

void wl_log_abandon_entry(struct wl_log *log)
{
	WL_CHECK(log->entry_open);
	WL_CHECK(log->open_header.record_count == 0);
	log->entry_open = false;
}

/* No chunk crosses a lap of the ring, whichever ring it was written from (log_internal.h). */
void wl_log_keep_image(struct wl_log *log, const uint8_t *image, uint64_t offset, uint32_t bytes)
{
	uint64_t at = offset % log->config.ring_bytes;

	WL_CHECK(offset >= log->ring_end);
	WL_CHECK(at + bytes <= log->config.ring_bytes);
	/* Who looks it up finds it there. */
	WL_CHECK(log->slots[log->tail.index % WL_LOG_ENTRIES_IN_RING].offset == offset);
	WL_CHECK(log->slots[log->tail.index % WL_LOG_ENTRIES_IN_RING].bytes == bytes);
	memcpy(log->ring + at, image, bytes);
	log->ring_end = offset + bytes;
}

static bool is_next(const struct wl_log *log, const struct wl_entry_header *header)
{
	return header->index == log->tail.index + 1 && header->term != 0 &&
	       header->term >= log->tail.term && header->previous_term == log->tail.term &&
	       header->previous_chain == log->tail_chain &&
	       wl_entry_number_follows(header, log->next_number) && header->commit < header->index;
}

enum wl_log_result wl_log_append_image(struct wl_log *log, const uint8_t *image, size_t size)
{
	struct wl_entry_header header;
	enum wl_log_result result;
	uint64_t bytes;

	WL_CHECK(!log->entry_open);
	if (log->poisoned)
		return WL_LOG_POISONED;
	if (wl_entry_decode(image, size, &header) != WL_ENTRY_OK ||
	    header.cluster != log->config.cluster || header.journal != log->config.journal)
		return WL_LOG_DAMAGED;
	if (!is_next(log, &header))
		return WL_LOG_NOT_NEXT;
	if (!wl_log_has_term_room(log, header.term))
		return WL_LOG_NO_SPACE;
	bytes = wl_entry_bytes(&header);
	result = reserve(log, kept_from((enum wl_entry_kind)header.kind, false), bytes);
	if (result != WL_LOG_OK)
		return result;
	memcpy(log->ring + wl_log_open_chunk(log)->used % log->config.ring_bytes, image, bytes);
	extend_chunk(log, &header, image);
	return WL_LOG_OK;
}
