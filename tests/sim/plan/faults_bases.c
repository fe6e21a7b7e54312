/* SPDX-License-Identifier: BSD-3-Clause */
/* Trims and checkpoints that an operator asks for, and base makers that go wrong (part of faults.c); what is expected of bases. */
#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

static uint64_t number_at(struct sim_node *node, unsigned journal, uint64_t ppm)
{
	uint64_t known = sim_node_commit_number(node, journal);

	return 1 + (uint64_t)((unsigned __int128)known * ppm / SIM_DRIVE_PPM);
}

static void trim(struct sim_node *node, unsigned journal, uint64_t ppm)
{
	const struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_TRIM,
		.number = number_at(node, journal, ppm),
	};

	wl_replica_ask(&node->journals[journal]->replica, &wish);
}

static void propose_trim(struct sim_node *node, unsigned journal, uint64_t ppm)
{
	struct wl_service *service = node->journals[journal]->service;
	struct wl_control control = {
		.verb = WL_CONTROL_TRIM,
		.number = number_at(node, journal, ppm),
	};

	if (wl_service_leads(service))
		(void)wl_service_propose(service, &control);
}

/* As control/node/stats_answers_thread.c makes the wish of the node's own state. */
static void set_consumer(struct sim_node *node, unsigned journal, uint64_t ppm)
{
	struct wl_wire_propose wish = {
		.verb = ppm != 0 ? WL_WIRE_PROPOSE_CONSUMER_SET : WL_WIRE_PROPOSE_CONSUMER_DROP,
		.number = ppm != 0 ? number_at(node, journal, ppm) : 0,
		.name = SIM_ORACLE_CONSUMER,
	};
	const struct wl_consumer *found = wl_consumers_find(
		&wl_service_state(node->journals[journal]->service)->consumers, wish.name);

	wish.made = found ? found->made_index : 0;
	if (found || ppm != 0)
		wl_replica_ask(&node->journals[journal]->replica, &wish);
}

static void act(struct sim_node *node, unsigned journal, const struct sim_action *action)
{
	switch (action->verb) {
	case SIM_TRIM:
		trim(node, journal, action->argument[1]);
		return;
	case SIM_PROPOSE_TRIM:
		propose_trim(node, journal, action->argument[1]);
		return;
	case SIM_CONSUMER:
		set_consumer(node, journal, action->argument[1]);
		return;
	case SIM_FLIP_BASE:
		node->bases[journal].wants_flip = true;
		return;
	default:
		return;
	}
}

bool sim_faults_act_on_bases(struct sim_faults *faults, const struct sim_action *action,
			     struct sim_node *node)
{
	if (action->verb != SIM_TRIM && action->verb != SIM_PROPOSE_TRIM &&
	    action->verb != SIM_CONSUMER && action->verb != SIM_FLIP_BASE)
		return false;
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++)
		act(node, journal, action);
	return true;
}

static void expect(const struct sim_cluster *cluster, const struct sim_action *action,
		   const char *rule, bool is_so)
{
	if (is_so != (action->argument[1] != 0))
		sim_violation(cluster, (unsigned)action->argument[0], rule,
			      is_so ? "it is so" : "it is not so");
}

static void expect_scrubbed(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_node *node = &cluster->nodes[action->argument[0]];
	const struct wl_scrub_report *report = &node->scrubs[0].report;

	if (report->found < action->argument[1] || report->mended < action->argument[2])
		sim_violation(cluster, node->number, "expect-scrubbed",
			      "%llu found, %llu mended, in %llu passes",
			      (unsigned long long)report->found, (unsigned long long)report->mended,
			      (unsigned long long)report->passes);
}

static void expect_archived(struct sim_cluster *cluster, const struct sim_node *node,
			    uint64_t ranges)
{
	if (node->archives[0].ranges < ranges)
		sim_violation(cluster, node->number, "expect-archived",
			      "%llu ranges were, up to entry %llu",
			      (unsigned long long)node->archives[0].ranges,
			      (unsigned long long)node->archives[0].reached);
}

void sim_expect_bases(struct sim_cluster *cluster, const struct sim_action *action)
{
	bool is_ours = action->verb == SIM_EXPECT_BEGINS_LATER ||
		       action->verb == SIM_EXPECT_FROM_BASE ||
		       action->verb == SIM_EXPECT_ARCHIVED || action->verb == SIM_EXPECT_BASES;
	uint64_t number = action->argument[0];
	const struct sim_node *node;
	uint64_t made;

	if (action->verb == SIM_EXPECT_SCRUBBED)
		expect_scrubbed(cluster, action);
	if (!is_ours)
		return;
	if (number == SIM_NODE_LEADER)
		number = sim_cluster_leader(cluster, 0);
	node = &cluster->nodes[number];
	made = node->bases[0].made;

	if (action->verb == SIM_EXPECT_BEGINS_LATER)
		expect(cluster, action, "expect-begins-later",
		       node->up && node->journals[0]->log.begin.position.index != 0);
	else if (action->verb == SIM_EXPECT_FROM_BASE)
		expect(cluster, action, "expect-from-base",
		       node->up && node->journals[0]->opened_from != 0);
	else if (action->verb == SIM_EXPECT_ARCHIVED)
		expect_archived(cluster, node, action->argument[1]);
	else if (made < action->argument[1])
		sim_violation(cluster, node->number, "expect-bases", "%llu were made",
			      (unsigned long long)made);
}
