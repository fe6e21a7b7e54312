/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/link_status.h"

static const struct wl_metric metrics[] = {WL_LINK_STATS_LIST(WL_METRIC_ROW)};

#define COUNT (sizeof(metrics) / sizeof(metrics[0]))

_Static_assert(sizeof(struct wl_link_stats) == COUNT * sizeof(uint64_t), "one number for each row");

static json_t *stats_json(const struct wl_link_stats *stats)
{
	const uint64_t *values = (const uint64_t *)stats;
	json_t *object = json_object();

	for (size_t at = 0; at < COUNT; at++)
		json_object_set_new(object, metrics[at].name, json_integer((json_int_t)values[at]));
	return object;
}

static json_t *link_json(const struct wl_status_link *link)
{
	json_t *numbers = json_object();

	for (uint32_t at = 0; at < link->number_count; at++)
		json_object_set_new(numbers, link->numbers[at].name,
				    json_integer((json_int_t)link->numbers[at].value));
	return json_pack("{s:i, s:s, s:s, s:b, s:s?, s:I, s:s?, s:I, s:I, s:o, s:o}", "worker",
			 (int)link->worker, "link", link->name, "kind", link->kind, "up", link->up,
			 "steering", link->steering, "changes", (json_int_t)link->changes, "device",
			 link->device, "resets", (json_int_t)link->resets, "interrupts",
			 (json_int_t)link->interrupts, "stats",
			 link->stats_known ? stats_json(&link->stats) : json_null(), "extended",
			 numbers);
}

json_t *wl_status_json_links(const struct wl_status_link *links, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < count; at++)
		json_array_append_new(list, link_json(&links[at]));
	return list;
}
