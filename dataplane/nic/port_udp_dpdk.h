/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A link over a kernel socket: for clients that have no DPDK, on machines where the node has no NIC of its own
 * (a laptop, the demo). Frames cross it as datagrams; here the envelope (Ethernet, IPv4, UDP) that the rest of the node
 * reads and writes is put on and taken off, so that nothing behind the port knows the difference. One recvmmsg a
 * turn and one sendmmsg a burst: the price, which is why nodes do not talk to each other over it.
 *
 * Owner: the port (port_dpdk.c). Thread: the one that uses the port; open and close [init]. Nothing waits.
 */
#ifndef WL_DATAPLANE_NIC_PORT_UDP_DPDK_H
#define WL_DATAPLANE_NIC_PORT_UDP_DPDK_H

#include <rte_mbuf.h>
#include <stdint.h>

#include "dataplane/base/limits.h"
#include "dataplane/nic/port_dpdk.h"
#include "dataplane/wire/frame.h"

struct wl_udp_link {
	int fd; /* -1: not open */
	uint16_t frame_bytes; /* the largest, envelope included */
	struct wl_address self; /* of the envelopes: what the node believes to be its own */
	uint16_t empty_count;
	struct rte_mbuf *empty[WL_BURST]; /* for what comes next */
};

/* Binds to `listen`. 0 or a negative errno. */
int wl_port_udp_open(struct wl_udp_link *link, const struct wl_address *listen,
		     const struct wl_address *self, uint16_t mtu);
void wl_port_udp_close(struct wl_udp_link *link);

/* At most `max` (<= WL_BURST) frames, whole, in buffers of `pool`; the caller owns them. */
uint16_t wl_port_udp_receive(struct wl_udp_link *link, struct rte_mempool *pool,
			     struct rte_mbuf **mbufs, uint16_t max,
			     struct wl_udp_counters *counters);
/* As rte_eth_tx_burst: returns how many were taken (and freed); the caller keeps the rest. */
uint16_t wl_port_udp_send(struct wl_udp_link *link, struct rte_mbuf **mbufs, uint16_t count,
			  struct wl_udp_counters *counters);

#endif
