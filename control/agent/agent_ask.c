/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator asks of the workers: at once, or not at all. */
#include "control/agent/agent.h"

/* The backlog is for what elections must say: nothing that an operator asks for waits there. */
static bool tell_now(struct wl_agent *agent, uint32_t number,
		     const struct wl_plane_message *message)
{
	struct wl_agent_worker *worker = &agent->workers[number];

	if (agent->phase != WL_AGENT_RUNS || worker->backlog_count != 0 ||
	    !wl_ring_push(&worker->plane->down, message))
		return false;
	agent->counts.messages_down++;
	return true;
}

bool wl_agent_set(struct wl_agent *agent, const uint64_t settings[WL_SETTINGS])
{
	for (uint32_t at = 0; at < agent->config.worker_count * WL_SETTINGS; at++) {
		struct wl_plane_message message = {
			.verb = WL_PLANE_SET,
			.reason = at % WL_SETTINGS,
			.ours = settings[at % WL_SETTINGS],
		};

		if (!tell_now(agent, at / WL_SETTINGS, &message))
			return false;
	}
	return true;
}

bool wl_agent_ask(struct wl_agent *agent, uint32_t journal, const struct wl_wire_propose *wish)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_ASK,
		.journal = (uint16_t)journal,
		.wish = *wish,
	};

	return journal < agent->config.journal_count &&
	       tell_now(agent, agent->config.worker_of_journal[journal], &message);
}

bool wl_agent_compare(struct wl_agent *agent, uint32_t journal, uint64_t index)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_COMPARE,
		.journal = (uint16_t)journal,
		.tail.index = index,
	};

	return journal < agent->config.journal_count && index != 0 &&
	       tell_now(agent, agent->config.worker_of_journal[journal], &message);
}
