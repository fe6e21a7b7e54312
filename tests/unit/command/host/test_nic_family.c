/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/nic_family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/host/core_set.h"
#include "tests/unit/runner.h"

static struct wl_nic_families families;

static void load(void)
{
	char reason[400] = "";

	CU_ASSERT_TRUE(
		wl_nic_families_load(&families, "drivers-config/nic", reason, sizeof(reason)));
	CU_ASSERT_STRING_EQUAL(reason, "");
}

static const char *family_of(const char *id, const char *driver)
{
	const struct wl_nic_family *family = wl_nic_family_find(&families, id, driver);

	return family != NULL ? family->name : "none";
}

static void shipped_profiles_are_read(void)
{
	load();
	CU_ASSERT_EQUAL(families.count, 11);
	CU_ASSERT_STRING_EQUAL(family_of("15b3:1017", ""), "mlx5");
	CU_ASSERT_STRING_EQUAL(family_of("8086:159b", "vfio-pci"), "ice");
	CU_ASSERT_STRING_EQUAL(family_of("8086:1572", ""), "i40e");
	CU_ASSERT_STRING_EQUAL(family_of("8086:10fb", ""), "ixgbe");
	CU_ASSERT_STRING_EQUAL(family_of("8086:1563", ""), "ixgbe");
	CU_ASSERT_STRING_EQUAL(family_of("8086:15f3", ""), "igc");
	CU_ASSERT_STRING_EQUAL(family_of("8086:10d3", ""), "e1000");
	CU_ASSERT_STRING_EQUAL(family_of("1d0f:ec20", ""), "ena");
	CU_ASSERT_STRING_EQUAL(family_of("1ae0:0042", ""), "gve");
	CU_ASSERT_STRING_EQUAL(family_of("1af4:1041", ""), "virtio");
	CU_ASSERT_STRING_EQUAL(family_of("15ad:07b0", ""), "vmxnet3");
	CU_ASSERT_STRING_EQUAL(family_of("14e4:1750", ""), "bnxt");
	CU_ASSERT_STRING_EQUAL(family_of("ffff:0000", "ice"), "ice");
	CU_ASSERT_STRING_EQUAL(family_of("ffff:0000", ""), "none");
	CU_ASSERT_STRING_EQUAL(family_of("", ""), "none");
}

static void mlx5_alone_is_never_bound(void)
{
	load();
	for (unsigned at = 0; at < families.count; at++)
		CU_ASSERT_EQUAL(families.list[at].binding == WL_NIC_NEVER_BOUND,
				strcmp(families.list[at].name, "mlx5") == 0);
}

static void no_card_is_of_two_families(void)
{
	static struct wl_nic_families one;
	char id[12];
	unsigned hits;

	load();
	for (unsigned device = 0; device < 0x10000; device++) {
		snprintf(id, sizeof(id), "8086:%04x", device);
		hits = 0;
		for (unsigned at = 0; at < families.count; at++) {
			one.list[0] = families.list[at];
			one.count = 1;
			if (strncmp(one.list[0].ids[0], "8086", 4) == 0)
				hits += wl_nic_family_find(&one, id, "") != NULL;
		}
		if (hits > 1)
			fprintf(stderr, "%s is of %u families\n", id, hits);
		CU_ASSERT(hits <= 1);
	}
}

static void a_wrong_profile_is_refused_by_its_name(void)
{
	static const char *const wrong[] = {
		"family: x\n",
		"family: x\ndrivers: [x]\nids: [\"1:1\"]\nbinding: maybe\nsteering: none\nqueues_max: 1\n"
		"descriptors_min: 1\ndescriptors_max: 2\nmtu_max: 1500\n",
		"family: x\ndrivers: [x]\nids: [\"1:1\"]\nbinding: never\nsteering: none\nqueues_max: 0\n"
		"descriptors_min: 1\ndescriptors_max: 2\nmtu_max: 1500\n",
		"family: x\ndrivers: [x]\nids: [\"1:1\"]\nbinding: never\nsteering: none\nqueues_max: one\n"
		"descriptors_min: 1\ndescriptors_max: 2\nmtu_max: 1500\n",
		"family: [\n",
		"",
	};
	char folder[] = "/tmp/wirelog-test-nic-XXXXXX", path[128], reason[400];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.yaml", folder);
	for (size_t at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++) {
		FILE *file = fopen(path, "w");

		fputs(wrong[at], file);
		fclose(file);
		CU_ASSERT_FALSE(wl_nic_families_load(&families, folder, reason, sizeof(reason)));
		CU_ASSERT_PTR_NOT_NULL(strstr(reason, "x.yaml"));
	}
	unlink(path);
	rmdir(folder);
}

static void cores_are_read_and_printed_as_the_kernel_does(void)
{
	struct wl_core_set set, other;
	char text[32];

	CU_ASSERT_TRUE(wl_core_set_parse(&set, "0-2,8,1023\n"));
	CU_ASSERT_EQUAL(wl_core_set_count(&set), 5);
	CU_ASSERT_TRUE(wl_core_set_has(&set, 1023));
	CU_ASSERT_FALSE(wl_core_set_has(&set, 1024));
	wl_core_set_print(&set, ',', text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "0-2,8,1023");
	CU_ASSERT_TRUE(wl_core_set_parse(&other, "1,8"));
	other = wl_core_set_minus(&set, &other);
	wl_core_set_print(&other, ' ', text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "0 2 1023");
	CU_ASSERT_TRUE(wl_core_set_parse(&set, ""));
	wl_core_set_print(&set, ',', text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "none");
	CU_ASSERT_FALSE(wl_core_set_parse(&set, "3-1"));
	CU_ASSERT_FALSE(wl_core_set_parse(&set, "1,"));
	CU_ASSERT_FALSE(wl_core_set_parse(&set, "1024"));
	CU_ASSERT_FALSE(wl_core_set_parse(&set, "x"));
	CU_ASSERT_FALSE(set.is_known);
}

WL_SUITE(nic_family)
{
	WL_TEST(shipped_profiles_are_read),
	WL_TEST(mlx5_alone_is_never_bound),
	WL_TEST(no_card_is_of_two_families),
	WL_TEST(a_wrong_profile_is_refused_by_its_name),
	WL_TEST(cores_are_read_and_printed_as_the_kernel_does),
};
