/* SPDX-License-Identifier: BSD-3-Clause */
/* NICs of the file: PCI devices bound for DPDK, and interfaces of the kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/host/host_facts.h"

#define DEVICES "/sys/bus/pci/devices"

struct first {
	char *name;
	size_t name_bytes;
};

static bool take_first(void *context, const char *name)
{
	struct first *first = context;

	snprintf(first->name, first->name_bytes, "%s", name);
	return false;
}

/* virtio-net hangs one device lower: ADDRESS/virtio0/net/NAME. */
struct virtio {
	const char *root;
	struct wl_host_nic *nic;
};

static bool look_below_virtio(void *context, const char *name)
{
	struct virtio *virtio = context;
	struct first first = {virtio->nic->interface, sizeof(virtio->nic->interface)};
	char path[WL_HOST_PATH_BYTES];

	if (strncmp(name, "virtio", 6) != 0)
		return true;
	wl_host_path(path, "", DEVICES "/%s/%s/net", virtio->nic->address, name);
	wl_host_each(virtio->root, path, take_first, &first);
	return virtio->nic->interface[0] == '\0';
}

static void read_interface(const char *root, struct wl_host_nic *nic)
{
	struct first first = {nic->interface, sizeof(nic->interface)};
	struct virtio virtio = {root, nic};
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", DEVICES "/%s/net", nic->address);
	wl_host_each(root, path, take_first, &first);
	wl_host_path(path, "", DEVICES "/%s", nic->address);
	if (nic->interface[0] == '\0')
		wl_host_each(root, path, look_below_virtio, &virtio);
	if (nic->interface[0] == '\0')
		strcpy(nic->interface, "none");
}

static int64_t pci_number(const char *root, const struct wl_host_nic *nic, const char *what)
{
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", DEVICES "/%s/%s", nic->address, what);
	return wl_host_read_number(root, path);
}

/* ---- its IOMMU group ---------------------------------------------------------------------------- */

struct group {
	const char *root;
	struct wl_host_nic *nic;
};

/* Bridges belong to their group without being used; a device without a driver disturbs nobody. */
static bool look_at_neighbour(void *context, const char *name)
{
	struct group *group = context;
	char path[WL_HOST_PATH_BYTES], driver[32];
	int64_t class;

	if (strcmp(name, group->nic->address) == 0)
		return true;
	wl_host_path(path, "", DEVICES "/%s/class", name);
	class = wl_host_read_number(group->root, path);
	wl_host_path(path, "", DEVICES "/%s/driver", name);
	if (!wl_host_read_link(group->root, path, driver, sizeof(driver)) ||
	    (class != WL_FACT_UNKNOWN && class >> 16 == 6) || strcmp(driver, "vfio-pci") == 0 ||
	    strcmp(driver, "pcieport") == 0 || strcmp(driver, "pci-stub") == 0)
		return true;
	snprintf(group->nic->group_stranger, sizeof(group->nic->group_stranger), "%s (%s)", name,
		 driver);
	return false;
}

static void read_group(const char *root, struct wl_host_nic *nic)
{
	struct group group = {root, nic};
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", DEVICES "/%s/iommu_group", nic->address);
	if (!wl_host_read_link(root, path, nic->group, sizeof(nic->group)))
		strcpy(nic->group, "none");
	strcpy(nic->group_stranger, "none");
	wl_host_path(path, "", "/sys/kernel/iommu_groups/%s/devices", nic->group);
	if (strcmp(nic->group, "none") != 0)
		wl_host_each(root, path, look_at_neighbour, &group);
	wl_host_path(path, "", "/dev/vfio/%s", nic->group);
	wl_host_owner_read(root, path, &nic->group_file);
}

/* ---- one NIC ------------------------------------------------------------------------------------ */

static void read_pci(const char *root, struct wl_host_nic *nic)
{
	char path[WL_HOST_PATH_BYTES];
	int64_t vendor = pci_number(root, nic, "vendor"), device = pci_number(root, nic, "device");

	wl_host_path(path, "", DEVICES "/%s/driver", nic->address);
	if (!wl_host_read_link(root, path, nic->driver, sizeof(nic->driver)))
		strcpy(nic->driver, "none");
	if (vendor != WL_FACT_UNKNOWN && device != WL_FACT_UNKNOWN)
		snprintf(nic->id, sizeof(nic->id), "%04x:%04x", (unsigned)vendor & 0xffff,
			 (unsigned)device & 0xffff);
	nic->node = pci_number(root, nic, "numa_node");
	nic->lanes = pci_number(root, nic, "current_link_width");
	nic->lanes_max = pci_number(root, nic, "max_link_width");
	read_group(root, nic);
}

/* The PCI device below an interface of the kernel. */
static void find_device(const char *root, struct wl_host_nic *nic)
{
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", "/sys/class/net/%s/device", nic->interface);
	if (!wl_host_read_link(root, path, nic->address, sizeof(nic->address)) ||
	    strchr(nic->address, ':') == NULL)
		strcpy(nic->address, "none");
}

static void read_nic(const char *root, struct wl_host_nic *nic,
		     const struct wl_nic_families *families)
{
	const struct wl_nic_family *family;
	char path[WL_HOST_PATH_BYTES];

	if (nic->kind == WL_CONFIG_PCI) {
		snprintf(nic->address, sizeof(nic->address), "%.15s", nic->name);
		wl_host_path(path, "", DEVICES "/%s", nic->address);
	} else {
		snprintf(nic->interface, sizeof(nic->interface), "%.31s", nic->name);
		wl_host_path(path, "", "/sys/class/net/%s", nic->interface);
		find_device(root, nic);
	}
	nic->is_there = wl_host_is_there(root, path);
	if (!nic->is_there)
		return;
	if (strcmp(nic->address, "none") != 0)
		read_pci(root, nic);
	if (nic->kind == WL_CONFIG_PCI)
		read_interface(root, nic);
	if (strcmp(nic->interface, "none") != 0)
		wl_host_kernel_nic_read(root, nic);
	family = families != NULL ? wl_nic_family_find(families, nic->id, nic->driver) : NULL;
	nic->has_family = family != NULL;
	if (family == NULL)
		return;
	nic->family = *family;
	nic->needs_is_there = family->needs[0] == '\0' || wl_host_is_there(root, family->needs);
}

static void begin(struct wl_host_nic *nic, const struct wl_config_link *link)
{
	nic->kind = link->kind;
	snprintf(nic->name, sizeof(nic->name), "%s", link->name);
	nic->mtu_wanted = link->mtu;
	nic->descriptors = link->descriptors;
	nic->node = nic->carrier = nic->speed_mbit = nic->mtu = nic->pause = WL_FACT_UNKNOWN;
	nic->lanes = nic->lanes_max = WL_FACT_UNKNOWN;
	nic->routes_default4 = nic->routes_default6 = nic->is_used = WL_FACT_UNKNOWN;
	nic->group_file = (struct wl_host_owner){WL_FACT_UNKNOWN, WL_FACT_UNKNOWN, WL_FACT_UNKNOWN};
}

static bool is_known(const struct wl_host_facts *facts, const struct wl_config_link *link)
{
	for (unsigned at = 0; at < facts->nic_count; at++)
		if (facts->nics[at].kind == link->kind &&
		    strcmp(facts->nics[at].name, link->name) == 0)
			return true;
	return false;
}

void wl_host_nics_read(struct wl_host_facts *facts, const struct wl_nic_families *families)
{
	const struct wl_config *config = facts->config;

	for (uint32_t worker = 0; config != NULL && worker < config->worker_count; worker++)
		for (uint32_t at = 0; at < config->workers[worker].link_count; at++) {
			const struct wl_config_link *link = &config->workers[worker].links[at];
			struct wl_host_nic *nic = &facts->nics[facts->nic_count];

			if ((link->kind != WL_CONFIG_PCI && link->kind != WL_CONFIG_AF_PACKET &&
			     link->kind != WL_CONFIG_AF_XDP) ||
			    is_known(facts, link) || facts->nic_count == WL_HOST_NICS_MAX)
				continue;
			begin(nic, link);
			read_nic(facts->root, nic, families);
			facts->nic_count++;
		}
}
