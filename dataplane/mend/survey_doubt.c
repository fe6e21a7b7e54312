/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands where the next chunk should, or between there and the next whole one. Two places are judged: the end of the good part
 * (`spot`), and the end of the newest damaged chunk whose header is whole (`soft_spot`): if that one's entries have whole headers, the
 * log is known to go on to there, whatever their bodies look like.
 */
#include "dataplane/mend/salvage.h"
#include "dataplane/mend/survey_internal.h"

static void note_look(const struct wl_survey *survey, struct wl_survey_spot *spot,
		      enum wl_survey_look look)
{
	if (spot->remains_begin == WL_SURVEY_NOWHERE &&
	    wl_survey_may_follow(survey, spot->offset, survey->at))
		spot->look = look;
}

static void note_remains(const struct wl_survey *survey, struct wl_survey_spot *spot,
			 uint64_t bytes)
{
	if (spot->remains_begin == WL_SURVEY_NOWHERE)
		spot->remains_begin = survey->at;
	spot->remains_end = survey->at + bytes;
	WL_CHECK(spot->remains_begin < spot->remains_end);
}

static bool has_soft_spot(const struct wl_survey *survey)
{
	return survey->soft_spot.offset != 0;
}

static void pass(struct wl_survey *survey, enum wl_survey_look seen, uint64_t bytes)
{
	WL_CHECK(bytes != 0 && bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK(survey->at >= survey->now.offset);
	note_look(survey, &survey->spot, seen);
	note_remains(survey, &survey->spot, bytes);
	if (has_soft_spot(survey)) {
		note_look(survey, &survey->soft_spot, seen);
		note_remains(survey, &survey->soft_spot, bytes);
	}
	survey->in_doubt = true;
	survey->at += bytes;
}

static void note_unreadable(struct wl_survey *survey, uint64_t bytes)
{
	if (survey->unreadable_begin == WL_SURVEY_NOWHERE)
		survey->unreadable_begin = survey->at;
	survey->unreadable_end = survey->at + bytes;
	WL_CHECK(survey->unreadable_begin < survey->unreadable_end);
}

void wl_survey_pass_bad(struct wl_survey *survey)
{
	note_unreadable(survey, WL_BLOCK_BYTES);
	pass(survey, survey->fill.absent ? WL_SURVEY_LOOK_ABSENT : WL_SURVEY_LOOK_UNREADABLE,
	     WL_BLOCK_BYTES);
}

/* Headers of entries in bytes that are no chunk. */
static void note_entries(struct wl_survey *survey)
{
	const uint8_t *from = wl_survey_bytes(survey, survey->at);
	uint64_t left = survey->fill.offset + survey->fill.bytes - survey->at;
	struct wl_entry_header header;

	WL_CHECK(left >= WL_BLOCK_BYTES);
	for (uint32_t at = 0; at < WL_BLOCK_BYTES && at + WL_ENTRY_HEADER_BYTES <= left; at += 8)
		if (wl_load_u32(from + at) == WL_ENTRY_MAGIC &&
		    wl_entry_decode_header(from + at, left - at, &header) == WL_ENTRY_OK &&
		    wl_survey_is_ours(survey, &header))
			wl_survey_note_seen(survey, survey->at, header.index);
}

void wl_survey_pass_bytes(struct wl_survey *survey)
{
	const uint8_t *from = wl_survey_bytes(survey, survey->at);

	if (wl_chunk_is_zero(from, WL_BLOCK_BYTES)) {
		survey->in_doubt = true;
		survey->at += WL_BLOCK_BYTES;
		return;
	}
	note_entries(survey);
	pass(survey,
	     wl_chunk_is_zero(from, WL_SECTOR_BYTES) ? WL_SURVEY_LOOK_TORN : WL_SURVEY_LOOK_ROTTEN,
	     WL_BLOCK_BYTES);
}

void wl_survey_pass_stray(struct wl_survey *survey, const struct wl_chunk_header *header,
			  bool has_tag)
{
	/* The next chunk, somewhere else: the place that is named is the one where it is missing. */
	if (has_tag && survey->at != survey->now.offset && wl_survey_follows(survey, header) &&
	    wl_survey_may_follow(survey, survey->now.offset, header->offset)) {
		uint64_t segment_bytes = survey->config.log.segment_bytes;
		uint64_t left = segment_bytes - survey->at % segment_bytes;

		if (header->bytes <= left &&
		    survey->at + header->bytes <= wl_survey_stream_end(survey)) {
			if (!wl_survey_has(survey, survey->at, header->bytes))
				return;
			survey->astray |=
				wl_chunk_body_is_whole(wl_survey_bytes(survey, survey->at), header);
		}
	}
	note_entries(survey);
	pass(survey, WL_SURVEY_LOOK_MISPLACED, WL_BLOCK_BYTES);
}

void wl_survey_pass_remains(struct wl_survey *survey, uint64_t bytes)
{
	pass(survey, WL_SURVEY_LOOK_ROTTEN, bytes);
}

/* All headers of its entries are whole and continue one another, up to what it calls used. */
static bool knows_its_entries(const struct wl_survey *survey, const struct wl_chunk_header *chunk,
			      struct wl_survey_place *last)
{
	uint64_t offset = chunk->offset + WL_CHUNK_HEADER_BYTES, end = chunk->offset + chunk->used;
	struct wl_entry_header header;

	WL_CHECK(chunk->used <= chunk->bytes);
	*last = (struct wl_survey_place){
		.offset = chunk->offset + chunk->bytes,
		.previous = chunk->offset,
	};
	while (offset < end) {
		const uint8_t *image = wl_survey_bytes(survey, offset);

		if (wl_survey_is_bad(
			    survey, offset,
			    end - offset < WL_ENTRY_HEADER_BYTES ? 1 : WL_ENTRY_HEADER_BYTES) ||
		    wl_entry_decode_header(image, end - offset, &header) != WL_ENTRY_OK ||
		    !wl_survey_is_ours(survey, &header) || wl_entry_bytes(&header) > end - offset)
			return false;
		if (last->position.index != 0 && (header.index != last->position.index + 1 ||
						  header.previous_chain != last->chain))
			return false;
		last->position = (struct wl_position){header.term, header.index};
		last->chain = wl_entry_chain(image);
		last->next_number = header.first_number + header.data_count;
		if (header.commit > last->commit)
			last->commit = header.commit;
		offset += wl_entry_bytes(&header);
	}
	return last->position.index != 0;
}

static void note_salvage(struct wl_survey *survey, const struct wl_chunk_header *chunk)
{
	struct wl_salvage salvage;
	struct wl_salvage_entry entry;

	wl_salvage_init(&salvage, &survey->config.log, chunk->offset, chunk->offset + chunk->bytes);
	wl_salvage_give(&salvage, wl_survey_bytes(survey, chunk->offset), chunk->offset,
			chunk->bytes);
	while (wl_salvage_next(&salvage, &entry) == WL_SALVAGE_ENTRY)
		wl_survey_note_seen(survey, chunk->offset, entry.header.index);
}

static enum wl_survey_look look_of(const struct wl_survey *survey,
				   const struct wl_chunk_header *chunk)
{
	const uint8_t *from = wl_survey_bytes(survey, chunk->offset);

	if (wl_survey_is_bad(survey, chunk->offset, chunk->bytes))
		return WL_SURVEY_LOOK_UNREADABLE;
	return wl_chunk_zero_sectors(from, chunk->bytes) > chunk->zero_sectors
		       ? WL_SURVEY_LOOK_TORN
		       : WL_SURVEY_LOOK_ROTTEN;
}

void wl_survey_pass_damaged(struct wl_survey *survey, const struct wl_chunk_header *header,
			    bool has_tag)
{
	enum wl_survey_look look = look_of(survey, header);
	uint64_t end = survey->at + header->bytes;
	struct wl_survey_place last;
	bool keeps;

	WL_CHECK(header->offset == survey->at);
	WL_CHECK(end <= wl_survey_stream_end(survey));
	if (look == WL_SURVEY_LOOK_UNREADABLE)
		note_unreadable(survey, has_tag ? header->bytes : WL_BLOCK_BYTES);
	note_salvage(survey, header);
	/* A torn chunk behind one that is known was in flight: it is no part of the log, and what is known stays so. */
	keeps = survey->soft_known && look == WL_SURVEY_LOOK_TORN &&
		survey->watermark <= survey->soft_spot.offset;
	pass(survey, look, has_tag ? header->bytes : WL_BLOCK_BYTES);
	if (!has_tag || keeps)
		return;
	survey->soft_known = knows_its_entries(survey, header, &last);
	survey->soft = last;
	wl_survey_begin_spot(&survey->soft_spot, end);
}
