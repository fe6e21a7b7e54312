/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside port_dpdk: how each kind of link becomes a started ethdev with a queue for one worker, and
 * how it goes. Nothing else includes this.
 *
 * Thread: [init], or the port's thread outside of bursts. Never called from the fast path.
 */
#ifndef WL_DATAPLANE_NIC_PORT_LINKS_DPDK_H
#define WL_DATAPLANE_NIC_PORT_LINKS_DPDK_H

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "dataplane/nic/port_dpdk.h"
#include "dataplane/nic/port_memif_dpdk.h"
#include "dataplane/nic/port_udp_dpdk.h"

#define WL_XDP_HEADROOM 256u /* that the kernel keeps in front of a frame in an XDP buffer */

struct wl_port_hub;
struct wl_port_events;

struct wl_dpdk_link {
	bool present;
	_Atomic bool up; /* read by others */
	unsigned interface; /* the kernel's number of it, at open; 0: no interface of the kernel's */
	bool owns_device; /* a virtual device that we made */
	bool in_software; /* frames come and go through the hub */
	bool held; /* no queue of it is touched: the port's thread says so */
	_Atomic bool gone; /* its device is; who tends devices says so */
	_Atomic uint64_t resets;
	uint16_t device; /* DPDK's port id */
	uint16_t queue;
	struct wl_port_hub *hub; /* of a device that several workers share; NULL: it is ours alone */
	struct wl_port_events
		*events; /* pci, eal: what its device tells (port_device_dpdk.h); else NULL */
	struct wl_link_info info;
	enum wl_link_kind kind;
	char device_name[RTE_ETH_NAME_MAX_LEN];
	struct wl_udp_link
		udp; /* WL_LINK_UDP, which has no device; nor has WL_LINK_MEMIF: it is in `memif` below */
};

struct wl_port_dpdk {
	struct wl_port port; /* first */
	struct rte_mempool *pool;
	int memory_nodes[WIRELOG_WORKERS_MAX]; /* by worker; -1: not known */
	uint32_t worker, workers;
	uint16_t udp_port;
	uint16_t buffer_bytes; /* room in an mbuf */
	uint32_t frames_of_others; /* in the pool of a worker whose port is not open yet */
	uint16_t up_count;
	uint16_t turn;
	uint16_t up[WL_LINKS_MAX]; /* indexes of the links that frames may come from */
	uint64_t next_state_ns, next_open_ns;
	struct wl_port_dpdk_counters counters;
	struct wl_dpdk_link links[WL_LINKS_MAX];
	bool tended; /* somebody asks devices for their links: wl_port_config */
	struct wl_link_config interfaces
		[WL_LINKS_MAX]; /* of links whose device may be opened or started again; others: without a name */
	struct wl_memif memif;
};

/* Fills links[index]. 0 or a negative enum wirelog_status with words->reason. */
int wl_port_links_open(struct wl_port_dpdk *port, uint16_t index,
		       const struct wl_link_config *config, struct wl_port_words *words);
void wl_port_links_close(struct wl_port_dpdk *port, uint16_t index);
bool wl_port_links_device_is_up(const struct wl_dpdk_link *link);
/* A device that is leaving: nothing of it is touched afterwards. Nobody uses its queues. [who tends devices] */
void wl_port_links_let_go(struct wl_dpdk_link *link);
/* Of a link that is present: *up. False: it is an interface that is gone, or another one has its name. */
bool wl_port_links_look(const struct wl_port_dpdk *port, uint16_t index, bool *up);
/* Opens an interface that was deleted and made anew. What frames are about is kept, also when it fails. */
bool wl_port_links_reopen(struct wl_port_dpdk *port, uint16_t index);

/* The packet buffers of a worker; found again when they exist. */
struct rte_mempool *wl_port_links_pool(uint32_t worker, int memory_node, uint32_t frames,
				       uint16_t buffer_bytes);

#endif
