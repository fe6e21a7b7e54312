/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of ours at DPDK's own telemetry socket: each answers a flat list of names and numbers. DPDK serves them on threads of its own, one
 * a connection, one request of ours at a time.
 *
 * Owner: one in the process, as the EAL is. Thread: begin, end [init]; the answers on DPDK's.
 */
#ifndef WL_DATAPLANE_NIC_TELEMETRY_DPDK_H
#define WL_DATAPLANE_NIC_TELEMETRY_DPDK_H

#include <stddef.h>
#include <stdint.h>

#define WL_TELEMETRY_VALUES_MAX 256u

struct wl_telemetry_value {
	char name[64];
	int64_t value;
};

struct wl_telemetry {
	const char *const *commands; /* "/wirelog/node"; NULL at the end */
	const char *help; /* of all of them */
	/* How many of `values` it filled; parameter is "" when there is none. 0: the request is refused. */
	size_t (*answer)(void *context, const char *command, const char *parameter,
			 struct wl_telemetry_value *values);
	void *context;
};

/* After the EAL's start. 0, or EAL_FAILED. `telemetry` is copied. */
int wl_telemetry_begin(const struct wl_telemetry *telemetry);
/* From here on nothing is answered, and no answer is under way. The EAL need not have started. */
void wl_telemetry_end(void);

#endif
