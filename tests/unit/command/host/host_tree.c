/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/command/host/host_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"

#define CPU "/sys/devices/system/cpu"
#define PCI "/sys/bus/pci/devices/"
#define NIC PCI "0000:3b:00.0/"
#define MLX PCI "0000:5e:00.0/"
#define NET "/sys/class/net/ens2np0/"
#define BLOCK "/sys/class/block/nvme0n1/"
#define PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define NODE0 "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/"

static const struct file {
	const char *path, *text;
} files[] = {
	{CPU "/online", "0-7\n"},
	{CPU "/isolated", "2-3\n"},
	{CPU "/nohz_full", "2-3\n"},
	{CPU "/cpu2/topology/thread_siblings_list", "2\n"},
	{CPU "/cpu3/topology/thread_siblings_list", "3\n"},
	{CPU "/cpu2/cpufreq/scaling_governor", "performance\n"},
	{CPU "/cpu3/cpufreq/scaling_governor", "performance\n"},
	{CPU "/cpu2/cpufreq/scaling_available_governors", "performance powersave\n"},
	{CPU "/cpu2/cpuidle/state0/latency", "0\n"},
	{CPU "/cpu2/cpuidle/state1/latency", "2\n"},
	{CPU "/cpu2/node0/cpulist", "0-3\n"},
	{CPU "/cpu3/node0/cpulist", "0-3\n"},
	{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"},
	{"/proc/cmdline", "root=/dev/sda1 isolcpus=2-3 nohz_full=2-3 rcu_nocbs=2-3 quiet\n"},
	{"/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu tsc constant_tsc nonstop_tsc avx avx2\n"},
	{"/proc/self/status", "Name:\twirelog\nCpus_allowed_list:\t0-7\n"},
	{"/proc/self/limits",
	 "Max locked memory         8388608              8388608              bytes\n"},
	{"/proc/irq/default_smp_affinity", "00000000,000000f3\n"},
	{"/proc/irq/24/effective_affinity_list", "0\n"},
	{"/proc/irq/25/smp_affinity_list", "4-7\n"},
	{"/proc/sys/kernel/numa_balancing", "0\n"},
	{"/proc/sys/kernel/nmi_watchdog", "0\n"},
	{"/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"},
	{"/proc/meminfo", "MemTotal: 65000000 kB\nMemAvailable:   60000000 kB\nSwapTotal: 0 kB\n"},
	{"/proc/mounts", "hugetlbfs /dev/hugepages hugetlbfs rw,relatime 0 0\n"},
	{"/proc/swaps", "Filename\tType\n"},
	{"/proc/self/mountinfo",
	 "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:2 / /data rw - ext4 /dev/sda2 rw\n"
	 "31 22 0:40 / /data/shared rw - nfs4 server:/x rw\n"},
	{"/proc/net/route",
	 "Iface\tDestination\tGateway\nens1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n"
	 "ens1\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"},
	{"/proc/net/ipv6_route",
	 "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	 "fe80000000000000000000000000fffe 00000400 00000002 00000000 00000003     ens1\n"},
	{PAGES "nr_hugepages", "512\n"},
	{PAGES "free_hugepages", "512\n"},
	{NODE0 "nr_hugepages", "512\n"},
	{NODE0 "free_hugepages", "512\n"},
	{"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
	{"/sys/module/vfio_pci/refcnt", "0\n"},
	{"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n"},
	{"/sys/module/nvme/parameters/poll_queues", "0\n"},
	{NIC "vendor", "0x8086\n"},
	{NIC "device", "0x159b\n"},
	{NIC "class", "0x020000\n"},
	{NIC "numa_node", "0\n"},
	{NIC "current_link_width", "16\n"},
	{NIC "max_link_width", "16\n"},
	{NIC "driver_override", "vfio-pci\n"},
	{MLX "vendor", "0x15b3\n"},
	{MLX "device", "0x1017\n"},
	{MLX "numa_node", "0\n"},
	{MLX "current_link_width", "16\n"},
	{MLX "max_link_width", "16\n"},
	{MLX "net/ens2np0/ifindex", "3\n"},
	{NET "carrier", "1\n"},
	{NET "speed", "100000\n"},
	{NET "mtu", "9000\n"},
	{"/sys/kernel/iommu_groups/17/devices/0000:3b:00.0/x", ""},
	{"/dev/vfio/17", ""},
	{"/lib/firmware/intel/ice/ddp/ice.pkg", "x"},
	{"/usr/lib/x86_64-linux-gnu/libibverbs.so.1", "x"},
	{"/dev/nvme0n1", ""},
	{BLOCK "dev", "259:0\n"},
	{BLOCK "size", "3750748848\n"},
	{BLOCK "queue/logical_block_size", "4096\n"},
	{BLOCK "queue/physical_block_size", "4096\n"},
	{BLOCK "queue/rotational", "0\n"},
	{BLOCK "queue/fua", "1\n"},
	{BLOCK "queue/write_cache", "write through\n"},
	{BLOCK "queue/scheduler", "[none] mq-deadline\n"},
	{BLOCK "device/numa_node", "0\n"},
	{BLOCK "device/hwmon1/temp1_input", "41850\n"},
	{"/run/udev/data/b259:0", "S:disk/by-id/nvme-wirelog-node1\nE:ID_SERIAL=ACME_SSD_S123\n"},
	{"/run/systemd/timesync/synchronized", ""},
	{"/etc/systemd/system/wirelogd.service",
	 "[Service]\nUser=wirelog\nLimitMEMLOCK=infinity\n"},
	{"/etc/systemd/system/wirelogd.service.d/cores.conf", "[Service]\nCPUAffinity=0 1 4-7\n"},
	{"/usr/lib/udev/rules.d/65-wirelog.rules", "# vfio\n"},
	{"/etc/udev/rules.d/64-wirelog-drive.rules", "# by hand\n"},
	{"/etc/wirelog/cluster.key", "00112233445566778899aabbccddeeff\n"},
	{"/run/wirelog/status.json", "{\"node\": 1, \"mode\": {\"reasons\": []}}\n"},
};

static const char *const yaml =
	"cluster:\n  uuid: 8f0e5a62-0c0b-4f3f-8a57-0d9be1f2a6c4\n  node: 1\n  nodes:\n"
	"    - {id: 1, address: 192.0.2.11}\n    - {id: 2, address: 192.0.2.12}\n"
	"    - {id: 3, address: 192.0.2.13}\n"
	"journals:\n  - {id: 0, worker: 0}\n  - {id: 1, worker: 1}\n"
	"network: {mtu: 9000}\nworkers:\n  - core: 2\n    links:\n"
	"      - {kind: pci, address: \"0000:3b:00.0\", descriptors: 1024}\n"
	"  - core: 3\n    links:\n      - {kind: pci, address: \"0000:3b:00.0\", descriptors: 1024}\n"
	"storage: {path: /dev/disk/by-id/nvme-wirelog-node1, segment_bytes: 256MiB}\n"
	"log: {ring_bytes: 64MiB, bytes_max: 256GiB, registered_buffers: on}\n"
	"memory: {hugepages: on, megabytes: 512}\nidle: {strategy: spin}\n"
	"security: {key_file: /etc/wirelog/cluster.key}\nrun_directory: /run/wirelog\n";

static void whole(const struct host_tree *tree, const char *path, char text[512])
{
	CU_ASSERT_FATAL((size_t)snprintf(text, 512, "%s%s", tree->root, path) < 512);
}

static void make_folders(const char *path)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", path);
	for (char *at = strchr(text + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(text, 0755);
		*at = '/';
	}
}

void host_tree_write(const struct host_tree *tree, const char *path, const char *text)
{
	char name[512];
	FILE *file;

	whole(tree, path, name);
	make_folders(name);
	file = fopen(name, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

void host_tree_link(const struct host_tree *tree, const char *path, const char *to)
{
	char name[512];

	whole(tree, path, name);
	make_folders(name);
	unlink(name);
	CU_ASSERT_EQUAL_FATAL(symlink(to, name), 0);
}

void host_tree_mode(const struct host_tree *tree, const char *path, unsigned mode)
{
	char name[512];

	whole(tree, path, name);
	CU_ASSERT_EQUAL_FATAL(chmod(name, mode), 0);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
	(void)stat;
	(void)kind;
	(void)where;
	return remove(path);
}

void host_tree_remove(const struct host_tree *tree, const char *path)
{
	char name[512];

	whole(tree, path, name);
	nftw(name, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *host_tree_read(const struct host_tree *tree, const char *path)
{
	static char text[8192];

	wl_host_read_text(tree->root, path, text, sizeof(text));
	return text;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static const struct file links[] = {
	{NIC "driver", "../../../bus/pci/drivers/vfio-pci"},
	{NIC "iommu_group", "../../../kernel/iommu_groups/17"},
	{MLX "driver", "../../../bus/pci/drivers/mlx5_core"},
	{"/dev/disk/by-id/nvme-wirelog-node1", "../../nvme0n1"},
};

static const struct {
	const char *path;
	unsigned mode;
} modes[] = {{"/etc/wirelog/cluster.key", 0400}, {"/dev/vfio/17", 0600}, {"/dev/nvme0n1", 0600}};

/* What lies at `folder` and below; "": all of it. */
static void fill(const struct host_tree *tree, const char *folder)
{
	char text[128];

	for (size_t at = 0; at < sizeof(files) / sizeof(files[0]); at++)
		if (is_below(files[at].path, folder))
			host_tree_write(tree, files[at].path, files[at].text);
	for (size_t at = 0; at < sizeof(links) / sizeof(links[0]); at++)
		if (is_below(links[at].path, folder))
			host_tree_link(tree, links[at].path, links[at].text);
	for (size_t at = 0; at < sizeof(modes) / sizeof(modes[0]); at++)
		if (is_below(modes[at].path, folder))
			host_tree_mode(tree, modes[at].path, modes[at].mode);
	if (!is_below("/etc/passwd", folder))
		return;
	/* The node's user is who runs the test: it owns what is here. */
	snprintf(text, sizeof(text), "root:x:0:0::/:/bin/sh\nwirelog:x:%u:%u::/:/bin/false\n",
		 getuid(), getgid());
	host_tree_write(tree, "/etc/passwd", text);
}

void host_tree_restore(const struct host_tree *tree, const char *path)
{
	char name[512], *last;

	host_tree_remove(tree, path);
	fill(tree, path);
	/* Folders that were made for it; those that hold something stay. */
	whole(tree, path, name);
	while ((last = strrchr(name, '/')) != NULL && strlen(name) > strlen(tree->root)) {
		rmdir(name);
		*last = '\0';
	}
}

void host_tree_begin(struct host_tree *tree)
{
	char reason[400] = "";

	memset(tree, 0, sizeof(*tree));
	/* In memory where there is such a place: some twenty thousand small files come and go. */
	snprintf(tree->root, sizeof(tree->root), "%s/wirelog-test-host-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(tree->root));
	fill(tree, "");
	strcpy(tree->yaml, yaml);
	CU_ASSERT_TRUE(wl_nic_families_load(&tree->families, "drivers-config/nic", reason,
					    sizeof(reason)));
}

void host_tree_end(struct host_tree *tree)
{
	host_tree_remove(tree, "");
	CU_ASSERT_NOT_EQUAL(access(tree->root, F_OK), 0);
}

void host_tree_configure(struct host_tree *tree, const char *from, const char *to)
{
	char changed[4096], *at;

	while ((at = strstr(tree->yaml, from)) != NULL) {
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - tree->yaml), tree->yaml,
			 to, at + strlen(from));
		strcpy(tree->yaml, changed);
		if (strstr(to, from) != NULL)
			return;
	}
}

void host_tree_facts(struct host_tree *tree, struct wl_host_facts *facts)
{
	static struct wl_config_problems problems;
	struct wl_host_ask ask = {.root = tree->root,
				  .config = &tree->config,
				  .families = &tree->families};
	int status = wl_config_parse((const uint8_t *)tree->yaml, strlen(tree->yaml), "",
				     &tree->config, &problems);

	if (status != 0)
		fprintf(stderr, "%s: %s\n", problems.item[0].key, problems.item[0].text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	wl_host_facts_read(&ask, facts);
}

/* ---- the state of all of it --------------------------------------------------------------------- */

static FILE *state_file;
static size_t state_root_length;
static const char *state_but;

static int write_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
	char to[512] = "";
	FILE *file;
	int byte;

	(void)where;
	path += state_root_length;
	if (kind == FTW_D || kind == FTW_DP ||
	    (state_but != NULL && strstr(path, state_but) != NULL))
		return 0;
	fprintf(state_file, "%s %o %u %u ", path, stat->st_mode, stat->st_uid, stat->st_gid);
	path -= state_root_length;
	if (kind == FTW_SL) {
		if (readlink(path, to, sizeof(to) - 1) >= 0)
			fprintf(state_file, "-> %s", to);
	} else if ((file = fopen(path, "r")) != NULL) {
		while ((byte = fgetc(file)) != EOF)
			fputc(byte, state_file);
		fclose(file);
	}
	fputc('\n', state_file);
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *host_tree_state(const struct host_tree *tree, const char *but)
{
	char *text = NULL, *sorted, *lines[4096], *rest;
	size_t bytes = 0, count = 0, used = 0;

	state_file = open_memstream(&text, &bytes);
	state_root_length = strlen(tree->root);
	state_but = but;
	nftw(tree->root, write_one, 16, FTW_PHYS);
	fclose(state_file);
	/* Folders are read in any order. */
	sorted = malloc(bytes + 1);
	rest = text;
	for (char *line; count < 4096 && (line = strsep(&rest, "\n")) != NULL;)
		lines[count++] = line;
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t at = 0; at < count; at++)
		used += (size_t)sprintf(sorted + used, at > 0 ? "\n%s" : "%s", lines[at]);
	free(text);
	return sorted;
}
