/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/metrics.h"

/* Bucket b holds what took up to 2^b microseconds; nothing is longer than a minute, the last one has the rest. */
static unsigned bucket_of(uint64_t ns)
{
	uint64_t limit = 1000;
	unsigned bucket = 0;

	for (; bucket < WL_METRICS_BUCKETS && ns > limit; bucket++)
		limit *= 2;
	return bucket;
}

/* [[upper end in ns, so many took at most that long], ...]; a worker may count meanwhile, so all is from one pass. */
static json_t *histogram_json(const struct wl_histogram *histogram)
{
	uint64_t counts[WL_METRICS_BUCKETS + 1] = {0}, limit = 1000, sum_us = 0, total = 0;
	json_t *buckets = json_array();

	for (uint32_t slot = 0; slot < histogram->counter_count; slot++) {
		uint64_t count =
			atomic_load_explicit(&histogram->counters[slot], memory_order_relaxed);

		if (count == 0)
			continue;
		counts[bucket_of(wl_histogram_slot_lowest(slot))] += count;
		sum_us += count * wl_histogram_slot_lowest(slot) / 1000;
	}
	for (unsigned bucket = 0; bucket < WL_METRICS_BUCKETS; bucket++, limit *= 2) {
		total += counts[bucket];
		json_array_append_new(buckets,
				      json_pack("[II]", (json_int_t)limit, (json_int_t)total));
	}
	total += counts[WL_METRICS_BUCKETS];
	return json_pack("{s:o, s:I, s:I}", "buckets", buckets, "count", (json_int_t)total,
			 "sum_us", (json_int_t)sum_us);
}

json_t *wl_metrics_stages(const struct wl_status_facts *facts)
{
	json_t *list = json_array();

	for (uint32_t id = 0; id < facts->config->journal_count; id++) {
		const struct wl_stages *stages = facts->journals[id].stages;

		for (unsigned stage = 0; stages && stage < WL_STAGES; stage++) {
			json_t *one = histogram_json(stages->histogram[stage]);

			json_object_set_new(one, "journal", json_integer(id));
			json_object_set_new(one, "stage",
					    json_string(wl_stage_name((enum wl_stage)stage)));
			json_array_append_new(list, one);
		}
	}
	return list;
}
