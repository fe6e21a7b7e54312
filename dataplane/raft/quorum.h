/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arithmetic of majorities (Raft section 5.3, 5.4.2): given one value per voter, the highest
 * value that a majority, or everybody, has reached. Pure. [any]
 */
#ifndef WL_DATAPLANE_RAFT_QUORUM_H
#define WL_DATAPLANE_RAFT_QUORUM_H

#include <stdint.h>

#include "wirelog/limits.h"
#include "dataplane/base/members.h"

/* `values` by node id (slot 0 unused). Where the list is joint, what a majority of either side has reached, and what all voters of both
 * have. 0 without voters. */
uint64_t wl_quorum_majority(const uint64_t values[WIRELOG_NODES_MAX + 1],
			    const struct wl_list *list);
uint64_t wl_quorum_everybody(const uint64_t values[WIRELOG_NODES_MAX + 1],
			     const struct wl_list *list);
/* The value of so many voters that they decide, and in *node the first of them; 0 and 0: there is none. A voter with the value 0 has said
 * nothing yet. */
uint64_t wl_quorum_agreed(const uint64_t values[WIRELOG_NODES_MAX + 1], const struct wl_list *list,
			  uint32_t *node);

#endif
