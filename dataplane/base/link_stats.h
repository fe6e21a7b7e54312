/* SPDX-License-Identifier: BSD-3-Clause */
/* What the device behind a link has counted since it was opened; an interface of the kernel: since it was made. By value. [any] */
#ifndef WL_DATAPLANE_BASE_LINK_STATS_H
#define WL_DATAPLANE_BASE_LINK_STATS_H

#include <stdint.h>

#include "dataplane/base/metric.h"

/* X(name, kind, unit, help) */
/* clang-format off */
#define WL_LINK_STATS_LIST(X) \
	X(rx_frames, SUM, frames, "that the device has taken in") \
	X(tx_frames, SUM, frames, "that it has sent") \
	X(rx_bytes, SUM, bytes, "of the frames taken in") \
	X(tx_bytes, SUM, bytes, "of the frames sent") \
	X(rx_missed, SUM, frames, "lost: no descriptor was free, the worker was too slow; of an interface of the kernel: dropped") \
	X(rx_no_buffer, SUM, times, "no buffer was there for a descriptor; of an interface of the kernel: its queue overran") \
	X(rx_errors, SUM, frames, "that came broken") \
	X(tx_errors, SUM, frames, "that could not be sent") \
	X(handed_over, SUM, frames, "steering in software: given by the worker that receives to the one they are for") \
	X(handed_dropped, SUM, frames, "steering in software: lost, that worker did not take them in time") \
	X(handed_strange, SUM, frames, "steering in software: UDP to a port of no worker, left to who receives") \
	X(handed_back, SUM, frames, "steering in software: sent by worker 0 for the others")
/* clang-format on */

struct wl_link_stats {
	WL_LINK_STATS_LIST(WL_METRIC_MEMBER)
};

#define WL_LINK_NUMBER_NAME_BYTES 64u

struct wl_link_number { /* one of a device's own, under the name that its driver gives it */
	char name[WL_LINK_NUMBER_NAME_BYTES];
	uint64_t value;
};

#endif
