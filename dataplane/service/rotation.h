/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In which order the readers of a journal have their turn: client by client, and then one by one among a
 * client's own. What a turn can send is bounded for all of them together, so who comes late may get nothing; went it by
 * subscriptions alone, a client that has many would push one that has one out of most turns.
 *
 * Clients wait in a line. The first of those that have a reader left in this turn goes to its end, and so does the next, until
 * the turn's frames are used up: who got nothing stands in front of the next turn. When everybody was served, the next turn
 * begins one client further.
 *
 * Pure. Owner: a journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_ROTATION_H
#define WL_DATAPLANE_SERVICE_ROTATION_H

#include <stdint.h>

#include "dataplane/transport/remote.h"
#include "wirelog/limits.h"

#define WL_ROTATION_NOBODY UINT32_MAX

_Static_assert(WIRELOG_SUBSCRIPTIONS_MAX <= 64, "slots are the bits of a word");

struct wl_rotation {
	/* In the order in which they wait: */
	struct wl_rotation_client {
		uint64_t slots; /* of the client's readers, a bit each */
		wl_identity client;
		uint32_t last; /* the slot that had its turn last */
	} clients[WIRELOG_SUBSCRIPTIONS_MAX];
	uint32_t client_count;
	uint64_t left; /* slots that had no turn yet in this one */
};

/* All zeros is an empty one. */
void wl_rotation_add(struct wl_rotation *rotation, uint32_t slot, wl_identity client);
/* Also while a turn is under way; one that is not there is not missed. */
void wl_rotation_remove(struct wl_rotation *rotation, uint32_t slot);
void wl_rotation_begin_turn(struct wl_rotation *rotation);
/* Whose turn it is; WL_ROTATION_NOBODY: each had one. */
uint32_t wl_rotation_next(struct wl_rotation *rotation);

#endif
