/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of memif links, of both ends: who meets whom, what the other end is believed (memif_message.h), memory
 * and rings, and the end of it. On the wire it is plain memif, so the other end may be any memif that polls.
 *
 *	DOWN --connect, accept--> HANDSHAKE --CONNECT, CONNECTED--> UP
 *	  ^------ refused, silent ------'                            |
 *	  ^------ gone, said or did what cannot be -----------------'
 *
 * The other end may be anybody whom the socket's file lets in, and it may be wrong or wicked. A link costs one descriptor;
 * what comes with messages is closed at once (the memory stays mapped). What a connection may cost the worker is bounded:
 * some accepted each millisecond, some messages at a time, none expected of a link that is up. Memory goes only in
 * tend and remove, on the thread that is also the bursts', so that no burst is ever inside.
 *
 * Owner: the port (port_dpdk.c). Thread: the one that polls the port; nothing here blocks. It costs one epoll_wait a
 * millisecond and never touches a frame.
 */
#ifndef WL_DATAPLANE_NIC_MEMIF_LINK_SOCKET_H
#define WL_DATAPLANE_NIC_MEMIF_LINK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/nic/memif_message.h"
#include "dataplane/nic/memif_region_memory.h"
#include "dataplane/nic/memif_ring.h"
#include "dataplane/nic/port_dpdk.h"

#define WL_MEMIF_NAME_BYTES_MAX 104 /* a socket path, or '@' and an abstract name */
#define WL_MEMIF_WAITING_MAX 64u /* accepted, but their wish not heard yet */
#define WL_MEMIF_BUFFER_BYTES_MIN 2048u

enum wl_memif_state {
	WL_MEMIF_ABSENT = 0,
	WL_MEMIF_DOWN,
	WL_MEMIF_HANDSHAKE,
	WL_MEMIF_UP,
};

struct wl_memif_link {
	/* The bursts': port_memif_dpdk.c. */
	struct wl_memif_ring rx, tx;

	enum wl_memif_state state;
	bool server;
	char address[WL_MEMIF_NAME_BYTES_MAX]; /* where the other end is met */
	int listener; /* index, servers only */
	uint32_t id, id_count, id_turn; /* a client tries id .. id + id_count - 1 */
	struct wl_memif_limits limits;
	int peer_fd; /* -1: none */
	struct wl_memif_region region;
	struct wl_memif_offer offer;
	uint8_t ring_log2; /* client: of its offer */
	enum wl_memif_type said; /* client: last */
	bool said_ring; /* client: the first of two */
	uint64_t retry_ns; /* DOWN, client: not before */
	uint64_t deadline_ns; /* HANDSHAKE: give up */
	uint32_t refusals; /* since it was last up */
	bool met_taken; /* client: one of this round's ids belongs to somebody else */
	bool is_full; /* client: in the last round no id was free, and some were taken */
};

struct wl_memif_listener {
	int fd; /* -1: free */
	unsigned users;
	char address[WL_MEMIF_NAME_BYTES_MAX];
};

struct wl_memif_waiting {
	int fd; /* -1: free */
	int listener;
	uint64_t since_ns;
};

struct wl_memif {
	int epoll_fd; /* -1: no memif link yet */
	uint16_t link_end; /* no link at or after this */
	uint64_t next_look_ns, next_accept_ns;
	struct wl_memif_counters counters;
	struct wl_memif_link links[WL_LINKS_MAX]; /* by link index of the port */
	struct wl_memif_listener listeners[WL_LINKS_MAX];
	struct wl_memif_waiting waiting[WL_MEMIF_WAITING_MAX];
};

struct wl_memif_wish {
	const char *address;
	bool server;
	uint32_t id, id_count;
	uint16_t frame_bytes; /* MTU and Ethernet header */
	uint16_t buffer_bytes;
	uint8_t ring_log2;
};

/* Buffer size of a memif link, and data room of its mbufs, for an MTU. */
uint16_t wl_memif_buffer_bytes(uint16_t mtu);

void wl_memif_init(struct wl_memif *memif);
/*
 * [init] A new link; it may come up from the next tend on. Returns 0 or a negative enum wirelog_status with
 * a sentence in `reason` (WL_MEMIF_REASON_BYTES).
 */
int wl_memif_add(struct wl_memif *memif, uint16_t link, const struct wl_memif_wish *wish,
		 char *reason);
/* [init] Lets the other end go and forgets the link. */
void wl_memif_remove(struct wl_memif *memif, uint16_t link);
void wl_memif_fini(struct wl_memif *memif);

/* Everything that is due, without waiting. True when the state of some link changed to or from UP. */
bool wl_memif_tend(struct wl_memif *memif, uint64_t now_ns);

/* A client's link: each slot of the server that it was told of belongs to somebody else. */
static inline bool wl_memif_is_full(const struct wl_memif *memif, uint16_t link)
{
	return memif->links[link].is_full;
}

static inline bool wl_memif_is_up(const struct wl_memif *memif, uint16_t link)
{
	return memif->links[link].state == WL_MEMIF_UP;
}

#endif
