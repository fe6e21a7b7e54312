/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the process deserves its watchdog's food: a node whose worker hangs serves nobody, however well control turns. */
#include "control/agent/agent.h"

uint64_t wl_agent_longest_silence(const struct wl_agent *agent, uint32_t *worker)
{
	uint64_t longest = 0;

	*worker = 0;
	for (uint32_t at = 0; at < agent->config.worker_count; at++) {
		const struct wl_agent_worker *one = &agent->workers[at];
		uint64_t silent = agent->now_ns - one->turn_changed_ns;

		/* One that ended as it was asked to turns no more. */
		if (!one->stopped && silent > longest) {
			longest = silent;
			*worker = at;
		}
	}
	return longest;
}
