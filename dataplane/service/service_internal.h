/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of a journal's client service share: service.c (life, hello), opening.c (sessions), intake.c (appends
 * in), reply.c (answers out), reads.c (how far, and what became of it), subscription.c (who reads, and how much), cursor.c
 * (whether what they were given is what stands here) and deliver.c (what they are sent).
 *
 * Rules:
 *  F1  an answer that says where a record is leaves only in a turn that ends with us leading the
 *      very term in which it was appended, and not before its level is reached
 *  F2  nothing is appended unless there is room to remember its answer
 *  F3  readers and the table of sessions see nothing beyond commit
 *  F4  one reader can delay another by at most its share of a turn, and one client's readers together
 *  delay another client by no more than that (rotation.h); none holds a buffer that it does not use
 *
 * Pure. Owner: the journal's worker. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_SERVICE_INTERNAL_H
#define WL_DATAPLANE_SERVICE_SERVICE_INTERNAL_H

#include "dataplane/service/checkpoints.h"
#include "dataplane/service/reads.h"
#include "dataplane/service/rotation.h"
#include "dataplane/service/service.h"
#include "dataplane/service/shares.h"
#include "dataplane/service/upkeep.h"
#include "dataplane/wire/fragments.h"
#include "wirelog/wirelog.h"

#define WL_SERVICE_LEVELS 5 /* by enum wirelog_level; 0 stays empty */
#define WL_SERVICE_OPENS 1024u /* sessions that wait to be committed */
#define WL_SERVICE_ASSEMBLIES 8u /* records that arrive in fragments, */
#define WL_SERVICE_ASSEMBLIES_OF_ONE 2u /* of one client; */
#define WL_SERVICE_ASSEMBLY_STILL_NS 50000000u /* one that did not grow for so long may give way, */
#define WL_SERVICE_ASSEMBLY_OLD_NS 1000000000u /* or is that old */
#define WL_SERVICE_SHARES WL_SHARES /* counts of what clients have: those of one hash share one */
#define WL_SERVICE_HELLOS 64u /* answered in one turn, */
#define WL_SERVICE_HELLOS_OF_ONE 8u /* of one client that has its place */
#define WL_SERVICE_REPLIES 128u /* runs answered in one turn */
#define WL_SERVICE_RESULTS 64u /* of one client, collected before they are sent */
#define WL_SERVICE_REVIEWS 16u /* sessions looked at for each digest that is told */
#define WL_SERVICE_APPLY_ENTRIES 256u /* in one turn, */
#define WL_SERVICE_APPLY_BYTES (1u << 20) /* or as much as this */
#define WL_SERVICE_REST_NS \
	1000000000u /* between two looks at a place that the table needs and that cannot be read */
#define WL_SERVICE_DELIVER_FRAMES 128u /* in one turn, for all readers */
#define WL_SERVICE_DELIVER_BYTES (64u << 10) /* in one turn, for one reader */
#define WL_SERVICE_WINDOW_BYTES_MIN \
	(64u << 10) /* in flight to a new reader, or to one that loses frames */
#define WL_SERVICE_GREETING_NS \
	10000000u /* the start is told again to a reader that did not confirm it */
#define WL_SERVICE_UNCONFIRMED_NS 5000000u /* and the end to one that did not confirm all */
#define WL_SERVICE_IDLE_NS 100000000u /* a sign of life to a reader that has everything */
#define WL_SERVICE_REWIND_NS 500000u /* the same rewind is not done twice within this */

/* Records of one session with one fate, waiting for their level. */
struct wl_reply {
	uint64_t index; /* of their entry */
	uint64_t session;
	uint64_t first_sequence;
	uint64_t first_number; /* 0: expired */
	uint64_t timestamp_ns;
	uint64_t arrived_ns; /* the turn in which they came; 0: it is not told */
	uint32_t count;
	wl_identity client;
	uint8_t level;
};

struct wl_reply_queue {
	struct wl_reply *slots; /* slot = position % config.reply_slots */
	uint64_t pushed, popped;
};

struct wl_open_request {
	uint64_t index;
	uint64_t nonce;
	wl_identity client;
	bool gives_way; /* another one ends for it */
};

/* Results for one client that leave together. */
struct wl_results {
	wl_identity client;
	uint64_t session;
	uint64_t frame; /* that is answered; 0: none alone */
	uint32_t count;
	struct wl_wire_append_result results[WL_SERVICE_RESULTS];
};

/* A record whose fragments arrive in order. */
struct wl_assembly {
	uint64_t session; /* 0: free */
	uint64_t sequence;
	wl_identity client;
	uint64_t began_ns, grew_ns;
	struct wl_fragments fragments; /* WIRELOG_RECORD_BYTES_MAX */
};

/*
 *  FREE --subscribe--> SEEK_TIME --entry found--> GREETING --first credit--> STREAM
 *   from now: GREETING at once; from a number: STREAM at once
 *  any --unsubscribe, silence, damage--> FREE, over CLOSING while a read is in flight
 */
enum wl_subscription_state {
	WL_SUBSCRIPTION_FREE = 0,
	WL_SUBSCRIPTION_SEEK_TIME,
	WL_SUBSCRIPTION_GREETING,
	WL_SUBSCRIPTION_STREAM,
	WL_SUBSCRIPTION_CLOSING,
};

#define WL_SUBSCRIPTION_MARKS 128u

struct wl_subscription_mark {
	uint64_t number; /* all below it ... */
	uint64_t bytes; /* ... are this many */
};

struct wl_subscription {
	enum wl_subscription_state state;
	wl_identity client;
	uint64_t id; /* the client's */
	uint64_t from_time_ns;
	uint64_t from_number;
	bool credited; /* the client has spoken since it subscribed */
	uint64_t known_number,
		known_chain; /* still to be compared (cursor.c); number 0: nothing is */

	uint64_t next_number; /* to be sent next */
	uint32_t fragment_offset; /* bytes of next_number that are sent */
	uint64_t consumed_number; /* all below are consumed, or were passed over */
	uint64_t had_number; /* where the reader itself said that it stands: a GAP may not reach it */
	uint32_t credit_bytes; /* the client's limit */
	uint64_t window_bytes; /* ours, at most that */
	bool lossy; /* something was lost on the way: the window grows slowly */
	uint64_t sent_bytes, consumed_bytes;
	struct wl_subscription_mark
		marks[WL_SUBSCRIPTION_MARKS]; /* between consumed and sent, rising */
	uint32_t mark_first, mark_count;

	uint64_t heard_ns, sent_ns;
	uint64_t rewind_ns, rewind_number;

	struct wl_reader reader;
	bool seek; /* the reader has yet to go to next_number (or from_time_ns) */
	bool wants_read;
	bool used_buffer; /* since it was lent */
	bool blocked; /* the next record does not fit into the window: waits for credit */
};

struct wl_service {
	struct wl_service_config config;
	struct wl_replica *replica;
	struct wl_rx *rx;
	struct wl_state state; /* of what is applied */

	struct wl_reader apply_reader;
	uint64_t rebuilt_index; /* when all up to here is in the table, it is what it was before the restart */
	bool apply_wants_read;
	bool damaged; /* the committed log cannot be read here, or contradicts itself: no appends */

	struct wl_upkeep upkeep; /* what we propose ourselves */
	struct wl_checkpoints checkpoints; /* and for consumers */
	struct wl_reads reads;

	/* client appends are taken: lead_term's first entry is committed and applied */
	bool leading;
	uint64_t lead_term;
	uint64_t lead_since_ns;

	struct wl_shares shares; /* of the log that is not committed */
	struct wl_reply_queue queues[WL_SERVICE_LEVELS];
	struct wl_open_request opens[WL_SERVICE_OPENS]; /* queue: position % WL_SERVICE_OPENS */
	uint64_t opens_pushed, opens_popped;
	uint32_t look_slot,
		looked; /* for a session that may give way: the last slot, and how many in a row */
	/* answers that wait, by level and hash of the client: no one has them all */
	uint32_t waiting[WL_SERVICE_LEVELS][WL_SERVICE_SHARES];
	struct wl_reply batch[WL_SERVICE_REPLIES];
	struct wl_results results;

	struct wl_assembly assemblies[WL_SERVICE_ASSEMBLIES];

	struct wl_subscription *subscriptions;
	uint32_t subscription_count; /* not FREE */
	struct wl_rotation rotation; /* whose turn it is */
	uint32_t frames_left; /* of this turn */
	uint8_t **free_buffers;
	uint32_t free_buffer_count;
	uint32_t buffer_waiters,
		buffer_waited; /* readers that got no buffer, in this turn and in the last */

	uint32_t hellos_left;
	uint8_t hellos_of[WL_SERVICE_HELLOS]; /* in this turn, by hash of the client */
};

/* service.c */
/* True when appends may be taken and answered; adopts a new leadership once everything before it is
 * applied. */
bool wl_service_leads(struct wl_service *service);
/* Who leads, as we tell it: a leader that fell silent does not recommend itself. */
uint32_t wl_service_leader(const struct wl_service *service);
/* Number of the last record that is known committed here. */
uint64_t wl_service_commit_number(const struct wl_service *service);
static inline uint32_t wl_service_share_of(wl_identity client)
{
	return client * 0x9e3779b1u >> 22;
}
_Static_assert(WL_SERVICE_SHARES == 1u << 10, "ten bits of a hash");

/* The client as it is known now; NULL when it was forgotten. */
struct wl_remote *wl_service_client(struct wl_service *service, wl_identity client);

/* intake.c */
/* For so many bytes of it more in the log. */
static inline bool wl_service_has_share(const struct wl_service *service, wl_identity client,
					uint32_t bytes)
{
	return wl_shares_has_room(&service->shares, wl_service_share_of(client), bytes,
				  service->replica->now_ns);
}
/* They are in the entry that is open. */
static inline void wl_service_take_share(struct wl_service *service, wl_identity client,
					 uint32_t bytes, uint64_t index)
{
	wl_shares_add(&service->shares, wl_service_share_of(client), bytes, index,
		      service->replica->now_ns);
}
void wl_service_count_refusal(struct wl_service *service, int status, uint32_t records);

/* reply.c */
/* For one answer more to this client: when half of the slots are taken, nobody may have more than an eighth of all. */
bool wl_reply_has_room(const struct wl_service *service, uint8_t level, wl_identity client);
/* One record that was just appended; it joins the newest waiting run where it continues it. */
void wl_reply_wait(struct wl_service *service, const struct wl_reply *reply);
/* Last sequence of the waiting run that holds this one; 0: none does. O(waiting). */
uint64_t wl_reply_waiting_through(const struct wl_service *service, uint8_t level, uint64_t session,
				  uint64_t sequence);
/* `frame`: header sequence of the CLIENT_APPEND that is answered; 0: what had waited. */
void wl_reply_results_begin(struct wl_service *service, wl_identity client, uint64_t session,
			    uint64_t frame);
void wl_reply_results_add(struct wl_service *service, const struct wl_wire_append_result *result);
void wl_reply_results_send(struct wl_service *service);
void wl_reply_open_session(struct wl_service *service, wl_identity client, uint64_t nonce,
			   int status, uint64_t session);
/* What has reached its level. Only while wl_service_leads. Returns how many were answered. */
unsigned wl_reply_end_turn(struct wl_service *service);
/* Leadership is lost: the fate of all that waits is unknown here. */
void wl_reply_abandon(struct wl_service *service);

/* cursor.c */
void wl_cursor_begin(struct wl_subscription *subscription, const struct wl_wire_subscribe *request);
/* The number from which on it has to read. */
uint64_t wl_cursor_seek(struct wl_service *service, struct wl_subscription *subscription);
/* Of the entry that its reader has just given. False: the reader was given another past. */
bool wl_cursor_fits(struct wl_service *service, struct wl_subscription *subscription,
		    const struct wl_entry_header *header);

/* subscription.c */
/* The client is gone, and reads no more. */
void wl_subscription_on_goodbye(struct wl_service *service, wl_identity client);
void wl_subscription_end(struct wl_service *service, struct wl_subscription *subscription,
			 int status);
void wl_subscription_release(struct wl_service *service, struct wl_subscription *subscription);
/* Bytes that may be sent now. */
uint64_t wl_subscription_room(const struct wl_subscription *subscription);
/* All below `next_number` are sent; they were `bytes` more. */
void wl_subscription_sent(struct wl_subscription *subscription, uint64_t next_number,
			  uint64_t bytes);
/* Puts the reader where next_number (or the time) is to be looked for. No read is in flight. */
void wl_subscription_seek(struct wl_service *service, struct wl_subscription *subscription);
/* From here on, as if nothing from `number` on had been sent. */
void wl_subscription_go_to(struct wl_subscription *subscription, uint64_t number);
/* False: it was not said, there is no room on the way, or the client is gone. */
bool wl_subscription_gap(struct wl_service *service, wl_identity client,
			 const struct wl_wire_gap *gap);
unsigned wl_subscription_end_turn(struct wl_service *service, uint64_t now_ns);

/* deliver.c */
/* One reader's share of a turn. Returns records and frames sent. */
unsigned wl_deliver(struct wl_service *service, struct wl_subscription *subscription,
		    uint64_t now_ns);

#endif
