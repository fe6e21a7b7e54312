/* SPDX-License-Identifier: BSD-3-Clause */
/* The device of a link: its queues, its MTU, its address; started. */
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_events_dpdk.h"
#include "dataplane/nic/port_hub_dpdk.h"
#include "dataplane/nic/port_opening_dpdk.h"
#include "wirelog/status.h"

#define DESCRIPTORS 1024u
#define VIRTUAL_DESCRIPTORS 512u

struct plan {
	struct wl_port_queues queues;
	uint16_t descriptors[2]; /* of a queue, rx and tx */
	int memory_node;
	struct rte_eth_conf conf;
	struct rte_eth_dev_info device;
};

/* Where several workers receive, each one's buffers are its own. */
static int set_up_rx(const struct wl_opening *opening, const struct plan *plan, uint16_t queue)
{
	struct wl_port_dpdk *port = opening->port;
	struct rte_mempool *pool = port->pool;
	int error;

	if (plan->queues.rx > 1 && queue != port->worker)
		pool = wl_port_links_pool(queue, port->memory_nodes[queue], port->frames_of_others,
					  port->buffer_bytes);
	if (pool == NULL)
		return wl_port_opening_fail(opening, WIRELOG_NO_MEMORY,
					    "no memory for the other workers' buffers");
	error = rte_eth_rx_queue_setup(opening->link->device, queue, plan->descriptors[0],
				       (unsigned)plan->memory_node, NULL, pool);
	return error == 0 ? 0 : wl_port_opening_explain(opening, error);
}

static int set_up_tx(const struct wl_opening *opening, const struct plan *plan, uint16_t queue)
{
	struct rte_eth_txconf transmit = plan->device.default_txconf;
	int error;

	transmit.offloads = plan->conf.txmode.offloads;
	error = rte_eth_tx_queue_setup(opening->link->device, queue, plan->descriptors[1],
				       (unsigned)plan->memory_node, &transmit);
	return error == 0 ? 0 : wl_port_opening_explain(opening, error);
}

/*
 * Drivers that announce interrupts for the link and have them once, or never: behind vfio with MSI-X, e1000's stays silent after the
 * first one, and DPDK gives the state of that time for ever. Control asks these devices.
 */
static bool has_link_interrupts(const struct rte_eth_dev_info *device)
{
	return (*device->dev_flags & RTE_ETH_DEV_INTR_LSC) != 0 &&
	       strcmp(device->driver_name, "net_e1000_em") != 0;
}

static void fill_plan(const struct wl_opening *opening, struct plan *plan)
{
	const struct wl_link_config *config = opening->config;
	bool pci = config->kind == WL_LINK_PCI;
	bool shared = wl_port_hub_is_for(opening);
	int node = rte_eth_dev_socket_id(opening->link->device);

	plan->memory_node = node < 0 ? 0 : node;
	plan->descriptors[0] = VIRTUAL_DESCRIPTORS;
	if (pci || config->kind == WL_LINK_AF_XDP)
		plan->descriptors[0] = config->descriptors ? config->descriptors : DESCRIPTORS;
	plan->descriptors[1] = plan->descriptors[0];
	plan->conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
	if (pci)
		plan->conf.rxmode.mtu = opening->mtu;
	if (pci && !opening->without_interrupts) {
		plan->conf.intr_conf.lsc = has_link_interrupts(&plan->device);
		plan->conf.intr_conf.rmv = (*plan->device.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
	}
	/* Frames of one pool, in one piece, with one owner: what this offload asks for. A queue that sends for several workers has
	 * the frames of all their pools. */
	if (pci && (!shared || plan->queues.tx > 1))
		plan->conf.txmode.offloads = plan->device.tx_offload_capa &
					     RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
}

static int configure(const struct wl_opening *opening, const struct wl_port_queues *queues)
{
	uint16_t device = opening->link->device;
	struct plan plan;
	int error, status = 0;

	memset(&plan, 0, sizeof(plan));
	plan.queues = *queues;
	error = rte_eth_dev_info_get(device, &plan.device);
	if (error != 0)
		return wl_port_opening_explain(opening, error);
	fill_plan(opening, &plan);
	if (opening->link->events)
		opening->link->events->interrupts = plan.conf.intr_conf.lsc;
	error = rte_eth_dev_configure(device, queues->rx, queues->tx, &plan.conf);
	if (error == 0)
		error = rte_eth_dev_adjust_nb_rx_tx_desc(device, &plan.descriptors[0],
							 &plan.descriptors[1]);
	if (error != 0)
		return wl_port_opening_explain(opening, error);
	for (uint16_t queue = 0; queue < queues->rx && status == 0; queue++)
		status = set_up_rx(opening, &plan, queue);
	for (uint16_t queue = 0; queue < queues->tx && status == 0; queue++)
		status = set_up_tx(opening, &plan, queue);
	return status;
}

static int set_mtu(const struct wl_opening *opening)
{
	const struct wl_dpdk_link *link = opening->link;
	uint16_t now = 0;
	char what[128];
	int error;

	if (opening->config->kind != WL_LINK_PCI && opening->config->kind != WL_LINK_EAL)
		return 0;
	/* Some drivers take it with the configuration, some (ena) in this way alone, and all say that they have it. */
	if (rte_eth_dev_get_mtu(link->device, &now) == 0 && now == opening->mtu &&
	    opening->config->kind != WL_LINK_PCI)
		return 0;
	error = rte_eth_dev_set_mtu(link->device, opening->mtu);
	if (error == 0 || error == -ENOTSUP || now == opening->mtu)
		return 0;
	snprintf(what, sizeof(what), "the device refuses an MTU of %u (it has %u): %s",
		 opening->mtu, now, strerror(-error));
	return wl_port_opening_fail(opening, WIRELOG_PORT_MTU, what);
}

/*
 * A peer that is slow would stop the switch's port for all: what a node cannot take is dropped, and sent again. What a driver says of
 * now is not what it will ask its peer for (e1000: none until the link has come up, all from then on), so it is told in any case.
 */
static void refuse_pauses(struct wl_opening *opening)
{
	uint16_t device = opening->link->device;
	struct rte_eth_fc_conf pauses;
	bool none;

	memset(&pauses, 0, sizeof(pauses));
	if (opening->config->kind != WL_LINK_PCI || rte_eth_dev_flow_ctrl_get(device, &pauses) != 0)
		return;
	none = pauses.mode == RTE_ETH_FC_NONE;
	pauses.mode = RTE_ETH_FC_NONE;
	if (rte_eth_dev_flow_ctrl_set(device, &pauses) == 0)
		wl_port_opening_note(opening, "%s: pause frames off", opening->subject);
	else if (!none)
		wl_port_opening_note(opening, "%s: pause frames stay on, the device keeps them",
				     opening->subject);
}

static int start_once(struct wl_opening *opening, const struct wl_port_queues *queues)
{
	int status = configure(opening, queues), error;

	if (status == 0)
		status = set_mtu(opening);
	if (status != 0)
		return status;
	error = rte_eth_dev_start(opening->link->device);
	return error == 0 ? 0 : wl_port_opening_explain(opening, error);
}

int wl_port_start_device(struct wl_opening *opening, const struct wl_port_queues *queues)
{
	const struct wl_port_events *events = opening->link->events;
	int status = start_once(opening, queues);

	if (status != 0 && events && events->interrupts) {
		opening->without_interrupts = true;
		opening->mark = wl_eal_log_mark();
		status = start_once(opening, queues);
		if (status == 0) {
			opening->words->reason[0] = '\0';
			wl_port_opening_note(opening, "%s: it starts without link interrupts alone",
					     opening->subject);
		}
	}
	if (status != 0)
		return status;
	rte_eth_promiscuous_disable(opening->link->device);
	refuse_pauses(opening);
	return 0;
}

int wl_port_reset_device(struct wl_opening *opening)
{
	int error = rte_eth_dev_reset(opening->link->device);

	/* Stopped, set up anew and started is what there is without it. */
	if (error == -ENOTSUP)
		error = rte_eth_dev_stop(opening->link->device);
	return error == 0 ? 0 : wl_port_opening_explain(opening, error);
}

int wl_port_restart_device(struct wl_opening *opening)
{
	static const struct wl_port_queues one_each = {1, 1};
	int status = wl_port_reset_device(opening);

	if (status == 0)
		status = wl_port_start_device(opening, &one_each);
	if (status == 0)
		wl_port_set_mac(opening);
	return status;
}

void wl_port_set_mac(struct wl_opening *opening)
{
	const struct wl_dpdk_link *link = opening->link;
	struct rte_ether_addr mac;

	if (!opening->config->has_mac || link->kind != WL_LINK_PCI ||
	    !wl_port_hub_is_owned(link, opening->port->worker))
		return;
	memcpy(mac.addr_bytes, opening->config->mac, sizeof(mac.addr_bytes));
	if (rte_eth_dev_default_mac_addr_set(link->device, &mac) != 0)
		wl_port_opening_note(opening, "%s keeps its own MAC", opening->subject);
}

/* Who comes to a device that runs already finds its events being watched. */
static void watch(struct wl_opening *opening, bool shared)
{
	struct wl_dpdk_link *link = opening->link;

	link->events = shared && wl_port_hub_exists(link->device)
			       ? wl_port_events_of(link->device)
			       : wl_port_events_watch(link->device, link->device_name);
}

int wl_port_start_link(struct wl_opening *opening)
{
	static const struct wl_port_queues one_each = {1, 1};
	struct wl_dpdk_link *link = opening->link;
	bool shared = wl_port_hub_is_for(opening);
	struct rte_ether_addr mac;
	int status;

	if (opening->config->has_mac)
		memcpy(link->info.mac, opening->config->mac, sizeof(link->info.mac));
	if (opening->config->kind == WL_LINK_UDP || opening->config->kind == WL_LINK_MEMIF)
		return 0; /* no device */
	if (link->kind == WL_LINK_PCI || link->kind == WL_LINK_EAL)
		watch(opening, shared);
	status = shared ? wl_port_hub_enter(opening) : wl_port_start_device(opening, &one_each);
	if (status != 0)
		return status;
	if (!opening->config->has_mac && rte_eth_macaddr_get(link->device, &mac) == 0)
		memcpy(link->info.mac, mac.addr_bytes, sizeof(link->info.mac));
	wl_port_set_mac(opening);
	return 0;
}
