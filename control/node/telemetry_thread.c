/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/telemetry_thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/node/stats_answers_thread.h"
#include "control/report/metrics.h"
#include "dataplane/nic/telemetry_dpdk.h"

#define PREFIX "/wirelog/"

/* One row of values, [LABEL..., NUMBER]: the first label is `wanted`, the others go to the name. False: it is another's. */
static bool take_row(struct wl_telemetry_value *value, const char *name, const json_t *row,
		     long wanted)
{
	size_t size = json_array_size(row), labels = size - (size > 0);
	int used = snprintf(value->name, sizeof(value->name), "%s", name);

	if (size == 0 || (labels > 0 && json_integer_value(json_array_get(row, 0)) != wanted))
		return false;
	for (size_t at = 1; at < labels && used < (int)sizeof(value->name); at++)
		used += snprintf(value->name + used, sizeof(value->name) - (size_t)used, "/%lld",
				 (long long)json_integer_value(json_array_get(row, at)));
	value->value = json_integer_value(json_array_get(row, labels));
	return true;
}

/* "/wirelog/GROUP" and the first label: of metrics GROUP_NAME. */
static size_t answer(void *context, const char *command, const char *parameter,
		     struct wl_telemetry_value *values)
{
	const char *group = command + strlen(PREFIX);
	struct wl_status_facts *facts;
	long wanted = strtol(parameter, NULL, 10);
	size_t count = 0, length = strlen(group), at, place;
	json_t *metrics, *metric, *row;

	if (parameter[strspn(parameter, "0123456789")] != '\0')
		return 0;
	facts = wl_stats_answers_gather(context);
	metrics = facts ? wl_metrics_json(facts) : NULL;
	free(facts);
	json_array_foreach(json_object_get(metrics, "metrics"), at, metric)
	{
		const char *name = json_string_value(json_object_get(metric, "name"));

		/* Those with words for labels have other names: link_extended, worker_dropped. */
		if (strncmp(name, group, length) != 0 || name[length] != '_')
			continue;
		json_array_foreach(json_object_get(metric, "values"), place, row)
		{
			bool is_flat = true;

			for (size_t label = 0; label < json_array_size(row); label++)
				is_flat &= json_is_integer(json_array_get(row, label));
			if (is_flat && count < WL_TELEMETRY_VALUES_MAX &&
			    take_row(&values[count], name + length + 1, row, wanted))
				count++;
		}
	}
	json_decref(metrics);
	return count;
}

int wl_node_telemetry_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	static const char *const commands[] = {PREFIX "node",	  PREFIX "journal",
					       PREFIX "peer",	  PREFIX "worker",
					       PREFIX "control",  PREFIX "neighbour",
					       PREFIX "election", NULL};
	struct wl_telemetry telemetry = {
		.commands = commands,
		.help = "Numbers of wirelog as its catalogue has them. Parameter: id of the journal or worker (0)",
		.answer = answer,
		.context = node};
	int status;

	if (node->config->dpdk_telemetry[0] == '\0')
		return 0;
	status = wl_telemetry_begin(&telemetry);
	if (status != 0)
		snprintf(reason, reason_bytes, "DPDK's telemetry takes no requests of ours");
	return status;
}

void wl_node_telemetry_close(void)
{
	wl_telemetry_end();
}
