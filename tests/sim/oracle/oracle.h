/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold, checked after every turn of every actor. It keeps the one true history beside the
 * nodes: each entry that anybody ever called committed, each record in it, each answer that a client was given. It
 * believes stable storage, not match indexes.
 *
 *  O1  one leader a term
 *  O2  what is committed at an index is the same entry (chain value) on every node, for ever
 *  O3  a leader commits only what stands on the stable storage of a majority, and only by an entry of its own term
 *  O4  commit does not fall during a life, and is at most the tail
 *  O5  the invariants of log and replica (wl_log_check, wl_replica_check), and of each machine of a worker (wl_worker_check)
 *  O6  an answer "committed" names a committed number, that holds exactly that record; told twice, the same number
 *  O7  record numbers are dense; {session, sequence} stands in the log once; sequences of a session grow
 *  O8  a leader has every committed entry when it starts to lead (leader completeness)
 *  O9  terms do not fall on a node, over all its lives
 *  O10 in the end everything that was answered is on every node that is up, and all have one table of sessions
 *  O11 a leader that hears no majority falls silent, and what waited for room until then does not leave afterwards
 *  O12 the ghost store: what was ever committed stays on the stable storage of a majority
 *  O13 log matching: one {term, index}, one chain value, committed or not
 *  O14 appends are linearizable: what began after an answer gets a higher number
 *  O15 "expired" means: not in the log, its sequence used up
 *  O16 no frame leaks
 *  O17 a vote leaves when it is durable, one a term and node
 *  O18 an acknowledgement names what is on the acknowledging node's stable storage; one that refuses asks for nothing that is
 *      committed there
 *  O19 a fenced worker appends nothing and acknowledges nothing
 *  O20 a leader has a majority of votes of exactly its term; what the election holds is what the superblock holds
 *  O21 a node comes back with every committed entry that its stable storage had, or refuses to start
 *  O22 a reader is given what is committed under that number, and nothing that is not committed; it begins exactly where it
 *      asked to, nothing is left out, no more is on its way than it granted, and it is dropped at or before where it is
 *  O23 a start is refused when the data were damaged so that it must be, names kind and place of the damage, changed
 *      nothing before, and says what a look from outside said; no descriptor of a segment file leaks
 *  O24 an answer leaves a leader only, with the number under which its log holds the record, at a level that is reached and
 *      not below the one that was asked for; a weaker one acknowledges nothing, and is of the leader's own term
 *  O25 what a majority had in memory is lost with a node's memory only
 *  O26 a frame that is not to be believed is counted under its reason, and nothing else comes of it
 *  O27 who pings a node or asks for its Ethernet address gets the right answer, or none
 *  O28 an Ethernet address that is known moves only by an answer to the node's own question
 *  O29 what a node says decodes as what it calls itself
 *  O30 who follows a leader that it hears names it to whoever asks
 *  O31 a life of a client is not forgotten for another one while it is heard
 *  O32 stamps never fall along the log, and none is further ahead than a majority's clocks have ever been, and a second
 *  O33 a node takes no part for what it holds only where that is not what the others have; then it acknowledges nothing, leads nobody,
 *      names no leader and serves no reader
 *  O34 what a node learned of its peers' data, and judges votes by, is durable or being written when control's next turn ends
 *  O35 data that went back are called caught up when what their leader had committed is on their stable storage
 *  O36 a log gives up only what a committed entry has trimmed, and readers are told TRIMMED of nothing else
 *  O37 whole bases stand on what is still there: of both a start can go on
 *  O39 what a consumer was told of its checkpoint is committed, and nobody who takes it later is told less of that one (oracle_consumers.c)
 *  O38 what is called proven, a majority made alike; a state's trim point is what the entries say
 *  O40 lists of members follow one another so that what decides by one meets what decides by the next; behind a list that is not
 *      committed stands no other one; a new leader counts by the list that its votes were counted by; a state has the list that the entries say
 *  O41 what is damaged on a node heals where an entry of it is whole anywhere: in the end no journal is dormant but for one that is nowhere
 *      whole, and that one is named
 *  O44 what is archived is committed, follows one another and is whole; nothing is given up before it is archived
 *  O49 the end of the journal that is told is at least what any node had called committed when it was asked for, and committed
 *  O50 "never" is told of an append that is not in the log, behind a committed fence that spent its sequence (or its tombstone), and it never is
 *  O51 an append that is told to be committed is, under that number; one that is told to be pending was not when that was asked
 *  O52 a rescue goes on alone, far behind the numbers that there were, and readers are told RESCUED of those between and of nothing else
 *  O53 a reader that comes from another past is told so, and given nothing; nobody else is told that
 *  O54 "it was never here" is said of data that count, and of no entry that its log may have
 *  O55 a feature is put in force that every member has declared, durably; all have in force what the entries say, and nobody applies
 *      anything behind an entry that put in force what its build lacks
 *  O56 once a worker refuses a key it takes nothing more under it, whoever says it
 *  O42 a journal that is dormant says nothing but how nodes meet, and what mends, and its worker leaves its medium alone
 */
#ifndef WL_TESTS_SIM_ORACLE_ORACLE_H
#define WL_TESTS_SIM_ORACLE_ORACLE_H

#include "tests/sim/actors/client.h"
#include "tests/sim/server/node.h"

#define SIM_ORACLE_TERMS 4096u
#define SIM_ORACLE_MATCHING (1u << 16) /* positions of the cache */
#define SIM_ORACLE_SESSIONS 32768u
#define SIM_ORACLE_PROMISES 4096u /* weaker answers remembered */
#define SIM_ORACLE_CLIENTS 8u
#define SIM_ORACLE_RECORDS (1u << 17)
#define SIM_ORACLE_FENCES 512u /* that were committed last; and "never"s that were told last */
#define SIM_ORACLE_BASES 256u /* that were made last */

/* Who made this base. */
struct sim_made_base {
	uint64_t index, digest;
	uint32_t nodes; /* bit per node */
};

struct sim_committed {
	uint64_t chain, term, in_term, /* its own term; that of the leader that committed it */
		offset[WIRELOG_NODES_MAX + 1]; /* where on each node's drive, 0 = not seen there */
};

struct sim_stored_record {
	uint64_t session, sequence, checksum, timestamp_ns;
	uint32_t bytes;
};

struct sim_session {
	uint64_t session, last_sequence;
};

struct sim_position_chain {
	uint64_t index, term, chain;
};

/* Which nodes ever had an entry of this index in their logs, in the highest term that was seen there. */
struct sim_holders {
	uint64_t term;
	uint32_t nodes; /* bit per node */
};

/* What a node had counted at its last turn. */
struct sim_drops {
	uint64_t boot, frames, believed;
	uint64_t asked, mistaken; /* questions of this boot, and new ones that were called copies */
	uint64_t dropped[WL_FRAME_VERDICTS];
	uint64_t honest_mac; /* bit per neighbour that was ever known by its own word */
};

/* A client's place at a node, after its last turn. */
struct sim_life {
	uint64_t boot, boot_id, heard_ns;
	wl_identity identity;
};

/* Sequences of a session up to this one are spent; or this one was told to be. */
struct sim_fence {
	uint64_t session, sequence;
};

/* A weaker answer: what it named. Or, by index alone, an entry that was said to be received. */
struct sim_promise {
	uint64_t session, sequence, number, index, term;
	uint64_t losses; /* of memory, in the cluster by then */
};

#define SIM_ORACLE_TURNS \
	1024u /* of each node, the last ones: longer than a frame waits for its port */

/* How far a node knew the journal committed when a turn ended, by what its clock said in that turn: an acknowledgement names that time, and
 * may leave turns after it was made. */
struct sim_turns {
	struct {
		uint64_t wall_ns, commit;
	} at[SIM_ORACLE_TURNS]; /* a ring */
	uint64_t count;
};

#define SIM_ORACLE_CONSUMER "reader" /* the consumer that operators know */
#define SIM_ORACLE_CONSUMERS 8u

/* By what is committed, and by what applications were told. */
struct sim_checkpoint {
	char name[WL_CONSUMER_NAME_BYTES]; /* "": free */
	uint64_t number, made; /* 0: it is not there (any more) */
	uint64_t confirmed, confirmed_made; /* the highest that was told, and of which one */
};

/* A wall clock as a worker of the node read it. */
struct sim_wall {
	uint64_t seen_ns, at_ns; /* and when; 0: not yet */
};

struct sim_oracle { /* of one journal */
	struct sim_cluster *cluster;
	unsigned journal;
	/* A liar holds the key: what Raft promises is not asked for, memory safety and the nodes' own invariants are. */
	bool reduced;
	struct sim_drops drops[WIRELOG_NODES_MAX + 1];
	struct sim_turns turns[WIRELOG_NODES_MAX + 1];
	struct sim_committed *entries; /* by index */
	uint64_t committed, entries_max;
	struct sim_stored_record *records; /* by number */
	uint64_t numbers, records_max;
	struct sim_made_base bases[SIM_ORACLE_BASES]; /* a ring */
	uint64_t base_count;
	uint64_t proven,
		proven_before; /* index of the newest proven base, and of the one before it, by what is committed */
	uint64_t installed[WIRELOG_NODES_MAX +
			   1]; /* entry at which a log begins since it took a base of a peer */
	struct wl_list list; /* of members, by the newest committed entry; else those that began */
	/* By which the newest commit of a leader was: one that is not committed itself counts from when it was appended. */
	struct wl_list decided_by;
	uint64_t lists; /* how many were committed */
	struct wl_list list_seen[WIRELOG_NODES_MAX +
				 1]; /* by which a node counted when its last turn ended */
	struct wl_journal_limits limits; /* by what is committed */
	struct wl_features_in_force features; /* likewise */
	uint64_t sessions_by; /* entry of the limits at `sessions_seen` */
	uint32_t sessions_seen; /* that lived at the newest committed entry, when a node was looked at last */
	uint64_t lost_number,
		goes_on_at; /* of the newest rescue: no record has the numbers between; 0: none was */
	uint64_t trim_number; /* first record that is promised to be kept, by what is committed */
	struct sim_checkpoint checkpoints[SIM_ORACLE_CONSUMERS];
	uint64_t leader_of_term[SIM_ORACLE_TERMS];
	/* Whom a node hears as the leader of its term, after its last turn, and since when. */
	struct {
		uint64_t term, since_ns;
		uint32_t leader;
	} hears[WIRELOG_NODES_MAX + 1];
	/* A node that takes no part: turns since, and acknowledgements that it had sent by then. */
	struct sim_apart {
		uint64_t turns, acks;
	} apart[WIRELOG_NODES_MAX + 1];
	uint64_t commit_view[WIRELOG_NODES_MAX + 1]; /* view under which commit_of_life was seen */
	uint64_t commit_of_life[WIRELOG_NODES_MAX + 1], boot_of_life[WIRELOG_NODES_MAX + 1];
	uint64_t highest_term[WIRELOG_NODES_MAX + 1];
	bool silent[WIRELOG_NODES_MAX +
		    1]; /* a leader had fallen silent by the end of its last turn */
	bool caught_up[WIRELOG_NODES_MAX + 1]; /* a node had said so after its last turn */
	uint64_t durable_seen[WIRELOG_NODES_MAX + 1], generation_seen[WIRELOG_NODES_MAX + 1];
	struct sim_random random;
	struct sim_session *sessions; /* open addressing */
	unsigned session_count;
	struct sim_position_chain *matching; /* a cache by {term, index} */
	uint64_t tail_seen[WIRELOG_NODES_MAX + 1], tail_generation[WIRELOG_NODES_MAX + 1];
	uint64_t complete_in_term[WIRELOG_NODES_MAX + 1];
	uint64_t leads_since_ns[WIRELOG_NODES_MAX + 1];
	uint8_t voted_for[WIRELOG_NODES_MAX + 1][SIM_ORACLE_TERMS];
	uint64_t acknowledged_boot[WIRELOG_NODES_MAX + 1],
		acknowledged_durable[WIRELOG_NODES_MAX + 1];
	/* when a node acknowledged to another, or gave it a pre-vote, last: [to][from] */
	uint64_t heard_ns[WIRELOG_NODES_MAX + 1][WIRELOG_NODES_MAX + 1];
	uint64_t *verified; /* chain values by index: of the node that is looked at offline */
	/* What a node knew of its peers' data after its last turn, and the turn of control in which it is not durable yet; 0: it is. */
	struct sim_learned {
		struct wl_superblock_peer peers[WIRELOG_NODES_MAX + 1];
		uint64_t boot, since_ns;
	} learned[WIRELOG_NODES_MAX + 1];
	uint64_t forgets_seen[WIRELOG_NODES_MAX + 1];
	struct sim_wall walls[WIRELOG_NODES_MAX +
			      1]; /* the furthest that each clock has been, and runs on from */
	uint64_t stamp; /* of the last committed entry */
	uint64_t stable_end[WIRELOG_NODES_MAX +
			    1]; /* highest committed entry on the stable storage at the last start */
	uint64_t fenced_view[WIRELOG_NODES_MAX + 1], fenced_tail[WIRELOG_NODES_MAX + 1];
	void (*on_leader)(void *context, unsigned node); /* a new one is about to speak */
	void (*on_answer)(void *context, unsigned node); /* "committed" was told */
	void *on_answer_context;
	struct sim_holders *holders; /* by index */
	struct sim_promise *promises; /* by {session, sequence}: a cache */
	struct sim_promise *received; /* by index: a cache */
	struct sim_fence fences[SIM_ORACLE_FENCES], nevers[SIM_ORACLE_FENCES]; /* rings */
	uint64_t fence_count, never_count;
	struct sim_client *clients[SIM_ORACLE_CLIENTS];
	struct sim_life lives[WIRELOG_NODES_MAX + 1][SIM_ORACLE_CLIENTS];
	uint64_t answers;
	uint64_t checks;
};

/* `oracles`: one for each journal, side by side. */
void sim_oracles_init(struct sim_oracle *oracles, struct sim_cluster *cluster);
void sim_oracle_fini(struct sim_oracle *oracle);
void sim_oracle_watch_client(struct sim_oracle *oracle, struct sim_client *client);
/* The first record whose timestamp is not below this; one more than there are when there is none. */
uint64_t sim_oracle_first_since(const struct sim_oracle *oracle, uint64_t timestamp_ns);
/* Is there, on a drive of a node that runs, a whole entry with this index and chain value? */
bool sim_oracle_somebody_has(const struct sim_oracle *oracle, uint64_t index, uint64_t chain);
/* After everything healed. */
void sim_oracle_finish(struct sim_oracle *oracle);
/* A number that depends on everything that happened: equal for equal seeds. */
uint64_t sim_oracle_hash(const struct sim_oracle *oracle);
/* Ends the run: prints what does not hold, seed and time. */
void sim_violation(const struct sim_cluster *cluster, unsigned node, const char *rule,
		   const char *detail, ...) __attribute__((noreturn, format(printf, 4, 5)));

#endif
