/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors that DPDK opens without O_CLOEXEC: who starts a program from an application with our library, or from a node,
 * must not hand them down. What children inherit is noted before DPDK opens something; afterwards what came to it is closed
 * to them.
 * A descriptor that another thread opens just then is taken for one of DPDK's.
 *
 * Owner: the caller of the notes. Thread: [init], or a worker while a link comes up. Numbers from WL_DESCRIPTORS_MAX on
 * are left as they are.
 */
#ifndef WL_DATAPLANE_NIC_DESCRIPTORS_FILE_H
#define WL_DATAPLANE_NIC_DESCRIPTORS_FILE_H

#include <stdint.h>

#define WL_DESCRIPTORS_MAX 8192u

struct wl_descriptors {
	uint64_t inherited[WL_DESCRIPTORS_MAX / 64];
};

void wl_descriptors_note(struct wl_descriptors *before);
void wl_descriptors_close_to_children(const struct wl_descriptors *before);

#endif
