/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a frame to a message that may be believed, in two steps. The first, wl_rx_sort, looks at headers only and computes nothing
 * with a key: it drops what could not be taken even with a right tag (another boot of ours, a sequence that was seen), and
 * says who it claims to be from, so that a turn can serve peers first. The second, wl_rx_admit, is the safety rule: the keyed
 * MAC, and only then is anything believed: boots, window, type. For who is not known it derives a key, for a few of them in each
 * turn (strangers.h). A frame under a key that is not held or not accepted is dropped in the first step, by the id in its header.
 * One under the newer of two keys makes that the sender's: from then on nothing of it is taken under the older. Nothing is ever answered for a frame that fails; it is counted under its verdict.
 *
 *  What must hold between turns; wl_rx_check is this text as code.
 *  X1  nobody is known under our own id
 *  X2  a member is known under the identity of its id
 *  X3  clients: as many as have a place, at most so many as there are places; the list of them has both ends or none
 *  X4  no more was spent on who is not known than their shares, and no more questions are remembered than there is room for
 *
 * Pure. Owner: the worker. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_RX_H
#define WL_DATAPLANE_TRANSPORT_RX_H

#include "dataplane/base/members.h"
#include "dataplane/base/port.h"
#include "dataplane/transport/answered.h"
#include "dataplane/transport/build.h"
#include "dataplane/transport/claim.h"
#include "dataplane/transport/counters.h"
#include "dataplane/transport/remote.h"
#include "dataplane/transport/strangers.h"
#include "dataplane/wire/greeting.h"
#include "dataplane/wire/path.h"

#define WL_RX_NOT_COUNTED UINT32_MAX

struct wl_rx {
	const struct wl_auth *auth;
	struct wl_keys keys; /* in force */
	uint32_t old_clients; /* that speak with keys.before while it is to go, as counted last; WL_RX_NOT_COUNTED: it is not to go */
	uint32_t old_client_ipv4; /* of one of them; 0: not known, or none */
	struct wl_counters *counters;
	uint64_t cluster;
	wl_identity identity; /* ours */
	uint64_t boot_id; /* ours: this boot */
	uint64_t incarnation; /* of our data, told in HELLO_REPLY */
	uint32_t history; /* bit per journal of this worker in which our data have history, likewise */
	uint32_t ipv4; /* ours, 0 = any */
	uint16_t udp_port;
	wl_members members;
	struct wl_remote peers[WIRELOG_NODES_MAX + 1]; /* by node id; own slot unused */
	struct wl_greeting greetings[WIRELOG_NODES_MAX + 1]; /* the worker's to fill */
	struct wl_build builds[WIRELOG_NODES_MAX + 1]; /* likewise */
	struct wl_path paths[WIRELOG_NODES_MAX + 1];
	struct wl_claims claims;
	uint64_t peer_alive_ns; /* a peer heard this lately keeps its id against a newer boot at another address */
	struct wl_remote_table clients;
	uint64_t client_idle_ns; /* so long an identity that is silent stays whose it was */
	struct wl_answered answered; /* questions of who is not known here */
	struct wl_strangers strangers; /* of this turn */
};

/* Who is served first; it is what the header claims. */
enum wl_rx_rank {
	WL_RX_PEER,
	WL_RX_STRANGE_NODE, /* a node whose boot id is not known */
	WL_RX_CLIENT,
	WL_RX_STRANGE_CLIENT,
	WL_RX_RANKS,
};

/* A frame whose headers are in order. Valid as long as the frame. */
struct wl_arrival {
	struct wl_frame_header header;
	struct wl_address from;
	uint8_t *datagram; /* inside the frame; NULL: it is none of UDP */
	size_t size;
	enum wl_rx_rank rank;
};

/* A client that said nothing for so long may have to give way. One that lives says something every second. */
static inline uint64_t wl_rx_quiet_ns(const struct wl_rx *rx)
{
	return rx->client_idle_ns < WL_CLIENT_QUIET_NS ? rx->client_idle_ns : WL_CLIENT_QUIET_NS;
}

struct wl_message {
	uint8_t type; /* enum wl_wire_type */
	uint16_t journal;
	uint16_t link;
	uint64_t sequence; /* of its sender's frames */
	struct wl_remote *from; /* proven fresh; NULL for HELLO only */
	/* HELLO, and a client that is turned away: whom to answer. Valid MAC, freshness unknown; no copy of one that was answered. */
	wl_identity hello_identity;
	uint64_t hello_boot;
	struct wl_address hello_address;
	uint32_t hello_key;
	bool key_refused; /* a client's HELLO under a key that was refused: told so, and nothing else */
	const uint8_t *payload; /* inside the frame */
	size_t bytes;
};

/* The node was heard lately, and not from this address. */
bool wl_rx_hears_elsewhere(const struct wl_rx *rx, uint32_t node, const struct wl_address *address,
			   uint64_t now_ns);
/* A frame of a second server under the node's id came lately. */
bool wl_rx_hears_twin(const struct wl_rx *rx, uint32_t node, uint64_t now_ns);
/* A peer said so lately: a second server has our id, and is the one that is heard. */
bool wl_rx_is_duplicate(const struct wl_rx *rx, uint64_t now_ns);

/* Shares of those who are not known begin anew. */
static inline void wl_rx_begin_turn(struct wl_rx *rx)
{
	wl_strangers_begin_turn(&rx->strangers);
}

/* WL_FRAME_OK: *arrival is filled, for wl_rx_admit in the same turn. ARP, ICMP: for the slow path, nothing is counted. Anything else
 * was counted. */
enum wl_frame_verdict wl_rx_sort(struct wl_rx *rx, const struct wl_frame *frame, uint64_t now_ns,
				 struct wl_arrival *arrival);
/*
 * WL_FRAME_OK: *message is filled. Anything else was counted.
 * NO_TABLE_ROOM: counted, and *message is filled as of a HELLO: the sender speaks now, and is told that there is no place.
 * A HELLO_REPLY that names our boot id makes its sender known; so does any frame of a node that names our boot_id, and a
 * client's KEEPALIVE with our challenge.
 */
enum wl_frame_verdict wl_rx_admit(struct wl_rx *rx, const struct wl_arrival *arrival,
				  uint64_t now_ns, struct wl_message *message);
/* NULL, or which invariant is broken. O(nodes). */
const char *wl_rx_check(const struct wl_rx *rx);

#endif
