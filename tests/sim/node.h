/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One simulated server: the daemon's own worker and agent (one worker, one journal), each an actor with turns of its
 * own, joined by the real seam; a drive that outlives them; a clock that drifts. A crash forgets
 * everything but the drive.
 */
#ifndef WL_TESTS_SIM_NODE_H
#define WL_TESTS_SIM_NODE_H

#include "control/agent.h"
#include "dataplane/recovery.h"
#include "dataplane/worker.h"
#include "tests/sim/drive.h"
#include "tests/sim/network.h"

struct sim_actor {
	uint64_t turn_at_ns; /* of the turn that is on the agenda; 0: none */
	uint64_t stalled_until_ns; /* a core that was taken away, or SIGSTOP */
	uint64_t generation; /* events of an older one are stale */
};

struct sim_node {
	unsigned number;
	struct sim_agenda *agenda;
	struct sim_network *network;
	struct sim_drive drive;
	struct sim_random random;
	struct sim_actor worker_actor, agent_actor;
	struct sim_budget budget; /* effects until the power goes inside a turn */
	bool tears_record; /* the power goes while the next superblock record is written */
	uint64_t boot; /* raised by each start and crash: stale events are told by it */
	bool up;
	bool refused; /* recovery refused the drive: stays down, loudly */
	struct wl_recovery_damage damage;

	/* clock */
	int64_t drift_ppm;
	uint64_t clock_base_ns, clock_global_ns;
	uint64_t wall_offset_ns;

	/* volatile */
	uint8_t *memory;
	size_t memory_bytes;
	struct wl_worker *worker;
	struct wl_journal *journal;
	struct wl_agent *agent;
	struct wl_seam *seam;
	uint64_t told_up, told_down; /* messages of the seam that a trace has seen */
	struct wl_superblock record; /* being written */
	unsigned damaged_copies; /* bit per copy of the superblock, as in the daemon's writer */
	int record_state; /* 0 idle, 1 first copy in flight, 2 second copy in flight, 3 done */

	/* what its last life looked like, for the oracle */
	uint64_t crashes, starts;
	bool forgot; /* its drive was wiped, or an old image came back */
	uint64_t forgets; /* how often */
	bool possessed; /* an impostor speaks in its name (impostor.h): it must not start */
	bool rotten; /* its drive was damaged: it may refuse */
};

#define SIM_RULE_BYTES 32u

struct sim_cluster_config {
	bool quiet; /* violations are not printed */
	char *rule; /* NULL, or where the rule that was broken is written: SIM_RULE_BYTES */
	const char *replay; /* the command that replays this run */
	unsigned nodes;
	uint64_t segment_bytes, segments_max, ring_bytes;
	uint64_t election_timeout_ns, heartbeat_ns;
	uint64_t sessions_max;
	uint16_t mtu;
	enum sim_wiring wiring;
};

struct sim_cluster {
	struct sim_cluster_config config;
	uint64_t seed;
	struct sim_agenda agenda;
	struct sim_network network;
	struct wl_auth auth;
	struct sim_node nodes[WIRELOG_NODES_MAX + 1];
	uint8_t uuid[16];
	uint64_t cluster;
	uint64_t highest_answered; /* record number that a client was told */
	/* Called after each turn of each actor: the oracle. */
	void (*after_turn)(void *context, struct sim_node *node);
	void (*before_start)(void *context, struct sim_node *node);
	void *context;
};

void sim_cluster_init(struct sim_cluster *cluster, const struct sim_cluster_config *config,
		      uint64_t seed);
void sim_cluster_fini(struct sim_cluster *cluster);
void sim_node_start(struct sim_cluster *cluster, unsigned node);
void sim_node_crash(struct sim_cluster *cluster, unsigned node);
/* Takes the core away from the worker, the agent, or both, for a while. */
void sim_node_stall(struct sim_cluster *cluster, unsigned node, bool worker, bool agent,
		    uint64_t for_ns);
/* Ends a stall. */
void sim_node_wake_up(struct sim_cluster *cluster, unsigned node);
uint64_t sim_node_now(const struct sim_node *node);
/* The node that leads and is ready, in the highest term; 0 when there is none. */
unsigned sim_cluster_leader(const struct sim_cluster *cluster);

#endif
