/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one turn of a worker has for those who are not known: for each of their frames a key must be derived before its tag can
 * be looked at, which is the dearest thing that somebody without the key can ask for. Nodes and clients have shares of their own, and
 * in them each node (where it was heard last, and elsewhere) and each place that clients send from, so that a flood takes
 * from itself first. What is beyond a share is dropped; who asks in earnest asks again.
 *
 * Places are hashed into a fixed table: those of one hash share one share, and nothing grows with what a flood invents.
 *
 * Pure. Owner: the worker. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_STRANGERS_H
#define WL_DATAPLANE_TRANSPORT_STRANGERS_H

#include "dataplane/wire/frame.h"
#include "wirelog/limits.h"

#define WL_STRANGERS_CLIENTS 16u /* in one turn, */
#define WL_STRANGERS_OF_ONE 4u /* of one place */
#define WL_STRANGERS_OF_NODE 2u /* of one node, where it was heard last; and elsewhere */
#define WL_STRANGERS_PLACES 64u

struct wl_strangers {
	uint8_t clients;
	uint8_t places[WL_STRANGERS_PLACES];
	uint8_t nodes[WIRELOG_NODES_MAX + 1][2];
};

void wl_strangers_begin_turn(struct wl_strangers *strangers);
/* True: the share has room for this one. `at_home`: of a node, at the place where it was heard last. */
bool wl_strangers_take(struct wl_strangers *strangers, wl_identity claimed,
		       const struct wl_address *from, bool at_home);

#endif
