/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's side of damaged entries between nodes: cuts what our medium has into frames for who asks, asks one peer at a time for what
 * it lacks, and puts the answer together. From any node to any, in any role: a journal that is dormant asks and answers as well.
 *
 *  serving  An ask is answered with at most WL_MEND_BATCH parts, then the next one is waited for: never more is on its way. What can be said
 *           without the medium is said at once. "Never" is said of data that count and of nothing else (docs/SAFETY.md, rule 21).
 *  asking   Parts are taken in order; what is missing is asked for again, a few times.
 *
 * Pure. [worker]
 */
#ifndef WL_DATAPLANE_WORKER_MEND_PEER_H
#define WL_DATAPLANE_WORKER_MEND_PEER_H

#include "dataplane/wire/wire.h"
#include "dataplane/worker/mend_lane.h"

#define WL_MEND_BATCH 16u
#define WL_MEND_ASK_NS 30000000u /* nothing came for so long: asked again */
#define WL_MEND_TRIES 5u /* then it says nothing, and another node is asked */

struct wl_mend_server {
	wl_members waiting; /* nodes whose ask is not answered */
	uint32_t turn; /* who was answered last */
	struct wl_wire_mend_ask asks[WIRELOG_NODES_MAX + 1]; /* the last one of each */
};

struct wl_mend_fetch {
	uint32_t have; /* of its bytes came, in order */
	uint32_t total; /* 0: not known yet */
	uint32_t asked_offset, part_bytes; /* of this batch, and of its first part */
	uint64_t asked_ns; /* 0: ask now */
	uint32_t tries; /* since something came */
};

struct wl_journal;

void wl_journal_on_mend_ask(struct wl_journal *journal, uint32_t node,
			    const struct wl_wire_mend_ask *ask);
void wl_journal_on_mend_part(struct wl_journal *journal, uint32_t node,
			     const struct wl_wire_mend_part *part);
/* At a turn's end. Returns what it did. */
unsigned wl_journal_turn_mend(struct wl_journal *journal, uint64_t now_ns);

#endif
