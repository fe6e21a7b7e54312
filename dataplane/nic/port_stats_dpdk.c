/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_stats_dpdk.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/nic/port_device_dpdk.h"
#include "dataplane/nic/port_hub_dpdk.h"

_Static_assert(WL_LINK_NUMBER_NAME_BYTES >= RTE_ETH_XSTATS_NAME_SIZE, "a driver's name fits");

/* The link, when it has a device to be asked. A NIC that several workers share is told of once, by its owner. */
static const struct wl_dpdk_link *device_of(const struct wl_port *base, uint16_t index)
{
	const struct wl_port_dpdk *port = (const struct wl_port_dpdk *)base;
	const struct wl_dpdk_link *link = &port->links[index];
	bool has_device = link->present &&
			  (link->kind == WL_LINK_PCI || link->kind == WL_LINK_EAL) &&
			  wl_port_hub_is_owned(link, port->worker) &&
			  wl_port_device_state(base, index) == WL_DEVICE_WELL;

	return has_device ? link : NULL;
}

static void add_handed(const struct wl_port_hub *hub, struct wl_link_stats *stats)
{
	const struct wl_steer_counters *counters = &hub->steer.counters;

	stats->handed_over = atomic_load_explicit(&counters->over, memory_order_relaxed);
	stats->handed_dropped = atomic_load_explicit(&counters->dropped, memory_order_relaxed);
	stats->handed_strange = atomic_load_explicit(&counters->strange, memory_order_relaxed);
	stats->handed_back = atomic_load_explicit(&counters->back, memory_order_relaxed);
}

bool wl_port_dpdk_link_stats(const struct wl_port *port, uint16_t link, struct wl_link_stats *stats)
{
	const struct wl_dpdk_link *of = device_of(port, link);
	struct rte_eth_stats device;

	if (!of || rte_eth_stats_get(of->device, &device) != 0)
		return false;
	*stats = (struct wl_link_stats){
		.rx_frames = device.ipackets,
		.tx_frames = device.opackets,
		.rx_bytes = device.ibytes,
		.tx_bytes = device.obytes,
		.rx_missed = device.imissed,
		.rx_no_buffer = device.rx_nombuf,
		.rx_errors = device.ierrors,
		.tx_errors = device.oerrors,
	};
	if (of->hub)
		add_handed(of->hub, stats);
	return true;
}

static uint32_t take(const struct rte_eth_xstat *values, const struct rte_eth_xstat_name *names,
		     uint32_t count, struct wl_link_number *numbers, uint32_t max)
{
	uint32_t taken = 0;

	for (uint32_t at = 0; at < count && taken < max; at++) {
		if (values[at].value == 0 || values[at].id >= count)
			continue;
		memcpy(numbers[taken].name, names[values[at].id].name, RTE_ETH_XSTATS_NAME_SIZE);
		numbers[taken].name[RTE_ETH_XSTATS_NAME_SIZE - 1] = '\0';
		numbers[taken++].value = values[at].value;
	}
	return taken;
}

uint32_t wl_port_dpdk_link_numbers(const struct wl_port *port, uint16_t link,
				   struct wl_link_number *numbers, uint32_t max)
{
	const struct wl_dpdk_link *of = device_of(port, link);
	int count = of ? rte_eth_xstats_get(of->device, NULL, 0) : 0;
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;
	uint32_t taken = 0;

	if (count <= 0)
		return 0;
	names = calloc((size_t)count, sizeof(*names));
	values = calloc((size_t)count, sizeof(*values));
	if (names && values &&
	    rte_eth_xstats_get_names(of->device, names, (unsigned)count) == count &&
	    rte_eth_xstats_get(of->device, values, (unsigned)count) == count)
		taken = take(values, names, (uint32_t)count, numbers, max);
	free(names);
	free(values);
	return taken;
}
