/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of holes, and how the log ends. The verdicts are those of recovery (docs/LOG-FORMAT.md): what is not known durable and looks
 * empty or torn was never acknowledged, and the log ends before it; what else stands there is damage.
 */
#include <string.h>

#include "dataplane/mend/survey_internal.h"

struct wl_survey_hole *wl_survey_last_chunks(struct wl_survey *survey)
{
	for (uint32_t at = survey->hole_count; at-- > 0;)
		if (survey->holes[at].kind == WL_SURVEY_HOLE_CHUNKS)
			return &survey->holes[at];
	return NULL;
}

static void let_oldest_go(struct wl_survey *survey)
{
	const struct wl_survey_hole *hole = &survey->holes[0];

	WL_CHECK(survey->hole_count != 0);
	survey->holes_let_go++;
	if (hole->kind == WL_SURVEY_HOLE_CHUNKS)
		survey->let_go_index = hole->right.index;
	survey->hole_count--;
	memmove(survey->holes, survey->holes + 1, survey->hole_count * sizeof(survey->holes[0]));
}

struct wl_survey_hole *wl_survey_add_hole(struct wl_survey *survey, enum wl_survey_hole_kind kind,
					  uint64_t begin, uint64_t end)
{
	uint32_t at;

	WL_CHECK(begin <= end);
	/* The headers of segments that stand inside are written with it. */
	while (kind == WL_SURVEY_HOLE_CHUNKS && survey->hole_count &&
	       survey->holes[survey->hole_count - 1].begin >= begin)
		survey->hole_count--;
	if (survey->hole_count == WL_SURVEY_HOLES_MAX)
		let_oldest_go(survey);
	WL_CHECK(survey->hole_count < WL_SURVEY_HOLES_MAX);
	for (at = survey->hole_count; at > 0 && survey->holes[at - 1].begin > begin; at--)
		survey->holes[at] = survey->holes[at - 1];
	survey->hole_count++;
	survey->holes[at] = (struct wl_survey_hole){
		.kind = kind,
		.damage = kind == WL_SURVEY_HOLE_HEADER ? WL_DAMAGE_SEGMENT_HEADER : WL_DAMAGE_ROT,
		.begin = begin,
		.end = end,
		.dead_from = end,
		.unreadable = survey->unreadable_end > begin,
	};
	return &survey->holes[at];
}

const char *wl_survey_hole_name(enum wl_survey_hole_kind kind)
{
	switch (kind) {
	case WL_SURVEY_HOLE_CHUNKS:
		return "chunks";
	case WL_SURVEY_HOLE_BLANK:
		return "blank";
	case WL_SURVEY_HOLE_HEADER:
		return "segment-header";
	}
	return "unknown";
}

static bool was_in_flight(const struct wl_survey *survey, uint64_t offset, enum wl_survey_look look)
{
	return survey->watermark <= offset &&
	       (look == WL_SURVEY_LOOK_EMPTY || look == WL_SURVEY_LOOK_TORN);
}

static enum wl_recovery_damage_kind name_damage(const struct wl_survey *survey, uint64_t offset,
						enum wl_survey_look look)
{
	bool durable = survey->watermark > offset;

	if (survey->watermark > survey->config.segments * survey->config.log.segment_bytes &&
	    offset >= survey->now.offset)
		return WL_DAMAGE_CUT_SHORT;
	switch (look) {
	case WL_SURVEY_LOOK_EMPTY:
		return WL_DAMAGE_LOST_WRITE;
	case WL_SURVEY_LOOK_TORN:
	case WL_SURVEY_LOOK_ROTTEN:
		return durable ? WL_DAMAGE_ROT : WL_DAMAGE_UNPROVEN;
	case WL_SURVEY_LOOK_MISPLACED:
		return WL_DAMAGE_MISDIRECTED;
	case WL_SURVEY_LOOK_UNREADABLE:
		return WL_DAMAGE_READ_FAILED;
	case WL_SURVEY_LOOK_ABSENT:
		return WL_DAMAGE_SEGMENT_ABSENT;
	}
	return WL_DAMAGE_ROT;
}

/* What could not be read, and is nothing: zeros belong there, so that it can be read. */
static void blank_unreadable(struct wl_survey *survey, uint64_t begin, uint64_t end)
{
	if (begin < end)
		wl_survey_add_hole(survey, WL_SURVEY_HOLE_BLANK, begin, end)->damage =
			WL_DAMAGE_READ_FAILED;
}

/* A chunk was in flight when the power went, and others behind it arrived: the log ends before it, and these are no holes. */
static bool cut_at_torn_hole(struct wl_survey *survey)
{
	for (uint32_t at = 0; at < survey->hole_count; at++) {
		struct wl_survey_hole hole = survey->holes[at];
		bool unreadable = survey->unreadable_begin != WL_SURVEY_NOWHERE;
		uint64_t end = survey->now.offset;

		if (hole.kind != WL_SURVEY_HOLE_CHUNKS ||
		    !was_in_flight(survey, hole.begin, hole.look))
			continue;
		WL_CHECK(hole.left.offset == hole.begin);
		for (uint32_t later = at; later < survey->hole_count; later++)
			unreadable |= survey->holes[later].unreadable;
		if (survey->unreadable_end > end)
			end = survey->unreadable_end;
		if (survey->spot.remains_end > end)
			end = survey->spot.remains_end;
		survey->hole_count = at;
		survey->now = hole.left;
		wl_survey_begin_spot(&survey->spot, hole.begin);
		survey->spot.remains_begin = hole.begin;
		survey->spot.remains_end = end;
		if (unreadable)
			blank_unreadable(survey, hole.begin, end);
		return true;
	}
	return false;
}

static void end_known(struct wl_survey *survey, const struct wl_survey_place *tail)
{
	survey->end = WL_SURVEY_END_KNOWN;
	survey->tail = *tail;
}

static void end_unknown(struct wl_survey *survey, const struct wl_survey_place *tail,
			enum wl_recovery_damage_kind kind)
{
	uint64_t end = survey->spot.remains_end;

	WL_CHECK(kind != WL_DAMAGE_NONE);
	if (survey->watermark > end)
		end = survey->watermark;
	if (end > wl_survey_stream_end(survey))
		end = wl_survey_stream_end(survey);
	survey->end = WL_SURVEY_END_UNKNOWN;
	survey->end_damage = kind;
	survey->end_begin = tail->offset;
	survey->end_end = end < tail->offset ? tail->offset : end;
	survey->tail = *tail;
}

static struct wl_survey_hole *add_end_hole(struct wl_survey *survey, uint64_t end,
					   const struct wl_survey_edge *edge)
{
	struct wl_survey_hole *hole =
		wl_survey_add_hole(survey, WL_SURVEY_HOLE_CHUNKS, survey->now.offset, end);

	WL_CHECK(edge->index != 0);
	hole->left = survey->now;
	hole->look = survey->spot.look;
	hole->right = *edge;
	hole->at_end = true;
	return hole;
}

static void end_at_soft(struct wl_survey *survey)
{
	const struct wl_survey_place *soft = &survey->soft;
	const struct wl_survey_edge edge = {soft->position.index + 1, soft->chain, soft->previous};

	WL_CHECK(survey->soft_known);
	WL_CHECK(soft->offset > survey->now.offset);
	add_end_hole(survey, soft->offset, &edge);
	if (survey->config.limit == UINT64_MAX &&
	    !was_in_flight(survey, soft->offset, survey->soft_spot.look))
		end_unknown(survey, soft,
			    name_damage(survey, soft->offset, survey->soft_spot.look));
	else
		end_known(survey, soft);
}

/*
 * Nobody knows what stood there, but for the base: its entry was in the chunk at its place. That is built again, as large as a chunk may be;
 * what lies behind it is given up.
 */
static void end_at_base(struct wl_survey *survey, enum wl_recovery_damage_kind kind)
{
	const struct wl_survey_config *config = &survey->config;
	const struct wl_survey_edge edge = {config->base_index + 1, config->base_chain,
					    config->base_offset};
	uint64_t boundary = wl_align_up(config->base_offset + 1, WL_SURVEY_BOUNDARY_BYTES);
	uint64_t end = config->base_offset + WL_CHUNK_BYTES_MAX;
	struct wl_survey_place tail = {
		.previous = config->base_offset,
		.position.index = config->base_index,
		.chain = config->base_chain,
		.commit = config->base_index,
	};

	tail.offset = end < boundary ? end : boundary;
	add_end_hole(survey, tail.offset, &edge);
	end_unknown(survey, &tail, kind);
}

/* Only chunks without entries stand behind the newest hole: what it held is not known. */
static bool take_back_open_edge(struct wl_survey *survey)
{
	struct wl_survey_hole *hole = wl_survey_last_chunks(survey);
	struct wl_survey_spot spot;

	if (!survey->edge_open || !hole)
		return false;
	WL_CHECK(hole->left.offset == hole->begin);
	spot = survey->spot;
	if (spot.remains_end < survey->now.offset)
		spot.remains_end = survey->now.offset;
	spot.remains_begin = spot.offset = hole->begin;
	spot.look = hole->look;
	survey->spot = spot;
	survey->now = hole->left;
	survey->hole_count = (uint32_t)(hole - survey->holes);
	survey->edge_open = false;
	survey->soft_known = false;
	return true;
}

static void judge_end(struct wl_survey *survey)
{
	enum wl_survey_look look;

	if (cut_at_torn_hole(survey)) {
		end_known(survey, &survey->now);
		return;
	}
	take_back_open_edge(survey);
	look = survey->astray ? WL_SURVEY_LOOK_MISPLACED : survey->spot.look;
	if (was_in_flight(survey, survey->now.offset, look)) {
		if (survey->unreadable_begin != WL_SURVEY_NOWHERE)
			blank_unreadable(survey, survey->unreadable_begin, survey->unreadable_end);
		end_known(survey, &survey->now);
	} else if (survey->soft_known && survey->soft.previous >= survey->config.base_offset) {
		end_at_soft(survey);
	} else if (survey->now.offset <= survey->config.base_offset) {
		end_at_base(survey, name_damage(survey, survey->now.offset, look));
	} else {
		end_unknown(survey, &survey->now, name_damage(survey, survey->now.offset, look));
	}
}

/* The log lives, and its owner knows what stands at the limit. */
static void judge_limit(struct wl_survey *survey)
{
	const struct wl_survey_edge *edge = &survey->config.edge;
	const struct wl_survey_place *now = &survey->now;
	uint64_t limit = survey->config.limit;

	take_back_open_edge(survey);
	survey->end = WL_SURVEY_END_LIMIT;
	survey->tail = *now;
	if (edge->index != 0) {
		if (edge->index == now->position.index + 1 && edge->previous_chain == now->chain)
			return;
		add_end_hole(survey, limit, edge);
	} else if (survey->soft_known && survey->soft.offset == limit) {
		end_at_soft(survey);
		survey->end = WL_SURVEY_END_LIMIT;
	} else if (survey->spot.remains_begin != WL_SURVEY_NOWHERE) {
		end_unknown(survey, now, name_damage(survey, now->offset, survey->spot.look));
	}
}

/* A header ahead of everything is recovery's to make again, unless it cannot be read. */
static void drop_headers_ahead(struct wl_survey *survey)
{
	uint64_t used = survey->now.offset;

	if (survey->spot.remains_end > used)
		used = survey->spot.remains_end;
	if (survey->watermark > used)
		used = survey->watermark;
	while (survey->hole_count) {
		const struct wl_survey_hole *last = &survey->holes[survey->hole_count - 1];

		if (last->kind != WL_SURVEY_HOLE_HEADER || last->begin < used ||
		    last->look == WL_SURVEY_LOOK_UNREADABLE)
			return;
		survey->hole_count--;
	}
}

void wl_survey_finish(struct wl_survey *survey)
{
	WL_CHECK(survey->state == 0);
	survey->state = WL_SURVEY_DONE;
	if (wl_survey_may_stop(survey)) {
		survey->end = WL_SURVEY_END_LIMIT;
		survey->tail = survey->now;
	} else if (survey->config.limit <=
		   survey->config.segments * survey->config.log.segment_bytes) {
		judge_limit(survey);
	} else {
		judge_end(survey);
		drop_headers_ahead(survey);
	}
	WL_CHECK(survey->end != 0);
	WL_CHECK(survey->end_begin <= survey->end_end);
	WL_CHECK(survey->hole_count <= WL_SURVEY_HOLES_MAX);
	for (uint32_t at = 0; at < survey->hole_count; at++) {
		struct wl_survey_hole *hole = &survey->holes[at];

		WL_CHECK(at == 0 || survey->holes[at - 1].begin <= hole->begin);
		WL_CHECK(hole->dead_from <= hole->end);
		WL_CHECK(hole->kind != WL_SURVEY_HOLE_CHUNKS || hole->right.index != 0);
		hole->known_durable = survey->watermark > hole->begin;
		if (hole->kind == WL_SURVEY_HOLE_CHUNKS)
			hole->damage = name_damage(survey, hole->begin, hole->look);
	}
}
