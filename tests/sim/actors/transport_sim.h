/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client library's network table (client/transport/transport.h) over the simulated switch: what the kernel's socket does for it
 * in an application, from one station, with the link's own MTU.
 */
#ifndef WL_TESTS_SIM_ACTORS_TRANSPORT_SIM_H
#define WL_TESTS_SIM_ACTORS_TRANSPORT_SIM_H

#include "client/transport/transport.h"
#include "tests/sim/network/network.h"

struct sim_transport {
	struct wl_transport transport; /* first */
	struct sim_network *network;
	unsigned station;
	unsigned link_count;
	struct {
		uint32_t ipv4;
		uint16_t port;
	} links[WL_ENDPOINTS_MAX];
};

/* A socket that was just made. The station is attached by who polls. */
void sim_transport_init(struct sim_transport *transport, struct sim_network *network,
			unsigned station);

#endif
