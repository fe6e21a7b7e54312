/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of nodes, and when some of them are a majority of others: the one place for it. Whoever counts votes,
 * acknowledgements, echoes or opinions asks here (Raft, section 5.1: two majorities of one set have a member in common).
 *
 * A list says who votes now. While it is changed it is joint: what the old voters and the new ones decide each by themselves is
 * decided (Raft, section 6; docs/SAFETY.md, rule 23). Learners are sent everything and count nowhere.
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

struct wl_list {
	uint64_t index; /* of the entry that says so; 0: none did yet, it is that of the nodes' files */
	wl_members voters; /* empty: nothing is known, and nobody decides */
	wl_members old; /* of a joint list: the voters before; else empty */
	wl_members learners;
	uint32_t zero;
};

static inline bool wl_list_is_joint(const struct wl_list *list)
{
	return list->old != 0;
}

/* Of both sides. */
static inline wl_members wl_list_voters(const struct wl_list *list)
{
	return list->voters | list->old;
}

/* Who is sent everything. */
static inline wl_members wl_list_everybody(const struct wl_list *list)
{
	return list->voters | list->old | list->learners;
}

/* Whether `who` decide: a majority of the voters, and where the list is joint one of the old voters, too. */
static inline bool wl_list_decides(const struct wl_list *list, wl_members who)
{
	return wl_members_decide(list->voters, who) &&
	       (list->old == 0 || wl_members_decide(list->old, who));
}

/* The only voter. */
static inline bool wl_list_is_alone(const struct wl_list *list, uint32_t node)
{
	return wl_list_voters(list) == wl_members_only(node);
}

/* A list that may stand in a log at all: somebody votes, and whoever votes after the change is no learner. */
static inline bool wl_list_is_possible(const struct wl_list *list)
{
	const wl_members all = ((1u << WIRELOG_NODES_MAX) - 1) << 1;

	return list->voters != 0 && (wl_list_everybody(list) & ~all) == 0 &&
	       (list->voters & list->learners) == 0 && list->voters != list->old;
}

/*
 * Whether `next` may follow `list`, so that what the one decides meets what the other decides: the voters change only by a joint list
 * whose old voters are the ones there were, and a joint list is left for its new voters. Behind a list that stands in no entry any may come.
 */
static inline bool wl_list_may_follow(const struct wl_list *list, const struct wl_list *next)
{
	if (!wl_list_is_possible(next))
		return false;
	if (list->index == 0)
		return true;
	if (wl_list_is_joint(next))
		return !wl_list_is_joint(list) && next->old == list->voters;
	return next->voters == list->voters;
}

#endif
