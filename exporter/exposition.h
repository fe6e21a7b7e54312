/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes answered to /wirelog/catalogue, /wirelog/metrics and /wirelog/latency,10, as Prometheus reads it: text format 0.0.4, or
 * OpenMetrics 1.0. Names: `wirelog_` in front of the node's own; `_ns` becomes `_seconds`, and the number is in seconds; a sum ends with `_total`. Every sample
 * has the label `node`. Stages are classic histograms, wirelog_stage_seconds, and the last ten seconds' percentiles gauges,
 * wirelog_stage_recent_seconds.
 *
 * A family stands once, with the samples of all nodes, as both formats want it. What is not shaped as the schema says is left out.
 * Thread: any, on its own data.
 */
#ifndef WL_EXPORTER_EXPOSITION_H
#define WL_EXPORTER_EXPOSITION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define WL_EXPOSITION_RECENT_S 10

struct wl_exposition_node {
	const char *run_directory;
	const json_t *catalogue, *metrics, *recent; /* NULL: the node did not answer */
};

void wl_exposition_write(FILE *out, const struct wl_exposition_node *nodes, size_t count,
			 bool openmetrics);

/* Shortest text that reads back as the same number, as Go and Python write it ("1e-06", "0.001024"). */
void wl_exposition_number(double value, char text[32]);

#endif
