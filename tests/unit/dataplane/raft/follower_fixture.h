/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The follower's half by itself: frames in, acknowledgements out. Node 1 is the leader whose log the frames are
 * made from, node 3 the follower.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_RAFT_FOLLOWER_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_RAFT_FOLLOWER_FIXTURE_H

#include "tests/unit/dataplane/raft/replica_fixture.h"

#define LEADER 1u
#define FOLLOWER 3u

/* Logs as digits: the terms of their entries. */
void follower_begin(const char *leader, const char *follower, uint64_t term);
struct replica_fixture *follower_cluster(void);
/* `count` entries of the leader's log behind `previous`, in the follower's term. */
void follower_append(uint64_t previous, unsigned count, uint64_t commit);
void follower_turn(void);
/* Takes the acknowledgement that was sent; false: there is none. */
bool follower_answered(struct wl_wire_append_ack *ack);
struct wl_log *follower_log(void);
struct wl_replica *follower(void);
uint64_t follower_counted(enum wl_counter which);
uint64_t follower_bad_payloads(void);

#endif
