/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Three tables of what is kept, each a ring: terms, marks (the sparse index), dead ranges. New ones come behind the newest, a cut takes
 * the newest away, giving up the oldest.
 *
 * The first live entry of a segment always gets a mark: it is the first of its chunk, and the log may come to begin there. When the
 * marks' table is full their distance doubles, and every second one goes; those of segments stay for as long as the distance is smaller
 * than a segment.
 */
#include "dataplane/log/log_internal.h"

static void add_term(struct wl_log *log, const struct wl_entry_header *header)
{
	if (log->term_count && wl_log_term_place(log, log->term_count - 1)->term == header->term)
		return;
	WL_CHECK(log->term_count < WL_LOG_TERMS_MAX);
	WL_CHECK(!log->term_count ||
		 wl_log_term_place(log, log->term_count - 1)->term < header->term);
	*wl_log_term_place(log, log->term_count++) =
		(struct wl_log_term){header->term, header->index};
}

/* No live entry stands before it in its segment. */
static bool begins_segment(const struct wl_log *log, uint64_t offset)
{
	const struct wl_log_slot *tail = wl_log_slot_of(log, log->tail.index);

	if (log->tail.index == log->begin.position.index)
		return true;
	WL_CHECK(tail);
	WL_CHECK(offset > tail->offset);
	return wl_log_segment_of(log, tail->offset) != wl_log_segment_of(log, offset);
}

/* Behind `last`, the newest one that stays; `begins`: it is of its segment's first live entry. */
static bool is_worth_a_mark(const struct wl_log *log, const struct wl_log_mark *last,
			    uint64_t offset, bool begins)
{
	bool is_far = offset - last->offset >= log->mark_bytes;

	WL_CHECK(offset > last->offset);
	if (begins)
		return is_far || log->mark_bytes <= log->config.segment_bytes;
	/* In a segment whose first entry has no mark there is none. */
	return is_far && wl_log_segment_of(log, last->offset) == wl_log_segment_of(log, offset);
}

static void thin_marks(struct wl_log *log)
{
	uint32_t kept = 1;
	uint64_t segment = wl_log_segment_of(log, wl_log_mark_place(log, 0)->offset);

	for (uint32_t at = 1; at < log->mark_count; at++) {
		struct wl_log_mark mark = *wl_log_mark_place(log, at);
		bool begins = wl_log_segment_of(log, mark.offset) != segment;

		segment = wl_log_segment_of(log, mark.offset);
		if (is_worth_a_mark(log, wl_log_mark_place(log, kept - 1), mark.offset, begins))
			*wl_log_mark_place(log, kept++) = mark;
	}
	log->mark_count = kept;
}

void wl_log_tables_spread_marks(struct wl_log *log)
{
	do {
		log->mark_bytes *= 2;
		thin_marks(log);
	} while (log->mark_count > log->mark_max / 4 * 3);
	WL_CHECK(log->mark_count < log->mark_max);
}

static void add_mark(struct wl_log *log, const struct wl_entry_header *header, uint64_t offset)
{
	bool begins = begins_segment(log, offset);
	uint64_t timestamp_ns = log->last_timestamp_ns;

	while (log->mark_count) {
		const struct wl_log_mark *last = wl_log_mark_place(log, log->mark_count - 1);

		if (!is_worth_a_mark(log, last, offset, begins))
			return;
		if (log->mark_count < log->mark_max)
			break;
		wl_log_tables_spread_marks(log);
	}
	WL_CHECK(log->mark_count < log->mark_max);
	*wl_log_mark_place(log, log->mark_count++) = (struct wl_log_mark){
		.offset = offset,
		.index = header->index,
		.first_number = header->first_number,
		.timestamp_ns = header->timestamp_ns > timestamp_ns ? header->timestamp_ns
								    : timestamp_ns,
		.previous_chain = log->tail_chain,
		.previous_timestamp_ns = timestamp_ns,
	};
}

void wl_log_tables_take(struct wl_log *log, const struct wl_entry_header *header, uint64_t offset,
			uint64_t chunk)
{
	uint64_t first = chunk + WL_CHUNK_HEADER_BYTES;

	WL_CHECK(offset >= first);
	add_term(log, header);
	/* A log that begins at a base may begin in the middle of a chunk. */
	if (offset == first || log->mark_count == 0)
		add_mark(log, header, first);
}

static void add_dead_range(struct wl_log *log, uint64_t begin, uint64_t end)
{
	struct wl_log_dead_range *last;

	WL_CHECK_MSG(begin < end, "dead from %llu to %llu", (unsigned long long)begin,
		     (unsigned long long)end);
	while (log->dead_count && wl_log_dead_place(log, log->dead_count - 1)->begin >= begin)
		log->dead_count--;
	last = log->dead_count ? wl_log_dead_place(log, log->dead_count - 1) : NULL;
	if (last && last->end >= begin)
		last->end = end;
	else if (log->dead_count < WL_LOG_DEAD_RANGES_MAX)
		*wl_log_dead_place(log, log->dead_count++) = (struct wl_log_dead_range){begin, end};
}

void wl_log_tables_cut(struct wl_log *log, uint64_t index, uint64_t begin, uint64_t end)
{
	add_dead_range(log, begin, end);
	while (log->term_count && wl_log_term_place(log, log->term_count - 1)->first_index > index)
		log->term_count--;
	while (log->mark_count && wl_log_mark_place(log, log->mark_count - 1)->index > index)
		log->mark_count--;
	/* Of what is kept the first entry has a term and a mark (L2, L3). */
	WL_CHECK((log->term_count == 0) == (index == log->begin.position.index));
	WL_CHECK((log->mark_count == 0) == (index == log->begin.position.index));
}

static void give_up_terms(struct wl_log *log)
{
	uint64_t begin = log->begin.position.index;

	while (log->term_count) {
		uint64_t last = log->term_count > 1 ? wl_log_term_place(log, 1)->first_index - 1
						    : log->tail.index;

		if (last > begin)
			break;
		log->term_first = (log->term_first + 1) % WL_LOG_TERMS_MAX;
		log->term_count--;
	}
	if (log->term_count && wl_log_term_place(log, 0)->first_index <= begin)
		wl_log_term_place(log, 0)->first_index = begin + 1;
	WL_CHECK((log->term_count == 0) == (begin == log->tail.index));
	WL_CHECK(!log->term_count || wl_log_term_place(log, 0)->first_index == begin + 1);
}

static void give_up_marks(struct wl_log *log)
{
	const struct wl_log_begin *begin = &log->begin;
	uint64_t first = begin->position.index + 1;

	while (log->mark_count && wl_log_mark_place(log, 0)->index < first) {
		log->mark_first = (log->mark_first + 1) % log->mark_max;
		log->mark_count--;
	}
	if (first > log->tail.index ||
	    (log->mark_count && wl_log_mark_place(log, 0)->index == first))
		return;
	/* The begin comes from a log whose marks stand elsewhere. One at least was given up for it. */
	WL_CHECK(log->mark_count < log->mark_max);
	log->mark_first = (log->mark_first + log->mark_max - 1) % log->mark_max;
	log->mark_count++;
	*wl_log_mark_place(log, 0) = (struct wl_log_mark){
		.offset = begin->offset + WL_CHUNK_HEADER_BYTES,
		.index = first,
		.first_number = begin->next_number,
		.timestamp_ns = begin->timestamp_ns,
		.previous_chain = begin->chain,
		.previous_timestamp_ns = begin->timestamp_ns,
	};
	WL_CHECK(log->mark_count == 1 ||
		 wl_log_mark_place(log, 1)->offset > wl_log_mark_place(log, 0)->offset);
}

void wl_log_tables_give_up(struct wl_log *log)
{
	give_up_terms(log);
	give_up_marks(log);
	while (log->dead_count && wl_log_dead_place(log, 0)->end <= log->begin.offset) {
		log->dead_first = (log->dead_first + 1) % WL_LOG_DEAD_RANGES_MAX;
		log->dead_count--;
	}
}

static const char *check_terms(const struct wl_log *log)
{
	const struct wl_log_term *before = NULL;

	for (uint32_t at = 0; at < log->term_count; at++) {
		const struct wl_log_term *term = wl_log_term_place(log, at);

		if (before ? term->first_index <= before->first_index || term->term <= before->term
			   : term->first_index != log->begin.position.index + 1 ||
				     term->term < log->begin.position.term)
			return "L2: terms do not rise";
		before = term;
	}
	if ((log->tail.index == log->begin.position.index) != (log->term_count == 0))
		return "L2: entries and terms disagree";
	if (before && (before->first_index > log->tail.index || before->term != log->tail.term))
		return "L2: the last term is not the tail's";
	return NULL;
}

static bool rises(const struct wl_log_mark *mark, const struct wl_log_mark *before)
{
	return mark->offset > before->offset && mark->index > before->index &&
	       mark->first_number >= before->first_number &&
	       mark->timestamp_ns >= before->timestamp_ns;
}

static const char *check_marks(const struct wl_log *log)
{
	const struct wl_log_begin *begin = &log->begin;
	const struct wl_log_mark *before = NULL;

	for (uint32_t at = 0; at < log->mark_count; at++) {
		const struct wl_log_mark *mark = wl_log_mark_place(log, at);

		if (mark->index > log->tail.index ||
		    mark->previous_timestamp_ns > mark->timestamp_ns)
			return "L3: a mark names no live entry";
		if (before ? !rises(mark, before)
			   : mark->index != begin->position.index + 1 ||
				     mark->previous_chain != begin->chain ||
				     mark->first_number != begin->next_number ||
				     mark->offset < begin->offset)
			return "L3: marks do not rise from the beginning";
		before = mark;
	}
	if ((log->tail.index == begin->position.index) != (log->mark_count == 0))
		return "L3: entries and marks disagree";
	return NULL;
}

const char *wl_log_tables_check(const struct wl_log *log)
{
	const char *broken = check_terms(log);

	if (!broken)
		broken = check_marks(log);
	for (uint32_t at = 0; !broken && at < log->dead_count; at++) {
		const struct wl_log_dead_range *dead = wl_log_dead_place(log, at);

		if (dead->end <= dead->begin || dead->end > log->append_offset ||
		    dead->end <= log->begin.offset ||
		    (at != 0 && dead->begin <= wl_log_dead_place(log, at - 1)->end))
			broken =
				"L10: dead ranges touch, lie behind the end or before the beginning";
	}
	return broken;
}
