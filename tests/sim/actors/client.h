/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated application: opens a session, appends records with unique contents, each at a level of its own, sends again what
 * is not answered, follows the leader, and remembers every answer for the oracle. It keeps the protocol's rules as the client
 * library does: what was refused for good, or was lost behind a weaker answer, is used up by a tombstone. It may
 * die in the middle of a batch and come back as somebody else, or as the same one in a new life. (rogue.c keeps no rules.)
 */
#ifndef WL_TESTS_SIM_ACTORS_CLIENT_H
#define WL_TESTS_SIM_ACTORS_CLIENT_H

#include "tests/sim/actors/asking.h"
#include "tests/sim/actors/endpoint.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/actors/library.h"
#include "tests/sim/actors/reader.h"
#include "wirelog/wirelog.h"

#define SIM_CLIENT_OUTSTANDING 64u
#define SIM_CLIENT_STATION 10u /* of the first client */
#define SIM_RECORD_BYTES_MAX 16384u

struct sim_append {
	uint64_t sequence; /* 0: the slot is free */
	uint32_t bytes;
	uint8_t level; /* that is asked for */
	bool too_large; /* on purpose: it will be refused by name */
	bool withdrawn; /* it was: a tombstone takes its place */
	uint64_t began_ns;
	uint64_t began_after; /* highest number that anybody had been told by then */
	uint64_t not_after_ns;
};

/* One result, as the oracle is told of it. */
struct sim_answer {
	struct sim_append append; /* with nothing but the sequence when it was answered before */
	uint64_t session, checksum; /* whose, and CRC-64 of the `bytes` that were to be appended */
	uint32_t bytes;
	uint64_t number, before; /* told now, and told before at committed or higher (0: was not) */
	int status;
	uint8_t level;
};

struct sim_told {
	uint64_t sequence, number;
	uint8_t level;
};

struct sim_client {
	struct sim_endpoint end;
	struct sim_cluster *cluster;
	unsigned journal, worker; /* which it appends to, and whose it is */
	const struct sim_plan *plan;
	unsigned number;
	struct sim_random random;
	unsigned leader; /* to whom appends go; 0: ask */
	uint64_t leader_term; /* in which it was said to lead */
	uint64_t nonce, session;
	uint64_t next_sequence, acknowledged_through;
	struct sim_append outstanding[SIM_CLIENT_OUTSTANDING]; /* slot = sequence % size */
	struct sim_told told[SIM_CLIENT_OUTSTANDING];
	unsigned outstanding_count, outstanding_max;
	uint32_t part_bytes; /* of one fragment */
	unsigned frames_left; /* until it dies */
	bool appending; /* goes on with new records */
	uint64_t dead_until_ns;
	uint64_t acknowledged, expired, sessions_lost;
	uint64_t last_progress_ns;
	struct sim_reader reader;
	struct sim_library *library; /* speaks for it; NULL: client.c does */
	/* Told of each answer: the ghost store. */
	void (*on_answer)(void *context, struct sim_client *client,
			  const struct sim_answer *answer);
	/* Event NULL: it is about to ask; else its answer, which is OK. */
	void (*on_question)(void *context, struct sim_client *client, struct sim_question *question,
			    const struct wirelog_event *event);
	void *context;
};

void sim_client_init(struct sim_client *client, struct sim_cluster *cluster, unsigned number,
		     const struct sim_plan *plan);
/* By hand, for who decides when (exhaustive search): ask `node` for a session; one more record, not sent yet; send what
 * is not answered to `node`. */
void sim_client_open(struct sim_client *client, unsigned node);
void sim_client_begin(struct sim_client *client);
void sim_client_send_to(struct sim_client *client, unsigned node);
/* Payload of {session, sequence}: deterministic, so that anybody can check it. `bytes` of it. */
void sim_client_payload(uint64_t session, uint64_t sequence, uint8_t *to, uint32_t bytes);
uint32_t sim_client_payload_bytes(const struct sim_client *client, uint64_t session,
				  uint64_t sequence);
/* What the next append is to be like; its size follows from {session, sequence}. */
void sim_client_draw_append(struct sim_client *client, uint64_t session, uint64_t sequence,
			    struct sim_append *append);
void sim_client_fini(struct sim_client *client);

/* client_send.c: everything outstanding from `sequence` on, several records a frame. */
void sim_client_send_from(struct sim_client *client, uint64_t sequence);
/* One that was answered before, once more. */
void sim_client_send_again(struct sim_client *client, uint64_t sequence);
/* Uses up sequences that the cluster lost behind a weaker answer: from `sequence` to acknowledged_through. */
void sim_client_send_tombstones(struct sim_client *client, uint64_t sequence);

#endif
