/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log's state: how it begins, how one entry is added to it or some are cut away, and what
 * always holds. Appending is in log_append.c, writing in log_write.c, looking up in log_find.c, the tables in log_tables.c,
 * the beginning in log_begin.c, the start at a base in log_base.c.
 *
 * Invariants (wl_log_check is this text as code):
 *  L1  durable.index <= tail.index, and durable.term is the term of that entry.
 *  L2  terms and their first indexes rise; the first term begins at the first kept entry.
 *  L3  marks rise in offset and index, their numbers and times never fall; none is behind the tail, the first one is of the
 *      first kept entry. In a segment that has marks the first one is of its first live entry.
 *  L4  chunks stand in the stream in queue order, in blocks, and cross no boundary.
 *  L5  only the last chunk is OPEN; behind a CLOSED one nothing was handed out, unless it was itself, and came back.
 *  L6  the first chunk is not WRITTEN; writes_in_flight counts those IN_FLIGHT.
 *  L7  last_index never falls along the queue, starts at durable and ends at the tail.
 *  L8  no byte of the ring that is not durable is overwritten: ring_end - ring_bytes <= durable_offset.
 *  L9  the tail's slot says what the log says; every entry that is not durable has a slot.
 *  L10 dead ranges rise, are apart, and end at or before the place of the next append.
 *  L11 the append place is in a segment that is there, or just behind the last chunk.
 *  L12 the beginning is at or before what is durable; when nothing is kept it is the tail.
 *  L13 segments are forgotten below the beginning only.
 */
#include "dataplane/log/log.h"

#include "dataplane/log/log_internal.h"

/* What the smallest log needs, and a doubled distance leaves room for. */
#define MARKS_MIN 64u

WL_STATIC_CHECK(MARKS_MIN <= WL_LOG_MARKS_MAX);
/* The tables stand behind one another in memory that is aligned to 8. */
WL_STATIC_CHECK(_Alignof(struct wl_log_slot) <= 8 && _Alignof(struct wl_log_term) <= 8);
WL_STATIC_CHECK(_Alignof(struct wl_log_dead_range) <= 8 && _Alignof(struct wl_log_mark) <= 8);
/* A slot says with 32 bits what an entry has, and how far it stands behind the begin of its chunk. */
WL_STATIC_CHECK(WL_ENTRY_BYTES_MAX <= UINT32_MAX && WL_CHUNK_BYTES_MAX <= UINT32_MAX);

static uint32_t mark_max(const struct wl_log_config *config)
{
	uint64_t marks = config->bytes_max / WL_LOG_MARK_BYTES + MARKS_MIN;

	return marks < WL_LOG_MARKS_MAX ? (uint32_t)marks : WL_LOG_MARKS_MAX;
}

size_t wl_log_memory_bytes(const struct wl_log_config *config)
{
	return sizeof(struct wl_log_slot) * WL_LOG_ENTRIES_IN_RING +
	       sizeof(struct wl_log_mark) * (size_t)mark_max(config) +
	       sizeof(struct wl_log_term) * WL_LOG_TERMS_MAX +
	       sizeof(struct wl_log_dead_range) * WL_LOG_DEAD_RANGES_MAX;
}

static bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

void wl_log_init(struct wl_log *log, const struct wl_log_config *config, uint8_t *ring,
		 void *memory)
{
	WL_CHECK(is_power_of_two(config->segment_bytes));
	WL_CHECK(is_power_of_two(config->ring_bytes));
	WL_CHECK(config->segment_bytes >= WL_SEGMENT_BYTES_MIN);
	WL_CHECK(config->ring_bytes >= WL_LOG_RING_BYTES_MIN);
	WL_CHECK(config->ring_bytes <= config->segment_bytes);
	WL_CHECK((uintptr_t)ring % WL_BLOCK_BYTES == 0);
	WL_CHECK((uintptr_t)memory % 8 == 0);
	memset(log, 0, sizeof(*log));
	log->config = *config;
	if (log->config.entry_bytes_target > WL_ENTRY_BYTES_MAX)
		log->config.entry_bytes_target = WL_ENTRY_BYTES_MAX;
	if (log->config.entry_bytes_target < WL_ENTRY_HEADER_BYTES)
		log->config.entry_bytes_target = WL_ENTRY_HEADER_BYTES;
	log->ring = ring;
	log->slots = memory;
	log->terms = (struct wl_log_term *)(log->slots + WL_LOG_ENTRIES_IN_RING);
	log->dead = (struct wl_log_dead_range *)(log->terms + WL_LOG_TERMS_MAX);
	/* Last and never cleared: with a large bytes_max most of it is never touched. */
	log->marks = (struct wl_log_mark *)(log->dead + WL_LOG_DEAD_RANGES_MAX);
	log->mark_max = mark_max(config);
	log->mark_bytes = WL_LOG_MARK_BYTES;
	memset(log->slots, 0, sizeof(log->slots[0]) * WL_LOG_ENTRIES_IN_RING);
	log->tail_chain = wl_entry_chain_origin(config->cluster, config->journal);
	log->next_number = 1;
	log->append_offset = WL_BLOCK_BYTES; /* behind the segment's header */
	log->begin = (struct wl_log_begin){
		.chain = log->tail_chain,
		.next_number = 1,
		.offset = WL_BLOCK_BYTES,
	};
	log->previous_chunk = WL_CHUNK_NONE;
	wl_log_set_list(log, &(struct wl_list){0});
	wl_log_set_history(log, (struct wl_log_history){0});
}

bool wl_log_has_term_room(const struct wl_log *log, uint64_t term)
{
	return log->term_count < WL_LOG_TERMS_MAX ||
	       wl_log_term_place(log, log->term_count - 1)->term == term;
}

void wl_log_take_entry(struct wl_log *log, const struct wl_entry_header *header, uint64_t chain,
		       uint64_t offset, uint64_t chunk)
{
	WL_CHECK_MSG(header->index == log->tail.index + 1, "index %llu, tail %llu",
		     (unsigned long long)header->index, (unsigned long long)log->tail.index);
	WL_CHECK_MSG(header->term >= log->tail.term, "index %llu, term %llu, tail's term %llu",
		     (unsigned long long)header->index, (unsigned long long)header->term,
		     (unsigned long long)log->tail.term);
	WL_CHECK(header->previous_term == log->tail.term);
	WL_CHECK(header->previous_chain == log->tail_chain);
	WL_CHECK(header->commit < header->index);
	WL_CHECK(chunk % WL_BLOCK_BYTES == 0 && offset >= chunk + WL_CHUNK_HEADER_BYTES);
	WL_CHECK(offset + wl_entry_bytes(header) <= chunk + WL_CHUNK_BYTES_MAX);
	wl_log_tables_take(log, header, offset, chunk);
	if (header->timestamp_ns > log->last_timestamp_ns)
		log->last_timestamp_ns = header->timestamp_ns;
	log->tail = (struct wl_position){header->term, header->index};
	log->tail_chain = chain;
	log->next_number = header->first_number + header->data_count;
	log->cost += wl_log_entry_cost(wl_entry_bytes(header));
	log->slots[header->index % WL_LOG_ENTRIES_IN_RING] = (struct wl_log_slot){
		.index = header->index,
		.term = header->term,
		.offset = offset,
		.chain = chain,
		.next_number = log->next_number,
		.timestamp_ns = log->last_timestamp_ns,
		.cost = log->cost,
		.bytes = (uint32_t)wl_entry_bytes(header),
		.in_chunk = (uint32_t)(offset - chunk),
	};
}

void wl_log_cut_entries(struct wl_log *log, uint64_t index, uint64_t dead_end)
{
	const struct wl_log_begin *begin = &log->begin;
	const struct wl_log_slot *kept = wl_log_slot_of(log, index);
	const struct wl_log_slot *cut = wl_log_slot_of(log, index + 1);

	WL_CHECK(cut);
	WL_CHECK(kept || index == begin->position.index);
	WL_CHECK(cut->cost >= wl_log_entry_cost(cut->bytes));
	wl_log_tables_cut(log, index, cut->offset, dead_end);
	log->cost = cut->cost - wl_log_entry_cost(cut->bytes);
	log->tail.index = index;
	log->tail.term = kept ? kept->term : begin->position.term;
	log->tail_chain = kept ? kept->chain : begin->chain;
	log->next_number = kept ? kept->next_number : begin->next_number;
	log->last_timestamp_ns = kept ? kept->timestamp_ns : begin->timestamp_ns;
	wl_log_members_cut(log, index);
	log->generation++;
}

void wl_log_truncate(struct wl_log *log, uint64_t index)
{
	struct wl_log_chunk *open = wl_log_open_chunk(log);

	WL_CHECK(!log->entry_open);
	WL_CHECK_MSG(index < log->tail.index, "index %llu, tail %llu", (unsigned long long)index,
		     (unsigned long long)log->tail.index);
	WL_CHECK(index >= log->begin.position.index);
	if (open && wl_log_chunk_is_empty(open)) {
		log->append_offset = open->begin;
		log->chunk_count--;
	} else if (open) {
		wl_log_close_chunk(log);
	}
	wl_log_cut_entries(log, index, log->append_offset);
	for (uint32_t place = 0; place < log->chunk_count; place++) {
		struct wl_log_chunk *chunk = wl_log_chunk_at(log, place);

		if (chunk->last_index > index)
			chunk->last_index = index;
	}
	if (log->durable.index > index)
		log->durable = log->tail;
	/* The stream never moves back. */
	WL_CHECK(log->append_offset >= log->durable_offset);
}

static const char *check_begin(const struct wl_log *log)
{
	const struct wl_log_begin *begin = &log->begin;

	if (begin->position.index > log->durable.index || begin->next_number > log->next_number ||
	    begin->timestamp_ns > log->last_timestamp_ns)
		return "L12: the beginning is behind what is durable";
	if (log->tail.index == begin->position.index &&
	    (log->tail.term != begin->position.term || log->tail_chain != begin->chain ||
	     log->next_number != begin->next_number))
		return "L12: nothing is kept, and the beginning is not the tail";
	if (log->first_segment > wl_log_segment_of(log, begin->offset))
		return "L13: a segment that is kept was forgotten";
	if (log->forget_asked && log->first_segment == wl_log_segment_of(log, begin->offset))
		return "L13: a segment that is kept is being forgotten";
	return NULL;
}

static const char *check_positions(const struct wl_log *log)
{
	const struct wl_log_slot *slot = wl_log_slot_of(log, log->tail.index);
	uint64_t term;

	if (log->durable.index > log->tail.index)
		return "L1: durable is behind the tail";
	if (wl_log_term_at(log, log->durable.index, &term) != WL_LOG_KNOWN ||
	    term != log->durable.term)
		return "L1: durable has the term of another entry";
	if (log->tail.index != log->begin.position.index &&
	    (!slot || slot->term != log->tail.term || slot->chain != log->tail_chain ||
	     slot->next_number != log->next_number || slot->timestamp_ns != log->last_timestamp_ns))
		return "L9: the tail's slot says something else";
	if (log->durable.index < log->tail.index && !wl_log_slot_of(log, log->durable.index + 1))
		return "L9: an entry that is not durable has no slot";
	if (log->list.index > log->tail.index || log->list_before.index > log->list.index)
		return "L14: the list of members is of an entry that is not there";
	return NULL;
}

static const char *check_chunk(const struct wl_log *log, const struct wl_log_chunk *chunk)
{
	bool open = chunk->state == WL_LOG_CHUNK_OPEN;
	uint64_t end = open ? wl_align_up(chunk->used, WL_BLOCK_BYTES) : chunk->end;

	if (chunk->begin % WL_BLOCK_BYTES || end % WL_BLOCK_BYTES || chunk->used > end ||
	    end - chunk->begin > WL_CHUNK_BYTES_MAX)
		return "L4: a chunk is not whole blocks";
	if (chunk->begin % log->config.segment_bytes == 0 ||
	    chunk->begin / WL_LOG_BOUNDARY_BYTES != (end - 1) / WL_LOG_BOUNDARY_BYTES)
		return "L4: a chunk crosses a boundary";
	if (open ? chunk->used < chunk->begin + WL_CHUNK_HEADER_BYTES
		 : wl_log_chunk_is_empty(chunk))
		return "L4: a chunk is empty";
	return NULL;
}

static const char *check_chunks(const struct wl_log *log)
{
	uint64_t behind = log->durable_offset, last_index = log->durable.index;
	uint32_t in_flight = 0;
	bool waiting = false;

	for (uint32_t place = 0; place < log->chunk_count; place++) {
		const struct wl_log_chunk *chunk =
			&log->chunks[(log->chunk_first + place) % WL_CHUNKS_MAX];
		const char *broken = check_chunk(log, chunk);

		if (broken)
			return broken;
		if (chunk->begin < behind)
			return "L4: chunks overlap";
		if (chunk->state == WL_LOG_CHUNK_OPEN && place + 1 != log->chunk_count)
			return "L5: an open chunk is not the last";
		if (waiting && chunk->state > WL_LOG_CHUNK_CLOSED)
			return "L5: a chunk was handed out of order";
		if (place == 0 && chunk->state == WL_LOG_CHUNK_WRITTEN && !log->poisoned)
			return "L6: a written chunk was not released";
		if (chunk->last_index < last_index)
			return "L7: last_index falls";
		waiting |= chunk->state == WL_LOG_CHUNK_CLOSED && !chunk->came_back;
		in_flight += chunk->state == WL_LOG_CHUNK_IN_FLIGHT;
		last_index = chunk->last_index;
		behind = chunk->state == WL_LOG_CHUNK_OPEN ? chunk->used : chunk->end;
	}
	if (in_flight != log->writes_in_flight)
		return "L6: writes_in_flight is not the number of chunks in flight";
	if (last_index != log->tail.index)
		return "L7: the last chunk does not end at the tail";
	if (behind > log->append_offset)
		return "L11: the append place is inside a chunk";
	return NULL;
}

const char *wl_log_check(const struct wl_log *log)
{
	const char *broken = check_begin(log);

	if (!broken)
		broken = check_positions(log);
	if (!broken)
		broken = wl_log_tables_check(log);
	if (!broken)
		broken = check_chunks(log);
	if (!broken && log->ring_end > log->durable_offset + log->config.ring_bytes)
		broken = "L8: the ring overtook what is durable";
	if (!broken && log->chunk_count &&
	    log->append_offset > log->segments_ready * log->config.segment_bytes)
		broken = "L11: the append place is in a segment that is not there";
	return broken;
}
