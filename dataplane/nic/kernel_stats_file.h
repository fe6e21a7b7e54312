/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel has counted of an interface, as /proc/self/net/dev of this process's network namespace says it. [any] */
#ifndef WL_DATAPLANE_NIC_KERNEL_STATS_FILE_H
#define WL_DATAPLANE_NIC_KERNEL_STATS_FILE_H

#include <stdbool.h>

#include "dataplane/base/link_stats.h"

/* Out of the file's text. False: it has no such interface, or its line is not as it should be. */
bool wl_kernel_stats_parse(const char *text, const char *interface, struct wl_link_stats *stats);
bool wl_kernel_stats_read(const char *interface, struct wl_link_stats *stats);

#endif
