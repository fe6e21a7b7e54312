/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who leads one journal: terms, votes, pre-votes, check-quorum, stickiness, transfer (Raft
 * sections 5.1, 5.2, 5.4; Ongaro's thesis 3.10, 4.2.3, 9.6). A struct and handlers; each handler
 * takes one event and appends effects to the caller's array. Time and randomness are inputs.
 *
 *  FOLLOWER --election timeout--> PRE_CANDIDATE --majority--> FENCING(campaign)
 *     --FENCED--> PERSISTING
 *     --persisted--> CANDIDATE --majority--> LEADER
 *  any --vote asked with a newer term, SAW_TERM--> FENCING(vote, adopt)
 *     --FENCED--> PERSISTING --persisted--> FOLLOWER
 *  LEADER --STALLED(DISK), transfer--> FOLLOWER
 *  LEADER --STALLED(QUORUM, CONTROL)--> SILENT --majority--> LEADER, of the same term
 *  any --POISONED, persist failed--> OUT (votes no more)
 *
 * Numbered invariants stand at the top of election.c. Every effect may be executed at once and in
 * any order: a vote reply is emitted by on_persisted, never earlier. (Several TELL_WORKER of one
 * handler keep their order: they go into one queue.)
 *
 * The code lies along its seams: election.c (life of a node and of a leadership), pending_vote.c (what
 * one node decides and makes durable), campaign.c (asking others), silence.c (a leader that nobody
 * answers). Pure. Owner: control. [control]
 */
#ifndef WL_CONTROL_ELECTION_ELECTION_H
#define WL_CONTROL_ELECTION_ELECTION_H

#include "control/election/suspicion.h"
#include "dataplane/base/members.h"
#include "dataplane/base/metric.h"
#include "dataplane/raft/plane.h"
#include "dataplane/wire/wire.h"

enum wl_election_state {
	WL_ELECTION_STARTING, /* before the first view was installed */
	WL_ELECTION_FOLLOWER,
	WL_ELECTION_PRE_CANDIDATE,
	WL_ELECTION_FENCING,
	WL_ELECTION_PERSISTING,
	WL_ELECTION_CANDIDATE,
	WL_ELECTION_LEADER,
	WL_ELECTION_SILENT, /* a leader that no majority answers: asks before it says anything (silence.c) */
	WL_ELECTION_OUT,
};

enum wl_election_effect_verb {
	WL_ELECTION_TELL_WORKER, /* plane message, down */
	WL_ELECTION_SEND, /* a message to a peer's control */
	WL_ELECTION_PERSIST, /* {term, vote} in one record, answered by on_persisted */
	WL_ELECTION_LOG, /* one structured line for the operator */
};

struct wl_election_effect {
	enum wl_election_effect_verb verb;
	struct wl_plane_message tell;
	uint32_t node; /* SEND: to whom; LOG: whom it is about, 0 = nobody */
	uint8_t type; /* SEND: PRE_VOTE ... TIMEOUT_NOW */
	union {
		struct wl_wire_vote vote;
		struct wl_wire_vote_reply reply;
		struct wl_wire_timeout_now timeout_now;
	} message;
	uint64_t term; /* PERSIST, LOG */
	uint64_t voters; /* LOG: whom it is about, ids as digits; 0: not about several */
	uint32_t vote; /* PERSIST */
	const char *text; /* LOG: static */
};

#define WL_ELECTION_EFFECTS_MAX 32 /* that one handler emits at most */

struct wl_election_effects {
	struct wl_election_effect item[WL_ELECTION_EFFECTS_MAX];
	unsigned count;
};

struct wl_election_config {
	uint32_t node;
	wl_members
		voters; /* of the node's file; what the log says instead comes with LIST and FENCED */
	uint16_t journal;
	/* Voters stick to their leader for so long after they heard it: what a lease may lean on. Nobody campaigns sooner after that, and later
	 * where silences of a leader that lived were measured (suspicion.h). */
	uint64_t election_timeout_ns;
	uint64_t patience_ns; /* for what is under way and may be slow: a hand-over, a fence, a record; 0: as election_timeout_ns */
	uint64_t seed; /* for the timeouts; the machine draws from its own stream */
	bool held_back; /* our data do not remember what they promised: no vote, no campaign until COUNT (incarnations.h) */
};

enum wl_pending_purpose {
	WL_PENDING_ADOPT, /* a newer term, no vote */
	WL_PENDING_VOTE, /* for another, if its log is good enough */
	WL_PENDING_CAMPAIGN, /* for ourselves */
};

/* What the fence and the record in progress are for. */
struct wl_pending_vote {
	enum wl_pending_purpose purpose;
	uint64_t term; /* to become durable */
	uint32_t vote; /* to become durable: decided by the fenced tail */
	uint32_t candidate; /* VOTE: who asked */
	struct wl_position last; /* VOTE: its tail; CAMPAIGN: by transfer the tail we must have,
				    then the one we have */
	bool transfer; /* CAMPAIGN: on the leader's word */
};

struct wl_election_transfer {
	bool active;
	uint32_t asked; /* 0: whoever is furthest */
	uint32_t target; /* 0 until TRANSFER_READY */
	struct wl_position tail;
	uint64_t deadline_ns;
	uint32_t flags; /* of TIMEOUT_NOW */
};

/* X(name, kind, unit, help), in the order of the status */
/* clang-format off */
#define WL_ELECTION_COUNTER_LIST(X) \
	X(pre_campaigns, SUM, rounds, "of pre-votes begun") \
	X(campaigns, SUM, terms, "taken") \
	X(won, SUM, terms, "won") \
	X(votes_granted, SUM, votes, "that others asked of us, given") \
	X(votes_refused, SUM, votes, "that others asked of us, refused") \
	X(votes_refused_sticky, SUM, votes, "refused because a leader is heard") \
	X(votes_refused_held_back, SUM, votes, "refused because our data do not count") \
	X(votes_dropped_busy, SUM, votes, "asked for while a fence or a record was in progress") \
	X(stepped_down, SUM, times, "leader: gave its term up") \
	X(silences, SUM, times, "leader: no majority answered, or control was starved") \
	X(resumed, SUM, times, "of these: led on in the same term") \
	X(handed_over, SUM, times, "leader: began to give leadership to another voter") \
	X(commit_stalls, SUM, times, "leader: nothing committed for an election timeout, though a majority answered") \
	X(timer_pauses, SUM, ticks, "that came too late to mean anything") \
	X(two_leaders, SUM, times, "a second leader of one term was claimed: never, unless somebody is broken")
/* clang-format on */

struct wl_election_counts {
	WL_ELECTION_COUNTER_LIST(WL_METRIC_MEMBER)
};

struct wl_election {
	struct wl_election_config config;
	enum wl_election_state state;
	uint64_t term; /* durable */
	uint32_t vote; /* durable; 0 = none in this term */
	uint32_t leader; /* of this term, 0 = not known */
	uint64_t number; /* of the newest message that the worker was told */
	struct wl_position tail; /* exact after FENCED, approximate later */
	bool no_room; /* the log cannot take a term's first entry: we do not campaign */
	struct wl_list list; /* of members, by the worker's last word */
	struct wl_list
		fenced; /* at the tail that was fenced last: votes are counted by it, whatever is appended since (docs/SAFETY.md, rule 23) */
	wl_members list_before; /* voters of the list before, while ours may be cut away */
	struct wl_pending_vote
		pending; /* in FENCING, PERSISTING and, of our own campaign, CANDIDATE */
	struct wl_election_transfer transfer;
	uint64_t saw_term; /* newest term met while busy */
	wl_members granted; /* self included, of the current round */
	uint32_t round; /* of pre-votes; its answers name it */
	uint64_t round_ns; /* when it began */
	uint32_t rounds_in_vain; /* since somebody led */
	bool term_committed; /* LEADER: its first entry is committed */
	bool leaving; /* the process ends: no campaign any more */
	bool held_back; /* neither votes nor campaigns */
	bool busy_told; /* the operator knows that the fence or the record hangs */
	struct wl_suspicion suspicion;
	uint64_t random;
	uint64_t last_tick_ns;
	uint64_t deadline_ns; /* of the election timer */
	uint64_t resend_ns;
	uint64_t leader_heard_ns;
	uint64_t started_ns; /* for a timeout we may have forgotten a leader that lives */
	uint64_t busy_since_ns; /* FENCING, PERSISTING */
	uint64_t penalty_until_ns; /* no campaign before */
	uint64_t asked_since_ns, asked_ns; /* SILENT: by others, without a pause; last */
	uint64_t commit_patience_ns; /* no transfer because nothing commits before */
	uint64_t no_space_until_ns; /* no transfer for a full device before */
	uint64_t no_space_patience_ns;
	struct wl_election_counts counts;
};

/* For status; a copy, so that it may leave the thread. */
struct wl_election_status {
	enum wl_election_state state;
	uint64_t term, number;
	uint32_t vote, leader, granted;
	struct wl_list list;
	bool term_committed, handing_over, leaving, held_back;
	uint64_t timer_ns; /* until the election timer fires, 0 = due or not running */
	uint64_t suspects_ns; /* a leader's silence of this length is none of those that were measured */
	uint64_t leader_heard_ago_ns; /* UINT64_MAX: no leader known */
	uint64_t penalty_ns; /* left */
	uint64_t busy_ns; /* a fence or a record takes this long already; 0 = none */
	struct wl_election_counts counts;
};

/* {term, vote} as the superblock has them. */
void wl_election_init(struct wl_election *election, const struct wl_election_config *config,
		      uint64_t term, uint32_t vote);
void wl_election_start(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out);
/* Call every few milliseconds; late and coalesced calls are harmless. */
void wl_election_on_tick(struct wl_election *election, uint64_t now_ns,
			 struct wl_election_effects *out);
/* The tail as the worker publishes it now and then: judges pre-votes only, and spares useless
 * fences. */
void wl_election_set_tail(struct wl_election *election, struct wl_position tail);
/* For a term's first entry, as the worker publishes it. */
void wl_election_set_room(struct wl_election *election, bool has_room);

/* From the worker; each is named after the message. */
void wl_election_on_fenced(struct wl_election *election, const struct wl_plane_message *message,
			   uint64_t now_ns, struct wl_election_effects *out);
void wl_election_on_list(struct wl_election *election, const struct wl_plane_message *message,
			 uint64_t now_ns, struct wl_election_effects *out);
void wl_election_on_saw_term(struct wl_election *election, const struct wl_plane_message *message,
			     uint64_t now_ns, struct wl_election_effects *out);
void wl_election_on_leader_heard(struct wl_election *election,
				 const struct wl_plane_message *message, uint64_t now_ns,
				 struct wl_election_effects *out);
void wl_election_on_term_committed(struct wl_election *election,
				   const struct wl_plane_message *message, uint64_t now_ns,
				   struct wl_election_effects *out);
void wl_election_on_transfer_ready(struct wl_election *election,
				   const struct wl_plane_message *message, uint64_t now_ns,
				   struct wl_election_effects *out);
void wl_election_on_stalled(struct wl_election *election, const struct wl_plane_message *message,
			    uint64_t now_ns, struct wl_election_effects *out);
void wl_election_on_poisoned(struct wl_election *election, const struct wl_plane_message *message,
			     uint64_t now_ns, struct wl_election_effects *out);
/* hand_over.c. Nothing else than a leader minds; one that hands over already goes on with that. */
void wl_election_on_wants_transfer(struct wl_election *election,
				   const struct wl_plane_message *message, uint64_t now_ns,
				   struct wl_election_effects *out);
/* The agent's own finding: the worker shows no sign of life. Nothing else than a leader minds. */
void wl_election_on_worker_silent(struct wl_election *election, uint64_t now_ns,
				  struct wl_election_effects *out);

/* The agent's finding, too: nothing that peers say reaches us now. The election timer begins anew. */
void wl_election_on_pause(struct wl_election *election, uint64_t now_ns);

/* From peers: authenticated, decoded, otherwise not trusted. */
void wl_election_on_pre_vote(struct wl_election *election, uint32_t from,
			     const struct wl_wire_vote *message, uint64_t now_ns,
			     struct wl_election_effects *out);
void wl_election_on_pre_vote_reply(struct wl_election *election, uint32_t from,
				   const struct wl_wire_vote_reply *message, uint64_t now_ns,
				   struct wl_election_effects *out);
void wl_election_on_vote(struct wl_election *election, uint32_t from,
			 const struct wl_wire_vote *message, uint64_t now_ns,
			 struct wl_election_effects *out);
void wl_election_on_vote_reply(struct wl_election *election, uint32_t from,
			       const struct wl_wire_vote_reply *message, uint64_t now_ns,
			       struct wl_election_effects *out);
void wl_election_on_timeout_now(struct wl_election *election, uint32_t from,
				const struct wl_wire_timeout_now *message, uint64_t now_ns,
				struct wl_election_effects *out);

/* From the disk. Not ok is final: the node does not know what it voted. */
void wl_election_on_persisted(struct wl_election *election, bool ok, uint64_t now_ns,
			      struct wl_election_effects *out);

/* From the operator. Target 0: the voter that is furthest. False: not leading, alone, already under
 * way, no such voter. */
bool wl_election_transfer(struct wl_election *election, uint32_t target, uint64_t now_ns,
			  struct wl_election_effects *out);
/* Our data count again, durably. */
void wl_election_count(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out);
/* Our data turned out to have forgotten what we promised: out, for the rest of this process. */
void wl_election_withdraw(struct wl_election *election, uint64_t now_ns,
			  struct wl_election_effects *out);

/* The process ends: hands leadership over and campaigns no more; goes on voting. */
void wl_election_leave(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out);

void wl_election_get_status(const struct wl_election *election, uint64_t now_ns,
			    struct wl_election_status *status);
/* Stops the node when an invariant does not hold. Every handler ends with it. */
void wl_election_check(const struct wl_election *election);
const char *wl_election_state_name(enum wl_election_state state);

#endif
