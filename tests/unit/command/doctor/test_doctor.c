/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/doctor/doctor_report.h"
#include "tests/unit/command/host/host_tree.h"
#include "tests/unit/runner.h"

#define CPU "/sys/devices/system/cpu"
#define NIC "/sys/bus/pci/devices/0000:3b:00.0"
#define NET "/sys/class/net/ens2np0"
#define QUEUE "/sys/class/block/nvme0n1/queue"
#define DRIVE "/dev/disk/by-id/nvme-wirelog-node1"
#define USER_OF_NOTHING "wirelog:x:54321:54321::/:/bin/false\n"

enum { GOOD, BAD, UNKNOWN, NOT_ASKED };

/* One change of the tree: write a text, remove, link, mode; change a word of the node's file; set a fact that no file has. */
struct change {
	enum { NOTHING, WRITE, REMOVE, LINK, CONFIG, PAUSE, FIRMWARE } what;
	const char *where, *text;
};

#define ON_MLX                                         \
	{                                              \
		CONFIG, "0000:3b:00.0", "0000:5e:00.0" \
	}
#define IN_DATA                              \
	{                                    \
		CONFIG, DRIVE, "/data/node1" \
	}

static const struct trial {
	const char *check;
	int state;
	struct change changes[3];
} trials[] = {
	{"core_there", GOOD, {{0}}},
	{"core_there", BAD, {{WRITE, CPU "/online", "0-2\n"}}},
	{"core_there", UNKNOWN, {{REMOVE, CPU "/online", NULL}}},
	{"core_there", UNKNOWN, {{WRITE, CPU "/online", "zero\n"}}},
	{"core_there",
	 NOT_ASKED,
	 {{CONFIG, "core: 2", "core: auto"}, {CONFIG, "core: 3", "core: auto"}}},
	{"core_left", GOOD, {{0}}},
	{"core_left", BAD, {{WRITE, CPU "/online", "2-3\n"}}},
	{"core_isolated", GOOD, {{0}}},
	{"core_isolated", BAD, {{WRITE, CPU "/isolated", "\n"}}},
	{"core_isolated", BAD, {{WRITE, CPU "/isolated", "3\n"}}},
	{"core_tickless", GOOD, {{0}}},
	{"core_tickless", BAD, {{WRITE, CPU "/nohz_full", "(null)\n"}}},
	{"core_rcu", GOOD, {{0}}},
	{"core_rcu", GOOD, {{WRITE, "/proc/cmdline", "nohz_full=2-3\n"}}},
	{"core_rcu",
	 BAD,
	 {{WRITE, "/proc/cmdline", "quiet\n"}, {WRITE, CPU "/nohz_full", "(null)\n"}}},
	{"core_siblings", GOOD, {{0}}},
	{"core_siblings", BAD, {{WRITE, CPU "/cpu2/topology/thread_siblings_list", "2,6\n"}}},
	{"core_siblings", BAD, {{WRITE, CPU "/cpu2/topology/thread_siblings_list", "2-3\n"}}},
	{"core_siblings",
	 GOOD,
	 {{WRITE, CPU "/cpu2/topology/thread_siblings_list", "2,6\n"},
	  {WRITE, CPU "/isolated", "2-3,6\n"}}},
	{"core_siblings", UNKNOWN, {{REMOVE, CPU "/cpu3/topology", NULL}}},
	{"core_governor", GOOD, {{0}}},
	{"core_governor", BAD, {{WRITE, CPU "/cpu3/cpufreq/scaling_governor", "powersave\n"}}},
	{"core_governor",
	 NOT_ASKED,
	 {{REMOVE, CPU "/cpu2/cpufreq", NULL}, {REMOVE, CPU "/cpu3/cpufreq", NULL}}},
	{"core_idle_states", GOOD, {{0}}},
	{"core_idle_states", GOOD, {{CONFIG, "strategy: spin", "strategy: yield"}}},
	{"core_idle_states",
	 BAD,
	 {{CONFIG, "strategy: spin", "strategy: yield"},
	  {WRITE, CPU "/cpu2/cpuidle/state3/latency", "133\n"}}},
	{"core_idle_states",
	 GOOD,
	 {{CONFIG, "strategy: spin", "strategy: yield"},
	  {WRITE, CPU "/cpu2/cpuidle/state3/latency", "133\n"},
	  {WRITE, CPU "/cpu2/cpuidle/state3/disable", "1\n"}}},
	{"core_interrupts", GOOD, {{0}}},
	{"core_interrupts", BAD, {{WRITE, "/proc/irq/24/effective_affinity_list", "3\n"}}},
	{"core_interrupts", BAD, {{WRITE, "/proc/irq/25/smp_affinity_list", "0-7\n"}}},
	{"core_interrupts", UNKNOWN, {{REMOVE, "/proc/irq", NULL}}},
	{"core_new_interrupts", GOOD, {{0}}},
	{"core_new_interrupts", BAD, {{WRITE, "/proc/irq/default_smp_affinity", "ff\n"}}},
	{"core_node", GOOD, {{0}}},
	{"core_node",
	 BAD,
	 {{REMOVE, CPU "/cpu3/node0", NULL}, {WRITE, CPU "/cpu3/node1/cpulist", "3\n"}}},
	{"core_unit", GOOD, {{0}}},
	{"core_unit",
	 BAD,
	 {{WRITE, "/etc/systemd/system/wirelogd.service.d/cores.conf", "CPUAffinity=0-3\n"}}},
	{"core_unit", GOOD, {{REMOVE, "/etc/systemd/system/wirelogd.service.d", NULL}}},
	{"core_unit",
	 BAD,
	 {{REMOVE, "/etc/systemd/system/wirelogd.service.d", NULL},
	  {WRITE, CPU "/isolated", "\n"}}},
	{"core_mask", GOOD, {{0}}},
	{"core_mask", BAD, {{WRITE, "/proc/self/status", "Cpus_allowed_list:\t0-1,4-7\n"}}},
	{"core_avx2", GOOD, {{0}}},
	{"core_avx2", BAD, {{WRITE, "/proc/cpuinfo", "\nflags\t\t: fpu avx\n"}}},
	{"core_avx2", UNKNOWN, {{REMOVE, "/proc/cpuinfo", NULL}}},
	{"core_numa_balancing", GOOD, {{0}}},
	{"core_numa_balancing", BAD, {{WRITE, "/proc/sys/kernel/numa_balancing", "1\n"}}},
	{"core_watchdog", GOOD, {{0}}},
	{"core_watchdog", BAD, {{WRITE, "/proc/sys/kernel/nmi_watchdog", "1\n"}}},
	{"clock_tsc", GOOD, {{0}}},
	{"clock_tsc", BAD, {{WRITE, "/proc/cpuinfo", "\nflags\t\t: tsc constant_tsc\n"}}},
	{"clock_tsc", UNKNOWN, {{WRITE, "/proc/cpuinfo", "\nflags\t\t: tsc hypervisor\n"}}},
	{"clock_source", GOOD, {{0}}},
	{"clock_source",
	 BAD,
	 {{WRITE, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"}}},
	{"clock_disciplined", GOOD, {{0}}},
	{"clock_disciplined", BAD, {{REMOVE, "/run/systemd/timesync/synchronized", NULL}}},
	{"clock_disciplined", UNKNOWN, {{WRITE, "/run/chrony/chronyd.pid", "1\n"}}},
	{"pages_enough", GOOD, {{0}}},
	{"pages_enough",
	 BAD,
	 {{WRITE, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "255\n"},
	  {REMOVE, "/run/wirelog/status.json", NULL}}},
	{"pages_enough",
	 UNKNOWN,
	 {{WRITE, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "255\n"}}},
	{"pages_enough", NOT_ASKED, {{CONFIG, "hugepages: on", "hugepages: off"}}},
	{"pages_enough", UNKNOWN, {{REMOVE, "/sys/kernel/mm/hugepages", NULL}}},
	{"pages_on_node", GOOD, {{0}}},
	{"pages_on_node",
	 BAD,
	 {{WRITE, "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "0\n"}}},
	{"pages_on_node", UNKNOWN, {{WRITE, NIC "/numa_node", "-1\n"}}},
	{"pages_mount", GOOD, {{0}}},
	{"pages_mount", BAD, {{WRITE, "/proc/mounts", "proc /proc proc rw 0 0\n"}}},
	{"pages_allowed", GOOD, {{0}}},
	{"pages_allowed", GOOD, {{WRITE, "/sys/fs/cgroup/hugetlb.2MB.max", "max\n"}}},
	{"pages_allowed", BAD, {{WRITE, "/sys/fs/cgroup/hugetlb.2MB.max", "2097152\n"}}},
	{"pages_transparent", GOOD, {{0}}},
	{"pages_transparent",
	 BAD,
	 {{WRITE, "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"}}},
	{"memory_locked", GOOD, {{0}}},
	{"memory_locked", BAD, {{REMOVE, "/etc/systemd/system", NULL}}},
	{"memory_locked",
	 BAD,
	 {{WRITE, "/etc/systemd/system/wirelogd.service.d/x.conf", "LimitMEMLOCK=65536\n"}}},
	{"memory_locked",
	 UNKNOWN,
	 {{REMOVE, "/etc/systemd/system", NULL}, {REMOVE, "/proc/self/limits", NULL}}},
	{"memory_swap", GOOD, {{0}}},
	{"memory_swap",
	 BAD,
	 {{WRITE, "/proc/meminfo", "MemAvailable: 1 kB\nSwapTotal: 4194300 kB\n"}}},
	{"memory_swap",
	 GOOD,
	 {{WRITE, "/proc/meminfo", "SwapTotal: 4194300 kB\n"},
	  {CONFIG, "megabytes: 512", "megabytes: 512, locked: on"}}},
	{"memory_free", GOOD, {{0}}},
	{"memory_free", BAD, {{WRITE, "/proc/meminfo", "MemAvailable: 100000 kB\n"}}},
	{"iommu_on", GOOD, {{0}}},
	{"iommu_on", BAD, {{REMOVE, "/sys/kernel/iommu_groups/17", NULL}}},
	{"iommu_on", UNKNOWN, {{REMOVE, "/sys/kernel/iommu_groups", NULL}}},
	{"iommu_on", NOT_ASKED, {ON_MLX}},
	{"iommu_group", GOOD, {{0}}},
	{"iommu_group",
	 BAD,
	 {{WRITE, "/sys/kernel/iommu_groups/17/devices/0000:3b:00.1/x", ""},
	  {LINK, "/sys/bus/pci/devices/0000:3b:00.1/driver", "../drivers/ice"}}},
	{"iommu_group",
	 GOOD,
	 {{WRITE, "/sys/kernel/iommu_groups/17/devices/0000:3a:00.0/x", ""},
	  {LINK, "/sys/bus/pci/devices/0000:3a:00.0/driver", "../drivers/pcieport"}}},
	{"iommu_group", NOT_ASKED, {ON_MLX}},
	{"vfio_module", GOOD, {{0}}},
	{"vfio_module", BAD, {{REMOVE, "/sys/module/vfio_pci", NULL}}},
	{"vfio_protected", GOOD, {{0}}},
	{"vfio_protected",
	 BAD,
	 {{WRITE, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n"}}},
	{"vfio_access", GOOD, {{0}}},
	{"vfio_access", BAD, {{WRITE, "/etc/passwd", USER_OF_NOTHING}}},
	{"vfio_access", UNKNOWN, {{REMOVE, "/dev/vfio/17", NULL}}},
	{"nic_there", GOOD, {{0}}},
	{"nic_there", BAD, {{REMOVE, NIC, NULL}}},
	{"nic_family", GOOD, {{0}}},
	{"nic_family", BAD, {{WRITE, NIC "/vendor", "0x1234\n"}}},
	{"nic_driver", GOOD, {{0}}},
	{"nic_driver", GOOD, {ON_MLX}},
	{"nic_driver", BAD, {{LINK, NIC "/driver", "../drivers/ice"}}},
	{"nic_driver", BAD, {{REMOVE, NIC "/driver", NULL}}},
	{"nic_driver",
	 BAD,
	 {ON_MLX, {LINK, "/sys/bus/pci/devices/0000:5e:00.0/driver", "../drivers/vfio-pci"}}},
	{"nic_needs", GOOD, {{0}}},
	{"nic_needs", BAD, {{REMOVE, "/lib/firmware", NULL}}},
	{"nic_needs", BAD, {ON_MLX, {REMOVE, "/usr/lib/x86_64-linux-gnu/libibverbs.so.1", NULL}}},
	{"nic_needs", NOT_ASKED, {{WRITE, NIC "/device", "0x1572\n"}}},
	{"nic_port_of", GOOD, {{0}}},
	{"nic_port_of", GOOD, {ON_MLX}},
	{"nic_port_of",
	 BAD,
	 {ON_MLX, {WRITE, "/sys/class/net/br0/bridge/x", ""}, {LINK, NET "/master", "../br0"}}},
	{"nic_port_of",
	 BAD,
	 {ON_MLX, {WRITE, "/sys/class/net/bond0/bonding/x", ""}, {LINK, NET "/master", "../bond0"}}},
	{"nic_port_of", BAD, {ON_MLX, {LINK, NET "/upper_ens2np0.7", "../ens2np0.7"}}},
	{"nic_default_route", GOOD, {{0}}},
	{"nic_default_route", NOT_ASKED, {ON_MLX}},
	{"nic_default_route",
	 BAD,
	 {{WRITE, NIC "/net/ens1/ifindex", "2\n"}, {LINK, NIC "/driver", "../drivers/ice"}}},
	{"nic_default_route",
	 BAD,
	 {{WRITE, NIC "/net/ens1/ifindex", "2\n"}, {WRITE, "/proc/net/route", "Iface\n"}}},
	{"nic_default_route", GOOD, {{WRITE, NIC "/net/ens9/ifindex", "2\n"}}},
	{"nic_link", GOOD, {ON_MLX}},
	{"nic_link", BAD, {ON_MLX, {WRITE, NET "/carrier", "0\n"}}},
	{"nic_link", UNKNOWN, {{0}}},
	{"nic_link", UNKNOWN, {ON_MLX, {REMOVE, NET "/carrier", NULL}}},
	{"nic_speed", GOOD, {ON_MLX}},
	{"nic_speed", BAD, {ON_MLX, {WRITE, NET "/speed", "1000\n"}}},
	{"nic_speed", UNKNOWN, {ON_MLX, {WRITE, NET "/speed", "-1\n"}}},
	{"nic_lanes", GOOD, {{0}}},
	{"nic_lanes", BAD, {{WRITE, NIC "/current_link_width", "8\n"}}},
	{"nic_lanes", UNKNOWN, {{WRITE, NIC "/max_link_width", "255\n"}}},
	{"nic_pause", GOOD, {ON_MLX, {PAUSE, "", "0"}}},
	{"nic_pause", BAD, {ON_MLX, {PAUSE, "", "1"}}},
	{"nic_pause", UNKNOWN, {ON_MLX}},
	{"nic_mtu", GOOD, {{0}}},
	{"nic_mtu", BAD, {{WRITE, NIC "/vendor", "0x1ae0\n"}, {WRITE, NIC "/device", "0x0042\n"}}},
	{"nic_mtu", BAD, {ON_MLX, {WRITE, NET "/mtu", "1500\n"}}},
	{"nic_mtu", GOOD, {ON_MLX}},
	{"nic_path_mtu", GOOD, {{0}}},
	{"nic_path_mtu",
	 BAD,
	 {{WRITE, "/run/wirelog/status.json",
	   "{\"mode\": {\"reasons\": [{\"reason\": \"path_mtu\", \"text\": \"node 2: 1500\"}]}}"}}},
	{"nic_path_mtu",
	 BAD,
	 {{WRITE, "/run/wirelog/status.json", "{\"mode\": {\"reasons\": [\"path_mtu\"]}}"}}},
	{"nic_path_mtu", UNKNOWN, {{REMOVE, "/run/wirelog/status.json", NULL}}},
	{"nic_path_mtu", UNKNOWN, {{WRITE, "/run/wirelog/status.json", "no JSON"}}},
	{"nic_queues", GOOD, {{0}}},
	{"nic_steering", GOOD, {{0}}},
	{"nic_steering",
	 BAD,
	 {{WRITE, NIC "/vendor", "0x15ad\n"}, {WRITE, NIC "/device", "0x07b0\n"}}},
	{"nic_descriptors", GOOD, {{0}}},
	{"nic_descriptors", BAD, {{CONFIG, "descriptors: 1024", "descriptors: 8192"}}},
	{"nic_descriptors", UNKNOWN, {{WRITE, NIC "/vendor", "0x1234\n"}}},
	{"nic_node", GOOD, {{0}}},
	{"nic_node", BAD, {{WRITE, NIC "/numa_node", "1\n"}}},
	{"nic_node", UNKNOWN, {{WRITE, NIC "/numa_node", "-1\n"}}},
	{"nic_firmware", GOOD, {ON_MLX, {FIRMWARE, "", "16.35.2000"}}},
	{"nic_firmware", UNKNOWN, {{0}}},
	{"drive_there", GOOD, {{0}}},
	{"drive_there", BAD, {{REMOVE, DRIVE, NULL}}},
	{"drive_there", NOT_ASKED, {IN_DATA}},
	{"drive_free", GOOD, {{0}}},
	{"drive_free",
	 BAD,
	 {{WRITE, "/proc/self/mountinfo", "30 22 259:0 / /srv rw - ext4 /dev/nvme0n1 rw\n"}}},
	{"drive_free", BAD, {{WRITE, "/sys/class/block/nvme0n1/holders/dm-0/x", ""}}},
	{"drive_free", BAD, {{WRITE, "/proc/swaps", "Filename\n/dev/nvme0n1 partition 1 0 -2\n"}}},
	{"drive_empty", GOOD, {{0}}},
	{"drive_empty", BAD, {{WRITE, "/run/udev/data/b259:0", "E:ID_FS_TYPE=xfs\n"}}},
	{"drive_empty", BAD, {{WRITE, "/run/udev/data/b259:0", "E:ID_PART_TABLE_TYPE=gpt\n"}}},
	{"drive_empty", UNKNOWN, {{REMOVE, "/run/udev", NULL}}},
	{"drive_access", GOOD, {{0}}},
	{"drive_access", BAD, {{WRITE, "/etc/passwd", USER_OF_NOTHING}}},
	{"drive_access", UNKNOWN, {{REMOVE, "/etc/passwd", NULL}}},
	{"drive_space", GOOD, {{0}}},
	{"drive_space", BAD, {{WRITE, "/sys/class/block/nvme0n1/size", "1000000\n"}}},
	{"drive_space", BAD, {IN_DATA, {CONFIG, "bytes_max: 256GiB", "bytes_max: 1024GiB"}}},
	{"drive_file_system", GOOD, {IN_DATA}},
	{"drive_file_system", BAD, {{CONFIG, DRIVE, "/data/shared/node1"}}},
	{"drive_file_system", NOT_ASKED, {{0}}},
	{"drive_block", GOOD, {{0}}},
	{"drive_block", GOOD, {{WRITE, QUEUE "/logical_block_size", "512\n"}}},
	{"drive_block", BAD, {{WRITE, QUEUE "/logical_block_size", "16384\n"}}},
	{"drive_block", UNKNOWN, {{REMOVE, QUEUE, NULL}}},
	{"drive_cache", GOOD, {{0}}},
	{"drive_cache", BAD, {{WRITE, QUEUE "/write_cache", "write back\n"}}},
	{"drive_fua", GOOD, {{WRITE, QUEUE "/write_cache", "write back\n"}}},
	{"drive_fua",
	 BAD,
	 {{WRITE, QUEUE "/write_cache", "write back\n"}, {WRITE, QUEUE "/fua", "0\n"}}},
	{"drive_fua", NOT_ASKED, {{0}}},
	{"drive_scheduler", GOOD, {{0}}},
	{"drive_scheduler", BAD, {{WRITE, QUEUE "/scheduler", "none [mq-deadline]\n"}}},
	{"drive_solid", GOOD, {{0}}},
	{"drive_solid", BAD, {{WRITE, QUEUE "/rotational", "1\n"}}},
	{"drive_node", GOOD, {{0}}},
	{"drive_node", BAD, {{WRITE, "/sys/class/block/nvme0n1/device/numa_node", "1\n"}}},
	{"drive_temperature", GOOD, {{0}}},
	{"drive_temperature",
	 BAD,
	 {{WRITE, "/sys/class/block/nvme0n1/device/hwmon1/temp1_input", "78850\n"}}},
	{"kernel_version", GOOD, {{0}}},
	{"kernel_version", GOOD, {{WRITE, "/proc/sys/kernel/osrelease", "5.15.0\n"}}},
	{"kernel_version", BAD, {{WRITE, "/proc/sys/kernel/osrelease", "5.10.0-28-amd64\n"}}},
	{"kernel_version", UNKNOWN, {{WRITE, "/proc/sys/kernel/osrelease", "unknown\n"}}},
	{"uring_allowed", GOOD, {{0}}},
	{"uring_allowed", BAD, {{WRITE, "/proc/sys/kernel/io_uring_disabled", "2\n"}}},
	{"user_there", GOOD, {{0}}},
	{"user_there", BAD, {{WRITE, "/etc/passwd", "root:x:0:0::/:/bin/sh\n"}}},
	{"key_there", GOOD, {{0}}},
	{"key_there", BAD, {{REMOVE, "/etc/wirelog/cluster.key", NULL}}},
	{"key_there", BAD, {{WRITE, "/etc/wirelog/cluster.key", "short"}}},
	{"key_there", BAD, {{CONFIG, "security: {key_file: /etc/wirelog/cluster.key}\n", ""}}},
	{"key_private", GOOD, {{0}}},
	{"key_private", BAD, {{WRITE, "/etc/passwd", USER_OF_NOTHING}}},
	{"key_private", UNKNOWN, {{REMOVE, "/etc/wirelog/cluster.key", NULL}}},
	{"run_directory", GOOD, {{0}}},
	{"run_directory",
	 BAD,
	 {{CONFIG, "run_directory: /run/wirelog", "run_directory: /run/nowhere/wirelog"}}},
	{"unit_there", GOOD, {{0}}},
	{"unit_there", BAD, {{REMOVE, "/etc/systemd/system/wirelogd.service", NULL}}},
};

#define TRIALS (sizeof(trials) / sizeof(trials[0]))

static struct host_tree tree;
static struct wl_host_facts facts;

static void change(const struct change *change)
{
	switch (change->what) {
	case WRITE:
		host_tree_remove(&tree, change->where);
		host_tree_write(&tree, change->where, change->text);
		break;
	case REMOVE:
		host_tree_remove(&tree, change->where);
		break;
	case LINK:
		host_tree_link(&tree, change->where, change->text);
		break;
	case CONFIG:
		host_tree_configure(&tree, change->where, change->text);
		break;
	default:
		break;
	}
}

static void set_fact(const struct change *change)
{
	if (change->what == PAUSE)
		facts.nics[0].pause = strtol(change->text, NULL, 10);
	if (change->what == FIRMWARE)
		snprintf(facts.nics[0].firmware, sizeof(facts.nics[0].firmware), "%s",
			 change->text);
}

static const struct wl_doctor_check *find(const char *name)
{
	for (size_t at = 0; at < wl_doctor_check_count; at++)
		if (strcmp(wl_doctor_checks[at].name, name) == 0)
			return &wl_doctor_checks[at];
	CU_FAIL_FATAL("no such check");
	return NULL;
}

static void try(const struct trial *trial)
{
	struct wl_doctor_answer answer = {0};
	char yaml[sizeof(tree.yaml)];

	strcpy(yaml, tree.yaml);
	for (size_t at = 0; at < 3; at++)
		change(&trial->changes[at]);
	host_tree_facts(&tree, &facts);
	for (size_t at = 0; at < 3; at++)
		set_fact(&trial->changes[at]);
	find(trial->check)->look(&facts, &answer);
	if ((int)answer.state != trial->state)
		fprintf(stderr, "%s (%s): %s: %s\n", trial->check,
			trial->changes[0].where ? trial->changes[0].where : "as it is",
			wl_doctor_state_name(answer.state), answer.current);
	CU_ASSERT_EQUAL((int)answer.state, trial->state);
	CU_ASSERT_NOT_EQUAL(answer.current[0], '\0');
	strcpy(tree.yaml, yaml);
	for (size_t at = 0; at < 3; at++)
		if (trial->changes[at].what == WRITE || trial->changes[at].what == REMOVE ||
		    trial->changes[at].what == LINK)
			host_tree_restore(&tree, trial->changes[at].where);
}

static void each_check_answers_as_the_host_is(void)
{
	host_tree_begin(&tree);
	for (size_t at = 0; at < TRIALS; at++)
		try(&trials[at]);
	host_tree_end(&tree);
}

static void each_check_is_provoked_good_and_bad(void)
{
	/* Its profile has no card with fewer queues than the two workers of the tree. */
	static const char *const never_bad[] = {"nic_queues", "nic_firmware"};

	for (size_t check = 0; check < wl_doctor_check_count; check++) {
		bool good = false, bad = false;

		for (size_t at = 0; at < TRIALS; at++) {
			bool is_it = strcmp(trials[at].check, wl_doctor_checks[check].name) == 0;

			good |= is_it && trials[at].state == GOOD;
			bad |= is_it && trials[at].state == BAD;
		}
		for (size_t at = 0; at < 2; at++)
			bad |= strcmp(wl_doctor_checks[check].name, never_bad[at]) == 0;
		if (!good || !bad)
			fprintf(stderr, "%s is not provoked\n", wl_doctor_checks[check].name);
		CU_ASSERT(good && bad);
	}
	CU_ASSERT(wl_doctor_check_count >= 60);
}

static void look_at_all(struct wl_doctor_answer *answers)
{
	memset(answers, 0, wl_doctor_check_count * sizeof(*answers));
	for (size_t at = 0; at < wl_doctor_check_count; at++)
		wl_doctor_checks[at].look(&facts, &answers[at]);
}

static void more_workers_than_queues_are_unsafe(void)
{
	struct wl_doctor_answer answer = {0};

	host_tree_begin(&tree);
	host_tree_facts(&tree, &facts);
	facts.nics[0].family.queues_max = 1;

	find("nic_queues")->look(&facts, &answer);

	CU_ASSERT_EQUAL(answer.state, WL_DOCTOR_STATE_BAD);
	host_tree_end(&tree);
}

static void exit_code_is_the_worst_severity(void)
{
	static struct wl_doctor_answer answers[128];

	host_tree_begin(&tree);
	host_tree_facts(&tree, &facts);
	look_at_all(answers);
	CU_ASSERT_EQUAL(wl_doctor_exit_code(answers), 0);

	host_tree_write(&tree, "/proc/sys/kernel/nmi_watchdog", "1\n");
	host_tree_facts(&tree, &facts);
	look_at_all(answers);
	CU_ASSERT_EQUAL(wl_doctor_exit_code(answers), 0);

	host_tree_write(&tree, CPU "/isolated", "\n");
	host_tree_facts(&tree, &facts);
	look_at_all(answers);
	CU_ASSERT_EQUAL(wl_doctor_exit_code(answers), 1);

	host_tree_write(&tree, CPU "/online", "0-1\n");
	host_tree_facts(&tree, &facts);
	look_at_all(answers);
	CU_ASSERT_EQUAL(wl_doctor_exit_code(answers), 2);
	host_tree_end(&tree);
}

static void an_empty_tree_is_unknown_and_never_good(void)
{
	static struct wl_doctor_answer answers[128];
	/* What is said without a fact: nothing limits, a kernel driver is not there. */
	static const char *const said[] = {"pages_allowed"};

	host_tree_begin(&tree);
	host_tree_remove(&tree, "/sys");
	host_tree_remove(&tree, "/proc");
	host_tree_remove(&tree, "/etc");
	host_tree_remove(&tree, "/dev");
	host_tree_remove(&tree, "/run");
	host_tree_facts(&tree, &facts);
	look_at_all(answers);
	for (size_t at = 0; at < wl_doctor_check_count; at++) {
		bool is_said = strcmp(wl_doctor_checks[at].name, said[0]) == 0 ||
			       (strcmp(wl_doctor_checks[at].name, "core_idle_states") == 0);

		if (!is_said && answers[at].state == WL_DOCTOR_STATE_GOOD)
			fprintf(stderr, "%s: %s\n", wl_doctor_checks[at].name, answers[at].current);
		CU_ASSERT(is_said || answers[at].state != WL_DOCTOR_STATE_GOOD);
	}
	host_tree_end(&tree);
}

static void without_a_file_the_host_alone_is_judged(void)
{
	static struct wl_doctor_answer answers[128];
	struct wl_host_ask ask = {.root = tree.root};

	host_tree_begin(&tree);
	wl_host_facts_read(&ask, &facts);
	look_at_all(answers);
	for (size_t at = 0; at < wl_doctor_check_count; at++)
		CU_ASSERT_NOT_EQUAL(answers[at].state, WL_DOCTOR_STATE_BAD);
	host_tree_end(&tree);
}

static void report_fits_into_100_columns(void)
{
	static struct wl_doctor_answer answers[128];
	char *text = NULL, *rest, *line;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);

	for (size_t at = 0; at < wl_doctor_check_count; at++) {
		memset(&answers[at], 0, sizeof(answers[at]));
		wl_doctor_say(
			&answers[at], WL_DOCTOR_STATE_BAD, "%s",
			"a long sentence about what is there which does not fit into one line of "
			"the table, so that it has to be cut into several");
	}
	wl_doctor_report_print(to, answers);
	fclose(to);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		CU_ASSERT(strlen(line) <= 100);
	free(text);
}

static void report_as_json_has_every_check(void)
{
	static struct wl_doctor_answer answers[128];
	json_t *report, *row;

	memset(answers, 0, sizeof(answers));
	wl_doctor_say(&answers[0], WL_DOCTOR_STATE_BAD, "it is wrong");
	strcpy(answers[0].fix, "another fix");
	report = wl_doctor_report_json(answers);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(report, "checks")), wl_doctor_check_count);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(report, "level")), "unsafe");
	row = json_array_get(json_object_get(report, "checks"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "state")), "bad");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "fix")), "another fix");
	json_decref(report);
}

WL_SUITE(doctor)
{
	WL_TEST(each_check_answers_as_the_host_is),
	WL_TEST(each_check_is_provoked_good_and_bad),
	WL_TEST(more_workers_than_queues_are_unsafe),
	WL_TEST(exit_code_is_the_worst_severity),
	WL_TEST(an_empty_tree_is_unknown_and_never_good),
	WL_TEST(without_a_file_the_host_alone_is_judged),
	WL_TEST(report_fits_into_100_columns),
	WL_TEST(report_as_json_has_every_check),
};
