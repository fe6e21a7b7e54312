/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/telemetry_dpdk.h"

#include <errno.h>
#include <pthread.h>
#include <rte_telemetry.h>
#include <stdio.h>

#include "wirelog/status.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock; DPDK has no way to take a request back, so it may come when nobody answers any more. */
static struct wl_telemetry serving;
static struct wl_telemetry_value values[WL_TELEMETRY_VALUES_MAX];

static int add(struct rte_tel_data *data, const struct wl_telemetry_value *value)
{
	char text[24];

	if (value->value >= 0)
		return rte_tel_data_add_dict_u64(data, value->name, (uint64_t)value->value);
	/* DPDK has no signed number of that size. */
	snprintf(text, sizeof(text), "%lld", (long long)value->value);
	return rte_tel_data_add_dict_string(data, value->name, text);
}

static int answer(const char *command, const char *parameter, struct rte_tel_data *data)
{
	size_t count = 0;

	pthread_mutex_lock(&lock);
	if (serving.answer)
		count = serving.answer(serving.context, command, parameter ? parameter : "",
				       values);
	if (count != 0)
		rte_tel_data_start_dict(data);
	for (size_t at = 0; at < count && add(data, &values[at]) == 0; at++)
		;
	pthread_mutex_unlock(&lock);
	return count != 0 ? 0 : -EINVAL;
}

int wl_telemetry_begin(const struct wl_telemetry *telemetry)
{
	int status = 0;

	pthread_mutex_lock(&lock);
	serving = *telemetry;
	pthread_mutex_unlock(&lock);
	for (const char *const *name = telemetry->commands; *name && status == 0; name++)
		status = rte_telemetry_register_cmd(*name, answer, telemetry->help);
	return status == 0 ? 0 : WIRELOG_EAL_FAILED;
}

void wl_telemetry_end(void)
{
	pthread_mutex_lock(&lock);
	serving = (struct wl_telemetry){0};
	pthread_mutex_unlock(&lock);
}
