/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steady state of one journal on one node: append, replicate, acknowledge, commit (Raft section
 * 5.3, 5.4.2). Leader and follower halves are in replica_leader.c and replica_follower.c; the
 * view (term, role, leader) comes from control by plane messages and is never changed here.
 *
 * What leaves at once is written to frames (tx); what must wait for the medium is sent in answer to the
 * completion. So nothing that the caller does with frames, disk requests or plane messages can break an order.
 *
 *  What must hold. wl_replica_check is this text as code, as far as one node can see it in one moment (docs/SAFETY.md has the
 *  rules behind it; what needs two nodes the simulator's oracle sees).
 *  R1  commit is at least what it was when the view was installed, and at most the tail
 *  R2  a leader's commit is what it was when the view was installed, or an entry of its own term
 *  R3  what is known of a peer is in order (peer.h, P1 to P3), and a follower's match is at most the tail
 *  R4  a fenced replica appends nothing: the tail is what it was when the view was installed; and has nothing to acknowledge
 *  R5  nothing at or below commit is cut: the tail is at least what was committed (and where it is cut, that is asserted)
 *  R6  a leader is ready, and takes appends of clients, when its term's first entry has committed
 *  R7  of the levels, a leader's everywhere is at most received by all, that at most received by a majority, that at most the tail
 *
 * Pure. Owner: the journal's worker. [worker]
 */
#ifndef WL_DATAPLANE_RAFT_REPLICA_H
#define WL_DATAPLANE_RAFT_REPLICA_H

#include "dataplane/log/divergence.h"
#include "dataplane/log/log.h"
#include "dataplane/raft/pace.h"
#include "dataplane/raft/peer.h"
#include "dataplane/raft/plane.h"
#include "dataplane/transport/counters.h"
#include "dataplane/transport/rx.h"
#include "dataplane/transport/tx.h"
#include "dataplane/wire/fragments.h"
#include "dataplane/wire/wire.h"

struct wl_replica_config {
	uint32_t node;
	uint64_t incarnation; /* of our data (control/agent/incarnations.h) */
	uint64_t history; /* that our data are of, as is durable; 0: none yet (docs/SAFETY.md, rule 29) */
	uint64_t rescued; /* that they begin by themselves: our first term has a LOSS (rule 32); 0: none */
	uint16_t journal;
	uint64_t heartbeat_ns; /* a leader that has nothing to send says so this often */
	uint64_t election_timeout_ns; /* voters stick to their leader for so long after they heard it, and no longer */
	uint64_t patience_ns; /* check-quorum: a leader unheard for this long falls silent; 0: as election_timeout_ns */
	uint64_t resend_ns; /* no progress for this long: send again from match + 1 */
	uint64_t disk_stall_ns; /* oldest write in flight older than this: STALLED(disk) */
	uint32_t window_bytes; /* per follower, unacknowledged */
	uint32_t catch_up_bytes; /* read from the medium for one lagging follower, per turn */
	uint64_t catch_up_rate; /* bytes a second for all of them, while records flow (pace.h) */
	uint8_t priority[WIRELOG_NODES_MAX +
			 1]; /* of nodes, ours among them: who is to lead rather */
};

#define WL_REPLICA_CLOCK_SKEW_NS \
	1000000000ull /* a wall clock further from the others' is not followed */

/* A wall clock as it runs beside our own counter of time. */
struct wl_replica_clock {
	bool known;
	int64_t offset_ns; /* reading minus our now_ns at that moment */
	uint64_t sent_ns; /* of the question that it came in answer to */
};

/*
 * What each voter makes of the entries up to `index`: replica_state.c. The digest is the client service's to compute (session.h); here it is
 * a number that is equal where all is well, and never 0.
 */
struct wl_replica_state {
	uint64_t index; /* the leader of this view asked about it, or we did; 0: nobody yet */
	uint64_t digest; /* ours behind it; 0: not applied yet, or more was when it was asked */
	uint64_t digest_ns; /* when it was made */
	uint64_t verdict; /* of a majority of the voters; 0: not known */
	uint64_t asked_ns,
		over_ns; /* leader: when the answers were there, or came too late; 0: they may still come */
	uint64_t theirs[WIRELOG_NODES_MAX + 1]; /* leader: answers, ours among them */
	bool undecided; /* leader: they differ, and no majority is of one mind */
};

struct wl_replica_inquiry { /* replica_inquiry.c */
	uint64_t index; /* 0: nothing is in doubt */
	uint64_t began_ns, asked_ns;
	uint64_t theirs[WIRELOG_NODES_MAX +
			1]; /* chain values behind it, ours among them; 0: not told */
	bool settled; /* a majority has spoken */
};

/* What an operator asked for, here or at a follower: replica_propose.c. */
struct wl_replica_ask {
	struct wl_wire_propose wish; /* its verb 0: nothing is asked */
	uint64_t until_ns; /* then it is forgotten */
	uint64_t sent_ns; /* when it was passed on last; 0: not yet */
};

/* How far is the journal? replica_read.c. */
struct wl_replica_read { /* a follower's question, at the leader */
	uint64_t round; /* the follower's; 0: none waits */
	uint64_t boot_id; /* in which it counts them */
	uint64_t began_ns, index, number;
};

struct wl_replica_reads {
	/* leader */
	uint64_t sent_ns; /* send time of the newest frame that wants an answer, to anybody */
	uint64_t wanted_ns; /* the newest question began then; 0: none waits */
	uint64_t round_ns; /* frames are sent to all at once for it, from then on */
	struct wl_replica_read asked[WIRELOG_NODES_MAX + 1]; /* by node */
	/* follower */
	uint64_t round; /* the newest that was put to a leader; from 1 in each start */
	uint64_t told; /* the newest that was answered; round: none is under way */
	uint32_t leader; /* whom it was put to last */
	uint64_t put_ns, put_again_ns; /* first, last */
	int status; /* of the answer; OK: index, number */
	uint64_t index, number;
};

/* Who is to lead instead: replica_succession.c. Outlives a leadership, so that two nodes do not pass one on again and again. */
struct wl_succession {
	uint64_t looked_ns;
	uint32_t preferred; /* of a higher priority than we, in step since since_ns; 0: nobody */
	uint64_t since_ns;
	uint64_t told_ns, patience_ns; /* control was told last; and no sooner again */
	uint64_t disk_told_ns;
};

#define WL_REPLICA_ASK_NS 5000000000u /* so long what was asked stands */
#define WL_REPLICA_UP_MAX 64 /* plane messages waiting for room in the ring */
#define WL_REPLICA_READ_BUFFERS WIRELOG_NODES_MAX

struct wl_replica_refusal { /* of an APPEND, told in the acknowledgement at the end of the turn */
	bool pending;
	uint64_t hint_index; /* nothing that is committed here */
	uint32_t hint_offset;
	uint64_t sent_ns;
};

/* What only a leader has: nothing of it counts in another role. */
struct wl_replica_leader {
	struct wl_peer peers[WIRELOG_NODES_MAX + 1];
	uint64_t term_start_index; /* the empty first entry of our term; 0: it did not fit yet */
	bool ready; /* it is committed: client appends are welcome */
	uint64_t asked_ns; /* control asked then, or later, and a majority answered: an election, or for RESUME */
	struct wl_replica_clock clocks[WIRELOG_NODES_MAX + 1]; /* of its voters (replica_clock.c) */

	/* handing over: wl_replica_on_transfer */
	bool handing_over;
	bool gives_away; /* a hand-over began in this view's term, whatever came of it (wl_replica_gives_away) */
	bool transfer_told;
	bool transfer_short; /* it is for what cannot commit here: the successor need not have that */
	uint32_t transfer_target;

	/* replica_progress.c */
	uint64_t progress_mark, progress_ns; /* what came nearer to a commit last, and when */
	uint64_t segments_seen;
	bool no_segment; /* an append found no segment, and none was made since */
	bool commit_stalled; /* control was told, and nothing moved since */

	uint64_t received_majority, received_all, durable_all; /* for the acknowledgement levels */
	uint64_t room_limit; /* a majority has room for entries up to this cost (log.h) */
	uint64_t no_space_told_ns;
	uint64_t not_served_ns; /* when wl_replica_cannot_serve last said so; 0: never */

	/* replica_send.c */
	struct wl_pace pace;
	wl_members paced; /* of this turn: behind, and commits do not wait for them */
	uint32_t paced_next; /* who was sent something last of them */
};

/* What only a follower has: of the leader of its view's term, as it hears it. */
struct wl_replica_follower {
	uint64_t match; /* log is known equal to the leader's (this term) up to here; 0: nothing known */
	uint64_t acknowledged_durable; /* match_durable of the last acknowledgement */
	uint64_t leader_sent_ns; /* newest send time to echo; 0: none */
	uint32_t heard_leader; /* who sent the APPENDs of this term; 0: nobody yet */
	bool acknowledge; /* something to say at the end of the turn */
	struct wl_replica_refusal refusal;
	uint64_t heard_up_ns; /* LEADER_HEARD is limited */
	struct wl_fragments fragments; /* WL_ENTRY_BYTES_MAX: of an image */
	uint64_t fragments_index; /* 0: none */
	struct wl_replica_clock middle; /* what a majority vouches for, by the leader's word */
	bool base_wanted; /* the leader of this view says that what we lack was given up there */
	bool installing; /* a base is about to take the log's place: nothing is appended or cut until it has */
	bool diverged; /* its leader's log is not what ours is (replica_divergence.c); it acknowledges nothing in this view */
	bool branch_only; /* diverged, and what is committed here is equal */
};

struct wl_replica {
	struct wl_replica_config config;
	struct wl_view view;
	struct wl_log *log;
	struct wl_tx *tx;
	struct wl_remote *remotes; /* by node id */
	struct wl_counters *counters;
	struct wl_ring *up; /* plane, to control */

	struct wl_replica_leader leader;
	struct wl_replica_follower follower;

	uint64_t commit;
	uint64_t view_tail, view_commit; /* tail and commit when the view was installed */
	uint64_t leader_commit; /* highest that the leader of this view told us, or our own as leader; 0: none */
	uint64_t now_ns, wall_ns; /* of this turn */

	/* The history that we are of: said of ourselves, and never another one once it is not 0. Set by the worker (worker_history.c) */
	uint64_t history;
	struct wl_list list_told; /* control knows of it (replica_members.c) */
	wl_members list_before_told;
	uint64_t leaves_told_ns; /* control was told that we are not to lead; 0: not yet */

	struct wl_replica_state state; /* replica_state.c */
	struct wl_replica_ask ask; /* replica_propose.c */
	struct wl_replica_reads reads; /* replica_read.c */
	struct wl_succession succession; /* replica_succession.c */
	uint64_t base_index, base_digest; /* our own newest base (replica_base.c); 0: none */

	/* replica_clock.c */
	int64_t clock_ahead_ns; /* our own clock, against what a majority vouches for; 0 while that is not known */
	bool clock_astray; /* so far off that it is not followed */

	/* Who takes no part, or not a whole one. */
	bool silent; /* check-quorum or a stall: sends nothing until a new view, or RESUME */
	bool held_back; /* our data do not count: nothing of what earlier ones promised is in them (control/agent/incarnations.h) */
	bool dormant; /* what is on our medium is not known well enough to take part, in this process */
	bool fenced_once; /* control was about to make a term durable */
	struct wl_divergence
		apart; /* what we have committed, or made of it, is contradicted: for the rest of this process we take no part */
	struct wl_replica_inquiry inquiry; /* is it us who are wrong? */
	wl_members diverged_told; /* nodes whose log is another one, in this view */

	/* The drive, and what control was told. */
	uint64_t disk_progress_ns; /* durable_offset grew, or nothing was in flight */
	uint64_t disk_progress_offset;
	uint64_t segment_since_ns; /* what is to be appended waits for a segment that is being made, since then; 0: it does not */
	bool poisoned_told;
	bool caught_up_told;
	uint64_t saw_term_told;
	struct wl_plane_message pending_up[WL_REPLICA_UP_MAX]; /* found the ring full */
	uint32_t pending_up_count;
};

/* Assembly buffer and the peers' read buffers (untouched until used). */
size_t wl_replica_memory_bytes(void);
/* tx, remotes, counters and up are set by the caller before the first turn. `memory` is aligned to WL_BLOCK_BYTES. */
void wl_replica_init(struct wl_replica *replica, const struct wl_replica_config *config,
		     struct wl_log *log, uint64_t known_commit, void *memory);

/* What is committed here is contradicted: it neither leads nor follows, acknowledges nothing and serves nobody. */
static inline bool wl_replica_is_apart(const struct wl_replica *replica)
{
	return replica->apart.node != 0;
}
/* So long a leader waits before it calls a follower, a commit or a quorum lost. Not what voters promise: nothing that is safe leans on it. */
static inline uint64_t wl_replica_patience_ns(const struct wl_replica *replica)
{
	return replica->config.patience_ns != 0 ? replica->config.patience_ns
						: replica->config.election_timeout_ns;
}
/* Who counts: the members by the newest entry of our log about them, committed or not. */
static inline const struct wl_list *wl_replica_list(const struct wl_replica *replica)
{
	return &replica->log->list;
}

/* Who leads the view's term: its entries may come before control has said whose they are. 0: not known yet. */
static inline uint32_t wl_replica_known_leader(const struct wl_replica *replica)
{
	return replica->view.leader != 0 ? replica->view.leader : replica->follower.heard_leader;
}

/* Our data begin a history by themselves, and no entry of our log says so yet. */
static inline bool wl_replica_is_rescued(const struct wl_replica *replica)
{
	return replica->config.rescued != 0 && replica->log->history.id != replica->config.rescued;
}

/* How long what is to be appended has waited for a segment that is being made: whoever makes them may hang as a drive does. */
static inline uint64_t wl_replica_segment_awaited_ns(const struct wl_replica *replica)
{
	return replica->segment_since_ns != 0 ? replica->now_ns - replica->segment_since_ns : 0;
}
/* Our data may hold something that was promised: entries, a term, a vote. Told who asks (HELLO_REPLY). */
bool wl_replica_has_history(const struct wl_replica *replica);
/* First thing in a turn: a leader that slept too long notices before it answers anybody. */
void wl_replica_begin_turn(struct wl_replica *replica, uint64_t now_ns);

/* A leader that cannot lead (disk, quorum, worker, control) falls silent on all traffic and tells control why. */
void wl_replica_stall(struct wl_replica *replica, enum wl_stall_reason reason);

/*
 * Of a leader that is ready: a voter needs what our medium cannot give, and another voter is caught up: led by that one it would get it. True at
 * most once a minute: where no voter can serve all others, leadership must not go round.
 */
bool wl_replica_cannot_serve(struct wl_replica *replica);

/* From control (plane messages). Messages of an older view are ignored. No entry is open then. */
void wl_replica_on_fence(struct wl_replica *replica, const struct wl_plane_message *message);
void wl_replica_on_lead(struct wl_replica *replica, const struct wl_plane_message *message);
void wl_replica_on_follow(struct wl_replica *replica, const struct wl_plane_message *message);
void wl_replica_on_transfer(struct wl_replica *replica, const struct wl_plane_message *message);
/* The transfer failed: the leader of this same term takes appends again. */
void wl_replica_on_resume(struct wl_replica *replica, const struct wl_plane_message *message);

/* From peers; `from` is a configured node id. */
void wl_replica_on_append(struct wl_replica *replica, uint32_t from,
			  const struct wl_wire_append *append);
void wl_replica_on_append_ack(struct wl_replica *replica, uint32_t from,
			      const struct wl_wire_append_ack *ack);

/* What is made of the entries up to `index`? Where nothing follows it is asked again each heartbeat: memory rots without appends, too. */
static inline bool wl_replica_state_asks(const struct wl_replica *replica, uint64_t index)
{
	const struct wl_replica_state *state = &replica->state;

	return state->index == index && index != 0 &&
	       (state->digest == 0 ||
		replica->now_ns - state->digest_ns >= replica->config.heartbeat_ns);
}
/* The client service has applied all entries up to `index`, just now, and made `digest` of them. Only while wl_replica_state_asks: when a
 * majority makes something else of the same entries, we take no part any more. */
void wl_replica_on_applied(struct wl_replica *replica, uint64_t index, uint64_t digest);

/*
 * Bases of the voters: replica_base.c. Our own newest one, whole and durable under its name; its index does not fall but with 0, which
 * says that there is none any more.
 */
void wl_replica_set_base(struct wl_replica *replica, uint64_t index, uint64_t digest);
/* Leader: what a majority of the voters made of the state behind entry `index`; 0: no majority is known to be of one mind. */
uint64_t wl_replica_base_agreed(const struct wl_replica *replica, uint64_t index);
/* Leader: all voters that are heard, and count, have a base of entry `index` or a later one. */
bool wl_replica_base_is_everywhere(const struct wl_replica *replica, uint64_t index);
/* Leader: the voters that made something else there, as far as they said. */
wl_members wl_replica_base_differs(const struct wl_replica *replica, uint64_t index,
				   uint64_t digest);

/*
 * Members: replica_members.c. may_vote: `node` has all that
 * is committed, or nearly so, counts, has room, and was heard just now. would_go_on: those who are so decide by `next`; where its voters are those of the list in force, full ones
 * count, too, that can take the entry. change: the entry that makes `next` the list in force, of a leader whose term's first entry is committed, and the list before; as
 * wl_replica_append_control. leaves: this node is not to lead on; control is told, now and then.
 */
bool wl_replica_may_vote(const struct wl_replica *replica, uint32_t node);
/* Of other data than the list names, held back, and in step, full or not: the list may name them (replica_return.c). */
bool wl_replica_may_be_taken_in(const struct wl_replica *replica, uint32_t node);
/* It said so of itself, in this leadership, and the list does not name its data. */
bool wl_replica_is_held_back(const struct wl_replica *replica, uint32_t node);
/* Of the node's present data; 0: not told. */
uint64_t wl_replica_incarnation(const struct wl_replica *replica, uint32_t node);
/* By the list in force, what it says counts; it has said something, and that does not. */
bool wl_replica_counts(const struct wl_replica *replica, uint32_t node);
bool wl_replica_knows_held_back(const struct wl_replica *replica, uint32_t node);
bool wl_replica_would_go_on(const struct wl_replica *replica, const struct wl_list *next);
enum wl_log_result wl_replica_change_list(struct wl_replica *replica, const struct wl_list *next);
void wl_replica_leaves(struct wl_replica *replica);

/* An operator of this node asks; the wish is one that decodes. It takes the place of the one before: one at a time, who wants it asks again.
 * The same one with a smaller number is part of what was asked. */
void wl_replica_ask(struct wl_replica *replica, const struct wl_wire_propose *wish);
/* The same, as a follower's operator asked: taken by a leader only. */
void wl_replica_on_propose(struct wl_replica *replica, uint32_t from,
			   const struct wl_wire_propose *propose);
/* It is one about who leads, and the term in which it was asked is over, or who was to lead does: nothing is left to do. */
bool wl_replica_transfer_is_settled(const struct wl_replica *replica,
				    const struct wl_wire_propose *wish);
/* Leader: tells control when who is to lead can. True: it is told, and the wish is done with. False: not yet. */
bool wl_replica_want_transfer(struct wl_replica *replica, const struct wl_wire_propose *wish);
/* A voter that has all but what is under way, room, a drive that keeps up, and was heard just now. */
bool wl_replica_may_succeed(const struct wl_replica *replica, uint32_t node);
/* The worker was told in this term to hand leadership over, if only in vain: no promise that rests on leading on for some time holds, or
 * is made, until another view's term. */
static inline bool wl_replica_gives_away(const struct wl_replica *replica)
{
	return replica->leader.gives_away;
}
/* Says it to `leader`, once a heartbeat. */
void wl_replica_pass_on_ask(struct wl_replica *replica, uint32_t leader);

/*
 * How far is the journal? replica_read.c (docs/SAFETY.md, rule 30). read_begin: a question is put to us, now; it is about what is committed
 * now, and its answer may leave when what confirmed says has come to what this returned. 0: we are no leader that is ready. confirmed: so far
 * frames were echoed by voters that decide. commit_number: of the last record that is committed, of a leader that is ready. read_put: the
 * follower's next round is put to `leader`, or the one that is under way again, once a heartbeat.
 */
uint64_t wl_replica_read_begin(struct wl_replica *replica);
uint64_t wl_replica_read_confirmed(const struct wl_replica *replica);
uint64_t wl_replica_read_number(const struct wl_replica *replica);
void wl_replica_read_put(struct wl_replica *replica, uint32_t leader);
void wl_replica_on_read_ask(struct wl_replica *replica, uint32_t from,
			    const struct wl_wire_read_ask *ask);
void wl_replica_on_read_told(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_read_told *told);

/*
 * A base that takes the log's place (replica_install.c). wants: the leader of this view gave up what we lack. gives_way: the base is above
 * all that is committed here, and our log does not hold that entry. stand_still: from here on nothing is appended or cut, whatever is
 * heard. jumped: the log has just jumped (log.h); it moves again.
 */
bool wl_replica_wants_base(const struct wl_replica *replica);
bool wl_replica_gives_way(const struct wl_replica *replica, struct wl_position position,
			  uint64_t chain);
void wl_replica_stand_still(struct wl_replica *replica, bool stands);
void wl_replica_jumped(struct wl_replica *replica);

/* What a voter has committed at some place, or whether we have the same. */
void wl_replica_on_chain(struct wl_replica *replica, uint32_t from,
			 const struct wl_wire_chain *message);

/* From the disk: after the log took the completions of this turn. Commits, acknowledges. */
void wl_replica_on_durable(struct wl_replica *replica);
/* A read for a lagging peer came back: of a reader of the replica, by node. */
void wl_replica_on_read(struct wl_replica *replica, const struct wl_disk_completion *completion);
/* Disk reads that lagging peers want: at most `max` requests, each in flight once returned. */
unsigned wl_replica_want_reads(struct wl_replica *replica, struct wl_disk_request *requests,
			       unsigned max);

/* May a client append be taken now? OK, NOT_LEADER, BACK_PRESSURE or NO_SPACE. */
int wl_replica_takes_appends(const struct wl_replica *replica);
/*
 * The time of the journal: stamp of what would be appended now, and what not_after is judged by. Our wall clock, but no
 * further from what a majority's clocks vouch for than WL_REPLICA_CLOCK_SKEW_NS, and never before the last stamp.
 */
uint64_t wl_replica_stamp(const struct wl_replica *replica);
/* Leader: the latest UNIX time that the clocks of a majority have reached; 0: not so many are known. */
uint64_t wl_replica_clock_vouched(const struct wl_replica *replica);
/* Leader: one control entry, sealed at once behind what is open. NO_ROOM also where no append would be taken now. */
enum wl_log_result wl_replica_append_control(struct wl_replica *replica,
					     const struct wl_control *control);
/* Leader: for one more record: OK, BACK_PRESSURE while segments may come, else NO_SPACE. */
int wl_replica_has_room(struct wl_replica *replica, uint32_t record_bytes);
/* Where a record came to stand. */
struct wl_appended {
	struct wl_position position; /* of its entry */
	uint64_t number; /* its own; 0: it is no data record */
};
/* Puts one record into the open entry (opens and seals as needed). OK and *appended, or one of the above and nothing happened. */
int wl_replica_append_record(struct wl_replica *replica, const struct wl_record_header *record,
			     const uint8_t *payload, uint64_t stamp_ns,
			     struct wl_appended *appended);

/*
 * End of a turn: seals the open entry, sends to followers, heartbeats, acknowledges, watches for
 * stalls and lost quorum, retries plane messages.
 */
void wl_replica_end_turn(struct wl_replica *replica);
/*
 * Behind everything else of the worker's turn: a leader's entries for followers that are behind, as far as their budget goes (pace.h). True
 * when something was sent.
 */
unsigned wl_replica_catch_up(struct wl_replica *replica);
/* NULL, or the text of the rule above that does not hold. */
const char *wl_replica_check(const struct wl_replica *replica);

#endif
