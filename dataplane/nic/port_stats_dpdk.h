/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the devices of a port have counted. Only of links that stay open as long as the port: PCI devices and those that EAL
 * can name. An interface is closed and opened again by the worker while somebody else would read, so the kernel's numbers are
 * taken for those (kernel_stats_file.h); memif and udp have no device.
 *
 * Thread: [any], one at a time, while the port is open: drivers read registers or counters of their own and touch no queue.
 */
#ifndef WL_DATAPLANE_NIC_PORT_STATS_DPDK_H
#define WL_DATAPLANE_NIC_PORT_STATS_DPDK_H

#include <stdbool.h>

#include "dataplane/base/link_stats.h"
#include "dataplane/base/port.h"

/* False: the link has no device that can be asked, or another worker's port tells of it. */
bool wl_port_dpdk_link_stats(const struct wl_port *port, uint16_t link,
			     struct wl_link_stats *stats);
/* Extended statistics that are not 0, at most `max`. Returns how many. Allocates. */
uint32_t wl_port_dpdk_link_numbers(const struct wl_port *port, uint16_t link,
				   struct wl_link_number *numbers, uint32_t max);

#endif
