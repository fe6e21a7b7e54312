/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside port_links_dpdk: a device that all workers share. Its owner is the worker that opens it first. Where the device takes flow rules,
 * each worker has a queue pair and a rule for its UDP port, and here is nothing more to do. Where it does not, the
 * owner has the one queue that receives and hands frames to the others (steer.h); they send on queues of their own where
 * the device has so many, else the owner sends for them.
 *
 * A frame's buffer is of the owner's pool when it was handed over, of the sender's when it goes back: any thread may give it back, as
 * a pool's rings take any and each thread has a cache of its own of every pool. The device is let go by whoever closes
 * it last, when no worker runs.
 *
 * Thread: is_for, enter, leave, exists [init]; restart, let_go [who tends devices, while all workers hold it]; rx, tx [the worker]; the rest [any].
 */
#ifndef WL_DATAPLANE_NIC_PORT_HUB_DPDK_H
#define WL_DATAPLANE_NIC_PORT_HUB_DPDK_H

#include <rte_flow.h>

#include "dataplane/base/limits.h"
#include "dataplane/nic/port_opening_dpdk.h"
#include "dataplane/nic/steer.h"

struct wl_port_hub {
	struct wl_steer steer;
	uint16_t device;
	bool in_software; /* false: by flow rules */
	bool tx_shared; /* the owner sends for all */
	bool owns_device; /* a virtual device that we made */
	bool gone; /* the device */
	struct wl_port_queues queues; /* that it runs with */
	uint32_t users; /* links that are open */
	uint16_t waiting_count;
	struct rte_mbuf *waiting[WL_BURST]; /* the others' frames, on their way to the device */
	struct rte_flow *flows[WIRELOG_WORKERS_MAX];
};

/* Links that all workers have: of several, what is a card or stands for one, and does not lead to one peer alone. */
bool wl_port_hub_is_for(const struct wl_opening *opening);
/* The first one starts the device. 0 or a negative enum wirelog_status with a sentence. */
int wl_port_hub_enter(struct wl_opening *opening);
void wl_port_hub_leave(struct wl_dpdk_link *link);
bool wl_port_hub_exists(uint16_t device);
/* Of the owner's link: the device is reset and runs as before. 0 or a negative enum wirelog_status with a sentence. */
int wl_port_hub_restart(struct wl_opening *opening);
/* The device is about to be closed. */
void wl_port_hub_let_go(struct wl_port_hub *hub);

/* As rte_eth_rx_burst: frames of this worker. The owner moves everybody's meanwhile; *relayed grows by what it moved. */
uint16_t wl_port_hub_rx(struct wl_port_hub *hub, uint32_t worker, struct rte_mbuf **mbufs,
			uint16_t wanted, uint64_t *relayed);
/* As rte_eth_tx_burst. */
uint16_t wl_port_hub_tx(struct wl_port_hub *hub, uint32_t worker, struct rte_mbuf **mbufs,
			uint16_t count);

/* Of a link that is open: the device is this worker's, alone or as the owner. */
static inline bool wl_port_hub_is_owned(const struct wl_dpdk_link *link, uint32_t worker)
{
	return link->hub == NULL || link->hub->steer.owner == worker;
}

#endif
