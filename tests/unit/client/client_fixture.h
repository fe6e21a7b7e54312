/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client over a network that loses, doubles, delays and reorders, with three nodes that keep one log between them and
 * follow the rules of dataplane/service/intake.c and deliver.c for clients. What a node knows of the log, who leads, and
 * what it refuses is for the test to say. Frames are sealed and verified for real.
 */
#ifndef WL_TESTS_UNIT_CLIENT_CLIENT_FIXTURE_H
#define WL_TESTS_UNIT_CLIENT_CLIENT_FIXTURE_H

#include "client/engine.h"

#define CLIENT_FIXTURE_NODES 3u
#define CLIENT_FIXTURE_LOG 80000u
#define CLIENT_FIXTURE_SESSIONS 4u
#define CLIENT_FIXTURE_ASTRAY 40u /* + node: a link to its worker that does not have the journal */
#define CLIENT_FIXTURE_EVENTS 256u
#define CLIENT_FIXTURE_ROOM 1400u /* of a datagram */
#define CLIENT_FIXTURE_CLUSTER 0x1122334455667788ull
#define CLIENT_FIXTURE_WALL_NS 1700000000000000000ull

struct client_fixture_record {
	uint64_t session, sequence, timestamp_ns;
	uint32_t bytes;
	uint8_t *payload;
	bool expired;
	uint64_t number; /* 0: expired */
};

struct client_fixture_session {
	uint64_t id, nonce;
	uint64_t next; /* sequence */
	uint32_t place[CLIENT_FIXTURE_LOG]; /* in the log, by sequence */
};

struct client_fixture_subscription {
	bool active, greeting;
	uint64_t id, next, consumed;
	uint32_t offset, credit, in_flight;
	uint64_t said_ns;
};

struct client_fixture_node {
	bool up;
	bool mute; /* hears, but nothing that it says arrives */
	bool thinks_it_leads;
	uint32_t leader; /* as it says */
	uint64_t term;
	uint64_t boot_id, sequence;
	struct wl_auth_key key;
	uint64_t commit_max; /* number that it knows of, at most; 0: all */
	uint64_t damaged; /* number that it cannot read; 0: none */
	uint64_t first_number; /* all before were removed */
	uint64_t history; /* as it says; readers of another one are refused. 0: any */
	uint64_t past; /* what chain values begin with */
	bool blank; /* an empty disk that was not caught up yet */
	bool full_of_readers;
	uint64_t taken_boot; /* under it another client has the identity `taken`; 0: nobody */
	wl_identity taken;
	bool full_of_clients;
	uint64_t challenge; /* that a client has to say before it is heard; 0: none */
	bool is_served; /* the client said it */
	uint16_t link_mtu; /* as it tells; 0: it does not */
	uint16_t client_mtu; /* of what it sends: as the client said */
	struct client_fixture_subscription subscription;
	uint64_t append_floor; /* of the client's frames: appends in none up to this one are taken */
	uint64_t part_sequence; /* of the record whose fragments come */
	uint32_t part_have;
	uint8_t part[WIRELOG_RECORD_BYTES_MAX];
};

struct client_fixture_ack {
	unsigned count;
	int status;
	uint64_t number;
	enum wirelog_level level;
	void *tag;
	uint64_t queue_ns, trip_ns, node_ns;
	uint64_t at_ns; /* the fixture's clock */
};

struct client_fixture {
	struct wl_transport transport; /* first */
	struct wl_engine *client;
	struct wl_auth auth;
	struct wl_auth_key client_key;
	uint64_t now_ns;
	uint64_t random;

	/* the network */
	unsigned loss_percent, double_percent;
	uint64_t delay_ns, jitter_ns;
	/* Larger IP packets vanish on their way to a node, or from it; 0: none do. */
	unsigned path_to[CLIENT_FIXTURE_NODES + 1], path_from[CLIENT_FIXTURE_NODES + 1];
	bool probes_lost; /* all of them, and all echoes */
	unsigned send_max; /* datagrams that one send takes; 0: all */
	struct client_fixture_frame *frames;
	unsigned frame_count;
	unsigned links; /* endpoints added */
	uint64_t frames_to_node[CLIENT_FIXTURE_NODES + 1];
	uint64_t appends_received; /* records, each copy */
	uint16_t largest_to_node[CLIENT_FIXTURE_NODES +
				 1]; /* IP bytes of an append that arrived; a test sets it back */
	uint8_t last_to_client[9216]; /* a copy of the last frame that was delivered */
	size_t last_to_client_bytes;

	/* the cluster */
	struct client_fixture_node *nodes; /* by id */
	struct client_fixture_record *log;
	uint32_t log_count;
	uint64_t last_number;
	struct client_fixture_session *sessions;
	unsigned session_count;
	int astray_status; /* what those say that do not have the journal */
	unsigned astray_hellos;
	int refuse_status; /* of each record that would be appended; 0: none is */
	unsigned refuse_count; /* so many of them; then no more */
	uint32_t record_bytes_max;
	uint64_t dwell_ns; /* that leaders claim */
	/* of the one consumer: 0: there is none */
	struct {
		uint64_t number, made;
		char name[32];
		int refuse_status; /* of whatever is asked; 0: none */
		bool mute; /* nothing is answered */
		unsigned asks[4]; /* by verb */
	} consumer;

	/* questions to the journal */
	struct {
		int refuse_status; /* of whatever is asked; 0: none */
		bool mute; /* nothing is answered */
		unsigned ends[CLIENT_FIXTURE_NODES + 1],
			outcomes[CLIENT_FIXTURE_NODES + 1]; /* asked there */
		struct wl_wire_outcome_ask last;
		enum wl_wire_fate fate;
	} asked;

	/* What a node says of itself: status.bytes of client_fixture_status_byte, a part of at most 500 at a time. */
	struct {
		uint32_t bytes;
		uint64_t version;
		bool mute;
		unsigned asks[CLIENT_FIXTURE_NODES + 1];
		struct wl_wire_status_ask last;
	} status;

	/* the application */
	struct client_fixture_ack *acks; /* by sequence, of the present session */
	unsigned ack_count; /* all */
	uint64_t read_next; /* number expected by the reader; 0: takes the first */
	unsigned read_count, read_wrong;
	struct wirelog_event events[CLIENT_FIXTURE_EVENTS];
	unsigned event_count;
	unsigned appends_in_callback; /* on_ack appends so many more */
};

/* Nodes 1..3, node 1 leads; one endpoint is configured. options NULL: defaults of the fixture. */
struct client_fixture *client_fixture_start(const struct wirelog_options *options);
void client_fixture_end(struct client_fixture *fixture);
/* Steps of 100 us, each with one poll. */
void client_fixture_run(struct client_fixture *fixture, uint64_t for_ns);
/* Until nothing is outstanding, at most so long. True when that came about. */
bool client_fixture_drain(struct client_fixture *fixture, uint64_t at_most_ns);
/* Until the reader has everything that is in the log. */
bool client_fixture_read_all(struct client_fixture *fixture, uint64_t at_most_ns);
void client_fixture_lead(struct client_fixture *fixture, uint32_t leader, uint64_t term);
void client_fixture_restart(struct client_fixture *fixture, uint32_t node);
/* Records whose bytes follow from their sequence; returns the last sequence or the first error. */
int64_t client_fixture_append(struct client_fixture *fixture, unsigned count, uint32_t bytes);
/* Fills the log without a client, for readers. */
void client_fixture_fill(struct client_fixture *fixture, unsigned count, uint32_t bytes);
/* Every acknowledgement came once, says where the record is, and there it is; nothing is there twice. */
void client_fixture_check_acks(const struct client_fixture *fixture, uint64_t through);
unsigned client_fixture_events(const struct client_fixture *fixture, enum wirelog_event_kind kind);
const struct wirelog_event *client_fixture_event(const struct client_fixture *fixture,
						 enum wirelog_event_kind kind);
/* `at` of the text that node `id` says in that version. */
static inline char client_fixture_status_byte(uint32_t id, uint64_t version, uint32_t at)
{
	return (char)('a' + (id + version + at) % 26);
}
/* Bytes as if they came from a node, delivered in the next poll. */
void client_fixture_inject(struct client_fixture *fixture, const uint8_t *bytes, size_t size);
/* A frame of a node, sealed; for inject. Returns its size. */
size_t client_fixture_seal(struct client_fixture *fixture, uint32_t node, uint8_t type,
			   uint8_t *datagram, size_t payload_bytes);

#endif
