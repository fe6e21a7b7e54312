/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A log that begins at a base: what a base says of the log is described here, and a log is made of it. Nothing of the stream is read
 * for that; recovery goes on from the chunk that holds the base's entry.
 *
 * A log may also jump to a base while it lives: what a peer made then takes the place of all that it holds.
 *
 * What is restored comes from a file whose checksums were right. Whether it can be the state of a log is asked all the same, by the
 * invariants of log.c.
 */
#include "dataplane/log/log_internal.h"

#define MARK_BYTES_MAX (1ull << 48) /* nothing that is kept is as long */
#define NUMBER_MAX \
	(1ull      \
	 << 62) /* no index, number or offset ever is as high: what is added to one does not overflow */

/* Terms, marks and dead ranges that stand at or before the entry. */
static void count_tables(const struct wl_log *log, struct wl_log_base *base)
{
	uint64_t index = base->position.index;

	base->terms = log->term_count;
	while (base->terms && wl_log_term_place(log, base->terms - 1)->first_index > index)
		base->terms--;
	base->marks = log->mark_count;
	while (base->marks && wl_log_mark_place(log, base->marks - 1)->index > index)
		base->marks--;
	base->dead_ranges = log->dead_count;
	while (base->dead_ranges &&
	       wl_log_dead_place(log, base->dead_ranges - 1)->begin >= base->walk_offset)
		base->dead_ranges--;
	/* Of what is kept the first entry has a term and a mark. */
	WL_CHECK((base->terms == 0) == (index == log->begin.position.index));
	WL_CHECK((base->marks == 0) == (index == log->begin.position.index));
}

bool wl_log_describe_base(const struct wl_log *log, uint64_t index, struct wl_log_base *base)
{
	const struct wl_log_slot *slot = wl_log_slot_of(log, index);

	if (!slot || index > log->durable.index)
		return false;
	*base = (struct wl_log_base){
		.begin = log->begin,
		.position = {slot->term, index},
		.chain = slot->chain,
		.next_number = slot->next_number,
		.timestamp_ns = slot->timestamp_ns,
		.walk_offset = slot->offset - slot->in_chunk,
		.mark_bytes = log->mark_bytes,
		.installed = index == log->installed_index,
	};
	WL_CHECK(slot->in_chunk <= slot->offset && base->walk_offset % WL_BLOCK_BYTES == 0);
	WL_CHECK(base->walk_offset <= log->durable_offset);
	count_tables(log, base);
	return true;
}

/* What is kept from the first entry on begins as an empty log does. */
static bool begin_is_possible(const struct wl_log *log, const struct wl_log_begin *begin)
{
	if (begin->position.index != 0)
		return begin->position.term != 0 && begin->next_number != 0;
	return begin->position.term == 0 && begin->next_number == 1 &&
	       begin->chain == wl_entry_chain_origin(log->config.cluster, log->config.journal);
}

static bool is_possible(const struct wl_log *log, const struct wl_log_base *base)
{
	const struct wl_log_begin *begin = &base->begin;
	uint64_t in_segment = base->walk_offset % log->config.segment_bytes;

	if (base->position.index >= NUMBER_MAX || base->position.term >= NUMBER_MAX ||
	    base->next_number >= NUMBER_MAX || base->walk_offset >= NUMBER_MAX)
		return false;
	if (base->position.index == 0 || base->position.term == 0 ||
	    begin->position.index > base->position.index ||
	    begin->position.term > base->position.term || !begin_is_possible(log, begin) ||
	    begin->next_number > base->next_number || begin->timestamp_ns > base->timestamp_ns)
		return false;
	if (base->walk_offset % WL_BLOCK_BYTES != 0 || in_segment == 0 ||
	    begin->offset % WL_BLOCK_BYTES != 0 || begin->offset > base->walk_offset ||
	    base->mark_bytes < WL_LOG_MARK_BYTES || base->mark_bytes >= MARK_BYTES_MAX)
		return false;
	return !base->installed ||
	       (in_segment == WL_BLOCK_BYTES && begin->offset == base->walk_offset &&
		wl_position_equal(begin->position, base->position) && begin->chain == base->chain &&
		begin->next_number == base->next_number);
}

static void stand_at(struct wl_log *log, const struct wl_log_base *base)
{
	log->begin = base->begin;
	log->installed_index = base->installed ? base->position.index : 0;
	log->mark_bytes = base->mark_bytes;
	log->tail = base->position;
	log->tail_chain = base->chain;
	log->next_number = base->next_number;
	log->last_timestamp_ns = base->timestamp_ns;
	log->durable = base->position;
	log->durable_offset = base->walk_offset;
	log->append_offset = base->walk_offset;
	log->previous_chunk = WL_CHUNK_NONE;
	log->slots[base->position.index % WL_LOG_ENTRIES_IN_RING] = (struct wl_log_slot){
		.index = base->position.index,
		.term = base->position.term,
		.offset = base->walk_offset,
		.chain = base->chain,
		.next_number = base->next_number,
		.timestamp_ns = base->timestamp_ns,
		.cost = log->cost,
	};
	/* The ring has nothing of it, and nothing before it. */
	log->ring_valid_from = base->walk_offset + WL_CHUNK_HEADER_BYTES;
}

bool wl_log_restore(struct wl_log *log, const struct wl_log_base *base)
{
	WL_CHECK(log->tail.index == 0);
	WL_CHECK(log->chunk_count == 0);
	WL_CHECK(log->segments_ready == 0);
	if (!is_possible(log, base))
		return false;
	stand_at(log, base);
	log->first_segment = wl_log_segment_of(log, base->begin.offset);
	return true;
}

bool wl_log_may_jump(const struct wl_log *log)
{
	return log->writes_in_flight == 0 && !log->segment_asked && !log->forget_asked &&
	       !log->entry_open && !log->poisoned &&
	       wl_log_segment_of(log, log->append_offset) < log->segments_ready;
}

uint64_t wl_log_jump_place(const struct wl_log *log)
{
	return wl_align_up(log->append_offset, log->config.segment_bytes) + WL_BLOCK_BYTES;
}

bool wl_log_jump(struct wl_log *log, const struct wl_log_base *base)
{
	WL_CHECK(wl_log_may_jump(log));
	WL_CHECK(base->installed);
	WL_CHECK(base->walk_offset == wl_log_jump_place(log));
	WL_CHECK(base->walk_offset >= log->ring_end);
	if (!is_possible(log, base))
		return false;
	log->chunk_count = 0;
	log->term_count = 0;
	log->mark_count = 0;
	log->dead_count = 0;
	memset(log->slots, 0, sizeof(log->slots[0]) * WL_LOG_ENTRIES_IN_RING);
	stand_at(log, base);
	log->ring_end = base->walk_offset;
	log->no_space = false;
	log->generation++;
	WL_CHECK(log->first_segment <= wl_log_segment_of(log, log->begin.offset)); /* L13 */
	return true;
}

/* Behind wl_log_restore, before recovery. */
static bool is_being_restored(const struct wl_log *log)
{
	return log->tail.index != 0 && log->chunk_count == 0 && log->segments_ready == 0;
}

bool wl_log_restore_term(struct wl_log *log, const struct wl_log_term *term)
{
	WL_CHECK(is_being_restored(log));
	if (log->term_count == WL_LOG_TERMS_MAX)
		return false;
	*wl_log_term_place(log, log->term_count++) = *term;
	return true;
}

/* Which is looked at before all are there: marks that do not rise are never thinned to an end. */
static bool is_behind_last(const struct wl_log *log, const struct wl_log_mark *mark)
{
	const struct wl_log_mark *last;

	if (log->mark_count == 0)
		return true;
	last = wl_log_mark_place(log, log->mark_count - 1);
	return mark->offset > last->offset && mark->index > last->index;
}

bool wl_log_restore_mark(struct wl_log *log, const struct wl_log_mark *mark)
{
	WL_CHECK(is_being_restored(log));
	if (mark->offset % WL_BLOCK_BYTES != WL_CHUNK_HEADER_BYTES ||
	    mark->offset > log->append_offset + WL_CHUNK_HEADER_BYTES || !is_behind_last(log, mark))
		return false;
	/* The base was made under a larger bytes_max: what it knows is no less true. */
	if (log->mark_count == log->mark_max)
		wl_log_tables_spread_marks(log);
	*wl_log_mark_place(log, log->mark_count++) = *mark;
	return true;
}

bool wl_log_restore_dead(struct wl_log *log, const struct wl_log_dead_range *range)
{
	WL_CHECK(is_being_restored(log));
	if (log->dead_count == WL_LOG_DEAD_RANGES_MAX)
		return false;
	*wl_log_dead_place(log, log->dead_count++) = *range;
	return true;
}

/* Where a log begins whose first segment is that one; at the base itself when no mark stands between. */
static void begin_behind(const struct wl_log *log, uint64_t first_segment,
			 struct wl_log_begin *begin)
{
	for (uint32_t at = 1; at < log->mark_count; at++) {
		if (wl_log_segment_of(log, wl_log_mark_place(log, at)->offset) < first_segment)
			continue;
		wl_log_begin_at_mark(log, at, begin);
		return;
	}
	*begin = (struct wl_log_begin){
		.position = log->tail,
		.chain = log->tail_chain,
		.next_number = log->next_number,
		.timestamp_ns = log->last_timestamp_ns,
		.offset = log->append_offset,
	};
}

bool wl_log_restore_end(struct wl_log *log, uint64_t first_segment)
{
	struct wl_log_begin begin;

	WL_CHECK(is_being_restored(log));
	if (wl_log_check(log) != NULL ||
	    (!log->installed_index && first_segment > wl_log_segment_of(log, log->append_offset)))
		return false;
	if (first_segment > wl_log_segment_of(log, log->begin.offset)) {
		begin_behind(log, first_segment, &begin);
		wl_log_give_up(log, &begin);
	}
	if (first_segment <= wl_log_segment_of(log, log->begin.offset))
		log->first_segment = first_segment;
	WL_CHECK(log->first_segment <= wl_log_segment_of(log, log->begin.offset)); /* L13 */
	return true;
}
