/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring first: what stands there costs nothing. Otherwise chunk by chunk from the medium, from
 * the nearest mark on, and never behind durable_offset, where the medium may hold anything.
 *
 * An entry found on the way is live when its term is the one that the log knows for its index: no two
 * different entries share {term, index} (Raft section 5.3), so dead ones need no table to be told apart.
 */
#include "dataplane/log/reader.h"

#include "dataplane/log/log_internal.h"

/* A command that was aborted, a path that fails over. Readers need not wait for more: other nodes have the log, too. */
static const uint64_t rests_ns[] = {1000000, 4000000, 16000000, 64000000};

enum step {
	STEP_ENTRY = 1, /* a whole entry stands at next_offset */
	STEP_READ, /* want_offset is not in the window */
	STEP_DAMAGED,
};

static void forget_place(struct wl_reader *reader)
{
	reader->next_offset = UINT64_MAX;
	reader->chunk_end = 0;
	reader->chain_known = false;
	reader->log_generation = reader->log->generation;
}

void wl_reader_init(struct wl_reader *reader, const struct wl_log *log, uint64_t next_index,
		    uint32_t address)
{
	memset(reader, 0, sizeof(*reader));
	reader->log = log;
	reader->cookie = (uint64_t)address << 32;
	wl_reader_seek(reader, next_index);
}

void wl_reader_seek(struct wl_reader *reader, uint64_t next_index)
{
	WL_CHECK(next_index != 0);
	/* What is in the window is what was not believed. */
	if (reader->damaged && !reader->in_flight)
		reader->window_bytes = 0;
	reader->next_index = next_index;
	reader->damaged = false;
	reader->generation++;
	forget_place(reader);
}

void wl_reader_lend(struct wl_reader *reader, uint8_t *buffer, uint32_t bytes)
{
	WL_CHECK(!reader->in_flight);
	WL_CHECK(bytes >= WL_CHUNK_BYTES_MAX);
	WL_CHECK((uintptr_t)buffer % WL_BLOCK_BYTES == 0);
	reader->buffer = buffer;
	reader->buffer_bytes = bytes & ~(WL_BLOCK_BYTES - 1);
	reader->window_bytes = 0;
	reader->want_bytes = 0;
}

uint8_t *wl_reader_return(struct wl_reader *reader)
{
	uint8_t *buffer = reader->buffer;

	WL_CHECK(!reader->in_flight);
	reader->buffer = NULL;
	reader->buffer_bytes = 0;
	reader->window_bytes = 0;
	reader->want_bytes = 0;
	if (reader->chunk_end) {
		/* The middle of a chunk cannot be checked without its beginning. */
		reader->next_offset = UINT64_MAX;
		reader->chunk_end = 0;
	}
	return buffer;
}

static bool in_window(const struct wl_reader *reader, uint64_t offset, uint64_t bytes)
{
	return offset >= reader->window_offset &&
	       offset + bytes <= reader->window_offset + reader->window_bytes;
}

static const uint8_t *in_buffer(const struct wl_reader *reader, uint64_t offset)
{
	return reader->buffer + (offset - reader->window_offset);
}

/* `bytes` are needed, and what fits into the buffer is read with them. */
static enum step want(struct wl_reader *reader, uint64_t offset, uint32_t bytes)
{
	uint64_t segment_bytes = reader->log->config.segment_bytes;
	uint64_t end = (offset / segment_bytes + 1) * segment_bytes;

	if (end > reader->log->durable_offset)
		end = reader->log->durable_offset;
	/* Behind that the medium may hold anything. */
	WL_CHECK(offset < end);
	reader->want_offset = offset;
	if (offset >= reader->narrow_end)
		bytes = reader->buffer_bytes;
	reader->want_bytes = end - offset < bytes ? (uint32_t)(end - offset) : bytes;
	WL_CHECK(reader->want_bytes != 0 && reader->want_bytes <= reader->buffer_bytes); /* D2 */
	return STEP_READ;
}

/* Where the chunk stands that was not begun at next_offset because it would have crossed a boundary. */
static bool skip_to_boundary(struct wl_reader *reader)
{
	uint64_t boundary = wl_align_up(reader->next_offset + 1, WL_LOG_BOUNDARY_BYTES);

	if (boundary - reader->next_offset >= WL_CHUNK_BYTES_MAX)
		return false;
	reader->next_offset = boundary;
	return true;
}

/* next_offset is where a chunk may begin: checks it and goes to its first entry. */
static enum step enter_chunk(struct wl_reader *reader)
{
	const struct wl_log_config *config = &reader->log->config;
	uint64_t binding = wl_chunk_binding(config->cluster, config->node, config->journal);
	uint64_t durable_offset = reader->log->durable_offset;
	struct wl_chunk_header header;
	const uint8_t *at;

	for (;;) {
		if (reader->next_offset % config->segment_bytes == 0)
			reader->next_offset += WL_BLOCK_BYTES;
		if (reader->next_offset >= durable_offset)
			return STEP_DAMAGED; /* a live and durable entry was not where it must be */
		if (!in_window(reader, reader->next_offset, WL_BLOCK_BYTES))
			return want(reader, reader->next_offset, WL_BLOCK_BYTES);
		at = in_buffer(reader, reader->next_offset);
		if (!wl_chunk_is_zero(at, WL_BLOCK_BYTES))
			break;
		if (!skip_to_boundary(reader))
			return STEP_DAMAGED;
	}
	if (!wl_chunk_decode_header(at, WL_BLOCK_BYTES, &header) || header.binding != binding ||
	    header.offset != reader->next_offset || header.offset + header.bytes > durable_offset)
		return STEP_DAMAGED;
	if (!in_window(reader, header.offset, header.bytes)) {
		if (header.offset == reader->window_offset && header.bytes <= reader->window_bytes)
			return STEP_DAMAGED;
		return want(reader, header.offset, header.bytes);
	}
	if (!wl_chunk_body_is_whole(at, &header))
		return STEP_DAMAGED;
	reader->chunk_used = header.offset + header.used;
	reader->chunk_end = header.offset + header.bytes;
	reader->next_offset = header.offset + WL_CHUNK_HEADER_BYTES;
	return STEP_ENTRY;
}

static enum step find_place(struct wl_reader *reader)
{
	const struct wl_log_mark *mark;

	if (reader->chunk_end &&
	    !in_window(reader, reader->next_offset, reader->chunk_end - reader->next_offset)) {
		reader->next_offset = UINT64_MAX; /* the window went elsewhere meanwhile */
		reader->chunk_end = 0;
	}
	if (reader->next_offset == UINT64_MAX) {
		mark = wl_log_mark_by_index(reader->log, reader->next_index);
		WL_CHECK(mark); /* the first kept entry always has one */
		reader->next_offset = mark->offset - WL_CHUNK_HEADER_BYTES;
		reader->chunk_end = 0;
	}
	while (reader->chunk_end == 0 || reader->next_offset >= reader->chunk_used) {
		enum step step;

		if (reader->chunk_end)
			reader->next_offset = reader->chunk_end;
		reader->chunk_end = 0;
		step = enter_chunk(reader);
		if (step != STEP_ENTRY)
			return step;
	}
	return STEP_ENTRY;
}

/* Over a dead entry, or one before next_index: to the end of its dead range, or just behind it. */
static void pass(struct wl_reader *reader, uint64_t bytes, bool live)
{
	const struct wl_log *log = reader->log;
	const struct wl_log_dead_range *dead = NULL;
	uint32_t low = 0, high = log->dead_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (wl_log_dead_place(log, middle)->begin <= reader->next_offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		dead = wl_log_dead_place(log, low - 1);
	/* Where chunks were built again a live entry may stand in what was a dead range; dead ones do not any more. */
	if (!live && dead && dead->end > reader->next_offset) {
		reader->next_offset = dead->end;
		reader->chunk_end = 0;
	} else {
		reader->next_offset += bytes;
	}
}

static bool is_ours(const struct wl_reader *reader, const struct wl_entry_header *header)
{
	return header->cluster == reader->log->config.cluster &&
	       header->journal == reader->log->config.journal;
}

static bool is_live(const struct wl_reader *reader, const struct wl_entry_header *header)
{
	uint64_t term;

	return header->index != 0 &&
	       wl_log_term_at(reader->log, header->index, &term) == WL_LOG_KNOWN &&
	       term == header->term;
}

/* Until next_index stands at next_offset. */
static enum step walk(struct wl_reader *reader)
{
	for (;;) {
		struct wl_entry_header header;
		enum step step = find_place(reader);
		const uint8_t *at;
		bool live;

		if (step != STEP_ENTRY)
			return step;
		at = in_buffer(reader, reader->next_offset);
		if (wl_entry_decode_header(at, reader->chunk_used - reader->next_offset, &header) !=
			    WL_ENTRY_OK ||
		    wl_entry_bytes(&header) > reader->chunk_used - reader->next_offset ||
		    !is_ours(reader, &header))
			return STEP_DAMAGED;
		live = is_live(reader, &header);
		if (live) {
			if (header.index == reader->next_index)
				return STEP_ENTRY;
			if (header.index > reader->next_index)
				return STEP_DAMAGED; /* what lay between is not there */
			if (header.index + 1 == reader->next_index) {
				reader->chain = wl_entry_chain(at);
				reader->chain_known = true;
			}
		}
		pass(reader, wl_entry_bytes(&header), live);
	}
}

static enum wl_reader_result give(struct wl_reader *reader, const uint8_t *image, size_t size,
				  struct wl_reader_view *view)
{
	WL_CHECK(reader->next_index != 0); /* D1 */
	if (!reader->chain_known)
		reader->chain_known = wl_log_chain_at(reader->log, reader->next_index - 1,
						      &reader->chain) == WL_LOG_KNOWN;
	if (wl_entry_decode(image, size, &view->header) != WL_ENTRY_OK ||
	    !is_ours(reader, &view->header) || view->header.index != reader->next_index ||
	    (reader->chain_known && view->header.previous_chain != reader->chain)) {
		reader->damaged = true;
		return WL_READER_DAMAGED;
	}
	view->image = image;
	view->bytes = (uint32_t)wl_entry_bytes(&view->header);
	reader->chain = wl_entry_chain(image);
	reader->chain_known = true;
	reader->failures = 0;
	reader->next_index++;
	return WL_READER_ENTRY;
}

static enum wl_reader_result next_from_medium(struct wl_reader *reader, struct wl_reader_view *view)
{
	enum wl_reader_result result;
	uint64_t bytes;

	switch (walk(reader)) {
	case STEP_READ:
		return WL_READER_WANTS_READ;
	case STEP_DAMAGED:
		view->offset = reader->next_offset;
		reader->damaged = true;
		if (reader->log->damage_found)
			*reader->log->damage_found = reader->next_offset + 1;
		return WL_READER_DAMAGED;
	case STEP_ENTRY:
		break;
	}
	WL_CHECK(reader->next_offset < reader->chunk_used); /* D4 */
	view->offset = reader->next_offset;
	bytes = reader->chunk_used - reader->next_offset;
	WL_CHECK(in_window(reader, reader->next_offset, bytes));
	result = give(reader, in_buffer(reader, reader->next_offset), bytes, view);
	if (result == WL_READER_ENTRY)
		reader->next_offset += view->bytes;
	return result;
}

enum wl_reader_result wl_reader_next(struct wl_reader *reader, uint64_t limit_index,
				     struct wl_reader_view *view)
{
	const struct wl_log *log = reader->log;
	const uint8_t *image;
	uint32_t bytes;

	if (reader->log_generation != log->generation)
		forget_place(reader);
	if (reader->next_index <= log->begin.position.index)
		return WL_READER_GONE;
	if (reader->next_offset < log->begin.offset) {
		/* On its way from a mark that was given up. */
		reader->next_offset = UINT64_MAX;
		reader->chunk_end = 0;
	}
	if (reader->next_index > limit_index || reader->next_index > log->tail.index)
		return WL_READER_END;
	image = wl_log_image_in_ring(log, reader->next_index, &bytes);
	if (image) {
		reader->next_offset =
			UINT64_MAX; /* back on the medium, a mark is nearer than the old place */
		reader->chunk_end = 0;
		view->offset = wl_log_slot_of(log, reader->next_index)->offset;
		return give(reader, image, bytes, view);
	}
	if (reader->in_flight)
		return WL_READER_WAITS;
	if (reader->damaged) {
		view->offset = reader->next_offset;
		return WL_READER_DAMAGED;
	}
	if (reader->next_index > log->durable.index)
		return WL_READER_END; /* not in the ring, and not yet to be read */
	if (!reader->buffer)
		return WL_READER_WANTS_BUFFER;
	return next_from_medium(reader, view);
}

bool wl_reader_try_again(struct wl_reader *reader, uint64_t now_ns)
{
	uint64_t window_end = reader->window_offset + reader->window_bytes;

	if (!reader->damaged || reader->failures >= sizeof(rests_ns) / sizeof(rests_ns[0]))
		return false;
	if (reader->window_bytes != 0 && reader->narrow_end < window_end)
		reader->narrow_end = window_end;
	reader->again_ns = now_ns + rests_ns[reader->failures++];
	return true;
}

void wl_reader_rest(struct wl_reader *reader, uint64_t until_ns)
{
	reader->again_ns = until_ns;
}

bool wl_reader_rests(struct wl_reader *reader, uint64_t now_ns)
{
	if (reader->again_ns == 0)
		return false;
	if (now_ns < reader->again_ns)
		return true;
	reader->again_ns = 0;
	if (reader->damaged)
		wl_reader_seek(reader, reader->next_index);
	return false;
}

void wl_reader_want(struct wl_reader *reader, struct wl_disk_request *request)
{
	WL_CHECK(!reader->in_flight);
	WL_CHECK(reader->buffer && reader->want_bytes);
	WL_CHECK(reader->want_bytes <= reader->buffer_bytes); /* D2 */
	*request = (struct wl_disk_request){
		.verb = WL_DISK_READ,
		.journal = reader->log->config.journal,
		.offset = reader->want_offset,
		.buffer = reader->buffer,
		.bytes = reader->want_bytes,
		.cookie = reader->cookie | (uint32_t)reader->generation,
	};
	reader->in_flight = true;
	reader->window_bytes = 0;
}

void wl_reader_on_read(struct wl_reader *reader, const struct wl_disk_completion *completion)
{
	if (!reader->in_flight || (completion->cookie ^ reader->cookie) >> 32 != 0)
		return;
	reader->in_flight = false;
	if ((uint32_t)completion->cookie != (uint32_t)reader->generation)
		return; /* sought elsewhere meanwhile */
	if (completion->status != WL_DISK_OK || completion->bytes != reader->want_bytes) {
		reader->damaged = true;
		reader->narrow_end = reader->want_offset + reader->want_bytes;
		return;
	}
	reader->window_offset = reader->want_offset;
	reader->window_bytes = reader->want_bytes;
}

const char *wl_reader_check(const struct wl_reader *reader)
{
	if (reader->next_index == 0)
		return "D1: a reader stands at no entry";
	if (reader->window_bytes > reader->buffer_bytes ||
	    reader->want_bytes > reader->buffer_bytes)
		return "D2: a reader's window is larger than its buffer";
	if (reader->in_flight && (!reader->buffer || reader->window_bytes != 0))
		return "D3: a reader believes a buffer that a read is in flight to";
	if (reader->chunk_end != 0 &&
	    (reader->next_offset > reader->chunk_used || reader->chunk_used > reader->chunk_end))
		return "D4: a reader stands outside of its chunk";
	return NULL;
}
