/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One simulated server: the daemon's own workers and agent, each an actor with turns of its own, joined by real planes;
 * journals spread over the workers; a drive for each journal, that outlives them; a clock that drifts. A crash
 * forgets everything but the drives.
 */
#ifndef WL_TESTS_SIM_SERVER_NODE_H
#define WL_TESTS_SIM_SERVER_NODE_H

#include "control/agent/agent.h"
#include "control/node/mend_watch.h"
#include "dataplane/log/archiver.h"
#include "dataplane/log/recovery.h"
#include "dataplane/worker/mender.h"
#include "dataplane/worker/worker.h"
#include "tests/sim/server/config_file.h"
#include "control/report/storage_watch.h"
#include "tests/sim/server/drive.h"
#include "tests/sim/server/drive_fan.h"
#include "tests/sim/server/machine.h"
#include "tests/sim/network/network.h"
#include "tests/sim/plan/plan.h"

struct sim_endpoint; /* endpoint.h */

struct sim_actor {
	uint64_t turn_at_ns; /* of the turn that is on the agenda; 0: none */
	uint64_t stalled_until_ns; /* a core that was taken away, or SIGSTOP */
	uint64_t generation; /* events of an older one are stale */
};

/* What was found in the data of a journal: by the last start, or by an operator's look from outside. */
struct sim_found {
	bool valid; /* it was looked at, and nothing was done to the data since */
	bool refused;
	bool nowhere; /* neither a base nor the origin: nothing of the log was looked at */
	struct wl_recovery_damage damage;
	uint64_t first_index; /* from which on it was looked at */
	uint64_t last_index;
};

struct sim_node;

/* A core that polls, and what belongs to it. */
struct sim_core {
	struct sim_node *node;
	unsigned number;
	struct sim_actor actor;
	struct sim_drive_fan disk;
	struct wl_worker *worker; /* volatile, as the next one */
	struct wl_plane_rings *plane;
	uint64_t refused_index,
		refused_ns; /* entry of the keys in force, and since when, on the worker's clock (oracle_keys.c) */
	uint64_t told_up, told_down; /* messages of the plane messages that a trace has seen */
};

/* Makes the bases of a journal beside its worker (node_bases.c). */
struct sim_base_actor {
	struct sim_node *node;
	unsigned journal;
	struct sim_random random;
	struct wl_base_maker *maker; /* NULL: none; volatile, as its memory */
	struct wl_base_maker_config config;
	uint8_t *memory, *ring, *window, *chain_window, *maker_memory;
	size_t memory_bytes;
	uint64_t life; /* raised by each start: events of an older one are forgotten */
	uint64_t made; /* bases, in all lives */
	bool seals; /* the one that it writes is getting its name */
	bool rested;
	bool wants_flip; /* a bit of its state is to change */
	bool flipped; /* it did: what it makes is wrong */
	bool loaded; /* it has found the base that it goes on from, or none */
};

/* Mends a journal beside its worker (node_mend.c). */
struct sim_mend_actor {
	struct sim_node *node;
	unsigned journal;
	struct sim_random random;
	struct wl_mender *mender; /* NULL: none; volatile, as its memory */
	uint8_t *memory;
	size_t memory_bytes;
	uint64_t life; /* raised by each start and end: events of an older one are forgotten */
	bool waits; /* its next turn is on the agenda */
	uint64_t fetched; /* entries, by its present survey */
	uint32_t told_phase;
	uint64_t told_index;
};

/* Scrubs a journal beside its worker (node_scrub.c). */
struct sim_scrub_actor {
	struct sim_node *node;
	unsigned journal;
	struct sim_random random;
	struct wl_scrub *scrub; /* NULL: none; volatile, as its memory */
	uint8_t *memory;
	size_t memory_bytes;
	uint64_t life; /* raised by each start and end: events of an older one are forgotten */
	struct wl_scrub_report report; /* of this life, or of the last one */
};

/* Archives a journal beside its worker (node_archive.c). */
struct sim_archive_actor {
	struct sim_node *node;
	unsigned journal;
	struct sim_random random;
	struct wl_archiver *archiver; /* NULL: none; volatile, as its memory */
	uint8_t *memory;
	size_t memory_bytes;
	uint64_t life; /* raised by each start and end: events of an older one are forgotten */
	int job; /* what the archiver wants is being done, or was done */
	bool failed, anew, rested;
	uint64_t gaps; /* that the archiver has told of, when its last range got its name */
	uint8_t *file; /* entries of the range that has no name yet */
	size_t file_bytes, file_room;

	/* on its device */
	bool has_newest;
	struct wl_archive_range newest;
	uint64_t ranges; /* in all lives */
	uint64_t reached; /* index: all up to there was durable in it once, but for gaps */
};

struct sim_node {
	unsigned number;
	unsigned key_file; /* what it holds: which of the cluster's keys[] */
	struct sim_agenda *agenda;
	struct sim_network *network;
	struct sim_drive drives[SIM_JOURNALS_MAX]; /* the superblock is on the first */
	struct sim_random random;
	struct sim_core cores[SIM_WORKERS_MAX];
	struct sim_actor agent_actor;
	struct sim_budget budget; /* effects until the power goes inside a turn */
	bool record_fails; /* the drive refuses the next superblock record */
	bool tears_record; /* the power goes while the next superblock record is written */
	uint64_t boot; /* raised by each start and crash: stale events are told by it */
	bool up;
	uint64_t down_ns; /* when it went down last */
	bool refused; /* its data were refused: stays down, loudly */
	bool refused_for_now; /* by reads that failed, and that may succeed another time */
	enum sim_refusal refusal;
	struct wl_recovery_damage damage; /* of the journal that was refused, or of the last one */
	struct sim_found started[SIM_JOURNALS_MAX], verified[SIM_JOURNALS_MAX];
	bool tears_start; /* the power goes inside the next start */
	uint64_t limit_segments; /* 0: as many as its configuration says */
	struct sim_machine machine;
	struct sim_random operator_random; /* of what people do to it */
	bool names_core, demands_pages, keyless; /* in its file */
	wl_features lacks; /* its build, from the next start on; 0: the present one */
	wl_features lives_without; /* the one that runs */
	wl_features declared_ever; /* in any life, durably: for the oracle */
	uint64_t sessions; /* in its file; 0: as the others' */
	unsigned eal_extra;
	uint16_t core;
	struct sim_config_file *file; /* on its disk: read by the next start */
	struct wl_config *config; /* that its last start read: the file may be another one by now */
	bool stranger; /* its new data are of another cluster */
	bool was_stranger; /* once: frames of that time may still be on their way */
	bool newer; /* a later version of the daemon wrote its superblock */
	uint64_t started_ns; /* by the kernel's clock */
	int start_status; /* of its last start: 0, or a negative enum wirelog_status */
	char start_reason[256];

	/* clock */
	int64_t drift_ppm;
	uint64_t clock_base_ns, clock_global_ns;
	uint64_t wall_offset_ns;

	/* volatile */
	uint8_t *memory;
	size_t memory_bytes;
	uint8_t *window; /* scratch of recovery */
	uint8_t *reserved; /* NULL, or where the memory of every life stands (exhaustive search) */
	void (*clear)(struct sim_node *node); /* makes that as good as new */
	struct wl_journal *journals[SIM_JOURNALS_MAX];
	struct sim_base_actor bases[SIM_JOURNALS_MAX];
	struct sim_scrub_actor scrubs[SIM_JOURNALS_MAX];
	struct sim_archive_actor archives[SIM_JOURNALS_MAX];
	struct sim_mend_actor menders[SIM_JOURNALS_MAX];
	struct wl_mend_watch mend_watch;
	uint32_t mend_rounds; /* starts that mending made, one behind the other */
	bool mistaken; /* what it gives peers to mend with is not always what it should be */
	uint64_t healed; /* entries that were damaged and came from peers while it ran, at least */
	uint64_t mended; /* such starts, in all lives */
	uint64_t from_base[SIM_JOURNALS_MAX]; /* starts that went on from a base */
	struct wl_agent *agent;
	struct wl_storage_watch storage[SIM_JOURNALS_MAX]; /* what control told of them */
	struct wl_superblock record; /* being written */
	unsigned damaged_copies; /* bit per copy of the superblock, as in the daemon's writer */
	int record_state; /* 0 idle, 1 first copy in flight, 2 second copy in flight, 3 done */

	/* what its last life looked like, for the oracle */
	uint64_t crashes, starts;
	bool forgot; /* its drive was wiped, or an old image came back */
	uint64_t forgets; /* how often */
	uint64_t taken_back; /* records that say of data that counted that they do not: an end was given up */
	bool possessed; /* an impostor speaks in its name (impostor.h): it must not start */
	bool contradicted; /* its memory was made another history: it must take no part */
	uint64_t rotted_in; /* start in which its tables of sessions were damaged in memory, last; 0: never */
	bool rotten; /* its drive was damaged: it may refuse */
	bool lost_record; /* all copies of its record were zeroed: no term that it promised is there any more */
};

/* Its tables of sessions are wrong, for the rest of this life: it may take no part. */
static inline bool sim_node_table_rots(const struct sim_node *node)
{
	return node->up && node->rotted_in != 0 && node->rotted_in == node->starts;
}

#define SIM_RULE_BYTES 32u

struct sim_cluster_config {
	bool quiet; /* violations are not printed */
	char *rule; /* NULL, or where the rule that was broken is written: SIM_RULE_BYTES */
	const char *replay; /* the command that replays this run */
	unsigned nodes, journals, workers; /* a journal's worker: its number modulo workers */
	uint64_t segment_bytes, segments_max, ring_bytes;
	uint64_t election_timeout_ns, patience_ns, heartbeat_ns;
	const struct sim_plan *plan; /* limits of nodes */
	uint16_t mtu;
	enum sim_wiring wiring;
};

struct sim_cluster {
	struct sim_cluster_config config;
	uint64_t seed;
	struct sim_agenda agenda;
	struct sim_network network;
	struct wl_auth auth; /* of the first key; who means harm has that one alone */
	struct wl_auth keys[3]; /* what a key file may hold: the first key, both, the second one */
	const struct wl_auth *client_keys; /* of all clients */
	struct sim_node nodes[WIRELOG_NODES_MAX + 1];
	uint8_t uuid[16];
	uint64_t cluster;
	uint64_t highest_answered[SIM_JOURNALS_MAX]; /* record number that a client was told */
	uint64_t seen[SIM_SEENS];
	struct sim_endpoint *ends[SIM_STATIONS]; /* of clients */
	/* Called after each turn of a worker: the oracle. */
	void (*after_turn)(void *context, struct sim_node *node, unsigned worker);
	void (*before_start)(void *context, struct sim_node *node);
	/* A start has looked at that journal, and may have cut its torn end: whatever becomes of the start. */
	void (*after_recovery)(void *context, struct sim_node *node, unsigned journal);
	void (*after_start)(void *context, struct sim_node *node);
	/* A node has a base of its own under its name: behind that entry, with that digest. */
	void (*on_base)(void *context, const struct sim_node *node, unsigned journal,
			uint64_t index, uint64_t digest);
	/* An entry is durable in a node's archive. */
	void (*on_archived)(void *context, const struct sim_node *node, unsigned journal,
			    uint64_t index, uint64_t chain);
	/* Offline: each entry of a node that is down, as it is met. */
	void (*on_verified_entry)(void *context, unsigned journal, uint64_t index, uint64_t chain);
	void (*after_verify)(void *context, struct sim_node *node, unsigned journal,
			     uint64_t known_commit);
	/* Does a majority of the other nodes have what stands there? */
	bool (*may_lose)(void *context, const struct sim_node *node, unsigned journal,
			 uint64_t begin, uint64_t end);
	void *context;
};

void sim_cluster_init(struct sim_cluster *cluster, const struct sim_cluster_config *config,
		      uint64_t seed);
void sim_cluster_fini(struct sim_cluster *cluster);
void sim_node_start(struct sim_cluster *cluster, unsigned node);
/* A start that was refused is tried again only when reads failed, and fail no more. */
bool sim_node_may_start(const struct sim_node *node);
/* A journal of it waits to be mended, and takes no part. */
bool sim_node_is_dormant(const struct sim_node *node);
/* Offline, as `wirelog verify` does: changes nothing. */
void sim_node_verify(struct sim_cluster *cluster, unsigned node);
/* Something was done to its data. */
void sim_node_forget_verified(struct sim_node *node);
void sim_node_crash(struct sim_cluster *cluster, unsigned node);
/* SIGKILL: the machine has power, and does to the end what it was asked for. */
void sim_node_kill(struct sim_cluster *cluster, unsigned node);
/* One turn, now, whatever the agenda says (exhaustive search). A node that is up. */
void sim_node_turn_worker(struct sim_core *core);
void sim_node_turn_agent(struct sim_node *node);
/* The record that is being written is on the stable storage now: both copies. */
void sim_node_complete_record(struct sim_node *node);
/* Takes the core away from the worker, the agent, or both, for a while. */
void sim_node_stall(struct sim_cluster *cluster, unsigned node, bool worker, bool agent,
		    uint64_t for_ns);
/* Ends a stall. */
void sim_node_wake_up(struct sim_cluster *cluster, unsigned node);
/* The kernel's monotonic clock. What its threads believe is in machine.h. */
uint64_t sim_node_now(const struct sim_node *node);
/* Of the last record of a journal that it knows to be committed; it is up. */
uint64_t sim_node_commit_number(const struct sim_node *node, unsigned journal);
/* What it lacks the leader has given up; or it has no room for that: then it lacks it soon. */
bool sim_node_needs_base(const struct sim_cluster *cluster, const struct sim_node *node,
			 unsigned journal);
/* The node that leads the journal and is ready, in the highest term; 0 when there is none. */
unsigned sim_cluster_leader(const struct sim_cluster *cluster, unsigned journal);

#endif
