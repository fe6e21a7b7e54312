/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk: block by block where nothing is known, chunk by chunk where all is well.
 *
 *   at a segment's header   ours, damaged (noted, passed), foreign or of another number (refused)
 *   next chunk, whole       taken (survey_take.c)
 *   anything else           IN DOUBT: looked at and passed (survey_doubt.c), until a whole chunk of ours stands there
 *   at the end              judged (survey_end.c)
 */
#include "dataplane/mend/survey.h"

#include <string.h>

#include "dataplane/mend/survey_internal.h"

/* A survey in memory of zeros is empty, of chains too: no entry has index 0. */
size_t wl_survey_memory_bytes(void)
{
	return WL_SURVEY_STRIPES_MAX * sizeof(struct wl_survey_stripe) +
	       WL_SURVEY_CHAINS_MAX * sizeof(struct wl_survey_chain);
}

void wl_survey_refuse(struct wl_survey *survey, enum wl_recovery_damage_kind kind, uint64_t begin,
		      uint64_t end)
{
	WL_CHECK(begin < end);
	WL_CHECK(survey->state == 0);
	survey->state = WL_SURVEY_REFUSED;
	survey->damage = (struct wl_recovery_damage){
		.kind = kind,
		.begin = begin,
		.end = end,
		.last_good_index = survey->now.position.index,
	};
}

void wl_survey_begin_spot(struct wl_survey_spot *spot, uint64_t offset)
{
	*spot = (struct wl_survey_spot){
		.offset = offset,
		.remains_begin = WL_SURVEY_NOWHERE,
		.look = WL_SURVEY_LOOK_EMPTY,
	};
}

static void forget_stripes(struct wl_survey *survey)
{
	for (uint32_t at = 0; at < WL_SURVEY_STRIPES_MAX; at++)
		survey->stripes[at] = (struct wl_survey_stripe){UINT64_MAX, 0};
}

/* Of what lies before a stream's beginning nothing is known to be durable; the segment that it begins in may not be made yet. */
static uint64_t watermark_of(const struct wl_survey_config *config)
{
	const struct wl_survey_place *from = &config->from;
	uint64_t begin = from->previous == WL_CHUNK_NONE && from->offset > WL_BLOCK_BYTES
				 ? from->offset
				 : WL_BLOCK_BYTES;

	return config->watermark > begin ? config->watermark : 0;
}

static void begin(struct wl_survey *survey)
{
	uint64_t in_segment = survey->now.offset % survey->config.log.segment_bytes;

	survey->at = survey->now.offset - in_segment;
	wl_survey_begin_spot(&survey->spot, survey->now.offset);
	wl_survey_keep_chain(survey, survey->now.position.index, survey->now.position.term,
			     survey->now.chain);
	/* All before the limit was durable: its owner says so. */
	if (survey->config.limit != UINT64_MAX && survey->watermark < survey->config.limit)
		survey->watermark = survey->config.limit;
	if (survey->at >= wl_survey_stream_end(survey)) {
		wl_survey_finish(survey);
		return;
	}
	wl_survey_has(survey, survey->at, WL_BLOCK_BYTES);
}

void wl_survey_init(struct wl_survey *survey, const struct wl_survey_config *config)
{
	const struct wl_log_config *log = &config->log;

	WL_CHECK(config->window_bytes >= WL_SURVEY_WINDOW_BYTES_MIN);
	WL_CHECK((uintptr_t)config->window % WL_BLOCK_BYTES == 0);
	WL_CHECK((uintptr_t)config->memory % 64 == 0);
	WL_CHECK(log->segment_bytes % WL_SURVEY_BOUNDARY_BYTES == 0);
	memset(survey, 0, sizeof(*survey));
	survey->config = *config;
	survey->binding = wl_chunk_binding(log->cluster, log->node, log->journal);
	survey->stripes = config->memory;
	survey->chains = (struct wl_survey_chain *)(survey->stripes + WL_SURVEY_STRIPES_MAX);
	memset(survey->chains, 0, WL_SURVEY_CHAINS_MAX * sizeof(survey->chains[0]));
	forget_stripes(survey);
	survey->stripe_bytes = WL_SURVEY_STRIPE_BYTES;
	survey->fill.window = config->window;
	survey->now = config->from;
	survey->watermark = watermark_of(config);
	survey->unreadable_begin = WL_SURVEY_NOWHERE;
	begin(survey);
}

bool wl_survey_may_follow(const struct wl_survey *survey, uint64_t from, uint64_t at)
{
	uint64_t segment_bytes = survey->config.log.segment_bytes;
	uint64_t boundary = wl_align_up(from + 1, WL_SURVEY_BOUNDARY_BYTES);

	if (from % segment_bytes == 0)
		return at == from + WL_BLOCK_BYTES;
	if (at == from)
		return true;
	if (boundary - from >= WL_CHUNK_BYTES_MAX)
		return false;
	if (boundary % segment_bytes == 0)
		boundary += WL_BLOCK_BYTES;
	return at == boundary;
}

static bool crosses_boundary(const struct wl_chunk_header *header, uint64_t at)
{
	return at / WL_SURVEY_BOUNDARY_BYTES != (at + header->bytes - 1) / WL_SURVEY_BOUNDARY_BYTES;
}

bool wl_survey_is_ours(const struct wl_survey *survey, const struct wl_entry_header *header)
{
	return header->cluster == survey->config.log.cluster &&
	       header->journal == survey->config.log.journal && header->index != 0;
}

/* Two neighbours become one. */
static void widen_stripes(struct wl_survey *survey)
{
	survey->stripe_bytes *= 2;
	for (uint32_t at = 0; at < WL_SURVEY_STRIPES_MAX; at++) {
		struct wl_survey_stripe both = {UINT64_MAX, 0};

		if (at < WL_SURVEY_STRIPES_MAX / 2) {
			const struct wl_survey_stripe *two = &survey->stripes[2 * at];

			both.lowest = two[0].lowest < two[1].lowest ? two[0].lowest : two[1].lowest;
			both.highest = two[0].highest > two[1].highest ? two[0].highest
								       : two[1].highest;
		}
		survey->stripes[at] = both;
	}
}

void wl_survey_note_seen(struct wl_survey *survey, uint64_t offset, uint64_t index)
{
	struct wl_survey_stripe *stripe;
	uint64_t behind = offset - survey->config.from.offset;

	WL_CHECK(offset >= survey->config.from.offset);
	WL_CHECK(index != 0);
	while (behind / survey->stripe_bytes >= WL_SURVEY_STRIPES_MAX)
		widen_stripes(survey);
	stripe = &survey->stripes[behind / survey->stripe_bytes];
	if (index < stripe->lowest)
		stripe->lowest = index;
	if (index > stripe->highest)
		stripe->highest = index;
}

bool wl_survey_where(const struct wl_survey *survey, uint64_t index, uint32_t nth,
		     uint64_t *begin_at, uint64_t *end_at)
{
	for (uint32_t at = WL_SURVEY_STRIPES_MAX; at-- > 0;) {
		const struct wl_survey_stripe *stripe = &survey->stripes[at];

		if (index < stripe->lowest || index > stripe->highest || nth-- != 0)
			continue;
		*begin_at = survey->config.from.offset + at * survey->stripe_bytes;
		/* What begins in it may end behind it. */
		*end_at = *begin_at + survey->stripe_bytes + WL_CHUNK_BYTES_MAX;
		if (*end_at > wl_survey_stream_end(survey))
			*end_at = wl_survey_stream_end(survey);
		return *begin_at < *end_at;
	}
	return false;
}

bool wl_survey_chain_at(const struct wl_survey *survey, uint64_t index, uint64_t *chain)
{
	const struct wl_survey_hole *hole = NULL;
	const struct wl_survey_chain *kept = wl_survey_find_chain(survey, index);

	WL_CHECK(survey->state == WL_SURVEY_DONE);
	for (uint32_t at = 0; at < survey->hole_count; at++)
		if (survey->holes[at].kind == WL_SURVEY_HOLE_CHUNKS)
			hole = &survey->holes[at];
	if (index > survey->tail.position.index || (hole && index + 1 < hole->right.index))
		return false;
	if (hole && index + 1 == hole->right.index)
		*chain = hole->right.previous_chain;
	else if (kept)
		*chain = kept->chain;
	return kept || (hole && index + 1 == hole->right.index);
}

static uint64_t chunk_of(const struct wl_log_mark *mark)
{
	return mark->offset - WL_CHUNK_HEADER_BYTES;
}

void wl_survey_place_before(const struct wl_log *log, uint64_t before,
			    struct wl_survey_place *place)
{
	const struct wl_log_begin *begin = &log->begin;
	const struct wl_log_mark *mark = NULL;
	uint32_t low = 0, high = before != 0 ? log->mark_count : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (chunk_of(wl_log_mark_entry(log, middle)) < before)
			low = middle + 1;
		else
			high = middle;
	}
	*place = (struct wl_survey_place){
		.offset = begin->offset,
		.previous = begin->position.index != 0 ? WL_SURVEY_ANY : WL_CHUNK_NONE,
		.position = begin->position,
		.chain = begin->chain,
		.next_number = begin->next_number,
		.commit = begin->position.index,
		.holds = begin->position.index != 0,
	};
	if (log->installed_index != 0 && log->installed_index == begin->position.index) {
		place->previous = WL_CHUNK_NONE;
		place->holds = false;
	}
	/* The first mark stands where the log begins, and that is known better. */
	if (low < 2)
		return;
	mark = wl_log_mark_entry(log, low - 1);
	place->offset = chunk_of(mark);
	place->previous = WL_SURVEY_ANY;
	place->position.index = mark->index - 1;
	WL_CHECK(wl_log_term_at(log, mark->index - 1, &place->position.term) == WL_LOG_KNOWN);
	place->chain = mark->previous_chain;
	place->next_number = mark->first_number;
	place->holds = false;
}

/* ---- a step ------------------------------------------------------------------------------------- */

static void pass_header(struct wl_survey *survey)
{
	const struct wl_log_config *config = &survey->config.log;
	uint64_t at = survey->at;
	struct wl_segment_header header;
	bool ours = !wl_survey_is_bad(survey, at, WL_BLOCK_BYTES) &&
		    wl_chunk_decode_segment(wl_survey_bytes(survey, at), WL_BLOCK_BYTES, &header);

	WL_CHECK(at % config->segment_bytes == 0);
	if (ours &&
	    (header.binding != survey->binding || header.node != config->node ||
	     header.journal != config->journal || header.segment_bytes != config->segment_bytes)) {
		wl_survey_refuse(survey, WL_DAMAGE_FOREIGN, at, at + WL_BLOCK_BYTES);
		return;
	}
	if (ours && header.number != at / config->segment_bytes) {
		wl_survey_refuse(survey, WL_DAMAGE_MISDIRECTED, at, at + config->segment_bytes);
		return;
	}
	if (!ours)
		wl_survey_add_hole(survey, WL_SURVEY_HOLE_HEADER, at, at + WL_BLOCK_BYTES)->look =
			wl_survey_is_bad(survey, at, WL_BLOCK_BYTES) ? WL_SURVEY_LOOK_UNREADABLE
								     : WL_SURVEY_LOOK_ROTTEN;
	survey->at += WL_BLOCK_BYTES;
	if (survey->at < survey->now.offset)
		survey->at = survey->now.offset;
}

/* Nothing that is not zero stands between the good part and this place, and the next chunk may stand here: no payload does. */
static bool is_open(const struct wl_survey *survey)
{
	return survey->spot.remains_begin == WL_SURVEY_NOWHERE &&
	       wl_survey_may_follow(survey, survey->spot.offset, survey->at);
}

bool wl_survey_follows(const struct wl_survey *survey, const struct wl_chunk_header *header)
{
	/* The first chunk: it follows whatever stood before the walk. */
	if (survey->now.previous == WL_SURVEY_ANY)
		return header->previous == WL_CHUNK_NONE || header->previous < survey->now.offset;
	return header->previous == survey->now.previous;
}

/* A header of this place. */
static void on_chunk(struct wl_survey *survey, const struct wl_chunk_header *header, bool has_tag)
{
	uint64_t at = survey->at;
	bool near = wl_survey_may_follow(survey, survey->now.offset, at);
	bool whole;

	WL_CHECK(header->offset == at);
	if (!wl_survey_has(survey, at, header->bytes))
		return;
	whole = !wl_survey_is_bad(survey, at, header->bytes) &&
		wl_chunk_body_is_whole(wl_survey_bytes(survey, at), header);
	if (has_tag && header->durable > survey->watermark)
		survey->watermark = header->durable;
	if (!whole)
		wl_survey_pass_damaged(survey, header, has_tag);
	else if (near && wl_survey_follows(survey, header))
		wl_survey_take(survey, header);
	else if (has_tag && header->previous != WL_CHUNK_NONE &&
		 header->previous >= survey->now.offset)
		wl_survey_take(survey, header);
	else if (at == survey->now.offset)
		wl_survey_refuse(survey, WL_DAMAGE_CHAIN, at, at + header->bytes);
	else if (has_tag)
		wl_survey_pass_remains(survey, header->bytes);
	else
		wl_survey_pass_bytes(survey);
}

static void look(struct wl_survey *survey)
{
	const struct wl_log_config *config = &survey->config.log;
	const uint8_t *from = wl_survey_bytes(survey, survey->at);
	struct wl_chunk_header header;
	bool has_tag;

	WL_CHECK(survey->at >= survey->now.offset);
	if (wl_survey_is_bad(survey, survey->at, WL_BLOCK_BYTES)) {
		wl_survey_pass_bad(survey);
		return;
	}
	if (!wl_chunk_decode_header(from, WL_BLOCK_BYTES, &header) ||
	    crosses_boundary(&header, survey->at)) {
		wl_survey_pass_bytes(survey);
		return;
	}
	has_tag = wl_chunk_has_tag(from, config->chunk_key);
	if (header.binding != survey->binding || header.offset != survey->at)
		wl_survey_pass_stray(survey, &header, has_tag && header.binding == survey->binding);
	else if (!has_tag && !is_open(survey))
		wl_survey_pass_bytes(survey);
	else if (survey->at + header.bytes > wl_survey_stream_end(survey))
		wl_survey_pass_bytes(survey); /* who lives has not written its end yet */
	else
		on_chunk(survey, &header, has_tag);
}

/* A hole has a right edge before: fillers behind it, which mending left (layout.h), say nothing of what is missing. */
bool wl_survey_may_stop(const struct wl_survey *survey)
{
	return survey->at >= survey->config.stop && !survey->in_doubt && !survey->edge_open;
}

static void step(struct wl_survey *survey)
{
	uint64_t segment_bytes = survey->config.log.segment_bytes;

	if (survey->at >= wl_survey_stream_end(survey) || wl_survey_may_stop(survey)) {
		wl_survey_finish(survey);
		return;
	}
	if (!wl_survey_has(survey, survey->at, WL_BLOCK_BYTES))
		return;
	if (survey->at % segment_bytes == 0)
		pass_header(survey);
	else
		look(survey);
}

void wl_survey_on_read(struct wl_survey *survey, enum wl_disk_status status)
{
	WL_CHECK(survey->state == WL_SURVEY_WANTS_READ);
	if (!wl_fill_on_read(&survey->fill, status))
		return;
	survey->state = 0;
	while (survey->state == 0)
		step(survey);
}
