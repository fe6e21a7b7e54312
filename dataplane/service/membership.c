/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/membership.h"

#include "dataplane/base/check.h"
#include "dataplane/service/finalize.h"
#include "dataplane/service/service_internal.h"

/* The newest list that is applied; the file's, where no entry said anything. */
static const struct wl_list *list_now(const struct wl_service *service)
{
	const struct wl_log *log = service->replica->log;

	if (service->state.list.index != 0)
		return &service->state.list;
	return log->list.index == 0 ? &log->list : &log->list_before;
}

/* READMIT: whether the list names what the node has now, or need not. Others than the leader do not know that. */
static bool is_readmitted(const struct wl_service *service, uint32_t node)
{
	const struct wl_list *list = list_now(service);

	return !wl_members_has(wl_list_everybody(list), node) ||
	       !wl_replica_is_held_back(service->replica, node);
}

/* Nothing is under way: the list in force is the one that is applied. */
static bool stands(const struct wl_service *service)
{
	return list_now(service)->index == service->replica->log->list.index;
}

bool wl_membership_is_settled(const struct wl_service *service, uint64_t number, bool leads)
{
	const struct wl_list *list = list_now(service);
	struct wl_change change;
	struct wl_list next;
	uint32_t voter;

	if (!wl_change_unpack(number, &change))
		return true;
	if (wl_list_is_joint(list))
		return false;
	if (change.verb == WL_CHANGE_READMIT)
		return leads && is_readmitted(service, change.node);
	switch (wl_change_of(&change, list, &next, &voter)) {
	case WL_CHANGE_DONE:
		return true;
	case WL_CHANGE_IMPOSSIBLE:
		return leads; /* others may know an older list */
	case WL_CHANGE_NEXT:
		break;
	}
	return false;
}

static unsigned change_list(struct wl_service *service, const struct wl_list *next)
{
	struct wl_replica *replica = service->replica;

	WL_CHECK(service->leading);
	WL_CHECK(!replica->log->entry_open);
	if (wl_replica_change_list(replica, next) != WL_LOG_OK)
		return 0;
	wl_count(replica->counters, WL_COUNTER_lists_proposed);
	return 1;
}

unsigned wl_membership_propose(struct wl_service *service, uint64_t number)
{
	struct wl_replica *replica = service->replica;
	struct wl_change change;
	struct wl_list next;
	uint32_t voter;

	WL_CHECK(wl_change_unpack(number, &change)); /* else it is settled */
	if (!stands(service) || wl_list_is_joint(list_now(service)) ||
	    wl_change_of(&change, list_now(service), &next, &voter) != WL_CHANGE_NEXT)
		return 0;
	/* What would stop the journal is not begun. */
	if ((voter != 0 && !wl_replica_may_vote(replica, voter)) ||
	    !wl_replica_would_go_on(replica, &next) || !wl_finalize_may_join(service, &next))
		return 0;
	if (change.verb == WL_CHANGE_READMIT)
		next.incarnation[change.node] = wl_replica_incarnation(replica, change.node);
	if (wl_list_is_joint(&next) && !wl_members_has(next.voters, service->config.node)) {
		wl_replica_leaves(replica); /* another one leads it */
		return 0;
	}
	return change_list(service, &next);
}

/*
 * Data that the list does not name and that count, for they are the first ones, are named; of those that went back one voter's at a time is
 * swapped in. False: there are none.
 */
static bool name_data(const struct wl_service *service, struct wl_list *next)
{
	const struct wl_replica *replica = service->replica;
	const struct wl_list *list = list_now(service);
	bool swaps = false, names = false;

	*next = *list;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		uint64_t incarnation = wl_replica_incarnation(replica, node);
		bool first = list->incarnation[node] == 0 && wl_replica_counts(replica, node);

		if (!wl_members_has(wl_list_everybody(list), node) || incarnation == 0 ||
		    incarnation == list->incarnation[node])
			continue;
		if (!first && (swaps || !wl_replica_may_be_taken_in(replica, node)))
			continue;
		swaps = swaps || !first;
		names = true;
		next->incarnation[node] = incarnation;
	}
	return names && wl_replica_would_go_on(replica, next);
}

unsigned wl_membership_tend_data(struct wl_service *service)
{
	struct wl_list next;

	if (!stands(service) || wl_list_is_joint(list_now(service)) || !name_data(service, &next))
		return 0;
	return change_list(service, &next);
}

unsigned wl_membership_tend(struct wl_service *service)
{
	const struct wl_list *list = list_now(service);
	struct wl_list end;

	if (!stands(service) || list->index == 0)
		return 0;
	if (wl_list_is_joint(list)) {
		end = wl_change_end(list);
		WL_CHECK(!wl_list_is_joint(&end));
		return change_list(service, &end);
	}
	if (!wl_members_has(list->voters, service->config.node))
		wl_replica_leaves(service->replica);
	return 0;
}
