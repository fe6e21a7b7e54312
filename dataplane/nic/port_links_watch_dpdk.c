/* SPDX-License-Identifier: BSD-3-Clause */
/* Links that are open: is the interface still there, is it up, and opened again when it was made anew. */
#include <net/if.h>
#include <rte_ethdev.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/nic/port_events_dpdk.h"
#include "dataplane/nic/port_links_dpdk.h"

/* The kernel's flags of an interface, and its number in *index; 0 when there is none of that name. */
static unsigned ask_interface(const char *name, unsigned *index)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request;
	unsigned flags = 0;

	*index = 0;
	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, name, strnlen(name, sizeof(request.ifr_name) - 1));
	if (fd < 0)
		return 0;
	if (ioctl(fd, SIOCGIFINDEX, &request) == 0) {
		*index = (unsigned)request.ifr_ifindex;
		if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
			flags = (unsigned short)request.ifr_flags;
	}
	close(fd);
	return flags;
}

bool wl_port_links_device_is_up(const struct wl_dpdk_link *link)
{
	struct rte_eth_link status;

	return rte_eth_link_get_nowait(link->device, &status) == 0 &&
	       status.link_status == RTE_ETH_LINK_UP;
}

bool wl_port_links_look(const struct wl_port_dpdk *port, uint16_t index, bool *up)
{
	const struct wl_dpdk_link *link = &port->links[index];
	unsigned number, flags;

	if (link->interface == 0) {
		/* Others ask; it is a word of memory here, or it would be one in the driver. */
		if (link->held || (link->events && link->events->leaves))
			*up = false;
		else if (port->tended && link->events && !link->events->interrupts)
			*up = link->events->up;
		else
			*up = wl_port_links_device_is_up(link);
		return true;
	}
	flags = ask_interface(port->interfaces[index].name, &number);
	/* DPDK's driver for packet sockets says "up" whatever the carrier does. */
	*up = number == link->interface && (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
	return number == link->interface;
}

bool wl_port_links_reopen(struct wl_port_dpdk *port, uint16_t index)
{
	struct wl_link_config config = port->interfaces[index];
	struct wl_dpdk_link *link = &port->links[index];
	struct wl_link_info info = link->info;
	struct wl_port_words words = {.note = ""};

	if (if_nametoindex(config.name) == 0)
		return false;
	if (link->present)
		wl_port_links_close(port, index);
	if (wl_port_links_open(port, index, &config, &words) == 0)
		return true;
	link->kind = config.kind;
	link->info = info;
	return false;
}
