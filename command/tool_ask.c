/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_ask.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "wirelog/status.h"

#define POLL_NS 50000000
#define POLLS_PER_SECOND 20u
#define LOOK_AGAIN_NS 20000000
#define LOOKS_FOR_A_LEADER 100u /* two seconds: longer than an election, shorter than patience */

/* ---- options ------------------------------------------------------------------------------------ */

const struct argp_child wl_tool_ask_children[] = {
	{&wl_tool_cluster_run_directory_argp, 0, NULL, 20},
	{0},
};

error_t wl_tool_ask_parse_option(int key, const char *argument, struct argp_state *state,
				 struct wl_tool_ask *ask)
{
	switch (key) {
	case ARGP_KEY_INIT:
		ask->seconds = WL_TOOL_ASK_SECONDS_DEFAULT;
		state->child_inputs[0] = &ask->cluster;
		return 0;
	case WL_TOOL_ASK_KEY_JOURNAL:
		ask->journal = wl_tool_option_journal(state, argument);
		return 0;
	case WL_TOOL_ASK_KEY_SECONDS:
		ask->seconds = (uint32_t)wl_tool_option_number(state, "--timeout", argument, 1,
							       WL_TOOL_ASK_SECONDS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- what nodes say ----------------------------------------------------------------------------- */

uint64_t wl_tool_ask_number(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

int wl_tool_ask_look(const char *directory, uint32_t journal, struct wl_tool_view *view)
{
	int result = wl_stats_socket_ask(directory, "/wirelog/status", &view->status);

	view->journal = json_array_get(json_object_get(view->status, "journals"), journal);
	return result;
}

static bool is(const struct wl_tool_view *view, const char *state)
{
	return json_is_true(json_object_get(view->journal, state));
}

/* Takes appends: a leader that is silent hears no majority, and nobody else may lead meanwhile. */
static bool leads(const struct wl_tool_view *view)
{
	const char *role = json_string_value(json_object_get(view->journal, "role"));

	return role != NULL && strcmp(role, "leader") == 0 && is(view, "ready") &&
	       !is(view, "silent");
}

/* How good it is to ask this node: 3 it leads, 2 it knows who does, 1 it has the journal. */
static int worth_of(const struct wl_tool_view *view)
{
	if (view->journal == NULL)
		return 0;
	if (leads(view))
		return 3;
	return wl_tool_ask_number(view->journal, "leader") != 0 && !is(view, "silent") ? 2 : 1;
}

/* Chooses the node that is worth most, and says how much; -1: none answers. *failed: why not, with a sentence in `reason`. */
static int choose_once(struct wl_tool_ask *ask, int *failed, char *reason, size_t reason_bytes)
{
	int best = -1;

	*failed = 0;
	for (uint32_t at = 0; at < ask->cluster.run_directory_count; at++) {
		const char *asked = ask->cluster.run_directories[at];
		struct wl_tool_view view;
		int result = wl_tool_ask_look(asked, ask->journal, &view), worth = worth_of(&view);

		json_decref(view.status);
		if (result != 0 && *failed == 0) {
			*failed = result;
			snprintf(reason, reason_bytes, "%s", wl_stats_socket_reason());
		}
		if (result == 0 && worth > best) {
			best = worth;
			ask->directory = asked;
		}
	}
	return best;
}

int wl_tool_ask_choose(struct wl_tool_ask *ask)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};
	char reason[512] = "";
	int result = wl_tool_cluster_find_run_directories(&ask->cluster), failed, best;

	if (result != 0)
		return result;
	best = choose_once(ask, &failed, reason, sizeof(reason));
	/* Between two leaders nobody leads, for a moment. */
	for (unsigned again = 0; best == 1 && again < LOOKS_FOR_A_LEADER; again++) {
		nanosleep(&pause, NULL);
		best = choose_once(ask, &failed, reason, sizeof(reason));
	}
	if (best < 0)
		return wl_tool_refuse(failed, "%s", reason);
	if (best == 0)
		return wl_tool_refuse(WIRELOG_JOURNAL_UNKNOWN,
				      "journal %u: the nodes here do not have it", ask->journal);
	if (best == 1)
		return wl_tool_refuse(WIRELOG_NO_LEADER,
				      "nobody leads journal %u now, so it can be asked for nothing",
				      ask->journal);
	return 0;
}

int wl_tool_ask_count_journals(struct wl_tool_ask *ask, uint32_t *count)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_choose(ask);

	if (result != 0)
		return result;
	result = wl_tool_ask_look(ask->directory, 0, &view);
	*count = (uint32_t)json_array_size(json_object_get(view.status, "journals"));
	json_decref(view.status);
	return result;
}

/* ---- asking and waiting ------------------------------------------------------------------------- */

static int send(const struct wl_tool_ask *ask, const char *request)
{
	json_t *answer;
	int result = wl_stats_socket_change(ask->directory, request, &answer);

	json_decref(answer);
	return result == 0 ? 0 : wl_tool_refuse(result, "%s", wl_stats_socket_reason());
}

bool wl_tool_ask_is_done(const struct wl_tool_ask *ask,
			 bool (*is_done)(const struct wl_tool_view *view, const void *wanted),
			 const void *wanted)
{
	struct wl_tool_view view;
	bool done = wl_tool_ask_look(ask->directory, ask->journal, &view) == 0 &&
		    is_done(&view, wanted);

	json_decref(view.status);
	return done;
}

/* A node forgets what it was asked after a while, and a leader may be lost with it: asked again once a second. */
int wl_tool_ask_wait(const struct wl_tool_ask *ask, const char *request,
		     bool (*is_done)(const struct wl_tool_view *view, const void *wanted),
		     const void *wanted)
{
	const struct timespec poll = {.tv_nsec = POLL_NS};

	for (uint32_t at = 0; at < ask->seconds * POLLS_PER_SECOND; at++) {
		int result = at % POLLS_PER_SECOND == 0 ? send(ask, request) : 0;

		if (result != 0)
			return result;
		nanosleep(&poll, NULL);
		if (wl_tool_ask_is_done(ask, is_done, wanted))
			return 0;
	}
	return wl_tool_refuse(WIRELOG_TIMED_OUT,
			      "no majority has committed it within %u seconds; it may still be",
			      ask->seconds);
}
