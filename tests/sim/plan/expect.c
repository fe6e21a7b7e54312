/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/plan/expect.h"

#include "tests/sim/oracle/oracle.h"

static void expect(const struct sim_cluster *cluster, const struct sim_action *action,
		   const char *rule, bool is_so)
{
	unsigned number = (unsigned)action->argument[0];

	if (is_so != (action->argument[1] != 0))
		sim_violation(cluster, number, rule, is_so ? "it is so" : "it is not so");
}

static bool leads(const struct sim_node *node)
{
	const struct wl_replica *replica = &node->journals[0]->replica;

	return node->up && replica->view.role == WL_ROLE_LEADER && !replica->silent;
}

static bool is_apart(const struct sim_node *node)
{
	return node->up && wl_replica_is_apart(&node->journals[0]->replica) &&
	       node->agent->elections[0].state == WL_ELECTION_OUT;
}

static bool has_tail(const struct sim_node *node, const struct sim_node *leader)
{
	const struct wl_log *log = &node->journals[0]->log, *best = &leader->journals[0]->log;

	return node->up && log->tail.index == best->tail.index &&
	       log->tail_chain == best->tail_chain;
}

static bool has_caught_up(const struct sim_node *node, const struct sim_node *leader)
{
	return has_tail(node, leader) &&
	       node->journals[0]->replica.commit == leader->journals[0]->replica.commit;
}

static bool streams(const struct sim_node *node, const struct sim_node *leader)
{
	return leader->journals[0]->replica.leader.peers[node->number].state == WL_PEER_STREAM;
}

/* Beside whoever leads; nobody is a violation by itself. */
static void expect_beside_leader(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_node *leader = &cluster->nodes[sim_cluster_leader(cluster, 0)];
	const struct sim_node *node = &cluster->nodes[action->argument[0]];

	if (leader->number == 0)
		sim_violation(cluster, 0, "expect-leader", "nobody leads");
	if (action->verb == SIM_EXPECT_CAUGHT_UP)
		expect(cluster, action, "expect-caught-up", has_caught_up(node, leader));
	else if (action->verb == SIM_EXPECT_HAS_TAIL)
		expect(cluster, action, "expect-has-tail", has_tail(node, leader));
	else
		expect(cluster, action, "expect-streams", streams(node, leader));
}

void sim_expect_node(struct sim_cluster *cluster, const struct sim_action *action)
{
	switch (action->verb) {
	case SIM_EXPECT_LEADS:
		expect(cluster, action, "expect-leads",
		       leads(&cluster->nodes[action->argument[0]]));
		break;
	case SIM_EXPECT_CAUGHT_UP:
	case SIM_EXPECT_HAS_TAIL:
	case SIM_EXPECT_STREAMS:
		expect_beside_leader(cluster, action);
		break;
	case SIM_EXPECT_APART:
		expect(cluster, action, "expect-apart",
		       is_apart(&cluster->nodes[action->argument[0]]));
		break;
	case SIM_EXPECT_HELD:
		if (cluster->network.held_count < action->argument[0])
			sim_violation(cluster, 0, "expect-held", "%u frames are",
				      cluster->network.held_count);
		break;
	default:
		sim_expect_bases(cluster, action);
		sim_expect_features(cluster, action);
		sim_expect_keys(cluster, action);
		sim_expect_limits(cluster, action);
		sim_expect_rescue(cluster, action);
		sim_expect_members(cluster, action);
		sim_expect_mend(cluster, action);
		break;
	}
}
