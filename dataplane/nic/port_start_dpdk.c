/* SPDX-License-Identifier: BSD-3-Clause */
/* The device of a link: its queues, its MTU, its address; started. */
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

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
		return wl_opening_fail(opening, WIRELOG_NO_MEMORY,
				       "no memory for the other workers' buffers");
	error = rte_eth_rx_queue_setup(opening->link->device, queue, plan->descriptors[0],
				       (unsigned)plan->memory_node, NULL, pool);
	return error == 0 ? 0 : wl_opening_explain(opening, error);
}

static int set_up_tx(const struct wl_opening *opening, const struct plan *plan, uint16_t queue)
{
	struct rte_eth_txconf transmit = plan->device.default_txconf;
	int error;

	transmit.offloads = plan->conf.txmode.offloads;
	error = rte_eth_tx_queue_setup(opening->link->device, queue, plan->descriptors[1],
				       (unsigned)plan->memory_node, &transmit);
	return error == 0 ? 0 : wl_opening_explain(opening, error);
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
		return wl_opening_explain(opening, error);
	fill_plan(opening, &plan);
	error = rte_eth_dev_configure(device, queues->rx, queues->tx, &plan.conf);
	if (error == 0)
		error = rte_eth_dev_adjust_nb_rx_tx_desc(device, &plan.descriptors[0],
							 &plan.descriptors[1]);
	if (error != 0)
		return wl_opening_explain(opening, error);
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
	if (rte_eth_dev_get_mtu(link->device, &now) == 0 && now == opening->mtu)
		return 0;
	error = rte_eth_dev_set_mtu(link->device, opening->mtu);
	if (error == 0 || error == -ENOTSUP)
		return 0;
	snprintf(what, sizeof(what), "the device refuses an MTU of %u (it has %u): %s",
		 opening->mtu, now, strerror(-error));
	return wl_opening_fail(opening, WIRELOG_PORT_MTU, what);
}

int wl_port_start_device(struct wl_opening *opening, const struct wl_port_queues *queues)
{
	uint16_t device = opening->link->device;
	int status, error;

	status = configure(opening, queues);
	if (status == 0)
		status = set_mtu(opening);
	if (status != 0)
		return status;
	error = rte_eth_dev_start(device);
	if (error != 0)
		return wl_opening_explain(opening, error);
	rte_eth_promiscuous_disable(device);
	return 0;
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
	status = shared ? wl_port_hub_enter(opening) : wl_port_start_device(opening, &one_each);
	if (status != 0)
		return status;
	if (!opening->config->has_mac) {
		if (rte_eth_macaddr_get(link->device, &mac) == 0)
			memcpy(link->info.mac, mac.addr_bytes, sizeof(link->info.mac));
		return 0;
	}
	memcpy(mac.addr_bytes, opening->config->mac, sizeof(link->info.mac));
	if (link->kind == WL_LINK_PCI && wl_port_hub_is_owned(link, opening->port->worker) &&
	    rte_eth_dev_default_mac_addr_set(link->device, &mac) != 0)
		wl_opening_note(opening, "%s keeps its own MAC", opening->subject);
	return 0;
}
