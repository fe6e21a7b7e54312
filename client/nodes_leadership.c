/* SPDX-License-Identifier: BSD-3-Clause */
/* Who leads: what nodes say, and which of it counts (nodes.h). */
#include "client/nodes_internal.h"

#include "dataplane/base/check.h"

static void set_leader(struct wl_nodes *nodes, uint32_t leader, uint64_t term)
{
	struct wl_leadership *leadership = &nodes->leadership;
	/* A leader takes no appends that were sent to it in another term. */
	bool is_other = leader != leadership->leader || term != leadership->term;

	WL_CHECK(leader <= WIRELOG_NODES_MAX);
	WL_CHECK_MSG(term >= leadership->term, "%llu behind %llu", (unsigned long long)term,
		     (unsigned long long)leadership->term);
	leadership->leader = leader;
	leadership->term = term;
	leadership->since_ns = nodes->environment->now_ns;
	if (is_other && leader != 0)
		leadership->starts++;
}

void wl_nodes_restart_leadership(struct wl_nodes *nodes)
{
	WL_CHECK(nodes->leadership.leader != 0);
	nodes->leadership.starts++;
}

/* Told once for each leadership, and not for what a refusal only hints at. */
static void tell_leader(struct wl_nodes *nodes)
{
	struct wl_leadership *leadership = &nodes->leadership;
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_NEW_LEADER,
		.node = leadership->leader,
		.term = leadership->term,
	};

	leadership->is_sure = true;
	if (leadership->leader == 0 || (leadership->leader == leadership->told_leader &&
					leadership->term == leadership->told_term))
		return;
	WL_CHECK(leadership->told_term <= leadership->term);
	leadership->told_leader = leadership->leader;
	leadership->told_term = leadership->term;
	wl_environment_tell(nodes->environment, &event);
}

/* It said itself that it has come to a later term, or that in this one it follows. */
static bool is_over(const struct wl_nodes *nodes, uint32_t leader, uint64_t term)
{
	const struct wl_node *node = &nodes->nodes[leader];

	return node->term > term || (node->term == term && node->leads_not);
}

void wl_nodes_learn_leader(struct wl_nodes *nodes, uint32_t from, uint32_t leader, uint64_t term)
{
	struct wl_leadership *leadership = &nodes->leadership;
	struct wl_node *node = &nodes->nodes[from];

	WL_CHECK(from >= 1 && from <= WIRELOG_NODES_MAX);
	if (term < node->term)
		return; /* overtaken on the way */
	node->term = term;
	node->leads_not = leader != 0 && leader != from;
	if (leader == 0 || is_over(nodes, leader, term)) {
		if (from == leadership->leader)
			set_leader(nodes, 0, leadership->term);
		else if (term > leadership->term)
			wl_nodes_ask(nodes, leadership->leader);
		return;
	}
	if (term < leadership->term)
		return;
	if (term != leadership->term || leader != leadership->leader) {
		set_leader(nodes, leader, term);
		leadership->learned++;
	}
	tell_leader(nodes);
}

enum wl_nodes_hint wl_nodes_on_not_leader(struct wl_nodes *nodes, uint32_t from, uint32_t hint)
{
	struct wl_leadership *leadership = &nodes->leadership;

	WL_CHECK(from >= 1 && from <= WIRELOG_NODES_MAX);
	if (from != leadership->leader)
		return WL_NODES_HINT_OLD;
	if (hint == from)
		return WL_NODES_HINT_SOON;
	set_leader(nodes, hint, leadership->term);
	leadership->is_sure = false;
	wl_nodes_ask_all(nodes);
	return WL_NODES_HINT_OTHER;
}

bool wl_nodes_lead_nobody(const struct wl_nodes *nodes)
{
	return nodes->leadership.leader == 0 && nodes->answered != 0 && !nodes->is_silent &&
	       nodes->environment->now_ns - nodes->heard_ns <= WL_NODES_LOST_NS;
}

uint32_t wl_nodes_anybody(const struct wl_nodes *nodes)
{
	uint32_t leader = nodes->leadership.leader;

	if (wl_channel_reaches(nodes->channel, leader))
		return leader;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(nodes->served, node) && wl_channel_reaches(nodes->channel, node))
			return node;
	}
	return 0;
}
