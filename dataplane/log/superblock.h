/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node must never forget, in one checksummed record of 4 KiB: who it is, how often
 * it started, and for each journal the term and the vote - together, in one record.
 * Four copies in two pairs: record n is written to copy 2 * (n % 2), made durable, then to
 * the other copy of that pair, made durable, and only then counts as persisted. A torn
 * write hurts one copy of a record that nobody relied on yet; rot of one copy leaves its
 * twin; the pair before is never touched meanwhile. The newest whole copy counts - but two
 * damaged copies of one pair may have held a newer vote, so they are refused, not skipped.
 *
 * Pure: encode, decode, choose. I/O is in store_file.c and superblock_uring.c. Owner: control. [control]
 */
#ifndef WL_DATAPLANE_LOG_SUPERBLOCK_H
#define WL_DATAPLANE_LOG_SUPERBLOCK_H

#include "dataplane/base/features.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/members.h"
#include "dataplane/base/position.h"
#include "dataplane/base/siphash.h"
#include "dataplane/log/divergence.h"

#define WL_SUPERBLOCK_FORMAT 7u /* version of the record; data of another one are refused */
/* The same record behind a committed FEATURES entry, or of a restore that is not finished: builds that know neither refuse it, so none of them
 * starts on such data (docs/SAFETY.md, rules 32 and 34). Until then they may. */
#define WL_SUPERBLOCK_FORMAT_FEATURES 8u

struct wl_superblock_journal {
	uint64_t term;
	uint32_t vote; /* node id, 0 = none in this term */
	uint64_t watermark; /* stream offset known durable when this was written */
	struct wl_position
		commit; /* known committed, and durable here: a full log may get no entry that tells it */
	uint64_t caught_up_boot; /* newest boot in which we were caught up with a leader (incarnations.h); 0: never */
	struct wl_divergence
		divergence; /* of what is committed here: no start on these data any more */
	uint64_t history; /* that is committed here (docs/SAFETY.md, rule 29); 0: none */
	uint64_t rescued; /* the one that these data begin by themselves, and whose LOSS is not committed yet (rule 32); 0: none */
};

/* What we remember of a peer, so that a wiped or rolled-back disk is noticed (control/agent/incarnations.h). */
struct wl_superblock_peer {
	uint64_t incarnation; /* of its data; 0: never met */
	uint64_t boot_id; /* newest boot that was proven to us */
	uint64_t suspect_boot; /* its data went back in this boot: no vote of it counts before it is caught up; 0: none */
};

struct wl_superblock {
	uint8_t cluster[16];
	uint32_t node;
	uint32_t journal_count;
	uint64_t incarnation; /* random, made when the data directory was */
	uint64_t boot_count; /* raised at each start, before anything is sent */
	uint64_t sequence; /* of this record */
	uint64_t segment_bytes; /* may not change under existing data */
	uint8_t chunk_key
		[WL_SIPHASH_KEY_BYTES]; /* random, made with the data; never leaves the node (chunk.h) */
	/* of a raw device: segments that each journal has room for, and the last one, which grows with the device; 0 in a directory */
	uint64_t area_segments, last_area_segments;
	/* of a raw device: bytes of each place for a base, two for each journal, a multiple of WL_BLOCK_BYTES; 0: there are none */
	uint64_t base_bytes;
	wl_members
		voters; /* bit per node id of the cluster, nor may they; 0: older data, not known */
	bool unfinished; /* `wirelog restore` is making these data: nobody starts on them, nor reads them */
	struct wl_superblock_journal journals[WIRELOG_JOURNALS_MAX];
	/* per peer the highest position it ever acknowledged to us, per journal: notices a rolled-back disk */
	struct wl_position peer_durable[WIRELOG_JOURNALS_MAX][WIRELOG_NODES_MAX + 1];
	struct wl_superblock_peer peers[WIRELOG_NODES_MAX + 1];
	/* Of all journals together: what a build must have to start on these data; 0: nothing is in force */
	wl_features features_in_force;
	/* By node id, this one too: what its build said that it has, under its newest boot that was heard (below bit WL_FEATURES_MAX) */
	uint32_t features_declared[WIRELOG_NODES_MAX + 1];
};

enum wl_superblock_verdict {
	WL_SUPERBLOCK_OK = 0,
	WL_SUPERBLOCK_EMPTY, /* all zeros: never written */
	WL_SUPERBLOCK_DAMAGED,
	WL_SUPERBLOCK_VERSION,
};

/*
 * The copy that a record goes to first (which 0) and second (which 1). A copy that was damaged at start (bit in the mask) comes
 * first: while it is written its twin must be whole, or a second power cut would leave none of the pair.
 */
static inline unsigned wl_superblock_copy(uint64_t sequence, unsigned which, unsigned damaged_mask)
{
	unsigned pair = 2 * (unsigned)(sequence % 2);

	return pair + (which ^ (damaged_mask >> (pair + 1) & 1));
}

void wl_superblock_encode(uint8_t to[WL_BLOCK_BYTES], const struct wl_superblock *superblock);
enum wl_superblock_verdict wl_superblock_decode(const uint8_t from[WL_BLOCK_BYTES],
						struct wl_superblock *superblock);
/*
 * Chooses among the four copies. DAMAGED when no copy is whole but one is not empty, or when
 * a pair that was written has no whole copy, so that a newer record (a vote) cannot be excluded; the
 * table stands in docs/LOG-FORMAT.md. `damaged_mask`: bit per copy that is damaged, or empty beside
 * whole ones; for wl_superblock_copy and the operator.
 */
enum wl_superblock_verdict
wl_superblock_choose(const uint8_t copies[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES],
		     struct wl_superblock *superblock, unsigned *damaged_mask);

#endif
