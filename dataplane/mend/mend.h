/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fills the holes of a log from what is whole elsewhere: in the log's own damaged chunks, and with the peers.
 *
 *   SURVEY -> for each hole, the newest first: ask for the entry before its right edge, and those before that
 *          -> chunk by chunk from the right end of the hole to its left one: WRITE
 *          -> SURVEY again, until it finds nothing -> DONE
 *
 * Filling goes from the right to the left, because there the proof is: an entry is right when its chain value is the one that the
 * entry behind it names, and its checksums hold. So nobody need be believed. It ends where the entry before is the one that the log
 * has on the left of the hole, or further down, where that was superseded inside (then what lies before the hole is not touched: the
 * first chunk that is written supersedes it). What space remains is filled with chunks without entries.
 *
 * A damaged chunk whose place is known (its header is whole, the chunk behind names it, or a mark does) is built again at the same place
 * with the same entries; with the header lost and its neighbours whole, too. Otherwise the entries are packed from the right, so that
 * none comes to stand where one that is still to be placed may be salvaged from.
 *
 * Only bytes of holes are written, whole blocks. A crash at any moment leaves the hole or a smaller one.
 *
 * The end: where nobody knows what stood there (WL_SURVEY_END_UNKNOWN), and before a hole of which nothing is known committed, when
 * every member answered that it never had them, the log ends before it: first this node counts nowhere any more, durably, before anything is
 * written that could look like a known end; zeros last, when the holes are filled, because what is salvaged there may be all there is (rule 18).
 *
 * A step machine without I/O. Pure. Owner: who drives it. [base], [init] or an offline tool.
 */
#ifndef WL_DATAPLANE_MEND_MEND_H
#define WL_DATAPLANE_MEND_MEND_H

#include "dataplane/base/members.h"
#include "dataplane/mend/layout.h"
#include "dataplane/mend/salvage.h"
#include "dataplane/mend/survey.h"

enum wl_mend_state {
	WL_MEND_WORKS = 0, /* never seen from outside */
	/* `want` is to be performed; then wl_mend_on_done with what came of it */
	WL_MEND_WANTS_READ = 1, /* want.bytes at want.offset into want.buffer: OK, FAILED, ABSENT */
	WL_MEND_WANTS_WRITE, /* want.bytes at want.offset, durable, in place: OK, FAILED, ABSENT (its segment is not there) */
	/* The segment at want.offset is not there: made anew, zeros and its header: OK, NO_SPACE, FAILED. Never of a journal that runs */
	WL_MEND_WANTS_SEGMENT,
	/* From want.offset on the log is given up. Durable in the superblock, at once: watermark of this journal <= want.offset, and it
	 * does not count (caught_up_boot 0). Then OK, else FAILED. Never asked for while a journal runs; asked again after a crash. */
	WL_MEND_WANTS_UNCOUNTED,
	WL_MEND_WANTS_ENTRIES, /* `ask`: send it to wl_mend_peer; then wl_mend_on_answer */
	WL_MEND_DONE, /* no hole is left: recovery will take the log, after its own cut of a torn tail */
	WL_MEND_REFUSED, /* `damage`: not to be mended */
	/* The medium refused a write, or there is no space: wl_mend_again after a while. Of a journal that runs also when a segment is not there:
	 * it may have been given up meanwhile, and is never made again; then wl_mend_init, from where the log begins now. */
	WL_MEND_FAILED,
};

enum wl_mend_verdict {
	WL_MEND_HAVE = 1,
	WL_MEND_NEVER, /* of a known tail: the log ends before, or has another chain value there (rule 21) */
	WL_MEND_UNKNOWN,
};

struct wl_mend_want {
	uint64_t offset;
	uint32_t bytes;
	uint8_t *buffer;
};

struct wl_mend_config {
	struct wl_log_config log; /* cluster, journal, node, segment_bytes, chunk_key */
	uint8_t cluster_uuid[16]; /* for headers of segments */
	struct wl_survey_place from; /* wl_survey_place_before */
	uint64_t walk_offset; /* of the base that a start goes on from: a chunk with its entry stands there; 0: none, or installed */
	uint64_t walk_index,
		walk_chain; /* of that entry, and the value behind it; 0: that of the tables, whose tail it is */
	uint64_t segments; /* number behind the last one on the medium */
	uint64_t watermark; /* of the superblock; at least the block of walk_offset */
	uint64_t limit; /* a journal that runs: its durable offset; dormant: UINT64_MAX. As the two below in survey.h */
	uint64_t stop;
	struct wl_survey_edge edge;
	uint64_t commit; /* index that the superblock or the base calls committed; 0: none */
	wl_members members; /* who is asked; this node not among them */
	/* Marks and dead ranges that others rely on: chunks begin at marks, no live entry stands in a dead range. The log that was restored
	 * from the base, or that lives; read while the machine runs. NULL: none. */
	const struct wl_log *tables;
	void *memory; /* wl_mend_memory_bytes(), aligned to WL_BLOCK_BYTES */
};

/* Where the next chunk may stand, from the right. */
struct wl_mend_piece {
	uint64_t end;
	uint64_t begin; /* 0: it follows from what is put in */
	uint64_t floor; /* it begins there or behind it */
	uint64_t previous; /* that the damaged header names; WL_SURVEY_ANY: not known */
	uint64_t first; /* its first entry has this index; 0: not known */
	uint64_t first_chain; /* and this value behind it: only then it is that one; 0: no doubt */
	uint32_t used; /* of entries, as the damaged header says; 0: not known */
	bool dead; /* nothing of it is live */
};

struct wl_mend {
	struct wl_mend_config config;
	enum wl_mend_state state;
	struct wl_mend_want want;
	struct wl_salvage_want ask;
	struct wl_recovery_damage damage; /* REFUSED */

	/* what is told */
	bool lost; /* every member has answered, and none has the entry at ask.index whole; asked for all the same */
	bool unpackable; /* beside REFUSED (CHAIN): the entries do not fit into the place that they had */
	bool moved; /* entries came to stand elsewhere than before: who has tables of a running log in memory starts again */
	bool gave_up; /* the end was given up: this node does not count */
	uint32_t holes, holes_left; /* of the present survey */
	uint64_t missing; /* entries that are still missing, as far as it is known */
	uint64_t bytes_left; /* of the holes that are not filled yet */
	uint64_t entries_salvaged, entries_fetched; /* from the own log, and from peers */
	uint64_t refused; /* entries that came and were not what was asked for */
	uint64_t bytes_written;
	uint32_t surveys;

	/* inside */
	struct wl_survey survey;
	struct wl_survey walk; /* once more up to a hole: what the log is on its left */
	struct wl_survey_hole held[WL_SURVEY_HOLES_MAX]; /* those that are not filled yet */
	struct wl_survey_hole hole; /* under way: `end` and `right` are of what is still missing */
	uint64_t hole_end; /* that of the whole hole */
	struct wl_mend_piece piece; /* the chunk that is built */
	struct wl_layout layout;
	struct wl_salvage_find find;
	struct wl_fill fill;
	uint8_t phase, behind; /* what goes on behind zeros */
	uint8_t uncounted_then, after_bury;
	bool joined; /* no entry is missing any more */
	bool walked; /* `walk` is of this hole */
	uint32_t nth; /* part of the stream that is looked through for our own entries */
	wl_members answered, never; /* since ask.index or ask.chain is another one */
	wl_members silent;
	const uint8_t *run; /* being placed, newest first */
	uint32_t run_count;
	uint32_t *run_at; /* where its entries begin */
	uint32_t run_end;
	bool run_is_own;
	uint64_t zero_at, zero_end; /* zeros are written in between */
	bool rough; /* the chunk that waits has another shape than what stood there: that is made unreadable first */
	uint64_t bury_at, bury_end; /* dead chunks that are whole are made none in between */
	uint64_t watermark; /* of the superblock, as it is now */
	uint64_t before; /* holes of the survey before this one: each survey finds fewer */
	uint64_t bytes_written_before; /* at its begin */
	uint8_t *scratch; /* WL_CHUNK_BYTES_MAX */
	void *survey_memory, *walk_memory;
	struct wl_mend_want again; /* a write that waits for its segment */
};

size_t wl_mend_memory_bytes(void);
void wl_mend_init(struct wl_mend *mend, const struct wl_mend_config *config);
void wl_mend_on_done(struct wl_mend *mend, enum wl_disk_status status);
/* WANTS_ENTRIES: who is to be asked now; 0: everybody was: rest, then wl_mend_ask_again. */
uint32_t wl_mend_peer(const struct wl_mend *mend);
/* The node, one of the members, was not reached in time: the next one is asked, and it has not answered. */
void wl_mend_on_silence(struct wl_mend *mend, uint32_t node);
/*
 * What `node`, one of the members, said of mend->ask. HAVE: `run` are whole images one behind the other, the last one is that of
 * ask.index; it stays the caller's, unchanged, until the state is WANTS_ENTRIES again, or DONE, REFUSED, FAILED. False: it was not what was asked for (counted).
 * An answer of another question must not come here: index and chain are compared by who drives.
 */
bool wl_mend_on_answer(struct wl_mend *mend, uint32_t node, enum wl_mend_verdict verdict,
		       const uint8_t *run, uint32_t bytes);
/* Peers; or the medium, from the survey on, where that only did not give what every member lacks. */
void wl_mend_ask_again(struct wl_mend *mend);
/* FAILED -> from the survey on. */
void wl_mend_again(struct wl_mend *mend);
const char *wl_mend_state_name(enum wl_mend_state state);

#endif
