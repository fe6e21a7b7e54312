/* SPDX-License-Identifier: BSD-3-Clause */
/* Removal that the bus asks for is told by EAL alone, and that interface is not stable in 22.11. */
#define ALLOW_EXPERIMENTAL_API
#include "dataplane/nic/port_events_dpdk.h"

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "dataplane/base/check.h"

static const enum rte_eth_event_type heard[] = {RTE_ETH_EVENT_INTR_LSC, RTE_ETH_EVENT_INTR_RESET,
						RTE_ETH_EVENT_INTR_RMV};

static struct wl_port_events devices[RTE_MAX_ETHPORTS];

struct wl_port_events *wl_port_events_of(uint16_t device)
{
	WL_CHECK(device < RTE_MAX_ETHPORTS);
	return &devices[device];
}

static int on_event(uint16_t device, enum rte_eth_event_type event, void *context, void *result)
{
	struct wl_port_events *events = context;

	(void)device;
	(void)result;
	if (event == RTE_ETH_EVENT_INTR_LSC)
		atomic_fetch_add(&events->link_events, 1);
	else if (event == RTE_ETH_EVENT_INTR_RESET)
		atomic_fetch_add(&events->resets_asked, 1);
	else
		atomic_store(&events->leaves, true);
	return 0;
}

/* The kernel wants the device back: vfio asks, again and again, and waits. */
static void on_bus_event(const char *bus_name, enum rte_dev_event_type event, void *context)
{
	struct wl_port_events *events = context;

	(void)bus_name;
	if (event == RTE_DEV_EVENT_REMOVE)
		atomic_store(&events->leaves, true);
}

struct wl_port_events *wl_port_events_watch(uint16_t device, const char *bus_name)
{
	struct wl_port_events *events = wl_port_events_of(device);

	*events = (struct wl_port_events){.up = false};
	for (unsigned at = 0; at < RTE_DIM(heard); at++)
		rte_eth_dev_callback_register(device, heard[at], on_event, events);
	rte_dev_event_callback_register(bus_name, on_bus_event, events);
	return events;
}

void wl_port_events_forget(uint16_t device, const char *bus_name)
{
	struct wl_port_events *events = wl_port_events_of(device);

	for (unsigned at = 0; at < RTE_DIM(heard); at++)
		rte_eth_dev_callback_unregister(device, heard[at], on_event, events);
	rte_dev_event_callback_unregister(bus_name, on_bus_event, events);
}
