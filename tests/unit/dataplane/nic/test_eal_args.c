/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/nic/eal_args.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static struct wl_eal_args args;
static char line[2048];
static char reason[256];

static const struct wl_eal_facts no_hugepages = {.hugepage_kb = 2048,
						 .cores = {0, 1},
						 .core_count = 2};
static const struct wl_eal_facts some_hugepages = {.hugepage_kb = 2048,
						   .hugepages_free = 64,
						   .cores = {0, 1, 2, 3},
						   .core_count = 4};

static int build(const struct wl_eal_settings *settings, const struct wl_eal_facts *facts)
{
	int status;

	line[0] = reason[0] = '\0';
	status = wl_eal_args_build(&args, settings, facts, reason, sizeof(reason));
	wl_eal_args_print(&args, line, sizeof(line));
	return status;
}

static bool has(const char *words)
{
	return strstr(line, words) != NULL;
}

static void without_hugepages_the_line_needs_no_privilege(void)
{
	struct wl_eal_settings settings = {.memory_mb = 48};

	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), 0);
	CU_ASSERT_STRING_EQUAL(line, "wirelogd --lcores '0@(0,1)' --no-huge --no-shconf -m 48 "
				     "--iova-mode=va --no-pci --no-telemetry --log-level=6");
	CU_ASSERT_FALSE(args.hugepages);
	CU_ASSERT_STRING_EQUAL(args.memory_reason,
			       "4 KiB pages: 24 hugepages of 2048 kB are needed, 0 can be had");
	CU_ASSERT_PTR_NULL(args.argv[args.argc]);
}

static void free_hugepages_are_taken_by_auto(void)
{
	struct wl_eal_settings settings = {.memory_mb = 128};

	CU_ASSERT_EQUAL(build(&settings, &some_hugepages), 0);
	CU_ASSERT_TRUE(args.hugepages);
	CU_ASSERT_TRUE(has("--in-memory"));
	CU_ASSERT_FALSE(has("--no-huge"));
	/* EAL refuses the two together. */
	CU_ASSERT_FALSE(has("--no-shconf"));
	settings.memory_mb = 129;
	CU_ASSERT_EQUAL(build(&settings, &some_hugepages), 0);
	CU_ASSERT_FALSE(args.hugepages);
}

static void hugepages_that_were_demanded_and_are_missing_are_an_error_with_the_number(void)
{
	struct wl_eal_settings settings = {.hugepages = WL_HUGEPAGES_ON, .memory_mb = 256};

	CU_ASSERT_EQUAL(build(&settings, &some_hugepages), WIRELOG_EAL_HUGEPAGES);
	CU_ASSERT_STRING_EQUAL(reason, "128 hugepages of 2048 kB are needed, 64 can be had");
	settings.memory_mb = 64;
	CU_ASSERT_EQUAL(build(&settings, &some_hugepages), 0);
	CU_ASSERT_TRUE(args.hugepages);
}

static void hugepages_off_is_followed_even_where_there_are_some(void)
{
	struct wl_eal_settings settings = {.hugepages = WL_HUGEPAGES_OFF};

	CU_ASSERT_EQUAL(build(&settings, &some_hugepages), 0);
	CU_ASSERT_TRUE(has("--no-huge"));
	CU_ASSERT_STRING_EQUAL(args.memory_reason, "4 KiB pages: configured");
}

static void only_named_pci_devices_are_touched(void)
{
	struct wl_eal_settings settings = {.pci = {"0000:01:00.0", "0000:02:00.1"}, .pci_count = 2};

	CU_ASSERT_EQUAL(build(&settings, &some_hugepages), 0);
	CU_ASSERT_TRUE(has("-a 0000:01:00.0 -a 0000:02:00.1"));
	CU_ASSERT_FALSE(has("--no-pci"));
	/* The addressing mode of physical devices is EAL's choice. */
	CU_ASSERT_FALSE(has("--iova-mode"));
}

static void extra_arguments_come_last_and_one_by_one(void)
{
	struct wl_eal_settings settings = {.extra = "  --file-prefix=x\t-n 4 "};

	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), 0);
	CU_ASSERT_STRING_EQUAL(args.argv[args.argc - 3], "--file-prefix=x");
	CU_ASSERT_STRING_EQUAL(args.argv[args.argc - 2], "-n");
	CU_ASSERT_STRING_EQUAL(args.argv[args.argc - 1], "4");
}

static void arguments_that_would_end_the_process_are_refused(void)
{
	struct wl_eal_settings settings = {.extra = "-n 4 --help"};

	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_STRING_EQUAL(reason, "eal_extra may not hold --help");
	settings.extra = "--proc-type=secondary";
	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), WIRELOG_CONFIG_VALUE);
	settings.extra = "--huge-dir=/x";
	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), 0);
}

static void more_arguments_than_fit_are_refused_not_cut(void)
{
	static char many[3 * WL_EAL_ARGS_MAX + 1];
	struct wl_eal_settings settings = {.extra = many};

	for (int i = 0; i < WL_EAL_ARGS_MAX; i++)
		memcpy(many + 3 * i, "-x ", 4);
	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_STRING_EQUAL(reason, "eal_extra is too long");
	CU_ASSERT_PTR_NULL(args.argv[args.argc]);
}

static void many_cores_are_told_as_ranges(void)
{
	struct wl_eal_settings settings = {.memory_mb = 16, .hugepages = WL_HUGEPAGES_OFF};
	static struct wl_eal_facts facts;

	for (uint16_t core = 0; core < 384; core++)
		if (core != 2 && core != 5)
			facts.cores[facts.core_count++] = core;
	CU_ASSERT_EQUAL(wl_eal_args_build(&args, &settings, &facts, reason, sizeof(reason)), 0);
	wl_eal_args_print(&args, line, sizeof(line));
	CU_ASSERT_PTR_NOT_NULL(strstr(line, "'0@(0,1,3,4,6-383)'"));
}

static void telemetry_is_opened_only_under_a_name(void)
{
	static const char *const wrong[] = {"..", "a/b", "a b", "a%", ".a"};
	struct wl_eal_settings settings = {.telemetry = ""};

	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), 0);
	CU_ASSERT_TRUE(has("--no-telemetry"));
	settings.telemetry = "node_1.a-B";
	CU_ASSERT_EQUAL(build(&settings, &no_hugepages), 0);
	CU_ASSERT_TRUE(has(" --telemetry --file-prefix=node_1.a-B "));
	CU_ASSERT_FALSE(has("--no-telemetry"));
	for (unsigned at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++) {
		settings.telemetry = wrong[at];
		CU_ASSERT_EQUAL(build(&settings, &no_hugepages), WIRELOG_CONFIG_VALUE);
	}
	CU_ASSERT_TRUE(strstr(reason, "dpdk_telemetry") != NULL);
}

WL_SUITE(eal_args)
{
	WL_TEST(telemetry_is_opened_only_under_a_name),
	WL_TEST(many_cores_are_told_as_ranges),
	WL_TEST(without_hugepages_the_line_needs_no_privilege),
	WL_TEST(free_hugepages_are_taken_by_auto),
	WL_TEST(hugepages_that_were_demanded_and_are_missing_are_an_error_with_the_number),
	WL_TEST(hugepages_off_is_followed_even_where_there_are_some),
	WL_TEST(only_named_pci_devices_are_touched),
	WL_TEST(extra_arguments_come_last_and_one_by_one),
	WL_TEST(arguments_that_would_end_the_process_are_refused),
	WL_TEST(more_arguments_than_fit_are_refused_not_cut),
};
