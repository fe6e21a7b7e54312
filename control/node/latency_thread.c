/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/latency_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/report/status_json.h"
#include "control/report/windows.h"
#include "dataplane/base/histogram_text_memory.h"
#include "wirelog/status.h"

struct wl_latency {
	pthread_mutex_t lock;
	struct wl_windows (*of)[WL_STAGES]; /* by journal */
	struct wl_histogram sum;
	_Atomic uint64_t sum_counters[WL_HISTOGRAM_COUNTERS(WL_STAGE_HIGHEST_NS)];
};

int wl_latency_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_latency *latency = calloc(1, sizeof(*latency));

	/* So large that the kernel gives it as zeros: what is never written is never there. */
	if (latency)
		latency->of = calloc(node->config->journal_count, sizeof(*latency->of));
	if (!latency || !latency->of) {
		free(latency);
		snprintf(reason, reason_bytes, "no memory for the windows of latency");
		return WIRELOG_NO_MEMORY;
	}
	pthread_mutex_init(&latency->lock, NULL);
	wl_histogram_init(&latency->sum, WL_STAGE_HIGHEST_NS, latency->sum_counters);
	node->latency = latency;
	return 0;
}

void wl_latency_close(struct wl_node *node)
{
	if (!node->latency)
		return;
	free(node->latency->of);
	free(node->latency);
	node->latency = NULL;
}

void wl_latency_take(struct wl_node *node, uint64_t now_ns)
{
	struct wl_latency *latency = node->latency;

	pthread_mutex_lock(&latency->lock);
	for (uint32_t id = 0; id < node->config->journal_count; id++)
		for (unsigned stage = 0; stage < WL_STAGES; stage++)
			wl_windows_take(&latency->of[id][stage],
					node->journals[id].journal->stages.histogram[stage],
					now_ns);
	pthread_mutex_unlock(&latency->lock);
}

static json_t *stage_json(struct wl_latency *latency, const struct wl_windows *windows,
			  uint32_t seconds, bool with_text)
{
	json_t *one;
	char *text;

	wl_histogram_reset(&latency->sum);
	wl_windows_add(windows, seconds, &latency->sum);
	one = wl_status_json_percentiles(&latency->sum);
	if (!with_text)
		return one;
	text = wl_histogram_text(&latency->sum);
	json_object_set_new(one, "hdr", text ? json_string(text) : json_null());
	free(text);
	return one;
}

json_t *wl_latency_json(struct wl_node *node, uint32_t seconds, bool with_text)
{
	struct wl_latency *latency = node->latency;
	json_t *journals = json_array();

	pthread_mutex_lock(&latency->lock);
	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		json_t *journal = json_object();

		for (unsigned stage = 0; stage < WL_STAGES; stage++)
			json_object_set_new(journal, wl_stage_name((enum wl_stage)stage),
					    stage_json(latency, &latency->of[id][stage], seconds,
						       with_text));
		json_array_append_new(journals, journal);
	}
	pthread_mutex_unlock(&latency->lock);
	return json_pack("{s:i, s:o}", "seconds", (int)seconds, "journals", journals);
}
