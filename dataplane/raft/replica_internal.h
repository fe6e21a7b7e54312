/* SPDX-License-Identifier: BSD-3-Clause */
/* What the halves of the replica share: replica.c, replica_leader.c, replica_follower.c. [worker] */
#ifndef WL_DATAPLANE_RAFT_REPLICA_INTERNAL_H
#define WL_DATAPLANE_RAFT_REPLICA_INTERNAL_H

#include "dataplane/base/check.h"
#include "dataplane/raft/replica.h"

/* A message to control that must arrive: kept and tried again when the ring is full. */
void wl_replica_tell(struct wl_replica *replica, enum wl_plane_verb verb, uint32_t node,
		     uint32_t reason);
/* An authentic frame of a newer term: control decides; told once for each term. */
void wl_replica_saw_term(struct wl_replica *replica, uint32_t from, uint64_t term);

/* The same with all of it. */
void wl_replica_tell_diverged(struct wl_replica *replica, const struct wl_divergence *divergence);

/* replica_divergence.c: does `node`, which has an entry of that index and term as we do, have the same one? False: it is counted and
 * told, and nothing of that frame may be believed. `known`: both chain values were at hand. */
bool wl_replica_agrees(struct wl_replica *replica, uint32_t node, struct wl_position position,
		       uint64_t their_chain, bool *known);
/* Follower, in a view in which the leader's log differs from ours: does it differ where we have something committed? Refuses, so that the
 * leader begins there, until that is known. */
void wl_replica_judge_branch(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_append *append);
/* Follower: at the end of the turn the leader is told to begin at hint_index, and behind what is committed here. */
void wl_replica_refuse(struct wl_replica *replica, const struct wl_wire_append *append,
		       uint64_t hint_index);
/* `node` has at `position` what cannot be where we have something committed. */
void wl_replica_diverged(struct wl_replica *replica, uint32_t node, struct wl_position position,
			 uint64_t their_chain);

/* For the rest of this process, whatever view comes: nothing is acknowledged, and nothing that was kept for a full ring leaves. */
void wl_replica_take_no_part(struct wl_replica *replica, const struct wl_divergence *divergence);

/* replica_succession.c. Leader, each turn: another one is to lead? */
void wl_replica_watch_succession(struct wl_replica *replica);
/* The voter that is furthest, one with room, in step and of a high priority if there is such; 0 when there is none. */
uint32_t wl_replica_best_successor(const struct wl_replica *replica, bool not_committing);

/* replica_state.c: does everybody make the same of what is committed? A new view knows of no question. */
void wl_replica_state_begin(struct wl_replica *replica);
/* Leader, before frames leave: the next question, when the last one is answered or too old. */
void wl_replica_state_ask(struct wl_replica *replica);
void wl_replica_state_on_append(struct wl_replica *replica, uint32_t from,
				const struct wl_wire_append *append);
void wl_replica_state_on_ack(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_append_ack *ack);

/* replica_inquiry.c: somebody has another entry at `index` than we hold as committed. All voters are asked. */
void wl_replica_inquire(struct wl_replica *replica, uint64_t index);
void wl_replica_inquiry_end_turn(struct wl_replica *replica);

/* replica_return.c: whose word counts. An acknowledgement says on which data it is given, and whether those are held back. */
void wl_replica_notice_data(struct wl_peer *peer, uint64_t incarnation, bool held_back);
/* Our own data, which are held back: a list names them, and is committed. */
bool wl_replica_is_taken_in(const struct wl_replica *replica);

/* replica_members.c: who voted by the list before, while ours may be cut away; and control hears of each change. */
wl_members wl_replica_list_before(const struct wl_replica *replica);
void wl_replica_tell_list(struct wl_replica *replica);
/* Leader: `node` is sent everything: a member, or one by the list before that has not said yet that it knows that it is none any more. */
bool wl_replica_is_peer(const struct wl_replica *replica, uint32_t node);
/* A frame that wants an answer leaves for it now. */
void wl_replica_tell_left(struct wl_replica *replica, uint32_t node);

/* replica_progress.c */
void wl_replica_progress_begin(struct wl_replica *replica);
void wl_replica_watch_progress(struct wl_replica *replica);
void wl_replica_tell_transfer_ready(struct wl_replica *replica, uint32_t node,
				    struct wl_position has);
void wl_replica_tell_stalled_commit(struct wl_replica *replica, uint64_t missing);

void wl_replica_leader_begin(struct wl_replica *replica);
void wl_replica_leader_advance(struct wl_replica *replica);
void wl_replica_leader_end_turn(struct wl_replica *replica);
bool wl_replica_leader_has_quorum(const struct wl_replica *replica);
/* Leader: it answered what was sent within our patience. */
static inline bool wl_replica_hears(const struct wl_replica *replica, const struct wl_peer *peer)
{
	WL_CHECK(peer->heard_sent_ns <= replica->now_ns);
	return replica->now_ns - peer->heard_sent_ns <= wl_replica_patience_ns(replica);
}

/* replica_send.c: once a turn, before anything is sent; then each of them. Who is paced gets its entries by wl_replica_catch_up. */
void wl_replica_notice_behind(struct wl_replica *replica);
void wl_replica_send_to_peer(struct wl_replica *replica, uint32_t node);

/* replica_read.c: an echo came of data that count; all that was asked of a leader that is none any more is forgotten; once a turn, before
 * anything is sent: is a round due, and who can be told? An empty frame leaves for a peer at once. */
void wl_replica_read_on_ack(struct wl_replica *replica, uint32_t from,
			    const struct wl_wire_append_ack *ack);
void wl_replica_read_on_view(struct wl_replica *replica);
void wl_replica_read_leader_turn(struct wl_replica *replica);
bool wl_replica_read_hurries(const struct wl_replica *replica, const struct wl_peer *peer);

/* replica_room.c: an acknowledgement tells of room; once a turn, who fell silent since has none. */
void wl_replica_room_on_ack(struct wl_replica *replica, struct wl_peer *peer,
			    const struct wl_wire_append_ack *ack);
void wl_replica_room_end_turn(struct wl_replica *replica);
/* Led by another voter, appends could be taken although our log is full. */
bool wl_replica_successor_has_room(const struct wl_replica *replica);

/* replica_clock.c */
void wl_replica_clock_on_ack(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_append_ack *ack);
void wl_replica_clock_on_append(struct wl_replica *replica, const struct wl_wire_append *append);
/* Once a turn: is our clock astray? */
void wl_replica_clock_watch(struct wl_replica *replica);

void wl_replica_follower_begin(struct wl_replica *replica);
void wl_replica_follower_end_turn(struct wl_replica *replica);

#endif
