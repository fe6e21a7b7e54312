/* SPDX-License-Identifier: BSD-3-Clause */
/* What status tells of one configured link. By value; the texts are the configuration's. [any] */
#ifndef WL_CONTROL_REPORT_LINK_STATUS_H
#define WL_CONTROL_REPORT_LINK_STATUS_H

#include <jansson.h>
#include <stdbool.h>

#include "dataplane/base/link_stats.h"

#define WL_STATUS_LINK_NUMBERS 64u

struct wl_status_link {
	uint32_t worker;
	const char *name, *kind;
	bool up;
	const char *steering; /* a word of port_dpdk.h; NULL: not looked at yet */
	uint64_t changes; /* times that `up` was another than a second before */
	const char *
		device; /* a word of port_device_dpdk.h; NULL: it has none, or another worker's tells of it */
	uint64_t resets; /* of the device, done */
	uint64_t interrupts; /* by which it told of its link */
	bool stats_known;
	struct wl_link_stats stats;
	uint32_t number_count;
	struct wl_link_number numbers[WL_STATUS_LINK_NUMBERS];
};

/* link_json.c: {"worker", "link", "kind", "up", "steering", "changes", "device": a word or null, "resets", "interrupts", "stats": {...} or null, "extended": {...}}; the caller owns it. */
json_t *wl_status_json_links(const struct wl_status_link *links, uint32_t count);

#endif
