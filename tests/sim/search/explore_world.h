/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the exhaustive search share: the cluster between two choices. */
#ifndef WL_TESTS_SIM_SEARCH_EXPLORE_WORLD_H
#define WL_TESTS_SIM_SEARCH_EXPLORE_WORLD_H

#include "tests/sim/actors/client.h"
#include "tests/sim/search/explore.h"
#include "tests/sim/oracle/oracle.h"

#define SIM_FLIGHTS_MAX 128u
#define SIM_CHOICES_MAX 96u
#define SIM_EXPLORE_CLIENT SIM_CLIENT_STATION
#define SIM_EXPLORE_SEGMENTS 8u
#define SIM_EXPLORE_STORE_BYTES ((size_t)1 << 28)
#define SIM_EXPLORE_TIMEOUT_NS 300000000u

struct sim_flight { /* a frame that left and has not arrived */
	uint8_t from, to, type;
	bool is_passing; /* a later one of its kind and term says all that it says */
	bool overtaken; /* no longer in its queue: comes late, or never */
	uint16_t size;
	uint64_t says; /* hash of what it says, times left out */
	uint64_t sent_ns, term; /* APPEND and its acknowledgement: the leader's time */
	const uint8_t *bytes;
};

enum sim_choice_kind {
	SIM_CHOICE_ARRIVE, /* the first frame of a queue, or one that was overtaken */
	SIM_CHOICE_OVERTAKE, /* the second of a queue before the first */
	SIM_CHOICE_APPEND, /* the client sends a new record to a leader */
	SIM_CHOICE_RETRY, /* the client sends to a leader what is not answered */
	SIM_CHOICE_TIMEOUT, /* an election timer fires */
	SIM_CHOICE_LONELY, /* a leader notices that it heard no majority for a timeout */
	SIM_CHOICE_RESEND, /* a leader sends again to a follower, between whom nothing is on its way */
	SIM_CHOICE_CHANGE, /* a leader appends a joint list: the last node is to learn, and no voter any more */
	SIM_CHOICE_DISK, /* a slow drive catches up */
	SIM_CHOICE_RESTART_LOST, /* power off and on: what is being written is not written */
	SIM_CHOICE_RESTART_TORN,
	SIM_CHOICE_RESTART_WHOLE,
};

struct sim_choice {
	enum sim_choice_kind kind;
	bool slow; /* the drive of the node does not finish what this choice makes it write */
	unsigned node; /* who acts */
	unsigned flight; /* RESEND: the follower */
};

struct sim_world {
	struct sim_cluster cluster;
	struct sim_oracle oracle;
	struct sim_client client;
	struct sim_plan plan; /* limits */
	struct sim_segment segments[WIRELOG_NODES_MAX + 1][SIM_EXPLORE_SEGMENTS];
	struct sim_bounds left; /* what may still happen */
	struct sim_flight flights[SIM_FLIGHTS_MAX]; /* in the order in which they left */
	unsigned flight_count;
	uint8_t *store; /* bytes of frames, handed out from the client service; not watched: going back gives them back */
	size_t store_used;
	uint32_t slow; /* nodes whose drive is behind */
	uint32_t acted; /* nodes that did something since the root */
	bool wrote; /* the last choice made a drive write */
	bool greets; /* HELLO is let through */
	uint64_t sent_term; /* the newest leader that the client sent to */
	void (*judge)(void *context, unsigned from, unsigned to, const uint8_t *bytes, size_t size);
};

/* Maps, starts, greets, elects node 1, opens a session: the root. Watched from here on. */
struct sim_world *sim_world_init(const struct sim_bounds *bounds, const char *replay);
/* Starts and greets all, elects node 1, opens a session. */
void sim_world_begin(struct sim_world *world);
/* Which memory a choice may touch (masks of snapshot.h). */
uint32_t sim_world_touches(const struct sim_world *world, const struct sim_choice *choice);
void sim_world_do(struct sim_world *world, const struct sim_choice *choice);

unsigned sim_world_choices(const struct sim_world *world, struct sim_choice *choices);
void sim_choice_say(const struct sim_world *world, const struct sim_choice *choice, char *text,
		    size_t size);

uint64_t sim_world_hash(const struct sim_world *world);
/* What a frame says, without the times and counts that make each one different. */
void sim_flight_read(struct sim_flight *flight);

static inline const struct wl_replica *sim_world_replica(const struct sim_world *world,
							 unsigned node)
{
	return &world->cluster.nodes[node].journals[0]->replica;
}

#endif
