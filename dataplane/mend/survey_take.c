/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole chunks. The first entry of one says where the log stands: it follows what was taken last; or it supersedes some of it; or it is
 * the right edge of what is missing before it. Holes whose right edge has no lower index than it are dead, with all behind them: they
 * become one hole that ends here.
 */
#include <string.h>

#include "dataplane/mend/survey_internal.h"

void wl_survey_keep_chain(struct wl_survey *survey, uint64_t index, uint64_t term, uint64_t chain)
{
	survey->chains[index % WL_SURVEY_CHAINS_MAX] = (struct wl_survey_chain){index, term, chain};
}

const struct wl_survey_chain *wl_survey_find_chain(const struct wl_survey *survey, uint64_t index)
{
	const struct wl_survey_chain *chain = &survey->chains[index % WL_SURVEY_CHAINS_MAX];

	return chain->index == index ? chain : NULL;
}

static void refuse_chunk(struct wl_survey *survey, const struct wl_chunk_header *chunk)
{
	wl_survey_refuse(survey, WL_DAMAGE_CHAIN, chunk->offset, chunk->offset + chunk->bytes);
}

/* The log has the entry that this one follows: nothing is missing between the hole's left edge and its right one. */
static bool has_predecessor(const struct wl_survey *survey, const struct wl_survey_place *left,
			    const struct wl_entry_header *header)
{
	const struct wl_survey_chain *chain;

	if (header->index - 1 > left->position.index)
		return false;
	if (header->index - 1 == left->position.index)
		return header->previous_chain == left->chain;
	chain = wl_survey_find_chain(survey, header->index - 1);
	return chain && chain->chain == header->previous_chain;
}

static void stand_before(struct wl_survey *survey, const struct wl_entry_header *header)
{
	WL_CHECK(header->index != 0);
	survey->now.position = (struct wl_position){header->previous_term, header->index - 1};
	survey->now.chain = header->previous_chain;
	survey->now.next_number = header->first_number;
	survey->now.holds = false;
}

static void set_edge(struct wl_survey *survey, struct wl_survey_hole *hole, uint64_t previous,
		     const struct wl_entry_header *header)
{
	WL_CHECK(hole->kind == WL_SURVEY_HOLE_CHUNKS);
	hole->right = (struct wl_survey_edge){header->index, header->previous_chain, previous};
	hole->joined = has_predecessor(survey, &hole->left, header);
	hole->at_end = false;
	survey->edge_open = false;
}

/* The oldest hole that the entry supersedes the right edge of; NULL: none. */
static struct wl_survey_hole *find_superseded(struct wl_survey *survey, uint64_t index)
{
	for (uint32_t at = 0; at < survey->hole_count; at++) {
		struct wl_survey_hole *hole = &survey->holes[at];

		if (hole->kind == WL_SURVEY_HOLE_CHUNKS && hole->right.index >= index)
			return hole;
	}
	return NULL;
}

/* All from that hole on is dead up to this chunk. */
static void merge_from(struct wl_survey *survey, struct wl_survey_hole *hole,
		       const struct wl_chunk_header *chunk, const struct wl_entry_header *header)
{
	bool alone = hole == wl_survey_last_chunks(survey);

	WL_CHECK(hole->end <= chunk->offset);
	WL_CHECK((uint32_t)(hole - survey->holes) < survey->hole_count);
	if (!alone)
		hole->dead_from = chunk->offset;
	hole->buries = true;
	hole->end = chunk->offset;
	survey->hole_count = (uint32_t)(hole - survey->holes) + 1;
	set_edge(survey, hole, chunk->previous, header);
	stand_before(survey, header);
}

/* Of one that was let go: it is found again, and reaches up to here. */
static bool supersedes_let_go(struct wl_survey *survey, const struct wl_entry_header *header)
{
	if (survey->holes_let_go == 0 || header->index > survey->let_go_index)
		return false;
	survey->hole_count = 0;
	survey->edge_open = false;
	stand_before(survey, header);
	return true;
}

/*
 * An entry whose index was seen before, or the first one behind a hole. Legal where it leaves a past that the log has, and that was never
 * committed; where that past is in a hole the hole's entries will show it.
 */
static bool supersede(struct wl_survey *survey, const struct wl_chunk_header *chunk,
		      const struct wl_entry_header *header, uint64_t own_chain)
{
	struct wl_survey_hole *hole;
	const struct wl_survey_chain *chain, *dead;

	if (header->index <= survey->now.commit)
		return false;
	if (supersedes_let_go(survey, header))
		return true;
	hole = find_superseded(survey, header->index);
	if (hole) {
		merge_from(survey, hole, chunk, header);
		return true;
	}
	chain = wl_survey_find_chain(survey, header->index - 1);
	if (!chain || chain->chain != header->previous_chain ||
	    chain->term != header->previous_term)
		return false;
	/* With the same term it is the very same entry, brought back. */
	dead = wl_survey_find_chain(survey, header->index);
	if (dead && dead->term == header->term && dead->chain != own_chain)
		return false;
	stand_before(survey, header);
	return true;
}

static bool open_edge(struct wl_survey *survey, const struct wl_chunk_header *chunk,
		      const struct wl_entry_header *header)
{
	struct wl_survey_hole *hole = wl_survey_last_chunks(survey), *older;

	if (!hole ||
	    header->index <= survey->now.commit) /* none: the table was full, and let it go */
		return false;
	if (supersedes_let_go(survey, header))
		return true;
	hole->right.index = UINT64_MAX;
	older = find_superseded(survey, header->index);
	if (older != hole) {
		/* Chunks without entries may stand between it and this chunk. */
		merge_from(survey, older, chunk, header);
		return true;
	}
	set_edge(survey, hole, hole->right.previous, header);
	stand_before(survey, header);
	return true;
}

static bool continues(const struct wl_survey *survey, const struct wl_entry_header *header)
{
	const struct wl_survey_place *now = &survey->now;

	return header->index == now->position.index + 1 && header->term != 0 &&
	       header->term >= now->position.term && header->previous_term == now->position.term &&
	       header->previous_chain == now->chain &&
	       (now->next_number == 0 || wl_entry_number_follows(header, now->next_number)) &&
	       header->commit < header->index;
}

/* Of the chunk at which the log begins in its middle: what stands before the beginning. */
static bool pass_held(struct wl_survey *survey, const struct wl_entry_header *header,
		      uint64_t chain)
{
	const struct wl_survey_place *now = &survey->now;
	const struct wl_survey_chain *before = wl_survey_find_chain(survey, header->index - 1);

	if (before && before->chain != header->previous_chain)
		return false;
	wl_survey_keep_chain(survey, header->index, header->term, chain);
	return header->index != now->position.index ||
	       (header->term == now->position.term && chain == now->chain);
}

static bool take_entry(struct wl_survey *survey, const struct wl_chunk_header *chunk,
		       uint64_t offset, uint32_t *bytes)
{
	const uint8_t *image = wl_survey_bytes(survey, offset);
	bool first = offset == chunk->offset + WL_CHUNK_HEADER_BYTES;
	struct wl_entry_header header;
	uint64_t chain;

	if (wl_entry_decode(image, chunk->offset + chunk->used - offset, &header) != WL_ENTRY_OK ||
	    !wl_survey_is_ours(survey, &header))
		return false;
	*bytes = (uint32_t)wl_entry_bytes(&header);
	chain = wl_entry_chain(image);
	wl_survey_note_seen(survey, chunk->offset, header.index);
	if (survey->now.holds && chunk->offset == survey->config.from.offset &&
	    header.index <= survey->now.position.index)
		return pass_held(survey, &header, chain);
	survey->now.holds = false;
	if (survey->edge_open) {
		if (!first || !open_edge(survey, chunk, &header))
			return false;
	} else if (header.index <= survey->now.position.index) {
		if (!first || !supersede(survey, chunk, &header, chain))
			return false;
	}
	if (!continues(survey, &header))
		return false;
	survey->now.position = (struct wl_position){header.term, header.index};
	survey->now.chain = chain;
	survey->now.next_number = header.first_number + header.data_count;
	wl_survey_keep_chain(survey, header.index, header.term, chain);
	if (header.commit > survey->now.commit)
		survey->now.commit = header.commit;
	return true;
}

/* Between the newest chunk and this one nothing is missing, and zeros belong there. */
static void note_dirty_gap(struct wl_survey *survey, const struct wl_chunk_header *chunk)
{
	uint64_t end = chunk->offset;

	if (end % survey->config.log.segment_bytes == WL_BLOCK_BYTES)
		end -= WL_BLOCK_BYTES;
	if (survey->spot.remains_begin < end && survey->now.offset < end)
		wl_survey_add_hole(survey, WL_SURVEY_HOLE_BLANK, survey->now.offset, end)->damage =
			WL_DAMAGE_ROT;
}

static void note_hole(struct wl_survey *survey, const struct wl_chunk_header *chunk)
{
	struct wl_survey_hole *hole;

	if (survey->edge_open) {
		/* Chunks without entries stood before this one; now one is missing: it is one hole. */
		hole = wl_survey_last_chunks(survey);
		if (hole) {
			hole->end = hole->dead_from = chunk->offset;
			hole->right.previous = chunk->previous;
		}
		return;
	}
	hole = wl_survey_add_hole(survey, WL_SURVEY_HOLE_CHUNKS, survey->now.offset, chunk->offset);
	hole->left = survey->now;
	hole->look = survey->astray ? WL_SURVEY_LOOK_MISPLACED : survey->spot.look;
	hole->right.previous = chunk->previous;
	survey->edge_open = true;
}

void wl_survey_take(struct wl_survey *survey, const struct wl_chunk_header *chunk)
{
	uint64_t offset = chunk->offset + WL_CHUNK_HEADER_BYTES;
	uint32_t bytes = 0;
	bool near = wl_survey_may_follow(survey, survey->now.offset, chunk->offset);

	WL_CHECK(chunk->offset == survey->at);
	WL_CHECK(chunk->offset >= survey->now.offset);
	if (near && wl_survey_follows(survey, chunk))
		note_dirty_gap(survey, chunk);
	else
		note_hole(survey, chunk);
	while (offset < chunk->offset + chunk->used && take_entry(survey, chunk, offset, &bytes))
		offset += bytes;
	if (offset < chunk->offset + chunk->used) {
		refuse_chunk(survey, chunk);
		return;
	}
	WL_CHECK(offset == chunk->offset + chunk->used);
	survey->now.offset = chunk->offset + chunk->bytes;
	survey->now.previous = chunk->offset;
	survey->now.holds = false;
	survey->at = survey->now.offset;
	survey->in_doubt = false;
	survey->astray = false;
	survey->soft_known = false;
	survey->soft_spot.offset = 0;
	survey->unreadable_begin = WL_SURVEY_NOWHERE;
	survey->unreadable_end = 0;
	wl_survey_begin_spot(&survey->spot, survey->now.offset);
}
