/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/pci_explain.h"

#include <errno.h>
#include <string.h>

#include "dataplane/base/sentence.h"
#include "wirelog/status.h"

static bool is_for_dpdk(const char *driver)
{
	return strcmp(driver, "vfio-pci") == 0 || strncmp(driver, "uio", 3) == 0 ||
	       strcmp(driver, "igb_uio") == 0;
}

static int say(struct wl_sentence *what, int status, const char *before, const char *word,
	       const char *behind)
{
	wl_sentence_add(what, before);
	wl_sentence_add(what, word);
	wl_sentence_add(what, behind);
	return status;
}

static int explain_vfio(const struct wl_pci_facts *facts, struct wl_sentence *what)
{
	if (facts->group[0] == '\0' || (!facts->has_iommu && !facts->without_iommu))
		return say(what, WIRELOG_EAL_IOMMU,
			   "it is bound to vfio-pci, and there is no IOMMU", "",
			   ": boot with intel_iommu=on or amd_iommu=on");
	if (facts->open_error == EBUSY)
		return say(what, WIRELOG_EAL_IN_USE, "another process uses it (/dev/vfio/",
			   facts->group, " is open)");
	if (facts->open_error == EACCES || facts->open_error == EPERM)
		return say(what, WIRELOG_EAL_PERMISSION, "this user may not open /dev/vfio/",
			   facts->group, "");
	if (facts->open_error != 0)
		return say(what, WIRELOG_EAL_DEVICE, "/dev/vfio/", facts->group,
			   " cannot be opened");
	/* The group is free and ours: then DPDK could not lock its memory for the device. */
	if (facts->locked_limit < facts->mapped_bytes) {
		wl_sentence_add(what, "vfio has to lock ");
		wl_sentence_add_number(what, facts->mapped_bytes >> 20);
		wl_sentence_add(what, " MiB, the locked-memory limit is ");
		wl_sentence_add_number(what, facts->locked_limit >> 20);
		wl_sentence_add(what, " MiB");
		return WIRELOG_MEMLOCK;
	}
	return say(what, WIRELOG_EAL_DEVICE,
		   "DPDK has no driver for it, or it is not in the EAL settings", "", "");
}

int wl_pci_explain(const struct wl_pci_facts *facts, char *text, size_t text_bytes)
{
	struct wl_sentence what = wl_sentence_begin(text, text_bytes);

	if (!facts->is_there)
		return say(&what, WIRELOG_EAL_DEVICE, "there is no such PCI device", "", "");
	if (!is_for_dpdk(facts->driver))
		return say(&what, WIRELOG_EAL_DEVICE, "it is bound to ",
			   facts->driver[0] != '\0' ? facts->driver : "no driver",
			   ", not to vfio-pci");
	if (strcmp(facts->driver, "vfio-pci") == 0)
		return explain_vfio(facts, &what);
	return say(&what, WIRELOG_EAL_DEVICE,
		   "DPDK has no driver for it, or it is not in the EAL settings", "", "");
}
