/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames to nodes and from them. Out: written in place, sealed, collected into bursts that leave over one route. In: every check
 * before any belief.
 *
 *  C1  nothing of a frame is believed before its tag, its cluster, its destination, our boot id, the sender's boot id and its
 *	sequence were checked; a new boot id of a node is learned only from a HELLO_REPLY to a question of ours
 *  C9  with two keys, a node is spoken to under the newest that it spoke to us with, and that never goes back under one boot of it
 *
 * A route is a way to a node: an endpoint that was configured or learned. Several may lead to one node; which of them is used is
 * for the layer above to say, and so is how large frames pass. What a frame is about is not known here.
 *
 * A frame may carry a tag of its maker's. A transport takes no more than its ring has room for: of tagged frames the first that it
 * did not take is told (wl_channel_take_refused), and until that was asked for none behind it goes. Frames without a tag are
 * said again anyway and are dropped.
 *
 * Units: bytes of payloads behind the header; nanoseconds nowhere. Owner and thread: the engine's. Errors: NULL where there is no
 * route, no buffer or a link is down. Limits: WL_ENDPOINTS_MAX routes, one frame being written. Pure; allocates nothing.
 */
#ifndef WL_CLIENT_CHANNEL_H
#define WL_CLIENT_CHANNEL_H

#include "client/transport/transport.h"
#include "dataplane/wire/auth.h"
#include "dataplane/wire/replay.h"
#include "dataplane/wire/wire.h"
#include "wirelog/status.h"

struct wl_route {
	struct wl_transport *transport;
	uint16_t link;
	struct wl_endpoint endpoint;
	uint64_t nonce; /* of the question that is open there; 0: none is */
	uint32_t asked; /* questions so far: each is put under another one of our keys than the one before */
};

struct wl_channel_node {
	wl_identity identity; /* 0: has not answered yet */
	uint64_t boot_id;
	int route; /* that is used; -1: none */
	uint16_t mtu; /* of frames to it; 0: not known, the smallest */
	uint32_t held; /* which of our keys it is spoken to with */
	struct wl_auth_key keys[WL_KEYS_HELD_MAX]; /* its own, of each that we hold */
	struct wl_replay replay;
};

/* A maker's own words for a frame; sequence 0: none. */
struct wl_channel_tag {
	uint64_t sequence;
	uint32_t offset;
};

/* Frames that leave together, all over one route. */
struct wl_channel_batch {
	unsigned count;
	int route;
	struct wl_datagram datagrams[WL_TRANSPORT_BURST];
	struct wl_channel_tag tags[WL_TRANSPORT_BURST];
};

struct wl_channel_counters {
	uint64_t frames_sent, frames_received, frames_refused;
	uint64_t forged, other_key, other_cluster,
		other_version; /* of those refused: for the reason of a failed connect */
};

struct wl_channel {
	const struct wl_auth *auth; /* of whoever made us */
	struct wl_auth_key own[WL_KEYS_HELD_MAX]; /* of each key that we hold */
	struct wl_auth_key scratch_key;
	uint32_t open_held; /* which of them the open frame is sealed with */
	/* Ids, as said last: of ours that a node refuses, and of one that it uses and we do not hold; 0: none */
	uint32_t key_refused, key_lacking;
	uint64_t cluster;
	uint16_t journal;
	wl_identity identity;
	uint64_t boot_id;
	uint64_t sequence; /* of the last frame sealed */

	struct wl_transport
		*transports[WL_ENDPOINT_DPDK + 1]; /* by kind of endpoint; NULL: not opened */
	struct wl_route routes[WL_ENDPOINTS_MAX];
	unsigned route_count;
	struct wl_channel_node nodes[WIRELOG_NODES_MAX + 1]; /* by id */

	struct wl_channel_batch batch;
	struct wl_channel_tag refused; /* the first that was not taken */
	struct wl_datagram open; /* frame being written */
	struct wl_frame_header open_header;
	int open_route; /* -1: none is open */

	struct wl_channel_counters counters;
};

/* A frame that passed every check of C1. */
struct wl_channel_message {
	uint8_t type;
	uint32_t node;
	const uint8_t *payload;
	size_t bytes;
};

enum wl_channel_verdict {
	WL_CHANNEL_REFUSED = 0,
	WL_CHANNEL_MESSAGE,
	/* The same, and the node speaks under a boot id that we did not know: it was started, or started again. */
	WL_CHANNEL_MET,
	/* A worker that does not have our journal answers a question of ours. It is no message; the node as it is known is not there. */
	WL_CHANNEL_ELSEWHERE,
	/* A node answers a question of ours: our key (key_refused) is not in force any more. It is no message. */
	WL_CHANNEL_KEY_REFUSED,
};

/* Zeroed memory. `auth` stays the caller's, and stays as long as we. No transport, no route. */
void wl_channel_init(struct wl_channel *channel, const struct wl_auth *auth, uint64_t cluster,
		     uint16_t journal);
/* Who we are from the next frame on; sequences begin anew. */
void wl_channel_name(struct wl_channel *channel, wl_identity identity, uint64_t boot_id);
/* `auth` holds other keys than before; nodes that are known stay known. */
void wl_channel_on_keys(struct wl_channel *channel);
/* A node is spoken to under an older key than the newest that we hold. */
bool wl_channel_lags(const struct wl_channel *channel, uint32_t node);
/* A new route; 0 or a negative status with a sentence. One that is there already is not added again. [init] */
int wl_channel_add_route(struct wl_channel *channel, const struct wl_endpoint *endpoint,
			 char *reason, size_t reason_bytes);
/* The route whose open question has this nonce, or -1. */
int wl_channel_route_by_nonce(const struct wl_channel *channel, uint64_t nonce);
/* The node has answered, and there is a route to it. 0 is no node. */
bool wl_channel_reaches(const struct wl_channel *channel, uint32_t node);

/* Where to write the payload, and *room for it; NULL: the node is not reached, or there is no buffer. */
uint8_t *wl_channel_open(struct wl_channel *channel, uint32_t node, uint8_t type, size_t *room);
/* The same to whoever is at the other end of a route: HELLO. */
uint8_t *wl_channel_open_route(struct wl_channel *channel, unsigned route, uint8_t type,
			       size_t *room);
/* The same without regard to what passes: a probe. */
uint8_t *wl_channel_open_probe(struct wl_channel *channel, uint32_t node, size_t *room);
void wl_channel_close(struct wl_channel *channel, size_t payload_bytes);
void wl_channel_close_tagged(struct wl_channel *channel, size_t payload_bytes,
			     struct wl_channel_tag tag);
void wl_channel_abandon(struct wl_channel *channel);
void wl_channel_flush(struct wl_channel *channel);
/* The first tagged frame that was not taken since the last call; false: all were. */
bool wl_channel_take_refused(struct wl_channel *channel, struct wl_channel_tag *tag);

/* Known from here on, under one of our keys: of channel_accept.c. */
void wl_channel_meet(struct wl_channel *channel, wl_identity identity, uint64_t boot_id,
		     uint32_t held);
/* What a datagram is. *message is set for MESSAGE and MET; for ELSEWHERE, too, but it is the word of another worker. It
 * points into the datagram. */
enum wl_channel_verdict wl_channel_accept(struct wl_channel *channel,
					  const struct wl_datagram *datagram,
					  struct wl_channel_message *message);

#endif
