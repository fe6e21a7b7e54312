/* SPDX-License-Identifier: BSD-3-Clause */
/* Which keys are in force (base/keys.h): journal 0 says it, the key file holds some; all workers are told both as they are now. */
#include "control/agent/agent_steps.h"
#include "dataplane/wire/auth.h"

static void tell_later(struct wl_agent *agent)
{
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		agent->workers[worker].keys_due = true;
}

static const char *text_of(const struct wl_agent *agent)
{
	const struct wl_keys *keys = &agent->keys;
	bool is_held = !agent->auth ||
		       wl_keys_find(&agent->auth->held, keys->now) < agent->auth->held.count;

	if (keys->stage == WL_KEYS_SEND)
		return is_held ? "this node sends with the new key and takes both"
			       : "this node does not hold the new key: put it into security.key_file and "
				 "run `wirelog config reload`";
	return is_held ? "the old key is refused"
		       : "the old key is refused by all, and this node does not hold the new one: put "
			 "it into security.key_file and run `wirelog config reload` [KEY_REFUSED]";
}

static void say_stage(struct wl_agent *agent)
{
	const struct wl_keys *keys = &agent->keys;
	const struct wl_agent_line line = {
		.kind = WL_AGENT_KEYS,
		.index = keys->index,
		.what = wl_keys_stage_name(keys->stage),
		.ours = keys->now,
		.theirs = keys->before,
		.text = text_of(agent),
		.error = agent->auth &&
			 wl_keys_find(&agent->auth->held, keys->now) == agent->auth->held.count,
	};

	if (keys->index != 0)
		wl_agent_say(agent, &line);
}

void wl_agent_on_keys(struct wl_agent *agent, const struct wl_plane_message *message)
{
	agent->keys = message->keys;
	tell_later(agent);
	say_stage(agent);
}

void wl_agent_use_key_file(struct wl_agent *agent, const struct wl_auth *auth)
{
	const struct wl_auth *before = agent->auth;

	agent->auth = auth;
	if (!before || before == auth)
		return; /* the workers were made with it, or are told */
	tell_later(agent);
	say_stage(agent);
}

unsigned wl_agent_tend_keys(struct wl_agent *agent)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_USE_KEYS,
		.keys = agent->keys,
		.auth = agent->auth,
	};
	unsigned done = 0;

	for (uint32_t number = 0; number < agent->config.worker_count; number++) {
		struct wl_agent_worker *worker = &agent->workers[number];

		if (!worker->keys_due || worker->backlog_count != 0 ||
		    !wl_ring_push(&worker->plane->down, &message))
			continue;
		worker->keys_due = false;
		agent->counts.messages_down++;
		done++;
	}
	return done;
}
