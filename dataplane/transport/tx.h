/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames on their way out: open one, write the payload in place, close it (headers, sequence, MAC),
 * flush all at the end of the turn, one burst per link. What a link does not take is dropped and
 * counted, except that the newest WL_TX_RESERVE frames of the reserve class (heartbeats, votes, acknowledgements)
 * stay for the next bursts, and leave first; for WL_TX_KEEP_NS at most, and not beyond a view: what a fenced or silent
 * worker said before must not leave after. Where there is no buffer, a frame of the reserve class takes that of the
 * newest data frame that waits for the same link.
 *
 *  What must hold behind a flush; wl_tx_check is this text as code.
 *  T1  no frame is open
 *  T2  what a link keeps is of the reserve class, and no more than WL_TX_RESERVE
 *  T3  kept_since_ns is known while something is kept, and no longer, and nothing is kept for longer than WL_TX_KEEP_NS
 *
 * Pure. Owner: the worker. One frame is open at a time. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_TX_H
#define WL_DATAPLANE_TRANSPORT_TX_H

#include "dataplane/base/port.h"
#include "dataplane/transport/counters.h"
#include "dataplane/transport/remote.h"

#define WL_TX_QUEUE 256u /* frames queued for one link */
#define WL_TX_RESERVE 16u
#define WL_TX_KEEP_NS 5000000u

enum wl_tx_class {
	WL_TX_DATA,
	WL_TX_RESERVED,
};

struct wl_tx_link {
	struct wl_frame queue[WL_TX_QUEUE];
	bool reserved[WL_TX_QUEUE]; /* of the same place in the queue */
	uint32_t count;
	uint64_t kept_since_ns; /* when a burst first left frames behind; 0: none */
};

struct wl_tx {
	struct wl_port *port;
	const struct wl_auth *auth;
	struct wl_counters *counters;
	uint64_t cluster;
	wl_identity identity;
	uint64_t boot_id;
	uint64_t now_ns; /* of this turn */
	uint64_t dropped; /* frames that no link took, or that gave way to others */
	uint64_t sequence; /* of the last sealed frame; never repeats under one boot id */
	uint16_t udp_port;
	struct wl_auth_key
		own[WL_RIGHTS]
		   [WL_KEYS_HELD_MAX]; /* ours, of each secret that is held and what follows from it */
	struct wl_keys keys; /* in force */
	struct wl_tx_link links[WL_LINKS_MAX];

	struct wl_frame open;
	size_t open_room;
	const struct wl_auth_key *open_key;
	enum wl_tx_class open_class;
	struct wl_address open_to;
	struct wl_frame_header open_header;
	bool is_open;
};

struct wl_tx_to {
	struct wl_address address;
	wl_identity identity;
	uint64_t boot_id; /* 0 in a HELLO */
	uint16_t mtu; /* of the path to it; 0: the link's */
	uint32_t key_id; /* that it was heard with last; 0: none yet */
};

void wl_tx_init(struct wl_tx *tx, struct wl_port *port, const struct wl_auth *auth,
		struct wl_counters *counters);
/* After identity, boot id and cluster are set, and again for other secrets. */
void wl_tx_derive_key(struct wl_tx *tx);
/*
 * The key that a frame is sealed with: a client's own, as long as it is held; a node gets the one that nodes send with, or the one
 * that it spoke with where that is newer: who lags behind is answered so that it understands, and who leads is not held back.
 */
const struct wl_auth_key *wl_tx_key_for(const struct wl_tx *tx, const struct wl_tx_to *to);
/*
 * Where to write the payload; NULL when there is no buffer or no address (counted).
 * Every successful open is followed by close or abandon.
 */
uint8_t *wl_tx_open(struct wl_tx *tx, const struct wl_tx_to *to, uint8_t type, uint16_t journal,
		    enum wl_tx_class class);
/* Payload bytes that fit into the open frame: what its link, its buffer and the path to its receiver allow. */
size_t wl_tx_open_room(const struct wl_tx *tx);
void wl_tx_close(struct wl_tx *tx, size_t payload_bytes);
void wl_tx_abandon(struct wl_tx *tx);
/* A raw Ethernet frame of the slow path (ARP, ICMP): sent as it is. False: no room, counted. */
bool wl_tx_raw(struct wl_tx *tx, uint16_t link, const uint8_t *bytes, size_t size);
/* IP bytes of this link. */
uint16_t wl_tx_mtu(const struct wl_tx *tx, uint16_t link);
/* Payload bytes that fit into one frame on this link. */
size_t wl_tx_room(const struct wl_tx *tx, uint16_t link);
/* Before anything is opened in a turn: what was kept too long is dropped. */
void wl_tx_begin_turn(struct wl_tx *tx, uint64_t now_ns);
/* A view ended: nothing that was kept leaves any more. */
void wl_tx_forget(struct wl_tx *tx);
/* Bursts for every link; returns the frames sent. */
unsigned wl_tx_flush(struct wl_tx *tx);
/* Behind a flush: NULL, or which invariant is broken. O(links * WL_TX_RESERVE). */
const char *wl_tx_check(const struct wl_tx *tx);

static inline struct wl_tx_to wl_tx_to_remote(const struct wl_remote *remote)
{
	return (struct wl_tx_to){remote->address, remote->identity, remote->boot_id, remote->mtu,
				 remote->key.id};
}

#endif
