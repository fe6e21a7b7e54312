/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps on what belongs to the node's user: NICs, drive, key, unit. */
#include <stdio.h>
#include <string.h>

#include "command/tune/tune_plan.h"

#define UNUSED(x) ((void)(x))
#define DROP_IN "/etc/systemd/system/wirelogd.service.d/50-wirelog-tune.conf"

static bool is_to_be_bound(const struct wl_host_nic *nic)
{
	return nic->kind == WL_CONFIG_PCI && nic->is_there == 1 &&
	       !(nic->has_family && nic->family.binding == WL_NIC_NEVER_BOUND);
}

static bool has_nic_to_bind(const struct wl_host_facts *facts)
{
	for (unsigned at = 0; at < facts->nic_count; at++)
		if (is_to_be_bound(&facts->nics[at]))
			return true;
	return false;
}

/* The package's own rule does it, where that is there. */
void wl_tune_plan_vfio_rule(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			    const struct wl_tune_wish *wish)
{
	static const char path[] = "/etc/udev/rules.d/65-wirelog.rules";
	struct wl_tune_action *action;

	UNUSED(wish);
	if (!has_nic_to_bind(facts) ||
	    (facts->system.vfio_rule == 1 && !wl_host_is_there(facts->root, path)))
		return;
	action = wl_tune_add(plan, WL_TUNE_FILE, "%s", path);
	wl_tune_set(
		action->text, sizeof(action->text),
		"# Made by wirelog tune.\n"
		"SUBSYSTEM==\"vfio\", KERNEL!=\"vfio\", GROUP=\"%s\", MODE=\"0660\"\n"
		"SUBSYSTEM==\"block\", ENV{DEVTYPE}==\"disk\", ENV{WIRELOG_DRIVE}==\"1\", GROUP=\"%s\", "
		"MODE=\"0660\", SYMLINK+=\"wirelog/drive\"\n",
		facts->system.user, facts->system.user);
	wl_tune_set(action->run, sizeof(action->run), "udevadm control --reload");
}

void wl_tune_plan_vfio_module(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			      const struct wl_tune_wish *wish)
{
	struct wl_tune_action *action;

	UNUSED(wish);
	if (!has_nic_to_bind(facts))
		return;
	action = wl_tune_add(plan, WL_TUNE_FILE, "/etc/modules-load.d/wirelog-tune.conf");
	wl_tune_set(action->text, sizeof(action->text), "# Made by wirelog tune.\nvfio-pci\n");
	if (facts->system.vfio_is_loaded == 1)
		return;
	action = wl_tune_add(plan, WL_TUNE_RUN, "vfio-pci");
	wl_tune_set(action->run, sizeof(action->run), "modprobe vfio-pci");
	wl_tune_set(action->undo, sizeof(action->undo), "modprobe -r vfio-pci");
}

void wl_tune_plan_nics(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		       const struct wl_tune_wish *wish)
{
	struct wl_tune_action *action;
	char path[WL_HOST_PATH_BYTES], before[64];

	UNUSED(wish);
	for (unsigned at = 0; at < facts->nic_count; at++) {
		const struct wl_host_nic *nic = &facts->nics[at];

		if (!is_to_be_bound(nic))
			continue;
		wl_host_path(path, "", "/etc/driverctl.d/pci-%s", nic->address);
		wl_host_read_line(facts->root, path, before, sizeof(before));
		if (strcmp(nic->driver, "vfio-pci") == 0 && strcmp(before, "vfio-pci") == 0)
			continue;
		action = wl_tune_add(plan, WL_TUNE_RUN, "%s (%s)", nic->address, nic->driver);
		wl_tune_set(action->run, sizeof(action->run), "driverctl set-override %s vfio-pci",
			    nic->address);
		if (before[0] != '\0')
			wl_tune_set(action->undo, sizeof(action->undo),
				    "driverctl set-override %s %s", nic->address, before);
		else if (strcmp(nic->driver, "vfio-pci") == 0)
			/* Bound by hand before: that binding comes back, and no override stays. */
			wl_tune_set(action->undo, sizeof(action->undo),
				    "driverctl --noprobe unset-override %s; "
				    "dpdk-devbind.py --bind=vfio-pci %s",
				    nic->address, nic->address);
		else if (strcmp(nic->driver, "none") == 0)
			/* No driver takes it, and driverctl calls that a failure before it forgets the override. */
			wl_tune_set(action->undo, sizeof(action->undo),
				    "driverctl --noprobe unset-override %s", nic->address);
		else
			wl_tune_set(action->undo, sizeof(action->undo),
				    "driverctl unset-override %s", nic->address);
	}
}

/* ---- drive -------------------------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
	return text[0] != '\0' && strcspn(text, "\"\\\n") == strlen(text);
}

void wl_tune_plan_drive(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			const struct wl_tune_wish *wish)
{
	static const char path[] = "/etc/udev/rules.d/64-wirelog-drive.rules";
	const struct wl_host_drive *drive = &facts->drive;
	struct wl_tune_action *action;
	char now[512], mark[160];

	UNUSED(wish);
	if (!drive->is_device || drive->is_there != 1)
		return;
	if (!is_plain(drive->serial)) {
		wl_tune_note(plan, "udev tells no serial of %s: write %s by hand", drive->name,
			     path);
		return;
	}
	/* A rule that somebody wrote for this drive does. */
	snprintf(mark, sizeof(mark), "\"%s\"", drive->serial);
	wl_host_read_text(facts->root, path, now, sizeof(now));
	if (now[0] != '\0' && strstr(now, "Made by wirelog tune") == NULL &&
	    strstr(now, mark) != NULL)
		return;
	action = wl_tune_add(plan, WL_TUNE_FILE, "%s", path);
	wl_tune_set(
		action->text, sizeof(action->text),
		"# Made by wirelog tune.\nSUBSYSTEM==\"block\", ENV{DEVTYPE}==\"disk\", "
		"ENV{ID_SERIAL}==%s, ENV{WIRELOG_DRIVE}=\"1\", ATTR{queue/scheduler}=\"none\"\n",
		mark);
	wl_tune_set(action->run, sizeof(action->run),
		    "udevadm control --reload; udevadm trigger --settle /sys/class/block/%s",
		    drive->name);
	if (drive->scheduler[0] != '\0' && strcmp(drive->scheduler, "none") != 0) {
		action = wl_tune_add(plan, WL_TUNE_VALUE, "/sys/class/block/%s/queue/scheduler",
				     drive->name);
		wl_tune_set(action->text, sizeof(action->text), "none");
	}
}

void wl_tune_plan_key(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		      const struct wl_tune_wish *wish)
{
	struct wl_tune_action *action;

	UNUSED(wish);
	if (facts->system.key.uid == WL_FACT_UNKNOWN || facts->system.uid == WL_FACT_UNKNOWN)
		return;
	action = wl_tune_add(plan, WL_TUNE_OWNER, "%s", facts->config->key_file);
	action->uid = facts->system.uid;
	action->gid = facts->system.gid;
	action->mode = 0400;
}

/* ---- unit --------------------------------------------------------------------------------------- */

/* A link that only capabilities open (kernel-interfaces.conf): a card that keeps its kernel driver, or a socket of packets. */
static bool needs_capabilities(const struct wl_host_facts *facts)
{
	for (unsigned at = 0; at < facts->nic_count; at++)
		if (facts->nics[at].kind != WL_CONFIG_PCI || !is_to_be_bound(&facts->nics[at]))
			return true;
	return false;
}

void wl_tune_plan_unit(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		       const struct wl_tune_wish *wish)
{
	struct wl_core_set left = wl_core_set_minus(&facts->cores.online, &facts->cores.wanted);
	struct wl_tune_action *action;
	char list[512], cores[600] = "";

	UNUSED(wish);
	if (facts->system.unit_is_there != 1) {
		wl_tune_note(
			plan,
			"wirelogd.service is not installed: the package or make install brings it");
		return;
	}
	left = wl_core_set_minus(&left, &facts->cores.isolated);
	wl_core_set_print(&left, ' ', list, sizeof(list));
	if (facts->cores.worker_count > 0 && wl_core_set_count(&left) > 0)
		snprintf(cores, sizeof(cores), "CPUAffinity=\nCPUAffinity=%s\n", list);
	action = wl_tune_add(plan, WL_TUNE_FILE, DROP_IN);
	wl_tune_set(
		action->text, sizeof(action->text), "# Made by wirelog tune.\n%s[Service]\n%s%s",
		strcmp(facts->config->storage_path, "/dev/wirelog/drive") == 0
			? "[Unit]\nBindsTo=dev-wirelog-drive.device\n"
			: "",
		cores,
		needs_capabilities(facts)
			? "CapabilityBoundingSet=CAP_NET_RAW CAP_NET_ADMIN CAP_BPF\n"
			  "AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN CAP_BPF\n"
			  "RestrictAddressFamilies=AF_PACKET AF_XDP\nSystemCallFilter=bpf\n"
			  "DeviceAllow=char-infiniband_verbs rw\nDeviceAllow=char-infiniband_cm rw\n"
			: "");
	wl_tune_set(action->run, sizeof(action->run), "systemctl daemon-reload");
}

void wl_tune_plan_start(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			const struct wl_tune_wish *wish)
{
	static const char path[] = "/etc/systemd/system/multi-user.target.wants/wirelogd.service";
	struct wl_tune_action *action;

	if (!wish->start || wl_host_is_there(facts->root, path))
		return;
	if (facts->system.unit_is_there != 1) {
		wl_tune_refuse_plan(plan, "--start: wirelogd.service is not installed");
		return;
	}
	action = wl_tune_add(plan, WL_TUNE_RUN, "wirelogd.service");
	wl_tune_set(action->run, sizeof(action->run), "systemctl enable --now wirelogd.service");
	wl_tune_set(action->undo, sizeof(action->undo), "systemctl disable --now wirelogd.service");
}
