/* SPDX-License-Identifier: BSD-3-Clause */
/* What makes a plan impossible, or a change that would cut the server off: all of it is told at once, and nothing is touched. */
#include <string.h>

#include "command/tune/tune_plan.h"

static bool is_bound(const struct wl_host_nic *nic)
{
	return strcmp(nic->driver, "vfio-pci") == 0;
}

static bool stays(const struct wl_host_nic *nic)
{
	return nic->has_family && nic->family.binding == WL_NIC_NEVER_BOUND;
}

/* Who loses something when the kernel loses this NIC? */
static void check_users(struct wl_tune_plan *plan, const struct wl_host_nic *nic,
			const struct wl_tune_wish *wish)
{
	if (nic->master[0] != '\0' && strcmp(nic->master, "none") != 0)
		wl_tune_refuse_plan(
			plan,
			"%s (%s) is a port of %s %s: take it out first (ip link set %s nomaster)",
			nic->address, nic->interface, nic->master_kind, nic->master,
			nic->interface);
	if (nic->upper[0] != '\0' && strcmp(nic->upper, "none") != 0)
		wl_tune_refuse_plan(plan,
				    "%s lies on %s (%s): remove it first, or give another NIC",
				    nic->upper, nic->address, nic->interface);
	if (nic->routes_default4 == 1 || nic->routes_default6 == 1)
		wl_tune_refuse_plan(
			plan,
			"%s (%s) carries the default route of IPv%d: binding it would cut this "
			"server off; give another NIC",
			nic->address, nic->interface, nic->routes_default4 == 1 ? 4 : 6);
	else if (nic->is_used == 1 && !wish->force)
		wl_tune_refuse_plan(
			plan, "%s (%s) carries addresses or routes: take them away, or --force",
			nic->address, nic->interface);
}

static void check_nic(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		      const struct wl_host_nic *nic, const struct wl_tune_wish *wish)
{
	if (nic->is_there != 1) {
		wl_tune_refuse_plan(plan, "%s is not there: %s", nic->name,
				    nic->kind == WL_CONFIG_PCI ? "lspci -D | grep -i ethernet"
							       : "ip link");
		return;
	}
	if (nic->has_family && !nic->needs_is_there)
		wl_tune_refuse_plan(plan, "%s (%s) needs %s: %s", nic->name, nic->family.name,
				    nic->family.needs, nic->family.needs_fix);
	if (nic->kind != WL_CONFIG_PCI)
		return;
	if (stays(nic)) {
		if (is_bound(nic))
			wl_tune_refuse_plan(
				plan,
				"%s (%s) is bound to vfio-pci, and a card of this family keeps "
				"its kernel driver: driverctl unset-override %s",
				nic->address, nic->family.name, nic->address);
		return;
	}
	if (is_bound(nic))
		return;
	check_users(plan, nic, wish);
	if (facts->system.iommu_groups <= 0 && facts->system.vfio_without_iommu != 1)
		wl_tune_refuse_plan(
			plan,
			"this machine has no IOMMU, so %s cannot be bound: VT-d or AMD-Vi in the "
			"firmware, boot with intel_iommu=on iommu=pt",
			nic->address);
	if (strcmp(nic->group_stranger, "none") != 0 && nic->group_stranger[0] != '\0')
		wl_tune_refuse_plan(
			plan,
			"%s shares its IOMMU group %s with %s: bind that, too, or use another "
			"slot",
			nic->address, nic->group, nic->group_stranger);
}

static void check_cores(struct wl_tune_plan *plan, const struct wl_host_cores *cores)
{
	struct wl_core_set missing = wl_core_set_minus(&cores->wanted, &cores->online);
	struct wl_core_set left = wl_core_set_minus(&cores->online, &cores->wanted);
	char list[96];

	if (!cores->online.is_known)
		return;
	wl_core_set_print(&missing, ',', list, sizeof(list));
	if (wl_core_set_count(&missing) > 0)
		wl_tune_refuse_plan(plan, "workers[].core: %s is not online here", list);
	if (wl_core_set_count(&left) == 0)
		wl_tune_refuse_plan(
			plan, "workers[].core takes every core: control and the kernel need one");
}

static void check_drive(struct wl_tune_plan *plan, const struct wl_host_facts *facts)
{
	const struct wl_host_drive *drive = &facts->drive;

	if (!drive->is_device)
		return;
	if (drive->is_there != 1) {
		wl_tune_refuse_plan(plan, "storage.path: %s is not there: ls -l /dev/disk/by-id",
				    facts->config->storage_path);
		return;
	}
	if (drive->users[0] != '\0' && strcmp(drive->users, "none") != 0)
		wl_tune_refuse_plan(plan, "storage.path: %s is in use: %s",
				    facts->config->storage_path, drive->users);
	if (drive->signature[0] != '\0' && strcmp(drive->signature, "none") != 0)
		wl_tune_refuse_plan(
			plan,
			"storage.path: %s holds %s: `wirelog format` shows it, and takes it away",
			facts->config->storage_path, drive->signature);
	if (drive->bytes != WL_FACT_UNKNOWN &&
	    (uint64_t)drive->bytes < wl_host_bytes_wanted(facts->config))
		wl_tune_refuse_plan(
			plan, "storage.path: %s is smaller than log.bytes_max of all journals",
			facts->config->storage_path);
}

void wl_tune_check_host(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			const struct wl_tune_wish *wish)
{
	check_cores(plan, &facts->cores);
	for (unsigned at = 0; at < facts->nic_count; at++)
		check_nic(plan, facts, &facts->nics[at], wish);
	check_drive(plan, facts);
	if (facts->system.uid == WL_FACT_UNKNOWN)
		wl_tune_refuse_plan(plan, "there is no user %s: systemd-sysusers makes it",
				    facts->system.user);
	if (facts->config->key_file[0] != '\0' && facts->system.key.uid == WL_FACT_UNKNOWN)
		wl_tune_refuse_plan(
			plan,
			"security.key_file: %s is not there: `wirelog key %s` once, and the same "
			"file on every server",
			facts->config->key_file, facts->config->key_file);
	if (facts->system.kernel_major != WL_FACT_UNKNOWN &&
	    (facts->system.kernel_major < 5 ||
	     (facts->system.kernel_major == 5 && facts->system.kernel_minor < 15)))
		wl_tune_refuse_plan(
			plan, "this kernel is older than 5.15: io_uring lacks what is needed");
}
