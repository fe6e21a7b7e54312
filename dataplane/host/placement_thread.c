/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/host/placement_thread.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wirelog/status.h"

#define SET_CORES \
	8192u /* more than the kernel's largest NR_CPUS; its masks have that length or less */

#define LONG_BITS (8 * (unsigned)sizeof(unsigned long))
#define MEMORY_NODES 1024u /* the kernel's most */

/* A set of the size that this kernel asks for, which a cpu_set_t may be too small for. */
static cpu_set_t *new_set(size_t *bytes)
{
	cpu_set_t *set = CPU_ALLOC(SET_CORES);

	*bytes = CPU_ALLOC_SIZE(SET_CORES);
	if (set != NULL)
		CPU_ZERO_S(*bytes, set);
	return set;
}

static int pin(uint16_t core)
{
	size_t bytes;
	cpu_set_t *set = new_set(&bytes);
	int error = ENOMEM;

	if (set == NULL)
		return error;
	CPU_SET_S(core, bytes, set);
	error = pthread_setaffinity_np(pthread_self(), bytes, set);
	CPU_FREE(set);
	return error;
}

void wl_placement_allowed(struct wl_cores *cores)
{
	size_t bytes;
	cpu_set_t *set = new_set(&bytes);

	cores->count = 0;
	if (set != NULL && sched_getaffinity(0, bytes, set) == 0)
		for (unsigned core = 0; core < SET_CORES && cores->count < WL_CORES_MAX; core++)
			if (CPU_ISSET_S(core, bytes, set))
				cores->cores[cores->count++] = (uint16_t)core;
	if (set != NULL)
		CPU_FREE(set);
}

bool wl_placement_may_use(uint16_t core)
{
	size_t bytes;
	cpu_set_t *before = new_set(&bytes);
	bool may = false;

	if (before != NULL && sched_getaffinity(0, bytes, before) == 0) {
		may = pin(core) == 0;
		sched_setaffinity(0, bytes, before);
	}
	if (before != NULL)
		CPU_FREE(before);
	return may;
}

void wl_placement_confine(const struct wl_cores *cores)
{
	size_t bytes;
	cpu_set_t *set = new_set(&bytes);
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;

	for (uint16_t at = 0; set != NULL && at < cores->count; at++)
		CPU_SET_S(cores->cores[at], bytes, set);
	while (set != NULL && tasks != NULL && (entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			sched_setaffinity((pid_t)strtol(entry->d_name, NULL, 10), bytes, set);
	if (tasks != NULL)
		closedir(tasks);
	if (set != NULL)
		CPU_FREE(set);
}

bool wl_placement_has(const struct wl_cores *cores, uint16_t core)
{
	for (uint16_t i = 0; i < cores->count; i++)
		if (cores->cores[i] == core)
			return true;
	return false;
}

void wl_placement_name(const char *name)
{
	char cut[16];

	snprintf(cut, sizeof(cut), "%.15s", name);
	pthread_setname_np(pthread_self(), cut);
}

int wl_placement_enter(uint16_t core, uint32_t worker, char *reason, size_t reason_bytes)
{
	char name[32];
	int error;

	snprintf(name, sizeof(name), "wl-pmd-%u", worker);
	wl_placement_name(name);
	if (core == WL_CORE_ANY)
		return 0;
	error = pin(core);
	if (error == 0)
		return 0;
	snprintf(reason, reason_bytes, "worker %u cannot run on core %u: %s", worker, core,
		 error == EINVAL ? "there is no such core, or it is not allowed here"
				 : strerror(error));
	return WIRELOG_EAL_CORES;
}

int wl_placement_numa_node(int core)
{
	char path[64];
	struct dirent *entry;
	int node = -1;
	DIR *folder;

	if (core < 0)
		return -1;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", core);
	folder = opendir(path);
	if (folder == NULL)
		return -1;
	while (node < 0 && (entry = readdir(folder)) != NULL)
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			node = -1;
	closedir(folder);
	return node;
}

int wl_placement_prefer_memory(void *memory, size_t bytes, int numa_node)
{
	unsigned long nodes[MEMORY_NODES / LONG_BITS] = {0};

	if (numa_node < 0 || numa_node >= (int)MEMORY_NODES)
		return -EINVAL;
	nodes[(unsigned)numa_node / LONG_BITS] = 1ul << (unsigned)numa_node % LONG_BITS;
	/* The kernel takes the number of bits for one more than there are. */
	if (syscall(SYS_mbind, memory, bytes, MPOL_PREFERRED, nodes, MEMORY_NODES + 1, 0) != 0)
		return -errno;
	return 0;
}

/* ---- interrupts ------------------------------------------------------------------------------- */

/* The core numbers of the columns, from the first line: "CPU0 CPU1 ..." (some may be offline). */
static size_t parse_columns(const char *line, size_t bytes, uint16_t *columns, size_t max)
{
	const char *end = line + bytes;
	size_t count = 0;

	while (count < max) {
		const char *at = memmem(line, (size_t)(end - line), "CPU", 3);

		if (at == NULL)
			break;
		columns[count++] = (uint16_t)strtoul(at + 3, NULL, 10);
		line = at + 3;
	}
	return count;
}

static bool last_word_begins(const char *line, size_t bytes, const char *word)
{
	size_t size = strlen(word), start;

	while (bytes > 0 && line[bytes - 1] == ' ')
		bytes--;
	start = bytes;
	while (start > 0 && line[start - 1] != ' ')
		start--;
	return bytes - start >= size && memcmp(line + start, word, size) == 0;
}

unsigned wl_placement_parse_interrupts(const char *text, const char *device, uint64_t *by_core,
				       size_t cores)
{
	uint16_t columns[WL_CORES_MAX];
	size_t count = parse_columns(text, strcspn(text, "\n"), columns, WL_CORES_MAX);
	unsigned lines = 0;

	memset(by_core, 0, cores * sizeof(by_core[0]));
	for (const char *line = text + strcspn(text, "\n"); *line != '\0';
	     line += strcspn(line, "\n")) {
		size_t bytes = strcspn(++line, "\n");
		const char *at = memchr(line, ':', bytes);

		if (at == NULL || !last_word_begins(line, bytes, device))
			continue;
		lines++;
		at++;
		for (size_t i = 0; i < count; i++) {
			char *end;
			uint64_t number = strtoull(at, &end, 10);

			if (end == at || end > line + bytes)
				break;
			if (columns[i] < cores)
				by_core[columns[i]] += number;
			at = end;
		}
	}
	return lines;
}

/* "../../devices/pci0000:00/.../virtio1/block/vda" or ".../nvme/nvme0/nvme0n1" -> what owns it. */
static bool device_of_link(const char *link, char *device, size_t device_bytes)
{
	const char *virtual_disk = strstr(link, "/virtio");
	const char *nvme = strstr(link, "/nvme/nvme");
	unsigned number;

	if (nvme != NULL && sscanf(nvme, "/nvme/nvme%u", &number) == 1)
		snprintf(device, device_bytes, "nvme%uq", number);
	else if (virtual_disk != NULL && sscanf(virtual_disk, "/virtio%u", &number) == 1)
		snprintf(device, device_bytes, "virtio%u-", number);
	else
		return false;
	return true;
}

bool wl_placement_disk_interrupts(const char *path, char *device, size_t device_bytes)
{
	char name[64], link[PATH_MAX];
	struct stat file;
	dev_t disk;
	ssize_t bytes;

	if (stat(path, &file) != 0)
		return false;
	disk = S_ISBLK(file.st_mode) ? file.st_rdev : file.st_dev;
	snprintf(name, sizeof(name), "/sys/dev/block/%u:%u", major(disk), minor(disk));
	bytes = readlink(name, link, sizeof(link) - 1);
	if (bytes <= 0)
		return false;
	link[bytes] = '\0';
	return device_of_link(link, device, device_bytes);
}

void wl_placement_count_interrupts(const char *device, uint64_t *by_core, size_t cores)
{
	size_t size = 1u << 20, bytes = 0;
	char *text = malloc(size);
	FILE *file = fopen("/proc/interrupts", "re");

	if (text != NULL && file != NULL)
		bytes = fread(text, 1, size - 1, file);
	if (file != NULL)
		fclose(file);
	if (text != NULL) {
		text[bytes] = '\0';
		wl_placement_parse_interrupts(text, device, by_core, cores);
	} else {
		memset(by_core, 0, cores * sizeof(by_core[0]));
	}
	free(text);
}
