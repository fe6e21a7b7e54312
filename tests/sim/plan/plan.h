/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is done to a cluster, and when: a list of actions. A seed becomes a plan (schedule.c), a scenario file is one,
 * and shrinking takes actions out of one: three producers, one dialect (plan_text.c), one interpreter (faults.c).
 *
 *	# a comment
 *	set nodes 3
 *	at 120ms crash 2
 *	at 300ms cut leader 3
 *
 * A node is a number, or `leader`: whoever leads when it happens; `any` in cuts: every node.
 */
#ifndef WL_TESTS_SIM_PLAN_PLAN_H
#define WL_TESTS_SIM_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_NODE_LEADER 100u
#define SIM_NODE_ANY 101u
#define SIM_ARGUMENTS 4u

enum sim_verb {
	SIM_NOISE, /* all links: loss, duplicates, damage (per million), reorder and lateness (ns; 0 off) */
	SIM_CUT, /* one direction: from, to */
	SIM_JOIN,
	SIM_SLOW_LINK, /* one direction: from, to, ns a frame more, in order */
	SIM_CLIENT_PATH_MTU, /* applications' paths to a node: IP bytes of what passes to it, and from it; 0: all does */
	SIM_PATH_MTU, /* one direction: from, to, IP bytes; larger frames are lost; 0: none is */
	SIM_HEAL, /* every cut and slow link */
	SIM_SPLIT, /* mask of nodes: they and the others do not hear each other */
	SIM_LINKS, /* only these directions are left: bit (from - 1) * 8 + (to - 1) */
	SIM_FLAP, /* two nodes, and how long their link is up, then down, and so on; 0: it is up and stays */
	SIM_HOLD, /* frames of a kind (its name in the wire protocol) from, to: kept by the network until ... */
	SIM_RELEASE, /* ... this, in the order in which they came; later ones pass */
	SIM_PASS, /* later ones pass, what is held stays */
	SIM_CRASH, /* power off */
	SIM_KILL, /* SIGKILL: the machine goes on */
	SIM_START,
	SIM_STALL, /* node, 1 worker | 2 control | 3 both, for ns */
	SIM_SLOW, /* drive: node, ns a request */
	SIM_HANG, /* drive: node, 0 | 1 */
	SIM_FULL, /* drive: node, 0 | 1 */
	SIM_FAIL_WRITE, /* drive: node; its next write fails */
	SIM_FAIL_READ, /* drive: node, per million */
	SIM_DRIFT, /* clock: node, per million + 1,000,000 */
	SIM_COUNTER_BACK, /* the CPU's counter: node, goes back by ns */
	SIM_WALL, /* wall clock: node, + ns (modulo 2^64) */
	SIM_REPLAY, /* node: so many recorded frames that were once sent to it come again */
	SIM_NO_BUFFERS, /* node: how often its pool is empty, per million of frames that it wants to send */
	SIM_TRANSFER, /* node */
	SIM_EXPIRE, /* node, or any: its election timer is over now */
	SIM_STOP, /* SIGTERM: node */
	SIM_TEAR_TURN, /* node: power off inside its next turn, after so many effects */
	SIM_TEAR_RECORD, /* node: power off while its next superblock record is being written */
	SIM_CUT_TELLER, /* the next leader that answers a client is cut off right after it: both directions */
	SIM_END_ELECTED, /* the next new leader is cut off (0) or loses power (1) before its first word arrives */
	SIM_SNAPSHOT, /* node: an image of its drive is kept */
	SIM_RESTORE, /* node, which is down: the image comes back (an old disk) */
	SIM_WIPE, /* node, which is down: an empty disk */
	SIM_ROT, /* node: bytes of its stream flip: offset per million of what is written, bytes */
	/* network cards, and who else is on the network (faults_network.c) */
	SIM_NEW_CARD, /* node, which is down: it comes back with another Ethernet address */
	SIM_LINK, /* node, link, 0 down | 1 up */
	SIM_BUFFERS, /* node: so many frames exist at a time; 0 no limit */
	SIM_SENDS, /* node: so many frames leave in a millisecond, then the transmit ring is full; 0 no limit */
	SIM_MTU, /* node: bytes, from its next start; 0 the network's */
	SIM_STRANGER, /* node, or any; kinds (stranger.h, 0 all), frames to each in a millisecond, for ns */
	SIM_BYSTANDER, /* asks for addresses and pings, for ns */
	SIM_IMPOSTOR, /* node, which is down; kinds (impostor.h), frames in a millisecond, for ns */
	SIM_EXPECT_ANSWERS, /* so many pings and ARP questions, at least, were answered so far */
	SIM_EXPECT_TERMS_BELOW, /* no node has met this term */
	/* faults_drive.c */
	/* node, way (damage.h), which: per million from the oldest to the newest (beside another that rots: of what its start reads), or a
	 * mask of copies */
	SIM_DAMAGE,
	SIM_LIE, /* drive: node, 0 | 1: it acknowledges what a power cut will take from its cache */
	SIM_SHORT_READS, /* drive: node, per million */
	SIM_MISREAD, /* drive: node, per million: the bytes of another place */
	SIM_SLOW_OPEN, /* drive: node, up to ns for each open of a segment file */
	SIM_FAIL_OPEN, /* drive: node, per million */
	SIM_FAIL_PREPARE, /* drive: node, per million: a segment cannot be made, though there is room */
	SIM_HANG_MAKER, /* drive: node, 0 | 1: whoever makes segments hangs at the next one; reads and writes go on */
	SIM_TEAR_START, /* node, which is down: power off inside its next start */
	SIM_VERIFY, /* node, which is down: an operator looks at its data offline */
	SIM_LIMIT, /* node: segments that it may have from its next start on; 0: as many as the plan says */
	SIM_CONFIG, /* node: an operator writes its file anew, with this mistake (config_file.h); read at its next start */
	SIM_CHECK_CONFIG, /* node: `wirelogd --check` there of files with links of any kind, with this mistake; so many */
	SIM_DPDK, /* node: at its next start DPDK says these words and fails (machine_words.c); 0: it works again */
	SIM_PAGES, /* node: so many hugepages are free; its file demands them (1), or says nothing (0) */
	SIM_CORE, /* node: its file names this core for its worker */
	SIM_MEMORY, /* node: the process may map so many bytes; 0: enough */
	SIM_KEYLESS, /* node: its file names no key */
	SIM_SESSIONS, /* node: from its next start its file has this limits.sessions; 0: as the others' */
	SIM_EXTRA, /* node: its file hands this to EAL: 1 what it may not have, 2 too much, 3 what is allowed */
	SIM_NEWER, /* node, which is down: a newer version of the daemon has written its superblock */
	SIM_TRANSFER_TO, /* node, whom: 0 whoever is furthest, anybody, itself, nobody who exists */
	SIM_ASK, /* an operator looks at the status of this node */
	SIM_WATCH, /* and from now on at that of some node, this often; 0: not any more */
	SIM_COMPARE, /* node: an operator compares the logs of all nodes, there (comparer.h) */
	SIM_EXPECT_COMPARED, /* that ended like this (enum wl_chain_search_state), with so many nodes in it; so many media did not give all */
	SIM_CONTRADICT, /* node: what it holds, in memory, is another history from now on */
	SIM_ROT_SESSIONS, /* node, bits of its tables of sessions that change in memory: 0 in runs, 1 in the count of touches */
	SIM_FAIL_RECORD, /* node: the next write of its superblock fails */
	SIM_TRIM, /* node, per million of the records that it knows to be committed: an operator asks it to trim those */
	SIM_PROPOSE_TRIM, /* node, the same, may be beyond the end: if it leads it proposes that as it is, which no leader does of itself */
	SIM_CONSUMER, /* node, as of TRIM: an operator asks it to have the checkpoint of the one consumer there; 0: to delete it */
	SIM_MEMBER, /* node, what (base/change.h), whom, by whom: an operator asks it to change the members */
	SIM_EXPECT_VOTES, /* node, 0 | 1: it is a voter by the newest committed list, which is not joint */
	SIM_EXPECT_LEARNS, /* node, 0 | 1: it is a learner by it */
	SIM_EXPECT_JOINT, /* 0 | 1: the newest committed list is joint */
	SIM_SET_LIMIT, /* node, which (base/journal_limits.h), what is kept of it: an operator asks it to set that limit */
	/* node, which, what: if it leads it proposes that as it is, for limits that are not in force any more, which no leader does of itself */
	SIM_PROPOSE_LIMIT,
	SIM_BUILD, /* node, features (base/features.h) that its build lacks from its next start on; 0: the present build */
	SIM_FINALIZE, /* node: an operator asks it to put in force all that its build has */
	SIM_EXPECT_FEATURES, /* node, which: its state has exactly those in force */
	SIM_KEY_FILE, /* node, 0 | 1 | 2: its key file holds the first key, both, the second one from now on, and is read */
	SIM_ROTATE, /* node: an operator asks it for the next stage of the change from the first key to the second; all members are needed */
	SIM_CLIENT_KEYS, /* 0 | 1 | 2: likewise, of all clients */
	SIM_EXPECT_KEYS, /* node, stage (base/keys.h): its worker uses keys as that says */
	SIM_RESCUE, /* node, which is down and has all that is committed: an operator lets it go on alone (tiny build: oracle_rescue.c) */
	SIM_EXPECT_STRANGE, /* node, whom, 0 | 1: it refuses that one as of another history */
	SIM_EXPECT_LIMIT, /* node, which, what: its state has that limit */
	SIM_FLIP_BASE, /* node: a bit of what its base makers applied changes in memory */
	SIM_DESTROY, /* node, which is down: the entry of this index, wherever it stands on its drives */
	SIM_MISTAKE, /* node, 0 | 1: of the entries that it gives peers to mend with some bytes are others */
	SIM_EXPECT_BEGINS_LATER, /* node, 0 | 1: its log has given up its first entries */
	SIM_EXPECT_FROM_BASE, /* node, 0 | 1: its last start went on from a base */
	SIM_EXPECT_ARCHIVED, /* node: so many ranges are in its archive, or were, at least */
	SIM_EXPECT_BASES, /* node: it has made so many at least */
	SIM_EXPECT_DORMANT, /* node, 0 | 1: a journal of it waits to be mended */
	SIM_EXPECT_MENDED, /* node: it started so often, at least, because a journal was mended */
	SIM_EXPECT_HEALED, /* node: so many entries, at least, that were damaged came from peers while it ran */
	SIM_EXPECT_LOST, /* node, 0 | 1: its first journal halts at an entry that no node has whole */
	SIM_EXPECT_COUNTS, /* node, 0 | 1: its data in the first journal vote and are counted */
	SIM_EXPECT_SCRUBBED, /* node: its scrub has found so many damaged places in this life, at least; and seen so many mended, at least */
	SIM_EXPECT_STATUS, /* node: its last start ended with this number (wirelog/status.h); 0: it runs */
	SIM_EXPECT_LEADER, /* node, or any */
	SIM_EXPECT_NO_LEADER,
	SIM_EXPECT_COMMITS, /* something new was acknowledged since the last of these */
	SIM_EXPECT_SILENCE, /* nothing was */
	SIM_EXPECT_FRAMES_BELOW, /* fewer frames than this were sent since the last expectation: no storm */
	SIM_EXPECT_REFUSED, /* node: its start was refused */
	SIM_EXPECT_VERDICT, /* node: what its last start said of its data; none: it started */
	SIM_EXPECT_SEEN, /* one of enum sim_seen happened since the last of these that named it */
	SIM_EXPECT_LEADS, /* node, 0 | 1: it leads, and is not silent */
	SIM_EXPECT_TERM_RISE_BELOW, /* the highest term rose by less since the last expectation */
	SIM_EXPECT_CAUGHT_UP, /* node, 0 | 1: its log and its commit are those of the leader */
	SIM_EXPECT_HAS_TAIL, /* node, 0 | 1: its log ends where the leader's does */
	SIM_EXPECT_STREAMS, /* node, 0 | 1: the leader streams to it; 0: it probes */
	SIM_EXPECT_APART, /* node, 0 | 1: it takes no part, for what it holds as committed is contradicted */
	SIM_EXPECT_HELD, /* at least so many frames are held now */
	SIM_APPENDS, /* 0 | 1: clients begin new records */
	SIM_STRAY, /* client: an application of the library that reads goes on as one whose cluster was set back to older data */
	SIM_VERBS,
};

/* What clients and readers met, counted: so that a scenario can ask for it, and a trace ends with it. */
enum sim_seen {
	SIM_SEEN_WEAKER, /* an answer below committed */
	SIM_SEEN_WEAKER_LOST, /* what it was for is gone: used up by tombstones */
	SIM_SEEN_EVERYWHERE,
	SIM_SEEN_TOLD_AGAIN, /* a retry of what was answered got the same number */
	SIM_SEEN_TOO_LARGE, /* a record refused by name */
	SIM_SEEN_BACK_PRESSURE,
	SIM_SEEN_NO_SPACE, /* an append refused for want of room */
	SIM_SEEN_DEATHS, /* of clients */
	SIM_SEEN_RECORD_READ, /* a reader was given the record that it wanted next */
	SIM_SEEN_RESUMED, /* a reader that was dropped, with a position, reads on from there */
	SIM_SEEN_TIME_START, /* a reader began at a time, */
	SIM_SEEN_NOW_START, /* or now */
	SIM_SEEN_TOO_MANY, /* a reader refused by name */
	SIM_SEEN_TRIMMED, /* a reader told of records that were trimmed */
	SIM_SEEN_RESCUED, /* a reader told that a rescue goes on behind what it wants */
	SIM_SEEN_DIVERGED, /* a reader refused, for it was given another past; */
	SIM_SEEN_OTHER_HISTORY, /* or is of another history */
	SIM_SEEN_LOST, /* a reader told of a record that the node cannot read */
	SIM_SEEN_MISCHIEF, /* a frame that no client would send (rogue.c) */
	SIM_SEEN_ROGUE_REFUSED, /* and a refusal by name that came back */
	SIM_SEEN_DRAWN_AGAIN, /* an application whose identity another one had took another */
	SIM_SEEN_PATH_MTU, /* an application told that full frames do not pass */
	SIM_SEEN_TAKEN, /* a consumer was given its checkpoint, */
	SIM_SEEN_CONFIRMED, /* told that one it committed is there, */
	SIM_SEEN_DROPPED, /* or that it was dropped */
	SIM_SEEN_END, /* an application was told how far the journal is, */
	SIM_SEEN_NEVER, /* that an append never will be in the log, */
	SIM_SEEN_FENCED, /* or that its own was spent */
	SIM_SEENS,
};

struct sim_action {
	uint64_t at_ns;
	enum sim_verb verb;
	uint64_t argument[SIM_ARGUMENTS];
};

struct sim_plan {
	uint64_t seed; /* of everything that is still left to chance */
	uint64_t joins; /* so many of the nodes, the last ones, do not begin the cluster: they are no members until somebody makes them some */
	uint64_t nodes, clients, mtu, sessions_max;
	uint64_t library; /* bit per client: applications of the client library */
	uint64_t consumers; /* bit per client: of these, those that read under a name */
	uint64_t asks; /* of applications of the library: how far it is, what became of appends; per million of their turns */
	uint64_t journals, workers; /* 1 or 2; journal j is worker j % workers' */
	uint64_t segment_bytes, segments_max, ring_bytes;
	uint64_t fault_ns; /* then it heals */
	uint64_t core; /* mask: after fault_ns only these are healed at first, and must go on; 0: all */
	uint64_t outstanding_max; /* appends of one client at a time */
	uint64_t levels; /* per cent of appends that ask for another level than committed */
	uint64_t edge_sizes; /* 1: records at the ends of the range and around fragments; some too large */
	uint64_t record_bytes; /* the largest record */
	uint64_t session_records; /* a client leaves its session for a new one after so many; 0 never */
	uint64_t deaths; /* of a client, per million of its turns */
	uint64_t alike; /* an application draws the identity that another one has, per million of its lives */
	uint64_t readers; /* so many of the clients read, too */
	uint64_t liar; /* 1: impostors lie, and the oracle asks for memory safety only */
	uint64_t wiring; /* enum sim_wiring: how frames find their way */
	uint64_t slow_readers; /* so many of these are slow */
	uint64_t starts; /* where readers begin, bits: 1 first, 2 number, 4 beyond the end, 8 time, 16 now */
	uint64_t rogues; /* clients that keep no rules */
	uint64_t reply_slots, clients_max, client_idle_ns; /* of each node */
	uint64_t subscriptions_max, read_buffers, reader_idle_ns;
	uint64_t scrub_ns; /* in which all that is kept is read once; 0: never */
	uint64_t archive,
		archive_fails; /* 1: nodes archive; so many ppm of what is done there fails while other faults happen */
	uint64_t base_every; /* bytes of the stream from one base to the next; 0: there are none */
	uint64_t retention_bytes, retention_age_ns; /* 0: no limit */
	uint64_t no_limits; /* 1: files say none, so that no entry does (search/explore.c) */
	uint64_t raw; /* 1: drives are devices: a base has no name */
	uint64_t think_ns; /* a client begins an append about so often */
	uint64_t patience; /* of leaders, in election timeouts */
	uint64_t prefers; /* which node is to lead rather; 0: none */
	struct sim_action *actions; /* in order of time */
	size_t count, capacity;
};

/* The voters that begin the cluster: bit per node. */
static inline uint32_t sim_plan_voters(const struct sim_plan *plan)
{
	return ((1u << (plan->nodes - plan->joins)) - 1) << 1;
}

void sim_plan_init(struct sim_plan *plan, uint64_t seed);
void sim_plan_fini(struct sim_plan *plan);
void sim_plan_add(struct sim_plan *plan, uint64_t at_ns, enum sim_verb verb, uint64_t a, uint64_t b,
		  uint64_t c, uint64_t d);
void sim_plan_copy(struct sim_plan *to, const struct sim_plan *from);
/* By time; equal times keep their order. */
void sim_plan_sort(struct sim_plan *plan);

/* plan_text.c. False: said on stderr with file and line. */
bool sim_plan_read(struct sim_plan *plan, const char *path);
void sim_plan_write(const struct sim_plan *plan, FILE *file);
void sim_action_write(const struct sim_action *action, FILE *file);

/* Verdicts on data, by number and name: enum wl_recovery_damage_kind, then the refusals that are not recovery's. */
#define SIM_VERDICT_REFUSAL 100u /* + enum sim_refusal */

/* schedule.c: configuration and faults of a seed. */
void sim_schedule(struct sim_plan *plan, uint64_t seed);
/* schedule_sizes.c: of segments and rings. */
void sim_schedule_sizes(struct sim_plan *plan, uint64_t seed);
/* schedule_network.c: its share of it. */
void sim_schedule_network(struct sim_plan *plan, uint64_t seed);
/* schedule_drive.c: the same for drives; `victim` is the only node whose data may be destroyed. */
void sim_schedule_drive(struct sim_plan *plan, uint64_t seed, uint64_t victim);
/* Disks that are lost between a vote and its count, or within one timeout, or beside one other node; draws of its own. */
void sim_schedule_memory(struct sim_plan *plan, uint64_t seed, uint64_t victim);
/* schedule_bases.c: bases, retention, trims; what happens to them. */
void sim_schedule_bases(struct sim_plan *plan, uint64_t seed, uint64_t victim);
/* Tables of sessions that rot in memory. */
void sim_schedule_tables(struct sim_plan *plan, uint64_t seed);
/* schedule_members.c: who joins, and changes of the members. */
void sim_schedule_members(struct sim_plan *plan, uint64_t seed);
/* schedule_features.c: builds of nodes, and what is finalized. */
void sim_schedule_features(struct sim_plan *plan, uint64_t seed);
const char *sim_seen_name(enum sim_seen which);

/* schedule_clients.c: what clients and readers are like, and how much room nodes have for them. */
void sim_schedule_clients(struct sim_plan *plan, uint64_t victim);
/* Which of them read under a name; after all else. */
void sim_schedule_consumers(struct sim_plan *plan);
void sim_schedule_asks(struct sim_plan *plan);

#endif
