/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of a family of NICs: a file each in drivers-config/nic, read by `wirelog doctor` and `wirelog tune`. A card that fits no
 * file is not refused: what would be asked of it is not known then.
 *
 * wl_nic_families_load is platform (nic_family_file.c), the rest is pure. Owner: the caller. Thread: the command's.
 */
#ifndef WL_COMMAND_HOST_NIC_FAMILY_H
#define WL_COMMAND_HOST_NIC_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_NIC_FAMILIES_MAX 32u
#define WL_NIC_DRIVERS_MAX 4u
#define WL_NIC_IDS_MAX 24u
#define WL_NIC_LIMITS_MAX 6u

enum wl_nic_binding {
	WL_NIC_BOUND, /* to vfio-pci */
	WL_NIC_NEVER_BOUND, /* its kernel driver stays: DPDK drives it beside (bifurcated) */
};

enum wl_nic_steering {
	WL_NIC_STEERS_BY_RULES, /* rte_flow: frames of a worker's UDP port to its queue */
	WL_NIC_STEERS_BY_HASH, /* RSS alone */
	WL_NIC_STEERS_NOTHING, /* one queue */
};

struct wl_nic_family {
	char name[16];
	char drivers[WL_NIC_DRIVERS_MAX][24]; /* of the kernel */
	unsigned driver_count;
	char ids[WL_NIC_IDS_MAX][32]; /* "8086:159[9ab]", as fnmatch reads it */
	unsigned id_count;
	enum wl_nic_binding binding;
	enum wl_nic_steering steering;
	uint32_t queues_max;
	uint32_t descriptors_min, descriptors_max;
	uint32_t mtu_max;
	char needs[128]; /* a file that must be there; "": none */
	char needs_fix[160];
	char limits[WL_NIC_LIMITS_MAX][200]; /* sentences */
	unsigned limit_count;
};

struct wl_nic_families {
	struct wl_nic_family list[WL_NIC_FAMILIES_MAX];
	unsigned count;
	char folder[256]; /* that they were read from; "": none was found */
};

/* Reads every NAME.yaml of `folder`; NULL: that of this program. False with a sentence in `reason` that names the file. */
bool wl_nic_families_load(struct wl_nic_families *families, const char *folder, char *reason,
			  size_t reason_bytes);
/* Of a NIC by vendor and device ("8086:159b") or by its kernel driver; either may be "". NULL: of no family. */
const struct wl_nic_family *wl_nic_family_find(const struct wl_nic_families *families,
					       const char *id, const char *driver);

#endif
