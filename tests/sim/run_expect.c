/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run_internal.h"

#include "dataplane/base/check.h"
#include "tests/sim/plan/expect.h"
#include "wirelog/status.h"

static void expect_verdict(struct sim_run_state *run, const struct sim_action *action)
{
	const struct sim_node *node = &run->cluster.nodes[action->argument[0]];
	uint64_t verdict = node->refusal == SIM_REFUSAL_LOG || node->refusal == SIM_REFUSAL_NONE
				   ? node->damage.kind
				   : SIM_VERDICT_REFUSAL + node->refusal;

	if (verdict != action->argument[1])
		sim_violation(&run->cluster, node->number, "expect-verdict",
			      "refusal %u, kind %s at %llu", node->refusal,
			      wl_recovery_damage_name(node->damage.kind),
			      (unsigned long long)node->damage.begin);
}

static void expect_seen(struct sim_run_state *run, enum sim_seen which)
{
	uint64_t now = run->cluster.seen[which];

	if (now == run->seen_before[which])
		sim_violation(&run->cluster, 0, "expect-seen", "no %s", sim_seen_name(which));
	run->seen_before[which] = now;
}

static void expect_status(struct sim_run_state *run, const struct sim_action *action)
{
	const struct sim_node *node = &run->cluster.nodes[action->argument[0]];

	if (node->start_status != -(int)action->argument[1])
		sim_violation(&run->cluster, node->number, "expect-status", "it is %s",
			      wirelog_status_name(node->start_status));
}

void sim_run_on_expect(void *context, const struct sim_action *action)
{
	struct sim_run_state *run = context;
	unsigned leader = sim_cluster_leader(&run->cluster, 0);
	const struct sim_bystander *bystander = &run->faults.others.bystander;
	uint64_t answers = bystander->pings_answered + bystander->arps_answered;
	uint64_t now = sim_run_acknowledged(run), sent;

	if (action->verb == SIM_EXPECT_SEEN) {
		expect_seen(run, (enum sim_seen)action->argument[0]);
		return;
	}
	if (run->newest.at_ns != run->cluster.agenda.now_ns)
		run->before = run->newest;
	sent = run->cluster.network.sent - run->before.sent;
	if (action->verb == SIM_EXPECT_LEADER &&
	    (leader == 0 ||
	     (action->argument[0] <= WIRELOG_NODES_MAX && leader != action->argument[0])))
		sim_violation(&run->cluster, leader, "expect-leader", "it is node %u", leader);
	if (action->verb == SIM_EXPECT_NO_LEADER && leader != 0)
		sim_violation(&run->cluster, leader, "expect-no-leader", "node %u leads", leader);
	if (action->verb == SIM_EXPECT_COMMITS && now == run->before.acknowledged)
		sim_violation(&run->cluster, 0, "expect-commits", "nothing new was acknowledged");
	if (action->verb == SIM_EXPECT_SILENCE && now != run->before.acknowledged)
		sim_violation(&run->cluster, 0, "expect-silence", "%llu were acknowledged",
			      (unsigned long long)(now - run->before.acknowledged));
	if (action->verb == SIM_EXPECT_REFUSED && !run->cluster.nodes[action->argument[0]].refused)
		sim_violation(&run->cluster, (unsigned)action->argument[0], "expect-refused",
			      "it was not refused");
	if (action->verb == SIM_EXPECT_ANSWERS && answers < action->argument[0])
		sim_violation(&run->cluster, 0, "expect-answers", "%llu were given",
			      (unsigned long long)answers);
	if (action->verb == SIM_EXPECT_TERMS_BELOW &&
	    sim_run_highest_term(run, 0) >= action->argument[0])
		sim_violation(&run->cluster, 0, "expect-terms-below", "term %llu was met",
			      (unsigned long long)sim_run_highest_term(run, 0));
	if (action->verb == SIM_EXPECT_STATUS)
		expect_status(run, action);
	if (action->verb == SIM_EXPECT_VERDICT)
		expect_verdict(run, action);
	if (action->verb == SIM_EXPECT_FRAMES_BELOW && sent >= action->argument[0])
		sim_violation(&run->cluster, 0, "expect-frames-below", "%llu frames were sent",
			      (unsigned long long)sent);
	if (action->verb == SIM_EXPECT_TERM_RISE_BELOW &&
	    sim_run_highest_term(run, 0) >= run->before.term + action->argument[0])
		sim_violation(&run->cluster, 0, "expect-term-rise-below", "from %llu to %llu",
			      (unsigned long long)run->before.term,
			      (unsigned long long)sim_run_highest_term(run, 0));
	for (unsigned client = 0; action->verb == SIM_APPENDS && client < run->plan->clients;
	     client++)
		run->clients[client].appending = action->argument[0] != 0;
	if (action->verb == SIM_STRAY)
		sim_library_stray(&run->clients[action->argument[0] % run->plan->clients]);
	sim_expect_node(&run->cluster, action);
	run->newest = (struct sim_baseline){
		.at_ns = run->cluster.agenda.now_ns,
		.acknowledged = now,
		.sent = run->cluster.network.sent,
		.term = sim_run_highest_term(run, 0),
	};
}
