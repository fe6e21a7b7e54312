/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One journal's log: a window of recent entries in memory (the log ring) over a
 * stream of durable chunks in segments. The ring mirrors the stream byte for byte:
 * stream offset o stands at ring[o % ring_bytes], and what is written to the medium
 * is written from there.
 *
 * The stream only grows. Truncation never moves it back and never rewrites a
 * durable block: the entries behind the cut become a dead range and the next entry
 * follows at a fresh chunk. Recovery understands it in the same way: an entry with an
 * index that was seen before supersedes it and all that followed.
 *
 * The log has a beginning: its oldest entries may be given up (wl_log_give_up), whole segments at a time, and then are on no
 * medium. It may also begin at a base, without the stream before it (wl_log_restore). Every table is of what is kept.
 *
 *   chunk = what one durable write carries (multiple of 4 KiB, starts at 4 KiB):
 *           chunk header (64 bytes) | entry | entry | ... | non-zero padding
 *   A chunk crosses no multiple of WL_LOG_RING_BYTES_MIN, whatever the sizes of ring and
 *   segment are; it may be skipped to the next one, and its header names the start of the
 *   chunk before it, which proves that nothing was lost in between.
 *
 * States of a chunk: OPEN (entries are added: wl_log_seal_entry, wl_log_append_image)
 *  -> CLOSED (wl_log_cut_writes) -> IN_FLIGHT (wl_log_cut_writes handed it out)
 *  -> WRITTEN (wl_log_on_written) -> released when all before it are WRITTEN.
 *
 * Pure: no syscall, no clock, no allocation. Owner: the journal's worker; every
 * function [worker] unless it says [init]. Memory comes from the caller.
 */
#ifndef WL_DATAPLANE_LOG_LOG_H
#define WL_DATAPLANE_LOG_LOG_H

#include <stddef.h>

#include "dataplane/base/disk.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/position.h"
#include "dataplane/base/siphash.h"
#include "dataplane/log/control_entry.h"
#include "dataplane/log/entry.h"

enum wl_log_result {
	WL_LOG_OK = 0,
	WL_LOG_NO_ROOM, /* ring or chunk table full: writes must complete first; ask again */
	WL_LOG_NO_SEGMENT, /* the next segment is not there yet: ask again */
	WL_LOG_NO_SPACE, /* the device is full, or bytes_max reached: refuse, by a distinct error */
	WL_LOG_ENTRY_FULL, /* this record does not fit into the open entry: seal it first */
	WL_LOG_NOT_NEXT, /* image: index, previous term or previous chain do not continue the tail */
	WL_LOG_DAMAGED, /* image: fails its checksums or is of another journal */
	WL_LOG_POISONED, /* a durable write failed: no append, ever again in this process */
};

struct wl_log_config {
	uint64_t cluster; /* number of the cluster (from its UUID) */
	uint32_t journal;
	uint32_t node;
	uint64_t segment_bytes; /* power of two */
	uint64_t ring_bytes; /* power of two, <= segment_bytes */
	uint64_t bytes_max; /* limit of what is kept: whole segments */
	uint8_t chunk_key[WL_SIPHASH_KEY_BYTES]; /* of the data: makes the tags of chunks (chunk.h) */
	uint32_t entry_bytes_target; /* leader: an open entry that reached this wants to be sealed */
	uint64_t history; /* that this node would begin the journal with; 0: none */
	wl_members
		first_voters; /* by the node's file: the list until an entry says another one; empty: none */
};

struct wl_log_chunk {
	uint64_t begin; /* stream offset of the chunk header */
	uint64_t used; /* offset behind the last entry */
	uint64_t end; /* offset behind the padding, once CLOSED */
	uint64_t previous; /* begin of the chunk before it, once CLOSED */
	uint64_t last_index; /* last live entry in it or before it; lowered by truncation */
	uint8_t state;
	bool came_back; /* its segment could not be opened: CLOSED again, nothing was written */
};

/* What is known of one recent entry. Slot = index % WL_LOG_ENTRIES_IN_RING. */
struct wl_log_slot {
	uint64_t index;
	uint64_t term;
	uint64_t offset;
	uint64_t chain; /* value behind this entry */
	uint64_t next_number; /* number that the next DATA record gets */
	uint64_t timestamp_ns; /* highest up to this entry */
	uint64_t cost; /* of all entries up to this one: wl_log_entry_cost */
	uint32_t bytes; /* 0: of a base, its image is not here */
	uint32_t in_chunk; /* so far behind the begin of its chunk */
};

struct wl_log_mark { /* sparse index over what is kept */
	uint64_t offset; /* of the first entry of the chunk that holds it; it is that entry, unless the log begins at a base */
	uint64_t index;
	uint64_t first_number;
	uint64_t timestamp_ns; /* highest up to this entry */
	uint64_t previous_chain; /* value before this entry */
	uint64_t previous_timestamp_ns; /* highest before this entry */
};

struct wl_log_term {
	uint64_t term;
	uint64_t first_index; /* of those that are kept */
};

/* Truncated entries: physically there, logically not. Lets a reader skip them; it would also know them
 * by their term, so a full table loses speed and nothing else. */
struct wl_log_dead_range {
	uint64_t begin; /* offset of the first dead entry's header */
	uint64_t end; /* offset of the chunk that follows */
};

/*
 * Where the log begins: what must still be known of the entries that were given up. A log that has all of them begins behind
 * position {0, 0}, with the chain value that the cluster's number makes, and at the first chunk's place.
 */
struct wl_log_begin {
	struct wl_position position; /* the entry before the first one that is kept */
	uint64_t chain; /* value behind it */
	uint64_t next_number; /* of the first DATA record that is kept */
	uint64_t timestamp_ns; /* highest up to it */
	uint64_t offset; /* of the stream: the chunk of the first kept entry stands there, or behind it where that was cut away */
};

/*
 * All that a log needs to begin at an entry, without the stream before it. A base file (dataplane/state/base_format.h) holds it, the tables
 * behind it: the first `terms`, `marks` and `dead_ranges` ones of the log that described it.
 */
struct wl_log_base {
	struct wl_log_begin begin;
	struct wl_position
		position; /* of the entry that the base was made at: committed, and durable here */
	uint64_t chain; /* value behind it */
	uint64_t next_number;
	uint64_t timestamp_ns; /* highest up to it */
	/*
	 * Of the chunk that holds that entry. Installed: the place of the first chunk of all, behind a segment's header; what stands there
	 * follows no chunk, and nothing need stand there yet.
	 */
	uint64_t walk_offset;
	uint64_t mark_bytes; /* distance of two marks */
	bool installed; /* came from a peer: this stream never held the entry */
	uint32_t terms, marks, dead_ranges; /* that belong to it, oldest first */
};

/* Which history the entries are of (docs/SAFETY.md, rules 29 and 32): the entry at index 1 begins one, a LOSS another. */
struct wl_log_history {
	uint64_t id; /* 0: none began */
	uint64_t index; /* of the entry that began it */
};

enum wl_log_known {
	WL_LOG_KNOWN = 0,
	WL_LOG_BELOW, /* the entry was given up; the one before the first kept entry is KNOWN */
	WL_LOG_BEYOND, /* behind the tail */
	WL_LOG_UNKNOWN, /* between: not in memory any more */
};

struct wl_log {
	struct wl_log_config config;
	uint8_t *ring;
	struct wl_log_slot *slots;
	/* Three rings: the oldest at *_first, *_count of them. */
	struct wl_log_mark *marks;
	struct wl_log_term *terms;
	struct wl_log_dead_range *dead;
	uint32_t mark_first, mark_count, mark_max, term_first, term_count, dead_first, dead_count;
	uint64_t mark_bytes; /* distance of two marks; doubles when their table is full */

	struct wl_log_begin begin;
	uint64_t installed_index; /* of the base that this log began at, when it came from a peer; else 0 */
	uint64_t first_segment; /* lowest that is still on the medium; those below begin.offset are to be forgotten */
	uint32_t forget_asks; /* identity of the FORGET under way */
	bool forget_asked;
	bool forget_refused; /* the last one failed: not asked again before wl_log_retry_forgets */

	struct wl_position tail;
	uint64_t tail_chain;
	uint64_t next_number;
	uint64_t last_timestamp_ns;
	uint64_t cost; /* up to the tail, counted from this start of the process */
	/*
	 * The members by the newest entry about them, and by the one before it, which is committed wherever a later one stands (docs/SAFETY.md, rule 26):
	 * so no more than one is ever cut away.
	 */
	struct wl_list list, list_before;
	/* By the same rule: in force from append to truncation, and the one before is committed where there is one. */
	struct wl_log_history history, history_before;

	uint64_t append_offset; /* where the next byte of an entry goes */
	uint64_t previous_chunk; /* begin of the newest chunk that was closed; ~0 before the first */
	uint64_t durable_offset; /* all chunks that end at or before it are WRITTEN */
	struct wl_position durable;
	uint64_t ring_end; /* ring bytes of stream offsets below it are written or reserved */
	uint64_t ring_valid_from; /* offsets below it were never in this ring */
	uint64_t segments_ready; /* segments first_segment..segments_ready-1 exist */
	uint32_t segment_asks; /* identity of the PREPARE under way */
	bool segment_asked;
	bool segment_awaited; /* something found no room in those that are there, and none was made since */
	bool segment_refused; /* the last PREPARE failed: not asked again before wl_log_retry_space */
	bool cannot_grow; /* it failed, and none has succeeded since */
	bool no_space; /* appends are refused: the current segment is used up, the next one cannot be had */
	bool poisoned;
	bool write_refused; /* a write came back: none is handed out before wl_log_retry_writes */
	/*
	 * Positive errno of the first write that failed, of the last PREPARE unless it succeeded, of the last open for a write
	 * until one that came back is written, of the last read that failed, of the last FORGET unless it succeeded.
	 */
	int write_error, segment_error, open_error, read_error, forget_error;
	uint64_t write_error_offset, segment_error_offset, open_error_offset, read_error_offset,
		forget_error_offset;
	uint64_t reads_failed;
	uint64_t *damage_found; /* NULL, or where readers leave a place that they could not make out, and one */
	uint64_t generation; /* raised by each truncation */

	struct wl_log_chunk chunks[WL_CHUNKS_MAX]; /* queue: first, count */
	uint32_t chunk_first, chunk_count;
	uint32_t writes_in_flight;

	bool entry_open; /* between wl_log_open_entry and wl_log_seal_entry */
	struct wl_entry_header open_header;
	uint64_t open_offset;
	uint32_t open_bytes;
};

/* Bytes of memory that wl_log_init wants for `config`, ring excluded. [init] */
size_t wl_log_memory_bytes(const struct wl_log_config *config);
/* `ring` is aligned to WL_BLOCK_BYTES and holds config->ring_bytes; both stay the caller's. The log is
 * empty until recovery (recovery.h) has filled it. Segment 0 is not there until PREPARE completes. [init] */
void wl_log_init(struct wl_log *log, const struct wl_log_config *config, uint8_t *ring,
		 void *memory);

/*
 * Leader: open an entry at the tail, add records, seal. Between open and seal no other append
 * call is made. open fails without a trace (result says why); a sealed entry is the new tail.
 * `timestamp_ns` is raised to the last entry's where the clock fell back.
 */
enum wl_log_result wl_log_open_entry(struct wl_log *log, enum wl_entry_kind kind, uint64_t term,
				     uint64_t timestamp_ns, uint64_t commit);
enum wl_log_result wl_log_add_record(struct wl_log *log, const struct wl_record_header *record,
				     const uint8_t *payload, uint64_t *number);
/* True when the open entry has reached entry_bytes_target. */
bool wl_log_entry_is_full(const struct wl_log *log);
struct wl_position wl_log_seal_entry(struct wl_log *log);
/* The same of an entry of kind CONTROL, which has no record yet: it becomes this one. */
struct wl_position wl_log_seal_control(struct wl_log *log, const struct wl_control *control);
/* Forgets the open entry; it must be empty. */
void wl_log_abandon_entry(struct wl_log *log);

/* Recovery: the image of the entry that is the tail now, found at `offset` of the stream, stands in the ring as if it had been
 * appended by this process. For every entry that recovery finds, or for none. [init] */
void wl_log_keep_image(struct wl_log *log, const uint8_t *image, uint64_t offset, uint32_t bytes);

/* Follower: append one whole entry image, checked again from its bytes. */
enum wl_log_result wl_log_append_image(struct wl_log *log, const uint8_t *image, size_t size);
/* Members: log_members.c. */
/* What is committed at, or before, an index that a base stands at. Its index is 0: the file's list. */
void wl_log_set_list(struct wl_log *log, const struct wl_list *list);
/* The history that is committed at such an index. */
void wl_log_set_history(struct wl_log *log, struct wl_log_history history);
/* Who rescues what is left counts by itself from now on, until its LOSS is appended: no entry says so yet. [init] */
void wl_log_stand_alone(struct wl_log *log, uint64_t incarnation);
/* A cut that keeps ..index would take a list with it that is committed: no leader asks for it. */
bool wl_log_cuts_committed_list(const struct wl_log *log, uint64_t index);
/* Keeps ..index, forgets what is behind it. index < tail.index. Impossible below `durable` commit: the caller checks. */
void wl_log_truncate(struct wl_log *log, uint64_t index);

/*
 * Closes the open chunk when it is worth a write (a write slot is free, or the chunk reached
 * WL_CHUNK_BYTES_TARGET), fills header, padding and checksum, and returns up to `max` requests
 * (WRITE, and PREPARE for segments wanted ahead). A returned request is in flight: a request that the
 * disk did not take must be offered to it again by the caller, in order.
 */
unsigned wl_log_cut_writes(struct wl_log *log, struct wl_disk_request *requests, unsigned max);
/*
 * For WRITE and PREPARE completions of this journal. A failed write poisons the log for good; one that was NOT_BEGUN
 * is CLOSED again, with everything that it holds.
 */
void wl_log_on_written(struct wl_log *log, const struct wl_disk_completion *completion);
/* A read of this log's medium that failed, whoever asked for it: remembered for status. */
void wl_log_note_read_failed(struct wl_log *log, const struct wl_disk_completion *completion);
/* After NO_SPACE: ask again for the segment (called by the worker about once a second). */
void wl_log_retry_space(struct wl_log *log);
/* After NOT_BEGUN: hand out writes again (called by the worker ten times a second). */
void wl_log_retry_writes(struct wl_log *log);

/* Room. All of it is of segments that are there; what may be had beyond them is wl_log_can_grow. */
/* First entries of terms that there is room for, when nothing else is appended; in the table of terms, too. */
uint64_t wl_log_elections_left(const struct wl_log *log);
/* Terms that may still get entries: of every kept entry the term must be known, so none is forgotten before its entries are given up. */
uint64_t wl_log_terms_left(const struct wl_log *log);
/* For one at least, now or as soon as the next segment is there. */
bool wl_log_may_start_term(const struct wl_log *log);
/* Stream bytes for records: WL_LOG_KEPT_ELECTIONS blocks stay behind them. */
uint64_t wl_log_record_room(const struct wl_log *log);
/* Another segment may come. */
bool wl_log_can_grow(const struct wl_log *log);
/* A leader with this log takes no records: nothing more can be had, and what is left is kept. */
bool wl_log_is_full(const struct wl_log *log);
/* The most of the stream that an entry of so many bytes uses up in any log: a chunk of its own, at a boundary. */
static inline uint64_t wl_log_entry_cost(uint64_t entry_bytes)
{
	uint64_t blocks =
		(WL_CHUNK_HEADER_BYTES + entry_bytes + WL_BLOCK_BYTES - 1) / WL_BLOCK_BYTES;

	return (2 * blocks + 1) * WL_BLOCK_BYTES;
}

/* Term of the entry at index: KNOWN for every index from begin.position.index (0 -> 0) to the tail, else BELOW or BEYOND. */
enum wl_log_known wl_log_term_at(const struct wl_log *log, uint64_t index, uint64_t *term);
/* First index of the given term, or of the first term above it; tail.index + 1 when there is none. */
uint64_t wl_log_first_index_of_term(const struct wl_log *log, uint64_t term);
/* Where the entry stands in the stream while its slot is known, else a mark before it; where the log begins when there is none. */
uint64_t wl_log_offset_near(const struct wl_log *log, uint64_t index);
/* The entry's image while it stands in the ring, else NULL (read it through reader.h). */
const uint8_t *wl_log_image_in_ring(const struct wl_log *log, uint64_t index, uint32_t *bytes);
/* Time of the entry that holds this record, while its slot is known (WL_LOG_ENTRIES_IN_RING newest); else 0. */
uint64_t wl_log_time_of_number(const struct wl_log *log, uint64_t number);
/* Chain value behind `index`: KNOWN at begin.position.index, and while its slot is (WL_LOG_ENTRIES_IN_RING newest). */
enum wl_log_known wl_log_chain_at(const struct wl_log *log, uint64_t index, uint64_t *chain);
/* Last mark at or before an index, number or time; NULL when there is none: the log is empty, or begins behind it. */
const struct wl_log_mark *wl_log_mark_by_index(const struct wl_log *log, uint64_t index);
const struct wl_log_mark *wl_log_mark_by_number(const struct wl_log *log, uint64_t number);
const struct wl_log_mark *wl_log_mark_by_time(const struct wl_log *log, uint64_t timestamp_ns);
/* The one behind it; NULL: it is the newest. */
const struct wl_log_mark *wl_log_mark_behind(const struct wl_log *log,
					     const struct wl_log_mark *mark);
/* The tables, oldest first: `at` is below the count. */
const struct wl_log_mark *wl_log_mark_entry(const struct wl_log *log, uint32_t at);
const struct wl_log_term *wl_log_term_entry(const struct wl_log *log, uint32_t at);
const struct wl_log_dead_range *wl_log_dead_entry(const struct wl_log *log, uint32_t at);

/*
 * Giving up the oldest entries. Which of them may go is the caller's to know: never one above an index that is committed and durable
 * here, and that a base stands at.
 */
/*
 * The highest begin that stands at the first live entry of a segment, keeps record `number` and all behind it, and every byte of the
 * stream from `keep_offset` on. False: nothing can be given up.
 */
bool wl_log_find_begin(const struct wl_log *log, uint64_t number, uint64_t keep_offset,
		       struct wl_log_begin *begin);
/* Every look-up before `begin` answers BELOW from here on; its segments are to be forgotten. `begin` is of wl_log_find_begin, of this log
 * or of one of the same stream; one that is not above the own begin does nothing. */
void wl_log_give_up(struct wl_log *log, const struct wl_log_begin *begin);
/* Requests (WL_DISK_FORGET) for segments below the begin: oldest first, one in flight. Returns how many, at most `max`. */
unsigned wl_log_want_forgets(struct wl_log *log, struct wl_disk_request *requests, unsigned max);
/* For FORGET completions of this journal. After one that failed nothing is asked for before wl_log_retry_forgets. */
void wl_log_on_forgotten(struct wl_log *log, const struct wl_disk_completion *completion);
/* Ask again for what failed (called by the worker about once a second). */
void wl_log_retry_forgets(struct wl_log *log);

/*
 * A log that begins at a base. All that is told comes from a file that passed its checksums; what is impossible all the same is refused.
 * describe: of the entry at `index`. False: its place is not known any more (WL_LOG_ENTRIES_IN_RING newest), or it is below the begin.
 */
bool wl_log_describe_base(const struct wl_log *log, uint64_t index, struct wl_log_base *base);
/* Restoring, in this order: wl_log_init, this, the tables by rising order, wl_log_restore_end, recovery. False: impossible. [init] */
bool wl_log_restore(struct wl_log *log, const struct wl_log_base *base);
bool wl_log_restore_term(struct wl_log *log, const struct wl_log_term *term);
bool wl_log_restore_mark(struct wl_log *log, const struct wl_log_mark *mark);
bool wl_log_restore_dead(struct wl_log *log, const struct wl_log_dead_range *range);
/* `first_segment`: lowest on the medium. Those above the base's begin may have been forgotten since it was made: the log begins behind them. */
bool wl_log_restore_end(struct wl_log *log, uint64_t first_segment);
/*
 * Jumping: a base that came from a peer takes the place of everything that the log holds, and the stream goes on in a segment that nothing
 * was written to yet. In this order: nothing is appended any more, wl_log_may_jump, the base is made durable with the place that
 * wl_log_jump_place names, wl_log_jump. A crash before the base is durable leaves the old log, one behind it the base.
 */
/* Nothing is under way on the medium, and the segment that is appended to is there. */
bool wl_log_may_jump(const struct wl_log *log);
/* walk_offset of the base, and offset of its begin. */
uint64_t wl_log_jump_place(const struct wl_log *log);
/* `base`: installed, at or above all that is known committed here. All entries are given up, none stands behind the base. Readers of what is gone
 * are told so. False: no log begins like that. */
bool wl_log_jump(struct wl_log *log, const struct wl_log_base *base);
/* Invariants of this file, for tests and the simulator; NULL or the text of the one that does not hold. */
const char *wl_log_check(const struct wl_log *log);

#endif
