/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a leader may be silent before it is suspected, by what was measured of leaders that lived: twice the longest silence lately. What
 * is measured holds all that can delay a heartbeat: the leader's turn, its machine's scheduling, the network, our own worker's turn. A machine on
 * which nothing stands still gets the configured timeout, one that is shared with others gets more, by itself, and each node its own.
 *
 * It only ever waits longer than the configured timeout: voters' stickiness, and what leans on it, is that one alone. Safety depends on none of it.
 *
 *   bound = 2 * longest, not below the timeout, not above twice the patience
 *   longest: at first a quarter of the patience, for nothing was measured; halved each WL_SUSPICION_HALF_NS; a longer silence that ended takes its
 *   place, up to the patience: a cut, or a stop of our own process, is forgotten as soon as what a scheduler does
 *
 * A silence also ends when the suspected one answers our campaign: it lived, and we were too quick. Else who deposes a late leader would be as
 * quick the next time, for the new leader's first word ends no silence of the old one.
 *
 * Units: nanoseconds of the worker's clock. Pure. Owner: an election. [control]
 */
#ifndef WL_CONTROL_ELECTION_SUSPICION_H
#define WL_CONTROL_ELECTION_SUSPICION_H

#include <stdbool.h>
#include <stdint.h>

#define WL_SUSPICION_HALF_NS 3000000000u

struct wl_suspicion {
	uint64_t timeout_ns, patience_ns;
	uint64_t longest_ns, since_ns; /* and when it was measured, or halved last */
	uint32_t leader; /* whose word was heard last, 0: nobody's, */
	uint64_t term; /* in which term, */
	uint64_t heard_ns; /* and when */
	bool suspects; /* it is asked whether it lives, by our campaign */
};

void wl_suspicion_begin(struct wl_suspicion *suspicion, uint64_t timeout_ns, uint64_t patience_ns);
/* A valid frame of `leader` came at that time. The first of another leader or term ends no silence. */
void wl_suspicion_heard(struct wl_suspicion *suspicion, uint32_t leader, uint64_t term,
			uint64_t heard_ns);
/* A campaign against the leader that was heard last begins. */
void wl_suspicion_suspects(struct wl_suspicion *suspicion);
/* What we asked in that campaign is answered by `node`, whatever it says. Counted once, and of that leader alone. */
void wl_suspicion_answered(struct wl_suspicion *suspicion, uint32_t node, uint64_t now_ns);
/* A silence of this length is none of those that end by themselves. */
uint64_t wl_suspicion_bound(const struct wl_suspicion *suspicion);

#endif
