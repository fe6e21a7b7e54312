/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/nic_family.h"

#include <fnmatch.h>
#include <string.h>

static bool has_id(const struct wl_nic_family *family, const char *id)
{
	for (unsigned at = 0; at < family->id_count; at++)
		if (fnmatch(family->ids[at], id, 0) == 0)
			return true;
	return false;
}

static bool has_driver(const struct wl_nic_family *family, const char *driver)
{
	for (unsigned at = 0; at < family->driver_count; at++)
		if (strcmp(family->drivers[at], driver) == 0)
			return true;
	return false;
}

const struct wl_nic_family *wl_nic_family_find(const struct wl_nic_families *families,
					       const char *id, const char *driver)
{
	for (unsigned at = 0; at < families->count; at++)
		if (id[0] != '\0' && has_id(&families->list[at], id))
			return &families->list[at];
	for (unsigned at = 0; at < families->count; at++)
		if (driver[0] != '\0' && has_driver(&families->list[at], driver))
			return &families->list[at];
	return NULL;
}
