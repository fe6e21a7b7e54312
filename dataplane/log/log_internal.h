/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the log share with each other and with recovery: the states of a chunk,
 * and the three steps from which everything else is made: room for bytes, one more live entry,
 * entries cut away. Not for other modules.
 *
 * Pure. [worker], recovery [init].
 */
#ifndef WL_DATAPLANE_LOG_LOG_INTERNAL_H
#define WL_DATAPLANE_LOG_LOG_INTERNAL_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/log/chunk.h"
#include "dataplane/log/log.h"

enum wl_log_chunk_state {
	WL_LOG_CHUNK_OPEN = 1,
	WL_LOG_CHUNK_CLOSED,
	WL_LOG_CHUNK_IN_FLIGHT,
	WL_LOG_CHUNK_WRITTEN,
};

/*
 * No chunk crosses a multiple of this. Every lap of a ring and every segment ends at one, whatever their sizes are; a
 * start must know where a chunk may have been moved to without knowing which ring it was written from.
 */
#define WL_LOG_BOUNDARY_BYTES ((uint64_t)WL_LOG_RING_BYTES_MIN)

_Static_assert(WL_SEGMENT_BYTES_MIN % WL_LOG_RING_BYTES_MIN == 0, "a segment ends at a boundary");
/* What is aligned by wl_align_up. */
WL_STATIC_CHECK((WL_LOG_BOUNDARY_BYTES & (WL_LOG_BOUNDARY_BYTES - 1)) == 0);
WL_STATIC_CHECK((WL_BLOCK_BYTES & (WL_BLOCK_BYTES - 1)) == 0);
WL_STATIC_CHECK(WL_LOG_BOUNDARY_BYTES % WL_BLOCK_BYTES == 0);
/* Behind a segment's header, too, the largest chunk ends before the next boundary. */
WL_STATIC_CHECK(WL_BLOCK_BYTES + WL_CHUNK_BYTES_MAX <= WL_LOG_BOUNDARY_BYTES);
WL_STATIC_CHECK(WL_CHUNK_BYTES_MAX % WL_BLOCK_BYTES == 0);
WL_STATIC_CHECK(WL_CHUNK_BYTES_TARGET <= WL_CHUNK_BYTES_MAX);
/* Beside those in flight one collects. */
WL_STATIC_CHECK(WL_WRITES_IN_FLIGHT_MAX < WL_CHUNKS_MAX);

static inline struct wl_log_chunk *wl_log_chunk_at(struct wl_log *log, uint32_t place)
{
	WL_CHECK(place < log->chunk_count);
	return &log->chunks[(log->chunk_first + place) % WL_CHUNKS_MAX];
}

/* The chunk that entries are added to, or NULL. */
static inline struct wl_log_chunk *wl_log_open_chunk(struct wl_log *log)
{
	struct wl_log_chunk *last;

	if (log->chunk_count == 0)
		return NULL;
	last = wl_log_chunk_at(log, log->chunk_count - 1);
	return last->state == WL_LOG_CHUNK_OPEN ? last : NULL;
}

static inline bool wl_log_chunk_is_empty(const struct wl_log_chunk *chunk)
{
	return chunk->used == chunk->begin + WL_CHUNK_HEADER_BYTES;
}

/* Records that end at `end` leave room for the first entries of terms. */
bool wl_log_keeps_room(const struct wl_log *log, uint64_t end, uint32_t kept);
/* A segment is missing: NO_SEGMENT while it may come, else NO_SPACE. */
enum wl_log_result wl_log_await_segment(struct wl_log *log);
/* Closes the open chunk; it has entries. */
void wl_log_close_chunk(struct wl_log *log);
/* False when `term` would need one more place in a full table of terms. */
bool wl_log_has_term_room(const struct wl_log *log, uint64_t term);
/* The entry at stream offset `offset`, in the chunk that begins at `chunk`, is the new tail; `chain` is the value behind it. */
void wl_log_take_entry(struct wl_log *log, const struct wl_entry_header *header, uint64_t chain,
		       uint64_t offset, uint64_t chunk);
/* Forgets the entries behind `index`; what follows stands at or behind `dead_end`. */
void wl_log_cut_entries(struct wl_log *log, uint64_t index, uint64_t dead_end);

/* log_members.c: the entry became the tail; those behind `index` are cut away. */
void wl_log_members_take(struct wl_log *log, const uint8_t *image,
			 const struct wl_entry_header *header);
void wl_log_members_cut(struct wl_log *log, uint64_t index);

/* The tables of what is kept (log_tables.c); `at` is below the count. */
static inline struct wl_log_mark *wl_log_mark_place(const struct wl_log *log, uint32_t at)
{
	WL_CHECK(at < log->mark_count);
	return &log->marks[(log->mark_first + at) % log->mark_max];
}

/* Not asserted: a base whose tables are still to be looked at may have no term. */
static inline struct wl_log_term *wl_log_term_place(const struct wl_log *log, uint32_t at)
{
	return &log->terms[(log->term_first + at) % WL_LOG_TERMS_MAX];
}

static inline struct wl_log_dead_range *wl_log_dead_place(const struct wl_log *log, uint32_t at)
{
	WL_CHECK(at < log->dead_count);
	return &log->dead[(log->dead_first + at) % WL_LOG_DEAD_RANGES_MAX];
}

static inline uint64_t wl_log_segment_of(const struct wl_log *log, uint64_t offset)
{
	return offset / log->config.segment_bytes;
}

/* Before the entry becomes the tail. */
void wl_log_tables_take(struct wl_log *log, const struct wl_entry_header *header, uint64_t offset,
			uint64_t chunk);
/* Entries behind `index` are cut away, they stood in [begin, end). */
void wl_log_tables_cut(struct wl_log *log, uint64_t index, uint64_t begin, uint64_t end);
/* The marks' table is full: they stand farther apart from now on, and some places of it are free. */
void wl_log_tables_spread_marks(struct wl_log *log);
/* log->begin has moved. */
void wl_log_tables_give_up(struct wl_log *log);
/* The begin of a log whose first kept entry is that of the mark at place `at`. */
void wl_log_begin_at_mark(const struct wl_log *log, uint32_t at, struct wl_log_begin *begin);
/* NULL, or which invariant of the tables is broken (log.c). */
const char *wl_log_tables_check(const struct wl_log *log);

/* Slot of a live entry while it is known, else NULL. */
static inline const struct wl_log_slot *wl_log_slot_of(const struct wl_log *log, uint64_t index)
{
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];

	return index != 0 && index <= log->tail.index && index >= log->begin.position.index &&
			       slot->index == index
		       ? slot
		       : NULL;
}

#endif
