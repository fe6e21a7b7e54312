/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/change.h"

#include "dataplane/base/check.h"

_Static_assert(WL_CHANGE_LAST <= 0xff && WIRELOG_NODES_MAX <= 0xff, "a byte each, as it travels");

uint64_t wl_change_pack(const struct wl_change *change)
{
	return (uint64_t)change->verb | (uint64_t)change->node << 8 | (uint64_t)change->by << 16;
}

bool wl_change_unpack(uint64_t number, struct wl_change *change)
{
	*change = (struct wl_change){
		.verb = (enum wl_change_verb)(number & 0xff),
		.node = number >> 8 & 0xff,
		.by = number >> 16 & 0xff,
	};
	return number >> 24 == 0 && change->verb >= WL_CHANGE_ADD &&
	       change->verb <= WL_CHANGE_LAST && wl_members_only(change->node) != 0 &&
	       (change->verb == WL_CHANGE_REPLACE
			? wl_members_only(change->by) != 0 && change->by != change->node
			: change->by == 0);
}

/* Who stays keeps its name: its data are the same. */
static void keep_names(const struct wl_list *list, struct wl_list *next)
{
	WL_CHECK(wl_list_named(next) == 0);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(wl_list_everybody(next), node))
			next->incarnation[node] = list->incarnation[node];
	}
}

struct wl_list wl_change_end(const struct wl_list *joint)
{
	struct wl_list end = {.voters = joint->voters, .learners = joint->learners};

	WL_CHECK(joint->voters != 0);
	keep_names(joint, &end);
	return end;
}

/* Other voters: by a joint list. */
static enum wl_change_verdict vote(const struct wl_list *list, wl_members voters,
				   wl_members learners, struct wl_list *next)
{
	*next = (struct wl_list){
		.voters = voters,
		.old = list->voters,
		.learners = learners,
	};
	keep_names(list, next);
	return wl_list_is_possible(next) ? WL_CHANGE_NEXT : WL_CHANGE_IMPOSSIBLE;
}

static enum wl_change_verdict learn(const struct wl_list *list, wl_members learners,
				    struct wl_list *next)
{
	*next = (struct wl_list){.voters = list->voters, .learners = learners};
	keep_names(list, next);
	return wl_list_is_possible(next) ? WL_CHANGE_NEXT : WL_CHANGE_IMPOSSIBLE;
}

static enum wl_change_verdict replace(const struct wl_change *change, const struct wl_list *list,
				      struct wl_list *next, uint32_t *voter)
{
	bool votes = wl_members_has(list->voters, change->by);

	if (!wl_members_has(list->voters, change->node))
		return votes && !wl_members_has(list->learners, change->node)
			       ? WL_CHANGE_DONE
			       : WL_CHANGE_IMPOSSIBLE;
	if (votes)
		return WL_CHANGE_IMPOSSIBLE;
	if (!wl_members_has(list->learners, change->by))
		return learn(list, wl_members_with(list->learners, change->by), next);
	*voter = change->by;
	return vote(list,
		    wl_members_with(wl_members_without(list->voters, change->node), change->by),
		    wl_members_without(list->learners, change->by), next);
}

enum wl_change_verdict wl_change_of(const struct wl_change *change, const struct wl_list *list,
				    struct wl_list *next, uint32_t *voter)
{
	uint32_t node = change->node;
	bool votes = wl_members_has(list->voters, node);
	bool learns = wl_members_has(list->learners, node);

	*voter = 0;
	switch (change->verb) {
	case WL_CHANGE_ADD:
		return votes || learns ? WL_CHANGE_DONE
				       : learn(list, wl_members_with(list->learners, node), next);
	case WL_CHANGE_PROMOTE:
		if (votes)
			return WL_CHANGE_DONE;
		*voter = node;
		return !learns ? WL_CHANGE_IMPOSSIBLE
			       : vote(list, wl_members_with(list->voters, node),
				      wl_members_without(list->learners, node), next);
	case WL_CHANGE_DEMOTE:
		if (learns)
			return WL_CHANGE_DONE;
		return !votes ? WL_CHANGE_IMPOSSIBLE
			      : vote(list, wl_members_without(list->voters, node),
				     wl_members_with(list->learners, node), next);
	case WL_CHANGE_REMOVE:
		if (learns)
			return learn(list, wl_members_without(list->learners, node), next);
		return !votes ? WL_CHANGE_DONE
			      : vote(list, wl_members_without(list->voters, node), list->learners,
				     next);
	case WL_CHANGE_REPLACE:
		return replace(change, list, next, voter);
	case WL_CHANGE_READMIT:
		return votes || learns ? learn(list, list->learners, next) : WL_CHANGE_IMPOSSIBLE;
	}
	return WL_CHANGE_IMPOSSIBLE;
}

const char *wl_change_verb_text(enum wl_change_verb verb)
{
	static const char *const names[] = {
		[WL_CHANGE_ADD] = "add",	 [WL_CHANGE_PROMOTE] = "promote",
		[WL_CHANGE_DEMOTE] = "demote",	 [WL_CHANGE_REMOVE] = "remove",
		[WL_CHANGE_REPLACE] = "replace", [WL_CHANGE_READMIT] = "readmit",
	};

	return verb >= WL_CHANGE_ADD && verb <= WL_CHANGE_LAST ? names[verb] : "unknown";
}
