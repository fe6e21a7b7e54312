/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of nodes, and when some of them are a majority of others: the one place for it. Whoever counts votes,
 * acknowledgements, echoes or opinions asks here (Raft, section 5.1: two majorities of one set have a member in common).
 *
 * A list says who votes now. While it is changed it is joint: what the old voters and the new ones decide each by themselves is
 * decided (Raft, section 6; docs/SAFETY.md, rule 23). Learners are sent everything and count nowhere.
 *
 * A member is {id, incarnation}: a vote or an acknowledgement stands for what its giver promised before, and that is in its data. Who
 * comes under a listed id with other data is nobody, until a list names those (rule 24; raft/replica_return.c).
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

_Static_assert(WIRELOG_NODES_MAX < 8 * sizeof(wl_members), "every id has its bit");

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
	uint64_t incarnation
		[WIRELOG_NODES_MAX +
		 1]; /* by id: of each member's data; 0: no list named them yet, or no member */
};

/* Whether what this node says on these data is said by the member that the list means. */
static inline bool wl_list_names(const struct wl_list *list, uint32_t node, uint64_t incarnation)
{
	return node <= WIRELOG_NODES_MAX &&
	       (list->incarnation[node] == 0 || list->incarnation[node] == incarnation);
}

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

static inline bool wl_list_has_sets_of(const struct wl_list *list, const struct wl_list *other)
{
	return list->voters == other->voters && list->old == other->old &&
	       list->learners == other->learners;
}

static inline bool wl_list_is_equal(const struct wl_list *list, const struct wl_list *other)
{
	bool equal = list->index == other->index && wl_list_has_sets_of(list, other);

	for (uint32_t node = 0; node <= WIRELOG_NODES_MAX; node++)
		equal = equal && list->incarnation[node] == other->incarnation[node];
	return equal;
}

/* Those of whom a list names data. */
static inline wl_members wl_list_named(const struct wl_list *list)
{
	wl_members named = list->incarnation[0] != 0; /* nobody's */

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		named |= list->incarnation[node] != 0 ? wl_members_only(node) : 0;
	return named;
}

/* Those of whom both name data, and not the same. */
static inline wl_members wl_list_swapped(const struct wl_list *list, const struct wl_list *next)
{
	wl_members swapped = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (list->incarnation[node] != 0 &&
		    list->incarnation[node] != next->incarnation[node])
			swapped |= wl_members_only(node);
	}
	return swapped;
}

/* Where the members are the same, one voter's data at a time give way to others: the other voters are asked for each. */
static inline bool wl_list_may_name(const struct wl_list *list, const struct wl_list *next)
{
	return !wl_list_is_joint(list) &&
	       wl_members_count(wl_list_swapped(list, next) & list->voters) <= 1;
}

/* Other members: of who stays the same data are named. */
static inline bool wl_list_keeps_names(const struct wl_list *list, const struct wl_list *next)
{
	return (wl_list_swapped(list, next) & wl_list_everybody(next)) == 0 &&
	       (wl_list_named(next) & ~wl_list_named(list)) == 0;
}

/* A list that may stand in a log at all: somebody votes, whoever votes after the change is no learner, and only members' data are named. */
static inline bool wl_list_is_possible(const struct wl_list *list)
{
	const wl_members all = ((1u << WIRELOG_NODES_MAX) - 1) << 1;

	return (wl_list_named(list) & ~wl_list_everybody(list)) == 0 && list->voters != 0 &&
	       (wl_list_everybody(list) & ~all) == 0 && (list->voters & list->learners) == 0 &&
	       list->voters != list->old;
}

/*
 * Whether `next` may follow `list`, so that what the one decides meets what the other decides: the voters change only by a joint list
 * whose old voters are the ones there were, and a joint list is left for its new voters. Data are named, or swapped, while the members
 * stay as they are. Behind a list that stands in no entry any may come.
 */
static inline bool wl_list_may_follow(const struct wl_list *list, const struct wl_list *next)
{
	if (!wl_list_is_possible(next))
		return false;
	if (list->index == 0)
		return true;
	if (wl_list_has_sets_of(list, next))
		return wl_list_may_name(list, next);
	if (!wl_list_keeps_names(list, next))
		return false;
	if (wl_list_is_joint(next))
		return !wl_list_is_joint(list) && next->old == list->voters;
	return next->voters == list->voters;
}

#endif
