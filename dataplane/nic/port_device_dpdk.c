/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_device_dpdk.h"

#include <rte_dev.h>
#include <stdio.h>

#include "dataplane/base/check.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_events_dpdk.h"
#include "dataplane/nic/port_hub_dpdk.h"
#include "dataplane/nic/port_opening_dpdk.h"

/* The link, when this port tells of its device. */
static const struct wl_dpdk_link *watched(const struct wl_port *base, uint16_t index)
{
	const struct wl_port_dpdk *port = (const struct wl_port_dpdk *)base;
	const struct wl_dpdk_link *link = &port->links[index];
	bool is_told;

	WL_CHECK(index < WL_LINKS_MAX);
	is_told = link->present && link->events && wl_port_hub_is_owned(link, port->worker);
	return is_told ? link : NULL;
}

/* The same, of a device that all workers hold. */
static struct wl_dpdk_link *held(struct wl_port *base, uint16_t index)
{
	struct wl_port_dpdk *port = (struct wl_port_dpdk *)base;
	struct wl_dpdk_link *link = &port->links[index];

	WL_CHECK(watched(base, index) && link->held && !link->gone);
	return link;
}

enum wl_device_state wl_port_device_state(const struct wl_port *port, uint16_t index)
{
	const struct wl_dpdk_link *link = watched(port, index);

	if (!link)
		return WL_DEVICE_WELL;
	if (link->gone)
		return WL_DEVICE_GONE;
	if (link->events->leaves)
		return WL_DEVICE_LEAVES;
	return link->events->resets_asked != link->events->resets_done ? WL_DEVICE_WANTS_RESET
								       : WL_DEVICE_WELL;
}

const char *wl_port_device_state_name(enum wl_device_state state)
{
	static const char *const names[] = {"well", "resetting", "leaving", "gone"};

	WL_CHECK(state <= WL_DEVICE_GONE);
	return names[state];
}

bool wl_port_device_told(const struct wl_port *port, uint16_t index, struct wl_device_told *told)
{
	const struct wl_dpdk_link *link = watched(port, index);

	if (!link)
		return false;
	told->link_events = link->events->link_events;
	told->resets = link->resets;
	told->interrupts = link->events->interrupts;
	return true;
}

void wl_port_device_ask(struct wl_port *port, uint16_t index)
{
	const struct wl_dpdk_link *link = watched(port, index);

	if (link && wl_port_device_state(port, index) == WL_DEVICE_WELL &&
	    !link->events->interrupts)
		link->events->up = wl_port_links_device_is_up(link);
}

int wl_port_device_reset(struct wl_port *base, uint16_t index, struct wl_port_words *words)
{
	struct wl_port_dpdk *port = (struct wl_port_dpdk *)base;
	struct wl_dpdk_link *link = held(base, index);
	struct wl_opening opening;
	uint32_t asked;
	int status;

	opening = (struct wl_opening){.port = port,
				      .link = link,
				      .config = &port->interfaces[index],
				      .words = words,
				      .index = index,
				      .mtu = link->info.mtu,
				      .mark = wl_eal_log_mark()};
	snprintf(opening.subject, sizeof(opening.subject), "link %u (%s)", index,
		 link->device_name);
	asked = link->events->resets_asked;
	status = link->hub ? wl_port_hub_restart(&opening) : wl_port_restart_device(&opening);
	if (status != 0)
		return status;
	link->events->up = wl_port_links_device_is_up(link);
	link->resets++;
	link->events->resets_done = asked;
	return 0;
}

void wl_port_device_let_go(struct wl_port *base, uint16_t index)
{
	struct wl_dpdk_link *link = held(base, index);

	if (link->hub)
		wl_port_hub_let_go(link->hub);
	wl_port_links_let_go(link);
	link->gone = true;
}
