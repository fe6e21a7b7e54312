/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the oracle that judges keys (O56): once a worker refuses one, it takes nothing more that is said under it. */
#include "tests/sim/oracle/oracle_internal.h"

static void judge(struct sim_oracle *oracle, const struct sim_node *node,
		  const struct sim_core *core, const struct wl_remote *remote)
{
	if (remote->identity == 0 || remote->boot_id == 0 ||
	    remote->key.id != core->worker->rx.keys.before ||
	    remote->last_heard_ns < core->refused_ns)
		return;
	sim_violation(oracle->cluster, node->number, "O56",
		      "takes frames of %08x under key %08x, which it refuses", remote->identity,
		      remote->key.id);
}

void sim_oracle_check_keys(struct sim_oracle *oracle, struct sim_node *node)
{
	for (unsigned number = 0; number < oracle->cluster->config.workers; number++) {
		struct sim_core *core = &node->cores[number];
		const struct wl_rx *rx = &core->worker->rx;

		if (rx->keys.index != core->refused_index) {
			core->refused_index = rx->keys.index;
			core->refused_ns = core->worker->now_ns;
		}
		if (rx->keys.stage != WL_KEYS_REFUSE)
			continue;
		for (uint32_t peer = 1; peer <= WIRELOG_NODES_MAX; peer++)
			judge(oracle, node, core, &rx->peers[peer]);
		for (uint32_t slot = 0; slot < rx->clients.used; slot++)
			judge(oracle, node, core, &rx->clients.slots[slot]);
	}
}
