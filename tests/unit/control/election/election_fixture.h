/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One election machine in a test's hand: the test plays worker, disk, peers and clock. Every call
 * replaces `out` by the effects of that one event.
 */
#ifndef WL_TESTS_UNIT_CONTROL_ELECTION_ELECTION_FIXTURE_H
#define WL_TESTS_UNIT_CONTROL_ELECTION_ELECTION_FIXTURE_H

#include "control/election/election.h"

#define ELECTION_FIXTURE_TIMEOUT_NS 100000000u /* 100 ms */

struct election_fixture {
	struct wl_election election;
	struct wl_election_effects out;
	uint64_t now_ns;
	struct wl_position tail; /* the worker's */
};

/* Node 1 of `voters` nodes, started, with this term and vote on disk. */
void election_fixture_start(struct election_fixture *fixture, unsigned voters, uint64_t term,
			    uint32_t vote);
/* Effects of the last event. */
const struct wl_election_effect *election_fixture_told(const struct election_fixture *fixture,
						       enum wl_plane_verb verb);
const struct wl_election_effect *election_fixture_sent(const struct election_fixture *fixture,
						       uint8_t type, uint32_t to);
const struct wl_election_effect *election_fixture_persist(const struct election_fixture *fixture);
unsigned election_fixture_sent_count(const struct election_fixture *fixture, uint8_t type);

void election_fixture_pass(struct election_fixture *fixture,
			   uint64_t ns); /* time in ticks of 5 ms; keeps all effects' last tick */
bool election_fixture_pass_until(struct election_fixture *fixture, enum wl_election_state state);
void election_fixture_fenced(
	struct election_fixture *fixture); /* the worker answers the newest FENCE */
void election_fixture_persisted(struct election_fixture *fixture, bool ok);
void election_fixture_settle(struct election_fixture *fixture); /* fenced, then persisted */
void election_fixture_leader_heard(struct election_fixture *fixture, uint32_t leader);
void election_fixture_saw_term(struct election_fixture *fixture, uint64_t term);
void election_fixture_stalled(struct election_fixture *fixture, enum wl_stall_reason reason);
void election_fixture_pre_vote(struct election_fixture *fixture, uint32_t from, uint64_t term,
			       struct wl_position last);
void election_fixture_vote(struct election_fixture *fixture, uint32_t from, uint64_t term,
			   struct wl_position last);
void election_fixture_vote_flags(struct election_fixture *fixture, uint32_t from, uint64_t term,
				 struct wl_position last, uint32_t flags);
void election_fixture_pre_vote_reply(struct election_fixture *fixture, uint32_t from,
				     uint64_t asked_term, uint64_t term, bool granted);
void election_fixture_vote_reply(struct election_fixture *fixture, uint32_t from,
				 uint64_t asked_term, uint64_t term, bool granted);
void election_fixture_timeout_now(struct election_fixture *fixture, uint32_t from, uint64_t term,
				  struct wl_position last);
void election_fixture_become_candidate(struct election_fixture *fixture); /* in term + 1 */
void election_fixture_become_leader(struct election_fixture *fixture); /* in term + 1 */

#endif
