/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/counters.h"

static const char *const names[] = {
#define WL_COUNTER_NAME(name, kind, unit, help) #name,
	WL_COUNTER_LIST(WL_COUNTER_NAME)
#undef WL_COUNTER_NAME
};

const char *wl_counter_name(enum wl_counter which)
{
	return (unsigned)which < WL_COUNTERS ? names[which] : "unknown";
}
