/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A journal's client service with the real replica, log, reader and transmit path under it, on a medium that
 * is an array and a port that keeps what was sent. Node 1, alone or one of three voters; the other
 * two are acknowledgements: they have what `receives` and `stores` say, at once. The disk completes
 * at the end of a turn unless it is held.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_SERVICE_SERVICE_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_SERVICE_SERVICE_FIXTURE_H

#include "dataplane/service/service.h"
#include "wirelog/wirelog.h"

#define SERVICE_FIXTURE_SENT_MAX 4096u
#define SERVICE_FIXTURE_PAYLOAD_MAX 2048u
#define SERVICE_FIXTURE_CLIENT 0x80000001u
#define SERVICE_FIXTURE_OTHER_CLIENT 0x80000002u
#define SERVICE_FIXTURE_REPLY_SLOTS 64u
#define SERVICE_FIXTURE_SESSIONS 64u
#define SERVICE_FIXTURE_SUBSCRIPTIONS 16u
#define SERVICE_FIXTURE_IDLE_NS 1000000000u

struct service_fixture_sent {
	uint8_t type;
	wl_identity to;
	size_t bytes;
	uint8_t payload[SERVICE_FIXTURE_PAYLOAD_MAX];
};

struct service_fixture {
	struct wl_log log;
	struct wl_replica replica;
	struct wl_service *service;
	struct wl_counters counters;
	struct wl_rx rx;
	struct wl_tx tx;
	uint64_t now_ns, wall_ns;
	bool hold_disk; /* writes stay in flight; reads do not */
	bool hold_reads;
	bool receives[4],
		/* by node: has in memory, and on its medium, all that the leader sealed */
		stores[4];
	bool held_back[4]; /* and say on which data */
	bool full[4]; /* and that their logs take no records */
	uint64_t incarnation[4];
	struct {
		uint64_t index, digest;
	} bases[4]; /* by node: its newest, as its acknowledgements say */
	bool clock_known[4]; /* by node: its acknowledgements have a wall clock */
	uint64_t clock_ahead_ns[4]; /* of that clock; of node 1's own, too */
	unsigned reads_fail; /* so many reads from now on */
	uint64_t rot_offset; /* reads of this place come back damaged; ~0: none */
	unsigned reads;
	uint64_t frame; /* header sequence of the last message */
	uint64_t append_term; /* that appends name; 0: any */
	unsigned buffers_out; /* frames that the port gave and did not get back */

	/* what left in the last turn, in order */
	struct service_fixture_sent *sent;
	unsigned sent_count;
};

/* Three voters when `alone` is false; alone, the own disk is the majority. */
struct service_fixture *service_fixture_start(bool alone);
/* Another process on the same medium: everything but the log's content is new. */
void service_fixture_restart_service(struct service_fixture *fixture, uint64_t known_commit);
void service_fixture_end(struct service_fixture *fixture);

void service_fixture_lead(struct service_fixture *fixture,
			  uint64_t term); /* fence, lead, a few turns */
void service_fixture_fence(struct service_fixture *fixture);
void service_fixture_turn(struct service_fixture *fixture);
void service_fixture_turns(struct service_fixture *fixture, unsigned count);
/* A message of a client that is known. Payload: as encoded by the caller. */
void service_fixture_message(struct service_fixture *fixture, wl_identity client, uint8_t type,
			     const uint8_t *payload, size_t bytes);

/* What an entry says from now on; the leader has it applied. */
void service_fixture_limit(struct service_fixture *fixture, enum wl_journal_limit limit,
			   uint64_t value);
/* One more client that has its place, heard now. */
void service_fixture_add_client(struct service_fixture *fixture, wl_identity identity);
/* Client's side, in one line each. */
uint64_t service_fixture_open(struct service_fixture *fixture, wl_identity client, uint64_t nonce);
struct service_fixture_append {
	wl_identity client; /* 0: SERVICE_FIXTURE_CLIENT */
	uint64_t session;
	uint64_t first; /* sequence */
	uint32_t count;
	uint8_t level; /* 0: committed */
	uint64_t not_after_ns;
	uint64_t acknowledged_through;
	uint32_t record_bytes; /* 0: 8 */
};
/* Records of `record_bytes`; each begins with its sequence. A record that fits no frame is sent in
 * fragments. */
void service_fixture_append(struct service_fixture *fixture,
			    const struct service_fixture_append *append);
void service_fixture_subscribe(struct service_fixture *fixture, wl_identity client, uint32_t from,
			       uint64_t value, uint32_t credit_bytes);
void service_fixture_credit(struct service_fixture *fixture, wl_identity client,
			    uint64_t next_number, uint32_t credit_bytes, bool resend);

/* Result `which` of all APPEND_REPLY frames of the last turn to this client; false beyond the last.
 *  */
bool service_fixture_result(const struct service_fixture *fixture, wl_identity client,
			    unsigned which, struct wl_wire_append_result *result);
unsigned service_fixture_count(const struct service_fixture *fixture, uint8_t type,
			       wl_identity client);
/* Frame `which` of that type to that client, or NULL. */
const struct service_fixture_sent *service_fixture_find(const struct service_fixture *fixture,
							uint8_t type, wl_identity client,
							unsigned which);

/* A reader that checks what it is given: order, numbers, bytes. */
struct service_fixture_reader {
	wl_identity client;
	uint64_t next_number; /* 0: takes the first that it is told */
	uint64_t commit_number;
	uint64_t records, payload_bytes;
	uint32_t fragment_have;
	unsigned wrong; /* records that were not the expected ones */
	unsigned lost; /* records or frames that came too early */
	struct wl_wire_gap gap; /* the last */
	unsigned gaps;
	uint64_t behind; /* the last one that had an end ends here */
};
/* Takes the DELIVERs and GAPs of the last turn. */
void service_fixture_read(const struct service_fixture *fixture,
			  struct service_fixture_reader *reader);

#endif
