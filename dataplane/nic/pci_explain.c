/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/pci_explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wirelog/status.h"

static bool is_for_dpdk(const char *driver)
{
	return strcmp(driver, "vfio-pci") == 0 || strncmp(driver, "uio", 3) == 0 ||
	       strcmp(driver, "igb_uio") == 0;
}

static int explain_vfio(const struct wl_pci_facts *facts, char *what, size_t what_bytes)
{
	if (facts->group[0] == '\0' || (!facts->has_iommu && !facts->without_iommu)) {
		snprintf(
			what, what_bytes,
			"it is bound to vfio-pci, and there is no IOMMU: boot with intel_iommu=on or amd_iommu=on");
		return WIRELOG_EAL_IOMMU;
	}
	/* The group is free and ours: then DPDK could not lock its memory for the device. */
	if (facts->open_error == EBUSY) {
		snprintf(what, what_bytes, "another process uses it (/dev/vfio/%s is open)",
			 facts->group);
		return WIRELOG_EAL_IN_USE;
	}
	if (facts->open_error == EACCES || facts->open_error == EPERM) {
		snprintf(what, what_bytes, "this user may not open /dev/vfio/%s", facts->group);
		return WIRELOG_EAL_PERMISSION;
	}
	if (facts->open_error == 0 && facts->locked_limit < facts->mapped_bytes) {
		snprintf(what, what_bytes,
			 "vfio has to lock %lu MiB, the locked-memory limit is %lu MiB",
			 (unsigned long)(facts->mapped_bytes >> 20),
			 (unsigned long)(facts->locked_limit >> 20));
		return WIRELOG_MEMLOCK;
	}
	if (facts->open_error != 0) {
		snprintf(what, what_bytes, "/dev/vfio/%s: %s", facts->group,
			 strerror(facts->open_error));
		return WIRELOG_EAL_DEVICE;
	}
	snprintf(what, what_bytes, "DPDK has no driver for it, or it is not in the EAL settings");
	return WIRELOG_EAL_DEVICE;
}

int wl_pci_explain(const struct wl_pci_facts *facts, char *what, size_t what_bytes)
{
	if (!facts->is_there) {
		snprintf(what, what_bytes, "there is no such PCI device");
		return WIRELOG_EAL_DEVICE;
	}
	if (!is_for_dpdk(facts->driver)) {
		snprintf(what, what_bytes, "it is bound to %s, not to vfio-pci",
			 facts->driver[0] != '\0' ? facts->driver : "no driver");
		return WIRELOG_EAL_DEVICE;
	}
	if (strcmp(facts->driver, "vfio-pci") == 0)
		return explain_vfio(facts, what, what_bytes);
	snprintf(what, what_bytes, "DPDK has no driver for it, or it is not in the EAL settings");
	return WIRELOG_EAL_DEVICE;
}
