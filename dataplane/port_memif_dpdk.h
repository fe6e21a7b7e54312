/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control channels of memif links, kept away from the driver.
 *
 * DPDK's memif driver unmaps a link's rings on its interrupt thread the moment the other process
 * dies, while a worker may be inside a burst on them: a crash. It also never reconnects, and it
 * trips over the socket file of a killed server. So the driver never meets the other process: each
 * memif device talks to a private socket of our own process, and this relay passes the messages
 * (and file descriptors) on. When the other end is gone, the worker first stops using the link and
 * then lets the driver know. On the wire it is plain memif, so the other end may be any memif.
 *
 *	DOWN --connect, accept--> HANDSHAKE --device up--> UP --gone--> CLOSING --driver let go--> DOWN
 *	                              `------ refused, silent ----------^
 *
 * Owner: the port (port_dpdk.c). Thread: the one that polls the port; nothing here blocks. The
 * relay costs one epoll_wait a millisecond; it never touches a frame.
 */
#ifndef WL_DATAPLANE_PORT_MEMIF_DPDK_H
#define WL_DATAPLANE_PORT_MEMIF_DPDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/descriptors_file.h"
#include "dataplane/port.h"

#define WL_MEMIF_NAME_BYTES_MAX 104 /* a socket path, or '@' and an abstract name */
#define WL_MEMIF_WAITING_MAX 16u /* accepted, but their wish not heard yet */
#define WL_MEMIF_MESSAGE_BYTES 128u
#define WL_MEMIF_BUFFER_BYTES_MIN 2048u

enum wl_memif_state {
	WL_MEMIF_ABSENT = 0,
	WL_MEMIF_DOWN,
	WL_MEMIF_HANDSHAKE,
	WL_MEMIF_UP,
	WL_MEMIF_CLOSING,
};

struct wl_memif_link {
	enum wl_memif_state state;
	bool server;
	uint16_t port_id; /* the memif device */
	uint16_t buffer_bytes;
	uint32_t id, id_count, id_turn; /* a client tries id .. id + id_count - 1 */
	char address[WL_MEMIF_NAME_BYTES_MAX]; /* where the other end is met */
	char inner[40]; /* abstract name between the driver and us */
	char secret[24]; /* keeps strangers off `inner` */
	int peer_fd, driver_fd, inner_fd; /* -1: none; inner_fd listens, clients only */
	int listener; /* index, servers only */
	bool swallow_hello; /* a server driver's first word was said by us already */
	bool told_to_stop; /* CLOSING: the driver has our end-of-file */
	uint16_t frame_bytes; /* the largest frame: the other end's buffers must hold it */
	uint64_t region_bytes; /* of the other end's memory, to learn its buffer size */
	uint32_t rings, ring_slots;
	uint64_t retry_ns; /* DOWN, client: not before */
	uint64_t deadline_ns; /* HANDSHAKE: give up */
	uint64_t connections; /* times that it came up */
	uint32_t refusals; /* since it was last up */
};

struct wl_memif_listener {
	int fd; /* -1: free */
	unsigned users;
	char address[WL_MEMIF_NAME_BYTES_MAX];
};

struct wl_memif_waiting {
	int fd; /* -1: free */
	int listener;
	uint64_t deadline_ns;
};

struct wl_memif {
	int epoll_fd; /* -1: no memif link yet */
	uint16_t link_end; /* no link at or after this */
	bool restless; /* something is in transition: look more often */
	uint64_t next_look_ns;
	uint64_t refused_mtu; /* connections refused because the buffers do not fit */
	uint64_t refused_user;
	struct wl_memif_link links[WL_LINKS_MAX]; /* by link index of the port */
	struct wl_memif_listener listeners[WL_LINKS_MAX];
	struct wl_memif_waiting waiting[WL_MEMIF_WAITING_MAX];
	_Atomic bool opens; /* drivers open descriptors, until nothing is in transition */
	bool settles; /* the interrupt thread looks at them next */
	struct wl_descriptors descriptors; /* before they did */
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
 * Before the device exists: sockets, and the arguments to create it with. Returns 0 or a negative
 * enum wirelog_status with a sentence in `reason`.
 */
int wl_memif_prepare(struct wl_memif *memif, uint16_t link, const struct wl_memif_wish *wish,
		     char *device_args, char *reason);
/* The device `port_id` is configured; the link may come up from now on. */
void wl_memif_attach(struct wl_memif *memif, uint16_t link, uint16_t port_id);
/*
 * Lets the other end go and forgets the link; the device is stopped, not closed. [init]: waits for
 * the driver, at most 200 ms.
 */
void wl_memif_remove(struct wl_memif *memif, uint16_t link);
void wl_memif_fini(struct wl_memif *memif);

/*
 * Everything that is due, without waiting. True when the state of some link changed to or from UP:
 * the caller must then stop using those that are no longer up, before it calls again.
 */
bool wl_memif_tend(struct wl_memif *memif, uint64_t now_ns);

static inline bool wl_memif_is_up(const struct wl_memif *memif, uint16_t link)
{
	return memif->links[link].state == WL_MEMIF_UP;
}

#endif
