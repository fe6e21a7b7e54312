/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which core a thread runs on, and what else happens on that core: the cores that this process may
 * use, pinning and naming of workers (tuned's cpu-partitioning profile knows ".*pmd.*"), the core
 * that serves a disk's interrupts, the NUMA node of a core.
 *
 * Owner: no state. Thread: each function is about the calling thread or about none. [init]
 */
#ifndef WL_DATAPLANE_HOST_PLACEMENT_THREAD_H
#define WL_DATAPLANE_HOST_PLACEMENT_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_CORES_MAX 1024
#define WL_CORE_ANY UINT16_MAX /* in a setting: leave it to the kernel */

struct wl_cores {
	uint16_t count;
	uint16_t cores[WL_CORES_MAX]; /* ascending */
};

void wl_placement_allowed(struct wl_cores *cores);
/*
 * True: the calling thread could be pinned to it, which is what counts: under isolcpus a worker's core is outside the mask
 * that a process inherits, and allowed all the same. The thread stays where it was.
 */
bool wl_placement_may_use(uint16_t core);
/* All threads of the process that there are, and with them those that they make, run on these from now on. */
void wl_placement_confine(const struct wl_cores *cores);
bool wl_placement_has(const struct wl_cores *cores, uint16_t core);
/*
 * Pins the calling thread to a core (unless WL_CORE_ANY) and names it wl-pmd-<worker>. 0 or
 * EAL_CORES with a sentence in `reason`.
 */
int wl_placement_enter(uint16_t core, uint32_t worker, char *reason, size_t reason_bytes);
/* Names the calling thread, 15 bytes at most: "wl-control". */
void wl_placement_name(const char *name);
/* -1: not known. */
int wl_placement_numa_node(int core);
/* Pages of it that are touched from now on come from that node's memory, as long as it has some: whole pages. 0 or -errno. */
int wl_placement_prefer_memory(void *memory, size_t bytes, int numa_node);

/*
 * Adds up, for each core, the interrupts of the lines of /proc/interrupts whose last word begins
 * with `device` ("nvme0q", "virtio1-"). Returns the lines that did. `text` is the file's content.
 */
unsigned wl_placement_parse_interrupts(const char *text, const char *device, uint64_t *by_core,
				       size_t cores);
/*
 * The name under which the disk that holds `path` has its interrupts, e.g. "virtio1-" or "nvme0q";
 * false where it cannot be told (no such path, a stacked or network file system).
 */
bool wl_placement_disk_interrupts(const char *path, char *device, size_t device_bytes);
/* That device's interrupts so far, for each core; zeros where they cannot be read. */
void wl_placement_count_interrupts(const char *device, uint64_t *by_core, size_t cores);

#endif
