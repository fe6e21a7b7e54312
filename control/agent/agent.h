/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control loop's work: carries events to the elections and their effects to workers, peers and
 * disk. wl_agent_turn does a bounded amount and returns how much; the thread around it (clock,
 * idling, sockets) and the simulator both call it. Files: agent.c (the turn, plane, peers),
 * agent_record.c (the superblock record), agent_stop.c (SIGTERM, status).
 *
 * One record holds {term, vote} of all journals, so what several journals want durable at one time
 * goes into one write; one is in flight, a failed one is final for the whole node. What a worker's
 * ring has no room for is kept here, in order, and tried again: no plane message is lost. Messages
 * to peers may be lost (elections repeat them).
 *
 *  What must hold; wl_agent_check is this text as code, at the end of each turn.
 *  A1  an election's term is at most that of the record as it was last submitted
 *  A2  while no record is in flight, and none failed, an election of the record's term has the record's vote
 *  A3  what is wanted durable goes beyond the record: a newer term, or the vote of a term that had none
 *  A4  no record is in flight behind one that failed
 *
 * Pure: time comes in, disk and log sink are a table. Owner: the control thread; every function
 * [control].
 */
#ifndef WL_CONTROL_AGENT_AGENT_H
#define WL_CONTROL_AGENT_AGENT_H

#include "control/agent/neighbour.h"
#include "control/agent/incarnations.h"
#include "control/election/election.h"
#include "dataplane/base/members.h"
#include "dataplane/base/metric.h"
#include "dataplane/log/superblock.h"
#include "dataplane/raft/plane.h"

#define WL_AGENT_BACKLOG \
	128u /* plane messages kept for one worker; see agent.c for why it suffices */

enum wl_agent_line_kind {
	WL_AGENT_ELECTION = 0,
	WL_AGENT_DIFFERS, /* what, ours, theirs */
	WL_AGENT_DIVERGED, /* index, chain, their_chain, divergence */
	WL_AGENT_PEER_APART, /* journal, node */
	WL_AGENT_FEW_TERMS, /* journal; ours: terms left of theirs */
	WL_AGENT_HISTORY, /* journal, node (0: it is ours); ours, theirs: which (docs/SAFETY.md, rule 29) */
	WL_AGENT_FEATURES, /* journal, node (0: it is ours); index, ours, theirs: base/features.h */
	WL_AGENT_CLAIM, /* what: why somebody is not believed; ipv4, mac; theirs: how many frames */
	WL_AGENT_KEYS, /* what: the stage; ours, theirs: ids of the key in force and of the one before; index */
	WL_AGENT_ADDRESS, /* ipv4, mac and, while two cards have it, other_mac */
};

struct wl_agent_line { /* one for the operator; texts are static */
	enum wl_agent_line_kind kind;
	uint16_t journal;
	uint32_t node; /* whom it is about, 0 = nobody */
	uint64_t term;
	const char *text;
	bool error; /* somebody must look */
	uint64_t index, chain, their_chain; /* where two nodes differ, and by what */
	enum wl_divergence_kind divergence; /* of what */
	const char *what;
	uint64_t ours, theirs;
	uint32_t ipv4;
	const uint8_t *mac, *other_mac; /* NULL: not known */
};

/* Nothing here may wait. */
struct wl_agent_ops {
	/* As wl_superblock_writer_submit: copies the record, raises record->sequence; false while
	 * one is in flight. */
	bool (*submit)(void *context, struct wl_superblock *record);
	/* 1 durable, 0 nothing new, negative failed for good. */
	int (*reap)(void *context);
	void (*log)(void *context, const struct wl_agent_line *line); /* may be NULL */
	void *context;
};

struct wl_agent_config {
	uint32_t node;
	wl_members voters; /* of the file: the first list, who begins a journal together */
	uint32_t journal_count;
	uint32_t worker_count;
	uint8_t worker_of_journal[WIRELOG_JOURNALS_MAX];
	uint64_t election_timeout_ns;
	uint64_t patience_ns; /* 0: as that (election.h) */
	uint64_t seed;
	uint64_t worker_silent_ns; /* a leading worker without a turn for this long; 0: two election
				      timeouts */
	uint64_t watermark_interval_ns; /* between two records that bring only watermarks; 0: one
					 second */
	uint64_t stop_ns; /* at most, for wl_agent_stop; 0: one second */
	uint32_t dormant; /* bit per journal that waits to be mended: nobody is elected there with us */
	uint64_t spare_incarnation; /* random; for the data, should they turn out to be an old image */
};

enum wl_agent_phase {
	WL_AGENT_RUNS,
	WL_AGENT_HANDS_OVER, /* until nobody needs us, or time is over */
	WL_AGENT_STOPS_WORKERS, /* STOP was told; until each said STOPPED */
	WL_AGENT_WRITES_LAST, /* the last record, with the last watermarks */
	WL_AGENT_STOPPED,
};

/* X(name, kind, unit, help), in the order of the status */
/* clang-format off */
#define WL_AGENT_COUNTER_LIST(X) \
	X(turns, SUM, turns, "of the loop") \
	X(turns_idle, SUM, turns, "with nothing to do") \
	X(longest_gap_ns, MOST, ns, "between two turns: what starves control shows here") \
	X(messages_up, SUM, messages, "from workers") \
	X(messages_down, SUM, messages, "to workers") \
	X(backlog_most, MOST, messages, "that waited for room on the way to one worker") \
	X(punts_in, SUM, frames, "of the slow path, and messages of other controls, that workers passed on") \
	X(punts_out, SUM, frames, "that workers were given to send") \
	X(punts_malformed, SUM, frames, "that do not decode") \
	X(punts_stale, SUM, frames, "of a journal that is not known") \
	X(punts_dropped, SUM, frames, "not sent: the ring to the worker was full") \
	X(records, SUM, records, "of the superblock that became durable") \
	X(records_failed, SUM, records, "of the superblock that could not be written") \
	X(workers_silent, SUM, times, "a worker that leads showed no sign of life") \
	X(diverged, SUM, times, "told of a peer whose log is not ours (replica_divergence.c)") \
	X(votes_disbelieved, SUM, votes, "of a peer whose data went back (incarnations.h)")
/* clang-format on */

struct wl_agent_counts {
	WL_AGENT_COUNTER_LIST(WL_METRIC_MEMBER)
};

struct wl_agent_hard_state { /* of one journal */
	bool wanted, in_flight;
	uint64_t term;
	uint32_t vote;
	uint64_t watermark; /* newest that is known durable */
	struct wl_position commit;
};

/* Do our data in a journal count, and if not, who has to say what (incarnations.h)? */
struct wl_agent_history {
	uint64_t caught_up_boot; /* durable; what we say of ourselves. 0: held back */
	uint64_t caught_up_in_flight; /* of the record that is being written */
	wl_members blank; /* nodes that said: no history here, and no other data of yours known */
	wl_members historic; /* nodes that has history, or knows other data of ours */
	wl_members held_back; /* nodes whose own data do not count, by its last word */
	bool no_majority_told;
	/* By wl_agent_disown, for the rest of this process. */
	enum {
		WL_AGENT_OWNED,
		WL_AGENT_DISOWNED,
		WL_AGENT_DISOWN_IN_FLIGHT,
		WL_AGENT_DISOWN_DURABLE
	} disown;
};

struct wl_agent_worker {
	struct wl_plane_rings *plane;
	struct wl_plane_message backlog[WL_AGENT_BACKLOG]; /* a queue */
	uint32_t backlog_head, backlog_count;
	uint64_t turn_seen; /* its sign of life, and when it last changed on our clock */
	uint64_t turn_changed_ns;
	uint64_t neighbours_told; /* bit per entry of the table of neighbours */
	bool stopped;
	bool keys_due; /* it has not heard of the keys that are in force now */
};

struct wl_agent {
	struct wl_agent_config config;
	struct wl_agent_ops ops;
	struct wl_agent_worker workers[WIRELOG_WORKERS_MAX];
	struct wl_election elections[WIRELOG_JOURNALS_MAX];
	struct wl_neighbours neighbours;
	uint64_t twice_told; /* bit per neighbour: two cards have its address */
	uint64_t ours_twice_told; /* bit per link: somebody else has ours */

	struct wl_superblock record; /* as it was last submitted */
	struct wl_agent_hard_state hard_state[WIRELOG_JOURNALS_MAX];
	struct wl_agent_history histories[WIRELOG_JOURNALS_MAX];
	struct wl_divergence divergences[WIRELOG_JOURNALS_MAX]; /* node 0: it takes part */
	bool record_in_flight, record_failed,
		record_dirty; /* dirty: watermarks or peers' positions moved */
	bool record_urgent; /* the incarnations changed: do not wait for the interval */
	bool outdated; /* our build lacks what is in force (agent_features.c), the node ends */
	bool rolled_back; /* peers know a later boot of ours, or the list other data: these are an old image, the node ends */
	uint64_t record_idle_since_ns;
	uint64_t terms_told[WIRELOG_JOURNALS_MAX]; /* how few were left, and one; 0: nothing was told */
	struct wl_keys keys; /* as journal 0 says */
	const struct wl_auth *auth; /* what the key file held when it was read last; NULL: not told */
	uint32_t clocks_astray, stamps_ahead; /* bit per journal, as the operator was told */

	enum wl_agent_phase phase;
	uint64_t stop_since_ns;
	uint64_t now_ns, last_turn_ns, last_tick_ns;
	struct wl_agent_counts counts;
	struct wl_election_effects effects; /* of the handler that runs; large */
	struct wl_punt punt; /* scratch, large too */
	struct wl_neighbour_output output;
};

/* `record`: the superblock as it is durable now. planes[i] belongs to worker i and outlives the
 * agent. [init] */
void wl_agent_init(struct wl_agent *agent, const struct wl_agent_config *config,
		   const struct wl_agent_ops *ops, struct wl_plane_rings *const *planes,
		   const struct wl_superblock *record);
/* An Ethernet link with an address of ours, and a peer behind it; next_hop 0: on the link itself.
 * [init] */
void wl_agent_set_link(struct wl_agent *agent, uint16_t link, const struct wl_link_info *info);
bool wl_agent_add_neighbour(struct wl_agent *agent, uint16_t link, uint32_t ipv4,
			    uint32_t next_hop);
/* Installs the first views. */
void wl_agent_start(struct wl_agent *agent, uint64_t now_ns);

/* 0: there was nothing to do. now_ns never falls (if it does, the last one stands). */
unsigned wl_agent_turn(struct wl_agent *agent, uint64_t now_ns);
/* Stops the node when an invariant is broken, with the journal and both terms. */
void wl_agent_check(const struct wl_agent *agent);

/* From what the worker publishes, whenever the caller has looked at it. */
void wl_agent_set_tail(struct wl_agent *agent, uint32_t journal, struct wl_position tail);
void wl_agent_set_watermark(struct wl_agent *agent, uint32_t journal, uint64_t durable_offset);
/* For a term's first entry, now or as soon as the next segment is there. */
void wl_agent_set_room(struct wl_agent *agent, uint32_t journal, bool has_room);
/* Few terms may still get entries: told once, and again every 1,024. 0: nobody can lead any more. */
void wl_agent_set_terms_left(struct wl_agent *agent, uint32_t journal, uint64_t left);
/* Its wall clock is far from the others', or the log's last stamp lies in the future (replica_clock.c). */
void wl_agent_set_clock(struct wl_agent *agent, uint32_t journal, bool is_astray,
			uint64_t stamps_ahead_ns);
/* Committed and durable here. */
void wl_agent_set_commit(struct wl_agent *agent, uint32_t journal, struct wl_position commit);
void wl_agent_set_peer_durable(struct wl_agent *agent, uint32_t journal, uint32_t node,
			       struct wl_position position);

/* Operator. Target 0: the voter that is furthest. False: see wl_election_transfer; also while
 * stopping. */
bool wl_agent_transfer(struct wl_agent *agent, uint32_t journal, uint32_t target);
/* All workers' settings (plane.h). False: a worker has no room for it now, or the process ends; what was told stands, ask again. */
bool wl_agent_set(struct wl_agent *agent, const uint64_t settings[WL_SETTINGS]);
/* What the key file holds: the first time as the workers were made with, then another one, which all of them get. It stays there as long as the agent. */
void wl_agent_use_key_file(struct wl_agent *agent, const struct wl_auth *auth);
/* What an operator asks for (one that decodes): the journal's worker proposes it, or passes it on. False: as wl_agent_set; it is told to
 * nobody then. */
bool wl_agent_ask(struct wl_agent *agent, uint32_t journal, const struct wl_wire_propose *wish);
/* All nodes are to say what they have committed at `index` (worker/chain_peer.h); the journal's status shows it. False: as above, or
 * index 0. */
bool wl_agent_compare(struct wl_agent *agent, uint32_t journal, uint64_t index);
/*
 * What a dormant journal acknowledged is given up from this place of its stream on: the data of this node count for nothing, in any journal, until they are taken in
 * under their new name (incarnations.h), and nothing behind that place is called durable any more. Its term and vote stay. Written at once; a second call goes on
 * from the first. 1: durable; 0: not yet; negative: the superblock cannot be written.
 */
int wl_agent_disown(struct wl_agent *agent, uint32_t journal, uint64_t from_offset);
/* SIGTERM: hand over, STOP, last record; over after stop_ns at most. Goes on in wl_agent_turn. */
void wl_agent_stop(struct wl_agent *agent);
bool wl_agent_is_stopped(const struct wl_agent *agent);
/* Why it stopped by itself: the data are an old image. The record that names them anew is durable then, so that the
 * next start is taken in by the others, as a follower without a vote until it is caught up. */
bool wl_agent_is_rolled_back(const struct wl_agent *agent);
/* The same: something is in force that this build does not have (base/features.h). What it needs is durable in the record. */
bool wl_agent_is_outdated(const struct wl_agent *agent);
bool wl_agent_record_has_failed(const struct wl_agent *agent);

struct wl_agent_status { /* a copy, for the status socket */
	uint32_t node, voters;
	uint32_t journal_count, worker_count;
	enum wl_agent_phase phase;
	bool record_in_flight, record_failed, rolled_back;
	uint64_t record_sequence, boot_count;
	struct wl_superblock_peer peers[WIRELOG_NODES_MAX + 1]; /* the incarnations */
	wl_features features_in_force; /* of all journals, as the record has it */
	struct wl_election_status journals[WIRELOG_JOURNALS_MAX];
	struct wl_agent_history histories[WIRELOG_JOURNALS_MAX];
	struct wl_divergence divergences[WIRELOG_JOURNALS_MAX]; /* node 0: it takes part */
	bool no_majority
		[WIRELOG_JOURNALS_MAX]; /* the nodes whose data count are too few to elect a leader */
	struct {
		uint32_t backlog;
		uint64_t silent_ns; /* since its last sign of life */
		bool stopped;
	} workers[WIRELOG_WORKERS_MAX];
	uint32_t neighbour_count;
	struct wl_neighbour_entry neighbours[WL_NEIGHBOURS_MAX];
	struct wl_neighbour_counts neighbour_counts;
	bool address_twice; /* two cards answer for a neighbour's address, or for ours */
	struct wl_agent_counts counts;
};

/* The nodes whose data count are too few: nobody can be elected (incarnations.h). */
bool wl_agent_lacks_majority(const struct wl_agent *agent, uint32_t journal);
void wl_agent_get_status(const struct wl_agent *agent, struct wl_agent_status *status);
/* For how long, in ns, the most silent of the workers that were not stopped has made no turn, and which one it is. A pause of the whole
 * process is no silence. [control] */
uint64_t wl_agent_longest_silence(const struct wl_agent *agent, uint32_t *worker);
const char *wl_agent_phase_name(enum wl_agent_phase phase);

#endif
