/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Facts of one host, as far as a node needs them: read once (wl_host_facts_read, and the host_*_file.c beside it), judged by
 * `wirelog doctor` and planned by `wirelog tune`, both without another look at the machine.
 *
 * A number that could not be read is WL_FACT_UNKNOWN, a text "", a set not is_known; yes and no are 1 and 0. What is known not to be there
 * is the text "none". Owner: the caller. Thread: the command's.
 */
#ifndef WL_COMMAND_HOST_HOST_FACTS_H
#define WL_COMMAND_HOST_HOST_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "command/host/core_set.h"
#include "command/host/host_read_file.h"
#include "command/host/nic_family.h"
#include "control/config/config.h"

#define WL_HOST_NICS_MAX 8u
#define WL_HOST_IRQS_TOLD 6u
#define WL_HOST_NODES_MAX 16u

/* Who a file belongs to, and who may do what. `uid` is WL_FACT_UNKNOWN where it is not there. */
struct wl_host_owner {
	int64_t uid, gid, mode;
};

struct wl_host_core { /* of a worker */
	unsigned number;
	int64_t node; /* of NUMA */
	int64_t idle_latency_us; /* the longest way out of an idle state that is not disabled; 0: there are none */
	struct wl_core_set siblings; /* itself, too */
	char governor[24]; /* "none": the frequency is not the kernel's */
};

struct wl_host_cores {
	struct wl_host_core workers[WIRELOG_WORKERS_MAX];
	unsigned worker_count;
	struct wl_core_set wanted; /* those of the file */
	struct wl_core_set online, isolated, tickless, rcu_offloaded, allowed;
	struct wl_core_set irqs_default; /* where new interrupts go */
	unsigned irqs_on_workers; /* interrupts that may come to a worker's core and nowhere else, or to all */
	char irqs_told[160];
	int64_t irqs_known;
	int64_t tsc_invariant, avx2, is_virtual, numa_balancing, nmi_watchdog;
	char clocksource[24];
};

struct wl_host_pages { /* of one size */
	uint32_t kb;
	int64_t total, free;
	int64_t free_on[WL_HOST_NODES_MAX]; /* by NUMA node; WL_FACT_UNKNOWN */
	int64_t total_on[WL_HOST_NODES_MAX];
};

struct wl_host_memory {
	struct wl_host_pages pages[2]; /* 2 MiB and 1 GiB; kb 0: this kernel has none */
	char mount[128]; /* of hugetlbfs; "none" */
	int64_t pages_limit; /* bytes that the cgroup allows; INT64_MAX: no limit */
	char transparent[16]; /* always, madvise, never */
	int64_t swap_kb, available_kb;
	int64_t locked_limit; /* bytes, of the unit where there is one, else of this process; INT64_MAX: none */
};

struct wl_host_nic {
	char name[128]; /* as the file says it */
	enum wl_config_link_kind kind;
	uint16_t mtu_wanted, descriptors;
	int64_t is_there;
	char address[16]; /* of PCI; "none" */
	char interface[32]; /* of the kernel; "none" */
	char driver[32];
	char id[12]; /* "8086:159b" */
	int64_t node, carrier, speed_mbit, mtu, pause;
	int64_t lanes, lanes_max; /* of PCI Express */
	char firmware[48];
	char group[16]; /* of the IOMMU; "none" */
	char group_stranger[80]; /* another device of the group that its own driver has; "none" */
	struct wl_host_owner group_file;
	char master[32], master_kind[12]; /* bridge, bond; "none" */
	char upper[32]; /* a VLAN or another interface on it; "none" */
	int64_t routes_default4, routes_default6;
	int64_t is_used; /* any route of IPv4, or a global address of IPv6 */
	bool has_family, needs_is_there;
	struct wl_nic_family family;
};

struct wl_host_drive {
	bool is_device; /* storage.path lies below /dev */
	int64_t is_there;
	char name[64]; /* "nvme0n1"; of a directory: what its file system lies on; "none" */
	char file_system[24], mount[128]; /* of a directory */
	int64_t bytes, free_bytes; /* of a device; of a file system */
	int64_t logical_bytes, physical_bytes, rotates, fua, node, poll_queues, temperature_c;
	char cache[24]; /* "write back", "write through" */
	char scheduler[24];
	char serial[80], signature[48], users[160]; /* "none" */
	struct wl_host_owner file;
};

struct wl_host_system {
	char user[32];
	int64_t uid, gid; /* of that user; unknown: there is none */
	struct wl_host_owner key;
	int64_t key_bytes;
	struct wl_host_owner run_parent;
	int64_t unit_is_there;
	struct wl_core_set unit_cores; /* CPUAffinity= */
	int64_t kernel_major, kernel_minor;
	int64_t uring_disabled; /* kernel.io_uring_disabled; 0 where the kernel has no such word */
	int64_t iommu_groups, vfio_is_loaded, vfio_without_iommu;
	int64_t clock_is_synchronised;
	char clock_daemon[24];
	int64_t drive_rule, vfio_rule; /* udev rules that give both to the user */
	char path_mtu[160]; /* what a running node says of paths; "none": it runs and says nothing */
};

struct wl_host_facts {
	const char *root;
	const struct wl_config *config; /* NULL: none was given */
	struct wl_host_cores cores;
	struct wl_host_memory memory;
	struct wl_host_nic nics[WL_HOST_NICS_MAX];
	unsigned nic_count;
	struct wl_host_drive drive;
	struct wl_host_system system;
};

struct wl_host_ask {
	const char *root; /* "": this machine */
	const char *user; /* NULL: the unit's */
	const struct wl_config *config; /* NULL */
	const struct wl_nic_families *families;
};

/* All of it. Changes nothing, waits for nothing. */
void wl_host_facts_read(const struct wl_host_ask *ask, struct wl_host_facts *facts);

/* The parts, for wl_host_facts_read alone. */
void wl_host_cores_read(struct wl_host_facts *facts);
void wl_host_memory_read(struct wl_host_facts *facts);
void wl_host_nics_read(struct wl_host_facts *facts, const struct wl_nic_families *families);
void wl_host_kernel_nic_read(const char *root, struct wl_host_nic *nic);
void wl_host_drive_read(struct wl_host_facts *facts);
void wl_host_system_read(struct wl_host_facts *facts, const char *user);
void wl_host_owner_read(const char *root, const char *path, struct wl_host_owner *owner);

/* Hugepages of a size that the node needs (memory.megabytes, memory.hugepages); 0: none. Pure. */
uint64_t wl_host_pages_wanted(const struct wl_config *config, uint32_t page_kb);
/* What the logs of all journals may take. Pure. */
uint64_t wl_host_bytes_wanted(const struct wl_config *config);
/* May this user do `wish` (4 read, 2 write) with it? -1: not known. Pure; groups other than the own one are not looked at. */
int wl_host_owner_allows(const struct wl_host_owner *owner, const struct wl_host_system *system,
			 int wish);

#endif
