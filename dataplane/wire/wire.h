/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of the protocol: one struct, one encoder and one decoder each. docs/WIRE.md has
 * the byte layouts. Encoders write to a frame's payload and return the bytes written (the room is
 * checked by the caller against WL_WIRE_*_BYTES); decoders accept any bytes, return false, never assert.
 * All integers little-endian. Times are nanoseconds of the sender's own clock and only ever echoed,
 * except timestamp_ns and not_after_ns (UNIX wall clock).
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_WIRE_WIRE_H
#define WL_DATAPLANE_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/base/limits.h"
#include "dataplane/base/position.h"
#include "dataplane/wire/greeting.h"

enum wl_wire_type {
	/* any to node: freshness (remote.h) */
	WL_WIRE_HELLO = 1,
	WL_WIRE_HELLO_REPLY = 2,
	/* node to node, worker to worker: what must be equal on all nodes (greeting.h) */
	WL_WIRE_GREETING = 3,
	/* node or client to node: how large a frame passes to you, and back? (path.h) */
	WL_WIRE_PATH_PROBE = 4,
	WL_WIRE_PATH_ECHO = 5,
	/* node to node, worker to worker */
	WL_WIRE_APPEND = 10,
	WL_WIRE_APPEND_ACK = 11,
	WL_WIRE_CHAIN = 12,
	/* node to node, control to control (punted) */
	WL_WIRE_PRE_VOTE = 20,
	WL_WIRE_PRE_VOTE_REPLY = 21,
	WL_WIRE_VOTE = 22,
	WL_WIRE_VOTE_REPLY = 23,
	WL_WIRE_TIMEOUT_NOW = 24,
	/* client to node */
	WL_WIRE_OPEN_SESSION = 30,
	WL_WIRE_CLIENT_APPEND = 31,
	WL_WIRE_SUBSCRIBE = 32,
	WL_WIRE_CREDIT = 33,
	WL_WIRE_UNSUBSCRIBE = 34,
	WL_WIRE_KEEPALIVE = 35,
	WL_WIRE_GOODBYE = 36, /* without a payload: nothing more is wanted, and nothing comes */
	/* node to client */
	WL_WIRE_OPEN_SESSION_REPLY = 40,
	WL_WIRE_APPEND_REPLY = 41,
	WL_WIRE_DELIVER = 42,
	WL_WIRE_GAP = 43,
	WL_WIRE_KEEPALIVE_REPLY = 44,
};

/* HELLO asks for freshness. It is as long as what a stranger is answered, an endpoint with it: nobody is made to say more
 * than was said to him before the asker has proven that he lives. */
struct wl_wire_hello {
	uint64_t nonce; /* echoed */
};
#define WL_WIRE_HELLO_BYTES 200u

/* A client asks a node whose boot it knows, and gives back the challenge that it was told last (0: none). */
struct wl_wire_keepalive {
	uint64_t nonce; /* echoed */
	uint64_t challenge;
};
#define WL_WIRE_KEEPALIVE_BYTES 16u

struct wl_wire_member {
	uint32_t node;
	char endpoint[WIRELOG_ENDPOINT_BYTES_MAX]; /* as a client may use it, "" = none */
};

struct wl_wire_hello_reply { /* also KEEPALIVE_REPLY */
	uint64_t nonce;
	uint32_t node;
	uint32_t leader; /* of the header's journal, 0 = not known */
	uint64_t term;
	uint64_t commit_number; /* last record number known committed here */
	uint64_t first_number; /* first record that can be read here */
	uint64_t incarnation; /* of the answering node's data: peers remember it (control/agent/incarnations.h) */
	/* Newest boot of the asking node that was ever proven here; of a client that has no place: the boot id under which
	 * another one that lives has its identity. 0: none. */
	uint64_t known_boot;
	uint64_t known_incarnation; /* of its data, as known here; 0: never met, or a client */
	uint32_t history; /* bit per journal of this worker in which the answering node has history (control/agent/incarnations.h) */
	uint32_t suspect; /* 1: the asking node had other data once than it has now: these do not count */
	uint32_t record_bytes_max;
	uint32_t member_count; /* told to clients that are known */
	uint64_t challenge; /* HELLO_REPLY: the asking client is not known until it says this; 0: it is, or a node asks */
	/* KEEPALIVE_REPLY: 0, or TOO_MANY_CLIENTS: the asker is not served. HELLO_REPLY: 0, or JOURNAL_ELSEWHERE (the one member is
	 * where), JOURNAL_UNKNOWN. */
	int32_t status;
	uint16_t mtu; /* of the link over which this is said: IP bytes that the answering node takes, at most */
	struct wl_wire_member members[WIRELOG_NODES_MAX];
};
#define WL_WIRE_HELLO_REPLY_FIXED_BYTES 96u
#define WL_WIRE_HELLO_REPLY_BYTES_MAX \
	(WL_WIRE_HELLO_REPLY_FIXED_BYTES + WIRELOG_NODES_MAX * (4 + WIRELOG_ENDPOINT_BYTES_MAX))
_Static_assert(WL_WIRE_HELLO_REPLY_FIXED_BYTES + 4 + WIRELOG_ENDPOINT_BYTES_MAX <=
		       WL_WIRE_HELLO_BYTES,
	       "what an unproven asker is told is no longer than its question");

/* Says what the sender is to all, and what it holds of the receiver; again until it was seen, and now and then. */
struct wl_wire_greeting {
	uint64_t seen_boot; /* boot of the receiver whose greeting has come; 0: none */
	uint32_t flags; /* WL_WIRE_GREETING_*: the receiver as the sender sees it */
	uint32_t facts; /* how many follow: WL_FACTS */
	uint64_t fact[WL_FACTS];
	uint32_t apart; /* bit per journal of the sender's worker in which it takes no part (divergence.h) */
};
#define WL_WIRE_GREETING_DUPLICATE \
	1u /* another server has the receiver's id, and that one is heard (claim.h) */
#define WL_WIRE_GREETING_CLAIMED 2u /* another server claims the receiver's id, and is not heard */
#define WL_WIRE_GREETING_BYTES (24u + 8u * WL_FACTS)

struct wl_wire_path { /* PATH_PROBE and PATH_ECHO, padded with zeros to their sizes */
	uint64_t round; /* echoed */
	uint16_t bytes; /* of the probe's IP packet; echoed */
	uint16_t echo_bytes; /* of the echo's, as the probe asks for it; 0: as short as it is */
	uint16_t mtu; /* PATH_PROBE of a client: no larger ones are to be sent to it. Else 0 */
};
#define WL_WIRE_PATH_BYTES 16u
#define WL_WIRE_PATH_OVERHEAD_BYTES 100u /* IPv4, UDP, header */
/* Payload of such an IP packet. */
static inline size_t wl_wire_payload_of(uint16_t ip_bytes)
{
	return ip_bytes - WL_WIRE_PATH_OVERHEAD_BYTES;
}

/*
 * APPEND: whole entry images one after another, or one fragment of a single image larger than a
 * frame. No bytes: a heartbeat. `previous` is the position before the first entry of the frame (of the
 * fragmented entry, for a fragment).
 */
struct wl_wire_append {
	uint64_t term;
	struct wl_position previous;
	uint64_t commit;
	uint64_t sent_ns; /* leader's clock, echoed in the acknowledgement */
	uint32_t fragment_offset; /* of these bytes in the image */
	uint32_t image_bytes; /* whole image of a fragmented entry; 0: not fragmented */
	uint32_t bytes; /* that follow */
	uint32_t flags;
	uint64_t previous_chain; /* chain value behind `previous`; 0: not at hand, and matches nothing by itself */
	uint64_t clock_ns; /* wall clock that a majority vouches for (replica_clock.c); 0: none yet */
	uint64_t state_index; /* what do you make of the entries up to here (replica_state.c)? 0: not asked */
	uint64_t state_digest; /* a majority of the voters makes this of them; 0: not known, or not asked */
	const uint8_t *images;
};
#define WL_WIRE_APPEND_HEADER_BYTES 88u
#define WL_WIRE_APPEND_TAKEN_IN \
	1u /* the receiver's data count again, once they are caught up (control/agent/incarnations.h) */

enum wl_wire_ack_flag {
	WL_WIRE_ACK_REJECTED = 1, /* `previous` is not in the log, or a gap: send from hint_index */
	WL_WIRE_ACK_NO_SPACE = 2, /* the follower's log is full */
	WL_WIRE_ACK_DISK_SLOW = 4,
	WL_WIRE_ACK_CANNOT_GROW = 8, /* what room there is is all that it will have */
	WL_WIRE_ACK_HELD_BACK =
		16, /* the follower's data do not count (control/agent/incarnations.h) */
};

struct wl_wire_append_ack {
	uint64_t term; /* of the acknowledging node */
	uint64_t match_received; /* highest index known equal to the leader's log of this term */
	uint64_t match_durable;
	uint64_t sent_ns; /* echo; 0: not in answer to a frame (disk completion) */
	uint64_t rejected_index; /* previous.index of the refused frame */
	uint64_t hint_index; /* rejected: the leader should send from here */
	uint64_t hint_term; /* rejected: term of the follower's entry at rejected_index, 0 = none (log is shorter) */
	uint32_t flags;
	uint32_t hint_offset; /* rejected: so many bytes of the image at hint_index came in fragments already */
	uint64_t match_chain; /* chain value behind match_received; 0: not at hand */
	uint64_t room; /* bytes of the follower's stream for records behind its tail (log.h) */
	uint64_t wall_ns; /* the follower's wall clock when it said so */
	uint64_t state_index; /* as the leader asked; 0: nothing to answer yet */
	uint64_t state_digest; /* of the table of sessions behind that entry, not 0; 0 with state_index 0 */
};
#define WL_WIRE_APPEND_ACK_BYTES 104u

struct wl_wire_chain { /* what do you have committed there (replica_inquiry.c)? */
	uint64_t index; /* not 0 */
	uint64_t chain; /* behind it, at the sender; 0: nothing committed there, or not at hand */
	bool asks; /* wants the receiver's */
};
#define WL_WIRE_CHAIN_BYTES 24u

struct wl_wire_vote { /* PRE_VOTE and VOTE */
	uint64_t term; /* candidate's term (pre-vote: the term it would take) */
	struct wl_position last;
	uint32_t flags; /* 1: leader's transfer, stickiness does not apply */
	uint32_t round; /* pre-vote: given back with the answer; else 0 */
	uint64_t incarnation,
		caught_up_boot; /* of the sender's data: does it remember what it said? (control/agent/incarnations.h) */
};
#define WL_WIRE_VOTE_BYTES 48u
#define WL_WIRE_VOTE_TRANSFER 1u

struct wl_wire_vote_reply { /* both */
	uint64_t term; /* the voter's own term; pre-vote granted: the asked term */
	uint64_t asked_term;
	uint32_t granted;
	uint32_t round; /* pre-vote: of the request */
	uint64_t incarnation, caught_up_boot; /* as in the request */
};
#define WL_WIRE_VOTE_REPLY_BYTES 40u

struct wl_wire_timeout_now {
	uint64_t term;
	struct wl_position
		last; /* leader's tail: the target has it; or as much as it has, when nothing commits any more */
	uint32_t flags;
};
#define WL_WIRE_TIMEOUT_NOW_BYTES 32u
#define WL_WIRE_TIMEOUT_NOW_NOT_COMMITTING \
	1u /* the leader could not commit: who cannot either stays, and says so */

struct wl_wire_open_session {
	uint64_t nonce; /* names the request */
};
#define WL_WIRE_OPEN_SESSION_BYTES 8u

struct wl_wire_open_session_reply {
	uint64_t nonce;
	int32_t status;
	uint32_t leader;
	uint64_t session;
};
#define WL_WIRE_OPEN_SESSION_REPLY_BYTES 24u

/*
 * CLIENT_APPEND: records of one session with consecutive sequences; or one fragment of one record.
 * Each record: {u32 bytes, u8 level, u8 zero, u16 zero, u64 not_after_ns} then the payload, unpadded.
 */
struct wl_wire_client_append {
	uint64_t session;
	uint64_t first_sequence;
	uint64_t acknowledged_through; /* client has an answer for every sequence up to here */
	uint32_t record_count;
	uint32_t fragment_offset;
	uint32_t record_bytes; /* of the fragmented record; 0: not fragmented */
	uint32_t bytes; /* that follow */
	uint64_t term; /* in which the receiver leads, as the client knows it; 0: in any */
	const uint8_t *records;
};
#define WL_WIRE_CLIENT_APPEND_HEADER_BYTES 48u
#define WL_WIRE_RECORD_HEADER_BYTES 16u

struct wl_wire_record {
	uint32_t bytes;
	uint8_t level; /* enum wirelog_level, 1..4: the client has put the default's place */
	uint64_t not_after_ns; /* 0: never expires */
	const uint8_t *payload;
};

/* APPEND_REPLY: any number of results. Results of one run of sequences that met the same fate are one item. */
struct wl_wire_append_result {
	uint64_t first_sequence;
	uint64_t first_number; /* 0 where nothing was appended */
	uint64_t timestamp_ns; /* of the entry, leader's wall clock */
	uint32_t count;
	int16_t status; /* enum wirelog_status */
	uint8_t level; /* reached */
	uint8_t zero;
};
#define WL_WIRE_APPEND_RESULT_BYTES 32u

struct wl_wire_append_reply {
	uint64_t session;
	uint32_t leader; /* as the answering node knows it; 0: not known */
	uint32_t result_count;
	uint64_t term; /* of the answering node */
	uint64_t frame; /* header sequence of the CLIENT_APPEND that is answered; 0: what had waited for its level */
	const uint8_t *results;
};
#define WL_WIRE_APPEND_REPLY_HEADER_BYTES 32u

enum wl_wire_from {
	WL_WIRE_FROM_NUMBER = 1,
	WL_WIRE_FROM_TIME = 2, /* first record with timestamp_ns >= value */
	WL_WIRE_FROM_NOW = 3,
};

struct wl_wire_subscribe {
	uint64_t subscription; /* client's own id */
	uint32_t from;
	uint32_t credit_bytes; /* payload bytes that may be in flight */
	uint64_t value;
};
#define WL_WIRE_SUBSCRIBE_BYTES 24u

struct wl_wire_credit { /* also keeps the subscription alive */
	uint64_t subscription;
	uint64_t next_number; /* all below are consumed */
	uint32_t credit_bytes; /* from next_number on */
	uint32_t resend; /* 1: something was lost, send again from next_number */
};
#define WL_WIRE_CREDIT_BYTES 24u

struct wl_wire_unsubscribe {
	uint64_t subscription;
};
#define WL_WIRE_UNSUBSCRIBE_BYTES 8u

/* DELIVER: committed records in order; each {u32 bytes, u32 zero, u64 timestamp_ns, u64 session, u64 sequence} payload;
 * or one fragment of one record. No records: tells the reader the committed end (keep-alive). */
struct wl_wire_deliver {
	uint64_t subscription;
	uint64_t first_number;
	uint64_t commit_number; /* last committed record number known at this node */
	uint32_t record_count;
	uint32_t fragment_offset;
	uint32_t record_bytes; /* whole record of a fragment; 0: not fragmented */
	uint32_t bytes;
	const uint8_t *records;
};
#define WL_WIRE_DELIVER_HEADER_BYTES 40u
#define WL_WIRE_DELIVER_RECORD_BYTES 32u

struct wl_wire_delivered_record {
	uint32_t bytes;
	uint64_t timestamp_ns;
	uint64_t session;
	uint64_t sequence;
	const uint8_t *payload;
};

struct wl_wire_gap {
	uint64_t subscription;
	uint64_t first_number; /* missing from here ... */
	uint64_t next_number; /* ... to before here; 0: ends the subscription */
	int32_t status; /* TRIMMED, LOST, SLOW_READER, TOO_MANY_CLIENTS */
	uint32_t zero;
};
#define WL_WIRE_GAP_BYTES 32u

size_t wl_wire_encode_hello(uint8_t *to, const struct wl_wire_hello *message);
bool wl_wire_decode_hello(const uint8_t *from, size_t size, struct wl_wire_hello *message);
size_t wl_wire_encode_keepalive(uint8_t *to, const struct wl_wire_keepalive *message);
bool wl_wire_decode_keepalive(const uint8_t *from, size_t size, struct wl_wire_keepalive *message);
size_t wl_wire_encode_hello_reply(uint8_t *to, const struct wl_wire_hello_reply *message);
bool wl_wire_decode_hello_reply(const uint8_t *from, size_t size,
				struct wl_wire_hello_reply *message);
size_t wl_wire_encode_greeting(uint8_t *to, const struct wl_wire_greeting *message);
bool wl_wire_decode_greeting(const uint8_t *from, size_t size, struct wl_wire_greeting *message);
size_t wl_wire_encode_path(uint8_t *to, const struct wl_wire_path *message);
bool wl_wire_decode_path_probe(const uint8_t *from, size_t size, struct wl_wire_path *message);
bool wl_wire_decode_path_echo(const uint8_t *from, size_t size, struct wl_wire_path *message);
/* Encodes the header; the images are written behind it by the caller (or already stand there). */
size_t wl_wire_encode_append(uint8_t *to, const struct wl_wire_append *message);
bool wl_wire_decode_append(const uint8_t *from, size_t size, struct wl_wire_append *message);
size_t wl_wire_encode_append_ack(uint8_t *to, const struct wl_wire_append_ack *message);
bool wl_wire_decode_append_ack(const uint8_t *from, size_t size,
			       struct wl_wire_append_ack *message);
size_t wl_wire_encode_chain(uint8_t *to, const struct wl_wire_chain *message);
bool wl_wire_decode_chain(const uint8_t *from, size_t size, struct wl_wire_chain *message);
size_t wl_wire_encode_vote(uint8_t *to, const struct wl_wire_vote *message);
bool wl_wire_decode_vote(const uint8_t *from, size_t size, struct wl_wire_vote *message);
size_t wl_wire_encode_vote_reply(uint8_t *to, const struct wl_wire_vote_reply *message);
bool wl_wire_decode_vote_reply(const uint8_t *from, size_t size,
			       struct wl_wire_vote_reply *message);
size_t wl_wire_encode_timeout_now(uint8_t *to, const struct wl_wire_timeout_now *message);
bool wl_wire_decode_timeout_now(const uint8_t *from, size_t size,
				struct wl_wire_timeout_now *message);
size_t wl_wire_encode_open_session(uint8_t *to, const struct wl_wire_open_session *message);
bool wl_wire_decode_open_session(const uint8_t *from, size_t size,
				 struct wl_wire_open_session *message);
size_t wl_wire_encode_open_session_reply(uint8_t *to,
					 const struct wl_wire_open_session_reply *message);
bool wl_wire_decode_open_session_reply(const uint8_t *from, size_t size,
				       struct wl_wire_open_session_reply *message);
/* The decoder also walks every record once: a decoded message's records are all inside its bytes. */
size_t wl_wire_encode_client_append(uint8_t *to, const struct wl_wire_client_append *message);
bool wl_wire_decode_client_append(const uint8_t *from, size_t size,
				  struct wl_wire_client_append *message);
size_t wl_wire_encode_record(uint8_t *to,
			     const struct wl_wire_record *record); /* header and payload */
const uint8_t *wl_wire_next_record(const uint8_t *at,
				   struct wl_wire_record *record); /* of a decoded message */
size_t wl_wire_encode_append_reply(uint8_t *to, const struct wl_wire_append_reply *message);
bool wl_wire_decode_append_reply(const uint8_t *from, size_t size,
				 struct wl_wire_append_reply *message);
void wl_wire_encode_append_result(uint8_t *to, const struct wl_wire_append_result *result);
void wl_wire_decode_append_result(const uint8_t *from, struct wl_wire_append_result *result);
size_t wl_wire_encode_subscribe(uint8_t *to, const struct wl_wire_subscribe *message);
bool wl_wire_decode_subscribe(const uint8_t *from, size_t size, struct wl_wire_subscribe *message);
size_t wl_wire_encode_credit(uint8_t *to, const struct wl_wire_credit *message);
bool wl_wire_decode_credit(const uint8_t *from, size_t size, struct wl_wire_credit *message);
size_t wl_wire_encode_unsubscribe(uint8_t *to, const struct wl_wire_unsubscribe *message);
bool wl_wire_decode_unsubscribe(const uint8_t *from, size_t size,
				struct wl_wire_unsubscribe *message);
size_t wl_wire_encode_deliver(uint8_t *to, const struct wl_wire_deliver *message);
bool wl_wire_decode_deliver(const uint8_t *from, size_t size, struct wl_wire_deliver *message);
size_t wl_wire_encode_delivered_record(uint8_t *to, const struct wl_wire_delivered_record *record);
const uint8_t *wl_wire_next_delivered(const uint8_t *at, struct wl_wire_delivered_record *record);
size_t wl_wire_encode_gap(uint8_t *to, const struct wl_wire_gap *message);
bool wl_wire_decode_gap(const uint8_t *from, size_t size, struct wl_wire_gap *message);

#endif
