/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated application: opens a session, appends records with unique contents, sends again what
 * is not answered, follows the leader, and remembers every answer for the oracle. It speaks the wire protocol
 * through the daemon's own codecs, and it lives longer than any node.
 */
#ifndef WL_TESTS_SIM_CLIENT_H
#define WL_TESTS_SIM_CLIENT_H

#include "dataplane/auth.h"
#include "dataplane/wire.h"
#include "tests/sim/network.h"
#include "tests/sim/node.h"
#include "tests/sim/plan.h"
#include "tests/sim/reader.h"

#define SIM_CLIENT_OUTSTANDING 64u
#define SIM_CLIENT_STATION 10u /* of the first client */

struct sim_append {
	uint64_t sequence; /* 0: the slot is free */
	uint32_t bytes;
	uint64_t began_ns;
	uint64_t began_after; /* highest number that anybody had been told by then */
	uint64_t not_after_ns;
};

struct sim_client {
	struct sim_cluster *cluster;
	unsigned number, station;
	unsigned journal, worker; /* which it appends to, and whose it is */
	struct sim_random random;
	wl_identity identity;
	uint64_t epoch, sequence; /* of frames */
	struct wl_auth_key key;
	uint64_t node_epoch[WIRELOG_NODES_MAX + 1];
	unsigned leader; /* to whom appends go; 0: ask */
	uint64_t leader_term; /* in which it was said to lead */
	uint64_t think_ns;
	uint64_t nonce, session;
	uint64_t next_sequence, acknowledged_through;
	struct sim_append outstanding[SIM_CLIENT_OUTSTANDING]; /* slot = sequence % size */
	unsigned outstanding_count, outstanding_max;
	bool appending; /* goes on with new records */
	uint64_t acknowledged, expired, sessions_lost;
	uint64_t last_progress_ns;
	struct sim_reader reader;
	/* Told of each answer: the ghost store. */
	void (*on_ack)(void *context, struct sim_client *client, const struct sim_append *append,
		       uint64_t number, int status);
	void *context;
};

void sim_client_init(struct sim_client *client, struct sim_cluster *cluster, unsigned number,
		     const struct sim_plan *plan);
/* For its reader. */
void sim_client_send(struct sim_client *client, unsigned node, uint8_t type, const uint8_t *payload,
		     size_t bytes);
void sim_client_greet(struct sim_client *client, unsigned node);
/* Payload of {client, sequence}: deterministic, so that anybody can check it. `bytes` of it. */
void sim_client_payload(uint64_t session, uint64_t sequence, uint8_t *to, uint32_t bytes);
uint32_t sim_client_payload_bytes(uint64_t session, uint64_t sequence);

#endif
