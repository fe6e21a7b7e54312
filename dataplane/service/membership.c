/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/membership.h"

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

/* The newest list that is applied; the file's, where no entry said anything. */
static const struct wl_list *list_now(const struct wl_service *service)
{
	const struct wl_log *log = service->replica->log;

	if (service->state.list.index != 0)
		return &service->state.list;
	return log->list.index == 0 ? &log->list : &log->list_before;
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
	    !wl_replica_would_go_on(replica, &next))
		return 0;
	if (wl_list_is_joint(&next) && !wl_members_has(next.voters, service->config.node)) {
		wl_replica_leaves(replica); /* another one leads it */
		return 0;
	}
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
		return change_list(service, &end);
	}
	if (!wl_members_has(list->voters, service->config.node))
		wl_replica_leaves(service->replica);
	return 0;
}
