/* SPDX-License-Identifier: BSD-3-Clause */
/* A key takes the place of another (part of faults.c), and what is expected of it. */
#include "dataplane/service/service_internal.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

/* As `wirelog config reload` does behind another key file; or the next start finds it. */
static void give_file(struct sim_cluster *cluster, struct sim_node *node, unsigned which)
{
	node->key_file = which % 3;
	if (node->up)
		wl_agent_use_key_file(node->agent, &cluster->keys[node->key_file]);
}

/* As control/node/stats_key_thread.c makes the wish of the node's own state. */
static void ask(const struct sim_cluster *cluster, struct sim_node *node)
{
	const struct wl_keys_held *both = &cluster->keys[1].held;
	struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_KEYS,
		.number = both->id[1] | (uint64_t)both->id[0] << 32,
		.made = wl_service_state(node->journals[0]->service)->keys.index,
	};

	wl_replica_ask(&node->journals[0]->replica, &wish);
}

bool sim_faults_act_on_keys(struct sim_faults *faults, const struct sim_action *action,
			    struct sim_node *node)
{
	if (action->verb == SIM_KEY_FILE)
		give_file(faults->cluster, node, (unsigned)action->argument[1]);
	else if (action->verb == SIM_ROTATE && node->up)
		ask(faults->cluster, node);
	return action->verb == SIM_KEY_FILE || action->verb == SIM_ROTATE;
}

void sim_faults_give_clients_keys(struct sim_cluster *cluster, const struct sim_action *action)
{
	cluster->client_keys = &cluster->keys[action->argument[0] % 3];
}

void sim_expect_keys(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_node *node;
	const struct wl_keys *keys;

	if (action->verb != SIM_EXPECT_KEYS)
		return;
	node = &cluster->nodes[action->argument[0]];
	if (!node->up) {
		sim_violation(cluster, node->number, "expect-keys", "it is down");
		return;
	}
	keys = &node->cores[0].worker->rx.keys;
	if (keys->stage != action->argument[1])
		sim_violation(cluster, node->number, "expect-keys",
			      "its stage is %s, of entry %llu", wl_keys_stage_name(keys->stage),
			      (unsigned long long)keys->index);
}
