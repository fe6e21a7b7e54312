/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"

void sim_plan_init(struct sim_plan *plan, uint64_t seed)
{
	*plan = (struct sim_plan){
		.seed = seed,
		.nodes = 3,
		.clients = 2,
		.journals = 1,
		.workers = 1,
		.mtu = 1500,
		.sessions_max = 64,
		.segment_bytes = WL_SEGMENT_BYTES_MIN,
		.segments_max = (128u << 20) / WL_SEGMENT_BYTES_MIN,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.fault_ns = 1000000000,
		.outstanding_max = 8,
		.think_ns = 1000000,
		.patience = 1,
		.record_bytes = 8192,
		.reply_slots = 4096,
		.clients_max = 64,
		.client_idle_ns = 1000000000,
		.subscriptions_max = 8,
		.read_buffers = 4,
		.reader_idle_ns = 1000000000,
	};
}

void sim_plan_fini(struct sim_plan *plan)
{
	free(plan->actions);
	plan->actions = NULL;
}

void sim_plan_add(struct sim_plan *plan, uint64_t at_ns, enum sim_verb verb, uint64_t a, uint64_t b,
		  uint64_t c, uint64_t d)
{
	if (plan->count == plan->capacity) {
		plan->capacity = plan->capacity ? 2 * plan->capacity : 64;
		plan->actions = realloc(plan->actions, plan->capacity * sizeof(plan->actions[0]));
		WL_CHECK(plan->actions != NULL);
	}
	plan->actions[plan->count++] = (struct sim_action){at_ns, verb, {a, b, c, d}};
}

void sim_plan_copy(struct sim_plan *to, const struct sim_plan *from)
{
	*to = *from;
	to->actions = malloc((from->count + 1) * sizeof(to->actions[0]));
	WL_CHECK(to->actions != NULL);
	to->capacity = from->count + 1;
	memcpy(to->actions, from->actions, from->count * sizeof(to->actions[0]));
}

void sim_plan_sort(struct sim_plan *plan)
{
	for (size_t at = 1; at < plan->count; at++) {
		struct sim_action action = plan->actions[at];
		size_t to = at;

		while (to > 0 && plan->actions[to - 1].at_ns > action.at_ns) {
			plan->actions[to] = plan->actions[to - 1];
			to--;
		}
		plan->actions[to] = action;
	}
}
