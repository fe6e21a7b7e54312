/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One client's end of the protocol: an identity, an boot_id, a key, and what it knows of the nodes' boots. It seals what is sent
 * and opens what comes (docs/WIRE.md, section 4: a node's boot is believed from its HELLO_REPLY alone, other frames
 * must be of that boot). What is said is the owner's business.
 */
#ifndef WL_TESTS_SIM_ACTORS_ENDPOINT_H
#define WL_TESTS_SIM_ACTORS_ENDPOINT_H

#include "dataplane/wire/auth.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/network.h"
#include "tests/sim/server/node.h"

struct sim_endpoint {
	struct sim_cluster *cluster;
	unsigned station;
	wl_identity identity;
	uint64_t boot_id, sequence; /* of frames */
	uint16_t journal; /* that is asked for */
	unsigned worker; /* whose it is */
	struct wl_auth_key key; /* under the newest of the clients' keys */
	uint64_t node_boot[WIRELOG_NODES_MAX + 1];
	uint64_t hello_nonce[WIRELOG_NODES_MAX + 1]; /* of the last question to each */
	/* Told of each believed frame. */
	void (*on_message)(void *context, unsigned node, const struct wl_frame_header *header,
			   const uint8_t *payload);
	void *context;
};

void sim_endpoint_open(struct sim_endpoint *endpoint, struct sim_cluster *cluster,
		       unsigned station);
/* A process that starts: who it is from now on. What it knew of the nodes is forgotten. */
void sim_endpoint_name(struct sim_endpoint *endpoint, wl_identity identity, uint64_t boot_id);
void sim_endpoint_send(struct sim_endpoint *endpoint, unsigned node, uint8_t type,
		       const uint8_t *payload, size_t bytes);
/* A header as sim_endpoint_send makes it, for who wants it otherwise. */
void sim_endpoint_head(struct sim_endpoint *endpoint, unsigned node, uint8_t type,
		       struct wl_frame_header *header);
void sim_endpoint_send_as(struct sim_endpoint *endpoint, unsigned node,
			  const struct wl_frame_header *header, const uint8_t *payload);
void sim_endpoint_greet(struct sim_endpoint *endpoint, unsigned node);

#endif
