/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why DPDK does not know a PCI device: what /sys and /dev/vfio say of it, as a code of its own for each cause, and a sentence.
 *
 * wl_pci_look is platform (pci_explain_file.c), wl_pci_explain is pure (pci_explain.c). Owner: the caller of both. [init]
 */
#ifndef WL_DATAPLANE_NIC_PCI_EXPLAIN_H
#define WL_DATAPLANE_NIC_PCI_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wl_pci_facts {
	bool is_there;
	char driver[64]; /* of the kernel; empty: none */
	char group[32]; /* of the IOMMU; empty: none */
	bool has_iommu; /* this machine has groups at all */
	bool without_iommu; /* vfio's unsafe mode is on */
	int open_error; /* of /dev/vfio/GROUP: 0, or an errno */
	uint64_t locked_limit; /* bytes; UINT64_MAX: none */
	uint64_t mapped_bytes; /* what vfio has to lock: the memory of packets */
};

/* Facts of `device` ("0000:3b:00.0") below `root` ("" is this machine's own). */
void wl_pci_look(const char *root, const char *device, uint64_t mapped_bytes,
		 struct wl_pci_facts *facts);
/* A negative enum wirelog_status, never 0, and why in `text`. */
int wl_pci_explain(const struct wl_pci_facts *facts, char *text, size_t text_bytes);

#endif
