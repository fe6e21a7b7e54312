/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel knows of an interface: link, routes, who has taken it as a port. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/host/host_facts.h"

static void net_path(char path[WL_HOST_PATH_BYTES], const struct wl_host_nic *nic, const char *what)
{
	wl_host_path(path, "", "/sys/class/net/%s/%s", nic->interface, what);
}

static int64_t net_number(const char *root, const struct wl_host_nic *nic, const char *what)
{
	char path[WL_HOST_PATH_BYTES];

	net_path(path, nic, what);
	return wl_host_read_number(root, path);
}

static void read_master(const char *root, struct wl_host_nic *nic)
{
	char path[WL_HOST_PATH_BYTES];

	strcpy(nic->master, "none");
	strcpy(nic->master_kind, "none");
	net_path(path, nic, "master");
	if (!wl_host_read_link(root, path, nic->master, sizeof(nic->master))) {
		strcpy(nic->master, "none");
		return;
	}
	strcpy(nic->master_kind, "master");
	net_path(path, nic, "master/bridge");
	if (wl_host_is_there(root, path))
		strcpy(nic->master_kind, "bridge");
	net_path(path, nic, "master/bonding");
	if (wl_host_is_there(root, path))
		strcpy(nic->master_kind, "bond");
}

/* A VLAN, macvlan and the like is "upper_NAME". A master has such a link, too, and was told already. */
static bool look_at_upper(void *context, const char *name)
{
	struct wl_host_nic *nic = context;

	if (strncmp(name, "upper_", 6) != 0 || strcmp(name + 6, nic->master) == 0)
		return true;
	snprintf(nic->upper, sizeof(nic->upper), "%s", name + 6);
	return false;
}

/* Destination 0 with mask 0: "IFACE 00000000 GATEWAY FLAGS REFCNT USE METRIC 00000000". */
static int64_t has_default4(const char *root, const char *interface)
{
	static char text[1 << 16];
	char *line, *rest = text, name[32], to[16], mask[16];

	if (!wl_host_read_text(root, "/proc/net/route", text, sizeof(text)))
		return WL_FACT_UNKNOWN;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line, "%31s %15s %*s %*s %*s %*s %*s %15s", name, to, mask) == 3 &&
		    strcmp(name, interface) == 0 && strcmp(to, "00000000") == 0 &&
		    strcmp(mask, "00000000") == 0)
			return 1;
	return 0;
}

/* "DEST LENGTH SOURCE LENGTH HOP METRIC REF USE FLAGS IFACE"; the kernel's own way to nowhere is that of lo. */
static int64_t has_default6(const char *root, const char *interface)
{
	static char text[1 << 16];
	char *line, *rest = text, to[40], length[8], name[32];

	if (!wl_host_read_text(root, "/proc/net/ipv6_route", text, sizeof(text)))
		return WL_FACT_UNKNOWN;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line, "%39s %7s %*s %*s %*s %*s %*s %*s %*s %31s", to, length, name) ==
			    3 &&
		    strcmp(name, interface) == 0 && strcmp(length, "00") == 0 &&
		    strspn(to, "0") == strlen(to))
			return 1;
	return 0;
}

/* A line of /proc/net/route, or of /proc/net/if_inet6 with scope 0 ("ADDRESS INDEX LENGTH SCOPE FLAGS IFACE"), is about it. */
static int64_t is_used(const char *root, const char *interface)
{
	static char text[1 << 16];
	char *line, *rest = text, name[32], scope[8];

	if (!wl_host_read_text(root, "/proc/net/route", text, sizeof(text)))
		return WL_FACT_UNKNOWN;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line, "%31s", name) == 1 && strcmp(name, interface) == 0)
			return 1;
	rest = text;
	if (!wl_host_read_text(root, "/proc/net/if_inet6", text, sizeof(text)))
		return 0;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line, "%*s %*s %*s %7s %*s %31s", scope, name) == 2 &&
		    strcmp(name, interface) == 0 && strcmp(scope, "00") == 0)
			return 1;
	return 0;
}

/* Firmware and pause frames are told by the driver alone, so of this machine alone. */
static void ask_driver(struct wl_host_nic *nic)
{
	struct ethtool_drvinfo about = {.cmd = ETHTOOL_GDRVINFO};
	struct ethtool_pauseparam pause = {.cmd = ETHTOOL_GPAUSEPARAM};
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s", nic->interface);
	request.ifr_data = (void *)&about;
	if (ioctl(fd, SIOCETHTOOL, &request) == 0)
		snprintf(nic->firmware, sizeof(nic->firmware), "%.*s",
			 (int)sizeof(about.fw_version) - 1, about.fw_version);
	request.ifr_data = (void *)&pause;
	if (ioctl(fd, SIOCETHTOOL, &request) == 0)
		nic->pause = pause.rx_pause != 0 || pause.tx_pause != 0;
	close(fd);
}

void wl_host_kernel_nic_read(const char *root, struct wl_host_nic *nic)
{
	char path[WL_HOST_PATH_BYTES];

	nic->carrier = net_number(root, nic, "carrier");
	nic->speed_mbit = net_number(root, nic, "speed");
	if (nic->speed_mbit != WL_FACT_UNKNOWN && nic->speed_mbit <= 0)
		nic->speed_mbit = WL_FACT_UNKNOWN;
	nic->mtu = net_number(root, nic, "mtu");
	read_master(root, nic);
	strcpy(nic->upper, "none");
	net_path(path, nic, "");
	wl_host_each(root, path, look_at_upper, nic);
	nic->routes_default4 = has_default4(root, nic->interface);
	nic->routes_default6 = has_default6(root, nic->interface);
	nic->is_used = is_used(root, nic->interface);
	if (root[0] == '\0')
		ask_driver(nic);
}
