/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers use is brought into RAM before they poll, and stays there: a page that is touched for the first time, or that
 * was taken away meanwhile, would cost a turn tens of microseconds or a read from a swap device.
 *
 * All of it or nothing. Left to itself (memory.locked: auto) a start does without where the limit of locked memory is too
 * small, and where it would take more than a quarter of what is free: memory that is reserved for the worst case and seldom
 * used must not get a node killed that ran well before.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "control/node/boot_thread.h"
#include "control/report/report_file.h"
#include "dataplane/host/placement_thread.h"

#define SHARE_OF_FREE 4u

/*
 * Recovery fills the rings and the table of sessions, on the control thread: whoever touches a page first would decide where it
 * lies. Without a core of its own a worker goes where the kernel puts it, and memory likewise.
 */
static void place(const struct wl_node *node, uint32_t worker, void *memory, size_t bytes)
{
	int core = node->config->workers[worker].core;
	int near = wl_placement_numa_node(core);
	int error = near < 0 ? 0 : wl_placement_prefer_memory(memory, bytes, near);

	if (error != 0)
		wl_report(WL_REPORT_INFO, "memory_node", "worker=%u node=%d kib=%zu error=\"%s\"",
			  worker, near, bytes >> 10, strerror(-error));
}

void *wl_boot_map(struct wl_node *node, uint32_t worker, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	place(node, worker, memory, bytes);
	node->maps[node->map_count++] = (struct wl_node_map){memory, bytes};
	return memory;
}

/* The number in a file, behind `before`; UINT64_MAX where there is none ("max"). */
static uint64_t number_in(const char *path, const char *before)
{
	unsigned long number;
	uint64_t found = UINT64_MAX;
	char line[256], format[64];
	FILE *file = fopen(path, "re");

	if (!file)
		return UINT64_MAX;
	snprintf(format, sizeof(format), "%s%%lu", before);
	while (found == UINT64_MAX && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &number) == 1)
			found = number;
	fclose(file);
	return found;
}

/* Of this process's own group, where groups are of version 2. */
static uint64_t left_to_the_group(void)
{
	char group[256] = "", path[512];
	FILE *file = fopen("/proc/self/cgroup", "re");
	uint64_t limit, used;

	if (!file)
		return UINT64_MAX;
	while (fgets(path, sizeof(path), file))
		if (sscanf(path, "0::%255s", group) == 1)
			break;
	fclose(file);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
	limit = number_in(path, "");
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.current", group);
	used = number_in(path, "");
	if (limit == UINT64_MAX || used == UINT64_MAX)
		return UINT64_MAX;
	return limit > used ? limit - used : 0;
}

static uint64_t free_bytes(void)
{
	uint64_t kib = number_in("/proc/meminfo", "MemAvailable:");
	uint64_t machine = kib == UINT64_MAX ? UINT64_MAX : kib << 10;
	uint64_t group = left_to_the_group();

	return machine < group ? machine : group;
}

/* 0 or errno; nothing is locked then. */
static int lock_all(const struct wl_node *node)
{
	for (uint32_t at = 0; at < node->map_count; at++) {
		int error;

		if (mlock(node->maps[at].memory, node->maps[at].bytes) == 0)
			continue;
		error = errno;
		while (at-- > 0)
			munlock(node->maps[at].memory, node->maps[at].bytes);
		return error;
	}
	return 0;
}

int wl_boot_lock_memory(struct wl_node *node, char *reason, size_t reason_bytes)
{
	bool demanded = node->config->memory_locked == WL_CONFIG_ON;
	struct rlimit limit = {0};
	uint64_t bytes = 0;
	int error;

	if (node->config->memory_locked == WL_CONFIG_OFF)
		return 0;
	for (uint32_t at = 0; at < node->map_count; at++)
		bytes += node->maps[at].bytes;
	if (!demanded && bytes > free_bytes() / SHARE_OF_FREE) {
		wl_report(
			WL_REPORT_NOTICE, "locked_memory",
			"locked=0 mib=%lu free_mib=%lu fix=\"more than a quarter of what is free: lower "
			"log.ring_bytes, log.bytes_max or limits, or set memory.locked: on\"",
			(unsigned long)(bytes >> 20), (unsigned long)(free_bytes() >> 20));
		return 0;
	}
	error = lock_all(node);
	if (error == 0) {
		wl_report(WL_REPORT_NOTICE, "locked_memory", "locked=1 mib=%lu",
			  (unsigned long)(bytes >> 20));
		return 0;
	}
	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (demanded) {
		snprintf(reason, reason_bytes,
			 "memory.locked is on: %s; %lu MiB wanted, locked-memory limit %lu MiB",
			 strerror(error), (unsigned long)(bytes >> 20),
			 (unsigned long)(limit.rlim_cur >> 20));
		return WIRELOG_MEMLOCK;
	}
	wl_report(WL_REPORT_NOTICE, "locked_memory",
		  "locked=0 mib=%lu limit_mib=%lu text=\"%s\" fix=\"raise the limit (ulimit -l, "
		  "LimitMEMLOCK=) to %lu MiB, or set memory.locked: off\"",
		  (unsigned long)(bytes >> 20), (unsigned long)(limit.rlim_cur >> 20),
		  strerror(error), (unsigned long)(bytes >> 20) + 1);
	return 0;
}
