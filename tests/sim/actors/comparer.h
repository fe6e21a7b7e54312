/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An operator who compares the logs of all nodes while they run, as `wirelog verify --cluster` does: one node is asked, through its agent and
 * what its worker publishes, and the daemon's own search says what to ask next. Each value that a node tells is held against what the oracle
 * knows to be committed there; a difference between nodes that nobody made is a violation.
 */
#ifndef WL_TESTS_SIM_ACTORS_COMPARER_H
#define WL_TESTS_SIM_ACTORS_COMPARER_H

#include "dataplane/log/chain_search.h"
#include "tests/sim/server/node.h"

struct sim_comparer {
	struct sim_cluster *cluster;
	uint64_t life; /* raised by each command: events of an older one are forgotten */
	unsigned node, journal; /* who is asked */
	uint64_t boot, round, begun_ns;
	wl_members told; /* who answered at all */
	struct wl_chain_search search; /* state 0: nothing was begun */
	uint64_t finished; /* commands that came to an end */
};

void sim_comparer_init(struct sim_comparer *comparer, struct sim_cluster *cluster);
/* A command begins at this node, if it is up and has committed something; the one before is over. */
void sim_comparer_begin(struct sim_comparer *comparer, unsigned node);
/* The last one has ended: in this state, with the logs of so many nodes in it, of which so many media did not give all. */
void sim_comparer_expect(const struct sim_comparer *comparer, const uint64_t expected[3]);

#endif
