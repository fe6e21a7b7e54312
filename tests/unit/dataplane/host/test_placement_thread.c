/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"
#include "dataplane/store/self_test_uring.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

/* Core 1 is offline: it has no column. */
static const char interrupts[] =
	"           CPU0       CPU2       CPU3\n"
	" 24:          1          0          5   IO-APIC   5-edge      ACPI:Ged\n"
	" 36:          7     105311          2   PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0\n"
	" 37:          1          0          0   PCI-MSIX-0000:00:02.0   2-edge      virtio10-req.0\n"
	" 40:          0          9          3   PCI-MSIX-0000:01:00.0   0-edge      nvme0q0\n"
	" 41:        100          0          0   PCI-MSIX-0000:01:00.0   1-edge      nvme0q1\n"
	"NMI:          0          0          0   Non-maskable interrupts\n"
	"ERR:          0\n";

static void interrupts_are_counted_by_core_number_not_by_column(void)
{
	uint64_t by_core[4];

	CU_ASSERT_EQUAL(wl_placement_parse_interrupts(interrupts, "virtio1-", by_core, 4), 1);
	CU_ASSERT_EQUAL(by_core[0], 7);
	CU_ASSERT_EQUAL(by_core[1], 0);
	CU_ASSERT_EQUAL(by_core[2], 105311);
	CU_ASSERT_EQUAL(by_core[3], 2);
}

static void queues_of_one_drive_add_up(void)
{
	uint64_t by_core[4];

	CU_ASSERT_EQUAL(wl_placement_parse_interrupts(interrupts, "nvme0q", by_core, 4), 2);
	CU_ASSERT_EQUAL(by_core[0], 100);
	CU_ASSERT_EQUAL(by_core[2], 9);
}

static void a_device_without_interrupts_counts_nothing(void)
{
	uint64_t by_core[2] = {1, 1};

	CU_ASSERT_EQUAL(wl_placement_parse_interrupts(interrupts, "sda", by_core, 2), 0);
	CU_ASSERT_EQUAL(by_core[0] + by_core[1], 0);
	CU_ASSERT_EQUAL(wl_placement_parse_interrupts("", "sda", by_core, 2), 0);
}

static void *enter(void *reason)
{
	char name[16];
	int *outcome = reason;

	outcome[0] = wl_placement_enter(WL_CORE_ANY, 3, (char *)(outcome + 1), 100);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	outcome[0] |= strcmp(name, "wl-pmd-3") != 0;
	return NULL;
}

static void a_worker_is_named_after_its_number(void)
{
	int outcome[64];
	pthread_t thread;

	pthread_create(&thread, NULL, enter, outcome);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(outcome[0], 0);
}

static void *enter_nowhere(void *argument)
{
	char *reason = argument;

	return (void *)(intptr_t)wl_placement_enter(1000, 0, reason, 100);
}

static void a_core_that_does_not_exist_is_an_error_with_its_number(void)
{
	char reason[100] = "";
	pthread_t thread;
	void *status;

	pthread_create(&thread, NULL, enter_nowhere, reason);
	pthread_join(thread, &status);
	CU_ASSERT_EQUAL((int)(intptr_t)status, WIRELOG_EAL_CORES);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "core 1000"));
}

static void the_clock_keeps_step_with_the_kernel_and_never_goes_back(void)
{
	struct wl_clock clock;
	uint64_t before, last, worst = 0;

	wl_clock_open(&clock, NULL, 0);
	last = wl_clock_now_ns(&clock);
	for (int i = 0; i < 20000; i++) {
		uint64_t kernel_ns = wl_clock_kernel_ns();
		uint64_t now = wl_clock_now_ns(&clock);
		uint64_t kernel_after_ns = wl_clock_kernel_ns();

		CU_ASSERT_FATAL(now >= last);
		last = now;
		if (i % 5000 == 0)
			wl_clock_tend(&clock);
		before = now > kernel_after_ns ? now - kernel_after_ns
			 : now < kernel_ns     ? kernel_ns - now
					       : 0;
		worst = before > worst ? before : worst;
	}
	CU_ASSERT(worst < 1000000);
}

static void a_poller_in_the_way_shows_in_the_median_or_in_the_mean(void)
{
	struct wl_self_test_result fine = {.asleep_median_ns = 90000,
					   .asleep_mean_ns = 95000,
					   .polling_median_ns = 85000,
					   .polling_mean_ns = 140000};
	struct wl_self_test_result slow = fine, ticks = fine;

	slow.polling_median_ns = 4000000;
	ticks.polling_mean_ns = 900000;
	CU_ASSERT_FALSE(wl_self_test_shares(&fine));
	CU_ASSERT_TRUE(wl_self_test_shares(&slow));
	CU_ASSERT_TRUE(wl_self_test_shares(&ticks));
}

static void the_self_test_reports_a_directory_that_is_not_there(void)
{
	struct wl_self_test_config config = {.directory = "/nonexistent",
					     .core = WL_CORE_ANY,
					     .idle = WL_IDLE_YIELD};
	struct wl_self_test_result result;
	char reason[200];

	CU_ASSERT_EQUAL(wl_self_test_disk(&config, &result, reason, sizeof(reason)),
			WIRELOG_STORE_UNREADABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "/nonexistent"));
}

/* The mask that a process inherits is no limit: isolcpus makes it smaller, and means just these cores. */
static void a_core_outside_the_mask_may_be_used(void)
{
	struct wl_cores all, one, after;

	wl_placement_allowed(&all);
	if (all.count < 2)
		wl_skip("needs two cores");
	one = (struct wl_cores){.count = 1, .cores = {all.cores[0]}};
	wl_placement_confine(&one);
	CU_ASSERT_TRUE(wl_placement_may_use(all.cores[1]));
	CU_ASSERT_FALSE(wl_placement_may_use(8000));
	wl_placement_allowed(&after);
	CU_ASSERT_EQUAL(after.count, 1);
	CU_ASSERT_EQUAL(after.cores[0], all.cores[0]);
	wl_placement_confine(&all);
}

/* Of the mapping at `memory`: the rest of its line in /proc/self/numa_maps. */
static bool policy_of(const void *memory, char *line, size_t bytes)
{
	FILE *maps = fopen("/proc/self/numa_maps", "re");
	bool found = false;
	void *at;

	if (!maps)
		wl_skip("needs /proc/self/numa_maps: a kernel with CONFIG_NUMA");
	while (!found && fgets(line, (int)bytes, maps))
		found = sscanf(line, "%p", &at) == 1 && at == memory;
	fclose(maps);
	return found;
}

static void memory_is_taken_from_the_node_that_is_preferred(void)
{
	const size_t pages = 64, bytes = pages * 4096;
	char line[512], policy[32], where[32];
	struct wl_cores all;
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int near;

	wl_placement_allowed(&all);
	near = wl_placement_numa_node(all.cores[all.count - 1]);
	if (near < 0)
		wl_skip("needs a kernel that tells the memory node of a core");
	CU_ASSERT_EQUAL(wl_placement_prefer_memory(memory, bytes, near), 0);
	memset(memory, 1, bytes);
	CU_ASSERT_TRUE_FATAL(policy_of(memory, line, sizeof(line)));
	snprintf(policy, sizeof(policy), " prefer:%d ", near);
	snprintf(where, sizeof(where), " N%d=%zu", near, pages);
	CU_ASSERT_PTR_NOT_NULL(strstr(line, policy));
	CU_ASSERT_PTR_NOT_NULL(strstr(line, where));
	munmap(memory, bytes);
}

static void memory_node_that_is_not_there_is_an_error(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_TRUE(wl_placement_prefer_memory(memory, 4096, -1) < 0);
	CU_ASSERT_TRUE(wl_placement_prefer_memory(memory, 4096, 1023) < 0);
	CU_ASSERT_TRUE(wl_placement_prefer_memory(memory, 4096, 1 << 20) < 0);
	munmap(memory, 4096);
}

WL_SUITE(placement_thread)
{
	WL_TEST(memory_is_taken_from_the_node_that_is_preferred),
	WL_TEST(memory_node_that_is_not_there_is_an_error),
	WL_TEST(a_core_outside_the_mask_may_be_used),
	WL_TEST(interrupts_are_counted_by_core_number_not_by_column),
	WL_TEST(queues_of_one_drive_add_up),
	WL_TEST(a_device_without_interrupts_counts_nothing),
	WL_TEST(a_worker_is_named_after_its_number),
	WL_TEST(a_core_that_does_not_exist_is_an_error_with_its_number),
	WL_TEST(the_clock_keeps_step_with_the_kernel_and_never_goes_back),
	WL_TEST(a_poller_in_the_way_shows_in_the_median_or_in_the_mean),
	WL_TEST(the_self_test_reports_a_directory_that_is_not_there),
};
