/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A journal's side towards clients: intake of appends (intake.c), answers at the level that was
 * asked for (reply.c), readers (subscription.c). Lives beside the journal's replica and never
 * changes its view, commit or matches.
 *
 *  What must hold; wl_service_check is this text as code.
 *  C1  what is applied is committed and in the log, and the reader that apply has stands behind it
 *  C2  openings that wait, readers and buffers that nobody has are at most as many as there are places for them
 *  C3  its leadership is of no later term than the replica's view
 *  The state keeps its own (state.h, T1 to T3; session.h, S1 to S3), the reader, too (reader.h).
 *
 * Pure. Owner: the journal's worker. Memory from the caller. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_SERVICE_H
#define WL_DATAPLANE_SERVICE_SERVICE_H

#include "dataplane/raft/replica.h"
#include "dataplane/state/state.h"

struct wl_service_config {
	uint32_t node;
	uint16_t journal;
	uint32_t record_bytes_max;
	uint32_t reply_slots; /* answers waiting for their level, per level; a power of two */
	uint32_t sessions_max; /* that there is memory for; how many may be is in the state */
	uint32_t subscriptions_max;
	/* of WL_CHUNK_BYTES_MAX each, shared by readers that left the ring and by apply */
	uint32_t read_buffers;
	uint64_t subscription_idle_ns; /* a reader that gives no sign for this long is dropped */
	/* Leader: when it asks for a base, and what it trims by itself. */
	uint64_t base_every_bytes; /* of the stream, from one base to the next; 0: none is asked for */
	/* Of the file: what the leader of a journal proposes that has none in its state, and nothing else; no session opens before. Of 0
	 * sessions: none are proposed. */
	struct wl_journal_limits limits;
	wl_features
		features; /* of this build: what it can apply, and has declared (finalize.h); 0: it knows of none */
	uint32_t member_count; /* told to clients */
	struct wl_wire_member members[WIRELOG_NODES_MAX];
};

struct wl_service; /* service.c */

size_t wl_service_memory_bytes(const struct wl_service_config *config);
/* Before recovery: its memory, and a table of sessions without any. [init] */
struct wl_service *wl_service_init(void *memory, const struct wl_service_config *config,
				   const struct wl_log *log);
/* The state, for who fills it from a base before recovery; wl_service_loaded follows. [init] */
struct wl_state *wl_service_state(struct wl_service *service);
void wl_service_loaded(struct wl_service *service);
/* The log has jumped to a base, and the state is that of the base (dataplane/worker/base_peer.h). Readers of what is gone are told so. */
void wl_service_jumped(struct wl_service *service);
/*
 * While the log is recovered: applies to the table of sessions what is known committed, `commit` and before, as far as it still
 * stands in the log's ring. What is not there is left to wl_service_apply, which reads it from the medium. [init]
 */
void wl_service_restore(struct wl_service *service, uint64_t commit);
/* After recovery. [init] */
void wl_service_start(struct wl_service *service, struct wl_replica *replica, struct wl_rx *rx);
/* Applies committed entries to the table of sessions, up to replica->commit; bounded work. */
void wl_service_apply(struct wl_service *service);

/* Messages. `message->from` is a client (for HELLO and KEEPALIVE any). */
void wl_service_on_hello(struct wl_service *service, const struct wl_message *message);
/* Of a client that speaks now and has no place in the table: it is told so. */
void wl_service_on_stranger(struct wl_service *service, const struct wl_message *message);
void wl_service_on_goodbye(struct wl_service *service, wl_identity client);
void wl_service_on_keepalive(struct wl_service *service, const struct wl_message *message);
void wl_service_on_open_session(struct wl_service *service, const struct wl_message *message);
void wl_service_on_client_append(struct wl_service *service, const struct wl_message *message);
void wl_service_on_subscribe(struct wl_service *service, const struct wl_message *message);
void wl_service_on_credit(struct wl_service *service, const struct wl_message *message);
void wl_service_on_unsubscribe(struct wl_service *service, const struct wl_message *message);
void wl_service_on_consumer_ask(struct wl_service *service, const struct wl_message *message);
void wl_service_on_end_ask(struct wl_service *service, const struct wl_message *message);
void wl_service_on_outcome_ask(struct wl_service *service, const struct wl_message *message);

/* After replica end of turn: answers whose level is reached, deliveries to readers; bounded work.
 * Returns what it did. */
unsigned wl_service_end_turn(struct wl_service *service, uint64_t now_ns);
/* Of a leader: entries up to here have no answer any more that waits for the commit, or for less. */
uint64_t wl_service_answered_through(const struct wl_service *service);
/* The view changed: answers NOT_LEADER to what waits when we no longer lead, forgets in-flight
 * marks. */
void wl_service_on_view(struct wl_service *service);
/* Clients that ask who there is are told of it, too, from now on. */
void wl_service_add_member(struct wl_service *service, const struct wl_wire_member *member);
/* A member of wl_service_config from now on, also for readers that are there; what is no setting of a service changes nothing. */
void wl_service_set(struct wl_service *service, enum wl_setting setting, uint64_t value);
/* Our medium cannot give what the table of sessions needs; another node's may. What every node would find the same is
 * no reason. */
bool wl_service_wants_other_leader(const struct wl_service *service);
/* Disk reads wanted by readers; completions of readers of the service are its own. */
unsigned wl_service_want_reads(struct wl_service *service, struct wl_disk_request *requests,
			       unsigned max);
void wl_service_on_read(struct wl_service *service, const struct wl_disk_completion *completion);

struct wl_service_stats {
	uint64_t sessions, subscriptions, waiting_replies, applied_index;
	uint64_t state_digest; /* of all that apply made: state.h */
	uint64_t commit_number; /* of the last DATA record at or below applied_index */
	uint64_t trim_number; /* first record that is promised to be kept */
	uint64_t base_mark; /* entry of the newest base that was asked for; 0: none */
	struct wl_base_proof proven; /* newest base that a majority made alike */
	wl_members base_differs; /* voters whose base is another one (base_proof.h) */
	const struct wl_consumer_table *consumers; /* of the state, until its next entry */
	struct wl_journal_limits limits; /* of the state */
	struct wl_keys keys; /* of the state */
	struct wl_features_in_force features; /* of the state */
	bool lacks_features; /* this build does not have all of them: nothing more is applied */
	bool lacks_room; /* they allow more sessions than there is memory for: nothing more is applied */
	uint64_t held_bytes; /* leader: that a consumer holds back of what retention would trim, as seen last */
	bool rebuilding; /* the table of sessions is not yet what the log says: no appends */
	bool damaged; /* apply met a place that it could not read: appends are refused */
};
/* NULL, or which invariant is broken. O(1). */
const char *wl_service_check(const struct wl_service *service);
void wl_service_get_stats(const struct wl_service *service, struct wl_service_stats *stats);

#endif
