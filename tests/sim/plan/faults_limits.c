/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of journals that an operator asks for (part of faults.c), and what is expected of them. */
#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

/* As control/node/stats_limit_thread.c makes the wish of the node's own state. */
static void set_limit(struct sim_node *node, unsigned journal, const struct sim_action *action)
{
	const struct wl_state *state = wl_service_state(node->journals[journal]->service);
	enum wl_journal_limit limit = (enum wl_journal_limit)(action->argument[1] % WL_LIMITS);
	struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_LIMITS,
		.number = action->argument[2],
		.made = state->limits.index,
	};

	if (wish.made == 0)
		return;
	snprintf(wish.name, sizeof(wish.name), "%s", wl_journal_limit_name(limit));
	wl_replica_ask(&node->journals[journal]->replica, &wish);
}

/* For those of an entry before: it has no effect. */
static void propose_limit(struct sim_node *node, unsigned journal, const struct sim_action *action)
{
	struct wl_service *service = node->journals[journal]->service;
	struct wl_journal_limits next = wl_service_state(service)->limits;
	struct wl_control control;

	if (next.index == 0 || !wl_service_leads(service))
		return;
	next.value[action->argument[1] % WL_LIMITS] = action->argument[2];
	control = wl_control_of_limits(&next, next.index - 1);
	(void)wl_service_propose(service, &control);
}

bool sim_faults_act_on_limits(struct sim_faults *faults, const struct sim_action *action,
			      struct sim_node *node)
{
	if (action->verb != SIM_SET_LIMIT && action->verb != SIM_PROPOSE_LIMIT)
		return false;
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++) {
		if (action->verb == SIM_SET_LIMIT)
			set_limit(node, journal, action);
		else
			propose_limit(node, journal, action);
	}
	return true;
}

void sim_expect_limits(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct wl_journal_limits *limits;
	const struct sim_node *node;

	if (action->verb != SIM_EXPECT_LIMIT)
		return;
	node = &cluster->nodes[action->argument[0]];
	if (!node->up) {
		sim_violation(cluster, node->number, "expect-limit", "it is down");
		return;
	}
	limits = &wl_service_state(node->journals[0]->service)->limits;
	if (limits->value[action->argument[1] % WL_LIMITS] != action->argument[2])
		sim_violation(cluster, node->number, "expect-limit", "it is %llu, of entry %llu",
			      (unsigned long long)limits->value[action->argument[1] % WL_LIMITS],
			      (unsigned long long)limits->index);
}
