/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_hub_dpdk.h"

#include <rte_dev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_events_dpdk.h"
#include "wirelog/status.h"

#define ROUNDS 4u /* bursts from the device in one of ours, where most are for others */

static struct wl_port_hub *hubs[RTE_MAX_ETHPORTS]; /* [init] */

bool wl_port_hub_exists(uint16_t device)
{
	return hubs[device] != NULL;
}

bool wl_port_hub_is_for(const struct wl_opening *opening)
{
	const struct wl_link_config *config = opening->config;

	return opening->port->workers > 1 &&
	       (config->kind == WL_LINK_PCI ||
		(config->kind == WL_LINK_EAL && !config->point_to_point));
}

/* ---- flow rules ------------------------------------------------------------------------------- */

/* Frames to the worker's UDP port come to its queue. NULL: the device does not take it. */
static struct rte_flow *make_rule(uint16_t device, uint16_t udp_port, uint16_t queue,
				  struct rte_flow_error *error)
{
	struct rte_flow_attr attributes = {.ingress = 1};
	struct rte_flow_item_udp udp = {.hdr.dst_port = rte_cpu_to_be_16(udp_port)};
	struct rte_flow_item_udp udp_mask = {.hdr.dst_port = UINT16_MAX};
	struct rte_flow_item pattern[] = {
		{.type = RTE_FLOW_ITEM_TYPE_ETH},
		{.type = RTE_FLOW_ITEM_TYPE_IPV4},
		{.type = RTE_FLOW_ITEM_TYPE_UDP, .spec = &udp, .mask = &udp_mask},
		{.type = RTE_FLOW_ITEM_TYPE_END},
	};
	struct rte_flow_action_queue to = {.index = queue};
	struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &to},
		{.type = RTE_FLOW_ACTION_TYPE_END},
	};

	return rte_flow_create(device, &attributes, pattern, actions, error);
}

static void remove_rules(struct wl_port_hub *hub)
{
	struct rte_flow_error error;

	for (uint32_t worker = 0; worker < hub->steer.workers; worker++) {
		if (hub->flows[worker])
			rte_flow_destroy(hub->device, hub->flows[worker], &error);
		hub->flows[worker] = NULL;
	}
}

/* All or none. `why`: of the first that the device did not take. */
static bool make_rules(struct wl_port_hub *hub, char *why, size_t why_bytes)
{
	for (uint16_t worker = 0; worker < hub->steer.workers; worker++) {
		struct rte_flow_error error = {.message = NULL};
		uint16_t udp_port = (uint16_t)(hub->steer.udp_port + worker);

		hub->flows[worker] = make_rule(hub->device, udp_port, worker, &error);
		if (hub->flows[worker])
			continue;
		snprintf(why, why_bytes, "flow rules: %s",
			 error.message ? error.message : "no reason given");
		remove_rules(hub);
		return false;
	}
	return true;
}

/* ---- enter and leave -------------------------------------------------------------------------- */

/* True: the device runs with a queue pair and a rule for each worker. Else it is stopped. */
static bool start_with_rules(struct wl_opening *opening, struct wl_port_hub *hub,
			     const struct rte_eth_dev_info *device, char *why, size_t why_bytes)
{
	uint16_t workers = (uint16_t)hub->steer.workers;
	struct wl_port_queues queues = {workers, workers};

	snprintf(why, why_bytes, "%u of %u queues",
		 RTE_MIN(device->max_rx_queues, device->max_tx_queues), workers);
	if (device->max_rx_queues < workers || device->max_tx_queues < workers)
		return false;
	hub->queues = queues;
	if (wl_port_start_device(opening, &queues) != 0) {
		snprintf(why, why_bytes, "it does not start with %u queues: %s", workers,
			 opening->words->reason);
		return false;
	}
	if (make_rules(hub, why, why_bytes))
		return true;
	rte_eth_dev_stop(hub->device);
	return false;
}

/*
 * Drivers with which more queues to send from change nothing about where frames arrive. Not with all: virtio and packet sockets have pairs,
 * and what the other side puts into the second one's half would never be received.
 */
static bool has_tx_apart(const struct rte_eth_dev_info *device)
{
	static const char *const drivers[] = {"net_ena", "net_e1000_igb", "net_gve",
					      "net_igc", "net_ring",	  "net_vmxnet3"};

	for (unsigned at = 0; at < RTE_DIM(drivers); at++)
		if (strcmp(device->driver_name, drivers[at]) == 0)
			return true;
	return false;
}

static int start_in_software(struct wl_opening *opening, struct wl_port_hub *hub,
			     const struct rte_eth_dev_info *device)
{
	uint16_t workers = (uint16_t)hub->steer.workers;
	struct wl_port_queues queues = {1, workers};
	int status = WIRELOG_EAL_DEVICE;

	hub->in_software = true;
	hub->queues = queues;
	if (device->max_tx_queues >= workers && has_tx_apart(device))
		status = wl_port_start_device(opening, &queues);
	if (status == 0)
		return 0;
	hub->tx_shared = true;
	queues.tx = 1;
	hub->queues = queues;
	opening->mark = wl_eal_log_mark();
	return wl_port_start_device(opening, &queues);
}

static int start_shared(struct wl_opening *opening, struct wl_port_hub *hub)
{
	struct rte_eth_dev_info device;
	char why[320];
	int error = rte_eth_dev_info_get(hub->device, &device), status;

	if (error != 0)
		return wl_port_opening_explain(opening, error);
	if (start_with_rules(opening, hub, &device, why, sizeof(why))) {
		wl_port_opening_note(opening, "%s: steering by flow rules: UDP ports %u to %u",
				     opening->subject, hub->steer.udp_port,
				     hub->steer.udp_port + hub->steer.workers - 1);
		return 0;
	}
	opening->mark = wl_eal_log_mark();
	status = start_in_software(opening, hub, &device);
	if (status != 0)
		return status;
	opening->words->reason[0] = '\0';
	wl_port_opening_note(opening,
			     "%s: steering in software (%s): worker %u receives for all, and %s",
			     opening->subject, why, hub->steer.owner,
			     hub->tx_shared ? "sends for all" : "each sends on a queue of its own");
	return 0;
}

static struct wl_port_hub *make_hub(const struct wl_opening *opening)
{
	const struct wl_port_dpdk *port = opening->port;
	struct wl_port_hub *hub = rte_zmalloc("wl-hub", sizeof(*hub), _Alignof(struct wl_port_hub));

	if (!hub)
		return NULL;
	wl_steer_init(&hub->steer, port->worker, port->workers,
		      (uint16_t)(port->udp_port - port->worker));
	hub->device = opening->link->device;
	hub->owns_device = opening->link->owns_device;
	return hub;
}

int wl_port_hub_enter(struct wl_opening *opening)
{
	struct wl_dpdk_link *link = opening->link;
	struct wl_port_hub *hub = hubs[link->device];
	bool first = hub == NULL;
	int status = 0;

	if (first)
		hub = make_hub(opening);
	if (!hub)
		return wl_port_opening_fail(opening, WIRELOG_NO_MEMORY,
					    "no memory for rings between the workers");
	hubs[link->device] = hub;
	hub->users++;
	link->hub = hub;
	if (first)
		status = start_shared(opening, hub);
	link->in_software = hub->in_software;
	link->queue = (uint16_t)(hub->in_software ? 0 : opening->port->worker);
	if (!first)
		wl_port_opening_note(opening, "%s: steering %s", opening->subject,
				     hub->in_software ? "in software" : "by flow rules");
	return status;
}

/* Nobody is left who would take them. */
static void drain(struct wl_port_hub *hub)
{
	void *handles[WL_BURST];
	unsigned count;

	rte_pktmbuf_free_bulk(hub->waiting, hub->waiting_count);
	while ((count = wl_steer_drain(&hub->steer, handles, WL_BURST)) != 0)
		rte_pktmbuf_free_bulk((struct rte_mbuf **)handles, count);
}

static void close_device(struct wl_port_hub *hub, const struct wl_dpdk_link *link)
{
	remove_rules(hub);
	wl_port_events_forget(hub->device, link->device_name);
	rte_eth_dev_stop(hub->device);
	if (link->kind == WL_LINK_PCI)
		rte_eth_dev_close(hub->device);
	drain(hub);
	if (hub->owns_device)
		rte_eal_hotplug_remove("vdev", link->device_name);
	hubs[hub->device] = NULL;
}

void wl_port_hub_leave(struct wl_dpdk_link *link)
{
	struct wl_port_hub *hub = link->hub;

	link->hub = NULL;
	if (--hub->users != 0)
		return;
	if (hub->gone)
		drain(hub);
	else
		close_device(hub, link);
	rte_free(hub);
}

int wl_port_hub_restart(struct wl_opening *opening)
{
	struct wl_port_hub *hub = opening->link->hub;
	char why[160];
	int status;

	remove_rules(hub);
	status = wl_port_reset_device(opening);
	if (status == 0)
		status = wl_port_start_device(opening, &hub->queues);
	if (status == 0)
		wl_port_set_mac(opening);
	if (status == 0 && !hub->in_software && !make_rules(hub, why, sizeof(why)))
		status = wl_port_opening_fail(opening, WIRELOG_EAL_DEVICE, why);
	return status;
}

/* Its number may be another device's soon. */
void wl_port_hub_let_go(struct wl_port_hub *hub)
{
	remove_rules(hub);
	hub->gone = true;
	hubs[hub->device] = NULL;
}

/* ---- fast path -------------------------------------------------------------------------------- */

/* The others' frames to the device; what it does not take waits here, and behind that in their rings. Returns how many there were. */
static uint64_t send_for_others(struct wl_port_hub *hub)
{
	uint16_t count = hub->waiting_count, sent;

	count += (uint16_t)wl_steer_collect(&hub->steer, (void **)hub->waiting + count,
					    WL_BURST - count);
	if (wl_likely(count == 0))
		return 0;
	sent = rte_eth_tx_burst(hub->device, 0, hub->waiting, count);
	hub->waiting_count = (uint16_t)(count - sent);
	memmove(hub->waiting, hub->waiting + sent, hub->waiting_count * sizeof(hub->waiting[0]));
	return count;
}

/* Keeps the owner's, in their order, and hands over the rest. Returns how many it kept. */
static uint16_t sort_burst(struct wl_port_hub *hub, struct rte_mbuf **mbufs, uint16_t count)
{
	uint16_t kept = 0;

	for (uint16_t at = 0; at < count; at++) {
		struct rte_mbuf *mbuf = mbufs[at];
		uint32_t worker;

		if (at + 1 < count)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[at + 1], void *));
		worker = wl_steer_sort(&hub->steer, rte_pktmbuf_mtod(mbuf, const uint8_t *),
				       rte_pktmbuf_data_len(mbuf));
		if (worker == hub->steer.owner)
			mbufs[kept++] = mbuf;
		else if (!wl_steer_give(&hub->steer, worker, mbuf))
			rte_pktmbuf_free(mbuf);
	}
	return kept;
}

uint16_t wl_port_hub_rx(struct wl_port_hub *hub, uint32_t worker, struct rte_mbuf **mbufs,
			uint16_t wanted, uint64_t *relayed)
{
	uint16_t kept = 0;

	if (worker != hub->steer.owner)
		return (uint16_t)wl_steer_take(&hub->steer, worker, (void **)mbufs, wanted);
	if (hub->tx_shared)
		*relayed += send_for_others(hub);
	for (unsigned round = 0; round < ROUNDS && kept < wanted; round++) {
		uint16_t asked = (uint16_t)(wanted - kept);
		uint16_t got = rte_eth_rx_burst(hub->device, 0, mbufs + kept, asked);
		uint16_t mine = sort_burst(hub, mbufs + kept, got);

		*relayed += (uint64_t)(got - mine);
		kept = (uint16_t)(kept + mine);
		if (got < asked)
			break;
	}
	return kept;
}

uint16_t wl_port_hub_tx(struct wl_port_hub *hub, uint32_t worker, struct rte_mbuf **mbufs,
			uint16_t count)
{
	if (!hub->tx_shared)
		return rte_eth_tx_burst(hub->device, (uint16_t)worker, mbufs, count);
	if (worker == hub->steer.owner)
		return rte_eth_tx_burst(hub->device, 0, mbufs, count);
	return (uint16_t)wl_steer_send(&hub->steer, worker, (void **)mbufs, count);
}
