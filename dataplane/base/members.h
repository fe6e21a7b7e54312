/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of nodes, and when some of them are a majority of others: the one place for it. Whoever counts votes,
 * acknowledgements, echoes or opinions asks here (Raft, section 5.1: two majorities of one set have a member in common).
 *
 * Ids are 1..WIRELOG_NODES_MAX. Any other id is in no set; so what a frame says may be asked for as it is.
 *
 * Pure, by value. [any]
 */
#ifndef WL_DATAPLANE_BASE_MEMBERS_H
#define WL_DATAPLANE_BASE_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "wirelog/limits.h"

typedef uint32_t wl_members; /* bit per node id */

/* The set of one node; empty for what is no node's id. */
static inline wl_members wl_members_only(uint32_t node)
{
	return node >= 1 && node <= WIRELOG_NODES_MAX ? 1u << node : 0;
}

static inline bool wl_members_has(wl_members set, uint32_t node)
{
	return (set & wl_members_only(node)) != 0;
}

static inline wl_members wl_members_with(wl_members set, uint32_t node)
{
	return set | wl_members_only(node);
}

static inline wl_members wl_members_without(wl_members set, uint32_t node)
{
	return set & ~wl_members_only(node);
}

static inline unsigned wl_members_count(wl_members set)
{
	return (unsigned)__builtin_popcount(set);
}

/* How many of `voters` decide: more than half. */
static inline unsigned wl_members_quorum(wl_members voters)
{
	return wl_members_count(voters) / 2 + 1;
}

/* Whether those of `who` that are voters decide. */
static inline bool wl_members_decide(wl_members voters, wl_members who)
{
	return wl_members_count(who & voters) >= wl_members_quorum(voters);
}

#endif
