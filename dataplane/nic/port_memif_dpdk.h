/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames between the rings of a memif link and the port's packet buffers. A copy each way: the other end can change
 * the shared memory at any time, and a frame must stay what was checked.
 *
 * Thread: the port's. Nothing waits.
 */
#ifndef WL_DATAPLANE_NIC_PORT_MEMIF_DPDK_H
#define WL_DATAPLANE_NIC_PORT_MEMIF_DPDK_H

#include <rte_mbuf.h>
#include <stdint.h>

#include "dataplane/nic/memif_link_socket.h"

/* At most `max` (<= WL_BURST) frames in buffers of `pool`, each with room for the link's largest; the caller owns them. */
uint16_t wl_port_memif_rx(struct wl_memif_link *link, struct rte_mempool *pool,
			  struct rte_mbuf **mbufs, uint16_t max,
			  struct wl_memif_counters *counters);
/* As rte_eth_tx_burst: returns how many were taken (and freed); the caller keeps the rest. */
uint16_t wl_port_memif_tx(struct wl_memif_link *link, struct rte_mbuf **mbufs, uint16_t count);

#endif
