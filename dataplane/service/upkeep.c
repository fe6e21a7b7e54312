/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/service_internal.h"

void wl_service_set(struct wl_service *service, enum wl_setting setting, uint64_t value)
{
	struct wl_service_config *config = &service->config;

	if (setting == WL_SETTING_READER_IDLE_NS)
		config->subscription_idle_ns = value;
	else if (setting == WL_SETTING_BASE_EVERY_BYTES)
		config->base_every_bytes = value;
	else if (setting == WL_SETTING_RETENTION_BYTES)
		config->retention_bytes = value;
	else if (setting == WL_SETTING_RETENTION_AGE_NS)
		config->retention_age_ns = value;
}
