/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One journal of a node that does not run: opened at its newest whole base as the node would, walked by the daemon's own recovery,
 * read-only, then read entry by entry. Nothing is repaired, cut or written; what recovery would refuse is reported and what stands
 * before it can still be read.
 *
 *  opened                   walked from
 *  from_begin, as verify    the first entry that is kept; where that is damaged before the base's chunk: `below` says so, and again from the base.
 *                           Also where it does not reach the base's own entry: the base is of a committed one, so a start is told, and not clean
 *  else                     the chunk of the newest whole base; without one the log's origin
 *  no whole base, and the origin was given up (or a base of another version or owner): nothing is walked, is_damaged says true
 *
 * The caller owns the struct (open allocates, close frees) and what `read` reads from. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_TOOL_JOURNAL_H
#define WL_COMMAND_TOOL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/log/chunk.h"
#include "dataplane/log/log.h"
#include "dataplane/log/reader.h"
#include "dataplane/log/recovery.h"
#include "dataplane/state/base_load.h"
#include "dataplane/store/store.h"

struct wl_tool_journal_source {
	uint64_t cluster; /* number of the cluster */
	uint32_t node, journal;
	uint8_t chunk_key[WL_CHUNK_KEY_BYTES];
	uint64_t segment_bytes, segments;
	uint64_t first_segment; /* lowest on the medium */
	bool from_begin; /* all that is kept is walked, not only what a start reads */
	uint64_t watermark; /* stream offset that the superblock knows to be durable */
	uint64_t chain_index; /* entry whose chain value is wanted whatever the log's length; 0: none */
	/* As wl_store_read: 0, -ENOENT without such a segment, or another negative errno. */
	int (*read)(void *context, uint64_t offset, uint8_t *buffer, uint32_t bytes);
	/* As wl_store_base_read; NULL: there are no bases. */
	int (*read_base)(void *context, unsigned place, uint64_t at, uint8_t *buffer,
			 uint32_t bytes);
	struct wl_base_identity identity; /* whose bases are looked for */
	void *context;
};

struct wl_tool_journal {
	struct wl_tool_journal_source source;
	struct wl_log log;
	struct wl_recovery recovery; /* state DONE or REFUSED; damage says what and where */
	struct wl_reader reader;
	struct wl_base_load load; /* which base was found; EMPTY: none */
	bool nowhere; /* neither a base nor the origin: it could not be opened */
	bool damaged_below; /* `below`: of what is kept, before the chunk of the base; a start does not read it */
	struct wl_recovery_damage below;
	uint64_t chain; /* behind source.chain_index, when chain_known */
	bool chain_known;
	/* from_begin, of the base that was found: its own entry stands where it says; or another one does */
	bool base_met, base_differs;
	uint8_t *ring, *window;
	void *memory, *state_memory;
	struct wl_state state; /* while a base is read: of no use afterwards */
};

/* Fills `source` for a journal of an open store. The store must stay open as long as the journal. */
struct wl_store;
struct wl_tool_journal_store {
	struct wl_store *store;
	uint32_t journal;
};
void wl_tool_journal_of_store(struct wl_tool_journal_store *of,
			      struct wl_tool_journal_source *source);

/* Finds the base, and walks. 0, also when it is damaged, or NO_MEMORY; close in either case. */
int wl_tool_journal_open(struct wl_tool_journal *journal,
			 const struct wl_tool_journal_source *source);
void wl_tool_journal_close(struct wl_tool_journal *journal);

static inline bool wl_tool_journal_is_damaged(const struct wl_tool_journal *journal)
{
	return journal->nowhere || journal->recovery.state == WL_RECOVERY_REFUSED;
}

/* Index of the base that it was opened at; 0: at the origin. */
static inline uint64_t wl_tool_journal_base(const struct wl_tool_journal *journal)
{
	return journal->load.verdict == WL_BASE_OK
		       ? journal->load.places[journal->load.chosen].header.log.position.index
		       : 0;
}

/* Live entries from `index` on, or from the first that is kept. next: ENTRY, END or DAMAGED. */
void wl_tool_journal_seek(struct wl_tool_journal *journal, uint64_t index);
enum wl_reader_result wl_tool_journal_next(struct wl_tool_journal *journal,
					   struct wl_reader_view *view);

/* The entry at which to begin so that record `number` is met: at or before the one that holds it. 0: the first that is kept. */
uint64_t wl_tool_journal_index_near(const struct wl_tool_journal *journal, uint64_t number);

#endif
