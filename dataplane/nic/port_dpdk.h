/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports over DPDK ethdevs: one wl_port for each worker, with one link for each thing that frames
 * come from: a memif to another process, an interface through AF_PACKET or AF_XDP, a queue of a
 * physical NIC, any device that EAL can name, or a kernel socket for clients without DPDK.
 *
 * Order of calls: wl_eal_start (eal_dpdk.h) -> fill struct wl_link_config for each link -> on the
 * main thread wl_port_dpdk_open for worker 0, then 1, ... (worker 0 sets up a NIC for all of them: port_hub_dpdk.h)
 * -> start the worker thread, which from then on alone uses the port -> tend about once a
 * millisecond: memif links come up and reconnect only there. A memif link is never up at open, and
 * open does not fail because the other end is missing. After the worker's end: wl_port_dpdk_close.
 *
 * memif between nodes: one end of each pair is server. Clients of a node: N server links with ids
 * 0..N-1 on one address; a client link names id 0 and id_count N and takes the first free one. Both
 * ends need the same MTU (else the server refuses, counted in refused_mtu).
 *
 * Owner of the port: who opened it. Thread: ops [worker]; add_link and remove_link on the thread
 * that uses the port, outside of bursts, they take milliseconds. After open the ops allocate only
 * from the port's own pool; the only system calls are the drivers' (AF_PACKET), one epoll_wait a
 * millisecond where there are memif links, and what their coming and going takes.
 */
#ifndef WL_DATAPLANE_NIC_PORT_DPDK_H
#define WL_DATAPLANE_NIC_PORT_DPDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/port.h"

#define WL_LINK_NAME_BYTES 128u

enum wl_link_kind {
	WL_LINK_MEMIF,
	WL_LINK_AF_PACKET,
	WL_LINK_AF_XDP,
	WL_LINK_PCI,
	WL_LINK_EAL,
	WL_LINK_UDP, /* a kernel socket, for clients: port_udp_dpdk.h */
};

struct wl_link_config {
	enum wl_link_kind kind;
	/* memif: socket path, or '@' and an abstract name; af_packet, af_xdp: interface; pci:
	 * address, also in the EAL settings; eal: "net_tap0,iface=x" or the name of a device; udp:
	 * listen_ipv4 and listen_port as text, for messages. */
	char name[WL_LINK_NAME_BYTES];
	uint32_t ipv4; /* host order */
	uint16_t mtu; /* 0: 1500 */
	bool has_mac; /* else the device's own */
	uint8_t mac[6];
	bool point_to_point; /* eal only: no neighbours to resolve */

	bool server; /* memif */
	uint32_t id, id_count; /* memif; a client tries id .. id + id_count - 1 */
	uint8_t ring_log2; /* memif: slots of a ring, 4..14; 0: 10, or 8 above an MTU of 1986 */

	uint32_t listen_ipv4; /* udp; host order */
	uint16_t listen_port;

	uint16_t queue; /* af_xdp */
	uint16_t descriptors; /* pci: each of rx and tx; 0: 1024 */
};

struct wl_port_config {
	uint32_t worker; /* 0..workers - 1; it is also the queue of a physical NIC */
	uint32_t workers; /* 0: 1 */
	const int *
		memory_nodes; /* of each worker's core, by worker, -1: not known; read by open alone. NULL: none is */
	uint32_t frames; /* buffers in the pool; 0: enough for the links and the worker's queues */
	uint16_t mtu_max; /* of links added later; 0: as the links here */
	uint16_t udp_port; /* of this worker; the others' are as far from it as their numbers: a shared device tells them apart by it */
	bool tended; /* another thread looks after the devices (port_device_dpdk.h): the port asks none for its link */
	const struct wl_link_config *links;
	uint16_t link_count;
};

struct wl_port_words {
	char note[512]; /* what was chosen, a sentence for each thing worth knowing; "" */
	char reason[256]; /* of a failure */
};

struct wl_udp_counters {
	uint64_t received, sent;
	uint64_t too_long; /* datagrams above the link's MTU: dropped */
	uint64_t refused; /* that the kernel would not send (no route, too long): dropped */
	uint64_t calls; /* recvmmsg and sendmmsg */
};

struct wl_memif_counters {
	uint64_t connections;
	uint64_t dropped; /* frames in several buffers, or longer than the MTU */
	uint64_t refused_mtu; /* connections refused because the buffers do not fit */
	uint64_t refused_user; /* met at an abstract address, another user's */
	uint64_t refused_offer; /* memory or messages that cannot be */
	uint64_t broken; /* links that were up, let go for what the other end wrote there or said */
	uint64_t no_descriptor; /* times that nobody could be let in for want of descriptors */
};

struct wl_port_dpdk_counters {
	uint64_t rx_chained; /* frames in several buffers that could not be joined: dropped */
	uint64_t no_buffer; /* buffers asked for and not had */
	uint64_t tx_oversize; /* frames larger than their link's MTU: dropped */
	uint64_t links_reopened; /* interfaces that were deleted and made anew */
	struct wl_memif_counters memif; /* of all its links */
	struct wl_udp_counters udp; /* of all links over kernel sockets */
};

/* Memory that the port needs from EAL, in MiB: the sum over all ports, plus 16, is memory_mb. */
uint32_t wl_port_dpdk_memory_mb(const struct wl_port_config *config);

/* 0, or EAL_DEVICE, EAL_FAILED, PORT_ADDRESS, PORT_PRIVILEGE, PORT_MTU, NO_MEMORY,
 * CONFIG_VALUE with a sentence in words->reason; nothing is left open then. */
int wl_port_dpdk_open(struct wl_port **port, const struct wl_port_config *config,
		      struct wl_port_words *words);
/* All frames must be back. */
void wl_port_dpdk_close(struct wl_port *port);

/* The new link's index, or a negative enum wirelog_status. An index is used again only after
 * remove_link; the rest keep theirs. */
int wl_port_dpdk_add_link(struct wl_port *port, const struct wl_link_config *config,
			  struct wl_port_words *words);
void wl_port_dpdk_remove_link(struct wl_port *port, uint16_t link);

/* A memif client's link whose server has no free slot for it. */
bool wl_port_dpdk_link_is_full(const struct wl_port *port, uint16_t link);

/*
 * How frames of a link's device come to the worker that they are for, in a word: "none" (nobody else has the device), "rules" (the device
 * does it), "software" (the owner hands them on: port_hub_dpdk.h), "copies" (af_packet: each worker's socket gets everything, and takes its
 * own). [any]
 */
const char *wl_port_dpdk_steering(const struct wl_port *port, uint16_t link);
/* Other workers' frames pass through this port: who has it must not sleep while they are at work. */
bool wl_port_dpdk_relays(const struct wl_port *port);

void wl_port_dpdk_counters(const struct wl_port *port, struct wl_port_dpdk_counters *counters);

#endif
