/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `wirelog verify` finds in a data directory or device: facts, and how they are shown. The demo asks the
 * same questions of its nodes' data after they have ended.
 *
 * The caller owns the report. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_VERIFY_H
#define WL_COMMAND_TOOL_VERIFY_H

#include <jansson.h>
#include <stdio.h>

#include "command/tool_bases.h"
#include "command/tool_holes.h"

#define WL_VERIFY_TERMS_SHOWN 8u

/* A place of the stream, and where it is on the medium. */
struct wl_verify_journal {
	uint32_t journal;
	uint64_t first_segment; /* the lowest that exists */
	uint64_t segments, segment_bytes; /* one more than the highest; of each */
	uint64_t first_index, first_number; /* of what is kept; what stood before was given up */
	uint64_t opens_at; /* index of the base that a start begins from; 0: the origin */
	enum wl_base_verdict
		opens_by; /* OK: that base; EMPTY: none; DAMAGED: both, else of another owner or version */
	bool nowhere; /* a start finds neither a base nor the origin */
	struct wl_tool_base bases[WL_BASE_PLACES];
	uint64_t stream_bytes; /* how far the good stream goes */
	uint64_t last_index, last_number, last_term;
	uint32_t term_count;
	uint64_t term, vote; /* what the node promised, from the superblock */
	uint64_t known_commit;
	uint64_t chain,
		commit_chain; /* behind the last entry; behind known_commit, when commit_chain_known */
	uint64_t wanted_chain; /* behind the index that was asked for */
	bool commit_chain_known, wanted_chain_known;
	uint32_t dead_ranges; /* places whose entries later ones superseded */
	bool damaged, torn_tail;
	struct wl_recovery_damage damage;
	struct wl_verify_place begin, end; /* of the damage or the torn tail */
	/* What is kept, before the chunk of the base: a start does not read it, readers and peers do. */
	bool damaged_below;
	struct wl_recovery_damage below;
	struct wl_verify_place below_begin, below_end;
	struct wl_tool_holes holes; /* all of it, when something is damaged */
};

struct wl_verify_report {
	uint8_t cluster[16];
	uint32_t node, journal_count;
	uint64_t boot_count;
	bool is_block_device;
	unsigned damaged_copies; /* of the superblock: bit for each; the others were enough */
	struct wl_verify_journal journals[WIRELOG_JOURNALS_MAX];
};

/*
 * Opens, walks every journal, closes. `chain_index`: an entry whose chain value is wanted, 0 for none. 0 when
 * all could be looked at, damaged or not; else a negative enum wirelog_status with a sentence.
 */
int wl_verify_store(struct wl_verify_report *report, const char *path, uint64_t chain_index,
		    char *reason, size_t reason_bytes);
/* One journal that was walked; `of` (may be NULL) tells where segments begin on a device. Bases are looked at apart. */
void wl_verify_look(struct wl_verify_journal *found, const struct wl_tool_journal *journal,
		    struct wl_store *store);
bool wl_verify_is_damaged(const struct wl_verify_report *report);

void wl_verify_print(FILE *out, const char *path, uint64_t chain_index,
		     const struct wl_verify_report *report);
json_t *wl_verify_json(const char *path, uint64_t chain_index,
		       const struct wl_verify_report *report);

#endif
