/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the next chunk of a hole stands, counted from the right. The one that stands behind it names its place, or what is left of the
 * hole is looked through for the nearest chunk whose header is whole: that one keeps its place. So does what marks and dead ranges of the
 * log's tables begin with. Between, chunks are as large as they may be.
 */
#include "dataplane/mend/mend_internal.h"

static bool is_boundary(uint64_t offset)
{
	return offset % WL_MEND_BOUNDARY_BYTES == 0;
}

/* No chunk that ends at `end` begins before it. */
static uint64_t floor_of(const struct wl_mend *mend, uint64_t end)
{
	uint64_t boundary = (end - 1) / WL_MEND_BOUNDARY_BYTES * WL_MEND_BOUNDARY_BYTES;
	uint64_t walk = mend->config.walk_offset;

	if (boundary % mend->config.log.segment_bytes == 0)
		boundary += WL_BLOCK_BYTES;
	if (boundary < mend->hole.begin)
		boundary = mend->hole.begin;
	return walk > boundary && walk < end ? walk : boundary;
}

static bool is_named(const struct wl_mend *mend)
{
	uint64_t named = mend->hole.right.previous;

	return named != WL_SURVEY_ANY && named != WL_CHUNK_NONE && named >= mend->hole.begin &&
	       named < mend->hole.end;
}

/* The place before a boundary that was skipped: zeros, and no chunk. */
static bool is_gap(const struct wl_mend *mend)
{
	const struct wl_survey_hole *hole = &mend->hole;

	return !is_named(mend) && is_boundary(hole->end) &&
	       hole->end - hole->begin < WL_CHUNK_BYTES_MAX &&
	       floor_of(mend, hole->end) == hole->begin;
}

static bool zero_then(struct wl_mend *mend, uint64_t begin, uint64_t end, enum wl_mend_phase behind)
{
	mend->zero_at = begin;
	mend->zero_end = end;
	mend->behind = behind;
	mend->phase = WL_MEND_ZEROES;
	return true;
}

/* Nothing is missing any more: what is left is filled. */
static bool plan_filler(struct wl_mend *mend)
{
	struct wl_survey_hole *hole = &mend->hole;
	uint64_t floor = floor_of(mend, hole->end), begin = floor;

	if (is_gap(mend)) {
		uint64_t end = hole->end;

		hole->end = hole->begin;
		return zero_then(mend, hole->begin, end, WL_MEND_ENDS_HOLE);
	}
	if (hole->end - floor > WL_CHUNK_BYTES_MAX)
		begin = hole->end - WL_CHUNK_BYTES_MAX;
	if (is_named(mend))
		begin = hole->right.previous;
	mend->piece = (struct wl_mend_piece){
		.end = hole->end,
		.begin = begin,
		.floor = floor,
		.previous = WL_SURVEY_ANY,
		.dead = true,
	};
	if (mend->piece.end - begin > WL_CHUNK_BYTES_MAX)
		mend->piece.end = begin + WL_CHUNK_BYTES_MAX;
	mend->phase = WL_MEND_CLOSES;
	return true;
}

bool wl_mend_plan(struct wl_mend *mend)
{
	struct wl_survey_hole *hole = &mend->hole;
	uint64_t end = hole->end, floor;

	if (end > hole->begin && (end - WL_BLOCK_BYTES) % mend->config.log.segment_bytes == 0) {
		hole->end -= WL_BLOCK_BYTES;
		return wl_mend_write_header(mend, hole->end, WL_MEND_PLANS);
	}
	if (end == hole->begin) {
		if (!mend->joined)
			return wl_mend_refuse(mend, hole->begin, mend->hole_end, true);
		mend->phase = WL_MEND_ENDS_HOLE;
		return true;
	}
	if (mend->joined)
		return plan_filler(mend);
	floor = floor_of(mend, end);
	if (is_named(mend) && hole->right.previous < floor)
		return wl_mend_refuse(mend, hole->right.previous, end, false);
	if (is_named(mend))
		wl_fill_begin(&mend->fill, hole->right.previous, WL_BLOCK_BYTES);
	else
		wl_fill_begin(&mend->fill, floor, (uint32_t)(end - floor));
	mend->phase = WL_MEND_READS_PLACE;
	return true;
}

/* ---- what stands there now ---------------------------------------------------------------------- */

/* The header of a chunk of ours, in its place, that ends at or before `end`. */
static bool has_header(const struct wl_mend *mend, uint64_t at, uint64_t end,
		       struct wl_chunk_header *header)
{
	const struct wl_log_config *log = &mend->config.log;
	const uint8_t *from = wl_fill_at(&mend->fill, at);

	return !wl_fill_is_bad(&mend->fill, at, WL_BLOCK_BYTES) &&
	       wl_chunk_decode_header(from, WL_BLOCK_BYTES, header) && header->offset == at &&
	       header->binding == wl_chunk_binding(log->cluster, log->node, log->journal) &&
	       wl_chunk_has_tag(from, log->chunk_key) && at + header->bytes <= end;
}

/* It ends there, or the place behind it was skipped. */
static bool ends_at(const struct wl_mend *mend, uint64_t offset, uint64_t end)
{
	if (offset == end)
		return true;
	return is_boundary(end) && end - offset < WL_CHUNK_BYTES_MAX &&
	       wl_fill_has(&mend->fill, offset, end - offset) &&
	       wl_chunk_is_zero(wl_fill_at(&mend->fill, offset), end - offset);
}

static uint64_t first_index(const struct wl_mend *mend, uint64_t begin)
{
	const uint8_t *from = wl_fill_at(&mend->fill, begin) + WL_CHUNK_HEADER_BYTES;
	struct wl_entry_header header;

	if (wl_fill_is_bad(&mend->fill, begin, WL_BLOCK_BYTES) ||
	    wl_entry_decode_header(from, WL_BLOCK_BYTES - WL_CHUNK_HEADER_BYTES, &header) !=
		    WL_ENTRY_OK ||
	    header.cluster != mend->config.log.cluster ||
	    header.journal != mend->config.log.journal || header.index >= mend->hole.right.index)
		return 0;
	return header.index;
}

static void place_at(struct wl_mend *mend, uint64_t begin, uint64_t end,
		     const struct wl_chunk_header *header)
{
	struct wl_mend_piece *piece = &mend->piece;

	piece->begin = begin;
	piece->end = end;
	piece->dead = begin >= mend->hole.dead_from;
	piece->first = first_index(mend, begin);
	if (header) {
		piece->previous = header->previous;
		piece->used = header->used - WL_CHUNK_HEADER_BYTES;
	}
}

/* The chunk behind names this place. */
static void read_named(struct wl_mend *mend)
{
	uint64_t begin = mend->hole.right.previous, end = mend->hole.end;
	struct wl_chunk_header header;

	if (has_header(mend, begin, end, &header) &&
	    (begin + header.bytes == end ||
	     (is_boundary(end) && end - begin - header.bytes < WL_CHUNK_BYTES_MAX)))
		place_at(mend, begin, begin + header.bytes, &header);
	else
		place_at(mend, begin,
			 end - begin > WL_CHUNK_BYTES_MAX ? begin + WL_CHUNK_BYTES_MAX : end, NULL);
}

/* Marks and ends of dead ranges are places of chunks; the highest one of this part. */
static void find_pin(struct wl_mend *mend, uint64_t end)
{
	const struct wl_log *tables = mend->config.tables;
	struct wl_mend_piece *piece = &mend->piece;

	if (!tables)
		return;
	for (uint32_t at = tables->mark_count; at-- > 1;) {
		const struct wl_log_mark *mark = wl_log_mark_entry(tables, at);
		uint64_t begin = mark->offset - WL_CHUNK_HEADER_BYTES;

		if (begin < piece->floor)
			break;
		if (begin >= end || mark->index >= mend->hole.right.index)
			continue;
		piece->floor = begin;
		piece->first = mark->index;
		break;
	}
	for (uint32_t at = tables->dead_count; at-- > 0;) {
		const struct wl_log_dead_range *dead = wl_log_dead_entry(tables, at);

		if (dead->end <= piece->floor)
			break;
		if (dead->end >= end)
			continue;
		piece->floor = dead->end;
		piece->first = 0;
		break;
	}
}

/* The nearest chunk whose header is whole: it ends here, or limits what is built here. */
static void read_part(struct wl_mend *mend)
{
	uint64_t begin = mend->piece.floor, end = mend->hole.end;
	struct wl_chunk_header header;

	for (uint64_t at = end; at > begin;) {
		at -= WL_BLOCK_BYTES;
		if (!has_header(mend, at, end, &header))
			continue;
		if (ends_at(mend, at + header.bytes, end)) {
			place_at(mend, at, at + header.bytes, &header);
			return;
		}
		mend->piece.floor = at + header.bytes;
		break;
	}
	find_pin(mend, end);
	if (mend->hole.dead_from > mend->piece.floor && mend->hole.dead_from < end)
		mend->piece.floor = mend->hole.dead_from;
	mend->piece.dead = mend->piece.floor >= mend->hole.dead_from;
}

void wl_mend_read_place(struct wl_mend *mend)
{
	mend->piece = (struct wl_mend_piece){
		.end = mend->hole.end,
		.floor = floor_of(mend, mend->hole.end),
		.previous = WL_SURVEY_ANY,
	};
	if (is_named(mend))
		read_named(mend);
	else
		read_part(mend);
	mend->phase = WL_MEND_JOINS;
}

/* ---- a chunk has its place ---------------------------------------------------------------------- */

static uint64_t begin_of(const struct wl_mend *mend)
{
	const struct wl_mend_piece *piece = &mend->piece;
	uint64_t room = piece->end - piece->floor;

	if (piece->begin != 0)
		return piece->begin;
	if (room <= WL_CHUNK_BYTES_MAX)
		return piece->floor;
	if (wl_layout_used(&mend->layout) == 0)
		return piece->end - WL_CHUNK_BYTES_MAX;
	return piece->end - wl_layout_blocks(&mend->layout, 0);
}

bool wl_mend_close(struct wl_mend *mend)
{
	struct wl_mend_piece *piece = &mend->piece;
	struct wl_survey_hole *hole = &mend->hole;
	uint64_t begin = begin_of(mend);

	if (piece->end < hole->end) {
		uint64_t end = hole->end;

		if (end - piece->end >= WL_CHUNK_BYTES_MAX || !is_boundary(end))
			return wl_mend_refuse(mend, begin, end, false);
		hole->end = piece->end;
		return zero_then(mend, piece->end, end, WL_MEND_CLOSES);
	}
	if (mend->layout.waits) {
		const struct wl_layout_chunk *chunk = wl_layout_finish(&mend->layout, begin);

		return wl_mend_write(mend, chunk->begin, chunk->bytes,
				     (uint32_t)(chunk->end - chunk->begin), WL_MEND_CLOSES);
	}
	if (wl_layout_used(&mend->layout) != 0 && piece->used != wl_layout_used(&mend->layout) &&
	    (piece->begin == 0 || (piece->first == 0 && begin != hole->begin)))
		mend->moved = true;
	wl_layout_close(&mend->layout, begin, piece->end);
	hole->end = begin;
	hole->right.previous = piece->previous;
	mend->phase = WL_MEND_PLANS;
	return true;
}
