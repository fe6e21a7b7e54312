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

	WL_CHECK(end > mend->hole.begin);
	if (boundary % mend->config.log.segment_bytes == 0)
		boundary += WL_BLOCK_BYTES;
	if (boundary < mend->hole.begin)
		boundary = mend->hole.begin;
	WL_CHECK(boundary < end);
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
	WL_CHECK(begin < end);
	WL_CHECK(begin >= mend->hole.begin && end <= mend->hole_end); /* only a hole is written */
	mend->zero_at = begin;
	mend->zero_end = end;
	mend->behind = behind;
	mend->phase = WL_MEND_ZEROES;
	return true;
}

static uint64_t chunk_of(const struct wl_log_mark *mark)
{
	return mark->offset - WL_CHUNK_HEADER_BYTES;
}

/* How many marks stand before `end`. */
static uint32_t marks_before(const struct wl_log *tables, uint64_t end)
{
	uint32_t low = 0, high = tables->mark_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (chunk_of(wl_log_mark_entry(tables, middle)) < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t dead_before(const struct wl_log *tables, uint64_t end)
{
	uint32_t low = 0, high = tables->dead_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (wl_log_dead_entry(tables, middle)->end < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Marks and ends of dead ranges are places of chunks: the highest one of this part. The first mark may stand in the middle of its chunk. */
static void find_pin(struct wl_mend *mend, uint64_t end)
{
	const struct wl_log *tables = mend->config.tables;
	struct wl_mend_piece *piece = &mend->piece;
	uint32_t at;

	if (!tables)
		return;
	at = marks_before(tables, end);
	while (at > 1 && wl_log_mark_entry(tables, at - 1)->index >= mend->hole.right.index)
		at--;
	if (at > 1 && chunk_of(wl_log_mark_entry(tables, at - 1)) >= piece->floor) {
		piece->floor = chunk_of(wl_log_mark_entry(tables, at - 1));
		piece->first = wl_log_mark_entry(tables, at - 1)->index;
		piece->first_chain = 0;
	}
	at = dead_before(tables, end);
	if (at > 0 && wl_log_dead_entry(tables, at - 1)->end > piece->floor) {
		piece->floor = wl_log_dead_entry(tables, at - 1)->end;
		piece->first = 0;
	}
	WL_CHECK(piece->floor < end);
}

/* Nothing is missing any more: what is left is filled. */
static bool plan_filler(struct wl_mend *mend)
{
	struct wl_survey_hole *hole = &mend->hole;
	uint64_t floor = floor_of(mend, hole->end), begin;

	WL_CHECK(mend->joined);
	mend->piece = (struct wl_mend_piece){
		.end = hole->end,
		.floor = floor,
		.previous = WL_SURVEY_ANY,
		.dead = true,
	};
	find_pin(mend, hole->end);
	begin = mend->piece.floor;
	if (is_gap(mend) && begin == hole->begin) {
		uint64_t end = hole->end;

		hole->end = hole->begin;
		return zero_then(mend, hole->begin, end, WL_MEND_ENDS_HOLE);
	}
	if (hole->end - begin > WL_CHUNK_BYTES_MAX)
		begin = hole->end - WL_CHUNK_BYTES_MAX;
	if (is_named(mend))
		begin = hole->right.previous;
	mend->piece.begin = begin;
	if (mend->piece.end - begin > WL_CHUNK_BYTES_MAX)
		mend->piece.end = begin + WL_CHUNK_BYTES_MAX;
	mend->phase = WL_MEND_CLOSES;
	return true;
}

bool wl_mend_plan(struct wl_mend *mend)
{
	struct wl_survey_hole *hole = &mend->hole;
	uint64_t end = hole->end, floor;

	WL_CHECK(hole->kind == WL_SURVEY_HOLE_CHUNKS);
	WL_CHECK(end >= hole->begin);
	WL_CHECK(end <= mend->hole_end);
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

/* The headers of its entries lead to the one that is wanted next: it is the chunk before what was built. */
static bool ends_with_wanted(const struct wl_mend *mend, const struct wl_chunk_header *chunk)
{
	uint64_t at = chunk->offset + WL_CHUNK_HEADER_BYTES, end = chunk->offset + chunk->used;
	struct wl_entry_header header = {.index = 0};
	uint64_t chain = 0;

	if (wl_fill_is_bad(&mend->fill, chunk->offset, chunk->bytes))
		return false;
	for (; at < end; at += wl_entry_bytes(&header)) {
		const uint8_t *image = wl_fill_at(&mend->fill, at);

		if (wl_entry_decode_header(image, end - at, &header) != WL_ENTRY_OK ||
		    wl_entry_bytes(&header) > end - at)
			return false;
		chain = wl_entry_chain(image);
	}
	return header.index == mend->hole.right.index - 1 &&
	       chain == mend->hole.right.previous_chain;
}

/*
 * It ends there, or the place behind it was skipped. Zeros alone do not say that: chunks may have been there that were lost.
 */
static bool ends_at(const struct wl_mend *mend, const struct wl_chunk_header *chunk, uint64_t end)
{
	uint64_t offset = chunk->offset + chunk->bytes;

	return offset == end || (is_boundary(end) && end - offset < WL_CHUNK_BYTES_MAX &&
				 ends_with_wanted(mend, chunk));
}

static uint64_t first_index(const struct wl_mend *mend, uint64_t begin, uint64_t *chain)
{
	const uint8_t *from = wl_fill_at(&mend->fill, begin) + WL_CHUNK_HEADER_BYTES;
	struct wl_entry_header header;

	if (wl_fill_is_bad(&mend->fill, begin, WL_BLOCK_BYTES) ||
	    wl_entry_decode_header(from, WL_BLOCK_BYTES - WL_CHUNK_HEADER_BYTES, &header) !=
		    WL_ENTRY_OK ||
	    header.cluster != mend->config.log.cluster ||
	    header.journal != mend->config.log.journal || header.index >= mend->hole.right.index)
		return 0;
	*chain = wl_entry_chain(from);
	return header.index;
}

static void place_at(struct wl_mend *mend, uint64_t begin, uint64_t end,
		     const struct wl_chunk_header *header)
{
	struct wl_mend_piece *piece = &mend->piece;

	WL_CHECK(begin < end);
	WL_CHECK(begin >= mend->hole.begin && end <= mend->hole.end);
	WL_CHECK(end - begin <= WL_CHUNK_BYTES_MAX);
	WL_CHECK(!header || header->offset == begin);
	piece->begin = begin;
	piece->end = end;
	piece->dead = begin >= mend->hole.dead_from;
	piece->first = first_index(mend, begin, &piece->first_chain);
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

/* The nearest chunk whose header is whole: it ends here, or limits what is built here. */
static void read_part(struct wl_mend *mend)
{
	uint64_t begin = mend->piece.floor, end = mend->hole.end;
	struct wl_chunk_header header;

	for (uint64_t at = end; at > begin;) {
		at -= WL_BLOCK_BYTES;
		if (!has_header(mend, at, end, &header))
			continue;
		if (ends_at(mend, &header, end)) {
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
	WL_CHECK(mend->phase == WL_MEND_READS_PLACE);
	mend->piece = (struct wl_mend_piece){
		.end = mend->hole.end,
		.floor = floor_of(mend, mend->hole.end),
		.previous = WL_SURVEY_ANY,
	};
	if (is_named(mend))
		read_named(mend);
	else
		read_part(mend);
	WL_CHECK(mend->piece.floor >= mend->hole.begin);
	WL_CHECK(mend->piece.floor < mend->piece.end);
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

	WL_CHECK(begin < piece->end);
	WL_CHECK(begin >= hole->begin && piece->end <= hole->end); /* only a hole is written */
	WL_CHECK(piece->begin != 0 || begin >= piece->floor);
	WL_CHECK(piece->previous >= WL_SURVEY_ANY || piece->previous < begin);
	if (piece->end < hole->end) {
		uint64_t end = hole->end;

		if (end - piece->end >= WL_CHUNK_BYTES_MAX || !is_boundary(end))
			return wl_mend_refuse(mend, begin, end, false);
		hole->end = piece->end;
		return zero_then(mend, piece->end, end, WL_MEND_CLOSES);
	}
	if (mend->layout.waits)
		return wl_mend_write_waiting(mend, begin, WL_MEND_CLOSES);
	/* As it was, or with its header lost: then it is no chunk before all of it has come. */
	mend->rough = piece->begin == 0 || wl_layout_used(&mend->layout) == 0 ||
		      (piece->used != 0 && piece->used != wl_layout_used(&mend->layout));
	if (wl_layout_used(&mend->layout) != 0 && piece->used != wl_layout_used(&mend->layout) &&
	    (piece->begin == 0 || (piece->first == 0 && begin != hole->begin)))
		mend->moved = true;
	wl_layout_close(&mend->layout, begin, piece->end);
	hole->end = begin;
	hole->right.previous = piece->previous;
	mend->phase = WL_MEND_PLANS;
	return true;
}
