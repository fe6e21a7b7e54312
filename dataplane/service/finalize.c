/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/finalize.h"

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

/* 0: nothing is known of it. */
static wl_features declared_by(const struct wl_service *service, uint32_t node)
{
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	return node == service->config.node ? service->config.features
					    : service->rx->builds[node].declared;
}

/* What each of them did. */
static wl_features declared_by_all(const struct wl_service *service, wl_members members)
{
	wl_features set = service->config.features;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(members, node))
			set &= declared_by(service, node);
	return set;
}

static bool all_have_said(const struct wl_service *service, wl_members members)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(members, node) && node != service->config.node &&
		    service->rx->builds[node].boot_id == 0)
			return false;
	return true;
}

/* The list in force is the one that is applied, and nobody is on his way in or out. */
static bool list_stands(const struct wl_service *service)
{
	const struct wl_list *list = &service->replica->log->list;

	return service->state.list.index == list->index && !wl_list_is_joint(list);
}

static struct wl_control control_of(const struct wl_service *service, wl_features set)
{
	WL_CHECK(wl_features_have(set, service->state.features.set));
	WL_CHECK(service->state.list.index <= service->state.sessions.applied_index);
	return (struct wl_control){
		.verb = WL_CONTROL_FEATURES,
		.number = set,
		.index = service->state.list.index,
		.expects = service->state.features.index,
	};
}

bool wl_finalize_begins(struct wl_service *service, struct wl_control *control)
{
	wl_members members = wl_list_everybody(&service->replica->log->list);
	wl_features set = declared_by_all(service, members);

	*control = (struct wl_control){0};
	if (service->config.features == 0 || service->state.features.index != 0)
		return false;
	if (!list_stands(service) ||
	    (!all_have_said(service, members) &&
	     service->replica->now_ns - service->lead_since_ns < WL_FINALIZE_WAIT_NS))
		return true;
	if (set != 0)
		*control = control_of(service, set);
	return false;
}

bool wl_finalize_is_settled(struct wl_service *service, const struct wl_wire_propose *wish)
{
	const struct wl_state *state = &service->state;
	wl_members members = wl_list_everybody(&service->replica->log->list);

	WL_CHECK(wish->verb == WL_WIRE_PROPOSE_FEATURES);
	if (wl_features_have(state->features.set, wish->number) ||
	    wish->made < state->features.index)
		return true;
	/* Others may know an older state, and hear from others. */
	return wl_service_leads(service) &&
	       (wish->made != state->features.index ||
		!wl_features_have(declared_by_all(service, members), wish->number));
}

bool wl_finalize_may(struct wl_service *service, const struct wl_wire_propose *wish,
		     struct wl_control *control)
{
	WL_CHECK(wish->verb == WL_WIRE_PROPOSE_FEATURES);
	WL_CHECK(wish->made == service->state.features.index);
	if (!list_stands(service))
		return false;
	*control = control_of(service, wish->number | service->state.features.set);
	return true;
}

bool wl_finalize_may_join(const struct wl_service *service, const struct wl_list *next)
{
	const struct wl_list *list = &service->replica->log->list;
	wl_members joins = (wl_list_everybody(next) & ~wl_list_everybody(list)) |
			   (next->voters & ~list->voters);

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(joins, node) &&
		    !wl_features_have(declared_by(service, node), service->state.features.set))
			return false;
	return true;
}
