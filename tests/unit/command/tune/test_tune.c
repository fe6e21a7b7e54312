/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tune/tune_apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/command/host/host_tree.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define PCI "/sys/bus/pci/devices/"
#define NIC PCI "0000:3b:00.0"
#define NODE_PAGES "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"
#define OVERRIDE "/etc/driverctl.d/pci-0000:3b:00.0"

static struct host_tree tree;
static struct wl_host_facts facts;
static struct wl_tune_plan plan;
static struct wl_tune_wish wish;

/* ---- the host's programs, as far as they change something ----------------------------------------- */

static char commands[8192];
static const char *breaks; /* the command that fails; "" none */
static int pages_given; /* that the kernel finds; -1: as many as are asked for */

static void reserve(const char *command)
{
	const char *at = strstr(command, "--reserve ");
	char text[32];
	int pages = (int)strtol(at + 10, NULL, 10) / 2;

	snprintf(text, sizeof(text), "%d\n", pages_given >= 0 ? pages_given : pages);
	host_tree_write(&tree, NODE_PAGES, text);
}

/* driverctl: binds, and keeps what it was told in a file. "probe": the driver that the kernel would find. */
static int bind_driver(const char *command)
{
	const char *wanted = strrchr(command, ' ') + 1;
	const char *probe = host_tree_read(&tree, "/probe");

	if (strstr(command, "unset-override") == NULL) {
		char to[64];

		snprintf(to, sizeof(to), "../drivers/%s", wanted);
		host_tree_link(&tree, NIC "/driver", to);
		snprintf(to, sizeof(to), "%s\n", wanted);
		host_tree_write(&tree, NIC "/driver_override", to);
		host_tree_write(&tree, OVERRIDE, to);
		return 0;
	}
	host_tree_remove(&tree, NIC "/driver");
	host_tree_write(&tree, NIC "/driver_override", "(null)\n");
	if (strstr(command, "--noprobe") == NULL) {
		if (probe[0] == '\0')
			return 1; /* "failed to bind", before the file is removed */
		host_tree_link(&tree, NIC "/driver", probe);
	}
	host_tree_remove(&tree, OVERRIDE);
	return 0;
}

static int run(void *context, const char *command)
{
	(void)context;
	strcat(strcat(commands, command), "\n");
	if (breaks[0] != '\0' && strstr(command, breaks) != NULL)
		return 3;
	if (strstr(command, "dpdk-hugepages.py") != NULL)
		reserve(command);
	else if (strstr(command, "driverctl") != NULL)
		return bind_driver(command);
	else if (strcmp(command, "modprobe vfio-pci") == 0)
		host_tree_write(&tree, "/sys/module/vfio_pci/refcnt", "0\n");
	else if (strcmp(command, "modprobe -r vfio-pci") == 0)
		host_tree_remove(&tree, "/sys/module/vfio_pci");
	else if (strstr(command, "dpdk-devbind.py") != NULL)
		host_tree_link(&tree, NIC "/driver", "../drivers/vfio-pci");
	return 0;
}

/* ---- a server as it comes: nothing of it is set up -------------------------------------------------- */

static void begin(void)
{
	static const char *const programs[] = {"/usr/bin/udevadm", "/usr/sbin/modprobe",
					       "/usr/bin/dpdk-hugepages.py", "/usr/sbin/driverctl",
					       "/usr/bin/systemctl"};

	memset(&wish, 0, sizeof(wish));
	commands[0] = '\0';
	breaks = "";
	pages_given = -1;
	host_tree_begin(&tree);
	for (size_t at = 0; at < sizeof(programs) / sizeof(programs[0]); at++)
		host_tree_write(&tree, programs[at], "");
	host_tree_remove(&tree, "/usr/lib/udev/rules.d");
	host_tree_remove(&tree, "/etc/udev/rules.d");
	host_tree_remove(&tree, "/etc/systemd/system/wirelogd.service.d");
	host_tree_remove(&tree, "/sys/module/vfio_pci");
	host_tree_write(&tree, NODE_PAGES, "0\n");
	host_tree_write(&tree, NIC "/driver_override", "(null)\n");
	host_tree_write(&tree, NIC "/net/ens1np0/ifindex", "2\n");
	host_tree_link(&tree, NIC "/driver", "../drivers/ice");
	host_tree_write(&tree, "/probe", "../drivers/ice");
	host_tree_write(&tree, "/sys/class/net/ens1np0/carrier", "1\n");
	host_tree_write(&tree, "/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor",
			"powersave\n");
	host_tree_write(&tree, "/sys/kernel/mm/transparent_hugepage/enabled",
			"[always] madvise never\n");
	host_tree_write(&tree, "/proc/sys/kernel/numa_balancing", "1\n");
	host_tree_write(&tree, "/proc/irq/default_smp_affinity", "ff\n");
	host_tree_write(&tree, "/sys/class/block/nvme0n1/queue/scheduler", "[mq-deadline] none\n");
	host_tree_mode(&tree, "/etc/wirelog/cluster.key", 0644);
	host_tree_write(&tree, "/var/lib/x", "");
}

static void make_plan(void)
{
	host_tree_facts(&tree, &facts);
	wl_tune_plan_make(&plan, &facts, &wish);
}

static struct wl_tune_do open_tune(void)
{
	struct wl_tune_do tune = {.root = tree.root, .run = run};

	CU_ASSERT_TRUE_FATAL(wl_tune_do_open(&tune));
	return tune;
}

static unsigned still_open(void)
{
	struct wl_tune_do tune = open_tune();
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned open;

	make_plan();
	open = wl_tune_show(nowhere, &tune, &plan);
	fclose(nowhere);
	wl_tune_do_close(&tune);
	return open;
}

static int apply(void)
{
	struct wl_tune_do tune;
	int status;

	make_plan();
	for (unsigned at = 0; at < plan.refusal_count; at++)
		fprintf(stderr, "refused: %s\n", plan.refusals[at]);
	CU_ASSERT_EQUAL_FATAL(plan.refusal_count, 0);
	tune = open_tune();
	status = wl_tune_apply(&tune, &plan);
	wl_tune_do_close(&tune);
	return status;
}

static unsigned undo(void)
{
	struct wl_tune_do tune = open_tune();
	unsigned failed = wl_tune_do_undo(&tune, 0);

	wl_tune_do_close(&tune);
	return failed;
}

/* The kernel shows a choice in brackets and takes the word alone: a tree keeps what was written last. */
static void settle(void)
{
	static const char *const choices[][2] = {
		{"/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"},
		{"/sys/class/block/nvme0n1/queue/scheduler", "[mq-deadline] none\n"},
	};

	for (size_t at = 0; at < 2; at++) {
		char word[32];

		sscanf(choices[at][1], "[%31[^]]", word);
		strcat(word, "\n");
		if (strcmp(host_tree_read(&tree, choices[at][0]), word) == 0)
			host_tree_write(&tree, choices[at][0], choices[at][1]);
	}
}

static void assert_same(char *before, char *after)
{
	if (strcmp(before, after) != 0) {
		size_t at = 0;

		while (before[at] == after[at])
			at++;
		at = at > 60 ? at - 60 : 0;
		fprintf(stderr, "before: %.160s\nafter: %.160s\n", before + at, after + at);
	}
	CU_ASSERT_STRING_EQUAL(before, after);
	free(before);
	free(after);
}

/* ---- claims --------------------------------------------------------------------------------------- */

static void a_plan_changes_nothing(void)
{
	char *before;

	begin();
	before = host_tree_state(&tree, NULL);
	CU_ASSERT(still_open() >= 10);
	CU_ASSERT_EQUAL(plan.refusal_count, 0);
	assert_same(before, host_tree_state(&tree, NULL));
	CU_ASSERT_STRING_EQUAL(commands, "");
	host_tree_end(&tree);
}

static void apply_makes_the_host_what_is_needed(void)
{
	struct stat file;
	char path[128];

	begin();
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_STRING_EQUAL(host_tree_read(&tree, NODE_PAGES), "256\n");
	CU_ASSERT_STRING_EQUAL(host_tree_read(&tree, OVERRIDE), "vfio-pci\n");
	CU_ASSERT_STRING_EQUAL(host_tree_read(&tree, "/proc/irq/default_smp_affinity"), "f3\n");
	CU_ASSERT_STRING_EQUAL(
		host_tree_read(&tree, "/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor"),
		"performance\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(host_tree_read(&tree, "/etc/tmpfiles.d/wirelog-tune.conf"),
				      "w " NODE_PAGES " - - - - 256\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(host_tree_read(&tree, "/etc/udev/rules.d/64-wirelog-drive.rules"),
		       "ENV{ID_SERIAL}==\"ACME_SSD_S123\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(host_tree_read(&tree, "/etc/udev/rules.d/65-wirelog.rules"),
				      "GROUP=\"wirelog\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		host_tree_read(&tree,
			       "/etc/systemd/system/wirelogd.service.d/50-wirelog-tune.conf"),
		"CPUAffinity=0-1 4-7\n"));
	snprintf(path, sizeof(path), "%s/etc/wirelog/cluster.key", tree.root);
	CU_ASSERT_EQUAL(stat(path, &file), 0);
	CU_ASSERT_EQUAL(file.st_mode & 07777, 0400);
	snprintf(path, sizeof(path), "%s" WL_TUNE_RECORD, tree.root);
	CU_ASSERT_EQUAL(stat(path, &file), 0);
	CU_ASSERT_EQUAL(file.st_mode & 07777, 0600);
	/* The rule is there before the group's file is made. */
	CU_ASSERT_PTR_NOT_NULL(strstr(commands, "udevadm control --reload"));
	CU_ASSERT(strstr(commands, "modprobe vfio-pci") < strstr(commands, "driverctl"));
	host_tree_end(&tree);
}

static void what_is_done_is_not_done_again(void)
{
	begin();
	CU_ASSERT_EQUAL(apply(), 0);
	commands[0] = '\0';
	CU_ASSERT_EQUAL(still_open(), 0);
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_STRING_EQUAL(commands, "");
	host_tree_end(&tree);
}

static void undo_restores_all_of_it(void)
{
	char *before;

	begin();
	before = host_tree_state(&tree, NULL);
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_EQUAL(undo(), 0);
	settle();
	assert_same(before, host_tree_state(&tree, NULL));
	CU_ASSERT_EQUAL(undo(), 0);
	host_tree_end(&tree);
}

static void two_runs_are_undone_to_before_the_first(void)
{
	char *before;

	begin();
	before = host_tree_state(&tree, NULL);
	CU_ASSERT_EQUAL(apply(), 0);
	host_tree_configure(&tree, "megabytes: 512", "megabytes: 1024");
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_STRING_EQUAL(host_tree_read(&tree, NODE_PAGES), "512\n");
	CU_ASSERT_EQUAL(undo(), 0);
	settle();
	assert_same(before, host_tree_state(&tree, NULL));
	host_tree_end(&tree);
}

/* One that had none gets none back, and no override stays for the next boot. */
static void nic_without_a_driver_is_given_back_without_one(void)
{
	char *before;

	begin();
	host_tree_remove(&tree, NIC "/driver");
	host_tree_remove(&tree, NIC "/net");
	host_tree_remove(&tree, "/probe");
	before = host_tree_state(&tree, NULL);
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_EQUAL(undo(), 0);
	settle();
	assert_same(before, host_tree_state(&tree, NULL));
	host_tree_end(&tree);
}

static void an_override_that_was_there_comes_back(void)
{
	char *before;

	begin();
	host_tree_write(&tree, OVERRIDE, "uio_pci_generic\n");
	host_tree_write(&tree, NIC "/driver_override", "uio_pci_generic\n");
	host_tree_link(&tree, NIC "/driver", "../drivers/uio_pci_generic");
	before = host_tree_state(&tree, NULL);
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_EQUAL(undo(), 0);
	settle();
	assert_same(before, host_tree_state(&tree, NULL));
	host_tree_end(&tree);
}

static void files_of_others_come_back_as_they_were(void)
{
	static const char path[] = "/etc/udev/rules.d/64-wirelog-drive.rules";
	char *before;

	begin();
	host_tree_write(&tree, path, "# of another drive\n\tENV{ID_SERIAL}==\"\xc3\xa9\"\n");
	host_tree_mode(&tree, path, 0640);
	before = host_tree_state(&tree, NULL);
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(host_tree_read(&tree, path), "ACME_SSD_S123"));
	CU_ASSERT_EQUAL(undo(), 0);
	settle();
	assert_same(before, host_tree_state(&tree, NULL));
	host_tree_end(&tree);
}

/* Wherever it stops, nothing of this run is left. */
static void a_failure_in_the_middle_undoes_what_was_done(void)
{
	static const char *const where[] = {"udevadm control",	"modprobe vfio-pci",
					    "dpdk-hugepages",	"udevadm trigger",
					    "systemctl daemon", "driverctl set-override"};

	for (size_t at = 0; at < sizeof(where) / sizeof(where[0]); at++) {
		char *before;

		begin();
		before = host_tree_state(&tree, "record.json");
		breaks = where[at];
		CU_ASSERT_EQUAL(apply(), WIRELOG_TUNE_FAILED);
		/* What undoes a reload is the reload: with it broken it stays in the record, and is undone later. */
		breaks = "";
		CU_ASSERT_EQUAL(undo(), 0);
		settle();
		assert_same(before, host_tree_state(&tree, "record.json"));
		CU_ASSERT_STRING_EQUAL(host_tree_read(&tree, WL_TUNE_RECORD), "");
		host_tree_end(&tree);
	}
}

static void too_few_pages_are_a_failure_and_taken_back(void)
{
	char *before;

	begin();
	before = host_tree_state(&tree, NULL);
	pages_given = 100;
	CU_ASSERT_EQUAL(apply(), WIRELOG_TUNE_FAILED);
	settle();
	assert_same(before, host_tree_state(&tree, NULL));
	host_tree_end(&tree);
}

static void pages_of_others_are_never_taken_away(void)
{
	begin();
	host_tree_write(&tree, NODE_PAGES, "1024\n");
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_STRING_EQUAL(host_tree_read(&tree, NODE_PAGES), "1024\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(host_tree_read(&tree, "/etc/tmpfiles.d/wirelog-tune.conf"),
				      NODE_PAGES " - - - - 1024\n"));
	host_tree_end(&tree);
}

static void mlx5_is_never_unbound(void)
{
	begin();
	host_tree_configure(&tree, "0000:3b:00.0", "0000:5e:00.0");
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_PTR_NULL(strstr(commands, "driverctl"));
	CU_ASSERT_PTR_NULL(strstr(commands, "modprobe"));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		host_tree_read(&tree,
			       "/etc/systemd/system/wirelogd.service.d/50-wirelog-tune.conf"),
		"AmbientCapabilities=CAP_NET_RAW"));
	host_tree_end(&tree);
}

static void tuned_rules_what_it_can(void)
{
	begin();
	wish.has_tuned = true;
	strcpy(wish.tuned_profile, "balanced");
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(commands, "tuned-adm profile wirelog\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(host_tree_read(&tree, "/etc/tuned/wirelog/tuned.conf"), "wl-pmd-"));
	CU_ASSERT_STRING_EQUAL(
		host_tree_read(&tree, "/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor"),
		"powersave\n");
	CU_ASSERT_EQUAL(undo(), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(commands, "tuned-adm profile balanced\n"));
	host_tree_end(&tree);
}

static void start_is_the_last_step_and_undone_first(void)
{
	begin();
	wish.start = true;
	CU_ASSERT_EQUAL(apply(), 0);
	CU_ASSERT(strstr(commands, "enable --now") > strstr(commands, "driverctl"));
	commands[0] = '\0';
	CU_ASSERT_EQUAL(undo(), 0);
	CU_ASSERT_EQUAL(strncmp(commands, "systemctl disable --now", 23), 0);
	host_tree_end(&tree);
}

static void a_record_that_others_may_write_is_not_believed(void)
{
	static const char *const wrong[] = {"[{\"kind\": \"run\"}]", "{}", "no record",
					    "[{\"kind\": \"other\", \"path\": \"/x\"}]", "[1]"};
	struct wl_tune_do tune = {.root = tree.root, .run = run};

	begin();
	for (size_t at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++) {
		host_tree_write(&tree, WL_TUNE_RECORD, wrong[at]);
		CU_ASSERT_FALSE(wl_tune_do_open(&tune));
		wl_tune_do_close(&tune);
	}
	host_tree_write(&tree, WL_TUNE_RECORD, "[]");
	host_tree_mode(&tree, WL_TUNE_RECORD, 0666);
	CU_ASSERT_FALSE(wl_tune_do_open(&tune));
	wl_tune_do_close(&tune);
	host_tree_end(&tree);
}

/* ---- refusals ------------------------------------------------------------------------------------- */

#define NET "/sys/class/net/ens1np0"
#define DRIVE "/dev/disk/by-id/nvme-wirelog-node1"

static const struct refusal {
	const char *says;
	enum { WRITE, REMOVE, LINK, CONFIG } what;
	const char *where, *text;
} refusals[] = {
	{"is a port of bridge br0", LINK, NET "/master", "../br0"},
	{"is a port of bond bond0", LINK, NET "/master", "../bond0"},
	{"ens1np0.7 lies on", LINK, NET "/upper_ens1np0.7", "../ens1np0.7"},
	{"default route of IPv4", WRITE, "/proc/net/route",
	 "Iface\nens1np0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n"},
	{"default route of IPv6", WRITE, "/proc/net/ipv6_route",
	 "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	 "fe80000000000000000000000000fffe 00000400 00000002 00000000 00000003  ens1np0\n"},
	{"carries addresses or routes", WRITE, "/proc/net/route",
	 "Iface\nens1np0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"},
	{"carries addresses or routes", WRITE, "/proc/net/if_inet6",
	 "20010db8000000000000000000000001 02 40 00 80 ens1np0\n"},
	{"0000:3b:00.0 is not there", REMOVE, NIC, NULL},
	{"has no IOMMU", REMOVE, "/sys/kernel/iommu_groups", NULL},
	{"shares its IOMMU group 17 with 0000:3b:00.1 (ice)", LINK, PCI "0000:3b:00.1/driver",
	 "../drivers/ice"},
	{"needs /lib/firmware/intel/ice/ddp/ice.pkg", REMOVE, "/lib/firmware", NULL},
	{"2-3 is not online", WRITE, "/sys/devices/system/cpu/online", "0-1\n"},
	{"takes every core", WRITE, "/sys/devices/system/cpu/online", "2-3\n"},
	{DRIVE " is not there", REMOVE, DRIVE, NULL},
	{"is in use: mounted on /srv", WRITE, "/proc/self/mountinfo",
	 "30 22 259:0 / /srv rw - ext4 /dev/nvme0n1 rw\n"},
	{"is in use: part of md0", WRITE, "/sys/class/block/nvme0n1/holders/md0/x", ""},
	{"holds xfs", WRITE, "/run/udev/data/b259:0", "E:ID_FS_TYPE=xfs\nE:ID_SERIAL=A\n"},
	{"smaller than log.bytes_max", WRITE, "/sys/class/block/nvme0n1/size", "1000\n"},
	{"there is no user wirelog", WRITE, "/etc/passwd", "root:x:0:0::/:/bin/sh\n"},
	{"cluster.key is not there", REMOVE, "/etc/wirelog/cluster.key", NULL},
	{"older than 5.15", WRITE, "/proc/sys/kernel/osrelease", "5.10.0\n"},
	{"driverctl is not installed", REMOVE, "/usr/sbin/driverctl", NULL},
	{"dpdk-hugepages.py is not installed", REMOVE, "/usr/bin/dpdk-hugepages.py", NULL},
	{"keeps its kernel driver", CONFIG, "0000:3b:00.0", "0000:5e:00.0"},
};

static void provoke(const struct refusal *refusal)
{
	switch (refusal->what) {
	case WRITE:
		host_tree_write(&tree, refusal->where, refusal->text);
		break;
	case REMOVE:
		host_tree_remove(&tree, refusal->where);
		break;
	case LINK:
		host_tree_link(&tree, refusal->where, refusal->text);
		break;
	case CONFIG:
		host_tree_configure(&tree, refusal->where, refusal->text);
		host_tree_link(&tree, PCI "0000:5e:00.0/driver", "../drivers/vfio-pci");
		break;
	}
}

static void what_would_do_harm_is_refused_before_anything_changes(void)
{
	for (size_t at = 0; at < sizeof(refusals) / sizeof(refusals[0]); at++) {
		char *before;
		bool says = false;

		begin();
		host_tree_write(&tree, "/sys/class/net/br0/bridge/x", "");
		host_tree_write(&tree, "/sys/class/net/bond0/bonding/x", "");
		host_tree_write(&tree, "/sys/kernel/iommu_groups/17/devices/0000:3b:00.1/x", "");
		provoke(&refusals[at]);
		before = host_tree_state(&tree, NULL);
		make_plan();
		for (unsigned one = 0; one < plan.refusal_count; one++)
			says |= strstr(plan.refusals[one], refusals[at].says) != NULL;
		if (!says)
			fprintf(stderr, "not refused: %s (%u: %s)\n", refusals[at].says,
				plan.refusal_count, plan.refusals[0]);
		CU_ASSERT_TRUE(says);
		assert_same(before, host_tree_state(&tree, NULL));
		host_tree_end(&tree);
	}
	CU_ASSERT(sizeof(refusals) / sizeof(refusals[0]) >= 20);
}

static void force_takes_addresses_and_never_the_default_route(void)
{
	begin();
	wish.force = true;
	host_tree_write(&tree, "/proc/net/route",
			"Iface\nens1np0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n");
	make_plan();
	CU_ASSERT_EQUAL(plan.refusal_count, 0);
	host_tree_write(&tree, "/proc/net/route",
			"Iface\nens1np0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n");
	make_plan();
	CU_ASSERT_EQUAL(plan.refusal_count, 1);
	host_tree_end(&tree);
}

WL_SUITE(tune)
{
	WL_TEST(a_plan_changes_nothing),
	WL_TEST(apply_makes_the_host_what_is_needed),
	WL_TEST(what_is_done_is_not_done_again),
	WL_TEST(undo_restores_all_of_it),
	WL_TEST(two_runs_are_undone_to_before_the_first),
	WL_TEST(nic_without_a_driver_is_given_back_without_one),
	WL_TEST(an_override_that_was_there_comes_back),
	WL_TEST(files_of_others_come_back_as_they_were),
	WL_TEST(a_failure_in_the_middle_undoes_what_was_done),
	WL_TEST(too_few_pages_are_a_failure_and_taken_back),
	WL_TEST(pages_of_others_are_never_taken_away),
	WL_TEST(mlx5_is_never_unbound),
	WL_TEST(tuned_rules_what_it_can),
	WL_TEST(start_is_the_last_step_and_undone_first),
	WL_TEST(a_record_that_others_may_write_is_not_believed),
	WL_TEST(what_would_do_harm_is_refused_before_anything_changes),
	WL_TEST(force_takes_addresses_and_never_the_default_route),
};
