/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's side of bases between nodes: asks for one when the leader gave up what we lack, cuts ours into frames for who asks.
 *
 *  serving     An ask is answered with at most WL_BASE_BATCH parts, then the next one is waited for: never more is on its way, and live frames
 *              go first. Only a base that is proven is told.
 *  installing  Parts are taken in order; what is missing is asked for again. All of it there and right: the log stands still
 *              (replica_install.c), the base is made durable, the log jumps (log.h), and the state is the base's.
 *
 * Whoever answers is the leader of our view, or any peer that takes part: what it says is proven by the digest alone, and that a majority made
 * that base is its word, as with entries.
 *
 * Pure. [worker]
 */
#ifndef WL_DATAPLANE_WORKER_BASE_PEER_H
#define WL_DATAPLANE_WORKER_BASE_PEER_H

#include "dataplane/wire/wire.h"
#include "dataplane/worker/base_lane.h"

#define WL_BASE_BATCH 16u
#define WL_BASE_ASK_NS 20000000u /* nothing came for so long: asked again */
#define WL_BASE_SILENCE_NS 5000000000u /* and then it is given up */
/* It could not be written, or was not right: so much later. A drive that has room again is waited for by a journal that lacks this voter. */
#define WL_BASE_AGAIN_NS 1000000000u

struct wl_base_server {
	uint32_t node; /* who asked last; 0: nobody waits */
	struct wl_wire_base_ask ask;
};

struct wl_base_fetch {
	struct wl_base_offer offer; /* index 0: none yet */
	uint64_t have; /* of its bytes came, in order */
	uint64_t given; /* of these the maker has */
	uint64_t asked_offset;
	uint64_t asked_ns; /* 0: ask now */
	uint64_t again_ns; /* not before */
	uint64_t heard_ns; /* when the last part came */
	uint32_t part_bytes; /* of the first part of this batch */
};

struct wl_journal;

void wl_journal_on_base_ask(struct wl_journal *journal, uint32_t node,
			    const struct wl_wire_base_ask *ask);
void wl_journal_on_base_part(struct wl_journal *journal, uint32_t node,
			     const struct wl_wire_base_part *part);
/* Behind the replica's and the service's turn. Returns what it did. */
unsigned wl_journal_turn_bases(struct wl_journal *journal, uint64_t now_ns);

#endif
