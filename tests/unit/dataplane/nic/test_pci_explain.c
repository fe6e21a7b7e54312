/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine's /sys and /dev in a folder of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/nic/pci_explain.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define DEVICE "0000:3b:00.0"

static struct wl_pci_facts bound(void)
{
	return (struct wl_pci_facts){
		.is_there = true,
		.driver = "vfio-pci",
		.group = "12",
		.has_iommu = true,
		.locked_limit = UINT64_MAX,
		.mapped_bytes = 512u << 20,
	};
}

static void each_cause_has_a_code_of_its_own(void)
{
	struct wl_pci_facts facts = bound();
	char what[160];

	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_DEVICE);
	CU_ASSERT_PTR_NOT_NULL(strstr(what, "no driver for it"));
	facts.open_error = EBUSY;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_IN_USE);
	CU_ASSERT_PTR_NOT_NULL(strstr(what, "/dev/vfio/12"));
	facts.open_error = EACCES;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_PERMISSION);
	facts.open_error = ENOENT;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_DEVICE);
	facts = bound();
	facts.locked_limit = 64 << 10;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_MEMLOCK);
	CU_ASSERT_PTR_NOT_NULL(strstr(what, "512 MiB"));
	facts.locked_limit = facts.mapped_bytes;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_DEVICE);
	facts = bound();
	facts.has_iommu = false;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_IOMMU);
	facts.without_iommu = true;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_DEVICE);
	facts.group[0] = '\0';
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_IOMMU);
	facts = bound();
	strcpy(facts.driver, "ixgbe");
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_DEVICE);
	CU_ASSERT_PTR_NOT_NULL(strstr(what, "bound to ixgbe"));
	facts.is_there = false;
	CU_ASSERT_EQUAL(wl_pci_explain(&facts, what, sizeof(what)), WIRELOG_EAL_DEVICE);
	CU_ASSERT_PTR_NOT_NULL(strstr(what, "no such PCI device"));
}

static char root[64];

static const char *below(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static void facts_are_read_from_the_machine(void)
{
	static const char *const folders[] = {"sys",
					      "sys/bus",
					      "sys/bus/pci",
					      "sys/bus/pci/devices",
					      "sys/bus/pci/devices/" DEVICE,
					      "sys/kernel",
					      "sys/kernel/iommu_groups",
					      "dev",
					      "dev/vfio"};
	struct wl_pci_facts facts;
	int made;

	strcpy(root, "/tmp/wl-pci-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	wl_pci_look(root, DEVICE, 7, &facts);
	CU_ASSERT(!facts.is_there && !facts.has_iommu && facts.group[0] == '\0');
	for (unsigned at = 0; at < sizeof(folders) / sizeof(folders[0]); at++)
		CU_ASSERT_EQUAL(mkdir(below(folders[at]), 0700), 0);
	wl_pci_look(root, DEVICE, 7, &facts);
	CU_ASSERT(facts.is_there && !facts.has_iommu && facts.driver[0] == '\0');
	CU_ASSERT_EQUAL(symlink("../../../drivers/vfio-pci",
				below("sys/bus/pci/devices/" DEVICE "/driver")),
			0);
	CU_ASSERT_EQUAL(symlink("../../kernel/iommu_groups/12",
				below("sys/bus/pci/devices/" DEVICE "/iommu_group")),
			0);
	CU_ASSERT_EQUAL(mkdir(below("sys/kernel/iommu_groups/12"), 0700), 0);
	wl_pci_look(root, DEVICE, 7, &facts);
	CU_ASSERT_STRING_EQUAL(facts.driver, "vfio-pci");
	CU_ASSERT_STRING_EQUAL(facts.group, "12");
	CU_ASSERT(facts.has_iommu);
	CU_ASSERT_EQUAL(facts.open_error, ENOENT);
	CU_ASSERT_EQUAL(facts.mapped_bytes, 7);
	made = open(below("dev/vfio/12"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(made);
	wl_pci_look(root, DEVICE, 7, &facts);
	CU_ASSERT_EQUAL(facts.open_error, 0);
	unlink(below("dev/vfio/12"));
	rmdir(below("sys/kernel/iommu_groups/12"));
	unlink(below("sys/bus/pci/devices/" DEVICE "/driver"));
	unlink(below("sys/bus/pci/devices/" DEVICE "/iommu_group"));
	for (unsigned at = sizeof(folders) / sizeof(folders[0]); at-- > 0;)
		CU_ASSERT_EQUAL(rmdir(below(folders[at])), 0);
	CU_ASSERT_EQUAL(rmdir(root), 0);
}

WL_SUITE(pci_explain)
{
	WL_TEST(each_cause_has_a_code_of_its_own),
	WL_TEST(facts_are_read_from_the_machine),
};
