/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What builds have and what is in force, as the superblock keeps it (docs/SAFETY.md, rule 34): of each node what it declared, so that a leader
 * knows it of one that is away; and what our own data need, so that a build that lacks it does not start on them.
 */
#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"

static void say_features(struct wl_agent *agent, const struct wl_plane_message *message,
			 const char *text, bool error)
{
	const struct wl_agent_line line = {
		.kind = WL_AGENT_FEATURES,
		.journal = message->journal,
		.node = message->node,
		.index = message->tail.index,
		.ours = message->ours,
		.theirs = message->theirs,
		.text = text,
		.error = error,
	};

	wl_agent_say(agent, &line);
}

void wl_agent_on_peer_build(struct wl_agent *agent, const struct wl_plane_message *message)
{
	uint32_t *declared = &agent->record.features_declared[message->node];

	WL_CHECK(message->node >= 1 && message->node <= WIRELOG_NODES_MAX);
	if (*declared == (uint32_t)message->theirs)
		return;
	*declared = (uint32_t)message->theirs;
	agent->record_urgent = true;
}

void wl_agent_on_peer_lacks(struct wl_agent *agent, const struct wl_plane_message *message)
{
	say_features(
		agent, message,
		"its build does not have, or does not say that it has, what is in force here: nothing that it says counts "
		"until it runs a build that does [FEATURE_UNKNOWN]",
		true);
}

void wl_agent_on_features(struct wl_agent *agent, const struct wl_plane_message *message)
{
	bool lacks = !wl_features_have(message->ours, message->theirs);

	if (!wl_features_have(agent->record.features_in_force, message->theirs)) {
		agent->record.features_in_force |= message->theirs;
		agent->record_urgent = true;
	}
	say_features(
		agent, message,
		lacks ? "are in force, and this build does not have all of them: it applies nothing behind them, and ends "
			"[FEATURE_UNKNOWN]"
		      : "are in force from this entry on: a build that lacks one of them does not start on these data any more",
		lacks);
	if (!lacks)
		return;
	agent->outdated = true;
	wl_agent_stop(agent);
}
