/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replicas of one journal, each with its real log on a drive in memory and its real transmit path, joined by
 * mail: every frame that one sends is decoded and waits until the test lets the receiver have it. The test
 * plays control (views), the drives and the network; nothing happens but in a turn.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_RAFT_REPLICA_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_RAFT_REPLICA_FIXTURE_H

#include "dataplane/base/members.h"
#include "dataplane/raft/replica.h"
#include "tests/unit/dataplane/log/log_fixture.h"

#define REPLICA_NODES_MAX 5u
#define REPLICA_MAIL_MAX 4096u
#define REPLICA_MTU 1500u
#define REPLICA_TURN_NS 10000u
#define REPLICA_HEARTBEAT_NS 1000000u
#define REPLICA_RESEND_NS 500000u
#define REPLICA_ROOM (1ull << 40) /* for records, as acknowledgements tell it */
#define REPLICA_ELECTION_NS 100000000u
#define REPLICA_WINDOW_BYTES (256u << 10)
#define REPLICA_CATCH_UP_RATE (256u << 20)

struct replica_mail {
	uint32_t from, to;
	uint8_t type;
	uint16_t bytes;
	uint8_t payload[REPLICA_MTU];
};

struct replica_fixture;

struct replica_port {
	struct wl_port port; /* first */
	struct wl_link_info info;
	struct replica_fixture *fixture;
	uint32_t node;
	unsigned out; /* frames given and not yet back */
};

struct replica_node {
	struct wl_replica replica;
	struct log_fixture disk; /* the log and what it is on */
	struct wl_counters counters;
	struct wl_remote remotes[WIRELOG_NODES_MAX + 1];
	struct wl_tx tx;
	struct replica_port port;
	struct wl_ring up;
	uint8_t *memory, *up_memory;
	uint64_t boot_id;
	bool hold_disk; /* writes stay in flight */
};

struct replica_fixture {
	struct replica_node nodes[REPLICA_NODES_MAX + 1]; /* by node id */
	unsigned count;
	wl_members voters;
	uint64_t now_ns;
	struct wl_auth auth;
	struct replica_mail *mail; /* in the order in which it was sent */
	unsigned mail_count;
	bool cut[REPLICA_NODES_MAX + 1][REPLICA_NODES_MAX + 1]; /* [from][to]: lost */
	bool hold[REPLICA_NODES_MAX + 1][REPLICA_NODES_MAX + 1]; /* waits */
};

void replica_fixture_init(struct replica_fixture *fixture, unsigned voters);
void replica_fixture_fini(struct replica_fixture *fixture);
/* One durable entry for each digit, which is its term: "1114". Equal digits are equal bytes on every node. */
void replica_fixture_fill(struct replica_fixture *fixture, uint32_t node, const char *terms);
/* What a process knows when it starts on this medium. Recovery must find it whole. */
void replica_fixture_restart(struct replica_fixture *fixture, uint32_t node, uint64_t known_commit);

/* Views, as control would give them. */
void replica_fixture_fence(struct replica_fixture *fixture, uint32_t node);
void replica_fixture_lead(struct replica_fixture *fixture, uint32_t node, uint64_t term);
void replica_fixture_follow(struct replica_fixture *fixture, uint32_t node, uint64_t term,
			    uint32_t leader);
/* `leader` leads and every other node follows. */
void replica_fixture_elect(struct replica_fixture *fixture, uint32_t leader, uint64_t term);
/* The newest message of that verb that the node sent up; false when there was none since the last call. */
bool replica_fixture_told(struct replica_fixture *fixture, uint32_t node, enum wl_plane_verb verb,
			  struct wl_plane_message *message);

/* One turn of one node, in the worker's order: completions, mail, end of turn, disk, transmit. Checks the rules. */
void replica_fixture_turn(struct replica_fixture *fixture, uint32_t node);
void replica_fixture_run(struct replica_fixture *fixture,
			 unsigned rounds); /* every node, in turn */
/* Completes what the node's drive has in flight (also when held); counts in the node's next turn. */
void replica_fixture_complete(struct replica_fixture *fixture, uint32_t node);
void replica_fixture_pass(struct replica_fixture *fixture, uint64_t ns);
/* A client's record into the leader's open entry. */
int replica_fixture_append(struct replica_fixture *fixture, uint32_t node, uint32_t bytes);

/* Mail. take removes the first that fits (type 0: any). */
unsigned replica_fixture_mail(const struct replica_fixture *fixture, uint32_t from, uint32_t to,
			      uint8_t type);
bool replica_fixture_take(struct replica_fixture *fixture, uint32_t from, uint32_t to, uint8_t type,
			  struct replica_mail *mail);
void replica_fixture_deliver(struct replica_fixture *fixture, const struct replica_mail *mail);
/* Removes the first acknowledgement, or APPEND, and decodes it; `mail` keeps the bytes. False: there is none. */
bool replica_fixture_take_ack(struct replica_fixture *fixture, uint32_t from, uint32_t to,
			      struct wl_wire_append_ack *ack);
bool replica_fixture_take_append(struct replica_fixture *fixture, uint32_t from, uint32_t to,
				 struct replica_mail *mail, struct wl_wire_append *append);

/* Messages made by hand. */
struct replica_frame {
	uint32_t from, to; /* the images are those of from's log */
	uint64_t term;
	uint64_t previous; /* index; its term is that of from's log */
	unsigned count;
	uint64_t commit;
};
void replica_fixture_send(struct replica_fixture *fixture, const struct replica_frame *frame);
/* In the leader's term and at this time. */
void replica_fixture_acknowledge(struct replica_fixture *fixture, uint32_t from, uint32_t leader,
				 uint64_t received, uint64_t durable);

static inline struct wl_log *replica_log(struct replica_fixture *fixture, uint32_t node)
{
	return &fixture->nodes[node].disk.log;
}

static inline struct wl_replica *replica_of(struct replica_fixture *fixture, uint32_t node)
{
	return &fixture->nodes[node].replica;
}

static inline uint64_t replica_count(const struct replica_fixture *fixture, uint32_t node,
				     enum wl_counter which)
{
	return wl_count_get(&fixture->nodes[node].counters, which);
}

/* Same tail, same chain value: same bytes from the first entry on. */
bool replica_fixture_same(struct replica_fixture *fixture, uint32_t node, uint32_t other);

#endif
