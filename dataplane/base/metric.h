/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a number is that a node counts. Counters stand in lists, X(name, kind, unit, help), one beside the struct that has
 * them; from a list come its members, their names in status, and docs/COUNTERS.md (`make tables`).
 *
 *   SUM    so many since the start; only grows
 *   MOST   the largest since the start
 *   NOW    as it is at this moment
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_BASE_METRIC_H
#define WL_DATAPLANE_BASE_METRIC_H

#include <stdint.h>

enum wl_metric_kind {
	WL_METRIC_SUM,
	WL_METRIC_MOST,
	WL_METRIC_NOW,
};

struct wl_metric {
	const char *name;
	enum wl_metric_kind kind;
	const char *unit, *help;
};

/* A list as rows of an array of struct wl_metric, and as members of a struct that has nothing else. */
#define WL_METRIC_ROW(name, kind, unit, help) {#name, WL_METRIC_##kind, #unit, help},
#define WL_METRIC_MEMBER(name, kind, unit, help) uint64_t name;

#endif
