/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker, node 1 of three, with two journals, on a port and a disk that the test holds in its
 * hands: frames wait in `heard` until a turn takes them, what it sends is in `sent`, disk requests wait in
 * `taken` until the test completes them. The other ends of the plane messages are the test's as well.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_WORKER_WORKER_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_WORKER_WORKER_FIXTURE_H

#include "dataplane/wire/wire.h"
#include "dataplane/worker/worker.h"

#define WORKER_CLUSTER 0x1122334455667788u
#define WORKER_BOOT ((5ull << 32) | 77)
#define WORKER_PEER_BOOT ((3ull << 32) | 11)
#define WORKER_JOURNALS 2u
#define WORKER_FIRST 0u /* journals by number */
#define WORKER_SECOND 7u
#define WORKER_CLIENT 0x80000001u
#define WORKER_MTU 1500u
#define WORKER_TURN_NS 10000u
#define WORKER_ELECTION_NS 100000000u
#define WORKER_FRAMES_MAX 512u
#define WORKER_REQUESTS_MAX 256u

struct worker_sent {
	uint8_t type; /* 0: a raw frame */
	uint16_t journal;
	wl_identity to;
	uint64_t destination_boot;
	size_t bytes;
	uint8_t payload[WORKER_MTU + 14];
};

struct worker_fixture;

struct worker_port {
	struct wl_port port; /* first */
	struct wl_link_info info;
	struct worker_fixture *fixture;
};

struct worker_disk {
	struct wl_disk disk; /* first */
	struct worker_fixture *fixture;
};

struct worker_fixture {
	struct wl_worker worker;
	struct wl_journal journals[WORKER_JOURNALS];
	struct wl_plane_rings plane;
	struct wl_auth auth;
	struct worker_port port;
	struct worker_disk disk;
	void *worker_memory, *plane_memory;
	void *memory[WORKER_JOURNALS];
	uint8_t *ring[WORKER_JOURNALS];
	uint64_t now_ns, sequence, plane_view[WORKER_JOURNALS];
	uint32_t says; /* flags of the greetings of peers */
	bool elsewhere; /* what is said comes from another address */
	uint64_t peer_boot[WIRELOG_NODES_MAX + 1]; /* under which a peer speaks */

	struct wl_frame heard[WORKER_FRAMES_MAX];
	unsigned heard_count, released;
	struct worker_sent *sent; /* in the last turn */
	unsigned sent_count, tended;
	struct wl_disk_request taken[WORKER_REQUESTS_MAX];
	unsigned taken_count, room; /* room: how many the disk takes at once */
	struct wl_disk_completion done[WORKER_REQUESTS_MAX];
	unsigned done_count;
	bool hold_disk;
};

void worker_fixture_init(struct worker_fixture *fixture);
void worker_fixture_fini(struct worker_fixture *fixture);
/* One turn, WORKER_TURN_NS later; then the disk completes all that it took, unless it is held. */
unsigned worker_fixture_turn(struct worker_fixture *fixture);
void worker_fixture_turns(struct worker_fixture *fixture, unsigned count);
void worker_fixture_complete(struct worker_fixture *fixture);
/* `facts` NULL: as the worker's own; the link's MTU is right in any case. */
void worker_fixture_say_greeting(struct worker_fixture *fixture, uint32_t node,
				 const uint64_t *facts);
/* Both peers have answered a HELLO and have greeted. */
void worker_fixture_greet(struct worker_fixture *fixture);
/* Seam messages, put into the ring for the next turn. `journal`: its slot, 0 or 1. */
void worker_fixture_command(struct worker_fixture *fixture, unsigned journal,
			    enum wl_plane_verb verb, uint64_t term);
/* Leads term 1 in both journals, with the first entries committed. */
void worker_fixture_lead(struct worker_fixture *fixture);
/* The newest message of that verb; false when there was none since the last call. */
bool worker_fixture_told(struct worker_fixture *fixture, enum wl_plane_verb verb,
			 struct wl_plane_message *message);
/* A frame of a peer or a client, for the next turn. */
void worker_fixture_say(struct worker_fixture *fixture, wl_identity from, uint8_t type,
			uint16_t journal, const uint8_t *payload, size_t bytes);
void worker_fixture_acknowledge(struct worker_fixture *fixture, uint32_t node, unsigned journal);
/* A frame that is not wirelog's. */
void worker_fixture_say_arp(struct worker_fixture *fixture);
/* What left in the last turn. */
unsigned worker_fixture_count(const struct worker_fixture *fixture, uint8_t type, uint32_t node);
const struct worker_sent *worker_fixture_find(const struct worker_fixture *fixture, uint8_t type,
					      uint32_t node);

static inline uint64_t worker_count(const struct worker_fixture *fixture, enum wl_counter which)
{
	return wl_count_get(&fixture->worker.counters, which);
}

static inline uint64_t worker_dropped(const struct worker_fixture *fixture,
				      enum wl_frame_verdict why)
{
	return atomic_load(&fixture->worker.counters.dropped[why]);
}

#endif
