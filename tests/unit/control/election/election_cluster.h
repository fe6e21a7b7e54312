/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole cluster of election machines in memory, from one seed: real machines, simple workers (a
 * tail, heartbeats, acknowledgements, check-quorum, the plane messages), a disk that takes its time, a
 * network that loses, delays, reorders and cuts. Time goes in steps of a millisecond. After every
 * effect an oracle looks:
 *  - one leader per term; a new leader's tail has everything that was committed;
 *  - a granted vote leaves only when it is on the disk, and is one per {node, term} over all
 *    restarts;
 *  - terms on the disk never fall; no fenced worker's tail moves.
 */
#ifndef WL_TESTS_UNIT_CONTROL_ELECTION_ELECTION_CLUSTER_H
#define WL_TESTS_UNIT_CONTROL_ELECTION_ELECTION_CLUSTER_H

#include "control/election/election.h"

#define CLUSTER_NODES WIRELOG_NODES_MAX
#define CLUSTER_TIMEOUT 50u /* steps */
#define CLUSTER_TERMS 4096u
#define CLUSTER_FRAMES 1024u
#define CLUSTER_PLANE 64u

struct cluster_frame {
	uint64_t due;
	uint32_t from, to;
	uint8_t type; /* enum wl_wire_type; APPEND and APPEND_ACK of the simple workers too */
	uint64_t term;
	struct wl_position tail;
	struct wl_election_effect vote; /* of the other types */
};

struct cluster_queue { /* keeps the order; a message is not taken before its time */
	struct wl_plane_message item[CLUSTER_PLANE];
	uint64_t due[CLUSTER_PLANE];
	unsigned head, tail;
};

struct cluster_node {
	bool up;
	struct wl_election election;
	/* disk */
	uint64_t term;
	uint32_t vote;
	bool writing;
	uint64_t writing_term, written_at;
	uint32_t writing_vote;
	/* worker */
	struct wl_view view;
	struct wl_position log; /* durable tail */
	bool silent, handing_over, ready_told, told_committed;
	uint32_t transfer_target;
	uint64_t heartbeat_at, led_since;
	uint64_t acked_at[CLUSTER_NODES + 1];
	struct wl_position acked[CLUSTER_NODES + 1];
	struct cluster_queue down, rise;
};

struct cluster {
	uint64_t random, step;
	unsigned count; /* nodes 1..count */
	struct cluster_node node[CLUSTER_NODES + 1];
	struct cluster_frame frame[CLUSTER_FRAMES];
	unsigned frame_count;
	unsigned loss; /* percent */
	unsigned delay; /* steps at most, at least one */
	unsigned disk_delay, plane_delay;
	bool cut[CLUSTER_NODES + 1][CLUSTER_NODES + 1]; /* from, to */
	/* oracle */
	struct wl_position committed;
	uint32_t leader_of[CLUSTER_TERMS];
	uint8_t vote_of[CLUSTER_NODES + 1][CLUSTER_TERMS];
	uint64_t term_max;
	uint64_t votes_granted;
	const char *violation;
};

void cluster_init(struct cluster *cluster, unsigned count, uint64_t seed);
uint64_t cluster_draw(struct cluster *cluster, uint64_t below);
void cluster_step(struct cluster *cluster);
void cluster_run(struct cluster *cluster, unsigned steps);
/* The node that leads and has committed its term's first entry, 0 = none. */
uint32_t cluster_leader(const struct cluster *cluster);
/* Steps until there is one, at most `steps`. */
uint32_t cluster_elect(struct cluster *cluster, unsigned steps);
void cluster_crash(struct cluster *cluster, uint32_t node);
void cluster_restart(struct cluster *cluster, uint32_t node);
void cluster_isolate(struct cluster *cluster, uint32_t node, bool isolated);
void cluster_heal(struct cluster *cluster);
bool cluster_transfer(struct cluster *cluster, uint32_t from, uint32_t to);

#endif
