/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's side of comparing logs between nodes: what does each have committed behind one entry? From any node to any, in any role.
 *
 *  answering  What is durable is read from the medium, beside the worker (chain_lane.h), for a log in memory proves nothing about the medium; one
 *             question at a time, of each node its newest one. What can be said without the medium is said at once.
 *  asking     One question at a time, for an operator: of all nodes that are configured, ourselves among them, again every WL_CHAIN_AGAIN_NS to whom did not
 *             answer, for WL_CHAIN_PATIENCE_NS. A new question takes the place of the old one; the same one goes on.
 *
 * Pure. [worker]
 */
#ifndef WL_DATAPLANE_WORKER_CHAIN_PEER_H
#define WL_DATAPLANE_WORKER_CHAIN_PEER_H

#include "dataplane/wire/wire.h"
#include "dataplane/worker/chain_lane.h"
#include "dataplane/worker/chain_report.h"

#define WL_CHAIN_AGAIN_NS 100000000u
#define WL_CHAIN_PATIENCE_NS 3000000000u

struct wl_chain_peer {
	struct wl_chain_lane lane;
	/* answering */
	wl_members waiting; /* nodes whose question is not answered */
	uint32_t reads_for; /* node whose question is in the lane */
	struct wl_wire_chain_ask asks[WIRELOG_NODES_MAX + 1];
	/* asking */
	struct wl_chain_report report;
	uint64_t began_ns, sent_ns;
};

struct wl_journal;

/* An operator asks; index is not 0. The same index again while it is asked goes on, later it begins anew. */
void wl_journal_compare(struct wl_journal *journal, uint64_t index);
void wl_journal_on_chain_ask(struct wl_journal *journal, uint32_t node,
			     const struct wl_wire_chain_ask *ask);
void wl_journal_on_chain_told(struct wl_journal *journal, uint32_t node,
			      const struct wl_wire_chain_told *told);
/* At a turn's end. Returns what it did. */
unsigned wl_journal_turn_chains(struct wl_journal *journal, uint64_t now_ns);

#endif
